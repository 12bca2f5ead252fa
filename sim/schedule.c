/* schedule.c - runs side by side, commits now and then, a clean stop on SIGINT and SIGTERM. */
#include "schedule.h"
#include "command.h"
#include "progress.h"
#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs side by side take turns every round: what they hold together should stay in a processor's cache. */
static const double lane_bytes = 1 << 22;
enum { CACHED_LANES = 16 }; /* of data that stay there, too, more passes take no longer than one */

static atomic_int stop_asked; /* set by a signal, in whatever thread, and read by all */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler must not wait");

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

struct state {
    const struct schedule *how;
    const struct plan *plan;
    struct snapshot *snapshot;
    omp_lock_t *lock; /* one a snapshot                            */
    omp_lock_t committing;
    _Atomic double last_commit, last_cost; /* seconds; read by all, written by who commits */
    bool warned, unfinished_before;
    int outer;        /* threads that make rounds of different runs */
    bool alone;       /* one run after another: what is written stands still, and need not be copied */
    struct run *kept; /* one that was interrupted so */
    bool *taken;      /* by one of them, or over                    */
    size_t first;     /* all before it are taken                    */
    struct progress *progress;
    struct fail fail; /* the first run that could not go on        */
};

/* Writes what is known of every run.  The caller holds `committing` or is alone. */
static bool commit(struct state *s, struct fail *f)
{
    double begun = progress_seconds(s->progress);
    struct record file;
    for (size_t k = 0; k < s->plan->runs; k++) omp_set_lock(&s->lock[k]);
    results_lend(&file, s->plan, s->snapshot);
    bool ok = record_write(s->how->path, &file, f);
    record_free(&file);
    for (size_t k = 0; k < s->plan->runs; k++) omp_unset_lock(&s->lock[k]);
    s->last_commit = progress_seconds(s->progress);
    s->last_cost = s->last_commit - begun;
    return ok;
}

static void publish(struct state *s, size_t number, const struct run *r)
{
    omp_set_lock(&s->lock[number]);
    snapshot_take(&s->snapshot[number], r);
    omp_unset_lock(&s->lock[number]);
}

/* A commit that fails on the way costs nothing yet: what was committed before is whole, and the last one tries again. */
static void commit_if_due(struct state *s, double interval)
{
    if (progress_seconds(s->progress) - s->last_commit < interval || !omp_test_lock(&s->committing)) return;
    struct fail f = {0};
    if (!commit(s, &f) && !s->warned) {
        s->warned = true;
        fprintf(stderr, "gradwire: %s; the runs go on\n", f.text);
    }
    omp_unset_lock(&s->committing);
}

/* Seconds from one commit to the next: however large the file, most of the time goes into runs. */
static double due_interval(const struct state *s)
{
    return s->how->commit_seconds < 20 * s->last_cost ? 20 * s->last_cost : s->how->commit_seconds;
}

/* --- lanes: runs of one objective that go on round by round side by side ---------------------------------- */

struct seat {
    struct run *run; /* NULL: free */
    size_t number;
    double published;
};

static void sit_down(struct state *s, struct seat *seat, size_t number, int threads)
{
    struct run *r = run_new(&s->plan->run[number]->spec, threads);
    struct fail f = {0};
    if (!run_continue(r, &s->snapshot[number], &f)) {
#pragma omp critical(schedule_fail)
        fail_set(&s->fail, "%s", f.text);
        run_free(r);
        return;
    }
    progress_begin(s->progress, number, r);
    *seat = (struct seat){.run = r, .number = number, .published = progress_seconds(s->progress)};
}

static void stand_up(struct state *s, struct seat *seat)
{
    if (s->alone && seat->run->status == RUN_GOING) { /* interrupted: finish() writes it */
        snapshot_lend(&s->snapshot[seat->number], s->kept = seat->run);
        progress_end(s->progress, seat->number, seat->run);
        seat->run = NULL;
        return;
    }
    publish(s, seat->number, seat->run);
    commit_if_due(s, due_interval(s)); /* runs may all be shorter than the interval */
    progress_end(s->progress, seat->number, seat->run);
    run_free(seat->run);
    seat->run = NULL;
}

static void after_round(struct state *s, struct seat *seat)
{
    progress_round(s->progress, seat->number, seat->run);
    if (seat->run->status != RUN_GOING) {
        stand_up(s, seat);
        return;
    }
    const double interval = due_interval(s), t = progress_seconds(s->progress);
    if (s->alone && t - s->last_commit >= interval) {
        snapshot_lend(&s->snapshot[seat->number], seat->run);
        commit_if_due(s, interval);
        snapshot_return(&s->snapshot[seat->number]);
    }
    if (s->alone || t - seat->published < interval) return;
    publish(s, seat->number, seat->run);
    seat->published = t;
    commit_if_due(s, interval);
}

/* The first run nobody has taken, of this objective if it is given; false: there is none. */
static bool take(struct state *s, const struct objective *o, size_t *number)
{
    bool found = false;
#pragma omp critical(schedule_take)
    for (size_t k = s->first; k < s->plan->runs && !found; k++) {
        if (s->taken[k] && k == s->first) s->first++;
        if (s->taken[k] || (o && s->plan->run[k]->spec.objective != o)) continue;
        s->taken[k] = found = true;
        *number = k;
    }
    return found;
}

/* How many runs of this objective go side by side: as many as pay and have room, and as share the work evenly among threads. */
static int lanes_of(const struct state *s, const struct run_spec *spec, int threads)
{
    size_t alike = 0;
    if (!spec->objective->gradients || threads > 1) return 1;
    for (size_t k = 0; k < s->plan->runs; k++) alike += s->plan->run[k]->spec.objective == spec->objective;
    const double share = ceil((double)alike / s->outer), room = floor(lane_bytes / run_bytes(spec));
    const double most = spec->objective->bytes > lane_bytes ? MOST_POINTS : CACHED_LANES;
    return (int)fmax(1, fmin(fmin(s->how->lanes, most), fmin(share, room)));
}

static void fill_seats(struct state *s, struct seat *seat, int seats, const struct objective *o, int threads)
{
    size_t number;
    for (int l = 0; l < seats && !stop_asked; l++)
        while (!seat[l].run && take(s, o, &number)) sit_down(s, &seat[l], number, threads);
}

/* The first run, and side by side with it others of its objective, until there are no more. */
static void do_runs(struct state *s, size_t first, int threads)
{
    const struct objective *o = s->plan->run[first]->spec.objective;
    const int seats = lanes_of(s, &s->plan->run[first]->spec, threads);
    if (s->outer == 1) s->alone = seats == 1;
    struct seat seat[MOST_POINTS] = {{0}};
    sit_down(s, &seat[0], first, threads);
    for (;;) {
        struct run *going[MOST_POINTS];
        int count = 0;
        fill_seats(s, seat, seats, o, threads);
        for (int l = 0; l < seats; l++)
            if (seat[l].run) going[count++] = seat[l].run;
        if (count == 0 || stop_asked) break;
        measure(going, count); /* first rows */
        for (int l = 0; l < count; l++) run_communicate(going[l]);
        measure(going, count);
        for (int l = 0; l < seats; l++)
            if (seat[l].run) after_round(s, &seat[l]);
    }
    for (int l = 0; l < seats; l++)
        if (seat[l].run) stand_up(s, &seat[l]);
}

/* Rough count of multiplications in one round: too little work is not worth waiting for other threads. */
static double work_of(const struct plan *p)
{
    double most = 0;
    for (size_t k = 0; k < p->instances; k++) {
        const struct objective *o = &p->instance[k]->objective;
        const struct rows *rows = &p->instance[k]->shards.rows;
        double work = (double)o->n * (double)o->d + (rows->start ? (double)rows->start[rows->count] : 0);
        if (work > most) most = work;
    }
    return most;
}

static void split_threads(const struct schedule *how, const struct plan *p, int *outer, int *inner)
{
    size_t runs = p->runs;
    *outer = (size_t)how->threads < runs ? how->threads : (int)runs;
    *inner = 1;
    if (how->parallel == BY_CLIENTS) *outer = 1;
    bool large = work_of(p) > 2e7;
    if (how->parallel == BY_CLIENTS || (how->parallel == BY_AUTO && large)) *inner = how->threads / *outer;
    if (*inner < 1) *inner = 1;
}

static int finish(struct state *s, size_t *unfinished)
{
    int status = 0;
    *unfinished = 0;
    for (size_t k = 0; k < s->plan->runs; k++) {
        if (!s->snapshot[k].taken || s->snapshot[k].status == RUN_GOING)
            (*unfinished)++;
        else if (s->snapshot[k].status == RUN_DIVERGED)
            status = 1;
    }
    struct fail f = {0};
    bool written = !s->unfinished_before || commit(s, &f); /* a finished file stays as it is */
    for (size_t k = 0; k < s->plan->runs; k++) snapshot_return(&s->snapshot[k]);
    if (s->kept) run_free(s->kept);
    if (s->fail.text[0]) return report(&s->fail);
    if (!written) {
        f.exit_status = 1;
        return report(&f);
    }
    return *unfinished ? 1 : status;
}

int schedule_run(const struct schedule *how, const struct plan *p, struct snapshot *snapshot)
{
    struct state s = {.how = how, .plan = p, .snapshot = snapshot, .lock = xcalloc(p->runs + 1, sizeof(omp_lock_t))};
    s.taken = xcalloc(p->runs + 1, sizeof *s.taken);
    size_t done = 0, unfinished;
    for (size_t k = 0; k < p->runs; k++) {
        omp_init_lock(&s.lock[k]);
        done += s.taken[k] = snapshot[k].taken && snapshot[k].status != RUN_GOING;
    }
    s.unfinished_before = done < p->runs;
    omp_init_lock(&s.committing);
    s.progress = progress_new(p->runs, done, how->quiet);
    struct sigaction act = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);

    int inner;
    split_threads(how, p, &s.outer, &inner);
    omp_set_max_active_levels(2);
#pragma omp parallel num_threads(s.outer)
    for (size_t k; !stop_asked && take(&s, NULL, &k);) do_runs(&s, k, inner);

    progress_clear(s.progress);
    int status = finish(&s, &unfinished);
    if (unfinished && !s.fail.text[0])
        fprintf(stderr, "gradwire: interrupted with %zu of %zu runs unfinished; go on with: gradwire %s %s\n", unfinished,
                p->runs, how->again, how->path);
    progress_free(s.progress);
    for (size_t k = 0; k < p->runs; k++) omp_destroy_lock(&s.lock[k]);
    omp_destroy_lock(&s.committing);
    free(s.lock);
    free(s.taken);
    return status;
}
