/* test_misuse.c - a method that breaks the protocol is wrong in its code: the engine names what it did and ends.  One slip each,
 * in the middle of a run, and beside each the same step without it. */
#include "probe_kit.h"

#define SMALL "problem=quadratic dim=6 L=2 mu=1 clients=3 x0=gaussian rounds=4 "

static in seven(void)
{
    static double *slab;
    if (!slab) slab = vec_slab(7, 1);
    return vec_at(slab, 7, 0);
}

static bool now(struct client *c)
{
    return c->id == 1 && rounds_made(c) == 2;
}
static bool now_server(struct server *s)
{
    return rounds_made(s) == 2;
}
static void sends(struct client *c)
{
    send(c, gradient(c, heard(c)));
}

/* --- clients -----------------------------------------------------------------------------------------------------------------
 */
static void sends_twice(struct client *c)
{
    sends(c);
    if (now(c)) sends(c);
}
static void sends_to_no_port(struct client *c)
{
    sends(c);
    if (now(c)) send_on(c, PORTS, heard(c));
}
static void sends_before_the_first_port(struct client *c)
{
    sends(c);
    if (now(c)) send_dense_on(c, -1, heard(c));
}
static void sends_a_vector_too_long(struct client *c)
{
    send_dense(c, now(c) ? seven() : heard(c));
}
static void listens_to_no_port(struct client *c)
{
    sends(c);
    if (now(c)) heard_on(c, PORTS);
}
static void listens_before_the_first_port(struct client *c)
{
    sends(c);
    if (now(c)) heard_on(c, -1);
}
static void listens_to_a_silent_port(struct client *c)
{
    sends(c);
    if (now(c)) heard_on(c, 2);
}
static void takes_no_scratch(struct client *c)
{
    sends(c);
    if (now(c)) tmp(c, SLOTS);
}
static void takes_scratch_before_the_first(struct client *c)
{
    sends(c);
    if (now(c)) tmp(c, -1);
}
static void subtracts_what_is_longer(struct client *c)
{
    sends(c);
    vec v = tmp(c, 0);
    copy(v, heard(c));
    if (now(c)) sub(v, v, seven());
}

static const struct {
    void (*step)(struct client *);
    const char *needle;
} clients[] = {
    {sends_twice, "a client sent twice on one port in one round"},
    {sends_to_no_port, "there is no such port"},
    {sends_before_the_first_port, "there is no such port"},
    {sends_a_vector_too_long, "a client sent a vector that has not the model's length"},
    {listens_to_no_port, "a client listens to a port that is silent"},
    {listens_before_the_first_port, "a client listens to a port that is silent"},
    {listens_to_a_silent_port, "a client listens to a port that is silent"},
    {takes_no_scratch, "there is no such scratch vector"},
    {takes_scratch_before_the_first, "there is no such scratch vector"},
    {subtracts_what_is_longer, "gradwire: sub: vectors of length 6 and 7"},
};

static void clients_are_stopped(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof clients / sizeof *clients; k++) {
        struct method m = PROBE(clients[k].step);
        probe_must_abort(&m, SMALL, clients[k].needle);
        struct probe p; /* the control: the rounds before that are made */
        probe_open(&p, &m, 1, SMALL);
        run_round(p.run);
        run_round(p.run);
        assert_int_equal(p.run->round, 2);
        probe_close(&p);
    }
}

/* --- the server --------------------------------------------------------------------------------------------------------------
 */
static struct probe_all *model_of(struct server *s)
{
    return state(s);
}
static void broadcasts_twice(struct server *s)
{
    broadcast(s, model_of(s)->x);
    if (now_server(s)) broadcast(s, model_of(s)->x);
}
static void broadcasts_to_no_port(struct server *s)
{
    broadcast(s, model_of(s)->x);
    if (now_server(s)) broadcast_on(s, PORTS, model_of(s)->x);
}
static void broadcasts_before_the_first_port(struct server *s)
{
    broadcast(s, model_of(s)->x);
    if (now_server(s)) broadcast_on(s, -1, model_of(s)->x);
}
static void broadcasts_a_vector_too_long(struct server *s)
{
    broadcast(s, now_server(s) ? seven() : model_of(s)->x);
}
static void compresses_what_it_cannot(struct server *s)
{
    broadcast(s, model_of(s)->x);
    if (now_server(s)) broadcast_compressed(s, 1, model_of(s)->x);
}

static const struct {
    void (*open)(struct server *);
    const char *needle;
} openings[] = {
    {broadcasts_twice, "the server broadcast twice on one port in one round"},
    {broadcasts_to_no_port, "there is no such port"},
    {broadcasts_before_the_first_port, "there is no such port"},
    {broadcasts_a_vector_too_long, "the server broadcast a vector that has not the model's length"},
    {compresses_what_it_cannot, "it declares no compressor of the server but broadcasts through one"},
};

static void sums_no_port(struct server *s)
{
    if (now_server(s)) mean_on(s, PORTS);
}
static void sums_before_the_first_port(struct server *s)
{
    if (now_server(s)) mean_on(s, -1);
}
static void sums_what_nobody_sent(struct server *s)
{
    if (now_server(s)) mean_on(s, 1);
}
static void sums_all_of_no_port(struct server *s)
{
    if (now_server(s)) mean_over_all_on(s, PORTS);
}
static void sums_all_before_the_first_port(struct server *s)
{
    if (now_server(s)) mean_over_all_on(s, -1);
}
static void sums_what_is_all_of_it(struct server *s)
{
    axpy(model_of(s)->x, -0.1, mean(s));
    assert_non_null(mean_over_all_on(s, 1)); /* silence is zero: allowed */
}

static const struct {
    void (*step)(struct server *);
    const char *needle;
} endings[] = {
    {sums_no_port, "the server asks for messages that no client sent"},
    {sums_before_the_first_port, "the server asks for messages that no client sent"},
    {sums_what_nobody_sent, "the server asks for messages that no client sent"},
    {sums_all_of_no_port, "there is no such port"},
    {sums_all_before_the_first_port, "there is no such port"},
};

static void the_server_is_stopped(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof openings / sizeof *openings; k++) {
        struct method m = PROBE(sends);
        m.open_round = openings[k].open;
        probe_must_abort(&m, SMALL, openings[k].needle);
    }
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
        struct method m = PROBE(sends);
        m.server_step = endings[k].step;
        probe_must_abort(&m, SMALL, endings[k].needle);
    }
    struct probe p; /* the control */
    struct method m = PROBE(sends);
    m.server_step = sums_what_is_all_of_it;
    probe_open(&p, &m, 3, SMALL);
    probe_rounds(&p, NULL);
    assert_int_equal(p.run->status, RUN_DONE);
    probe_close(&p);
}

/* --- both --------------------------------------------------------------------------------------------------------------------
 */
static void falls_silent(struct client *c)
{
    if (!now(c)) sends(c);
}
static void sums(struct server *s)
{
    axpy(model_of(s)->x, -0.1, mean(s));
}
static void sums_silence_too(struct server *s)
{
    axpy(model_of(s)->x, -0.1, mean_over_all(s));
}
static void samples(struct client *c)
{
    vec g = tmp(c, 0);
    batch_gradient(c, draw(c, 2, REPLACE), heard(c), g);
    send(c, g);
}

static void silence_is_no_message(void **unused)
{
    (void)unused;
    struct method m = PROBE(falls_silent);
    m.server_step = sums;
    probe_must_abort(&m, SMALL, "a client that was asked did not send what the server takes the mean of");
    struct probe p; /* allowed where silence is zero */
    m.server_step = sums_silence_too;
    probe_open(&p, &m, 1, SMALL);
    probe_rounds(&p, NULL);
    assert_int_equal(p.run->status, RUN_DONE);
    probe_close(&p);
}

static void what_is_used_is_declared(void **unused)
{
    (void)unused;
    struct method m = PROBE(samples);
    struct probe p; /* the control */
    probe_open(&p, &m, 1, PROBE_ROWS(30) "rounds=3");
    probe_rounds(&p, NULL);
    assert_int_equal(p.run->status, RUN_DONE);
    probe_close(&p);
    m.samples = FULL_GRADIENTS_ONLY;
    probe_must_abort(&m, PROBE_ROWS(30) "rounds=3", "it takes samples but does not declare so");
}

/* --- the algebra that no run above needs --------------------------------------------------------------------------------------
 */
static void products_of_vectors(void **unused)
{
    (void)unused;
    double *slab = vec_slab(3, 2);
    double *x = vec_at(slab, 3, 0), *y = vec_at(slab, 3, 1);
    for (int j = 0; j < 3; j++) x[j] = j + 1, y[j] = 2 * j - 1;
    assert_true(dot(x, y) == -1 + 2 + 9 && dot(x, x) == norm_sq(x) && norm_sq(x) == 14);
    assert_int_equal(dim(x), 3);
    vec_slab_free(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_are_stopped),   cmocka_unit_test(the_server_is_stopped),
        cmocka_unit_test(silence_is_no_message), cmocka_unit_test(what_is_used_is_declared),
        cmocka_unit_test(products_of_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
