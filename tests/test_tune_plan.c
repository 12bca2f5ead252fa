/* test_tune_plan.c - what a tuning is told to do, and what becomes of a plan's runs. */
#include "../sim/grid.h"
#include "../sim/tune.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the above first */
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- settings ------------------------------------------------------------------------------------------------------- */
static void check_settings(const char *key, const char *value, const char *expected)
{
    struct settings s = settings_new(tune_fields, sizeof(struct tune_settings));
    struct fail f = {0};
    bool ok = settings_set(&s, key, value, &f) && tune_settings_check(s.data, &f);
    if (*expected == '\0' && !ok) fail_msg("%s = %s is refused: %s", key, value, f.text);
    if (strncmp(f.text, expected, strlen(expected)) != 0) fail_msg("\"%s\" is not \"%s...\"", f.text, expected);
    assert_int_equal(ok, *expected == '\0');
    settings_free(&s);
}

static void settings_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"1x", "2^-3x..2^10x", "2^-10..2^3", "0.1, 1x, theory, 4x", "0.000975*2^0..2^22", "1/3, 7"};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) check_settings("multipliers", good[k], "");
    check_settings("multipliers", "2^3x..2^1x", "multipliers: \"2^3x..2^1x\" is not a range; allowed: ");
    check_settings("multipliers", "1x,,2x", "multipliers = 1x,,2x: an empty place in the list");
    check_settings("multipliers", "1x, two", "multipliers = two; allowed: ");
    check_settings("multipliers", "0.1*3..5", "multipliers: \"0.1*3..5\" is not a range");
    check_settings("multiplier", "1x", "unknown parameter \"multiplier\"; did you mean \"multipliers\"?");
    check_settings("parameter", "gamma", "");
    check_settings("parameter", "method.p", "");
    check_settings("parameter", "stepsiz", "parameter = stepsiz; did you mean stepsize?");
    check_settings("parameter", "rounds", "parameter = rounds; ");
    check_settings("criterion", "values", "criterion = values; allowed: value, budget");
    check_settings("criterion", "budget", "criterion = budget needs the value to reach; write `level = NUMBER`");
    check_settings("level", "1e-6", "level belongs to criterion = budget");
    check_settings("level", "-1", "level = -1; allowed: >= 0");
    check_settings("budget", "1e9", "");
    check_settings("at", "first", "at = first; allowed: last, best");
    check_settings("x", "epochs", "");
    check_settings("x", "epoch", "x = epoch; did you mean \"epochs\"?; allowed: one of rounds, ");
    check_settings("x", "rounds, bits", "x = rounds, bits");
    check_settings("y", "f_gap", "");
    check_settings("y", "gap", "y = gap; ");
}

static void products_are_numbers_and_ranges(void **state)
{
    (void)state;
    double v = 7;
    assert_true(parse_real("0.000975*2^22", &v) && v == 0.000975 * 4194304);
    assert_true(parse_real("3*10^-3", &v) && v == 3 * 0.001);
    assert_true(parse_real("-3*2^2", &v) && v == -12);
    static const char *const bad[] = {"2*3", "2*", "*2^3", "2*2^", "2*1/3", "2^3*2", "2*2^3*2^3", "1e300*2^900", "2 * 2^3"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        if (parse_real(bad[k], &v)) fail_msg("\"%s\" was read as a number", bad[k]);
    struct values list;
    struct fail f = {0};
    char key[] = "k", value[] = "0.5*2^-1..2^1, 3*2^2x..2^2x";
    struct entry entry = {.key = key, .value = value};
    assert_true(values_read(&list, &entry, &f));
    static const char *const token[] = {"0.5*2^-1", "0.5*2^0", "0.5*2^1", "3*2^2x"};
    assert_int_equal(list.count, 4);
    for (size_t k = 0; k < 4; k++) assert_string_equal(list.token[k], token[k]);
    values_free(&list);
}

/* --- from a plan to curves ------------------------------------------------------------------------------------------- */
struct bench {
    struct experiment e;
    struct plan p;
    struct settings tune, plot;
    struct tuning t;
};

static bool bench_open(struct bench *b, const char *text, struct fail *f)
{
    *b = (struct bench){.tune = settings_new(tune_fields, sizeof(struct tune_settings)),
                        .plot = settings_new(plot_fields, sizeof(struct plot_settings))};
    if (!experiment_parse(text, "x.ini", &b->e, f)) fail_msg("%s", f->text);
    for (size_t k = 0; k < b->e.count; k++)
        if (b->e.entry[k].section == IN_TUNE) assert_true(settings_set(&b->tune, b->e.entry[k].key, b->e.entry[k].value, f));
    assert_true(tune_settings_check(b->tune.data, f));
    tune_add_trials(&b->e, b->tune.data);
    return plan_make(&b->p, &b->e, f) && tuning_gather(&b->t, &b->p, b->tune.data, b->plot.data, f);
}

static void bench_close(struct bench *b)
{
    tuning_free(&b->t);
    plan_free(&b->p);
    experiment_free(&b->e);
    settings_free(&b->tune);
    settings_free(&b->plot);
}

static const char two_curves[] = "[experiment]\nproblem = quadratic\ndim = 10\nseed = 1..3\nrounds = 5\nstepsize = 0.5\n"
                                 "[curve]\nmethod = marina, gd\ncompressor = randk, permk\nk = 2, 3\n"
                                 "[curve]\nmethod = diana\ncompressor = randk\nk = 2\ngamma = 4x, 5x, 6x\n"
                                 "[tune]\nmultipliers = 1x, 2x\n";

static void runs_become_curves_of_trials(void **state)
{
    (void)state;
    struct bench b;
    struct fail f = {0};
    if (!bench_open(&b, two_curves, &f)) fail_msg("%s", f.text);
    static const char *const label[] = {"marina randk k=2", "marina randk k=3", "marina permk", "gd", "diana randk"};
    assert_int_equal(b.t.contests, 5);
    size_t runs = 0;
    for (size_t c = 0; c < 5; c++) {
        const struct contest *contest = &b.t.contest[c];
        size_t known = 0;
        while (known < 5 && strcmp(label[known], contest->label) != 0) known++;
        if (known == 5) fail_msg("\"%s\" is no curve", contest->label);
        assert_int_equal(contest->trials, 2); /* the stepsizes of the file are not tried */
        assert_string_equal(contest->trial[0].value, "1x");
        assert_string_equal(contest->trial[1].value, "2x");
        assert_true(contest->trial[1].number == 2 * contest->trial[0].number);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(contest->trial[k].attempts, 3);
            runs += 3;
        }
    }
    assert_int_equal(runs, b.p.runs);
    bench_close(&b);
}

static void a_method_without_the_parameter_has_one_trial(void **state)
{
    (void)state;
    struct bench b;
    struct fail f = {0};
    static const char text[] = "[experiment]\nproblem = quadratic\nrounds = 5\nmethod = marina, gd\ncompressor = randk\n"
                               "[tune]\nparameter = method.p\nmultipliers = 0.25, 0.5\n";
    if (!bench_open(&b, text, &f)) fail_msg("%s", f.text);
    assert_int_equal(b.t.contests, 2);
    assert_int_equal(b.t.contest[0].trials, 2);
    assert_true(b.t.contest[0].trial[1].number == 0.5);
    assert_int_equal(b.t.contest[1].trials, 1);
    assert_string_equal(b.t.contest[1].trial[0].value, "");
    assert_true(isnan(b.t.contest[1].trial[0].number));
    char *note = contest_note(&b.t, &b.t.contest[1]);
    assert_string_equal(note, "no trial is finite there"); /* nothing was run */
    free(note);
    bench_close(&b);
}

static void check_refused(const char *text, const char *expected)
{
    struct bench b;
    struct fail f = {0};
    assert_false(bench_open(&b, text, &f));
    if (strncmp(f.text, expected, strlen(expected)) != 0) fail_msg("\"%s\" is not \"%s...\"", f.text, expected);
    bench_close(&b);
}

static void what_cannot_be_tuned(void **state)
{
    (void)state;
    check_refused("[experiment]\nproblem = quadratic\nmethod = gd\n[tune]\nmultipliers = 2x\n",
                  "there is nothing to choose from: no curve has two values of stepsize");
    check_refused("[experiment]\nproblem = quadratic\nmethod = gd\n[tune]\nmultipliers = 1x, -2\n",
                  "x.ini:5: gamma = -2; allowed: > 0");
    check_refused("[experiment]\nproblem = quadratic\nmethod = gd\n[tune]\nparameter = method.p\n",
                  "x.ini:5: method.p is a key of none of the methods");
    check_refused("[experiment]\ndataset = one-hot\nproblem = marina-loss\nmethod = gd\n[tune]\ny = f_gap\n",
                  "y = f_gap needs the optimum of marina-loss on one-hot");
}

static void sections_stay_in_the_text(void **state)
{
    (void)state;
    struct experiment a, b;
    struct fail f = {0};
    assert_true(experiment_parse("[experiment]\nk = 1\n[tune]\nx = bits\n[plot]\nx = rounds\n", "x.ini", &a, &f));
    assert_true(experiment_override(&a, "tune.level=3", &f));
    assert_true(experiment_override(&a, "tune.x=epochs", &f));
    char *text = experiment_text(&a);
    assert_true(experiment_parse(text, "x.ini", &b, &f));
    assert_string_equal(experiment_find(&b, IN_TUNE, "x")->value, "epochs");
    assert_string_equal(experiment_find(&b, IN_TUNE, "level")->value, "3");
    assert_string_equal(experiment_find(&b, IN_PLOT, "x")->value, "rounds");
    assert_null(experiment_find(&b, IN_EXPERIMENT, "x"));
    char *again = experiment_text(&b);
    assert_string_equal(text, again);
    experiment_free(&a);
    experiment_free(&b);
    free(text);
    free(again);
    /* An experiment without [tune] is written as before. */
    assert_true(experiment_parse("[experiment]\nk = 1\n", "x.ini", &a, &f));
    text = experiment_text(&a);
    assert_null(strstr(text, "tune"));
    free(text);
    experiment_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_checked),         cmocka_unit_test(products_are_numbers_and_ranges),
        cmocka_unit_test(runs_become_curves_of_trials), cmocka_unit_test(a_method_without_the_parameter_has_one_trial),
        cmocka_unit_test(what_cannot_be_tuned),         cmocka_unit_test(sections_stay_in_the_text),
    };
    return cmocka_run_group_tests_name("tune plan", tests, NULL, NULL);
}
