/* bench_linear.c - time of one client gradient: a plain loop over compressed rows beside the oracle; not a test.
 *
 * Usage: GRADWIRE_DATA=... bench_linear [clients] [repetitions].  The two are timed in turn; minima and their ratio are printed.
 */
#include "../datasets/dataset.h"
#include "../sim/linear.h"
#include "../sim/real.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* What one writes first: row by row, values and all, exp from libm. */
static void plain_gradient(const struct shards *s, const double *value, int64_t client, const double *x, double *out)
{
    const struct rows *r = &s->rows;
    memset(out, 0, (size_t)s->d * sizeof *out);
    for (int64_t k = s->first[client]; k < s->first[client + 1]; k++) {
        double t = x[s->d - 1];
        for (uint64_t e = r->start[k]; e < r->start[k + 1]; e++) t += value[e] * x[r->column[e]];
        const double c = 1 / (1 + exp(r->label[k] * t)), slope = -2 * r->label[k] * (1 - c) * c * c;
        for (uint64_t e = r->start[k]; e < r->start[k + 1]; e++) out[r->column[e]] += slope * value[e];
        out[s->d - 1] += slope;
    }
    for (int64_t j = 0; j < s->d; j++) out[j] /= (double)(s->first[client + 1] - s->first[client]);
}

static void bench(const char *name, int64_t clients, int repeats)
{
    struct fail f = {0};
    struct dataset data;
    struct shards s;
    struct split how = {.remainder = REMAINDER_SPREAD, .clients = clients, .bias = true, .two_classes = true};
    if (!dataset_load(name, 0, &data, &f) || !shards_make(&data, &how, &s, &f)) {
        printf("%-12s %s\n", name, f.text);
        return;
    }
    const uint64_t entries = s.rows.start[s.rows.count];
    double *value = malloc((entries + 1) * sizeof *value);
    for (uint64_t e = 0; e < entries; e++) value[e] = s.rows.value ? s.rows.value[e] : s.rows.common;
    const double param[2] = {0, 0.154}; /* lambda, curvature */
    struct objective o;
    const double before = now();
    if (!objective_open(&o, problem_find("marina-loss"), param, &s, clients, 1, &f)) exit(2);
    const double opened = now() - before;
    struct oracle_work w = {0};
    double *x = calloc((size_t)o.d, sizeof *x), *g = calloc((size_t)o.d, sizeof *g), *h = calloc((size_t)o.d, sizeof *h);
    for (int64_t j = 0; j < o.d; j++) x[j] = 0.1 * (double)(j % 7 - 3);
    double best_plain = 1e9, best = 1e9, best_value = 1e9, off = 0;
    for (int k = 0; k < repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < clients; i++) plain_gradient(&s, value, i, x, h);
        best_plain = fmin(best_plain, now() - t);
        t = now();
        for (int64_t i = 0; i < clients; i++) o.gradient(&o, i, x, g, NULL, &w);
        best = fmin(best, now() - t);
        t = now();
        double f_i;
        for (int64_t i = 0; i < clients; i++) o.gradient(&o, i, x, g, &f_i, &w);
        best_value = fmin(best_value, now() - t);
    }
    for (int64_t j = 0; j < o.d; j++) off = fmax(off, fabs(g[j] - h[j]));
    printf("%-12s n=%-6lld plain %8.3f ms  oracle %8.3f ms (with value %8.3f)  %5.2f ns/nonzero  ratio %5.2f  off %.0e  laid out "
           "in %.1f ms\n",
           name, (long long)clients, best_plain, best, best_value, best * 1e6 / (double)entries, best_plain / best, off, opened);
    free(value);
    objective_close(&o);
    oracle_work_free(&w);
    free(x), free(g), free(h);
    shards_free(&s);
    dataset_free(&data);
}

int main(int count, char **word)
{
    const int64_t clients = count > 1 ? atoll(word[1]) : 5;
    const int repeats = count > 2 ? atoi(word[2]) : 50;
    static const char *const name[] = {"mushrooms", "a9a", "w8a", "phishing"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) bench(name[i], clients, repeats);
    return 0;
}
