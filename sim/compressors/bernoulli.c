/* bernoulli.c - each coordinate is kept with probability p, independently of the others. */
#include "../compose.h"
#include "../support.h"
#include <math.h>

enum { INDEX_SENT, INDEX_SEED };
struct bernoulli {
    double p;
    int64_t index;
};
static const struct field param[] = {
    REAL_POS(bernoulli, p, "0.1", 1, "probability that a coordinate is kept, 0 < p <= 1"),
    CHOICE(bernoulli, index, "sent", "sent|seed", "the support is sent, or costs 0 bits: the server repeats the draw"),
    FIELDS_END};

/* Bits of a support of `count` coordinates: a flag, then the shorter of a bitmap and a counted list. */
static bool list_is_shorter(int64_t d, double count, double *bits)
{
    double list = bits_for((uint64_t)d + 1) + count * bits_for((uint64_t)d);
    *bits = 1 + fmin((double)d, list);
    return list < (double)d;
}

/* E of those bits when count is binomial(d, p): from the mode outwards until the weights no longer matter. */
static double expected_index_bits(int64_t d, double p)
{
    double bits, size = (double)d;
    if (p == 1) {
        list_is_shorter(d, size, &bits);
        return bits;
    }
    double mode = fmin(floor((size + 1) * p), size), odds = p / (1 - p), total = 0, sum = 0, weight = 1;
    for (double k = mode; k <= size && weight > 1e-20; k++) {
        list_is_shorter(d, k, &bits);
        total += weight;
        sum += weight * bits;
        weight *= (size - k) / (k + 1) * odds;
    }
    weight = mode / (size - mode + 1) / odds;
    for (double k = mode - 1; k >= 0 && weight > 1e-20; k--) {
        list_is_shorter(d, k, &bits);
        total += weight;
        sum += weight * bits;
        weight *= k / (size - k + 1) / odds;
    }
    return sum / total;
}

/* (1 - p)^d by squaring. */
static double none_kept(int64_t d, double p)
{
    double power = 1 - p, result = 1;
    for (; d > 0; d /= 2, power *= power)
        if (d % 2) result *= power;
    return result;
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)inner;
    const struct bernoulli *p = param_;
    struct support_law law = {
        .omega = 1 / p->p - 1, .zeta = p->p * (double)d, .entries = (double)d, .sent = 1 - none_kept(d, p->p)};
    if (p->index == INDEX_SENT) law.index_bits = expected_index_bits(d, p->p);
    constants_of_support(&law, n, value_bits, out);
}

/* Drawn twice, to count first: a message has room for what it carries, not for d. */
static void draw_support(const struct bernoulli *p, const struct compress_call *q, struct message *m)
{
    struct stream first = call_stream(q), second = first;
    int64_t count = 0, j = 0;
    for (int64_t i = 0; i < q->d; i++) count += stream_bernoulli(&first, p->p);
    message_shape(m, q->d, count, false);
    for (int64_t i = 0; j < count; i++)
        if (stream_bernoulli(&second, p->p)) m->index[j++] = (uint32_t)i;
}

static void select_some(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    const struct bernoulli *p = param_;
    draw_support(p, q, m);
    support_take(v, 1 / p->p, m);
}

static double index_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    double bits;
    list_is_shorter(q->d, (double)m->count, &bits);
    return ((const struct bernoulli *)param_)->index == INDEX_SENT ? bits : 0;
}

static void pack_bitmap(const struct message *m, struct wire *w)
{
    int64_t j = 0;
    for (int64_t i = 0; i < m->d; i++) {
        bool kept = j < m->count && m->index[j] == i;
        wire_put(w, kept, 1);
        j += kept;
    }
}

static void pack_index(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    if (((const struct bernoulli *)param_)->index == INDEX_SEED) return;
    double bits;
    bool list = list_is_shorter(q->d, (double)m->count, &bits);
    wire_put(w, list, 1);
    if (list) {
        wire_put(w, (uint64_t)m->count, bits_for((uint64_t)q->d + 1));
        index_list_pack(q, m, w);
    } else
        pack_bitmap(m, w);
}

static void unpack_bitmap(const struct compress_call *q, struct wire *w, struct message *m)
{
    size_t start = w->cursor;
    int64_t count = 0, j = 0;
    for (int64_t i = 0; i < q->d; i++) count += (int64_t)wire_get(w, 1);
    message_shape(m, q->d, count, false);
    w->cursor = start;
    for (int64_t i = 0; i < q->d; i++)
        if (wire_get(w, 1) && j < count) m->index[j++] = (uint32_t)i;
}

static void unpack_index(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    const struct bernoulli *p = param_;
    if (p->index == INDEX_SEED) {
        draw_support(p, q, m);
    } else if (wire_get(w, 1)) {
        int64_t count = (int64_t)wire_get(w, bits_for((uint64_t)q->d + 1));
        if (count > q->d) {
            w->overrun = true;
            count = q->d;
        }
        message_shape(m, q->d, count, false);
        index_list_unpack(q, w, m);
    } else
        unpack_bitmap(q, w, m);
}

const struct compressor compressor_bernoulli = {
    .name = "bernoulli",
    .summary = "each coordinate with probability p, times 1/p",
    .paper = "Khirirat, Feyzmahdavian, Johansson 2018, arXiv 1806.06573; Wangni et al. 2017, arXiv 1710.09854",
    .explain = "Q(x)_j = x_j / p with probability p, else 0, independently over j.\n"
               "Unbiased.  omega = 1/p - 1, with equality for every x; zeta = p d.  p = 1 is the identity, bit for bit.\n"
               "Encoder: values of F bits; the support as 1 flag bit and the shorter of a bitmap (d bits) and a list\n"
               "  (a count of ceil(log2(d+1)) bits, then ceil(log2 d) bits an index); 0 bits with index = seed.\n"
               "`bits` is the exact expectation over the binomial number of entries.\n"
               "Use it where Rand-K's fixed length is not wanted; the variance is the same at K = p d.\n",
    .param = param,
    .param_size = sizeof(struct bernoulli),
    .constants = constants,
    .select = select_some,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
