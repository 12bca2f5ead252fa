/* bench_linear.c - time of the oracle of linear models, beside what this machine allows and beside a plain loop; not a test.
 *
 * Usage: GRADWIRE_DATA=... bench_linear [clients] [repetitions].  Everything takes turns in one thread.  The limit, "roofline",
 * is measured in the same turns: sums of gathered numbers from lists that never end, times the nonzeros of both passes, plus the
 * loss of samples that stay in the first-level cache, times the samples. */
#include "../datasets/dataset.h"
#include "../sim/linear.h"
#include "../sim/rng.h"
#include "bench_kit.h"

enum { DRAWN = 20000, WORDS = 1024, STRIP = 256 }; /* samples that a timed loop over batches evaluates, about; of the roofline */

struct bench {
    char name[24];
    struct dataset data;
    struct shards shards;
    struct objective o;
    struct oracle_work w;
    double *value, *x, *g, *h;
    int repeats;
    double entries, least; /* least: time of all gradients */
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

/* --- the limit ----------------------------------------------------------------------------------------------------- */

static volatile double sink;

/* Time of one addition of a gathered number, out of `size` of them. */
static double gather_time(uint32_t size, const double *x)
{
    uint64_t index[WORDS];
    struct stream s = stream(2, FOR_TEST, 0, 0, size);
    for (int k = 0; k < WORDS; k++) {
        index[k] = 0;
        for (int l = 0; l < 4; l++) index[k] |= (uint64_t)stream_below(&s, size) << (16 * l);
    }
    double a[8] = {0}, t = now();
    for (int again = 0; again < 8; again++)
        for (int k = 0; k < WORDS; k += 2) {
            const uint64_t u = index[k], v = index[k + 1];
            a[0] += x[(uint16_t)u], a[1] += x[(uint16_t)(u >> 16)], a[2] += x[(uint16_t)(u >> 32)], a[3] += x[u >> 48];
            a[4] += x[(uint16_t)v], a[5] += x[(uint16_t)(v >> 16)], a[6] += x[(uint16_t)(v >> 32)], a[7] += x[v >> 48];
        }
    t = now() - t;
    for (int l = 0; l < 8; l++) sink = sink + a[l];
    return t / (8 * 4 * WORDS);
}

/* Time of the slope of one sample's loss. */
static double loss_time(const struct bench *b)
{
    double t[STRIP], y[STRIP], slope[STRIP];
    for (int k = 0; k < STRIP; k++) {
        t[k] = 0.01 * (k - 100);
        y[k] = k % 3 ? 1 : -1;
    }
    const double begun = now();
    for (int again = 0; again < 64; again++) b->o.problem->loss(b->o.param, STRIP, t, y, NULL, slope, NULL);
    return (now() - begun) / (64 * STRIP);
}

static double roofline(const struct bench *b)
{
    static double x[UINT16_MAX + 1];
    const double rows = gather_time((uint32_t)b->o.d, x), columns = gather_time(LINEAR_BLOCK, x), m = (double)b->o.total;
    return rows * b->entries + columns * (b->entries + m) + loss_time(b) * m;
}

/* --- the gradient -------------------------------------------------------------------------------------------------- */

static void all_gradients(struct bench *b, double *value)
{
    for (int64_t i = 0; i < b->o.n; i++) b->o.gradient(&b->o, i, b->x, b->g, value, &b->w);
}

static void bench_gradients(struct bench *b)
{
    struct times plain = {0}, oracle = {0}, with_value = {0}, limit = {0};
    double f_i;
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < b->o.n; i++) plain_gradient(b, i, NULL, b->o.samples[i]);
        times_add(&plain, now() - t);
        t = now();
        all_gradients(b, NULL);
        times_add(&oracle, now() - t);
        t = now();
        all_gradients(b, &f_i);
        times_add(&with_value, now() - t);
        times_add(&limit, roofline(b));
    }
    const double fraction = times_min(&limit) / times_min(&oracle);
    b->least = times_min(&oracle);
    printf("%-18s %8.3f %8.3f %8.3f %8.3f %8.3f %9.0f%% %7.2f %8.0e\n", b->name, times_min(&oracle) / 1e6,
           times_median(&oracle) / 1e6, times_min(&with_value) / 1e6, times_min(&limit) / 1e6, times_min(&oracle) / b->entries,
           100 * fraction, times_ratio(&plain, &oracle), difference(b));
    bench_line("gradient", b->name, "ms", &oracle, 1e6, times_ratio(&plain, &oracle));
    bench_line("gradient and value", b->name, "ms", &with_value, 1e6, (double)NAN);
    bench_line("roofline of a gradient", b->name, "ms", &limit, 1e6, fraction);
}

/* `count` points in one pass, beside one after another. */
static void bench_points(struct bench *b, int count)
{
    struct objective *o = &b->o;
    const size_t d = (size_t)o->d, n = (size_t)o->n;
    double *x = malloc(MOST_POINTS * d * sizeof *x), *out = malloc(MOST_POINTS * n * d * sizeof *out), *value[MOST_POINTS], f_i;
    struct points p = {.count = count, .stride = o->d, .value = value};
    for (int l = 0; l < count; l++) {
        for (size_t j = 0; j < d; j++) x[(size_t)l * d + j] = (1 + 0.01 * l) * b->x[j];
        p.x[l] = x + (size_t)l * d;
        p.out[l] = out + (size_t)l * n * d;
        value[l] = malloc(n * sizeof **value);
    }
    struct times one = {0}, together = {0};
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        all_gradients(b, &f_i);
        times_add(&one, now() - t);
        t = now();
        o->gradients(o, &p, &b->w);
        times_add(&together, (now() - t) / count);
    }
    char what[80];
    snprintf(what, sizeof what, "%.23s, %d points", b->name, count);
    printf("%-28s %9.3f %9.3f %9.2f\n", what, times_min(&one) / 1e6, times_min(&together) / 1e6, times_ratio(&one, &together));
    bench_line("gradient and value at several points, a point", what, "ms", &together, 1e6, times_ratio(&one, &together));
    for (int l = 0; l < count; l++) free(value[l]);
    free(x);
    free(out);
}

static void bench_batches(struct bench *b, int64_t size)
{
    struct objective *o = &b->o;
    const int64_t batches = DRAWN / size;
    uint32_t *list = malloc((size_t)(batches * size) * sizeof *list);
    struct times plain = {0}, oracle = {0};
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    for (int64_t k = 0; k < batches * size; k++) list[k] = stream_below(&s, (uint32_t)o->samples[k / size % o->n]);
    for (int k = 0; k < b->repeats; k++) {
        double t = now();
        for (int64_t i = 0; i < batches; i++) plain_gradient(b, i % o->n, list + i * size, size);
        times_add(&plain, now() - t);
        t = now();
        for (int64_t i = 0; i < batches; i++) o->batch(o, i % o->n, list + i * size, size, b->x, b->g, &b->w);
        times_add(&oracle, now() - t);
    }
    char what[80];
    const double samples = (double)(batches * size);
    snprintf(what, sizeof what, "%.23s, batch of %lld", b->name, (long long)size);
    printf("%-28s %9.1f %9.1f %9.2f\n", what, times_min(&plain) / samples, times_min(&oracle) / samples,
           times_ratio(&plain, &oracle));
    bench_line("sample of a batch", what, "ns", &oracle, samples, times_ratio(&plain, &oracle));
    free(list);
}

/* --- the data ------------------------------------------------------------------------------------------------------ */

/* Every nonzero another number. */
static void make_real(struct shards *s)
{
    struct rows *r = &s->rows;
    struct stream t = stream(3, FOR_TEST, 0, 0, 0);
    r->value = malloc((r->start[r->count] + 1) * sizeof *r->value);
    for (uint64_t e = 0; e < r->start[r->count]; e++) r->value[e] = r->common * (0.5 + stream_uniform(&t));
}

/* As many ones a row, but of a thousand columns and anywhere: no two rows share a word. */
static void make_wide(struct rows *r)
{
    struct stream t = stream(4, FOR_TEST, 0, 0, 0);
    r->d = 1000;
    for (int64_t k = 0; k < r->count; k++)
        for (uint64_t e = r->start[k], ones = r->start[k + 1] - e; e < r->start[k + 1]; e++) {
            const uint64_t i = e - r->start[k], from = i * 1000 / ones, to = (i + 1) * 1000 / ones;
            r->column[e] = (uint32_t)from + stream_below(&t, (uint32_t)(to - from));
        }
}

/* Read, split, lay out; false when the data are not here. */
static bool bench_open(struct bench *b, const char *name, bool wide, bool real, int64_t clients)
{
    struct fail f = {0};
    struct split how = {.remainder = REMAINDER_SPREAD, .clients = clients, .bias = true, .two_classes = true};
    if (!dataset_load(name, 0, &b->data, &f)) {
        printf("%-10s %s\n", name, f.text);
        return false;
    }
    if (wide) make_wide(&b->data.rows);
    snprintf(b->name, sizeof b->name, "%s%s", wide ? "30 of 1000" : name, real ? ", real" : "");
    const struct problem *loss = problem_find("marina-loss");
    struct settings set = settings_new(loss->param, loss->param_size);
    bool ok = shards_make(&b->data, &how, &b->shards, &f);
    if (ok && real) make_real(&b->shards);
    if (!ok || !objective_open(&b->o, loss, set.data, &b->shards, clients, 1, &f)) {
        printf("%s\n", f.text);
        exit(2);
    }
    settings_free(&set);
    const struct rows *r = &b->shards.rows;
    const uint64_t entries = r->start[r->count];
    const size_t d = (size_t)b->o.d;
    b->entries = (double)entries;
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
    const int repeats = count > 2 ? atoi(word[2]) : 30;
    static const char *const name[] = {"mushrooms", "phishing", "a9a", "w8a", "phishing", "phishing", "phishing"};
    enum { SETS = sizeof name / sizeof *name };
    static const int64_t size[] = {1, 17, 498};
    static const int points[] = {4, 8, MOST_POINTS};
    struct bench b[SETS] = {0};
    bool here[SETS];
    for (int i = 0; i < SETS; i++) {
        b[i].repeats = repeats;
        here[i] = bench_open(&b[i], name[i], i >= SETS - 2, i == SETS - 3 || i == SETS - 1, clients);
    }
    printf("all gradients of the MARINA loss, n = %lld, one thread, %d repeats in turn; ms, and ns a nonzero\n",
           (long long)clients, repeats);
    printf("%-18s %8s %8s %8s %8s %8s %10s %7s %8s\n", "dataset", "min", "median", "+ value", "roofline", "ns/nnz", "of it",
           "x plain", "off");
    for (int i = 0; i < SETS; i++)
        if (here[i]) bench_gradients(&b[i]);
    if (here[SETS - 2])
        printf("distinct values instead of ones, rows without words: %.2f times a nonzero\n",
               b[SETS - 1].least / b[SETS - 2].least);
    printf("\nseveral points in one pass over the data, with values; ms a point\n%-28s %9s %9s %9s\n", "", "one", "together",
           "ratio");
    for (int i = 0; i < SETS; i++)
        for (size_t k = 0; here[i] && k < sizeof points / sizeof *points; k++) bench_points(&b[i], points[k]);
    printf("\nbatches of samples drawn with replacement; ns a sample\n%-28s %9s %9s %9s\n", "", "plain", "gradwire", "ratio");
    for (int i = 0; i < SETS; i++)
        for (size_t k = 0; here[i] && k < sizeof size / sizeof *size; k++) bench_batches(&b[i], size[k]);
    for (int i = 0; i < SETS; i++)
        if (here[i]) bench_close(&b[i]);
    return 0;
}
