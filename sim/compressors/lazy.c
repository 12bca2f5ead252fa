/* lazy.c - the whole vector with probability p, otherwise nothing. */
#include "../compose.h"

struct lazy {
    double p;
};
static const struct field param[] = {REAL_POS(lazy, p, "0.1", 1, "probability that the vector is sent, 0 < p <= 1"), FIELDS_END};

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)inner;
    double p = ((const struct lazy *)param_)->p;
    struct support_law law = {.omega = 1 / p - 1, .zeta = p * (double)d, .entries = (double)d, .sent = p, .index_bits = 1};
    constants_of_support(&law, n, value_bits, out);
}

static void select_all_or_none(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    double p = ((const struct lazy *)param_)->p, factor = 1 / p;
    struct stream s = call_stream(q);
    bool sent = stream_bernoulli(&s, p);
    message_shape(m, q->d, sent ? q->d : 0, sent);
    for (int64_t j = 0; j < m->count; j++) m->value[j] = factor * v[j];
}

static double index_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    (void)param_, (void)q, (void)m;
    return 1;
}

static void pack_index(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param_, (void)q;
    wire_put(w, m->count > 0, 1);
}

static void unpack_index(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param_;
    bool sent = wire_get(w, 1);
    message_shape(m, q->d, sent ? q->d : 0, sent);
}

const struct compressor compressor_lazy = {
    .name = "lazy",
    .summary = "the whole vector with probability p, times 1/p",
    .paper = "the lazy compressor of Gorbunov, Burlachenko, Li, Richtarik 2021 (MARINA), arXiv 2102.07845",
    .explain = "Q(x) = x / p with probability p, else 0.\n"
               "Unbiased.  omega = 1/p - 1, with equality for every x; zeta = p d.  p = 1 is the identity, bit for bit.\n"
               "Encoder: 1 bit, then d numbers of F bits if it is set.\n"
               "Use it to see that omega alone decides: Rand-K at K = p d sends as much and converges alike.\n",
    .param = param,
    .param_size = sizeof(struct lazy),
    .constants = constants,
    .select = select_all_or_none,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
