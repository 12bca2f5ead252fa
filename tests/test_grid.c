/* test_grid.c - lists, ranges, and the combinations they make, in order. */
#include "../sim/grid.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

/* Every cell as "key=token key=token", a line each. */
static bool write_cell(const struct cell *c, void *user, struct fail *f)
{
    (void)f;
    for (size_t k = 0; k < c->axes; k++)
        fprintf(user, "%s%s=%s", k ? " " : "", c->axis[k].entry->key, c->axis[k].token[c->choice[k]]);
    fputc('\n', user);
    return true;
}

static char *cells_of(const char *text, struct fail *f)
{
    struct experiment e;
    char *cells = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&cells, &size);
    if (!experiment_parse(text, "x.ini", &e, f)) fail_msg("%s", f->text);
    grid_visit(&e, write_cell, out, f);
    fclose(out);
    experiment_free(&e);
    return cells;
}

static void check_cells(const char *text, const char *expected)
{
    struct fail f = {0};
    char *cells = cells_of(text, &f);
    assert_string_equal(f.text, "");
    assert_string_equal(cells, expected);
    free(cells);
}

static void lists_and_ranges(void **state)
{
    (void)state;
    check_cells("[experiment]\nk = 1, 5 ,10\n", "k=1\nk=5\nk=10\n");
    check_cells("[experiment]\nk = 1..5\n", "k=1\nk=2\nk=3\nk=4\nk=5\n");
    check_cells("[experiment]\nk = -2..1, 7, 3..3\n", "k=-2\nk=-1\nk=0\nk=1\nk=7\nk=3\n");
    check_cells("[experiment]\ngamma = 2^-3x..2^3x\n",
                "gamma=2^-3x\ngamma=2^-2x\ngamma=2^-1x\ngamma=2^0x\ngamma=2^1x\ngamma=2^2x\ngamma=2^3x\n");
    check_cells("[experiment]\ngamma = 2^-1..2^1\n", "gamma=2^-1\ngamma=2^0\ngamma=2^1\n");
    check_cells("[experiment]\ngamma = 1x..3x\n", "gamma=1x\ngamma=2x\ngamma=3x\n");
    check_cells("[experiment]\nk = 9007199254740991..9007199254740992\n", "k=9007199254740991\nk=9007199254740992\n");
    check_cells("[experiment]\ntitle = a, b..c\nk = 1\n", "title=a, b..c k=1\n");
    check_cells("[experiment]\ndataset = ../a/b.txt, ./c..d/e\n", "dataset=../a/b.txt\ndataset=./c..d/e\n");
    check_cells("[experiment]\ncompressor = natural(randk), qsgd\n", "compressor=natural(randk)\ncompressor=qsgd\n");
}

static void the_last_key_turns_fastest_and_the_seed_last_of_all(void **state)
{
    (void)state;
    check_cells("[experiment]\nseed = 1..2\nk = 1, 2\nmethod = a, b\n",
                "k=1 method=a seed=1\nk=1 method=a seed=2\nk=1 method=b seed=1\nk=1 method=b seed=2\n"
                "k=2 method=a seed=1\nk=2 method=a seed=2\nk=2 method=b seed=1\nk=2 method=b seed=2\n");
}

static void curves_inherit(void **state)
{
    (void)state;
    static const char expected[] =
        "rounds=9 k=1 method=a seed=3\nrounds=9 k=1 method=a seed=4\n"
        "rounds=9 method=b k=5 seed=3\nrounds=9 method=b k=5 seed=4\nrounds=9 method=b k=6 seed=3\nrounds=9 method=b k=6 seed=4\n"
        "k=1 rounds=8 seed=7\n";
    const char *a = "[experiment]\nrounds = 9\nk = 1\nseed = 3, 4\n",
               *b = "[curve]\nmethod = a\n[curve]\nmethod = b\nk = 5, 6\n[curve]\nseed = 7\nrounds = 8\n";
    char *text = xprintf("%s%s", a, b), *turned = xprintf("%s%s", b, a);
    check_cells(text, expected);
    check_cells(turned, expected); /* wherever [experiment] stands */
    free(text);
    free(turned);
    check_cells("[experiment]\nk = 1\n[curve]\n[curve]\nk = 2\n[plot]\nx = 1, 2\n", "k=1\nk=2\n");
}

static void replaced_keys_are_used_and_forgotten_ones_are_not(void **state)
{
    (void)state;
    struct experiment e;
    struct fail f = {0};
    char *cells = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&cells, &size);
    assert_true(experiment_parse("[experiment]\nk = 1\nm = 2\n[curve]\nk = 2\n", "x.ini", &e, &f));
    assert_true(grid_visit(&e, write_cell, out, &f));
    fclose(out);
    assert_string_equal(cells, "m=2 k=2\n");
    assert_true(experiment_find(&e, IN_EXPERIMENT, "k")->used);
    assert_false(experiment_find(&e, IN_EXPERIMENT, "m")->used);
    free(cells);
    experiment_free(&e);
}

static void check_refused(const char *text, const char *expected)
{
    struct fail f = {0};
    free(cells_of(text, &f));
    if (strncmp(f.text, expected, strlen(expected)) != 0) fail_msg("\"%s\" is not \"%s...\"", f.text, expected);
    assert_int_equal(f.exit_status, 2);
}

static void what_is_no_list_and_no_range(void **state)
{
    (void)state;
    static const char *const ranges[] = {"5..1",
                                         "1..",
                                         "1..2^3",
                                         "2^1..3",
                                         "1x..2",
                                         "1..2x",
                                         "a..b",
                                         "0.5..2",
                                         "1...3",
                                         "1..2..3",
                                         "2^..2^1",
                                         "x..x",
                                         "1..9007199254740993",
                                         "-9223372036854775808..9223372036854775807"};
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        char text[128], expected[128];
        snprintf(text, sizeof text, "[experiment]\nseed = 2\nk = 4, %s\n", ranges[k]);
        snprintf(expected, sizeof expected, "x.ini:3: \"%s\" is not a range; allowed: 1..5, ", ranges[k]);
        check_refused(text, expected);
    }
    check_refused("[experiment]\nk = 1,,2\n", "x.ini:2: k = 1,,2: an empty place in the list");
    check_refused("[experiment]\nk = 1, 2,\n", "x.ini:2: k = 1, 2,: an empty place in the list");
    check_refused("[experiment]\nk = ,1\n", "x.ini:2: k = ,1: an empty place in the list");
}

static int64_t seen;
static bool count_cell(const struct cell *c, void *user, struct fail *f)
{
    (void)c;
    (void)user;
    (void)f;
    seen++;
    return true;
}

static void grids_have_a_largest_size(void **state)
{
    (void)state;
    struct experiment e;
    struct fail f = {0};
    assert_true(experiment_parse("[experiment]\na = 1..1000\n[curve]\nb = 1..500\n[curve]\nb = 1..500\n", "x.ini", &e, &f));
    seen = 0;
    assert_true(grid_visit(&e, count_cell, NULL, &f));
    assert_int_equal(seen, 1000000);
    experiment_free(&e);

    assert_true(experiment_parse("[experiment]\na = 1..1000\n[curve]\nb = 1..500\n[curve]\nb = 1..501\n", "x.ini", &e, &f));
    seen = 0;
    assert_false(grid_visit(&e, count_cell, NULL, &f));
    assert_int_equal(seen, 500000); /* of the second curve none is made */
    assert_string_equal(f.text, "x.ini:2: the grid has more than 1000000 combinations; the longest list is that of a");
    experiment_free(&e);
    check_refused("[experiment]\na = 1..100000\nb = 1..100000\nc = 1..100000\nd = 1..100000\n",
                  "x.ini:2: the grid has more than 1000000");
    check_refused("[experiment]\nseed = 1..100001\n", "x.ini:2: seed lists more than 100000 values");
    check_refused("[experiment]\nseed = -9007199254740992..9007199254740992\n", "x.ini:2: seed lists more than 100000 values");
    check_refused("[experiment]\nseed = 1..99999, 7, 8\n", "x.ini:2: seed lists more than 100000 values");
    f = (struct fail){0};
    assert_true(experiment_parse("[experiment]\nseed = 1..99998, 7, 8\n", "x.ini", &e, &f));
    seen = 0;
    assert_true(grid_visit(&e, count_cell, NULL, &f));
    assert_int_equal(seen, 100000);
    experiment_free(&e);
}

static bool stop_at_second(const struct cell *c, void *user, struct fail *f)
{
    (void)c;
    (void)user;
    return ++seen < 2 || fail_set(f, "stop");
}

static void a_visit_can_stop(void **state)
{
    (void)state;
    struct experiment e;
    struct fail f = {0};
    assert_true(experiment_parse("[experiment]\na = 1..1000\n", "x.ini", &e, &f));
    seen = 0;
    assert_false(grid_visit(&e, stop_at_second, NULL, &f));
    assert_int_equal(seen, 2);
    experiment_free(&e);
}

static void places_keep_the_exit_status(void **state)
{
    (void)state;
    struct entry e = {.place = "x.ini:4"};
    struct fail input = {0}, machine = {0};
    fail_set(&input, "wrong");
    fail_run(&machine, "disk full");
    fail_at(&input, &e);
    fail_at(&machine, &e);
    assert_string_equal(input.text, "x.ini:4: wrong");
    assert_string_equal(machine.text, "x.ini:4: disk full");
    assert_int_equal(input.exit_status, 2);
    assert_int_equal(machine.exit_status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges),
        cmocka_unit_test(the_last_key_turns_fastest_and_the_seed_last_of_all),
        cmocka_unit_test(curves_inherit),
        cmocka_unit_test(replaced_keys_are_used_and_forgotten_ones_are_not),
        cmocka_unit_test(what_is_no_list_and_no_range),
        cmocka_unit_test(grids_have_a_largest_size),
        cmocka_unit_test(a_visit_can_stop),
        cmocka_unit_test(places_keep_the_exit_status),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
