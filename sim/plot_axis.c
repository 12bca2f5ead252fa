/* plot_axis.c - where the ticks of an axis are, and what they say. */
#include "plot_figure.h"
#include "real.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double axis_position(const struct axis *a, double v)
{
    if (!a->log) return (v - a->low) / (a->high - a->low);
    double low = real_log(a->low);
    return (real_log(v) - low) / (real_log(a->high) - low);
}

void axis_free(struct axis *a)
{
    free(a->tick);
}

/* mantissa * 10^exponent as the double nearest to it. */
static double decimal(long long mantissa, int exponent)
{
    char text[48];
    double v = 0;
    snprintf(text, sizeof text, "%llde%d", mantissa, exponent);
    return parse_real(text, &v) ? v : mantissa < 0 ? -(double)INFINITY : (double)INFINITY;
}

/* The largest k with 10^k <= v, v > 0. */
static int decade_below(double v)
{
    int k = (int)floor(real_log(v) / real_log(10));
    while (decimal(1, k) > v) k--;
    while (decimal(1, k + 1) <= v) k++;
    return k;
}

static struct tick *add_tick(struct axis *a, long long mantissa, int exponent)
{
    double v = decimal(mantissa, exponent), slack = a->log ? 0 : 1e-9 * (a->high - a->low);
    if (v < a->low - slack || v > a->high + slack) return NULL;
    a->tick = xrealloc(a->tick, (a->ticks + 1) * sizeof *a->tick);
    struct tick *t = &a->tick[a->ticks++];
    snprintf(t->at, sizeof t->at, "%llde%d", mantissa, exponent);
    t->label[0] = '\0';
    return t;
}

/* mantissa * 10^exponent in plain digits: 1500, 0.25, -3; 3e+20 where that would be long. */
static void plain_digits(long long mantissa, int exponent, char out[40])
{
    char number[32];
    format_real(decimal(mantissa, exponent), number);
    snprintf(out, 40, "%s", number);
}

/* Steps of 1, 2 or 5 times a power of ten, four to eight of them: long numbers do not touch. */
static void linear_ticks(struct axis *a, int unit)
{
    double span = a->high - a->low, size = fmax(fabs(a->low), fabs(a->high));
    int power = decade_below(span / 7);
    long long m = 1;
    while (m < 10 && decimal(m, power) < span / 7) m = m == 1 ? 2 : m == 2 ? 5 : 10;
    double step = decimal(m, power);
    int decade = decade_below(size);
    a->exponent = unit == 0 ? 0 : unit * (int)floor((double)decade / unit);
    for (long long i = (long long)floor(a->low / step); (double)i <= ceil(a->high / step); i++) {
        struct tick *t = add_tick(a, i * m, power);
        if (t != NULL) plain_digits(i * m, power - a->exponent, t->label);
    }
}

static void power_label(long long mantissa, int exponent, char out[40])
{
    if (mantissa == 1)
        snprintf(out, 40, "10^{%d}", exponent);
    else
        snprintf(out, 40, "%lld·10^{%d}", mantissa, exponent);
}

/* Label every step-th power of ten: about eight labels. */
static int decade_step(int powers)
{
    static const int steps[] = {1, 2, 3, 5, 10, 20, 25, 50};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (powers <= 9 * steps[i]) return steps[i];
    return 100;
}

/* Powers of ten; where there are fewer than three, also their 2 and 5 fold. */
static void log_ticks(struct axis *a)
{
    int low = decade_below(a->low), high = decade_below(a->high), powers = decimal(1, low) < a->low ? high - low : high - low + 1;
    int step = decade_step(powers);
    a->exponent = 0;
    for (int k = low; k <= high; k++)
        for (int m = 1; m <= 9; m++) {
            if ((m > 1 && step > 1) || (step > 5 && k % step != 0)) break;
            struct tick *t = add_tick(a, m, k);
            bool labelled = m == 1 ? k % step == 0 : powers < 3 && (m == 2 || m == 5);
            if (t != NULL && labelled) power_label(m, k, t->label);
        }
}

void axis_ticks(struct axis *a, int step)
{
    a->ticks = 0;
    size_t labelled = 0;
    if (a->log) log_ticks(a);
    for (size_t i = 0; i < a->ticks; i++) labelled += a->tick[i].label[0] != '\0';
    if (labelled >= 2) return;
    a->ticks = 0;
    linear_ticks(a, step);
}
