/* cyclic.c - K consecutive coordinates that move on by K every round: Rand-K without the chance. */
#include "../compose.h"
#include "../support.h"

struct cyclic {
    int64_t k;
};
static const struct field param[] = {INTEGER(cyclic, k, "1", 1, 4294967295., "coordinates kept, 1 .. d"), FIELDS_END};
enum { CLIENT_STEP = 7 }; /* clients start apart */

static bool check(const void *param_, int64_t d, int64_t n, struct fail *f)
{
    (void)n;
    return check_kept("cyclic", ((const struct cyclic *)param_)->k, d, f);
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)inner;
    double k = (double)((const struct cyclic *)param_)->k;
    struct support_law law = {.omega = (double)d / k - 1, .zeta = k, .entries = k, .sent = 1};
    constants_of_support(&law, n, value_bits, out);
    constants_correlated(out, law.omega, 0); /* all that holds for clients in lockstep is Jensen's inequality */
}

static void set_support(const struct cyclic *p, const struct compress_call *q, struct message *m)
{
    uint64_t d = (uint64_t)q->d, k = (uint64_t)p->k, count = 0;
    uint64_t from = (q->round % d * (k % d) + q->client % d * CLIENT_STEP) % d;
    message_shape(m, q->d, p->k, false);
    for (uint64_t i = 0; from + k > d && i < from + k - d; i++) m->index[count++] = (uint32_t)i; /* past the end */
    for (uint64_t i = from; count < k; i++) m->index[count++] = (uint32_t)i;
}

static void select_some(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    const struct cyclic *p = param_;
    set_support(p, q, m);
    support_take(v, (double)q->d / (double)p->k, m);
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
    (void)w;
    set_support(param_, q, m);
}

const struct compressor compressor_cyclic = {
    .name = "cyclic",
    .summary = "K consecutive coordinates, moving on every round, times d/K; no randomness",
    .paper =
        "cyclic block selection; here a deterministic stand-in for Rand-K that makes trajectories comparable between programs",
    .explain =
        "In round r = 0, 1, ... client m = 0, 1, ... keeps the coordinates (r K + 7 m + j) mod d, j = 0 .. K-1, times d/K.\n"
        "Averaged over a uniformly drawn round, E Q(x) = x and E|Q(x) - x|^2 = (d/K - 1) |x|^2, the constants of Rand-K,\n"
        "omega = d/K - 1 and zeta = K.  In a single round neither holds: nothing is random, so the theorems do not apply.\n"
        "Clients move in lockstep, so the error of the mean is only known to be <= omega mean|x_i|^2.\n"
        "Encoder: K values of F bits, no index bits.\n"
        "Use it to compare two implementations of a method to the last digit, without sharing a random generator.\n",
    .param = param,
    .param_size = sizeof(struct cyclic),
    .check = check,
    .constants = constants,
    .select = select_some,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
