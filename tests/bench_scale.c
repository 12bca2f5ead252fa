/* bench_scale.c - many clients, many coordinates: time of a round, and memory beside what the method needs; not a test.
 *
 * Every run is made in a process of its own, so that its peak of memory (VmHWM) is its own.  It is compared with this sum:
 *   data     the rows as they are stored (4 bytes a nonzero, 12 with values, 16 a row), or the quadratic's own vectors, x0 and
 * x*; vectors  of d numbers: the method's declared states, of the server and of every client; its scratch; one gradient; what is
 *            heard; the sum of the messages; in a round of dense messages also one of these and their mean;
 *   clients  the 11 counts and the L_i of each, which the result tells.
 * What the bare program takes, libraries and all, is subtracted from the peak.  Runs of up to 64 MB of client gradients keep
 * these, too, and so have a larger peak than the next size.  "with commit": the peak when the unfinished run is written on the
 * way. */
#include "../sim/plan.h"
#include "../sim/record.h"
#include "../sim/results.h"
#include "bench_kit.h"
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ROUNDS = 8, SHARE_ROUNDS = 600 };

struct outcome {
    char label[64];
    double start, peak, sum, at_commit; /* ns; bytes */
    struct times round;
};

/* --- processes ------------------------------------------------------------------------------------------------------ */

static double peak_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = NAN;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0) kilobytes = strtod(line + 6, NULL);
    if (f) fclose(f);
    return kilobytes * 1024;
}

/* What `work` writes to *out, done in a child. */
static void in_child(void (*work)(void *context, struct outcome *out), void *context, struct outcome *out)
{
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0) exit(1);
    const pid_t child = fork();
    if (child == 0) {
        struct outcome *mine = xcalloc(1, sizeof *mine);
        work(context, mine);
        fflush(stdout);
        const ssize_t sent = write(ends[1], mine, sizeof *mine);
        _exit(sent == (ssize_t)sizeof *mine ? 0 : 1);
    }
    close(ends[1]);
    char *to = (char *)out;
    size_t got = 0;
    for (ssize_t n; got < sizeof *out && (n = read(ends[0], to + got, sizeof *out - got)) > 0;) got += (size_t)n;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (child < 0 || status != 0 || got < sizeof *out) exit(1);
}

static void nothing(void *context, struct outcome *out)
{
    (void)context;
    out->peak = peak_bytes();
}

/* --- one run ---------------------------------------------------------------------------------------------------------- */

static double needed_bytes(const struct run *r)
{
    const struct objective *o = r->objective;
    double vectors = (double)r->server_vectors + (double)r->n * (double)r->client_vectors + 1 + 1; /* x0, gradient */
    vectors += (o->x_star != NULL) + (r->spec->method->dense_start ? 2 : 0);
    for (int k = 0; k < SLOTS; k++) vectors += r->worker[0].slot[k] != NULL;
    for (int p = 0; p < PORTS; p++) vectors += (r->heard[p] != NULL) + (r->sum[p].total != NULL);
    return o->bytes + vectors * (double)r->d * sizeof(double) + (double)r->n * (sizeof(struct ledger) + sizeof(double));
}

struct job {
    struct plan *plan;
    size_t number;
    int rounds;
    double peak; /* of making the plan ready */
};

static void commit(struct run *r, const struct job *j)
{
    struct snapshot *all = xcalloc(j->plan->runs, sizeof *all);
    struct record file;
    struct fail f = {0};
    char path[] = "/tmp/gradwire-bench-XXXXXX";
    close(mkstemp(path));
    snapshot_lend(&all[j->number], r);
    results_lend(&file, j->plan, all);
    if (!record_write(path, &file, &f)) exit(1);
    unlink(path);
    record_free(&file);
    snapshot_return(&all[j->number]);
    for (size_t k = 0; k < j->plan->runs; k++) snapshot_free(&all[k]);
    free(all);
}

static void one_run(void *context, struct outcome *out)
{
    const struct job *j = context;
    struct run *r = run_new(&j->plan->run[j->number]->spec, 1);
    snprintf(out->label, sizeof out->label, "%s", r->spec->method->name);
    run_round(r); /* with row 0, and dense where a method begins so */
    for (int k = 0; k < j->rounds; k++) {
        const double from = now();
        run_round(r);
        times_add(&out->round, now() - from);
    }
    out->sum = needed_bytes(r);
    out->peak = fmax(peak_bytes(), j->peak);
    commit(r, j);
    out->at_commit = peak_bytes();
}

struct experiment_of {
    const char *words;
    int rounds;
    double base;
    void (*tell)(const char *title, const struct outcome *out, double base);
    const char *title;
};

static void make_plan(const char *words, struct plan *p, struct experiment *e)
{
    struct fail f = {0};
    char *text = xprintf("[experiment]\nrounds = 1000000\nrecord = every 1000000\n%s\n", words);
    for (char *c = text + strlen("[experiment]\nrounds = 1000000\nrecord = every 1000000\n"); *c; c++)
        *c = *c == ' ' ? '\n' : *c == '~' ? ' ' : *c;
    if (!experiment_parse(text, "bench", e, &f) || !plan_make(p, e, &f)) {
        fprintf(stderr, "bench_scale: %s\n", f.text);
        exit(1);
    }
    free(text);
}

/* Loads once and makes every run of the experiment in a child; the last one's outcome is handed on. */
static void every_run(void *context, struct outcome *out)
{
    const struct experiment_of *x = context;
    struct experiment e = {0};
    struct plan p = {0};
    const double from = now();
    make_plan(x->words, &p, &e);
    const double start = now() - from;
    struct job j = {.plan = &p, .rounds = x->rounds, .peak = peak_bytes()};
    for (; j.number < p.runs; j.number++) {
        in_child(one_run, &j, out);
        out->start = start;
        if (x->tell) x->tell(x->title, out, x->base);
    }
}

/* --- full sizes ----------------------------------------------------------------------------------------------------------- */

static void tell_full(const char *title, const struct outcome *o, double base)
{
    char what[128];
    const double ratio = (o->peak - base) / o->sum;
    printf("%-40s %-7s %7.2f s %9.1f ms %9.3f GB %9.3f GB %7.2f %9.3f GB\n", title, o->label, o->start / 1e9,
           times_median(&o->round) / 1e6, (o->peak - base) / 1e9, o->sum / 1e9, ratio, (o->at_commit - base) / 1e9);
    snprintf(what, sizeof what, "%s %s", title, o->label);
    bench_line("scale round", what, "ms", &o->round, 1e6, NAN);
    bench_line("scale memory", what, "GB", &(struct times){1, {o->peak - base}}, 1e9, ratio);
    bench_line("scale start", what, "s", &(struct times){1, {o->start}}, 1e9, NAN);
}

static void full(const char *title, const char *words, int rounds, double base)
{
    struct experiment_of x = {words, rounds, base, tell_full, title};
    struct outcome out;
    in_child(every_run, &x, &out);
}

/* --- growth --------------------------------------------------------------------------------------------------------------- */

enum { SIZES = 3 };

/* One word of the experiment takes three sizes, each twice the last.  Growth: time or memory per size at the largest over that at
 * the smallest; 1 is proportional, less is a part that does not grow, more would be worse than linear. */
static void growth(const char *what, const char *format, const long size[SIZES], int rounds, double base)
{
    struct outcome out[SIZES];
    for (int k = 0; k < SIZES; k++) {
        char words[1024];
        snprintf(words, sizeof words, format, size[k], 10 * size[k]);
        struct experiment_of x = {.words = words, .rounds = rounds};
        in_child(every_run, &x, &out[k]);
    }
    const struct outcome *low = &out[0], *high = &out[SIZES - 1];
    const double times = (double)size[SIZES - 1] / (double)size[0], start = high->start / low->start / times,
                 round = times_min(&high->round) / times_min(&low->round) / times,
                 memory = (high->peak - base) / (low->peak - base) / times;
    printf("%-14s", what);
    for (int k = 0; k < SIZES; k++)
        printf(" %8ld: %6.2f s %7.2f ms %6.0f MB ", size[k], out[k].start / 1e9, times_min(&out[k].round) / 1e6,
               (out[k].peak - base) / 1e6);
    printf("%6.2f %5.2f %5.2f\n", start, round, memory);
    char name[64];
    snprintf(name, sizeof name, "growth in %s", what);
    bench_line("scale round", name, "ms", &high->round, 1e6, round);
    bench_line("scale memory", name, "GB", &(struct times){1, {high->peak - base}}, 1e9, memory);
}

/* --- what a round costs besides its gradients ----------------------------------------------------------------------------------
 */

static double in_gradients;
static void (*real_gradient)(const struct objective *o, int64_t client, const double *x, double *out, double *value,
                             struct oracle_work *w);

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void timed_gradient(const struct objective *o, int64_t client, const double *x, double *out, double *value,
                           struct oracle_work *w)
{
    const double from = wall();
    real_gradient(o, client, x, out, value, w);
    in_gradients += wall() - from;
}

/* The median over rounds, each with its row: what else the machine does falls into few of them. */
static void rest_of_a_round(const char *method, const char *compressor, int clients)
{
    char words[512];
    snprintf(words, sizeof words, "problem=marina-loss dataset=one-hot bias=yes clients=%d method=%s compressor=%s k=10", clients,
             method, compressor);
    struct experiment e = {0};
    struct plan p = {0};
    make_plan(words, &p, &e);
    p.run[0]->spec.policy.number = 1;
    struct objective *o = &p.instance[0]->objective;
    real_gradient = o->gradient;
    o->gradient = timed_gradient;
    struct run *r = run_new(&p.run[0]->spec, 1);
    struct times all = {0}, share = {0};
    for (int k = 0; k < SHARE_ROUNDS; k++) {
        const double from = wall();
        in_gradients = 0;
        run_round(r);
        times_add(&all, wall() - from);
        times_add(&share, 1 - in_gradients / all.ns[k]);
    }
    printf("%-8s %-6s n = %-3d %8.1f us a round %6.1f %%\n", method, compressor, clients, times_median(&all) / 1e3,
           100 * times_median(&share));
    snprintf(words, sizeof words, "rest of a round %s n=%d", method, clients);
    bench_line("scale", words, "us", &all, 1e3, times_median(&share));
    run_free(r);
    plan_free(&p);
    experiment_free(&e);
}

int main(void)
{
    struct outcome none;
    in_child(nothing, NULL, &none);
    const double base = none.peak;

    printf("one thread, processor time; every client has 10 samples; growth: per size, largest over smallest: start, round, "
           "memory\n");
#define TABLE "problem=logistic dataset=one-hot features=100 "
#define MANY  TABLE "compressor=randk k=1 "
    growth("clients", MANY "groups=10 method=marina clients=%ld rows=%ld", (const long[]){25000, 50000, 100000}, 5, base);
    growth("nonzeros a row", MANY "method=qgd clients=20000 rows=200000 groups=%ld", (const long[]){20, 40, 80}, 5, base);
    growth("K", "problem=quadratic dim=1000000 clients=5 heterogeneity=0.5 method=diana compressor=randk k=%ld",
           (const long[]){10000, 20000, 40000}, 5, base);

    printf("\n%-48s %9s %12s %12s %12s %7s %12s\n", "", "start", "round", "memory", "needed", "ratio", "with commit");
    full("n=1e5 d=100 Rand-1", MANY "groups=10 rows=1000000 clients=100000 method=qgd,~marina,~diana", 3, base);
    full("n=1e6 d=100 (fedavg: 1000 a round)", MANY "groups=5 rows=10000000 clients=1000000 method=gd,~qgd,~sgd,~fedavg r=1000",
         2, base);
    full("n=5 d=11.2e6 Rand-K at 1 %",
         "problem=quadratic dim=11200000 clients=5 heterogeneity=0.5 compressor=randk k=112000 method=qgd,~marina,~diana", 2,
         base);

    printf("\nshare of a round, with its row, that is not a gradient: 8124 rows of 21 ones in 112 columns, K = 10\n");
    static const char *const method[][2] = {{"marina", "randk"}, {"diana", "randk"}, {"dasha", "randk"}, {"ef21", "topk"}};
    for (size_t k = 0; k < sizeof method / sizeof *method; k++)
        for (int n = 5; n <= 20; n += 15) rest_of_a_round(method[k][0], method[k][1], n);
    return 0;
}
