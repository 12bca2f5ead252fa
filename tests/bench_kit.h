/* bench_kit.h - timing of things that take turns: the processor time of this thread, the smallest and the median of repeats, and one
 * line for each in the file that $GRADWIRE_BENCH names (bench,case,unit,min,median,ratio). */
#ifndef BENCH_KIT_H
#define BENCH_KIT_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now(void) /* ns */
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

enum { MOST_TIMES = 1000 };
struct times {
    int count;
    double ns[MOST_TIMES];
};

static inline void times_add(struct times *t, double ns)
{
    if (t->count < MOST_TIMES) t->ns[t->count++] = ns;
}

static inline int times_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double times_median(const struct times *t)
{
    struct times sorted = *t;
    qsort(sorted.ns, (size_t)t->count, sizeof *sorted.ns, times_order);
    return t->count ? (sorted.ns[(t->count - 1) / 2] + sorted.ns[t->count / 2]) / 2 : (double)NAN;
}

static inline double times_min(const struct times *t)
{
    double least = INFINITY;
    for (int k = 0; k < t->count; k++) least = fmin(least, t->ns[k]);
    return least;
}

/* The median of a/b, turn by turn: a slow moment of the machine meets both. */
static inline double times_ratio(const struct times *a, const struct times *b)
{
    struct times r = {0};
    for (int k = 0; k < a->count && k < b->count; k++) times_add(&r, a->ns[k] / b->ns[k]);
    return times_median(&r);
}

/* per: what to divide the times by; ratio: NaN for none */
static inline void bench_line(const char *bench, const char *what, const char *unit, const struct times *t, double per, double ratio)
{
    const char *path = getenv("GRADWIRE_BENCH");
    FILE *f = path ? fopen(path, "a") : NULL;
    if (!f) return;
    fprintf(f, "%s,%s,%s,%.6g,%.6g,", bench, what, unit, times_min(t) / per, times_median(t) / per);
    if (!isnan(ratio)) fprintf(f, "%.4g", ratio);
    fputc('\n', f);
    fclose(f);
}
#endif
