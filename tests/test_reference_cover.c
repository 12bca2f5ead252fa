/* test_reference_cover.c - what the experiments of results/reference/ take up: every method with every compressor and on every
 * problem that it runs with, every compressor on every problem, and every named value of every parameter.
 *
 * A pair counts when the program accepts it; so nothing has to be listed here when a plug-in is added.  Run from the project's
 * directory. */
#include "../sim/plugin.h"
#include "lab.h"
#include <glob.h>

#define EXPERIMENTS "results/reference/*.ini"

/* --- a set of facts: "marina randk", "marina rule=sharp" ----------------------------------------------------------------------
 */

enum { ROOM = 1 << 14 };
static char *facts[ROOM];
static size_t fact_count;

/* Where it stands, or would. */
static char **place_of(const char *text)
{
    size_t hash = 5381;
    for (const char *c = text; *c; c++) hash = hash * 33 ^ (unsigned char)*c;
    while (facts[hash % ROOM] && strcmp(facts[hash % ROOM], text) != 0) hash++;
    return &facts[hash % ROOM];
}

static bool noted(const char *whose, const char *what, const char *value)
{
    char *text = xprintf("%s %s%s", whose, what, value);
    const bool there = *place_of(text) != NULL;
    free(text);
    return there;
}

static void note(const char *whose, const char *what, const char *value)
{
    if (noted(whose, what, value)) return;
    char *text = xprintf("%s %s%s", whose, what, value);
    *place_of(text) = text;
    assert_true(++fact_count < ROOM / 2);
}

/* "compressor qsgd": there is a method of that name, too. */
static const char *full_name(enum kind kind, const char *name)
{
    static char text[4][64];
    static size_t turn;
    char *out = text[turn++ % 4];
    snprintf(out, sizeof text[0], "%s %s", kind_name(kind), name);
    return out;
}

/* Named values as they are; of numbers, that somebody chose one. */
static void note_settings(const char *whose, const struct settings *s)
{
    for (size_t k = 0; k < s->count; k++) {
        const struct field *row = &s->table[k];
        char value[128];
        if (row->type == FIELD_CHOICE || row->type == FIELD_BOOL) {
            value[0] = '=';
            settings_text(s, k, value + 1, sizeof value - 1);
            note(whose, row->name, value);
        } else if (s->origin[k] == FROM_USER) {
            note(whose, row->name, "");
        }
    }
}

static void note_chain(const struct planned *run, const struct chain *c)
{
    const char *problem = full_name(KIND_PROBLEM, run->instance->problem->name);
    const char *method = full_name(KIND_METHOD, run->spec.method->name);
    for (int k = 0; k < c->length; k++) {
        const char *compressor = full_name(KIND_COMPRESSOR, c->link[k]->name);
        note(method, compressor, "");
        note(compressor, problem, "");
        note_settings(compressor, &c->settings[k]);
    }
}

static void note_run(const struct planned *run)
{
    const struct instance *at = run->instance;
    const char *method = full_name(KIND_METHOD, run->spec.method->name), *problem = full_name(KIND_PROBLEM, at->problem->name);
    note(method, problem, "");
    note_settings(method, &run->spec.param);
    note_settings(problem, &at->problem_settings);
    note_settings("experiment", &run->settings);
    if (at->generator) note_settings(full_name(KIND_GENERATOR, at->generator->name), &at->generator_settings);
    if (run->spec.compressed) note_chain(run, &run->spec.chain);
}

static int read_experiments(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(EXPERIMENTS, 0, NULL, &found), 0);
    for (size_t k = 0; k < found.gl_pathc; k++) {
        struct experiment e = {0};
        struct plan p = {0};
        struct fail f = {0};
        if (!experiment_read(found.gl_pathv[k], &e, &f) || !plan_make(&p, &e, &f)) fail_msg("%s", f.text);
        for (size_t r = 0; r < p.runs; r++) note_run(p.run[r]);
        plan_free(&p);
        experiment_free(&e);
    }
    globfree(&found);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (size_t k = 0; k < ROOM; k++) free(facts[k]);
    return 0;
}

/* --- what there is to take up
 * --------------------------------------------------------------------------------------------------- */

/* Does the program take these words, with data or without, in one regime or another? */
static bool accepted(const char *words)
{
    static const char *const data[] = {"dataset=gaussian-logistic rows=40 features=6 clients=4", "clients=4",
                                       "clients=3 noise=0.1 form=online", "clients=3"};
    static const char *const regimes[] = {"", "regime=convex lambda=0.1", "regime=convex"};
    for (size_t a = 0; a < sizeof data / sizeof *data; a++)
        for (size_t b = 0; b < sizeof regimes / sizeof *regimes; b++) {
            struct lab l = {0};
            struct fail f = {0};
            char *all = xprintf("%s %s %s stepsize=0.1 rounds=2", words, data[a], regimes[b]);
            const bool ok = lab_make(&l, all, &f);
            free(all);
            lab_close(&l);
            if (ok) return true;
        }
    return false;
}

static int64_t missing, pairs;

static void expect_pair(const struct plugin *a, const struct plugin *b, const char *words)
{
    pairs++;
    if (noted(full_name(a->kind, a->name), full_name(b->kind, b->name), "") || !accepted(words)) return;
    print_error("no run has %s and %s\n", a->name, b->name);
    missing++;
}

static void every_method_and_compressor(void **state)
{
    (void)state;
    struct plugin m, q;
    missing = pairs = 0;
    for (size_t i = 0; plugin_at(KIND_METHOD, i, &m); i++)
        for (size_t j = 0; plugin_at(KIND_COMPRESSOR, j, &q); j++) {
            const struct method *method = m.self;
            const struct compressor *compressor = q.self;
            if (method->needs == NO_COMPRESSOR) continue;
            char *words = xprintf("method=%s compressor=%s%s server_compressor=topk problem=logistic", m.name, q.name,
                                  compressor->scales ? "(qsgd)" : "");
            expect_pair(&m, &q, words);
            free(words);
        }
    assert_true(pairs >= 29 * 14);
    assert_int_equal(missing, 0);
}

static void every_method_and_problem(void **state)
{
    (void)state;
    struct plugin m, p;
    missing = pairs = 0;
    for (size_t i = 0; plugin_at(KIND_METHOD, i, &m); i++)
        for (size_t j = 0; plugin_at(KIND_PROBLEM, j, &p); j++) {
            const struct method *method = m.self;
            char *words = xprintf("method=%s compressor=%s server_compressor=topk problem=%s", m.name,
                                  method->needs == CONTRACTIVE ? "topk" : "randk", p.name);
            expect_pair(&m, &p, words);
            free(words);
        }
    assert_true(pairs >= 37 * 7);
    assert_int_equal(missing, 0);
}

static void every_compressor_and_problem(void **state)
{
    (void)state;
    struct plugin q, p;
    missing = pairs = 0;
    for (size_t i = 0; plugin_at(KIND_COMPRESSOR, i, &q); i++)
        for (size_t j = 0; plugin_at(KIND_PROBLEM, j, &p); j++) {
            const struct compressor *compressor = q.self;
            char *words = xprintf("method=qgd compressor=%s%s problem=%s", q.name, compressor->scales ? "(qsgd)" : "", p.name);
            expect_pair(&q, &p, words);
            free(words);
        }
    assert_true(pairs >= 14 * 7);
    assert_int_equal(missing, 0);
}

/* --- parameters
 * ------------------------------------------------------------------------------------------------------------------ */

static void expect_values(const char *whose, const struct field *row)
{
    char *all = xstrdup(row->type == FIELD_BOOL ? "yes|no" : row->type == FIELD_CHOICE ? row->choices : ""), *rest = NULL;
    if (row->type != FIELD_BOOL && row->type != FIELD_CHOICE && !noted(whose, row->name, "")) {
        print_error("no run sets %s of %s\n", row->name, whose);
        missing++;
    }
    for (char *value = strtok_r(all, "|", &rest); value; value = strtok_r(NULL, "|", &rest), pairs++) {
        char *text = xprintf("=%s", value);
        if (!noted(whose, row->name, text)) {
            print_error("no run has %s=%s of %s\n", row->name, value, whose);
            missing++;
        }
        free(text);
    }
    free(all);
}

static void every_parameter(void **state)
{
    (void)state;
    struct plugin p;
    missing = pairs = 0;
    for (enum kind kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; plugin_at(kind, i, &p); i++)
            for (const struct field *row = p.param; row && row->type != FIELD_END; row++)
                expect_values(full_name(kind, p.name), row);
    for (const struct field *row = experiment_fields; row->type != FIELD_END; row++)
        if (strcmp(row->name, "dimension") != 0) expect_values("experiment", row); /* of a file; there is none */
    assert_true(pairs >= 150);
    assert_int_equal(missing, 0);
}

/* What is not there is seen. */
static void what_is_missing_is_missed(void **state)
{
    (void)state;
    struct plugin m, q;
    assert_true(plugin_find(KIND_METHOD, "marina", &m) && plugin_find(KIND_COMPRESSOR, "randk", &q));
    assert_true(fact_count > 900);
    assert_true(noted("method marina", "compressor randk", "") && !noted("method marina", "compressor topk", ""));
    assert_true(noted("method marina", "rule", "=sharp") && !noted("method marina", "rule", "=none"));
    assert_true(accepted("method=marina compressor=randk problem=logistic"));
    assert_false(accepted("method=marina compressor=topk problem=logistic"));
    assert_false(accepted("method=rr problem=quadratic"));
    missing = 0;
    expect_pair(&m, &q, "method=marina compressor=randk problem=logistic");
    assert_int_equal(missing, 0);
    m.name = "another";
    expect_pair(&m, &q, "method=marina compressor=randk problem=logistic");
    assert_int_equal(missing, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_and_compressor),  cmocka_unit_test(every_method_and_problem),
        cmocka_unit_test(every_compressor_and_problem), cmocka_unit_test(every_parameter),
        cmocka_unit_test(what_is_missing_is_missed),
    };
    return cmocka_run_group_tests(tests, read_experiments, forget);
}
