/* natural.c - natural compression: random rounding to a power of two, that is to the exponent alone. */
#include "../compose.h"
#include <math.h>
#include <string.h>

/* The powers of two that a format's exponent field can say; one code is left for 0, one for what is not finite. */
struct format {
    int least, most;          /* exponents                */
    unsigned bits;            /* of the exponent          */
    double smallest, largest; /* the powers they stand for */
};
static struct format format_of(const struct compress_call *q)
{
    return q->value_bits == 32 ? (struct format){-126, 127, 8, 0x1p-126, 0x1p127}
                               : (struct format){-1022, 1023, 11, 0x1p-1022, 0x1p1023};
}

static void constants(const void *param, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param;
    constants_quantised(inner, 0.125, d, n, value_bits, out);
    constants_code(out, 0, value_bits == 32 ? 9 : 12);
}

/* a > 0, finite: for a = m 2^e, 1 <= m < 2, the mean of 2^e and 2^(e+1) with P(up) = m - 1, the fraction field of the
 * number itself, is a.  Below the least power the two neighbours are 0 and that power. */
static double round_power(double a, double uniform, const struct format *f)
{
    if (a < f->smallest) return uniform < a / f->smallest ? f->smallest : 0;
    if (a >= f->largest) return a / 2 < f->largest ? f->largest : INFINITY;
    uint64_t word;
    memcpy(&word, &a, sizeof word);
    uint64_t fraction = word & ((UINT64_C(1) << 52) - 1);
    word -= fraction;
    if (uniform < (double)fraction * 0x1p-52) word += UINT64_C(1) << 52;
    memcpy(&a, &word, sizeof word);
    return a;
}

static void quantise(const void *param, const struct compress_call *q, struct message *m)
{
    (void)param;
    struct format f = format_of(q);
    struct stream s = call_stream(q);
    for (int64_t j = 0; j < m->count; j++) {
        double v = m->value[j], a = fabs(v), uniform = stream_uniform(&s);
        a = isfinite(a) ? round_power(a, uniform, &f) : INFINITY;
        m->value[j] = v < 0 && a > 0 ? -a : a;
    }
}

static double payload_bits(const void *param, const struct compress_call *q, const struct message *m)
{
    (void)param;
    return (double)m->count * (1 + format_of(q).bits);
}

/* The exponent code of the power of two nearest to v. */
static uint64_t symbol(double v, const struct format *f)
{
    if (v == 0) return 0;
    if (!isfinite(v)) return (uint64_t)(f->most - f->least) + 2;
    int exponent;
    double fraction = frexp(fabs(v), &exponent);
    if (fraction < 0.75) exponent--;
    if (exponent < f->least) exponent = f->least;
    if (exponent > f->most) exponent = f->most;
    return (uint64_t)(exponent - f->least) + 1;
}

static void pack_value(const void *param, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param;
    struct format f = format_of(q);
    for (int64_t j = 0; j < m->count; j++) {
        wire_put(w, m->value[j] < 0, 1);
        wire_put(w, symbol(m->value[j], &f), f.bits);
    }
}

static void unpack_value(const void *param, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param;
    struct format f = format_of(q);
    m->scale = 0;
    for (int64_t j = 0; j < m->count; j++) {
        bool negative = wire_get(w, 1);
        int code = (int)wire_get(w, f.bits), exponent = code - 1 + f.least;
        double a = code == 0 ? 0 : exponent > f.most ? INFINITY : ldexp(1, exponent);
        m->value[j] = negative && a > 0 ? -a : a;
    }
}

const struct compressor compressor_natural = {
    .name = "natural",
    .summary = "random rounding of each value to a power of two",
    .paper = "Horvath, Ho, Horvath, Sahu, Canini, Richtarik 2019, arXiv 1905.10988, Theorem 1",
    .explain =
        "Q(x)_j = sign(x_j) 2^e or sign(x_j) 2^(e+1), where 2^e <= |x_j| < 2^(e+1); up with probability |x_j|/2^e - 1.\n"
        "Unbiased.  omega = 1/8, exact: attained at |x_j| = (4/3) 2^e (the 9/8 of the paper is the second moment).\n"
        "zeta = d.  Powers of two stay as they are.\n"
        "Encoder: a sign and the exponent: 12 bits a value for 64-bit numbers, 9 bits for 32-bit ones; no norm.\n"
        "  Below the least power, 2^-1022 (2^-126), it goes to 0 or to that power: no bias, more variance.\n"
        "  From the largest, 2^1023 (2^127), to twice that it goes down; beyond, and for NaN, it is infinity.\n"
        "Use it on top of others, as in natural(randk): omega becomes (9/8)(1 + omega) - 1 and the values cost 12 bits, not 64.\n"
        "omega + 1 is not d/zeta: the p = zeta/d of MARINA's paper would be 1, that is gd; the p used here by default is the\n"
        "ratio of the bits.\n",
    .constants = constants,
    .quantise = quantise,
    .payload_bits = payload_bits,
    .pack_value = pack_value,
    .unpack_value = unpack_value,
};
