/* bench_linear.c - time of the oracle of linear models beside a plain loop over compressed rows; not a test.
 *
 * Usage: GRADWIRE_DATA=... bench_linear [clients] [repetitions].  All clients' gradients, then batches of 1, 17 and 498 random
 * samples of one client after another.  Oracle and loop take turns; the smallest times and their ratio are printed. */
#include "../datasets/dataset.h"
#include "../sim/linear.h"
#include "../sim/rng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DRAWN = 20000 }; /* samples that a timed loop over batches evaluates, about */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct bench {
    const char *name;
    struct dataset data;
    struct shards shards;
    struct objective o;
    struct oracle_work w;
    double *value, *x, *g, *h;
    int repeats;
};

/* What one writes first: row by row, values and all, exp from libm.  list: rows of the client, NULL for all. */
static void plain_gradient(const struct bench *b, int64_t client, const uint32_t *list, int64_t count)
{
    const struct shards *s = &b->shards;
    const struct rows *r = &s->rows;
    double *out = b->h;
    memset(out, 0, (size_t)s->d * sizeof *out);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = s->first[client] + (list ? (int64_t)list[i] : i);
        double t = b->x[s->d - 1];
        for (uint64_t e = r->start[k]; e < r->start[k + 1]; e++) t += b->value[e] * b->x[r->column[e]];
        const double c = 1 / (1 + exp(r->label[k] * t)), slope = -2 * r->label[k] * (1 - c) * c * c;
        for (uint64_t e = r->start[k]; e < r->start[k + 1]; e++) out[r->column[e]] += slope * b->value[e];
        out[s->d - 1] += slope;
    }
    for (int64_t j = 0; j < s->d; j++) out[j] /= (double)count;
}

static double difference(const struct bench *b)
{
    double off = 0;
    for (int64_t j = 0; j < b->o.d; j++) off = fmax(off, fabs(b->g[j] - b->h[j]));
    return off;
}

static void print_times(const struct bench *b, const char *what, double plain, double oracle, int64_t samples)
{
    printf("%-10s %-12s %9.1f %9.1f %7.2f %9.0e\n", b->name, what, plain / (double)samples, oracle / (double)samples,
           plain / oracle, difference(b));
}

static void bench_gradients(struct bench *b)
{
    struct objective *o = &b->o;
    double plain = 1e30, oracle = 1e30, with_value = 1e30, f_i;
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < o->n; i++) plain_gradient(b, i, NULL, o->samples[i]);
        plain = fmin(plain, now() - t);
        t = now();
        for (int64_t i = 0; i < o->n; i++) o->gradient(o, i, b->x, b->g, NULL, &b->w);
        oracle = fmin(oracle, now() - t);
        t = now();
        for (int64_t i = 0; i < o->n; i++) o->gradient(o, i, b->x, b->g, &f_i, &b->w);
        with_value = fmin(with_value, now() - t);
    }
    print_times(b, "all", plain, oracle, o->total);
    print_times(b, "all, value", plain, with_value, o->total);
}

/* `count` points in one pass, beside one after another. */
static void bench_points(struct bench *b, int count)
{
    struct objective *o = &b->o;
    const size_t d = (size_t)o->d, n = (size_t)o->n;
    double *x = malloc(8 * d * sizeof *x), *out = malloc(8 * n * d * sizeof *out), *value[MOST_POINTS], one = 1e30, together = 1e30;
    double f_i;
    struct points p = {.count = count, .stride = o->d, .value = value};
    for (int l = 0; l < count; l++) {
        for (size_t j = 0; j < d; j++) x[(size_t)l * d + j] = (1 + 0.01 * l) * b->x[j];
        p.x[l] = x + (size_t)l * d;
        p.out[l] = out + (size_t)l * n * d;
        value[l] = malloc(n * sizeof **value);
    }
    int64_t off = 0;
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < o->n; i++) o->gradient(o, i, b->x, b->g, &f_i, &b->w);
        one = fmin(one, now() - t);
        t = now();
        o->gradients(o, &p, &b->w);
        together = fmin(together, now() - t);
    }
    for (int l = 0; l < count; l++)
        for (int64_t i = 0; i < o->n; i++) {
            o->gradient(o, i, p.x[l], b->g, &f_i, &b->w);
            off += memcmp(b->g, p.out[l] + i * o->d, d * sizeof *b->g) != 0 || f_i != value[l][i];
        }
    printf("%-10s %d points     %9.1f %9.1f %7.2f %9lld\n", b->name, count, one / (double)o->total,
           together / (double)o->total / count, one / (together / count), (long long)off);
}

static void bench_batches(struct bench *b, int64_t size)
{
    struct objective *o = &b->o;
    const int64_t batches = DRAWN / size;
    uint32_t *list = malloc((size_t)(batches * size) * sizeof *list);
    double plain = 1e30, oracle = 1e30;
    char what[32];
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    for (int64_t k = 0; k < batches * size; k++) list[k] = stream_below(&s, (uint32_t)o->samples[k / size % o->n]);
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < batches; i++) plain_gradient(b, i % o->n, list + i * size, size);
        plain = fmin(plain, now() - t);
        t = now();
        for (int64_t i = 0; i < batches; i++) o->batch(o, i % o->n, list + i * size, size, b->x, b->g, &b->w);
        oracle = fmin(oracle, now() - t);
    }
    snprintf(what, sizeof what, "batch %lld", (long long)size);
    print_times(b, what, plain, oracle, batches * size);
    free(list);
}

/* Read, split, lay out; false when the data are not here. */
static bool bench_open(struct bench *b, int64_t clients)
{
    struct fail f = {0};
    struct split how = {.remainder = REMAINDER_SPREAD, .clients = clients, .bias = true, .two_classes = true};
    if (!dataset_load(b->name, 0, &b->data, &f)) {
        printf("%-10s %s\n", b->name, f.text);
        return false;
    }
    const struct problem *loss = problem_find("marina-loss");
    struct settings set = settings_new(loss->param, loss->param_size);
    if (!shards_make(&b->data, &how, &b->shards, &f) || !objective_open(&b->o, loss, set.data, &b->shards, clients, 1, &f)) {
        printf("%s\n", f.text);
        exit(2);
    }
    settings_free(&set);
    const struct rows *r = &b->shards.rows;
    const uint64_t entries = r->start[r->count];
    const size_t d = (size_t)b->o.d;
    b->value = malloc((entries + 1) * sizeof *b->value);
    for (uint64_t e = 0; e < entries; e++) b->value[e] = r->value ? r->value[e] : r->common;
    b->x = calloc(3 * d, sizeof *b->x);
    b->g = b->x + d;
    b->h = b->g + d;
    for (int64_t j = 0; j < b->o.d; j++) b->x[j] = 0.1 * (double)(j % 7 - 3);
    return true;
}

static void bench_close(struct bench *b)
{
    free(b->value);
    free(b->x);
    objective_close(&b->o);
    oracle_work_free(&b->w);
    shards_free(&b->shards);
    dataset_free(&b->data);
}

int main(int count, char **word)
{
    const int64_t clients = count > 1 ? atoll(word[1]) : 5;
    const int repeats = count > 2 ? atoi(word[2]) : 20;
    static const char *const name[] = {"mushrooms", "phishing", "a9a", "w8a"};
    static const int64_t size[] = {1, 17, 498};
    printf(
        "gradients of the MARINA loss, n = %lld, one thread; ns a sample, smallest of %d in turn\n%-10s %-12s %9s %9s %7s %9s\n",
        (long long)clients, repeats, "dataset", "samples", "plain", "gradwire", "ratio", "off");
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        struct bench b = {.name = name[i], .repeats = repeats};
        if (!bench_open(&b, clients)) continue;
        bench_gradients(&b);
        for (int k = 1; k <= 8; k++) bench_points(&b, k);
        for (size_t k = 0; k < sizeof size / sizeof *size; k++) bench_batches(&b, size[k]);
        bench_close(&b);
    }
    return 0;
}
