/* compose.c - constants of sparsifiers and of quantisers on top of them. */
#include "compose.h"
#include <math.h>

/* E|C(x) - x|^2 = |x|^2 - 2 E<C(x),x> + E|C(x)|^2 <= (1 - (2 - lift) keep) |x|^2. */
static double contraction(double keep, double lift)
{
    return lift < 2 ? (2 - lift) * keep : NAN;
}

void constants_of_support(const struct support_law *law, int64_t n, unsigned value_bits, struct compressor_constants *out)
{
    *out = (struct compressor_constants){.unbiased = true,
                                         .omega = law->omega,
                                         .alpha = contraction(1, 1 + law->omega),
                                         .zeta = law->zeta,
                                         .ab_a = law->omega / (double)n,
                                         .bits = law->index_bits + law->zeta * value_bits,
                                         .index_bits = law->index_bits,
                                         .entries = law->entries,
                                         .values = law->zeta,
                                         .sent = law->sent,
                                         .keep = 1,
                                         .lift = 1 + law->omega};
}

void constants_of_identity(int64_t d, int64_t n, unsigned value_bits, struct compressor_constants *out)
{
    struct support_law all = {.zeta = (double)d, .entries = (double)d, .sent = 1};
    constants_of_support(&all, n, value_bits, out);
}

void constants_correlated(struct compressor_constants *c, double ab_a, double ab_b)
{
    c->correlated = true;
    c->ab_a = ab_a;
    c->ab_b = ab_b;
}

void constants_quantised(const struct compressor_constants *inner, double omega, int64_t d, int64_t n, unsigned value_bits,
                         struct compressor_constants *out)
{
    struct compressor_constants whole;
    if (inner == NULL) {
        constants_of_identity(d, n, value_bits, &whole);
        inner = &whole;
    }
    *out = *inner;
    out->lift = inner->lift * (1 + omega);
    out->alpha = contraction(out->keep, out->lift);
    if (!inner->unbiased) return;
    /* Given the inner draws, the outer errors of different clients are independent and of mean zero. */
    out->ab_a = inner->ab_a + omega * (1 + inner->omega) / (double)n;
    out->omega = inner->omega + omega + inner->omega * omega;
}

void constants_code(struct compressor_constants *out, double head, double each)
{
    out->bits = out->index_bits + out->sent * head + out->values * each;
}

void constants_biased(struct compressor_constants *c, double keep, double lift)
{
    c->unbiased = false;
    c->omega = c->ab_a = c->ab_b = NAN;
    c->keep = keep;
    c->lift = lift;
    c->alpha = contraction(keep, lift);
}
