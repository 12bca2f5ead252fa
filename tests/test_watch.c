/* test_watch.c - what the engine finds by itself should a method get past the compiler: here, through casts. */
#include "probe_kit.h"

#define SMALL "problem=quadratic dim=6 L=2 mu=1 clients=3 x0=gaussian rounds=40 "
#define LARGE "problem=quadratic dim=2000 L=2 mu=1 clients=3 x0=gaussian rounds=40 "

static double *written(const double *v)
{
    return (double *)(uintptr_t)v;
}

/* The last client of three, by what it is not allowed to know. */
static bool last(const struct client *c)
{
    return c->id == 2;
}

static void sends(struct client *c)
{
    send(c, gradient(c, heard(c)));
}
static void changes_what_it_hears(struct client *c)
{
    sends(c);
    if (last(c) && rounds_made(c) == 16) written(heard(c))[3] += 1e-9;
}
static void changes_it_in_the_first_round(struct client *c)
{
    sends(c);
    if (last(c)) written(heard(c))[1999] = -heard(c)[1999];
}
static void changes_what_was_heard(struct client *c)
{
    sends(c);
    if (last(c) && !first(c)) written(heard_before(c))[0] = 0;
}
static void changes_its_parameters(struct client *c)
{
    sends(c);
    if (last(c) && rounds_made(c) == 5) *written(param(c)) *= 2;
}
static void changes_the_gradient(struct client *c)
{
    in g = gradient(c, heard(c));
    written(g)[0] = 1;
    send(c, g);
}

static void writing_is_noticed(void **unused)
{
    (void)unused;
    static const struct {
        void (*step)(struct client *);
        const char *words, *needle;
    } wrong[] = {
        {changes_what_it_hears, SMALL, "round 16: a client changes what it and others hear"},
        {changes_it_in_the_first_round, LARGE, "round 0: a client changes what it and others hear"},
        {changes_what_was_heard, SMALL, "round 1: a client changes what it and others hear"},
        {changes_its_parameters, SMALL, "round 5: it changes its parameters"},
        {changes_its_parameters, LARGE, "round 5: it changes its parameters"},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        const struct method m = PROBE(wrong[k].step);
        probe_must_abort(&m, wrong[k].words, wrong[k].needle);
    }
    struct probe p; /* the control */
    const struct method honest = PROBE(sends);
    probe_open(&p, &honest, 3, SMALL);
    probe_rounds(&p, NULL);
    assert_int_equal(p.run->status, RUN_DONE);
    probe_close(&p);
}

/* A gradient that the recorder keeps is lent as a copy: who writes to it spoils nobody else's. */
static void a_kept_gradient_stays(void **unused)
{
    (void)unused;
    struct probe p;
    const struct method m = PROBE(changes_the_gradient);
    probe_open(&p, &m, 1, SMALL);
    measure(&p.run, 1);
    double before[18];
    for (size_t i = 0; i < 3; i++) memcpy(before + 6 * i, vec_at(p.run->cache, 6, i), 6 * sizeof(double));
    run_round(p.run);
    assert_true(p.run->heard_is_cached);
    for (size_t i = 0; i < 3; i++) assert_memory_equal(before + 6 * i, vec_at(p.run->cache, 6, i), 6 * sizeof(double));
    assert_true(p.run->message[0].value[0] == 1); /* the control: it did write */
    probe_close(&p);
}

/* --- what should not be read ------------------------------------------------------------------------------------------------ */

static struct probe_all *model_of(struct server *s)
{
    return state(s);
}
static void steps(struct server *s)
{
    axpy(model_of(s)->x, -0.1, mean(s));
}
static void reads_scratch(struct client *c)
{
    vec v = tmp(c, 0);
    if (last(c) && rounds_made(c) % 16 == 5)
        scale(v, -0.5);
    else
        copy(v, gradient(c, heard(c)));
    send(c, v);
}
static void reads_scratch_at_once(struct client *c)
{
    vec v = tmp(c, 0);
    if (!last(c)) copy(v, gradient(c, heard(c)));
    send(c, v);
}
static void reads_an_old_gradient(struct client *c)
{
    vec v = tmp(c, 0);
    in g = gradient(c, heard(c));
    copy(v, g);
    sub(v, v, gradient(c, v));
    axpy(v, 1, g);
    send(c, v);
}
static void explodes(struct client *c)
{
    vec v = tmp(c, 0);
    copy(v, heard(c));
    scale(v, rounds_made(c) == 20 ? (double)NAN : -100);
    send(c, v);
}

/* Where it is looked for, and, in between, in the model; whatever 32-bit numbers do to it. */
static void reading_is_noticed(void **unused)
{
    (void)unused;
    static const char needle[] = "a client read from scratch before it wrote there, or from a gradient after asking for another";
    static const struct {
        void (*step)(struct client *);
        const char *words;
    } wrong[] = {
        {reads_scratch, SMALL},
        {reads_scratch, SMALL "value_bits=32"},
        {reads_scratch_at_once, SMALL},
        {reads_scratch_at_once, LARGE},
        {reads_an_old_gradient, SMALL},
        {reads_an_old_gradient, LARGE},
        {reads_an_old_gradient, SMALL "record=every~3"},
        {reads_scratch, SMALL "compressor=topk k=6"},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        struct method m = PROBE(wrong[k].step);
        m.server_step = steps;
        probe_must_abort(&m, wrong[k].words, needle);
    }
}

static void who_diverges_is_not_accused(void **unused)
{
    (void)unused;
    struct probe p;
    struct method m = PROBE(explodes);
    m.server_step = steps;
    probe_open(&p, &m, 1, SMALL);
    probe_rounds(&p, NULL);
    assert_int_equal(p.run->status, RUN_DIVERGED);
    probe_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_is_noticed),
        cmocka_unit_test(a_kept_gradient_stays),
        cmocka_unit_test(reading_is_noticed),
        cmocka_unit_test(who_diverges_is_not_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
