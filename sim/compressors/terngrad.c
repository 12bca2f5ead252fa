/* terngrad.c - random rounding to -1, 0, 1 times the largest magnitude. */
#include "../compose.h"
#include "../dither.h"
#include <math.h>

static const struct dither ternary = {NORM_INF, LEVELS_EVEN, 1};

/* E|Q|^2 = |x|_1 |x|_inf; its ratio to |x|^2 is largest, (1 + sqrt d)/2, at x = (1, t, ..., t), t = 1/(1 + sqrt d). */
static void constants(const void *param, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param;
    double entries = inner ? inner->entries : (double)d;
    constants_quantised(inner, (sqrt(entries) - 1) / 2, d, n, value_bits, out);
    constants_code(out, value_bits, dither_bits_each(&ternary));
}

static void quantise(const void *param, const struct compress_call *q, struct message *m)
{
    (void)param;
    dither_quantise(&ternary, q, m);
}

static double payload_bits(const void *param, const struct compress_call *q, const struct message *m)
{
    (void)param;
    return dither_payload_bits(&ternary, q, m);
}

static void pack_value(const void *param, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param;
    dither_pack(&ternary, q, m, w);
}

static void unpack_value(const void *param, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param;
    dither_unpack(&ternary, q, w, m);
}

const struct compressor compressor_terngrad = {
    .name = "terngrad",
    .summary = "random rounding to -1, 0, 1 times the largest |x_j|",
    .paper = "Wen, Xu, Yan, Wu, Wang, Chen, Li 2017, arXiv 1705.07878 (without its gradient clipping)",
    .explain = "Q(x)_j = |x|_inf sign(x_j) with probability |x_j| / |x|_inf, else 0.\n"
               "Unbiased.  omega = (sqrt(d) - 1)/2, exact: attained at x = (1, t, ..., t), t = 1/(1 + sqrt(d)).  zeta = d.\n"
               "Encoder: the norm (F bits, rounded up to a float at 32), then 2 bits a value.\n"
               "Use it as qsgd with s = 1 for half the variance and a dense message.\n",
    .constants = constants,
    .quantise = quantise,
    .payload_bits = payload_bits,
    .pack_value = pack_value,
    .unpack_value = unpack_value,
};
