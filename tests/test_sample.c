/* test_sample.c - subsets without replacement: uniform over all subsets, ascending, and a function of the stream alone. */
#include "../sim/rng.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

typedef void subset_function(struct sampler *, struct stream *, int64_t, int64_t, uint32_t *);

static size_t binomial(int64_t n, int64_t k)
{
    double b = 1;
    for (int64_t i = 1; i <= k; i++) b = b * (double)(n - k + i) / (double)i;
    return n < k ? 0 : (size_t)rint(b);
}

/* Position of an ascending subset among all of its size (the combinatorial number system). */
static size_t rank_of(int64_t k, const uint32_t *subset)
{
    size_t rank = 0;
    for (int64_t i = 0; i < k; i++) rank += binomial(subset[i], i + 1);
    return rank;
}

static void assert_ascending(int64_t d, int64_t k, const uint32_t *subset)
{
    for (int64_t i = 0; i < k; i++) {
        assert_true(subset[i] < d);
        assert_true(i == 0 || subset[i - 1] < subset[i]);
    }
}

/* Every subset is counted; chi-square in standard deviations from its mean. */
static double uniformity_z(subset_function *sample, int64_t d, int64_t k)
{
    size_t cells = binomial(d, k), draws = 40 * cells > 20000 ? 40 * cells : 20000;
    double *count = calloc(cells, sizeof *count), x = 0, expected = (double)draws / (double)cells;
    struct sampler work = {0};
    struct stream s = stream(1, FOR_TEST, (uint32_t)d, 0, (uint32_t)k);
    uint32_t out[64];
    for (size_t i = 0; i < draws; i++) {
        sample(&work, &s, d, k, out);
        assert_ascending(d, k, out);
        count[rank_of(k, out)]++;
    }
    for (size_t i = 0; i < cells; i++) x += (count[i] - expected) * (count[i] - expected) / expected;
    free(count);
    sampler_free(&work);
    return (x - (double)(cells - 1)) / sqrt(2 * (double)(cells - 1));
}

/* d/K is small (shuffle), large (Floyd), or K > d/2 (the complement of either). */
static void every_subset_is_equally_likely(void **state)
{
    (void)state;
    for (int64_t d = 2; d <= 8; d++)
        for (int64_t k = 1; k < d; k++) assert_true(fabs(uniformity_z(sample_subset, d, k)) < 4.5);
    const int64_t more[][2] = {{12, 4}, {12, 8}, {40, 2}, {40, 38}, {49, 3}, {50, 1}, {50, 49}, {64, 2}, {63, 61}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        assert_true(fabs(uniformity_z(sample_subset, more[i][0], more[i][1])) < 4.5);
}

/* Controls: the usual slips of both algorithms. */
static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Swapping with any position instead of a later one. */
static void naive_shuffle(struct sampler *work, struct stream *s, int64_t d, int64_t k, uint32_t *out)
{
    (void)work;
    uint32_t deck[64];
    for (uint32_t i = 0; i < d; i++) deck[i] = i;
    for (uint32_t i = 0; i < k; i++) {
        uint32_t j = stream_below(s, (uint32_t)d), swap = deck[i];
        deck[i] = deck[j];
        deck[j] = swap;
    }
    memcpy(out, deck, (size_t)k * sizeof *out);
    qsort(out, (size_t)k, sizeof *out, ascending);
}

/* Floyd that takes the previous number, not j, when the drawn one is taken. */
static void slipped_floyd(struct sampler *work, struct stream *s, int64_t d, int64_t k, uint32_t *out)
{
    (void)work;
    uint64_t bits = 0;
    for (int64_t j = d - k; j < d; j++) {
        uint32_t pick = stream_below(s, (uint32_t)j + 1);
        while (bits >> pick & 1) pick = (pick + 1) % (uint32_t)d;
        bits |= UINT64_C(1) << pick;
    }
    for (uint32_t i = 0; i < d; i++)
        if (bits >> i & 1) *out++ = i;
}

static void measure_sees_biased_samplers(void **state)
{
    (void)state;
    assert_true(uniformity_z(naive_shuffle, 5, 3) > 10);
    assert_true(uniformity_z(naive_shuffle, 12, 4) > 10);
    assert_true(uniformity_z(slipped_floyd, 5, 3) > 10);
    assert_true(uniformity_z(slipped_floyd, 12, 4) > 10);
}

/* Beyond enumeration: each coordinate's chance and each pair's, in cells of neighbouring coordinates. */
static double inclusion_z(int64_t d, int64_t k, int draws, bool drop_first)
{
    enum { CELLS = 50 };
    double count[CELLS] = {0}, x = 0, expected = (double)draws * (double)k / CELLS;
    struct sampler work = {0};
    uint32_t *out = malloc((size_t)k * sizeof *out);
    for (int i = 0; i < draws; i++) {
        struct stream s = stream(2, FOR_TEST, (uint32_t)k, (uint32_t)i, 0);
        sample_subset(&work, &s, d, k, out);
        assert_ascending(d, k, out);
        for (int64_t j = drop_first; j < k; j++) count[out[j] * CELLS / (uint64_t)d]++;
    }
    for (size_t i = 0; i < CELLS; i++) x += (count[i] - expected) * (count[i] - expected) / expected;
    free(out);
    sampler_free(&work);
    return (x - (CELLS - 1)) / sqrt(2.0 * (CELLS - 1)); /* without replacement the counts vary a little less */
}

static void large_samples_cover_evenly(void **state)
{
    (void)state;
    assert_true(inclusion_z(5000, 100, 2000, false) < 4);
    assert_true(inclusion_z(8000, 1000, 300, false) < 4);
    assert_true(inclusion_z(100000, 10, 20000, false) < 4);
    assert_true(inclusion_z(100000, 1000, 300, false) < 4);
    assert_true(inclusion_z(1000000, 20000, 10, false) < 4);
    assert_true(inclusion_z(100000, 10, 20000, true) > 10); /* control: the lowest coordinate lost */
}

static void a_subset_depends_on_its_stream_alone(void **state)
{
    (void)state;
    const int64_t cases[][2] = {{1, 1},    {112, 10},    {112, 56},    {112, 100},   {112, 1},        {8192, 900},
                                {8192, 7}, {8192, 8000}, {8193, 2000}, {100000, 50}, {100000, 99990}, {70000, 30000}};
    enum { CASES = sizeof cases / sizeof *cases, MOST = 100000 };
    uint32_t *alone = malloc(MOST * sizeof *alone), *used = malloc(MOST * sizeof *used);
    struct sampler work = {0};
    int differ = 0;
    for (uint32_t i = 0; i < 4 * CASES; i++) { /* one sampler for all of them, in turn */
        int64_t d = cases[i % CASES][0], k = cases[i % CASES][1];
        struct sampler fresh = {0};
        struct stream s = stream(3, FOR_TEST, 0, i / 2, 0), t = s, other = stream(4, FOR_TEST, 0, i / 2, 0);
        sample_subset(&fresh, &s, d, k, alone);
        sample_subset(&work, &t, d, k, used);
        assert_memory_equal(alone, used, (size_t)k * sizeof *alone);
        assert_memory_equal(&s, &t, sizeof s);
        assert_ascending(d, k, used);
        sample_subset(&work, &other, d, k, used);
        differ += memcmp(alone, used, (size_t)k * sizeof *alone) != 0;
        sampler_free(&fresh);
    }
    assert_true(differ >= 4 * CASES - 8); /* control: another seed gives other subsets (not for d = k = 1) */
    sampler_free(&work);
    free(alone);
    free(used);
}

static void nothing_and_everything(void **state)
{
    (void)state;
    struct sampler work = {0};
    static uint32_t out[20000];
    const int64_t ds[] = {0, 1, 64, 112, 8192, 20000};
    for (size_t i = 0; i < sizeof ds / sizeof *ds; i++) {
        struct stream s = stream(5, FOR_TEST, 0, 0, 0), before = s;
        out[0] = 12345;
        sample_subset(&work, &s, ds[i], 0, out);
        assert_int_equal(out[0], 12345);
        sample_subset(&work, &s, ds[i], ds[i], out);
        for (uint32_t j = 0; j < ds[i]; j++) assert_int_equal(out[j], j);
        assert_memory_equal(&s, &before, sizeof s); /* not a draw spent */
    }
    sampler_free(&work);
    sampler_free(&work);
}

/* A neural network's size: 11.2 million coordinates. */
static void millions_of_coordinates(void **state)
{
    (void)state;
    const int64_t d = 11200000, ks[] = {1, 1000, 112000, 1120000};
    uint32_t *out = malloc(1120000 * sizeof *out);
    struct sampler work = {0};
    for (size_t i = 0; i < 4; i++) {
        struct stream s = stream(6, FOR_TEST, 0, 0, 0);
        sample_subset(&work, &s, d, ks[i], out);
        assert_ascending(d, ks[i], out);
        double mean = 0;
        for (int64_t j = 0; j < ks[i]; j++) mean += out[j];
        mean /= (double)ks[i];
        assert_true(fabs(mean - 5.6e6) < 4 * 11.2e6 / sqrt(12.0 * (double)ks[i]));
    }
    sampler_free(&work);
    free(out);
}

static void naive_permutation(struct stream *s, int64_t d, uint32_t *out)
{
    for (uint32_t i = 0; i < d; i++) out[i] = i;
    for (uint32_t i = 0; i < d; i++) {
        uint32_t j = stream_below(s, (uint32_t)d), swap = out[i];
        out[i] = out[j];
        out[j] = swap;
    }
}

/* All 120 orders of five, counted by their Lehmer code. */
static double permutation_z(void (*permute)(struct stream *, int64_t, uint32_t *))
{
    double count[120] = {0}, x = 0;
    struct stream s = stream(7, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < 60000; i++) {
        uint32_t p[5], seen = 0;
        permute(&s, 5, p);
        size_t rank = 0;
        for (int a = 0; a < 5; a++) {
            size_t below = 0;
            for (int b = a + 1; b < 5; b++) below += p[b] < p[a];
            rank = rank * (size_t)(5 - a) + below;
            seen |= UINT32_C(1) << p[a];
        }
        assert_int_equal(seen, 31);
        count[rank]++;
    }
    for (int i = 0; i < 120; i++) x += (count[i] - 500) * (count[i] - 500) / 500;
    return (x - 119) / sqrt(238);
}

static void permutations_are_uniform(void **state)
{
    (void)state;
    assert_true(fabs(permutation_z(sample_permutation)) < 4);
    assert_true(permutation_z(naive_permutation) > 10); /* control */
    struct stream t = stream(8, FOR_TEST, 0, 0, 0), before = t;
    uint32_t one = 9;
    sample_permutation(&t, 0, &one);
    assert_int_equal(one, 9);
    sample_permutation(&t, 1, &one);
    assert_int_equal(one, 0);
    assert_memory_equal(&t, &before, sizeof t);
}

/* The partition as it is defined: owners permuted, then coordinates; owner i has the coordinates whose places lie in its block.
 */
static int64_t plain_part(struct stream s, int64_t d, int64_t n, int64_t owner, uint32_t *out)
{
    uint32_t *p = malloc((size_t)(d > n ? d : n) * sizeof *p);
    sample_permutation(&s, n, p);
    const int64_t block = p[owner];
    int64_t count = 0, from = 0;
    if (d < n)
        out[count++] = (uint32_t)(block % d);
    else {
        sample_permutation(&s, d, p);
        for (int64_t b = 0; b < block; b++) from += d / n + (b < d % n);
        for (uint32_t i = 0; i < d; i++)
            if (p[i] >= from && p[i] < from + d / n + (block < d % n)) out[count++] = i;
    }
    free(p);
    return count;
}

/* Asked for in any order, with other streams and shapes in between: always the part of its own stream. */
static void parts_are_those_of_their_stream(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{1, 1}, {112, 1}, {112, 3}, {50, 3}, {112, 112}, {112, 336}, {7, 5}, {5, 10}, {1000, 7}, {1, 9}};
    enum { SHAPES = sizeof shapes / sizeof *shapes };
    struct sampler work = {0};
    uint32_t right[1000], other[1000];
    int differ = 0;
    for (uint32_t k = 0; k < 400; k++) {
        const int64_t d = shapes[k / 3 % SHAPES][0], n = shapes[k / 3 % SHAPES][1], owner = k * 5 % n;
        const struct stream s = stream(9, FOR_SHARED, 0, k / 40, STREAM_SHARED);
        int64_t count;
        const uint32_t *part = sample_part(&work, &s, d, n, owner, &count);
        assert_int_equal(count, plain_part(s, d, n, owner, right));
        assert_memory_equal(part, right, (size_t)count * sizeof *part);
        assert_ascending(d, count, part);
        if (d != 112 || n != 3) continue;
        plain_part(stream(9, FOR_SHARED, 0, k / 40 + 1, STREAM_SHARED), d, n, owner, other); /* control: another round */
        differ += memcmp(right, other, (size_t)(d / n) * sizeof *other) != 0;
    }
    assert_true(differ > 30);
    sampler_free(&work);
    sampler_free(&work);
}

/* All owners' parts together: every coordinate once, or n/d times. */
static void parts_are_a_partition(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{112, 3}, {112, 112}, {112, 336}, {1000, 7}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const int64_t d = shapes[k][0], n = shapes[k][1];
        const struct stream s = stream(10, FOR_TEST, 0, 0, 0);
        struct sampler work = {0};
        int met[1000] = {0};
        for (int64_t i = 0; i < n; i++) {
            int64_t count;
            const uint32_t *part = sample_part(&work, &s, d, n, i, &count);
            for (int64_t j = 0; j < count; j++) met[part[j]]++;
        }
        for (int64_t j = 0; j < d; j++) assert_int_equal(met[j], d >= n ? 1 : n / d);
        sampler_free(&work);
    }
}

/* Frozen: a change here changes every published result. */
static void subsets_are_frozen(void **state)
{
    (void)state;
    const uint32_t shuffle[10] = {7, 15, 30, 45, 58, 65, 67, 89, 99, 101},
                   floyd[10] = {10011, 39467, 42322, 47519, 64685, 74576, 77582, 83510, 84083, 86860};
    uint32_t out[10];
    struct sampler work = {0};
    struct stream s = stream(2021, FOR_COMPRESSOR, 0, 1, 2);
    sample_subset(&work, &s, 112, 10, out);
    assert_memory_equal(out, shuffle, sizeof out);
    sample_subset(&work, &s, 100000, 10, out);
    assert_memory_equal(out, floyd, sizeof out);
    sampler_free(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subset_is_equally_likely),  cmocka_unit_test(measure_sees_biased_samplers),
        cmocka_unit_test(large_samples_cover_evenly),      cmocka_unit_test(a_subset_depends_on_its_stream_alone),
        cmocka_unit_test(nothing_and_everything),          cmocka_unit_test(millions_of_coordinates),
        cmocka_unit_test(permutations_are_uniform),        cmocka_unit_test(subsets_are_frozen),
        cmocka_unit_test(parts_are_those_of_their_stream), cmocka_unit_test(parts_are_a_partition),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
