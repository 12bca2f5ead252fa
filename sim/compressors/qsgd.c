/* qsgd.c - random rounding to s even levels of the l2 norm. */
#include "../compose.h"
#include "../dither.h"
#include "../real.h"
#include <math.h>

enum { CODE_DENSE, CODE_ELIAS };
struct qsgd {
    int64_t s, coding;
};
static const struct field param[] = {
    INTEGER(qsgd, s, "1", 1, DITHER_MOST_EVEN, "levels above zero; 1: three-level quantisation"),
    CHOICE(qsgd, coding, "dense", "dense|elias", "1 + ceil(log2(s+1)) bits a value, or Elias codes of the gaps and levels"),
    FIELDS_END};

static struct dither dither_of(const struct qsgd *p)
{
    return (struct dither){NORM_2, LEVELS_EVEN, p->s};
}

/* With u_j = (s |x_j| / |x|)^2, sum u_j = s^2, the variance is |x|^2 s^-2 sum phi(u_j), phi(u) = frac(1 - frac) of sqrt u.
 * phi lies below the concave min(sqrt u - u, 1/4 beyond u = 1/4); Jensen's inequality gives the supremum. */
static double variance(double d, double s)
{
    if (d <= 1) return 0; /* the one value is its norm */
    return s == 1 || sqrt(d) >= 2 * s ? sqrt(d) / s - 1 : d / (4 * s * s);
}

static double log2_of(double x)
{
    return real_log(x) / 0.693147180559945309417;
}

/* An Elias code of k has at most 2 log2 k + 1 bits.  The gaps add up to <= d, the levels to `sum` = s sqrt(d) in
 * expectation, so N nonzeros cost at most N (2 log2(d/N) + 2 log2(sum/N) + 3): concave in (d, sum, N), and as a function
 * of N largest at `peak`. */
static double elias_bound(double d, double sum, double nonzeros)
{
    double peak = sqrt(d * sum / 2.6125), count = fmin(nonzeros, peak);
    if (count == 0) return 1;
    return 2 * log2_of(nonzeros + 1) + 1 + count * (2 * log2_of(d / count) + 2 * log2_of(sum / count) + 3);
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    const struct qsgd *p = param_;
    struct dither dither = dither_of(p);
    double s = (double)p->s;
    constants_quantised(inner, variance(inner ? inner->entries : (double)d, s), d, n, value_bits, out);
    constants_code(out, value_bits, dither_bits_each(&dither));
    double sum = s * sqrt(out->zeta); /* P(Q_j != 0) = min(1, s |x_j| / |x|) */
    out->zeta = fmin(out->zeta, sum);
    if (p->coding == CODE_ELIAS) out->bits = out->index_bits + out->sent * value_bits + elias_bound(out->values, sum, out->zeta);
}

static void quantise(const void *param_, const struct compress_call *q, struct message *m)
{
    struct dither dither = dither_of(param_);
    dither_quantise(&dither, q, m);
}

/* Elias: the norm, the number of nonzeros plus one, then for each its gap to the one before, its sign, its level. */
static double elias_bits(const struct dither *dither, const struct compress_call *q, const struct message *m)
{
    double bits = 0;
    uint64_t count = 0;
    int64_t before = -1;
    for (int64_t j = 0; j < m->count; j++) {
        int64_t level = dither_symbol(dither, m->scale, m->value[j]);
        if (level == 0) continue;
        bits += elias_length((uint64_t)(j - before)) + 1 + elias_length((uint64_t)level);
        before = j;
        count++;
    }
    return (double)q->value_bits + elias_length(count + 1) + bits;
}

static double payload_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    const struct qsgd *p = param_;
    struct dither dither = dither_of(p);
    return p->coding == CODE_ELIAS ? elias_bits(&dither, q, m) : dither_payload_bits(&dither, q, m);
}

static void elias_pack(const struct dither *dither, const struct compress_call *q, const struct message *m, struct wire *w)
{
    uint64_t count = 0;
    int64_t before = -1;
    for (int64_t j = 0; j < m->count; j++) count += dither_symbol(dither, m->scale, m->value[j]) != 0;
    wire_put_value(w, m->scale, q->value_bits);
    wire_put_elias(w, count + 1);
    for (int64_t j = 0; j < m->count; j++) {
        int64_t level = dither_symbol(dither, m->scale, m->value[j]);
        if (level == 0) continue;
        wire_put_elias(w, (uint64_t)(j - before));
        wire_put(w, m->value[j] < 0, 1);
        wire_put_elias(w, (uint64_t)level);
        before = j;
    }
}

static void elias_unpack(const struct dither *dither, const struct compress_call *q, struct wire *w, struct message *m)
{
    m->scale = wire_get_value(w, q->value_bits);
    for (int64_t j = 0; j < m->count; j++) m->value[j] = dither_value(dither, m->scale, 0, false);
    uint64_t count = wire_get_elias(w), place = 0;
    for (uint64_t i = 1; i < count; i++) {
        uint64_t gap = wire_get_elias(w);
        bool negative = wire_get(w, 1);
        uint64_t level = wire_get_elias(w);
        if (gap > (uint64_t)m->count - place || level > (uint64_t)dither->levels) w->overrun = true;
        if (w->overrun) return;
        place += gap;
        m->value[place - 1] = dither_value(dither, m->scale, (int64_t)level, negative);
    }
}

static void pack_value(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    const struct qsgd *p = param_;
    struct dither dither = dither_of(p);
    if (p->coding == CODE_ELIAS)
        elias_pack(&dither, q, m, w);
    else
        dither_pack(&dither, q, m, w);
}

static void unpack_value(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    const struct qsgd *p = param_;
    struct dither dither = dither_of(p);
    if (p->coding == CODE_ELIAS)
        elias_unpack(&dither, q, w, m);
    else
        dither_unpack(&dither, q, w, m);
}

const struct compressor compressor_qsgd = {
    .name = "qsgd",
    .summary = "random rounding to s levels of the l2 norm (s = 1: three-level quantisation)",
    .paper = "Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv 1610.02132 (the variance here is tighter than its Lemma 3.1)",
    .explain =
        "Q(x)_j = |x|_2 sign(x_j) xi_j: t = s |x_j| / |x|_2 is rounded to floor(t) or floor(t) + 1, up with probability\n"
        "  t - floor(t); xi_j = rounded t / s.\n"
        "Unbiased.  omega = sqrt(d)/s - 1 if s = 1 or sqrt(d) >= 2s (attained when all |x_j| are equal), else d/(4 s^2)\n"
        "  (tight up to integrality); 0 if d = 1.  Lemma 3.1 of the paper: min(d/s^2, sqrt(d)/s).\n"
        "zeta = min(d, s sqrt(d)), attained when all |x_j| are equal.  s = 1: omega + 1 = d/zeta = sqrt(d).\n"
        "Encoder, dense: the norm (F bits), then 1 + ceil(log2(s+1)) bits a value.\n"
        "Encoder, elias: the norm, the count of nonzeros plus one, and for each nonzero the gap to the one before, a sign\n"
        "  bit and the level; all whole numbers k >= 1 in Elias' gamma code, 2 floor(log2 k) + 1 bits.  `bits` is then a bound.\n"
        "value_bits = 32 sends the norm rounded up to a float, so that no level exceeds s.\n"
        "Use s = 1 with elias for a message of about sqrt(d) entries, s ~ sqrt(d) for omega ~ 1 at a few bits a value.\n",
    .param = param,
    .param_size = sizeof(struct qsgd),
    .constants = constants,
    .quantise = quantise,
    .payload_bits = payload_bits,
    .pack_value = pack_value,
    .unpack_value = unpack_value,
};
