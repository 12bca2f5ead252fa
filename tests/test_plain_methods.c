/* test_plain_methods.c - every method against the dense, plain one of plain.h, with the same draws, round by round. */
#include "plain.h"

/* Sums are ordered differently and exp is another one: a few ulps a round, which stable methods keep together. */
#define TOLERANCE 1e-12
enum { ROUNDS = 60, ROUNDS_32 = 20 }; /* at 32 bits fewer: a number within an ulp of a tie between two floats may go either way */

/* Each method, with the compressors it takes (Top-K and sign only where ties are impossible), and how many runs that is. */
static const struct {
    const char *words;
    int64_t runs;
    bool distinct; /* needs gradients without ties */
} sets[] = {
    {"method=gd stepsize=0.1", 1, false},
    {"method=gd stepsize=0.1 value_bits=32", 1, false},
    {"method=agd stepsize=0.1 momentum=0,0.7,1", 3, false},
    {"method=qgd stepsize=0.1 compressor=identity,randk,natural,qsgd,terngrad,permk,cyclic,natural(randk) k=3", 8, false},
    {"method=qgd,diana stepsize=0.05 compressor=bernoulli,lazy compressor.p=0.3", 4, false},
    {"method=diana stepsize=0.1 compressor=identity,randk,natural,qsgd,permk,natural(randk) k=3", 6, false},
    {"method=diana stepsize=0.1 compressor=randk k=3 mask=shared alpha=0,0.1", 2, false},
    {"method=diana stepsize=0.1 compressor=randk k=3 value_bits=32", 1, false},
    {"method=marina stepsize=0.1 compressor=identity,randk,natural,qsgd,permk k=3 method.p=0.1,0.6", 10, false},
    {"method=marina stepsize=0.1 compressor=randk k=3", 1, false},
    {"method=marina stepsize=0.1 compressor=randk k=3 method.p=0.3 value_bits=32", 1, false},
    {"method=dasha stepsize=0.1 compressor=identity,randk,natural,qsgd,permk k=3 init=gradient,zero", 10, false},
    {"method=dasha stepsize=0.1 compressor=randk k=3 a=0.3 value_bits=32,64", 2, false},
    {"method=ef21 stepsize=0.1 compressor=identity,scaled(randk),scaled(natural) k=3 init=compressed,gradient", 6, false},
    {"method=ef21 stepsize=0.1 compressor=topk,sign,natural(topk) k=3 init=compressed,gradient", 6, true},
};
enum { SETS = sizeof sets / sizeof *sets };

/* The largest distance between the two models over the rounds. */
static double divergence(const struct lab *l, size_t which, bool fault)
{
    struct plain p;
    struct run *r = l->run[which];
    plain_open(&p, l->plan.run[which], fault);
    double most = distance(r->model, plain_model(&p), p.d);
    while (r->status == RUN_GOING) {
        run_round(r);
        plain_round(&p);
        most = fmax(most, distance(r->model, plain_model(&p), p.d));
    }
    plain_close(&p);
    return most;
}

static void check(const char *problem)
{
    for (int q = 0; q < SETS; q++) {
        if (sets[q].distinct && strstr(problem, "one-hot")) continue;
        struct lab l;
        const int rounds = strstr(sets[q].words, "value_bits=32") ? ROUNDS_32 : ROUNDS;
        lab_open(&l, "%s rounds=%d seed=5 record=every~1000 %s", problem, rounds, sets[q].words);
        assert_int_equal(l.plan.runs, sets[q].runs);
        for (size_t k = 0; k < l.plan.runs; k++) {
            const double off = divergence(&l, k, false);
            if (!(off <= TOLERANCE)) fail_msg("%s | %s: %g apart", problem, l.run[k]->spec->label, off);
        }
        lab_close(&l);
    }
}

static void on_quadratics(void **state)
{
    (void)state;
    check(LAB_QUADRATIC);
}

static void on_the_marina_loss(void **state)
{
    (void)state;
    check(LAB_MARINA);
    check("problem=marina-loss lambda=0.1 dataset=gaussian-logistic rows=77 features=9 clients=5");
}

static void on_logistic_regression(void **state)
{
    (void)state;
    check(LAB_LOGISTIC);
    check("problem=logistic lambda=0.001 dataset=one-hot rows=101 features=23 groups=4 clients=5 split=shuffled");
}

/* One place of each method broken in plain.h: the comparison sees it. */
static void a_broken_method_is_noticed(void **state)
{
    (void)state;
    static const char *const words[] = {
        "method=agd momentum=0.7",
        "method=qgd compressor=randk k=3",
        "method=diana compressor=randk k=3",
        "method=diana compressor=natural",
        "method=marina compressor=randk k=3 method.p=0.3",
        "method=dasha compressor=randk k=3",
        "method=dasha compressor=qsgd init=zero",
        "method=ef21 compressor=topk k=3",
    };
    for (int p = 0; p < LAB_PROBLEMS; p++)
        for (size_t q = 0; q < sizeof words / sizeof *words; q++) {
            struct lab l;
            lab_open(&l, "%s stepsize=0.1 rounds=%d seed=5 %s", lab_problem[p], ROUNDS, words[q]);
            const double off = divergence(&l, 0, true);
            if (!(off > 1e-4)) fail_msg("%s: broken, and only %g apart", words[q], off);
            lab_close(&l);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_quadratics),
        cmocka_unit_test(on_the_marina_loss),
        cmocka_unit_test(on_logistic_regression),
        cmocka_unit_test(a_broken_method_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
