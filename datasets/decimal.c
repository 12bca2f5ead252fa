#include "decimal.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* m * 10^scale is one exactly rounded operation when both operands are doubles without error: m <= 2^53, |scale| <= 22
 * (W. D. Clinger, How to read floating point numbers accurately, PLDI 1990). */
static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool decimal_slow(const char *p, size_t length, double *out, locale_t plain)
{
    char word[DECIMAL_LONGEST + 1];
    if (length > DECIMAL_LONGEST) return false;
    memcpy(word, p, length);
    word[length] = '\0';
    *out = strtod_l(word, NULL, plain);
    return true;
}

static const char *exponent_read(const char *p, int64_t *scale)
{
    const bool negative = *p == '-';
    int64_t e = 0;
    if (*p == '-' || *p == '+') p++;
    if (!is_digit(*p)) return NULL;
    for (; is_digit(*p); p++)
        if (e < 100000) e = e * 10 + (*p - '0');
    *scale += negative ? -e : e;
    return p;
}

bool decimal_read(const char *start, const char **stop, double *out, locale_t plain)
{
    const char *p = start;
    const bool negative = *p == '-';
    uint64_t m = 0;
    int64_t scale = 0;
    if (*p == '-' || *p == '+') p++;
    const char *first = p;
    for (; is_digit(*p); p++) m = m * 10 + (uint64_t)(*p - '0');
    int64_t digits = p - first;
    if (*p == '.') {
        const char *point = ++p;
        for (; is_digit(*p); p++) m = m * 10 + (uint64_t)(*p - '0');
        scale = point - p;
        digits -= scale;
    }
    *stop = p;
    if (digits == 0) return false;
    if (*p == 'e' || *p == 'E') {
        const char *after = exponent_read(p + 1, &scale);
        *stop = after ? after : p + 1 + (p[1] == '-' || p[1] == '+');
        if (!after) return false;
        p = after;
    }
    if (!is_space(*p)) return false;
    if (digits > 19 || m > UINT64_C(1) << 53 || scale < -22 || scale > 22) {
        *stop = start;
        if (!decimal_slow(start, (size_t)(p - start), out, plain)) return false;
        *stop = p;
        return true;
    }
    double v = (double)m;
    v = scale < 0 ? v / power_of_ten[-scale] : v * power_of_ten[scale];
    *out = negative ? -v : v;
    return true;
}
