/* test_ranges.c - which numbers the parameters of methods and compressors allow, as the papers need them: a probability is above
 * 0 and at most 1, a stepsize positive, a batch has a sample.  The ends are tried, and what lies just beyond. */
#include "lab.h"

/* By name; `whose`: for those methods only, the first row that fits counts. */
static const struct range {
    const char *name, *whose;
    double low, high;
    bool open; /* low itself is refused */
} ranges[] = {
    {"gamma", "fedcomgate", 0, INFINITY, false}, /* nothing moves: its control */
    {"gamma", NULL, 0, INFINITY, true},
    {"z_stepsize", NULL, 0, INFINITY, true},
    {"server_stepsize", NULL, 0, INFINITY, true},
    {"p", NULL, 0, 1, true},
    {"a", NULL, 0, 1, true},
    {"b", NULL, 0, 1, true},
    {"M", NULL, 1, 1e9, false},
    {"alpha", NULL, 0, 1, false},
    {"beta", "fedsteph", 0, 1, true},
    {"beta", NULL, 0, 1, false},
    {"theta1", NULL, 0, 1, false},
    {"theta2", NULL, 0, 1, false},
    {"momentum", NULL, 0, 1, false},
    {"batch", "ef fedavg fedcom fedcomgate fedpaq fedsteph scaffold", 0, 1e9, false}, /* 0: the full gradient */
    {"batch", NULL, 1, 1e9, false},
    {"first_batch", NULL, 0, 1e9, false},
    {"big_batch", NULL, 1, 1e9, false},
    {"initial_batch", NULL, 1, 1e9, false},
    {"sync_batch", NULL, 1, 1e9, false},
    {"blocks", "diana-rr", 1, 1e6, false}, /* a shift for each */
    {"blocks", NULL, 1, 1e9, false},
    {"tau", NULL, 1, 1e9, false},
    {"r", NULL, 1, 1e9, false},
    {"k", NULL, 1, 4294967295.0, false},
    {"s", "qsgd", 1, 16777216, false},
    {"s", "natural-dithering", 1, 64, false},
    {"rank", NULL, 1, 1e9, false},
    {"matrix_rows", NULL, 1, 4e9, false},
    {"steps", NULL, 1, 1000, false},
};

static bool is_among(const char *name, const char *list)
{
    const size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) return true;
    return false;
}

static const struct range *range_of(const char *whose, const char *name)
{
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++)
        if (strcmp(ranges[k].name, name) == 0 && (!ranges[k].whose || is_among(whose, ranges[k].whose))) return &ranges[k];
    fail_msg("%s of %s is not in the table", name, whose);
    return NULL;
}

static bool allowed(const struct field *table, size_t size, const char *name, double value)
{
    struct settings s = settings_new(table, size);
    struct fail f = {0};
    char text[32];
    format_real(value, text);
    const bool set = settings_set(&s, name, text, &f);
    if (set == (strstr(f.text, "allowed: ") != NULL))
        fail_msg("%s = %s: %s", name, text, set ? f.text : "refused without a word");
    settings_free(&s);
    return set;
}

static int try_all(const char *whose, const struct field *table, size_t size)
{
    int tried = 0;
    for (size_t k = 0; k < field_count(table); k++) {
        const struct field *row = &table[k];
        if (row->type != FIELD_REAL && row->type != FIELD_INT) continue;
        const struct range *is = range_of(whose, row->name);
        const bool whole = row->type == FIELD_INT;
        const double step = whole ? 1 : 1e-9, most = isinf(is->high) ? 1e300 : is->high;
        const struct {
            double value;
            bool wanted;
        } tries[] = {
            {is->low, !is->open},
            {is->low - step, false},
            {is->low + step, true},
            {most, true},
            {whole ? most + 1 : most + fmax(1e-9, most * 1e-9), isinf(is->high)},
        };
        for (size_t q = 0; q < sizeof tries / sizeof *tries; q++)
            if (allowed(table, size, row->name, tries[q].value) != tries[q].wanted)
                fail_msg("%s: %s = %.17g is %s", whose, row->name, tries[q].value, tries[q].wanted ? "refused" : "allowed");
        tried++;
    }
    return tried;
}

static void methods_allow_what_their_theorems_do(void **state)
{
    (void)state;
    int tried = 0;
    for (size_t q = 0; methods[q]; q++) tried += try_all(methods[q]->name, methods[q]->param, methods[q]->param_size);
    assert_true(tried > 100);
}

static void compressors_allow_what_they_can_do(void **state)
{
    (void)state;
    int tried = 0;
    for (size_t q = 0; compressors[q]; q++)
        tried += try_all(compressors[q]->name, compressors[q]->param, compressors[q]->param_size);
    assert_true(tried >= 9);
}

/* --- when nothing is said
 * -------------------------------------------------------------------------------------------------------- */

/* By name and, unless NULL, by plug-in; whatever is not here comes from theory. */
static const struct {
    const char *name, *whose, *value;
} defaults[] = {
    {"batch", "ef fedavg fedcom fedcomgate fedpaq fedsteph scaffold", "0"},
    {"batch", "dasha-mvr dasha-page dasha-sync-mvr diana-sgd ef21-sgd qsgd sgd", "1"},
    {"beta", "fedsteph", "1"},
    {"blocks", NULL, "10"},
    {"coding", "qsgd", "dense"},
    {"control", "scaffold", "average"},
    {"control", "fedcomgate", "quantised"},
    {"first_batch", "fedsteph", "0"},
    {"form", NULL, "finite"},
    {"index", NULL, "sent"},
    {"init", "dasha-mvr dasha-sync-mvr", "batch"},
    {"init", "ef21 ef21-sgd", "compressed"},
    {"init", "dasha", "gradient"},
    {"k", NULL, "1"},
    {"local", NULL, "steps"},
    {"mask", NULL, "own"},
    {"momentum", "fedsteph", "1"},
    {"norm", NULL, "2"},
    {"order", "ef21-sgd fedavg fedcom fedpaq", "fresh"},
    {"order", NULL, "redrawn"},
    {"p", "bernoulli lazy", "0.1"},
    {"p", "ef21-pp", "0.5"},
    {"rank", NULL, "1"},
    {"rule", "diana-sgd qsgd", "derived"},
    {"rule", "diana vr-diana", "horvath"},
    {"rule", "fedpaq", "safe"},
    {"rule", NULL, "paper"},
    {"s", "qsgd", "1"},
    {"s", "natural-dithering", "7"},
    {"sampling", "vr-diana-published", "common"},
    {"sampling", "pp-marina", "with"},
    {"sampling", "fedsteph", "without"},
    {"sampling", NULL, "replace"},
    {"server_stepsize", "fedavg fedcomgate fedpaq scaffold", "1"},
    {"steps", NULL, "1"},
    {"tau", NULL, "10"},
    {"warm", NULL, "yes"},
};

static const char *default_of(const char *whose, const char *name)
{
    for (size_t k = 0; k < sizeof defaults / sizeof *defaults; k++)
        if (strcmp(defaults[k].name, name) == 0 && (!defaults[k].whose || is_among(whose, defaults[k].whose)))
            return defaults[k].value;
    return "theory";
}

static int check_defaults(const char *whose, const struct field *table, size_t size)
{
    struct settings s = settings_new(table, size);
    int said = 0;
    for (size_t k = 0; k < field_count(table); k++) {
        char text[64];
        const char *expected = default_of(whose, table[k].name);
        settings_text(&s, k, text, sizeof text);
        const bool theory = strcmp(table[k].def, "theory") == 0;
        if (theory != (strcmp(expected, "theory") == 0) || (!theory && strcmp(text, expected) != 0))
            fail_msg("%s: %s is %s when nothing is said, not %s", whose, table[k].name, theory ? "theory" : text, expected);
        said += !theory;
    }
    settings_free(&s);
    return said;
}

static void nothing_said_is_what_it_was(void **state)
{
    (void)state;
    int said = 0;
    for (size_t q = 0; methods[q]; q++) said += check_defaults(methods[q]->name, methods[q]->param, methods[q]->param_size);
    for (size_t q = 0; compressors[q]; q++)
        said += check_defaults(compressors[q]->name, compressors[q]->param, compressors[q]->param_size);
    assert_true(said > 60);
}

/* --- which of them begin with an uncompressed round that figures can leave uncounted
 * ------------------------------------------------ */

#define ROWS                                                                                                                     \
    "problem=logistic lambda=0.1 dataset=gaussian-logistic rows=40 features=8 clients=4 rounds=3 x0=gaussian record=every~1 "

/* `start` of the ledger holds that round where it is declared, and nothing elsewhere. */
static void a_dense_start_is_declared(void **state)
{
    (void)state;
    static const char *const dense = "dasha dasha-mvr dasha-page dasha-sync-mvr ef21 ef21-sgd marina page pp-marina vr-marina";
    static const char *const kind[] = {"", "compressor=randk k=2", "compressor=topk k=2", "compressor=randk k=2"};
    int found = 0;
    for (size_t q = 0; methods[q]; q++) {
        const struct method *m = methods[q];
        const bool mild = strcmp(m->name, "fedcomgate") == 0; /* its theory is for omega < 1 */
        const bool asked = strcmp(m->name, "ef21") == 0 || strcmp(m->name, "ef21-sgd") == 0;
        struct lab l;
        lab_open(&l, ROWS "method=%s %s %s %s%s", m->name, mild ? "compressor=natural" : kind[m->needs],
                 m->needs_down ? m->needs_down == UNBIASED ? "server_compressor=randk" : "server_compressor=topk" : "",
                 asked ? "init=gradient" : "", strcmp(m->name, "adiana") == 0 ? "regime=convex" : "");
        lab_finish(&l);
        const struct run *r = l.run[0];
        const bool declared = is_among(m->name, dense);
        const double start = r->start.count[BITS_UP];
        if (declared != (start > 0)) fail_msg("%s: %g bits of a dense start", m->name, start);
        if (declared) assert_true(start == 64.0 * (double)r->d && start == run_at(r, "bits_up", 1));
        found += declared;
        lab_close(&l);
    }
    assert_int_equal(found, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_allow_what_their_theorems_do),
        cmocka_unit_test(compressors_allow_what_they_can_do),
        cmocka_unit_test(nothing_said_is_what_it_was),
        cmocka_unit_test(a_dense_start_is_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
