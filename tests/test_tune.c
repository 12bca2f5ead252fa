/* test_tune.c - which trial wins: the rule on rows made by hand. */
#include "../sim/grid.h"
#include "../sim/tune.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the above first */
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- rows by hand ----------------------------------------------------------------------------------------------- */
enum { MADE = 5, SEEDS = 3 };
/* x = 0, 10, 20, 30, 40 for all; y of up to three seeds. */
struct made {
    const char *value;
    double number;
    size_t seeds;
    double y[SEEDS][MADE];
    bool diverged[SEEDS];
};
static double x_of_rows[MADE] = {0, 10, 20, 30, 40};

/* One contest of these trials, chosen by the settings; freed with unmake. */
static struct tuning chosen(const struct tune_settings *s, struct made *m, size_t trials)
{
    struct tuning t = {.settings = s, .contests = 1, .kind = X_BITS};
    t.x = xstrdup("bits");
    t.y = xstrdup("f");
    t.contest = xcalloc(1, sizeof *t.contest);
    *t.contest = (struct contest){.key = xstrdup(""), .label = xstrdup("marina randk"), .trials = trials};
    t.contest->trial = xcalloc(trials + 1, sizeof *t.contest->trial);
    for (size_t k = 0; k < trials; k++) {
        struct trial *trial = &t.contest->trial[k];
        *trial = (struct trial){.value = m[k].value, .number = m[k].number, .attempts = m[k].seeds};
        trial->attempt = xcalloc(m[k].seeds, sizeof *trial->attempt);
        for (size_t i = 0; i < m[k].seeds; i++) {
            struct attempt *a = &trial->attempt[i];
            *a = (struct attempt){.rows = MADE, .diverged = m[k].diverged[i]};
            a->x = memcpy(xmalloc(sizeof x_of_rows), x_of_rows, sizeof x_of_rows);
            a->y = memcpy(xmalloc(sizeof x_of_rows), m[k].y[i], sizeof x_of_rows);
            trial->diverged |= a->diverged;
        }
    }
    tuning_choose(&t);
    return t;
}

static const struct tune_settings by_value = {.parameter = "stepsize", .criterion = BY_VALUE},
                                  by_level = {.parameter = "stepsize", .criterion = BY_BUDGET, .level = 1};
static struct tune_settings at_budget(double budget)
{
    struct tune_settings s = by_value;
    s.budget = budget;
    return s;
}

static int best_of(const struct tune_settings *s, struct made *m, size_t trials)
{
    struct tuning t = chosen(s, m, trials);
    int best = t.contest->best;
    tuning_free(&t);
    return best;
}

/* Slow and steady, fast at first, fast but noisy. */
static const struct made three[] = {{"1x", 1, 1, {{8, 6, 4, 3, 2}}, {false}},
                                    {"2x", 2, 1, {{8, 4, 3, 3, 3}}, {false}},
                                    {"4x", 4, 1, {{8, 7, 0.5, 6, 2.5}}, {false}}};

static void check_note(const struct tuning *t, size_t contest, const char *expected)
{
    char *note = contest_note(t, &t->contest[contest]);
    assert_string_equal(note, expected);
    free(note);
}

static void the_smallest_value_at_the_budget(void **state)
{
    (void)state;
    struct made m[3];
    memcpy(m, three, sizeof m);
    static const struct {
        double budget;
        int best;
        double score;
    } expected[] = {{10, 1, 4}, {19.9, 1, 4}, {20, 2, 0.5}, {29, 2, 0.5}, {30, 0, 3}, {40, 0, 2}, {1e300, 0, 2}, {0.5, 0, 8}};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        struct tune_settings s = at_budget(expected[k].budget);
        struct tuning t = chosen(&s, m, 3);
        assert_int_equal(t.contest->best, expected[k].best);
        assert_true(t.contest->trial[expected[k].best].score == expected[k].score);
        assert_int_equal(t.early, expected[k].budget > 40 ? 3 : 0);
        tuning_free(&t);
    }
    /* at = best forgets what came after the best row. */
    struct tune_settings s = by_value;
    assert_int_equal(best_of(&s, m, 3), 0);
    s.at = ROW_BEST;
    assert_int_equal(best_of(&s, m, 3), 2);
    s.budget = 15;
    assert_int_equal(best_of(&s, m, 3), 1);
}

static void the_budget_is_where_the_first_finished_trial_ends(void **state)
{
    (void)state;
    struct made m[3];
    memcpy(m, three, sizeof m);
    struct tuning t = chosen(&by_value, m, 3);
    assert_true(t.budget == 40 && t.early == 0);
    t.contest->trial[1].attempt[0].rows = 4; /* ends at x = 30 */
    tuning_choose(&t);
    assert_true(t.budget == 30 && t.early == 0);
    assert_int_equal(t.contest->best, 0); /* a tie of 1x and 2x */
    t.contest->trial[1].diverged = true;  /* then it does not count, nor can it win */
    tuning_choose(&t);
    assert_true(t.budget == 40);
    struct tune_settings s = at_budget(35);
    t.settings = &s;
    t.contest->trial[1].diverged = false;
    tuning_choose(&t);
    assert_true(t.budget == 35 && t.early == 1);
    tuning_free(&t);
}

static void the_smallest_budget_for_a_level(void **state)
{
    (void)state;
    struct made m[3];
    memcpy(m, three, sizeof m);
    static const struct {
        double level;
        int best, second;
        double score;
    } expected[] = {{5, 1, 0, 10},        {3.5, 1, 2, 20}, {2.4, 2, 0, 20},
                    {1, 2, NO_TRIAL, 20}, {8, 0, 1, 0},    {0.4, NO_TRIAL, NO_TRIAL, 0}};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        struct tune_settings s = by_level;
        s.level = expected[k].level;
        struct tuning t = chosen(&s, m, 3);
        assert_int_equal(t.contest->best, expected[k].best);
        assert_int_equal(t.contest->second, expected[k].second);
        if (t.contest->best != NO_TRIAL)
            assert_true(t.contest->trial[expected[k].best].score == expected[k].score);
        else
            check_note(&t, 0, "no trial reached the level");
        tuning_free(&t);
    }
}

static void of_equals_the_smaller_number_wins(void **state)
{
    (void)state;
    /* In any order of the list, and by the number, not by the text. */
    struct made up[] = {{"0.5x", 5, 1, {{8, 8, 8, 8, 1}}, {false}},
                        {"10", 10, 1, {{8, 7, 7, 7, 1}}, {false}},
                        {"9", 9, 1, {{8, 6, 6, 6, 1}}, {false}}};
    struct made down[] = {up[1], up[2], up[0]};
    assert_int_equal(best_of(&by_value, up, 3), 0);
    assert_int_equal(best_of(&by_value, down, 3), 2);
    struct tuning t = chosen(&by_value, down, 2);
    assert_int_equal(t.contest->best, 1);
    assert_int_equal(t.contest->second, 0);
    tuning_free(&t);
    down[0].y[0][MADE - 1] = 0.999; /* control: no tie, the larger one */
    assert_int_equal(best_of(&by_value, down, 3), 0);
}

static void medians_over_seeds(void **state)
{
    (void)state;
    /* The first is better on average and in its best seed, the second in its median. */
    struct made m[] = {{"1x", 1, 3, {{8, 8, 8, 8, 0}, {8, 8, 8, 8, 2}, {8, 8, 8, 8, 2.5}}, {false}},
                       {"2x", 2, 3, {{8, 8, 8, 8, 1}, {8, 8, 8, 8, 1}, {8, 8, 8, 8, 7}}, {false}}};
    assert_int_equal(best_of(&by_value, m, 2), 1);
    m[0].seeds = m[1].seeds = 1;
    assert_int_equal(best_of(&by_value, m, 2), 0);
    /* Two of three seeds decide whether a level is reached; of two, the mean of both is the median. */
    struct made n[] = {{"1x", 1, 3, {{8, 1, 1, 1, 1}, {8, 8, 8, 8, 8}, {8, 8, 8, 8, 8}}, {false}},
                       {"2x", 2, 3, {{8, 8, 8, 8, 8}, {8, 8, 8, 8, 1}, {8, 8, 8, 1, 1}}, {false}}};
    struct tuning t = chosen(&by_level, n, 2);
    assert_int_equal(t.contest->best, 1);
    assert_true(t.contest->trial[1].score == 40 && isinf(t.contest->trial[0].score));
    tuning_free(&t);
    n[0].seeds = n[1].seeds = 2;
    assert_int_equal(best_of(&by_level, n, 2), NO_TRIAL);
    memcpy(n[1].y[0], n[0].y[0], sizeof n[1].y[0]);
    t = chosen(&by_level, n, 2);
    assert_int_equal(t.contest->best, 1);
    assert_true(t.contest->trial[1].score == 25);
    tuning_free(&t);
}

static void a_diverged_seed_puts_a_trial_out(void **state)
{
    (void)state;
    for (int criterion = 0; criterion < 2; criterion++) {
        const struct tune_settings *s = criterion ? &by_level : &by_value;
        struct made m[] = {{"1x", 1, 3, {{8, 8, 8, 8, 1}, {8, 8, 8, 8, 1}, {8, 8, 8, 8, 1}}, {false}},
                           {"2x", 2, 3, {{8, 0, 0, 0, 0}, {8, 0, 0, 0, 0}, {8, 0, 0, 0, 0}}, {false, true, false}}};
        assert_int_equal(best_of(s, m, 2), 0);
        m[1].diverged[1] = false; /* control */
        assert_int_equal(best_of(s, m, 2), 1);
        m[0].diverged[0] = m[1].diverged[2] = true;
        struct tuning t = chosen(s, m, 2);
        assert_int_equal(t.contest->best, NO_TRIAL);
        assert_int_equal(t.contest->second, NO_TRIAL);
        assert_false(t.contest->smallest || t.contest->largest);
        check_note(&t, 0, "every trial diverged");
        tuning_free(&t);
    }
}

static void what_is_not_finite_is_the_worst(void **state)
{
    (void)state;
    struct made m[] = {{"1x", 1, 1, {{8, 8, 8, 8, 7}}, {false}}, {"2x", 2, 1, {{8, 1, 1, 1, NAN}}, {false}}};
    assert_int_equal(best_of(&by_value, m, 2), 0);
    struct tune_settings s = by_value;
    s.at = ROW_BEST;
    assert_int_equal(best_of(&s, m, 2), 1);
    m[1].y[0][MADE - 1] = -(double)INFINITY;
    assert_int_equal(best_of(&by_value, m, 2), 0);
    m[0].y[0][MADE - 1] = (double)INFINITY;
    assert_int_equal(best_of(&by_value, m, 2), NO_TRIAL);
    /* Among seeds too: the median of NaN, 1, 2 is 2. */
    struct made n[] = {{"1x", 1, 3, {{8, 8, 8, 8, NAN}, {8, 8, 8, 8, 1}, {8, 8, 8, 8, 2}}, {false}},
                       {"2x", 2, 1, {{8, 8, 8, 8, 1.5}}, {false}}};
    assert_int_equal(best_of(&by_value, n, 2), 1);
    n[1].y[0][MADE - 1] = 2.5;
    assert_int_equal(best_of(&by_value, n, 2), 0);
}

static void the_ends_of_the_grid_are_known(void **state)
{
    (void)state;
    struct made m[4];
    for (int k = 0; k < 4; k++) m[k] = (struct made){"?", 1 << (3 - k), 1, {{8, 8, 8, 8, 8}}, {false}}; /* 8, 4, 2, 1 */
    for (int best = 0; best < 4; best++) {
        for (int k = 0; k < 4; k++) m[k].y[0][MADE - 1] = k == best ? 1 : 2;
        struct tuning t = chosen(&by_value, m, 4);
        assert_int_equal(t.contest->best, best);
        assert_int_equal(t.contest->largest, best == 0);
        assert_int_equal(t.contest->smallest, best == 3);
        tuning_free(&t);
    }
    /* Beyond the best a larger one diverged: there is nothing to extend. */
    m[1].y[0][MADE - 1] = 0;
    m[0].diverged[0] = true;
    struct tuning t = chosen(&by_value, m, 4);
    assert_int_equal(t.contest->best, 1);
    check_note(&t, 0, "");
    tuning_free(&t);
    t = chosen(&by_value, m + 1, 3); /* control: where it was not tried */
    check_note(&t, 0, "the best is the largest tried: extend multipliers");
    t.contest->trial[1].attempt[0].climbed = true; /* not the best */
    check_note(&t, 0, "the best is the largest tried: extend multipliers");
    t.contest->trial[0].attempt[0].climbed = true;
    check_note(&t, 0, "the best is the largest tried: extend multipliers; f ends above its start in 1 of 1 seed");
    t.contest->largest = false;
    check_note(&t, 0, "f ends above its start in 1 of 1 seed");
    tuning_free(&t);
}

static void rules_in_words(void **state)
{
    (void)state;
    struct made m[3];
    memcpy(m, three, sizeof m);
    struct tuning t = chosen(&by_value, m, 3);
    char *text = tuning_rule(&t);
    assert_string_equal(text, "smallest f at 40 bits");
    free(text);
    tuning_free(&t);
    m[0].seeds = 2;
    t = chosen(&by_level, m, 3);
    text = tuning_rule(&t);
    assert_string_equal(text, "fewest bits to f <= 1, median over seeds");
    free(text);
    tuning_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_value_at_the_budget),
        cmocka_unit_test(the_budget_is_where_the_first_finished_trial_ends),
        cmocka_unit_test(the_smallest_budget_for_a_level),
        cmocka_unit_test(of_equals_the_smaller_number_wins),
        cmocka_unit_test(medians_over_seeds),
        cmocka_unit_test(a_diverged_seed_puts_a_trial_out),
        cmocka_unit_test(what_is_not_finite_is_the_worst),
        cmocka_unit_test(the_ends_of_the_grid_are_known),
        cmocka_unit_test(rules_in_words),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
