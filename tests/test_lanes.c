/* test_lanes.c - runs side by side: whatever shares a pass over the data, every run comes out as it does alone. */
#include "lab.h"

static int passes, points;

/* The objective's own, counted. */
static void (*own)(const struct objective *o, const struct points *p, struct oracle_work *w);
static void counted(const struct objective *o, const struct points *p, struct oracle_work *w)
{
    passes++;
    points += p->count;
    own(o, p, w);
}

/* The same with a small error at the third point. */
static void wrong(const struct objective *o, const struct points *p, struct oracle_work *w)
{
    own(o, p, w);
    if (p->count > 2) p->out[2][0] *= 1 + 1e-9;
}

static void side_by_side(struct lab *l, void (*gradients)(const struct objective *, const struct points *, struct oracle_work *))
{
    struct objective *o = &l->plan.instance[0]->objective;
    assert_non_null(o->gradients);
    own = o->gradients;
    o->gradients = gradients;
    for (bool going = true; going;) {
        struct run *run[MOST_POINTS];
        int count = 0;
        for (size_t k = 0; k < l->plan.runs && count < MOST_POINTS; k++)
            if (l->run[k]->status == RUN_GOING) run[count++] = l->run[k];
        going = count > 0;
        measure(run, count);
        for (int k = 0; k < count; k++) run_communicate(run[k]);
        measure(run, count);
    }
    o->gradients = own;
}

static size_t runs_that_differ(const struct lab *a, const struct lab *b)
{
    size_t differ = 0;
    assert_int_equal(a->plan.runs, b->plan.runs);
    for (size_t k = 0; k < a->plan.runs; k++) {
        const struct trace *s = &a->run[k]->trace, *t = &b->run[k]->trace;
        bool same = s->rows == t->rows;
        for (int c = 0; c < TRACE_COLUMNS && same; c++)
            same = !s->cell[c] || memcmp(s->cell[c], t->cell[c], (size_t)s->rows * sizeof(double)) == 0;
        differ += !same;
    }
    return differ;
}

static const char data[] =
    "dataset=one-hot rows=300 features=23 groups=6 clients=4 bias=yes problem=logistic lambda=0.01 regime=convex";

/* Methods that ask for gradients where the model stands, elsewhere, of batches, not of all clients; rows now and then. */
static const char *const sweep[] = {
    "method=marina compressor=randk k=2 rounds=40 seed=1..8",
    "method=marina,dasha compressor=randk k=2 rounds=12 seed=1..14", /* groups of eight, eight, eight and four */
    "method=diana,dasha compressor=permk rounds=25 seed=1..2 record=every~7",
    "method=agd,gd,gd,page rounds=30 record=every~4",
    "method=vr-marina,vr-diana,pp-marina,adiana compressor=randk k=3 rounds=21 seed=1..2",
    "method=fedavg,scaffold,q-rr,gd rounds=20 record=max~5 compressor=natural",
};

static void every_run_as_alone(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof sweep / sizeof *sweep; k++) {
        struct lab alone, lanes, spoilt;
        passes = points = 0;
        lab_open(&alone, "%s %s", data, sweep[k]);
        lab_finish(&alone);
        lab_open(&lanes, "%s %s", data, sweep[k]);
        side_by_side(&lanes, counted);
        assert_true(passes > 4 && points >= 3 * passes);
        assert_int_equal(runs_that_differ(&alone, &lanes), 0);
        lab_open(&spoilt, "%s %s", data, sweep[k]);
        side_by_side(&spoilt, wrong);
        assert_true(runs_that_differ(&alone, &spoilt) > 0);
        lab_close(&alone);
        lab_close(&lanes);
        lab_close(&spoilt);
    }
}

/* With a row now and then, methods that ask for all gradients at the model take every one of them together, and each once; one
 * that asks elsewhere finds that out after one round. */
static void gradients_are_foreseen(void **unused)
{
    (void)unused;
    struct lab l;
    passes = points = 0;
    lab_open(&l, "%s method=marina compressor=randk k=2 rounds=50 record=every~10 seed=1..5", data);
    side_by_side(&l, counted);
    assert_int_equal(passes, 51); /* x^0 .. x^50 */
    assert_int_equal(points, 5 * passes);
    lab_close(&l);
    passes = 0;
    lab_open(&l, "%s method=agd rounds=50 record=every~10 stepsize=0.1x,0.2x,0.3x", data);
    side_by_side(&l, counted);
    assert_in_range(passes, 6, 8);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_as_alone),
        cmocka_unit_test(gradients_are_foreseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
