/* permk.c - Perm-K: one random partition of the coordinates, a part for each client. */
#include "../compose.h"
#include "../support.h"
#include <inttypes.h>
#include <string.h>

static bool check(const void *param_, int64_t d, int64_t n, struct fail *f)
{
    (void)param_;
    if (d >= n || n % d == 0) return true;
    return fail_set(
        f, "permk: %" PRId64 " clients cannot share d = %" PRId64 " coordinates evenly; allowed: n <= d, or n a multiple of d", n,
        d);
}

/* d >= n: E|mean Q_i(x_i) - xbar|^2 = mean|x_i|^2 - |xbar|^2.  d < n: a coordinate is the mean over n/d clients drawn
 * without replacement, of variance (d-1)/(n-1) that of one client. */
static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param_, (void)inner;
    double part = d >= n ? (double)d / (double)n : 1;
    double ab = d >= n ? 1 : (double)(d - 1) / (double)(n - 1);
    struct support_law law = {.omega = (double)(d >= n ? n : d) - 1, .zeta = part, .sent = 1};
    law.entries = d >= n ? (double)((d + n - 1) / n) : 1;
    constants_of_support(&law, n, value_bits, out);
    constants_correlated(out, ab, ab);
}

/* First the clients are permuted, then the coordinates; both draws are common to all and made once for all that one worker
 * computes. */
static void draw_support(const struct compress_call *q, struct message *m)
{
    const struct stream s = call_shared_stream(q);
    const int64_t owner = q->client == STREAM_SHARED ? 0 : q->client; /* the server is alone: n = 1 */
    int64_t count;
    const uint32_t *part = sample_part(q->sampler, &s, q->d, q->n, owner, &count);
    message_shape(m, q->d, count, false);
    memcpy(m->index, part, (size_t)count * sizeof *part);
}

static void select_block(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    (void)param_;
    draw_support(q, m);
    support_take(v, (double)(q->d < q->n ? q->d : q->n), m);
}

static double index_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    (void)param_, (void)q, (void)m;
    return 0;
}

static void pack_index(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param_, (void)q, (void)m, (void)w;
}

static void unpack_index(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param_, (void)w;
    draw_support(q, m);
}

const struct compressor compressor_permk = {
    .name = "permk",
    .summary = "a random partition of the coordinates, one part a client, times n",
    .paper = "Szlendak, Tyurin, Richtarik 2021, arXiv 2110.03300",
    .explain =
        "d >= n: the coordinates are permuted and cut into n blocks of floor(d/n) or ceil(d/n);\n"
        "        a second permutation deals the blocks to the clients.\n"
        "        Q_i(x)_j = n x_j on client i's block, else 0.  omega = n - 1 for each client.\n"
        "d < n, n a multiple of d: each coordinate goes to n/d clients, Q_i(x)_j = d x_j.  omega = d - 1.\n"
        "The clients' draws are correlated, to their advantage:\n"
        "  E|mean Q_i(x_i) - xbar|^2 = A (mean|x_i|^2 - |xbar|^2), which is 0 when all x_i are equal,\n"
        "  with A = 1 if d >= n, else (d-1)/(n-1).\n"
        "zeta = d/n: a message has at most ceil(d/n) entries.\n"
        "Encoder: values of F bits, no index bits: the permutation comes from the seed that all share.\n"
        "Use it where clients are similar.  In the paper MARINA's stepsize depends on the Hessian variance alone; the default\n"
        "gamma here knows A and L_hat only, so multiples of it (stepsize = 2x) may converge as well.\n"
        "The permutations cost O(d + n) a round, for each thread; a client's message O(d/n).\n",
    .check = check,
    .constants = constants,
    .select = select_block,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
