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

/* Sorted, largest first. */
static void sort_few(uint64_t *key, int64_t d)
{
    for (int64_t i = 1; i < d; i++) {
        const uint64_t mine = key[i];
        int64_t at = i;
        for (; at > 0 && key[at - 1] < mine; at--) key[at] = key[at - 1];
        key[at] = mine;
    }
}

enum { FEW = 16, SMALL = 1024 };

/* The K-th largest of the d keys, 1 <= K <= d: radix selection from the highest byte down, on the keys that still can be it, so
 * O(d) whatever the input.  Destroys key. */
static uint64_t kth_largest(uint64_t *key, int64_t d, int64_t k)
{
    for (int shift = 56; d > FEW && shift >= 0; shift -= 8) {
        int64_t have[256] = {0}, kept = 0;
        for (int64_t i = 0; i < d; i++) have[key[i] >> shift & 255]++;
        unsigned digit = 255;
        while (have[digit] < k) k -= have[digit--];
        for (int64_t i = 0; i < d; i++)
            if ((key[i] >> shift & 255) == digit) key[kept++] = key[i];
        d = kept;
    }
    if (d <= FEW) sort_few(key, d);
    return key[k - 1];
}

/* The upper halves of the d <= SMALL keys, and a cut that K of them are above, by bisection: counting has no branch that random
 * keys mispredict.  Without one (the K-th and the next are too close) the cut is the half of the K-th. */
WIDE static bool cut_of_small(const double *v, int64_t d, int64_t k, int32_t *key, int32_t *cut)
{
    int32_t low = INT32_MAX, high = 0;
    for (int64_t i = 0; i < d; i++) {
        key[i] = (int32_t)(magnitude(v[i]) >> 32);
        low = key[i] < low ? key[i] : low;
        high = key[i] > high ? key[i] : high;
    }
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        int32_t above = 0;
        for (int64_t i = 0; i < d; i++) above += key[i] > middle;
        if (above == k) {
            *cut = middle;
            return true;
        }
        if (above > k)
            low = middle + 1;
        else
            high = middle;
    }
    *cut = low;
    return false;
}

/* m->index: the K coordinates with the largest keys, of equal ones those with the lower index. */
static void take_from(const double *v, int64_t d, int64_t k, uint64_t cut, struct message *m)
{
    int64_t above = 0, count = 0;
    for (int64_t i = 0; i < d; i++) above += magnitude(v[i]) > cut;
    int64_t ties = k - above;
    for (int64_t i = 0; count < k; i++) {
        const uint64_t here = magnitude(v[i]);
        m->index[count] = (uint32_t)i;
        count += (here > cut) | ((here == cut) & (ties > 0));
        ties -= here == cut;
    }
}

static void select_of_small(const double *v, int64_t d, int64_t k, struct message *m)
{
    int32_t half[SMALL], cut;
    message_shape(m, d, k, false);
    if (cut_of_small(v, d, k, half, &cut)) {
        uint32_t *index = m->index;
        const int32_t level = cut;
        for (int64_t i = 0, count = 0; count < k; i++) {
            index[count] = (uint32_t)i;
            count += half[i] > level;
        }
        return;
    }
    uint64_t close[SMALL]; /* the keys with that half */
    int64_t above = 0, count = 0;
    for (int64_t i = 0; i < d; i++) {
        close[count] = magnitude(v[i]);
        count += half[i] == cut;
        above += half[i] > cut;
    }
    take_from(v, d, k, kth_largest(close, count, k - above), m);
}

static void select_some(const void *param_, const struct compress_call *q, const double *v, struct message *m)
{
    const int64_t k = ((const struct topk *)param_)->k;
    if (q->d <= SMALL)
        select_of_small(v, q->d, k, m);
    else {
        message_shape(m, q->d, q->d, true); /* the value array is the scratch */
        uint64_t *key = (uint64_t *)(void *)m->value;
        for (int64_t i = 0; i < q->d; i++) key[i] = magnitude(v[i]);
        const uint64_t cut = kth_largest(key, q->d, k);
        message_shape(m, q->d, k, false);
        take_from(v, q->d, k, cut, m);
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
