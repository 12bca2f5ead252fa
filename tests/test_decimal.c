/* Numbers in data files: the nearest double, whatever way they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/decimal.h"
#include "../sim/rng.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double number(const char *digits, locale_t plain)
{
    char text[400];
    const char *stop;
    double v = NAN;
    snprintf(text, sizeof text, "%s\n", digits);
    if (!decimal_read(text, &stop, &v, plain)) fail_msg("not read: %s", digits);
    assert_int_equal(*stop, '\n');
    return v;
}

static void numbers_are_nearest(void **state)
{
    (void)state;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    static const char *const hard[] = {"0.18257",
                                       "9007199254740993",
                                       "9007199254740992",
                                       "9007199254740991e22",
                                       "1e23",
                                       "1e22",
                                       "8.5e-23",
                                       "123456789012345678901234567890",
                                       "2.2250738585072011e-308",
                                       "5e-324",
                                       "2e-324",
                                       "1.7976931348623157e308",
                                       "0.1",
                                       "0.3",
                                       "-0.7",
                                       "3.0000000000000000000000000000001",
                                       "0.000000000000000000000000001e30",
                                       "1E+2",
                                       "72057594037927945",
                                       "1844674407370955161600",
                                       "18446744073709551615e-27",
                                       "0.98765432109876543211",
                                       "9999999999999999999e27",
                                       "9007199254740993e-27",
                                       "0.00000000000000000000000000000000012345678901234567e5",
                                       "0000000000000000000000012345678901234567.5",
                                       "18446744073709551616"};
    for (size_t k = 0; k < sizeof hard / sizeof *hard; k++) {
        const double ours = number(hard[k], plain), libs = strtod(hard[k], NULL);
        assert_memory_equal(&ours, &libs, sizeof ours);
    }
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    int carelessly_wrong = 0;
    for (int k = 0; k < 100000; k++) {
        char text[64];
        const uint64_t digits = stream_u64(&s) >> stream_below(&s, 60);
        const int scale = (int)stream_below(&s, 50) - 25;
        snprintf(text, sizeof text, "%s%" PRIu64 "e%d", stream_bernoulli(&s, .5) ? "-" : "", digits, scale);
        const double ours = number(text, plain), libs = strtod(text, NULL);
        if (memcmp(&ours, &libs, sizeof ours)) fail_msg("%s: %a, not %a", text, ours, libs);
        double careless = (double)digits; /* the control: scaling in steps rounds more than once */
        for (int e = 0; e < abs(scale); e++) careless = scale < 0 ? careless / 10 : careless * 10;
        carelessly_wrong += careless != fabs(libs);
    }
    assert_true(carelessly_wrong > 1000);
    freelocale(plain);
}

/* The middle of two doubles, cut to the digits that `format` shows, its last digit moved by -1, 0 or 1. */
static void near_middle(char *text, size_t size, const char *format, uint64_t odd, int exponent, int moved)
{
    snprintf(text, size, format, ldexpl((long double)odd, exponent));
    char *last = text + strcspn(text, "e") - 1;
    if (*last > '0' && *last < '9') *last = (char)(*last + moved);
}

/* There the last of 19 digits decides.  decimal_quick says the same as decimal_read, which is what strtod says. */
static void next_to_the_middle(void **state)
{
    (void)state;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    struct stream s = stream(2, FOR_TEST, 0, 0, 0);
    int carelessly_wrong = 0;
    for (int k = 0; k < 100000; k++) {
        char text[100] = "";
        const bool fixed = stream_bernoulli(&s, .5);
        const uint64_t odd = stream_u64(&s) >> 10 | UINT64_C(1) << 53 | 1;
        const int exponent = fixed ? -54 - (int)stream_below(&s, 10) : -130 + (int)stream_below(&s, 200);
        near_middle(text, sizeof text - 1, fixed ? "%.18Lf" : "%.18Le", odd, exponent, (int)stream_below(&s, 3) - 1);
        const double libs = strtod(text, NULL), ours = number(text, plain);
        if (memcmp(&ours, &libs, sizeof ours)) fail_msg("%s: %a, not %a", text, ours, libs);
        if (!fixed) continue;
        double quick = 0;
        strcat(text, "\n");
        const char *stop = decimal_quick(text, &quick);
        if (!stop || *stop != '\n' || memcmp(&quick, &libs, sizeof quick)) fail_msg("%s: %a, not %a", text, quick, libs);
        /* the control: a rounded numerator and a rounded quotient */
        const uint64_t m = (uint64_t)(*text - '0') * UINT64_C(1000000000000000000) + strtoull(text + 2, NULL, 10);
        carelessly_wrong += (double)m / 1e18 != libs;
    }
    assert_true(carelessly_wrong > 1000);
    freelocale(plain);
}

/* Halves of integers and of short fractions are exact in 64 bits: ties go to the even neighbour. */
static void ties_are_even(void **state)
{
    (void)state;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    struct stream s = stream(3, FOR_TEST, 0, 0, 0);
    int up = 0;
    for (int k = 0; k < 20000; k++) {
        char text[64];
        const uint64_t odd = stream_u64(&s) >> 10 | UINT64_C(1) << 53 | 1, five[] = {1, 5, 25, 125, 625};
        const int places = (int)stream_below(&s, 5);
        snprintf(text, sizeof text, "%" PRIu64 "e-%d", odd * five[places], places); /* odd / 2^places */
        const uint64_t even = odd % 4 == 1 ? odd - 1 : odd + 1;
        if (number(text, plain) != ldexp((double)even, -places)) fail_msg("%s", text);
        up += even > odd;
    }
    assert_true(up > 9000 && up < 11000);
    freelocale(plain);
}

/* What decimal_quick leaves alone, and what it takes. */
static void quick_or_not(void **state)
{
    (void)state;
    static const char *const left[] = {"",
                                       "-",
                                       "+-3",
                                       ".5",
                                       "1e5",
                                       "1.5e5",
                                       "1,5",
                                       "x",
                                       "1.5x",
                                       "0x10",
                                       "1.2.3",
                                       "--1",
                                       "1-",
                                       "nan",
                                       "inf",
                                       "12345678",
                                       "0.123456789012345678901",
                                       "9.1234567890123456789"};
    static const char *const taken[] = {"1",          "-1",        "+1",        "0",      "-0",           "0.5",
                                        "-0.25",      "1.",        "1234567",   "12.375", "0.0000000001", "00.500",
                                        "1234567.25", "-0.000000", "0.12345678"};
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char text[100 + DECIMAL_AHEAD];
    double v, w;
    for (size_t k = 0; k < sizeof left / sizeof *left; k++) {
        snprintf(text, sizeof text, "%s\n%*s", left[k], DECIMAL_AHEAD, "");
        if (decimal_quick(text, &v)) fail_msg("taken: %s", left[k]);
    }
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
        const char *stop;
        snprintf(text, sizeof text, "%s\n%*s", taken[k], DECIMAL_AHEAD, "");
        if (decimal_quick(text, &v) != text + strlen(taken[k])) fail_msg("not taken: %s", taken[k]);
        assert_true(decimal_read(text, &stop, &w, plain));
        assert_memory_equal(&v, &w, sizeof v); /* the sign of a zero, too */
    }
    freelocale(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_nearest),
        cmocka_unit_test(next_to_the_middle),
        cmocka_unit_test(ties_are_even),
        cmocka_unit_test(quick_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
