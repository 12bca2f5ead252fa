/* test_plan_methods.c - parameters of all methods: what theory derives from a multiple of theory, what is refused and how. */
#include "lab.h"

#define ROWS_30 "problem=logistic lambda=0.1 dataset=gaussian-logistic rows=30 features=8 clients=3 rounds=5 seed=2"

/* Runs need what a method needs: compressors of the right kind, a regime that has a theorem. */
static const char *fitting(const struct method *m)
{
    static const char *const kind[] = {"identity", "randk", "topk", "randk"};
    static char words[256];
    const bool mild = strcmp(m->name, "fedcomgate") == 0; /* its theory is for omega < 1 */
    snprintf(words, sizeof words, "method=%s%s%s%s%s%s%s", m->name, m->needs ? " compressor=" : "",
             m->needs == 0 ? ""
             : mild        ? "natural"
                           : kind[m->needs],
             m->needs && !mild ? " compressor.k=2" : "", m->needs_down ? " server_compressor=" : "",
             m->needs_down ? kind[m->needs_down] : "", strcmp(m->name, "adiana") == 0 ? " regime=convex" : "");
    return words;
}

/* --- multiples of theory --------------------------------------------------------------------------------------------------- */

/* The parameters with one or two of them set; false when that is refused. */
static bool parameters(const struct method *m, const char *set, const char *other, double *out)
{
    struct lab l;
    struct fail f = {0};
    char words[1024];
    snprintf(words, sizeof words, "%s %s%s%s%s%s", ROWS_30, fitting(m), set ? " method." : "", set ? set : "",
             other ? " method." : "", other ? other : "");
    const bool made = lab_make(&l, words, &f);
    for (size_t k = 0; made && k < field_count(m->param); k++) out[k] = settings_real(&l.plan.run[0]->spec.param, k);
    if (!made && !strstr(f.text, "allowed")) fail_msg("%s: %s", words, f.text);
    lab_close(&l);
    return made;
}

static char *assignment(const char *name, double value, const char *x)
{
    char number[32];
    format_real(value, number);
    return xprintf("%s=%s%s", name, number, x);
}

enum { MOST = 32 };
static bool from_theory(const struct field *row)
{
    return row->def && strcmp(row->def, "theory") == 0;
}

/* `2x` of one is what its double is: the same values of all others. */
static void what_theory_derives_sees_a_multiple(void **state)
{
    (void)state;
    int compared = 0, followed = 0;
    for (size_t q = 0; methods[q]; q++) {
        const struct method *m = methods[q];
        double base[MOST], times[MOST], plain[MOST];
        if (!parameters(m, NULL, NULL, base)) fail_msg("%s has no parameters here", m->name);
        for (size_t k = 0; k < field_count(m->param); k++)
            for (int half = 0; half < 2; half++) {
                const struct field *row = &m->param[k];
                if (!from_theory(row)) continue;
                const double factor = half ? 0.5 : 2, value = base[k] * factor;
                char *multiple = assignment(row->name, factor, "x"),
                     *number = assignment(row->name, row->type == FIELD_INT ? rint(value) : value, "");
                const bool a = parameters(m, multiple, NULL, times), b = parameters(m, number, NULL, plain);
                if (a != b) fail_msg("%s: %s is %s, %s is not", m->name, multiple, a ? "allowed" : "refused", number);
                for (size_t j = 0; a && j < field_count(m->param); j++) {
                    if (!same_numbers(&times[j], &plain[j], 1))
                        fail_msg("%s: %s is %g with %s, %g with %s", m->name, m->param[j].name, times[j], multiple, plain[j],
                                 number);
                    compared++;
                    followed += j != k && !same_numbers(&times[j], &base[j], 1);
                }
                free(multiple);
                free(number);
            }
    }
    assert_true(compared > 100 && followed > 20); /* others do depend on them */
}

/* Of two multiples, each is a multiple of what theory says when the other is given as a number. */
static void two_multiples_see_each_other(void **state)
{
    (void)state;
    static const char *const pair[][3] = {
        {"vr-marina", "batch", "gamma"},     {"vr-marina", "batch", "p"}, {"vr-marina", "p", "gamma"}, {"pp-marina", "r", "p"},
        {"pp-marina", "r", "gamma"},         {"marina", "p", "gamma"},    {"dasha-mvr", "b", "gamma"}, {"dasha-mvr", "M", "b"},
        {"dasha-mvr", "M", "initial_batch"}, {"dasha-sync-mvr", "M", "p"}};
    for (size_t q = 0; q < sizeof pair / sizeof *pair; q++) {
        size_t at = 0;
        while (strcmp(methods[at]->name, pair[q][0]) != 0) at++;
        const struct method *m = methods[at];
        double base[MOST], both[MOST], mixed[MOST];
        assert_true(parameters(m, NULL, NULL, base));
        const double value = base[state_place(m->param, pair[q][1])] * 2;
        char *first = assignment(pair[q][1], 2, "x"), *number = assignment(pair[q][1], value, ""),
             *second = assignment(pair[q][2], 0.5, "x");
        assert_true(parameters(m, first, second, both) && parameters(m, number, second, mixed));
        for (size_t j = 0; j < field_count(m->param); j++)
            if (!same_numbers(&both[j], &mixed[j], 1))
                fail_msg("%s: %s is %g with %s %s, %g with %s", m->name, m->param[j].name, both[j], first, second, mixed[j],
                         number);
        free(first);
        free(number);
        free(second);
    }
}

/* --- refusals -------------------------------------------------------------------------------------------------------------- */

static void check_refused(const char *words, const char *needle)
{
    struct lab l;
    struct fail f = {0};
    if (lab_make(&l, words, &f)) fail_msg("accepted: %s", words);
    if (!strstr(f.text, needle) || !strstr(f.text, "allowed") || strchr(f.text, '\n'))
        fail_msg("%s: \"%s\" is not \"...%s...allowed...\"", words, f.text, needle);
    lab_close(&l);
    assert_int_equal(f.exit_status, 2);
}

/* Every parameter of every method, just outside its range. */
static void ranges(void **state)
{
    (void)state;
    int checked = 0;
    for (size_t q = 0; methods[q]; q++)
        for (size_t k = 0; k < field_count(methods[q]->param); k++) {
            const struct field *row = &methods[q]->param[k];
            char *bad[3] = {NULL};
            if (row->type == FIELD_CHOICE || row->type == FIELD_BOOL) bad[0] = xstrdup("nonsense");
            if (row->type == FIELD_REAL) bad[0] = xstrdup("nan");
            if ((row->type == FIELD_REAL || row->type == FIELD_INT) && row->low > -1e9) {
                bad[1] = row->type == FIELD_INT ? xprintf("%.0f", row->low - 1) : xprintf("%.17g", row->low - 1e-6);
                if (row->open_low) bad[0] = (free(bad[0]), xprintf("%.17g", row->low));
            }
            if ((row->type == FIELD_REAL || row->type == FIELD_INT) && row->high < 1e9)
                bad[2] = row->type == FIELD_INT ? xprintf("%.0f", row->high + 1) : xprintf("%.17g", row->high * 1.5);
            for (int b = 0; b < 3; b++) {
                if (!bad[b]) continue;
                char *words = xprintf("%s %s method.%s=%s", ROWS_30, fitting(methods[q]), row->name, bad[b]);
                char *needle = xprintf("%s = %s; allowed: ", row->name, bad[b]);
                check_refused(words, needle);
                free(words);
                free(needle);
                free(bad[b]);
                checked++;
            }
        }
    assert_true(checked > 100);
}

/* Blocks are counted in every order but `fresh`, samples in that one. */
static const char *in_order(const struct method *m, const char *counted)
{
    const struct field *row = field_find(m->param, "order");
    if (!row || !strstr(row->choices, "fresh")) return "value_bits=64";
    return strcmp(counted, "blocks") == 0 ? "method.order=redrawn" : "method.order=fresh";
}

/* As many as there are, of samples of a client (10 of 30 rows on 3 clients) and of clients, go through; one more does not. */
static void more_than_there_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int most;
    } count[] = {{"batch", 10}, {"r", 3}, {"blocks", 10}};
    int checked = 0;
    for (size_t q = 0; methods[q]; q++)
        for (int b = 0; b < 3; b++) {
            const struct method *m = methods[q];
            if (!field_find(m->param, count[b].name)) continue;
            struct lab l;
            lab_open(&l, "%s %s %s method.%s=%d", ROWS_30, fitting(m), in_order(m, count[b].name), count[b].name, count[b].most);
            lab_finish(&l);
            assert_int_equal(l.run[0]->round, 5);
            lab_close(&l);
            char *words = xprintf("%s %s %s method.%s=%d", ROWS_30, fitting(m), in_order(m, count[b].name), count[b].name,
                                  count[b].most + 1),
                 *needle[3] = {xprintf("%s = %d", count[b].name, count[b].most + 1),
                               xprintf(" the %d %s", count[b].most, strcmp(count[b].name, "r") == 0 ? "clients" : "samples"),
                               xprintf("..%d", count[b].most)};
            for (int k = 0; k < 3; k++) {
                check_refused(words, needle[k]);
                free(needle[k]);
            }
            free(words);
            checked++;
        }
    assert_true(checked >= 12);
}

/* A method that lists samples on a problem that has none to list. */
static void problems_that_do_not_fit(void **state)
{
    (void)state;
    int finite = 0;
    for (size_t q = 0; methods[q]; q++) {
        if (methods[q]->samples != FINITE_SUM) continue;
        char *words = xprintf("problem=quadratic dim=9 clients=3 noise=1 rounds=2 %s", fitting(methods[q]));
        check_refused(words, "needs a finite sum, which problem quadratic is not; allowed: problems with a data set");
        finite++;
        free(words);
    }
    assert_true(finite >= 2);
    check_refused("problem=quadratic dim=9 clients=3 rounds=2 method=vr-marina compressor=randk form=finite",
                  "form = finite needs a finite sum, which this problem is not; allowed: online");
    check_refused("problem=quadratic dim=9 clients=3 rounds=2 method=page form=finite",
                  "form = finite needs a finite sum, which this problem is not; allowed: online");
}

/* More coordinates than there are, for every compressor with a k. */
static void more_coordinates_than_there_are(void **state)
{
    (void)state;
    static const char *const compressor[] = {"marina compressor=randk", "marina compressor=cyclic", "ef21 compressor=topk"};
    for (int q = 0; q < 3; q++) {
        char *words = xprintf(ROWS_30 " method=%s k=9", compressor[q]);
        check_refused(words, "k = 9");
        free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_theory_derives_sees_a_multiple),
        cmocka_unit_test(two_multiples_see_each_other),
        cmocka_unit_test(ranges),
        cmocka_unit_test(more_than_there_are),
        cmocka_unit_test(problems_that_do_not_fit),
        cmocka_unit_test(more_coordinates_than_there_are),
    };
    return cmocka_run_group_tests_name("plan of methods", tests, NULL, NULL);
}
