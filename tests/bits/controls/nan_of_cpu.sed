# sim/real.c: a NaN stays what the CPU made it
/^void real_same_nan/,/^}/s/if (isnan(x\[i\])) x\[i\] = (double)NAN;/x[i] += 0;/
