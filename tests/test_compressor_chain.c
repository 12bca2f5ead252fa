/* Chains as text, their checks, and where their randomness comes from. */
#include "compressor_kit.h"

static void chains_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *links[4];
    } good[] = {{"randk", {"randk"}},
                {"natural(randk)", {"natural", "randk"}},
                {"  natural ( topk ) ", {"natural", "topk"}},
                {"natural-dithering", {"natural-dithering"}},
                {"scaled(natural(qsgd(randk)))", {"scaled", "natural", "qsgd", "randk"}},
                {"natural(identity)", {"natural", "identity"}}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct chain c;
        struct fail f = {0};
        assert_true(chain_parse(&c, good[i].text, &f));
        for (int l = 0; l < 4; l++) {
            assert_int_equal(l < c.length, good[i].links[l] != NULL);
            if (l < c.length) assert_string_equal(c.link[l]->name, good[i].links[l]);
        }
        chain_free(&c);
        assert_int_equal(c.length, 0);
    }
}

static void bad_chains_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        /* text, and two things that the message says */
        {"randkk", "did you mean randk", "natural-dithering"},
        {"zzzzzzzz", "unknown compressor 'zzzzzzzz'", "terngrad"},
        {"", "a name is missing", "natural(randk)"},
        {"natural()", "a name is missing before ')'", "natural(randk)"},
        {"natural(randk", "1 closing parenthesis missing", "natural(randk)"},
        {"natural(qsgd(randk", "2 closing parenthes", "natural(randk)"},
        {"natural(randk))", "1 closing parenthesis too many", "natural(randk)"},
        {"natural(randk)x", "'x' is not understood", "natural(randk)"},
        {"natural randk", "'randk' is not understood", "natural(randk)"},
        {"randk(natural)", "randk chooses coordinates", "innermost"},
        {"natural(randk(topk))", "randk chooses coordinates", "innermost"},
        {"natural(scaled(randk))", "scaled must be outermost", "scaled(randk)"},
        {"scaled", "needs a compressor inside", "scaled(randk)"},
        {"natural(natural)", "natural occurs twice", "once"},
        {"scaled(natural(qsgd(terngrad(randk))))", "too many links", "4"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long", "list compressors"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct chain c;
        struct fail f = {0};
        assert_false(chain_parse(&c, bad[i][0], &f));
        if (strstr(f.text, bad[i][1]) == NULL || strstr(f.text, bad[i][2]) == NULL || strchr(f.text, '\n') != NULL)
            fail_msg("'%s' gave: %s", bad[i][0], f.text);
        assert_int_equal(c.length, 0);
    }
}

static void parameters_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *settings;
        int64_t d, n;
        const char *says[3]; /* NULL: allowed */
    } row[] = {{"randk", "k=113", 112, 5, {"k = 113", "d = 112", "1 <= k <= 112"}},
               {"randk", "k=112", 112, 5, {NULL}},
               {"topk", "k=8", 7, 5, {"topk: k = 8", "d = 7", "1 <= k <= 7"}},
               {"cyclic", "k=8", 7, 5, {"cyclic: k = 8", "d = 7", "1 <= k <= 7"}},
               {"natural(randk)", "k=3", 2, 5, {"randk: k = 3", "d = 2", "k <= 2"}},
               {"permk", "", 3, 5, {"5 clients", "d = 3", "multiple of d"}},
               {"permk", "", 5, 3, {NULL}},
               {"permk", "", 3, 6, {NULL}},
               {"scaled(topk)", "k=1", 5, 3, {"scaled", "topk is biased", "unbiased"}},
               {"scaled(natural(topk))", "k=1", 5, 3, {"scaled", "natural is biased", "unbiased"}},
               {"scaled(sign)", "", 5, 3, {"scaled", "sign is biased", "unbiased"}},
               {"randk", "k=1", 0, 3, {"d = 0", "1 <= d", "4294967295"}},
               {"randk", "k=1", INT64_C(5000000000), 3, {"d = 5000000000", "1 <= d", "4294967295"}}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct chain c;
        struct fail f = {0};
        assert_true(chain_parse(&c, row[i].chain, &f));
        kit_set(&c, row[i].settings);
        assert_int_equal(chain_check(&c, row[i].d, row[i].n, &f), row[i].says[0] == NULL);
        for (int s = 0; s < 3 && row[i].says[s] != NULL; s++)
            if (strstr(f.text, row[i].says[s]) == NULL) fail_msg("%s: %s", row[i].chain, f.text);
        chain_free(&c);
    }
}

/* Values out of every range are refused by the tables. */
static void ranges(void **state)
{
    (void)state;
    static const char *const bad[][3] = {{"randk", "k", "0"},
                                         {"randk", "k", "1.5"},
                                         {"randk", "mask", "mine"},
                                         {"bernoulli", "p", "0"},
                                         {"bernoulli", "p", "1.01"},
                                         {"lazy", "p", "-1"},
                                         {"qsgd", "s", "0"},
                                         {"qsgd", "coding", "zip"},
                                         {"natural-dithering", "norm", "1"},
                                         {"natural-dithering", "s", "65"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct chain c;
        struct fail f = {0};
        assert_true(chain_parse(&c, bad[i][0], &f));
        assert_false(settings_set(&c.settings[0], bad[i][1], bad[i][2], &f) && settings_finish(&c.settings[0], "compressor", &f));
        assert_true(f.text[0] != 0);
        chain_free(&c);
    }
}

/* --- randomness ---------------------------------------------------------------------------------------- */

static void draw(struct kit *k, const double *x, struct message *out, uint64_t seed, uint32_t round, uint32_t client,
                 uint32_t lane)
{
    k->call.seed = seed;
    k->call.round = round;
    k->call.client = client;
    k->call.lane = lane;
    chain_compress(&k->chain, &k->call, x, out);
}

static void draws_depend_on_the_call_alone(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *settings;
        bool by_client; /* false: the draw is common to the clients */
    } row[] = {{"randk", "k=30", true},
               {"randk", "k=30 mask=shared", false},
               {"bernoulli", "p=0.5", true},
               {"permk", "", true},
               {"qsgd", "s=1", true},
               {"terngrad", "", true},
               {"natural", "", true},
               {"natural-dithering", "s=3", true},
               {"natural(randk)", "k=30", true},
               {"scaled(randk)", "k=30", true}};
    enum { D = 90 };
    double x[D];
    fill_gaussian(x, D, 1);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct kit k;
        struct message m[6] = {{0}};
        kit_open(&k, row[i].chain, row[i].settings, D, 3, 64);
        draw(&k, x, &m[0], 1, 5, 1, 0);
        draw(&k, x, &m[1], 2, 5, 1, 0); /* seed          */
        draw(&k, x, &m[2], 1, 6, 1, 0); /* round         */
        draw(&k, x, &m[3], 1, 5, 2, 0); /* client        */
        draw(&k, x, &m[4], 1, 5, 1, 1); /* lane          */
        draw(&k, x, &m[5], 1, 5, 1, 0); /* the same again */
        assert_true(same_message(&m[0], &m[5]));
        for (int other = 1; other < 5; other++)
            if (same_message(&m[0], &m[other]) != (other == 3 && !row[i].by_client))
                fail_msg("%s: draw %d is %s", row[i].chain, other, other == 3 && !row[i].by_client ? "different" : "the same");
        draw(&k, x, &m[1], UINT64_C(1) << 32 | 1, 5, 1, 0); /* the seed's high half counts */
        assert_false(same_message(&m[0], &m[1]));
        for (int j = 0; j < 6; j++) message_free(&m[j]);
        kit_close(&k);
    }
}

/* randk keeps the same coordinates alone and inside a chain, so that runs can be compared in pairs. */
static void masks_do_not_depend_on_what_is_around(void **state)
{
    (void)state;
    static const char *const around[] = {"natural(randk)", "scaled(randk)", "scaled(natural(qsgd(randk)))"};
    double x[50];
    fill_gaussian(x, 50, 2);
    struct kit alone;
    kit_open(&alone, "randk", "k=9", 50, 3, 64);
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        struct kit k;
        kit_open(&k, around[i], "k=9", 50, 3, 64);
        for (uint32_t round = 0; round < 20; round++) {
            kit_draw(&alone, x, round, 1);
            kit_draw(&k, x, round, 1);
            assert_memory_equal(k.message.index, alone.message.index, 9 * sizeof *k.message.index);
            kit_draw(&k, x, round, 2);
            assert_memory_not_equal(k.message.index, alone.message.index, 9 * sizeof *k.message.index);
        }
        kit_close(&k);
    }
    kit_close(&alone);
}

/* The links of a chain, and the messages of a round, draw from streams of their own; the shared one has no client. */
static void links_have_their_own_streams(void **state)
{
    (void)state;
    struct compress_call q = {.seed = 9, .round = 3, .client = 2, .lane = 1};
    uint64_t first[8];
    for (unsigned i = 0; i < 8; i++) {
        q.depth = i % CHAIN_MAX;
        q.lane = 1 + i / CHAIN_MAX;
        struct stream s = call_stream(&q);
        first[i] = stream_u64(&s);
        for (unsigned j = 0; j < i; j++) assert_true(first[i] != first[j]);
    }
    struct stream a = call_shared_stream(&q);
    q.client = 7;
    struct stream b = call_shared_stream(&q), own = call_stream(&q);
    uint64_t shared = stream_u64(&a);
    assert_true(shared == stream_u64(&b));
    assert_true(shared != stream_u64(&own));
}

/* Q(c x) = c Q(x) under the same draws: bit for bit for powers of two, and to rounding for 3; natural only for the former. */
static void positive_homogeneity(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"randk", "k=20"}, {"bernoulli", "p=0.4"},       {"permk", ""}, {"topk", "k=9"},   {"qsgd", "s=3"},
        {"terngrad", ""},  {"natural-dithering", "s=5"}, {"sign", ""},  {"cyclic", "k=4"}, {"qsgd(randk)", "s=2 k=20"},
        {"natural", ""},   {"natural(randk)", "k=16"}};
    enum { D = 64 };
    static const int powers[] = {1, 40, -40, 1000, -900}; /* squares of the last two are out of range */
    double x[D], other[D];
    fill_gaussian(x, D, 3);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        double base[D], worst = 0;
        struct kit k;
        kit_open(&k, row[i][0], row[i][1], D, 4, 64);
        memcpy(base, kit_draw(&k, x, 2, 1), sizeof base);
        for (size_t p = 0; p < sizeof powers / sizeof *powers; p++) {
            for (int j = 0; j < D; j++) other[j] = ldexp(x[j], powers[p]);
            const double *got = kit_draw(&k, other, 2, 1);
            for (int j = 0; j < D; j++) assert_true(got[j] == ldexp(base[j], powers[p]));
        }
        for (int j = 0; j < D; j++) other[j] = 3 * x[j];
        const double *got = kit_draw(&k, other, 2, 1);
        for (int j = 0; j < D; j++) worst = fmax(worst, fabs(got[j] - 3 * base[j]));
        assert_int_equal(worst < 1e-12, i < 10);
        kit_close(&k);
    }
}

static void powers_of_two_are_natural(void **state)
{
    (void)state;
    double x[40];
    for (int j = 0; j < 40; j++) x[j] = (j % 2 ? -1 : 1) * ldexp(1, 50 * (j - 20));
    x[0] = 0;
    struct kit k;
    kit_open(&k, "natural", "", 40, 1, 64);
    for (uint32_t round = 0; round < 100; round++) assert_memory_equal(kit_draw(&k, x, round, 0), x, sizeof x);
    /* Control, and the two-point law: 1.25 goes up once in four. */
    x[20] = 1.25;
    int up = 0;
    for (uint32_t round = 0; round < 10000; round++) {
        double got = kit_draw(&k, x, round, 0)[20];
        assert_true(got == 1 || got == 2);
        up += got == 2;
    }
    assert_true(abs(up - 2500) < 200);
    /* Ends of the range: unbiased below the least power, saturated above the largest, infinity beyond at 32 bits. */
    x[20] = ldexp(1, -1024);
    up = 0;
    for (uint32_t round = 0; round < 4000; round++) up += kit_draw(&k, x, round, 0)[20] == ldexp(1, -1022);
    assert_true(abs(up - 1000) < 130);
    x[20] = -1.79e308;
    assert_true(kit_draw(&k, x, 0, 0)[20] == -ldexp(1, 1023));
    kit_close(&k);
    kit_open(&k, "natural", "", 1, 1, 32);
    x[0] = 3e38;
    assert_true(kit_draw(&k, x, 0, 0)[0] == ldexp(1, 127));
    x[0] = -4e38;
    assert_true(kit_draw(&k, x, 0, 0)[0] == -INFINITY);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_parsed),
        cmocka_unit_test(bad_chains_are_refused),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(ranges),
        cmocka_unit_test(draws_depend_on_the_call_alone),
        cmocka_unit_test(masks_do_not_depend_on_what_is_around),
        cmocka_unit_test(links_have_their_own_streams),
        cmocka_unit_test(positive_homogeneity),
        cmocka_unit_test(powers_of_two_are_natural),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
