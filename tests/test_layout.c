/* test_layout.c - text for people: what is wrapped, what is left as its author laid it out, and what a range looks like. */
#include "../sim/layout.h"
#include "../sim/parameters.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What layout_print writes; the caller frees it. */
static char *printed(size_t indent, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    assert_non_null(f);
    layout_print(f, indent, text);
    fclose(f);
    return out;
}
static void expect(size_t indent, const char *text, const char *want)
{
    char *got = printed(indent, text);
    assert_string_equal(got, want);
    free(got);
}
static size_t widest(const char *text)
{
    size_t width = 0;
    for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        if (n > width) width = n;
    }
    return width;
}

#define W49 "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj" /* 49 columns */

static void test_short_lines_stay(void **state)
{
    (void)state;
    expect(0, "server:   x <- x - gamma g\nclient i: send  g\n\n  f = 1",
           "server:   x <- x - gamma g\nclient i: send  g\n\n  f = 1\n");
    expect(2, "a\n\nb\n", "  a\n\n  b\n");
    expect(0, "trailing  \n", "trailing\n");
    expect(0, "", "");
    expect(0, W49 " " W49, W49 " " W49 "\n");         /* 99 columns */
    expect(0, W49 " " W49 " z", W49 " " W49 "\nz\n"); /* 101: one word goes on below */
    expect(2, W49 " " W49, "  " W49 " aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii\n  jjjj\n");
}

static void test_prose_runs_on_and_formulas_do_not(void **state)
{
    (void)state;
    expect(0, W49 " " W49 " one two\nthree four.\nNext", W49 " " W49 "\none two three four.\nNext\n");
    expect(0, W49 " " W49 " ends.\nNext", W49 " " W49 "\nends.\nNext\n");
    expect(0, W49 " " W49 " one\n\nNext", W49 " " W49 "\none\n\nNext\n");
    expect(0, W49 " " W49 " one\nserver: x", W49 " " W49 "\none\nserver: x\n");
    expect(0, "  " W49 " " W49 " z\n  y", "  " W49 " aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii\n    jjjj z\n  y\n");
}

static void test_text_hangs_after_a_label(void **state)
{
    (void)state;
    expect(0, "client i: " W49 " " W49, "client i: " W49 " aaaa bbbb cccc dddd eeee ffff gggg hhhh\n          iiii jjjj\n");
}

static void test_nothing_is_wider_and_no_word_is_lost(void **state)
{
    (void)state;
    char text[4000] = "";
    for (int i = 0; i < 300; i++) {
        char word[24];
        snprintf(word, sizeof word, "%s%0*d", i % 37 == 36 ? "\n" : i > 0 ? " " : "", 1 + i % 9, i);
        strcat(text, word);
    }
    assert_true(widest(text) > LAYOUT_WIDTH);
    char *got = printed(3, text), *p = got;
    assert_true(widest(got) <= LAYOUT_WIDTH);
    assert_true(widest(got) > LAYOUT_WIDTH - 12);
    for (int i = 0; i < 300; i++) assert_int_equal(strtol(p, &p, 10), i);
    free(got);
}

static void test_a_word_wider_than_the_page_is_not_cut(void **state)
{
    (void)state;
    char text[300], want[300];
    memset(text, 'x', 150);
    strcpy(text + 150, " y");
    memcpy(want, text, 150);
    strcpy(want + 150, "\ny\n");
    expect(0, text, want);
}

static void test_columns_are_code_points(void **state)
{
    (void)state;
    assert_int_equal(layout_columns("Richtárik"), 9);
    assert_int_equal(strlen("Richtárik"), 10);
    assert_int_equal(layout_columns(""), 0);
}

struct p {
    double gamma, p, any, low, share;
    int64_t k, rule, on;
};
static const struct field table[] = {REAL_POS(p, gamma, "theory", INFINITY, "stepsize"),
                                     REAL_POS(p, p, "0.5", 1, "probability"),
                                     REAL(p, any, "0", -INFINITY, INFINITY, "any"),
                                     REAL(p, low, "0", 0, INFINITY, "from zero"),
                                     REAL(p, share, "0", 0, 0.99, "share"),
                                     INTEGER(p, k, "1", 1, 4294967295.0, "coordinates"),
                                     CHOICE(p, rule, "paper", "paper|sharp", "rule"),
                                     BOOLEAN(p, on, "no", "switch"),
                                     FIELDS_END};

static void test_ranges_in_words(void **state)
{
    (void)state;
    static const char *const want[] = {"> 0", "> 0, <= 1", "any number", ">= 0", "0 .. 0.99", ">= 1", "paper, sharp", "yes, no"};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char text[256];
        field_allowed(&table[i], text, sizeof text);
        assert_string_equal(text, want[i]);
    }
}

static void test_parameters_in_columns(void **state)
{
    (void)state;
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    assert_non_null(f);
    parameters_print(f, table);
    fclose(f);
    assert_non_null(strstr(out, "\n  gamma  theory   > 0           stepsize\n"));
    assert_non_null(strstr(out, "\n  rule   paper    paper, sharp  rule\n"));
    assert_null(strstr(out, " \n"));
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_lines_stay),
        cmocka_unit_test(test_prose_runs_on_and_formulas_do_not),
        cmocka_unit_test(test_text_hangs_after_a_label),
        cmocka_unit_test(test_nothing_is_wider_and_no_word_is_lost),
        cmocka_unit_test(test_a_word_wider_than_the_page_is_not_cut),
        cmocka_unit_test(test_columns_are_code_points),
        cmocka_unit_test(test_ranges_in_words),
        cmocka_unit_test(test_parameters_in_columns),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
