/* test_plugin.c - what the program finds in its own plug-ins at its start: each is whole, or is named with what it lacks.  The
 * registry here is this file's: one plug-in of each kind. */
#include "../datasets/dataset.h"
#include "../sim/plugin.h"
#include "../sim/wire.h"
#include "lab.h"

struct knobs {
    double gamma;
    int64_t lists, loose;
};
struct held {
    vecs h;
};
static const struct field knobs[] = {REAL_POS(knobs, gamma, "1", INFINITY, "stepsize"),
                                     INTEGER(knobs, lists, "2", 1, 9, "vectors"), INTEGER(knobs, loose, "2", 0, 9, "may be none"),
                                     FIELDS_END};
static const struct field too_few[] = {REAL_POS(knobs, gamma, "1", INFINITY, "stepsize"), FIELDS_END};
static const struct field held[] = {STATES(held, h, lists, "h_j"), FIELDS_END};
static const struct field held_by_none[] = {STATES(held, h, nobody, "h_j"), FIELDS_END};
static const struct field held_by_real[] = {STATES(held, h, gamma, "h_j"), FIELDS_END};
static const struct field held_by_loose[] = {STATES(held, h, loose, "h_j"), FIELDS_END};

static void asks(struct client *c)
{
    (void)c;
}
static void answers(struct server *s)
{
    (void)s;
}
static void selects(const void *p, const struct compress_call *q, const double *v, struct message *m)
{
    (void)p, (void)q, (void)v, (void)m;
}
static void quantises(const void *p, const struct compress_call *q, struct message *m)
{
    (void)p, (void)q, (void)m;
}
static void knows(const void *p, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                  struct compressor_constants *out)
{
    (void)p, (void)d, (void)n, (void)value_bits, (void)inner, (void)out;
}
static double bits(const void *p, const struct compress_call *q, const struct message *m)
{
    (void)p, (void)q, (void)m;
    return 0;
}
static void packs(const void *p, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)p, (void)q, (void)m, (void)w;
}
static void unpacks(const void *p, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)p, (void)q, (void)w, (void)m;
}

static struct method m;
static struct compressor c;
static struct problem p;
static struct generator g;
const struct method *const methods[] = {&m, NULL};
const struct compressor *const compressors[] = {&c, NULL};
const struct problem *const problems[] = {&p, NULL};
const struct generator *const generators[] = {&g, NULL};

static void loses(const void *param, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    (void)param, (void)count, (void)t, (void)y, (void)value, (void)slope, (void)curve;
}
static bool opens(struct objective *o, const void *param, const struct shards *shards, int64_t clients, uint64_t data_seed,
                  struct fail *f)
{
    (void)o, (void)param, (void)shards, (void)clients, (void)data_seed, (void)f;
    return true;
}
static bool makes(const void *param, uint64_t data_seed, int64_t clients, struct dataset *out, struct fail *f)
{
    (void)param, (void)data_seed, (void)clients, (void)out, (void)f;
    return true;
}

static void all_whole(void)
{
    m = (struct method){.name = "m", .summary = "s", .explain = "e", .client_step = asks, .server_step = answers};
    c = (struct compressor){.name = "c", .summary = "s", .explain = "e", .constants = knows, .quantise = quantises};
    p = (struct problem){.name = "p", .formula = "f", .explain = "e", .open = opens};
    g = (struct generator){.name = "g", .summary = "s", .explain = "e", .make = makes};
}
static void with_knobs(void)
{
    m.param = knobs, m.param_size = sizeof(struct knobs);
}
static void with_list(const struct field *table)
{
    with_knobs();
    m.client = table, m.client_size = sizeof(struct held);
}
static void as_sparsifier(void)
{
    c.quantise = NULL, c.select = selects, c.index_bits = bits, c.pack_index = packs, c.unpack_index = unpacks;
}
static void with_code(void)
{
    c.payload_bits = bits, c.pack_value = packs, c.unpack_value = unpacks;
}

/* --- what is whole -------------------------------------------------------------------------------------------------------------
 */
static void nothing(void) {}
static void knobs_and_lists(void)
{
    with_list(held);
    m.server = held, m.server_size = sizeof(struct held);
}
static void sparsifier(void)
{
    as_sparsifier();
}
static void coded_quantiser(void)
{
    with_code();
}
static void both(void)
{
    as_sparsifier();
    c.quantise = quantises;
    with_code();
}
static void linear_problem(void)
{
    p.open = NULL, p.loss = loses;
}

/* --- what lacks something
 * --------------------------------------------------------------------------------------------------------- */
static void no_name(void)
{
    m.name = NULL;
}
static void no_summary(void)
{
    c.summary = NULL;
}
static void no_formula(void)
{
    p.formula = NULL;
}
static void no_explanation(void)
{
    g.explain = NULL;
}
static void no_parameter_table(void)
{
    m.param_size = 8;
}
static void too_few_parameters(void)
{
    g.param = too_few, g.param_size = sizeof(struct knobs);
}
static void no_client_table(void)
{
    m.client_size = 8;
}
static void too_large_a_server(void)
{
    with_list(held);
    m.server = held, m.server_size = 16;
}
static void list_of_nobody(void)
{
    with_list(held_by_none);
}
static void list_of_a_real(void)
{
    with_list(held_by_real);
}
static void list_of_none(void)
{
    with_list(held_by_loose);
}
static void server_list_of_nobody(void)
{
    with_list(held);
    m.server = held_by_none, m.server_size = sizeof(struct held);
}
static void no_client_step(void)
{
    m.client_step = NULL;
}
static void no_server_step(void)
{
    m.server_step = NULL;
}
static void no_constants(void)
{
    c.constants = NULL;
}
static void does_nothing(void)
{
    c.quantise = NULL;
}
static void support_without_length(void)
{
    as_sparsifier();
    c.index_bits = NULL;
}
static void support_that_nobody_reads(void)
{
    as_sparsifier();
    c.unpack_index = NULL;
}
static void quantiser_with_support(void)
{
    c.pack_index = packs;
}
static void values_that_nobody_reads(void)
{
    c.payload_bits = bits, c.pack_value = packs;
}
static void code_of_what_is_not_recoded(void)
{
    as_sparsifier();
    with_code();
}
static void no_loss(void)
{
    p.open = NULL;
}
static void no_make(void)
{
    g.make = NULL;
}

static const struct {
    void (*change)(void);
    const char *said; /* NULL: whole */
} cases[] = {
    {nothing, NULL},
    {knobs_and_lists, NULL},
    {sparsifier, NULL},
    {coded_quantiser, NULL},
    {both, NULL},
    {linear_problem, NULL},
    {no_name, "a method has no name"},
    {no_summary, "compressor c: a summary"},
    {no_formula, "problem p: a summary"},
    {no_explanation, "generator g: a summary"},
    {no_parameter_table, "method m: its parameter struct has 8 bytes but no table"},
    {too_few_parameters, "generator g: its parameter table does not cover its struct of 24 bytes"},
    {no_client_table, "method m: its client struct has 8 bytes but no table"},
    {too_large_a_server, "method m: its server table does not cover its struct of 16 bytes"},
    {list_of_nobody, "method m: the list h is counted by \"nobody\""},
    {list_of_a_real, "method m: the list h is counted by \"gamma\""},
    {list_of_none, "method m: the list h is counted by \"loose\""},
    {server_list_of_nobody, "method m: the list h is counted by \"nobody\""},
    {no_client_step, "method m: client_step and server_step"},
    {no_server_step, "method m: client_step and server_step"},
    {no_constants, "compressor c: constants() is missing"},
    {does_nothing, "compressor c: give select (a sparsifier) or quantise"},
    {support_without_length, "compressor c: index_bits, pack_index and unpack_index go with select"},
    {support_that_nobody_reads, "compressor c: index_bits, pack_index and unpack_index go with select"},
    {quantiser_with_support, "compressor c: index_bits, pack_index and unpack_index go with select"},
    {values_that_nobody_reads, "compressor c: payload_bits, pack_value and unpack_value go together"},
    {code_of_what_is_not_recoded, "compressor c: payload_bits, pack_value and unpack_value go together"},
    {no_loss, "problem p: give loss (a linear model) or open"},
    {no_make, "generator g: make() is missing"},
};

static void each_is_whole_or_named(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct fail f = {0};
        all_whole();
        cases[k].change();
        const bool whole = plugins_check(&f);
        if (whole != (cases[k].said == NULL)) fail_msg("row %zu: %s", k, whole ? "taken" : f.text);
        if (!whole && strncmp(f.text, cases[k].said, strlen(cases[k].said)) != 0) fail_msg("row %zu: %s", k, f.text);
        if (!whole) assert_int_equal(f.exit_status, 1); /* no fault of the user's */
    }
}

static void one_of_each_kind_is_found(void **state)
{
    (void)state;
    struct plugin found;
    all_whole();
    m.name = "two-words";
    for (enum kind k = 0; k < KINDS; k++) assert_int_equal(plugin_count(k), 1);
    assert_true(plugin_find(KIND_METHOD, "two-words", &found) && found.self == &m);
    assert_true(plugin_find(KIND_METHOD, "Two_Words", &found));
    assert_false(plugin_find(KIND_METHOD, "two-word", &found));
    assert_false(plugin_find(KIND_METHOD, "two-wordss", &found));
    assert_false(plugin_find(KIND_COMPRESSOR, "two-words", &found));
    assert_true(plugin_find(KIND_GENERATOR, "G", &found) && found.self == &g && found.paper == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_whole_or_named),
        cmocka_unit_test(one_of_each_kind_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
