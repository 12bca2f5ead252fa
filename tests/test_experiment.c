/* test_experiment.c - experiment files: the syntax, what is refused and where, overriding, writing back. */
#include "../sim/experiment.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

static struct experiment parsed(const char *text)
{
    struct experiment e;
    struct fail f = {0};
    if (!experiment_parse(text, "dir/a.ini", &e, &f)) fail_msg("%s", f.text);
    return e;
}

static const char *value(const struct experiment *e, int section, const char *key)
{
    const struct entry *entry = experiment_find(e, section, key);
    return entry ? entry->value : "(absent)";
}

static void sections_keys_and_places(void **state)
{
    (void)state;
    struct experiment e = parsed("; a comment\n"
                                 "# another\n"
                                 "[experiment]\n"
                                 "title = a = b: c ; not this\n"
                                 "rounds=7\n"
                                 "\n"
                                 "[curve]\n"
                                 "  method =  gd ,agd\t; nor this\n"
                                 "[plot]\n"
                                 "x : bits\n"
                                 "[curve]\n"
                                 "method = marina\n");
    assert_string_equal(e.name, "a");
    assert_int_equal(e.curves, 2);
    assert_int_equal(e.count, 5);
    assert_string_equal(value(&e, IN_EXPERIMENT, "title"), "a = b: c");
    assert_string_equal(value(&e, IN_EXPERIMENT, "rounds"), "7");
    assert_string_equal(value(&e, IN_EXPERIMENT, "method"), "(absent)");
    assert_string_equal(value(&e, 1, "method"), "gd ,agd");
    assert_string_equal(value(&e, 2, "method"), "marina");
    assert_string_equal(value(&e, IN_PLOT, "x"), "bits");
    assert_string_equal(experiment_find(&e, 1, "method")->place, "dir/a.ini:8");
    assert_string_equal(experiment_find(&e, 2, "method")->place, "dir/a.ini:12");
    experiment_free(&e);
}

static void long_values_go_on_in_indented_lines(void **state)
{
    (void)state;
    struct experiment e = parsed("[experiment]\n"
                                 "method = gd, ; first\n"
                                 "  agd, ; second\n"
                                 "   ; a comment between\n"
                                 "\tdiana\n"
                                 "rounds = 3\n"
                                 "[curve]\n"
                                 "\tk = 1\n"
                                 " ; a comment\n"
                                 "seed = 1\n");
    assert_string_equal(value(&e, IN_EXPERIMENT, "method"), "gd, agd, diana");
    assert_string_equal(experiment_find(&e, IN_EXPERIMENT, "method")->place, "dir/a.ini:2");
    assert_string_equal(value(&e, IN_EXPERIMENT, "rounds"), "3");
    assert_string_equal(value(&e, 1, "k"), "1"); /* indented, but after no key: a key of its own */
    assert_string_equal(value(&e, 1, "seed"), "1");
    experiment_free(&e);
}

/* The same entries, line numbers apart. */
static bool same_entries(const struct experiment *a, const struct experiment *b)
{
    if (a->count != b->count || a->curves != b->curves) return false;
    for (size_t k = 0; k < a->count; k++)
        if (a->entry[k].section != b->entry[k].section || strcmp(a->entry[k].key, b->entry[k].key) != 0 ||
            strcmp(a->entry[k].value, b->entry[k].value) != 0)
            return false;
    return true;
}

static void line_ends_and_byte_order_marks_do_not_matter(void **state)
{
    (void)state;
    static const char plain[] = "[curve]\nmethod = gd, ; hm\n agd\n[experiment]\nrounds = 3 ; three\n";
    static const char *const same[] = {
        "[curve]\r\nmethod = gd, ; hm\r\n agd\r\n[experiment]\r\nrounds = 3 ; three\r\n",
        "\xef\xbb\xbf[curve]\nmethod = gd, ; hm\n agd\n[experiment]\nrounds = 3 ; three\n",
        "\xef\xbb\xbf[curve]\r\nmethod = gd, ; hm\r\n agd\r\n[experiment]\r\nrounds = 3 ; three",
        "  [curve]\n\n\nmethod = gd,\n agd ; hm\n\n[experiment] ; here\nrounds = 3",
    };
    struct experiment a = parsed(plain), other = parsed("[curve]\nmethod = gd\n[experiment]\nrounds = 3\n");
    assert_int_equal(a.curves, 1);
    assert_string_equal(value(&a, 1, "method"), "gd, agd");
    assert_false(same_entries(&a, &other));
    experiment_free(&other);
    for (size_t k = 0; k < sizeof same / sizeof *same; k++) {
        struct experiment b = parsed(same[k]);
        if (!same_entries(&a, &b)) fail_msg("text %zu reads otherwise", k);
        experiment_free(&b);
    }
    experiment_free(&a);
}

static void check_refused(const char *text, const char *expected)
{
    struct experiment e;
    struct fail f = {0};
    if (experiment_parse(text, "x.ini", &e, &f)) fail_msg("accepted: %s", text);
    if (strncmp(f.text, expected, strlen(expected)) != 0) fail_msg("\"%s\" is not \"%s...\"", f.text, expected);
    assert_null(strchr(f.text, '\n'));
    assert_int_equal(f.exit_status, 2);
    experiment_free(&e);
}

static void what_is_refused_and_where(void **state)
{
    (void)state;
    check_refused("", "x.ini: holds no experiment");
    check_refused("\n; nothing\n", "x.ini: holds no experiment");
    check_refused("[experiment]\n", "x.ini: holds no experiment");
    check_refused("rounds = 3\n", "x.ini:1: a key before any section");
    check_refused("[experiment]\nrounds = 3\n\nseed = 1\nrounds = 4\n",
                  "x.ini:5: rounds is given twice; the first is at x.ini:2");
    check_refused("[experiment]\nrounds = 3\n[curve]\nk = 1\n[experiment]\n rounds = 4\n",
                  "x.ini:6: rounds is given twice; the first is at x.ini:2");
    check_refused("[experiment]\nrounds = 3\n[cruve]\nk = 1\n",
                  "x.ini:4: unknown section [cruve]; sections are [experiment], [curve]");
    check_refused("[experiment]\nrounds\n", "x.ini:2: neither a [section], a `key = value` nor a ; comment");
    check_refused("[experiment\nrounds = 3\n", "x.ini:1: neither");
    check_refused("[experiment]\nrounds =\n", "x.ini:2: rounds has no value; write `rounds = VALUE`");
    check_refused("[experiment]\nrounds = ; 3\n", "x.ini:2: rounds has no value");
    check_refused("[experiment]\nseed = 1\ntitle = a\001b\n", "x.ini:3: holds the control character 1;");
}

static void lines_have_a_longest_length(void **state)
{
    (void)state;
    char text[1024], word[512];
    for (int length = 180; length <= 400; length += 1) {
        memset(word, 'a', sizeof word);
        word[length - 8] = '\0';
        snprintf(text, sizeof text, "[experiment]\nseed = 2\ntitle = %s\nrounds = 3\n", word);
        if (length > 198) {
            char expected[128];
            snprintf(expected, sizeof expected, "x.ini:3: the line has %d characters; allowed: 198; go on in the next line",
                     length);
            check_refused(text, expected);
            continue;
        }
        struct experiment e = parsed(text);
        assert_string_equal(value(&e, IN_EXPERIMENT, "title"), word);
        assert_string_equal(value(&e, IN_EXPERIMENT, "rounds"), "3");
        experiment_free(&e);
    }
}

static void override(struct experiment *e, const char *assignment)
{
    struct fail f = {0};
    if (!experiment_override(e, assignment, &f)) fail_msg("%s", f.text);
}

static void overriding_replaces_a_key_everywhere(void **state)
{
    (void)state;
    struct experiment e = parsed(
        "[experiment]\nrounds = 7\nx = 1\n[curve]\nk = 1\ngamma = 2\nmethod = gd\n[curve]\nmethod = agd\n[plot]\nx = bits\n");
    override(&e, "rounds=9");
    assert_string_equal(value(&e, IN_EXPERIMENT, "rounds"), "9");
    assert_string_equal(experiment_find(&e, IN_EXPERIMENT, "rounds")->place, "command line");
    override(&e, "k =  4, 5 ");
    assert_string_equal(value(&e, 1, "k"), "4, 5");
    assert_string_equal(value(&e, IN_EXPERIMENT, "k"), "4, 5"); /* for the other curve */
    assert_string_equal(value(&e, 2, "k"), "(absent)");
    override(&e, "stepsize=0.5"); /* gamma's other name */
    assert_string_equal(value(&e, 1, "gamma"), "(absent)");
    assert_string_equal(value(&e, 1, "stepsize"), "0.5");
    override(&e, "method=diana");
    override(&e, "method=dasha"); /* the last wins */
    assert_string_equal(value(&e, 1, "method"), "dasha");
    assert_string_equal(value(&e, 2, "method"), "dasha");
    override(&e, "plot.x=rounds");
    assert_string_equal(value(&e, IN_PLOT, "x"), "rounds");
    assert_string_equal(value(&e, IN_EXPERIMENT, "x"), "1");
    override(&e, "plot.y=f");
    assert_string_equal(value(&e, IN_PLOT, "y"), "f");
    assert_string_equal(value(&e, IN_EXPERIMENT, "y"), "(absent)");
    override(&e, "title=a=b");
    assert_string_equal(value(&e, IN_EXPERIMENT, "title"), "a=b");
    experiment_free(&e);
}

static void what_cannot_be_overridden(void **state)
{
    (void)state;
    struct experiment e = parsed("[experiment]\nrounds = 7\n");
    char endless[512];
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "title=", 6);
    endless[400] = '\0';
    static const char *const bad[] = {
        "rounds", "", "=7", "rounds=", "rounds=  ", "title=;x", "title= ;x", "title=a ;x", "title=a\nb", "title=a\tb"};
    for (size_t k = 0; k <= sizeof bad / sizeof *bad; k++) {
        const char *word = k < sizeof bad / sizeof *bad ? bad[k] : endless;
        struct fail f = {0};
        if (experiment_override(&e, word, &f)) fail_msg("accepted: \"%s\"", word);
        assert_true(f.text[0] != '\0' && strchr(f.text, '\n') == NULL);
        assert_int_equal(e.count, 1);
        assert_string_equal(value(&e, IN_EXPERIMENT, "rounds"), "7");
    }
    override(&e, "title=a;b");
    assert_string_equal(value(&e, IN_EXPERIMENT, "title"), "a;b");
    experiment_free(&e);
}

/* Written and read again: the same text, and every key that was given is there unchanged. */
static void check_fixed_point(struct experiment *e)
{
    char *text = experiment_text(e);
    struct experiment again = parsed(text);
    char *text_again = experiment_text(&again);
    assert_string_equal(text, text_again);
    assert_int_equal(e->curves, again.curves);
    for (size_t k = 0; k < e->count; k++)
        assert_string_equal(value(&again, e->entry[k].section, e->entry[k].key), e->entry[k].value);
    free(text);
    free(text_again);
    experiment_free(&again);
}

static void the_text_holds_every_default_and_the_order_given(void **state)
{
    (void)state;
    struct experiment e =
        parsed("[curve]\nmethod = gd\n[experiment]\nk = 1, 2\nrounds = 7, 8\nproblem = quadratic\n[plot]\nx = bits\n");
    char *text = experiment_text(&e);
    assert_ptr_equal(strstr(text, "[experiment]\nk = 1, 2\nrounds = 7, 8\nproblem = quadratic\n"), text);
    for (const struct field *r = experiment_fields; r->name; r++) {
        char line[128];
        snprintf(line, sizeof line, "\n%s = ", r->name);
        bool in_all_curves = strcmp(r->name, "method") == 0, silent = *r->def == '\0' || in_all_curves;
        char *found = strstr(text, line), *curve = strstr(text, "[curve]");
        if ((found && found < curve) == silent) fail_msg("%s is %sin:\n%s", r->name, silent ? "" : "not ", text);
    }
    assert_non_null(strstr(text, "[curve]\nmethod = gd\n[plot]\nx = bits\n"));
    assert_null(strstr(strstr(text, "[curve]"), "rounds"));
    free(text);
    check_fixed_point(&e);
    experiment_free(&e);
}

/* Values longer than a line, from few and from many words: they come back, wherever the lines are broken. */
static void long_values_survive_writing(void **state)
{
    (void)state;
    for (int word = 1; word <= 189; word++) {
        char text[8192];
        int at = snprintf(text, sizeof text, "[experiment]\nproblem = quadratic\ntitle = %.*s", word % 7, "first #");
        for (int line = 0; line < 6; line++) {
            at += snprintf(text + at, sizeof text - (size_t)at, "%s", line ? "\n " : " ");
            for (int room = 180; room > 0;
                 room -= word + 1 + line % 2) { /* some words two blanks apart, some look like comments */
                at += snprintf(text + at, sizeof text - (size_t)at, "%s", line % 2 ? "x " : "x");
                for (int k = 2; k < word && room > k; k++) text[at++] = k == 2 && line == 3 ? '#' : (char)('a' + (k + line) % 26);
                text[at++] = ' ';
            }
        }
        snprintf(text + at, sizeof text - (size_t)at, "\nmethod = gd\n");
        struct experiment e = parsed(text);
        assert_true(strlen(value(&e, IN_EXPERIMENT, "title")) > 400);
        check_fixed_point(&e);
        experiment_free(&e);
    }
    /* Nothing to break, and "dataset = " would not leave room enough. */
    char tight[512], word[256];
    memset(word, 'p', sizeof word);
    word[190] = '\0';
    snprintf(tight, sizeof tight, "[experiment]\ndataset=%s\nproblem = logistic\n", word);
    struct experiment e = parsed(tight);
    check_fixed_point(&e);
    experiment_free(&e);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    char path[] = "/tmp/gradwire-experiment-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    FILE *out = fdopen(file, "wb");
    fwrite("[experiment]\nrounds = 3\n\0\n", 1, 26, out);
    fclose(out);
    const char *const bad[][2] = {{path, "not an experiment"},
                                  {"/tmp", "cannot read"},
                                  {"/tmp/gradwire-no-such/x.ini", "cannot open"},
                                  {"/dev/zero", "not an experiment"}};
    for (size_t k = 0; k < 4; k++) {
        struct experiment e;
        struct fail f = {0};
        assert_false(experiment_read(bad[k][0], &e, &f));
        if (strncmp(f.text, bad[k][0], strlen(bad[k][0])) != 0 || !strstr(f.text, bad[k][1])) fail_msg("%s", f.text);
        experiment_free(&e);
    }
    out = fopen(path, "w");
    fputs("[experiment]\nrounds = 3\n", out);
    for (int k = 0; k < 5000; k++) fputs("; a long file\n", out);
    fputs("seed = 2\n", out);
    fclose(out);
    struct experiment e;
    struct fail f = {0};
    assert_true(experiment_read(path, &e, &f));
    assert_string_equal(value(&e, IN_EXPERIMENT, "seed"), "2");
    assert_non_null(strstr(experiment_find(&e, IN_EXPERIMENT, "seed")->place, ":5003"));
    experiment_free(&e);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_keys_and_places),
        cmocka_unit_test(long_values_go_on_in_indented_lines),
        cmocka_unit_test(line_ends_and_byte_order_marks_do_not_matter),
        cmocka_unit_test(what_is_refused_and_where),
        cmocka_unit_test(lines_have_a_longest_length),
        cmocka_unit_test(overriding_replaces_a_key_everywhere),
        cmocka_unit_test(what_cannot_be_overridden),
        cmocka_unit_test(the_text_holds_every_default_and_the_order_given),
        cmocka_unit_test(long_values_survive_writing),
        cmocka_unit_test(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests_name("experiment", tests, NULL, NULL);
}
