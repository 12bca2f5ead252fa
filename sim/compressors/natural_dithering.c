/* natural_dithering.c - random rounding to powers of two of a norm. */
#include "../compose.h"
#include "../dither.h"
#include <math.h>

struct natural_dithering {
    int64_t s, norm;
};
static const struct field param[] = {
    INTEGER(natural_dithering, s, "7", 1, DITHER_MOST_BINARY, "levels above zero: 2^(1-s), ..., 1/2, 1 times the norm"),
    CHOICE(natural_dithering, norm, "2", "2|inf", "which norm is sent"), FIELDS_END};

static struct dither dither_of(const struct natural_dithering *p)
{
    return (struct dither){p->norm ? NORM_INF : NORM_2, LEVELS_BINARY, p->s};
}

/* Between levels a < b the variance at t is (t - a)(b - t).  The largest excess of it over m t^2 is L^2/(4(1+m)) below the
 * first level L = 2^(1-s) and a^2 (9/(4(1+m)) - 2) on [a, 2a], where for m < 1/8 the last pair, a = 1/2, has the most and
 * for m >= 1/8 none has any.  Call it excess(m).  By Lagrange duality, with x of norm 1:
 *
 * l2: sum of variances <= d excess(m) + m for every m; the least of it.  Tight up to integrality. */
static double variance_2(double d, double first, bool pairs)
{
    if (d <= 1) return 0;                                            /* the one value is its norm */
    double a = first * first / 4, turn = 9. / 8 - first * first / 2; /* where the two excesses meet, as 1 + m */
    if (!pairs || sqrt(d * a) >= turn) return first * sqrt(d) - 1;   /* all |x_j| equal, below the first level */
    if (sqrt(d) * 0.75 <= turn) return 1.5 * sqrt(d) - d / 2 - 1;    /* all |x_j| equal, above 1/2 */
    return d * a / turn + turn - 1;                                  /* some below, some above */
}

/* linf: one entry is 1 and the other d-1 are free, so m = (d-1) excess(m) is the supremum itself, and attained. */
static double variance_inf(double d, double first, bool pairs)
{
    double others = d - 1;
    double below = (sqrt(1 + others * first * first) - 1) / 2;
    if (!pairs) return below;
    double b = 2 * others + 4; /* 4 m^2 + b m - others/4 = 0 */
    double above = others / 2 / (b + sqrt(b * b + 4 * others));
    return fmax(below, above);
}

static double variance(const struct natural_dithering *p, double entries)
{
    double first = ldexp(1, 1 - (int)p->s);
    return p->norm ? variance_inf(entries, first, p->s > 1) : variance_2(entries, first, p->s > 1);
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    const struct natural_dithering *p = param_;
    struct dither dither = dither_of(p);
    constants_quantised(inner, variance(p, inner ? inner->entries : (double)d), d, n, value_bits, out);
    constants_code(out, value_bits, dither_bits_each(&dither));
    /* P(Q_j != 0) = min(1, 2^(s-1) |x_j| / |x|) */
    if (p->norm == 0) out->zeta = fmin(out->zeta, ldexp(sqrt(out->zeta), (int)p->s - 1));
}

static void quantise(const void *param_, const struct compress_call *q, struct message *m)
{
    struct dither dither = dither_of(param_);
    dither_quantise(&dither, q, m);
}

static double payload_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    struct dither dither = dither_of(param_);
    return dither_payload_bits(&dither, q, m);
}

static void pack_value(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    struct dither dither = dither_of(param_);
    dither_pack(&dither, q, m, w);
}

static void unpack_value(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    struct dither dither = dither_of(param_);
    dither_unpack(&dither, q, w, m);
}

const struct compressor compressor_natural_dithering = {
    .name = "natural-dithering",
    .summary = "random rounding to s powers of two of the l2 or linf norm",
    .paper =
        "Horvath, Ho, Horvath, Sahu, Canini, Richtarik 2019, arXiv 1905.10988 (the variance here is tighter than its Theorem 7)",
    .explain = "|x_j| / |x|_p is rounded at random, without bias, to one of the two levels around it among\n"
               "0, 2^(1-s), ..., 1/2, 1; the sign and the norm are put back.  p = 2 or inf (the key `norm`).\n"
               "Unbiased.  With L = 2^(1-s):\n"
               "  p = 2:   omega = L sqrt(d) - 1 if s = 1 or L sqrt(d) >= 9/4 - L^2 (equality at equal |x_j|);\n"
               "           for smaller d a Lagrange bound, tight up to integrality.\n"
               "  p = inf: omega = the larger of (sqrt(1 + (d-1) L^2) - 1)/2 and, for s > 1,\n"
               "           the root of 4m^2 + (2d+2)m = (d-1)/4; exact.\n"
               "  Theorem 7 of the paper, for either p: 1/8 + L sqrt(d) min(1, L sqrt(d)), which is never smaller.\n"
               "zeta = min(d, 2^(s-1) sqrt(d)) for p = 2, d for p = inf.  s = 1 is qsgd with s = 1, or terngrad.\n"
               "Encoder: the norm (F bits, rounded up to a float at 32), then 1 + ceil(log2(s+1)) bits a value.\n"
               "Use it for about the variance of qsgd with 2^(s-1) levels, at far fewer bits a value.\n",
    .param = param,
    .param_size = sizeof(struct natural_dithering),
    .constants = constants,
    .quantise = quantise,
    .payload_bits = payload_bits,
    .pack_value = pack_value,
    .unpack_value = unpack_value,
};
