/* randk.c - Rand-K: a uniformly random set of K coordinates, drawn without replacement. */
#include "../compose.h"
#include "../support.h"

enum { OWN_MASK, SHARED_MASK };
enum { INDEX_SENT, INDEX_SEED };
struct randk {
    int64_t k, mask, index;
};
static const struct field param[] = {
    INTEGER(randk, k, "1", 1, 4294967295., "coordinates kept, 1 .. d"),
    CHOICE(randk, mask, "own", "own|shared", "each client draws its own set, or one set serves all clients of a round"),
    CHOICE(randk, index, "sent", "sent|seed",
           "indices cost ceil(log2 d) bits each, or 0: the server repeats the draw (shared: always 0)"),
    FIELDS_END};

static bool check(const void *p, int64_t d, int64_t n, struct fail *f)
{
    (void)n;
    return check_kept("randk", ((const struct randk *)p)->k, d, f);
}

static bool indices_travel(const struct randk *p)
{
    return p->mask == OWN_MASK && p->index == INDEX_SENT;
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)inner;
    const struct randk *p = param_;
    double k = (double)p->k;
    struct support_law law = {.omega = (double)d / k - 1, .zeta = k, .entries = k, .sent = 1};
    if (indices_travel(p)) law.index_bits = k * bits_for((uint64_t)d);
    constants_of_support(&law, n, value_bits, out);
    /* One mask: the mean of the messages is Q of the mean, so E|Q(xbar) - xbar|^2 = omega |xbar|^2 <= omega mean|x_i|^2. */
    if (p->mask == SHARED_MASK) constants_correlated(out, law.omega, 0);
}

static void draw_support(const struct randk *p, const struct compress_call *q, struct message *m)
{
    struct stream s = p->mask == SHARED_MASK ? call_shared_stream(q) : call_stream(q);
    message_shape(m, q->d, p->k, false);
    sample_subset(q->sampler, &s, q->d, p->k, m->index);
}

static void select_some(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    const struct randk *p = param_;
    draw_support(p, q, m);
    support_take(v, (double)q->d / (double)p->k, m); /* exactly 1 when k = d */
}

static double index_bits(const void *p, const struct compress_call *q, const struct message *m)
{
    return indices_travel(p) ? index_list_bits(q, m) : 0;
}

static void pack_index(const void *p, const struct compress_call *q, const struct message *m, struct wire *w)
{
    if (indices_travel(p)) index_list_pack(q, m, w);
}

static void unpack_index(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    const struct randk *p = param_;
    if (indices_travel(p)) {
        message_shape(m, q->d, p->k, false);
        index_list_unpack(q, w, m);
    } else
        draw_support(p, q, m);
}

const struct compressor compressor_randk = {
    .name = "randk",
    .summary = "K coordinates chosen uniformly at random, times d/K",
    .paper =
        "Rand-K as in Gorbunov, Burlachenko, Li, Richtarik 2021 (MARINA), arXiv 2102.07845; Wangni et al. 2017, arXiv 1710.09854",
    .explain =
        "Q(x)_j = (d/K) x_j for j in S, else 0; S a uniform K-subset of the coordinates, without replacement.\n"
        "Unbiased.  omega = d/K - 1, with equality for every x; zeta = K.  K = d is the identity, bit for bit.\n"
        "mask = own: clients draw independently, the error of the mean has variance omega/n.\n"
        "mask = shared: all clients keep the same coordinates, which an all-reduce can add; the errors no longer average\n"
        "  out: E|mean Q(x_i) - xbar|^2 = omega |xbar|^2.  In the form A mean|x_i|^2 - B |xbar|^2: A = omega, B = 0.\n"
        "Encoder: K values of F bits, and K indices of ceil(log2 d) bits; 0 index bits with index = seed or mask = shared,\n"
        "  where the server repeats the draw.  Papers plot 32 K bits a message: index = seed, value_bits = 32.\n"
        "Use it first: every theorem on unbiased compression is sharp for it.\n",
    .param = param,
    .param_size = sizeof(struct randk),
    .check = check,
    .constants = constants,
    .select = select_some,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
