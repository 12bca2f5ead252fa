/* topk.c - Top-K: the K coordinates of largest magnitude. */
#include "../compose.h"
#include "../support.h"
#include "../wide.h"
#include <string.h>

struct topk {
    int64_t k;
};
static const struct field param[] = {INTEGER(topk, k, "1", 1, 4294967295., "coordinates kept, 1 .. d"), FIELDS_END};

static bool check(const void *param_, int64_t d, int64_t n, struct fail *f)
{
    (void)n;
    return check_kept("topk", ((const struct topk *)param_)->k, d, f);
}

static void constants(const void *param_, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)inner;
    double k = (double)((const struct topk *)param_)->k;
    struct support_law law = {.zeta = k, .entries = k, .sent = 1, .index_bits = k * bits_for((uint64_t)d)};
    constants_of_support(&law, n, value_bits, out);
    constants_biased(out, k / (double)d, 1); /* a projection: <C(x), x> = |C(x)|^2 */
}

/* |v| as an integer of the same order; a NaN is above all numbers, so that it is sent and seen. */
static uint64_t magnitude(double v)
{
    uint64_t word;
    memcpy(&word, &v, sizeof word);
    return word & (UINT64_MAX >> 1);
}

/* The K-th largest of the d keys and, in *above, how many are larger: radix selection from the highest byte down, on
 * the keys that still can be it, so O(d) whatever the input.  Destroys key. */
static uint64_t kth_largest(uint64_t *key, int64_t d, int64_t k, int64_t *above)
{
    int64_t larger = 0;
    for (int shift = 56; d > 1 && shift >= 0; shift -= 8) {
        int64_t have[256] = {0}, kept = 0;
        for (int64_t i = 0; i < d; i++) have[key[i] >> shift & 255]++;
        unsigned digit = 255;
        while (larger + have[digit] < k) larger += have[digit--];
        for (int64_t i = 0; i < d; i++)
            if ((key[i] >> shift & 255) == digit) key[kept++] = key[i];
        d = kept;
    }
    *above = larger;
    return key[0];
}

enum { SMALL = 1024 };

WIDE static int64_t count_above(const int64_t *key, int64_t d, int64_t cut)
{
    int64_t count = 0;
    for (int64_t i = 0; i < d; i++) count += key[i] > cut;
    return count;
}

/* For d up to SMALL, a cut between the K-th and the next key, by bisection: counting has no branch that random keys mispredict.
 * Where they are equal it is the K-th largest itself. */
static uint64_t cut_of_small(const double *v, int64_t d, int64_t k, int64_t *above)
{
    int64_t key[SMALL], low = INT64_MAX, high = 0;
    for (int64_t i = 0; i < d; i++) {
        key[i] = (int64_t)magnitude(v[i]);
        low = key[i] < low ? key[i] : low;
        high = key[i] > high ? key[i] : high;
    }
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        *above = count_above(key, d, middle);
        if (*above == k) return (uint64_t)middle;
        if (*above > k)
            low = middle + 1;
        else
            high = middle;
    }
    *above = count_above(key, d, low);
    return (uint64_t)low;
}

static uint64_t cut_of_large(const double *v, int64_t d, int64_t k, int64_t *above, struct message *m)
{
    message_shape(m, d, d, true); /* the value array is the scratch */
    uint64_t *key = (uint64_t *)(void *)m->value;
    for (int64_t i = 0; i < d; i++) key[i] = magnitude(v[i]);
    return kth_largest(key, d, k, above);
}

static void select_some(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    int64_t k = ((const struct topk *)param_)->k, above, count = 0;
    uint64_t cut = q->d <= SMALL ? cut_of_small(v, q->d, k, &above) : cut_of_large(v, q->d, k, &above, m);
    int64_t ties = k - above; /* that many of the equal ones, lowest index first */
    message_shape(m, q->d, k, false);
    for (int64_t i = 0; count < k; i++) {
        uint64_t here = magnitude(v[i]);
        m->index[count] = (uint32_t)i;
        count += (here > cut) | ((here == cut) & (ties > 0));
        ties -= here == cut;
    }
    support_take(v, 1, m);
}

static double index_bits(const void *param_, const struct compress_call *q, const struct message *m)
{
    (void)param_;
    return index_list_bits(q, m);
}

static void pack_index(const void *param_, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param_;
    index_list_pack(q, m, w);
}

static void unpack_index(const void *param_, const struct compress_call *q, struct wire *w, struct message *m)
{
    message_shape(m, q->d, ((const struct topk *)param_)->k, false);
    index_list_unpack(q, w, m);
}

const struct compressor compressor_topk = {
    .name = "topk",
    .summary = "the K coordinates of largest magnitude",
    .paper = "Aji, Heafield 2017, arXiv 1704.05021; constants: Beznosikov, Horvath, Richtarik, Safaryan 2020, arXiv 2002.12410",
    .explain =
        "C(x)_j = x_j for the K largest |x_j| (ties: the lower index), else 0.\n"
        "Biased.  |C(x) - x|^2 <= (1 - K/d)|x|^2, alpha = K/d, with equality when all |x_j| are equal; zeta = K.\n"
        "natural(topk): alpha = (7/8) K/d.  Any unbiased quantiser of variance omega < 1 gives (1 - omega) K/d.\n"
        "Encoder: K indices of ceil(log2 d) bits and K values of F bits; the support depends on the data, so no seed helps.\n"
        "Use it with error feedback (ef21); without it, as plain compressed gradient descent, Top-1 can diverge.\n",
    .param = param,
    .param_size = sizeof(struct topk),
    .check = check,
    .constants = constants,
    .select = select_some,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
