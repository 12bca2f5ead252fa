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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
