/* test_number.c - numbers as text: what is read, what is refused, and that nothing is lost or depends on the locale. */
#include "../sim/field.h"
#include "../sim/rng.h"
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

static double real_of(const char *text)
{
    double v = -77;
    assert_true(parse_real(text, &v));
    return v;
}

static void numbers_are_read(void **state)
{
    (void)state;
    assert_true(real_of("0.1") == 0.1 && real_of("1e-3") == 0.001 && real_of("-2.5E+3") == -2500 && real_of("+.5") == 0.5);
    assert_true(real_of("5.") == 5 && real_of("1/3") == 1.0 / 3 && real_of("-1/4") == -0.25 && real_of("1.5/2") == 0.75);
    assert_true(real_of("2^-3") == 0.125 && real_of("2^10") == 1024 && real_of("10^-3") == 0.001 && real_of("10^22") == 1e22);
    assert_true(real_of("2^-1074") == 0x1p-1074 && real_of("2^1023") == 0x1p1023 && real_of("3^0") == 1 &&
                real_of("1.5^2") == 2.25);
    assert_true(real_of("-2^2") == -4);
    assert_true(signbit(real_of("-0")) && real_of("4.9406564584124654e-324") == 0x1p-1074);
    assert_true(real_of("9007199254740993") == 9007199254740992.0);
    const char *const bad[] = {"",     " 1",    "1 ",     "1x",    "abc",   "nan",    "inf",   "-inf",  "infinity",
                               "0x10", "1e",    "1e+",    ".",     "-",     "--1",    "1,5",   "1/0",   "1//2",
                               "/2",   "1/",    "2^",     "2^^3",  "2^.5",  "2^5000", "2^2^2", "1e999", "1e5.",
                               "0b1",  "1_000", "2^1024", "1/2/3", "1e-3e", "\n1",    "1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double v = 7;
        bool read = parse_real(bad[i], &v);
        if (read) print_error("\"%s\" was read as a number\n", bad[i]);
        assert_false(read);
        assert_true(v == 7);
    }
}

static void whole_numbers_are_read(void **state)
{
    (void)state;
    int64_t v = 0;
    assert_true(parse_int("0", &v) && v == 0);
    assert_true(parse_int("-12", &v) && v == -12);
    assert_true(parse_int("+12", &v) && v == 12);
    assert_true(parse_int("9223372036854775807", &v) && v == INT64_MAX);
    assert_true(parse_int("-9223372036854775808", &v) && v == INT64_MIN);
    assert_true(parse_int("1e5", &v) && v == 100000);
    assert_true(parse_int("2^20", &v) && v == 1048576);
    const char *const bad[] = {"",    "-",  "1.0", "1.5", "4/2",  "1e-1", "1e17", "9223372036854775808",
                               "0x1", " 1", "1 ",  "a",   "2^-1", "nan"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        v = 7;
        assert_false(parse_int(bad[i], &v));
        assert_int_equal(v, 7);
    }
}

static void assert_format(double v, const char *text)
{
    char out[32];
    format_real(v, out);
    assert_string_equal(out, text);
}

static void numbers_are_written_short_and_exact(void **state)
{
    (void)state;
    assert_format(0.1, "0.1");
    assert_format(1e-6, "1e-06");
    assert_format(5, "5");
    assert_format(2000, "2000");
    assert_format(-123456789, "-123456789");
    assert_format(1.0 / 3, "0.3333333333333333");
    assert_format(0.1 + 0.2, "0.30000000000000004");
    assert_format(1e300, "1e+300");
    assert_format(0, "0");
    assert_format(-0.0, "-0");
    assert_format(NAN, "nan");
    assert_format(INFINITY, "inf");
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    int inexact = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t word = stream_u64(&s);
        double v, back, six;
        char out[32], shorter[32];
        memcpy(&v, &word, sizeof v);
        if (!isfinite(v)) continue;
        format_real(v, out);
        assert_true(strlen(out) < 31 && parse_real(out, &back));
        assert_memory_equal(&back, &v, sizeof v);
        snprintf(shorter, sizeof shorter, "%g", v); /* control: six digits would lose bits */
        inexact += parse_real(shorter, &six) && six != v;
    }
    assert_true(inexact > 19000);
}

/* A locale with a decimal comma, compiled here because none need be installed. */
static bool enter_comma_locale(const char *dir)
{
    char *script = xprintf(
        "cd %s && printf 'LC_NUMERIC\\ndecimal_point \",\"\\nthousands_sep \".\"\\ngrouping 3;3\\nEND LC_NUMERIC\\n' > comma.src "
        "&& "
        "printf '<code_set_name> ANSI_X3.4-1968\\n<comment_char> %%%%\\n<escape_char> /\\nCHARMAP\\n<U002C> /x2c "
        "<COMMA>\\n<U002E> /x2e <FULL STOP>"
        "\\nEND CHARMAP\\n' > mini.map && localedef -c -i comma.src -f mini.map %s/xx_XX >log 2>&1; test -e xx_XX/LC_NUMERIC",
        dir, dir);
    bool made = system(script) == 0 && setenv("LOCPATH", dir, 1) == 0 && setlocale(LC_NUMERIC, "xx_XX") != NULL;
    free(script);
    return made;
}

static void locales_change_nothing(void **state)
{
    (void)state;
    char dir[] = "/tmp/gradwire-locale-XXXXXX", control[32], out[32];
    assert_non_null(mkdtemp(dir));
    bool entered = enter_comma_locale(dir);
    snprintf(control, sizeof control, "%g", 0.5);
    format_real(0.5, out);
    double v = 0;
    bool read = parse_real("2.25", &v), comma_read = parse_real("2,25", &v);
    setlocale(LC_ALL, "C");
    char *clean = xprintf("rm -rf %s", dir);
    assert_int_equal(system(clean), 0);
    free(clean);
    assert_string_equal(out, "0.5");
    assert_true(read && v == 2.25);
    assert_false(comma_read);
    if (!entered) skip(); /* no localedef: nothing was shown */
    assert_string_equal(control, "0,5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(whole_numbers_are_read),
        cmocka_unit_test(numbers_are_written_short_and_exact),
        cmocka_unit_test(locales_change_nothing),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
