/* progress.c - progress lines on stderr; the only reader of the clock, and nothing it reads reaches a run. */
#include "progress.h"
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct line {
    const char *label;
    int64_t round, rounds, round_begun;
    double begun, noted, grad_norm_sq, bits;
    bool active;
};
struct progress {
    size_t runs, done;
    bool quiet, live;
    double start, shown;
    int lines; /* on the screen now */
    struct line *line;
    omp_lock_t lock;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct progress *progress_new(size_t runs, size_t done, bool quiet)
{
    struct progress *p = xcalloc(1, sizeof *p);
    const char *terminal = getenv("TERM");
    *p = (struct progress){.runs = runs, .done = done, .quiet = quiet, .start = now()};
    p->live = !quiet && isatty(STDERR_FILENO) && terminal && terminal[0] && terminal[0] != 'd'; /* not "dumb" */
    p->line = xcalloc(runs + 1, sizeof *p->line);
    omp_init_lock(&p->lock);
    return p;
}

double progress_seconds(const struct progress *p)
{
    return now() - p->start;
}

void progress_clear(struct progress *p)
{
    if (p->lines > 0) fprintf(stderr, "\033[%dA\033[J", p->lines);
    p->lines = 0;
}

static void duration(double seconds, char *out, size_t size)
{
    if (seconds < 100)
        snprintf(out, size, "%.1f s", seconds);
    else if (seconds < 6000)
        snprintf(out, size, "%.0f min", seconds / 60);
    else
        snprintf(out, size, "%.1f h", seconds / 3600);
}

/* What the terminal can hold: a line that it would fold, or one that scrolled away, could not be cleared again. */
static struct winsize screen(void)
{
    struct winsize w;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 && w.ws_row > 1;
    return known ? w : (struct winsize){.ws_col = 80, .ws_row = 24};
}

static void show_lines(struct progress *p)
{
    struct winsize w = screen();
    progress_clear(p);
    for (size_t k = 0; k < p->runs && p->lines < w.ws_row - 1; k++) {
        const struct line *l = &p->line[k];
        if (!l->active) continue;
        double made = (double)(l->round - l->round_begun), left = (double)(l->rounds - l->round);
        char eta[32] = "?", text[256];
        if (made > 0) duration((now() - l->begun) / made * left, eta, sizeof eta);
        snprintf(text, sizeof text, "[%zu/%zu] %.40s: round %lld of %lld, %s left, |grad f|^2 %.3g, %.3g bits up", p->done,
                 p->runs, l->label, (long long)l->round, (long long)l->rounds, eta, l->grad_norm_sq, l->bits);
        fprintf(stderr, "%.*s\n", w.ws_col - 1, text);
        p->lines++;
    }
    fflush(stderr);
    p->shown = now();
}

static void note(struct line *l, const struct run *r)
{
    int64_t last = r->trace.rows - 1;
    l->round = r->round;
    if (last < 0) return;
    l->grad_norm_sq = r->trace.cell[trace_column("grad_norm_sq")][last];
    l->bits = r->trace.cell[trace_column("bits_up")][last];
}

void progress_begin(struct progress *p, size_t number, const struct run *r)
{
    omp_set_lock(&p->lock);
    p->line[number] = (struct line){
        .label = r->spec->label, .rounds = r->spec->rounds, .round_begun = r->round, .begun = now(), .active = true};
    omp_unset_lock(&p->lock);
}

void progress_round(struct progress *p, size_t number, const struct run *r)
{
    if (!p->live) return;
    double t = now();
    if (t - p->line[number].noted < 0.1 || !omp_test_lock(&p->lock)) return;
    p->line[number].noted = t;
    note(&p->line[number], r);
    if (t - p->shown > 0.2) show_lines(p);
    omp_unset_lock(&p->lock);
}

void progress_end(struct progress *p, size_t number, const struct run *r)
{
    omp_set_lock(&p->lock);
    struct line *l = &p->line[number];
    note(l, r);
    l->active = false;
    if (r->status != RUN_GOING) {
        p->done++;
        progress_clear(p);
        if (!p->quiet)
            fprintf(stderr, "[%zu/%zu] %s: %s after %lld rounds, |grad f|^2 %.3g, %.4g bits up, %.1f s\n", p->done, p->runs,
                    l->label, r->status == RUN_DONE ? "done" : "diverged", (long long)r->round, l->grad_norm_sq, l->bits,
                    now() - l->begun);
    }
    omp_unset_lock(&p->lock);
}

void progress_free(struct progress *p)
{
    progress_clear(p);
    omp_destroy_lock(&p->lock);
    free(p->line);
    free(p);
}
