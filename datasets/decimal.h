/* decimal.h - decimal text to the nearest double, fast for the short numbers that data files hold. */
#ifndef DECIMAL_H
#define DECIMAL_H
#include <locale.h>
#include <stdbool.h>

enum {
    DECIMAL_LONGEST = 1000, /* characters of a number; no shortest decimal of a double is longer than 800 */
    DECIMAL_AHEAD = 48      /* bytes that decimal_quick may look at                                       */
};

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }
static inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Reads `[+-]digits[.digits][e[+-]digits]` from p, which must be followed by white space somewhere; NaN, infinities and
 * hexadecimal are not numbers here.  *stop: the first character that does not belong to the number, or that it lacks.
 * True when the number is whole, i.e. *stop is white space.  A number beyond the largest double gives an infinity.
 * `plain`: the C locale. */
bool decimal_read(const char *p, const char **stop, double *out, locale_t plain);
/* The same number for most of what data files hold, `[+-]digits[.digits]` of up to 19 digits before white space, where it stops;
 * NULL for anything else.  DECIMAL_AHEAD bytes can be read from p on. */
const char *decimal_quick(const char *p, double *out);
#endif
