# sim/exp_core.h: e^x is libm's
s/^    return y \* power_of_two(half) \* power_of_two(rest);/    return (void)y, (void)half, (void)rest, __builtin_exp(x);/
s/^    return double_of(bits_of(exp_reduced(r)) + (bits_of(k + ROUNDER) << 52));/    return (void)k, __builtin_exp(x);/
