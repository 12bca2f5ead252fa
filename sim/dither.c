/* dither.c - random rounding to levels of a norm, and the plain code of the result. */
#include "dither.h"
#include <math.h>

static double level_height(const struct dither *d, int64_t level)
{
    if (d->spacing == LEVELS_EVEN) return (double)level / (double)d->levels;
    return level == 0 ? 0 : ldexp(1, (int)(level - d->levels));
}

double dither_value(const struct dither *d, double scale, int64_t level, bool negative)
{
    if (isnan(scale)) return NAN;
    double a = scale * level_height(d, level);
    return a == 0 ? 0 : negative ? -a : a;
}

/* The level just below t in [0, 1], or the next one up with the probability that makes the mean t. */
static int64_t draw_level(const struct dither *d, double t, double uniform)
{
    int64_t below;
    double up;
    if (d->spacing == LEVELS_EVEN) {
        double height = t * (double)d->levels;
        below = (int64_t)height;
        up = height - (double)below;
    } else {
        int exponent;
        double fraction = frexp(t, &exponent); /* t = fraction 2^exponent, fraction in [1/2, 1) */
        below = t == 0 ? 0 : exponent - 1 + d->levels;
        up = 2 * fraction - 1;
        if (below < 1) {
            below = 0;
            up = ldexp(t, (int)d->levels - 1);
        }
    }
    if (uniform < up) below++;
    return below < d->levels ? below : d->levels;
}

void dither_quantise(const struct dither *d, const struct compress_call *q, struct message *m)
{
    m->scale = norm_sent(vector_norm(d->norm, m->count, m->value), q->value_bits);
    struct stream s = call_stream(q);
    bool useless = isnan(m->scale) || m->scale == 0;
    for (int64_t j = 0; j < m->count; j++) {
        double v = m->value[j], uniform = stream_uniform(&s);
        int64_t level = useless ? 0 : draw_level(d, fabs(v) / m->scale, uniform);
        m->value[j] = dither_value(d, m->scale, level, v < 0);
    }
}

static int64_t nearest_level(const struct dither *d, double t)
{
    if (d->spacing == LEVELS_EVEN) return (int64_t)rint(t * (double)d->levels);
    if (ldexp(t, (int)d->levels) < 1) return 0; /* below half the first level */
    int exponent;
    double fraction = frexp(t, &exponent);
    int64_t level = d->levels + exponent - (fraction < 0.75);
    return level < 1 ? 1 : level < d->levels ? level : d->levels;
}

int64_t dither_symbol(const struct dither *d, double scale, double value)
{
    if (isnan(scale) || scale == 0 || isnan(value)) return 0;
    int64_t level = nearest_level(d, fmin(fabs(value) / scale, 1));
    /* Among subnormal numbers the quotient can be off by one level. */
    for (int64_t near = level - 1; near <= level + 1; near++)
        if (near >= 0 && near <= d->levels && dither_value(d, scale, near, value < 0) == value) return near;
    return level;
}

double dither_bits_each(const struct dither *d)
{
    return 1 + bits_for((uint64_t)d->levels + 1);
}

double dither_payload_bits(const struct dither *d, const struct compress_call *q, const struct message *m)
{
    return q->value_bits + (double)m->count * dither_bits_each(d);
}

void dither_pack(const struct dither *d, const struct compress_call *q, const struct message *m, struct wire *w)
{
    unsigned bits = bits_for((uint64_t)d->levels + 1);
    wire_put_value(w, m->scale, q->value_bits);
    for (int64_t j = 0; j < m->count; j++) {
        wire_put(w, m->value[j] < 0, 1);
        wire_put(w, (uint64_t)dither_symbol(d, m->scale, m->value[j]), bits);
    }
}

void dither_unpack(const struct dither *d, const struct compress_call *q, struct wire *w, struct message *m)
{
    unsigned bits = bits_for((uint64_t)d->levels + 1);
    m->scale = wire_get_value(w, q->value_bits);
    for (int64_t j = 0; j < m->count; j++) {
        bool negative = wire_get(w, 1);
        int64_t level = (int64_t)wire_get(w, bits);
        if (level > d->levels) {
            w->overrun = true;
            level = d->levels;
        }
        m->value[j] = dither_value(d, m->scale, level, negative);
    }
}
