/* scaled.c - an unbiased compressor made contractive: Q/(1 + omega). */
#include "../compose.h"
#include <math.h>

/* E|Q/(1+w) - x|^2 <= |x|^2 (1 - 2/(1+w) + (1+w)/(1+w)^2). */
static void constants(const void *param, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param, (void)d, (void)n, (void)value_bits;
    *out = *inner;
    constants_biased(out, 1 / (1 + inner->omega), 1);
}

static void shrink(const void *param, const struct compress_call *q, struct message *m)
{
    (void)param;
    double factor = 1 / (1 + q->omega);
    for (int64_t j = 0; j < m->count; j++) {
        double v = m->value[j] * factor;
        m->value[j] = v == 0 ? 0 : v;
    }
}

const struct compressor compressor_scaled = {
    .name = "scaled",
    .summary = "Q/(1+omega) of the unbiased compressor inside",
    .paper = "Richtarik, Sokolov, Fatkhullin 2021 (EF21), arXiv 2106.05203; Beznosikov et al. 2020, arXiv 2002.12410",
    .explain = "C(x) = Q(x) / (1 + omega), Q the compressor inside, for instance scaled(randk) or scaled(natural(randk)).\n"
               "Biased.  alpha = 1/(1+omega), with equality where Q attains its omega; zeta as Q.\n"
               "Encoder: that of Q; both ends know omega (around a plain sparsifier the values are sent scaled).\n"
               "Use it where a method wants a contraction (ef21) and the compressor is unbiased.\n",
    .scales = true,
    .constants = constants,
    .quantise = shrink,
};
