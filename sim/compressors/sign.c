/* sign.c - the signs, times the mean magnitude. */
#include "../compose.h"
#include "../norm.h"
#include <math.h>

/* <C(x), x> = |C(x)|^2 = |x|_1^2 / d >= |x|^2 / d.  That carries over to sign(topk), whose inner is a projection as well;
 * over an unbiased sparsifier the scaled-up signs can be longer than x, and no constant is known. */
static void constants(const void *param, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param;
    double entries = inner ? inner->entries : (double)d;
    bool projection = inner == NULL || inner->lift == 1;
    constants_quantised(inner, 0, d, n, value_bits, out);
    constants_code(out, value_bits, 1);
    constants_biased(out, projection ? out->keep / entries : NAN, projection ? 1 : NAN);
}

static double signed_value(double scale, bool negative)
{
    return negative && scale > 0 ? -scale : scale;
}

static void quantise(const void *param, const struct compress_call *q, struct message *m)
{
    (void)param;
    double mean = vector_mean_abs(m->count, m->value);
    m->scale = q->value_bits == 32 ? (double)(float)mean : mean;
    if (!isfinite(m->scale)) m->scale = NAN;
    for (int64_t j = 0; j < m->count; j++) m->value[j] = signed_value(m->scale, m->value[j] < 0);
}

static double payload_bits(const void *param, const struct compress_call *q, const struct message *m)
{
    (void)param;
    return q->value_bits + (double)m->count;
}

static void pack_value(const void *param, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param;
    wire_put_value(w, m->scale, q->value_bits);
    for (int64_t j = 0; j < m->count; j++) wire_put(w, m->value[j] < 0, 1);
}

static void unpack_value(const void *param, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param;
    m->scale = wire_get_value(w, q->value_bits);
    for (int64_t j = 0; j < m->count; j++) m->value[j] = signed_value(m->scale, wire_get(w, 1));
}

const struct compressor compressor_sign = {
    .name = "sign",
    .summary = "the signs times the mean magnitude (scaled l1 sign)",
    .paper = "Karimireddy, Rebjock, Stich, Jaggi 2019, arXiv 1901.09847; Bernstein et al. 2018, arXiv 1802.04434",
    .explain =
        "C(x) = (|x|_1 / d) sign(x), sign(0) = +1.\n"
        "Biased.  |C(x) - x|^2 = |x|^2 - |x|_1^2 / d, so alpha(x) = |x|_1^2 / (d |x|^2) exactly; worst case alpha = 1/d, at a\n"
        "  unit vector; for a dense gradient alpha(x) is near a constant (2/pi for Gaussian entries).  zeta = d.\n"
        "  sign(topk): alpha = 1/d again.  Over unbiased sparsifiers no constant is known.\n"
        "Encoder: the mean magnitude (F bits), then 1 bit a value.\n"
        "Use it with error feedback (ef21): d bits a round.\n",
    .constants = constants,
    .quantise = quantise,
    .payload_bits = payload_bits,
    .pack_value = pack_value,
    .unpack_value = unpack_value,
};
