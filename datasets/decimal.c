#include "decimal.h"
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* m * 10^scale is one exactly rounded operation when both operands are doubles without error: m <= 2^53, |scale| <= 22
 * (W. D. Clinger, How to read floating point numbers accurately, PLDI 1990). */
static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Powers of five below 2^63. */
enum { FIVES = 27 };
/* clang-format off */
static const uint64_t power_of_five[FIVES + 1] = {
    1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625,
    48828125, 244140625, 1220703125, 6103515625, 30517578125, 152587890625, 762939453125,
    3814697265625, 19073486328125, 95367431640625, 476837158203125, 2384185791015625, 11920928955078125,
    59604644775390625, 298023223876953125, 1490116119384765625, 7450580596923828125};
/* clang-format on */

/* v 2^e, exact, for |e| < 1000 and v and the product far from the ends of the range. */
static double times_power_of_two(double v, int e)
{
    const uint64_t bits = (uint64_t)(1023 + e) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return v * power;
}

/* The nearest double to m 5^k 2^k, m >= 1.  Of the exact product the 64 bits from its first 1 on are kept, and the lowest of them
 * also stands for all that is cut off: below the 54 that decide, so their conversion rounds as that of the whole would. */
static double times_fives(uint64_t m, int k)
{
    const wide product = (wide)m * power_of_five[k];
    const uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if (high == 0) return times_power_of_two((double)low, k);
    const int zeros = __builtin_clzll(high);
    const wide shifted = product << zeros;
    return times_power_of_two((double)((uint64_t)(shifted >> 64) | ((uint64_t)shifted != 0)), 64 - zeros + k);
}

/* The nearest double to m 5^-k 2^-k, m >= 1.  With both shifted to the top of a word the quotient of m 2^63 lies between 2^62 and
 * 2^64: 63 bits at least, and the lowest also stands for the remainder, so their conversion rounds as that of the exact one
 * would. */
static double over_fives(uint64_t m, int k)
{
    const int zeros = __builtin_clzll(m), five_zeros = __builtin_clzll(power_of_five[k]);
    const uint64_t five = power_of_five[k] << five_zeros;
    const wide dividend = (wide)(m << zeros) << 63;
    const uint64_t quotient = (uint64_t)(dividend / five), rest = (uint64_t)dividend - quotient * five;
    return times_power_of_two((double)(quotient | (rest != 0)), five_zeros - zeros - 63 - k);
}

/* The nearest double to m 10^scale, where that is quick. */
static inline bool decimal_exact(uint64_t m, int64_t scale, bool negative, double *out)
{
    static const double sign[] = {1, -1}; /* signs are as random as coins: no branch */
    double v;
    if (m <= UINT64_C(1) << 53 && -22 <= scale && scale <= 22)
        v = scale < 0 ? (double)m / power_of_ten[-scale] : (double)m * power_of_ten[scale];
    else if (m != 0 && -FIVES <= scale && scale <= FIVES)
        v = scale < 0 ? over_fives(m, (int)-scale) : times_fives(m, (int)scale);
    else
        return false;
    *out = sign[negative] * v;
    return true;
}

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

/* Of `digits` digits with at most one point among them, those from the first that is not 0. */
static int64_t significant(const char *p, int64_t digits)
{
    for (; digits > 0 && (*p == '0' || *p == '.'); p++) digits -= *p == '0';
    return digits;
}

bool decimal_read(const char *start, const char **stop, double *out, locale_t plain)
{
    const char *p = start;
    const bool negative = *p == '-';
    uint64_t m = 0; /* modulo 2^64, which does not matter up to 19 digits */
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
    const bool fits = digits <= 19 || (p - start <= DECIMAL_LONGEST && significant(first, digits) <= 19);
    if (!fits || !decimal_exact(m, scale, negative, out)) {
        *stop = start;
        if (!decimal_slow(start, (size_t)(p - start), out, plain)) return false;
    }
    *stop = p;
    return true;
}

/* Eight characters as a word, the first one lowest; digits become 0 .. 9, no other character does. */
static inline uint64_t eight_characters(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word) ^ UINT64_C(0x3030303030303030);
}
/* How many of the eight are digits before the first that is none. */
static inline unsigned leading_digits(uint64_t eight)
{
    const uint64_t other = ((eight + UINT64_C(0x7676767676767676)) | eight) & UINT64_C(0x8080808080808080);
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}
/* The number that the first `count` >= 1 of the eight are, neighbours joined to pairs, those to fours, those to eight. */
static inline uint64_t joined_digits(uint64_t eight, unsigned count)
{
    uint64_t t = eight << (64 - 8 * count);
    t = (t * 10 + (t >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    t = (t * 100 + (t >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (t * 10000 + (t >> 32)) & UINT64_C(0xffffffff);
}

const char *decimal_quick(const char *p, double *out)
{
    static const uint64_t shift[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    const bool negative = *p == '-';
    p += negative | (*p == '+');
    unsigned count = 1, digits;
    uint64_t m = (uint64_t)(*p - '0'), eight; /* before the point there is one digit most of the time */
    if (!is_digit(*p)) return NULL;
    if (is_digit(p[1])) {
        eight = eight_characters(p);
        count = leading_digits(eight);
        if (count == 8) return NULL;
        m = joined_digits(eight, count);
    }
    p += count;
    int64_t scale = 0;
    if (*p == '.') {
        const char *const point = ++p;
        digits = m ? count : 0;
        do {
            eight = eight_characters(p);
            count = leading_digits(eight);
            if (count) m = m * shift[count] + joined_digits(eight, count);
            p += count;
            digits += count;
        } while (count == 8 && digits <= 19);
        if (digits > 19) return NULL;
        scale = point - p;
    }
    return is_space(*p) && decimal_exact(m, scale, negative, out) ? p : NULL;
}
