/* plot_series.c - from the traces of a curve's seeds to the points that are drawn. */
#include "plot_figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double quantile(double *v, size_t count, double q)
{
    qsort(v, count, sizeof *v, ascending);
    double place = q * (double)(count - 1);
    size_t below = (size_t)floor(place);
    double part = place - floor(place);
    if (part == 0 || v[below] == v[below + 1]) return v[below];
    return v[below] + part * (v[below + 1] - v[below]);
}

/* --- seeds, row by row ------------------------------------------------------------------------------------------------- */
/* The columns of one seed, and the row that comes next. */
struct seed {
    double *round, *x, *y;
    size_t rows, at;
    bool diverged;
};

static bool seed_read(struct seed *d, const struct plot_settings *s, enum x_kind kind, const char *y, const struct plot_run *r,
                      struct fail *f)
{
    *d = (struct seed){.rows = r->rows, .diverged = r->diverged};
    d->round = xcalloc(r->rows, sizeof(double));
    d->x = xcalloc(r->rows, sizeof(double));
    d->y = xcalloc(r->rows, sizeof(double));
    if (!run_column(r, "round", d->round, f) || !run_cost(s, kind, r, d->x, f) || !run_column(r, y, d->y, f)) return false;
    for (size_t i = 0; i < d->rows; i++)
        if (!isfinite(d->y[i])) d->y[i] = (double)INFINITY;
    d->diverged |= !isfinite(d->y[d->rows - 1]);
    return true;
}

static void seed_free(struct seed *d)
{
    free(d->round);
    free(d->x);
    free(d->y);
}

static void add_point(struct series *out, const struct plot_settings *s, double x, double *y, size_t seeds)
{
    size_t i = out->count;
    double middle = quantile(y, seeds, 0.5), edge = s->band == BAND_QUARTILE ? 0.25 : 0;
    if (!isfinite(middle)) {
        out->diverged = true;
        return;
    }
    out->x[i] = x;
    out->y[i] = middle;
    if (s->band != BAND_NONE) {
        out->low[i] = quantile(y, seeds, edge);
        out->high[i] = quantile(y, seeds, 1 - edge);
    }
    out->count++;
}

/* The next round that any seed has: its values in x and y.  *missing: a seed that has not diverged lacks it.  Returns how many
 * seeds have it, 0 at the end. */
static size_t next_round(struct seed *seed, size_t seeds, double *x, double *y, bool *missing)
{
    double round = (double)INFINITY;
    size_t here = 0;
    *missing = false;
    for (size_t i = 0; i < seeds; i++)
        if (seed[i].at < seed[i].rows) round = fmin(round, seed[i].round[seed[i].at]);
    for (size_t i = 0; i < seeds; i++) {
        struct seed *d = &seed[i];
        y[i] = (double)INFINITY;
        if (d->at < d->rows && d->round[d->at] == round) {
            x[here++] = d->x[d->at];
            y[i] = d->y[d->at++];
        } else if (d->at < d->rows || !d->diverged)
            *missing = true;
    }
    return here;
}

static void merge_seeds(struct series *out, const struct plot_settings *s, struct seed *seed, size_t seeds)
{
    size_t room = 1;
    for (size_t i = 0; i < seeds; i++) room += seed[i].rows;
    double *x = xcalloc(seeds + 1, sizeof *x), *y = xcalloc(seeds + 1, sizeof *y);
    out->x = xcalloc(room, sizeof(double));
    out->y = xcalloc(room, sizeof(double));
    if (s->band != BAND_NONE) {
        out->low = xcalloc(room, sizeof(double));
        out->high = xcalloc(room, sizeof(double));
    }
    bool missing;
    for (size_t here; !out->diverged && (here = next_round(seed, seeds, x, y, &missing)) > 0;)
        if (!missing) add_point(out, s, quantile(x, here, 0.5), y, seeds);
    free(x);
    free(y);
}

bool series_make(struct series *out, const struct plot_settings *s, enum x_kind kind, const char *y, const struct curve *c,
                 struct fail *f)
{
    *out = (struct series){0};
    struct seed *seed = xcalloc(c->runs, sizeof *seed);
    bool ok = true;
    for (size_t i = 0; ok && i < c->runs; i++) ok = seed_read(&seed[i], s, kind, y, &c->run[i], f);
    if (ok) merge_seeds(out, s, seed, c->runs);
    if (2 * c->diverged > c->runs) out->diverged = true;
    for (size_t i = 0; i < c->runs; i++) seed_free(&seed[i]);
    free(seed);
    return ok;
}

/* --- fewer points --------------------------------------------------------------------------------------------------------- */
/* Keep the points i with keep[i]. */
static void series_keep(struct series *s, const bool *keep)
{
    size_t k = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!keep[i]) continue;
        s->x[k] = s->x[i];
        s->y[k] = s->y[i];
        if (s->low != NULL) {
            s->low[k] = s->low[i];
            s->high[k] = s->high[i];
        }
        k++;
    }
    s->count = k;
}

void series_cut(struct series *s, bool logx, double high)
{
    bool *keep = xcalloc(s->count + 1, sizeof *keep);
    for (size_t i = 0; i < s->count; i++) keep[i] = (i == 0 || s->x[i - 1] < high) && !(logx && s->x[i] <= 0);
    series_keep(s, keep);
    free(keep);
}

/* Of the points first .. last - 1: the ends and the extremes. */
static void keep_extremes(const struct series *s, size_t first, size_t last, bool *keep)
{
    size_t low = first, high = first, band_low = first, band_high = first;
    for (size_t i = first; i < last; i++) {
        if (s->y[i] < s->y[low]) low = i;
        if (s->y[i] > s->y[high]) high = i;
        if (s->low != NULL && s->low[i] < s->low[band_low]) band_low = i;
        if (s->low != NULL && s->high[i] > s->high[band_high]) band_high = i;
    }
    keep[first] = keep[last - 1] = keep[low] = keep[high] = keep[band_low] = keep[band_high] = true;
}

void series_thin(struct series *s, const struct axis *x, size_t most)
{
    if (s->count <= most) return;
    size_t strips = most / (s->low != NULL ? 6 : 4), first = 0;
    bool *keep = xcalloc(s->count + 1, sizeof *keep);
    for (size_t strip = 0; strip < strips && first < s->count; strip++) {
        size_t last = first;
        double end = (double)(strip + 1) / (double)strips;
        while (last < s->count && (strip + 1 == strips || axis_position(x, s->x[last]) < end)) last++;
        if (last > first) keep_extremes(s, first, last, keep);
        first = last;
    }
    series_keep(s, keep);
    free(keep);
}

/* --- markers ---------------------------------------------------------------------------------------------------------------- */
void series_mark(struct series *s, const struct axis *x, size_t markers, size_t curve, size_t curves)
{
    s->markers = 0;
    s->marker = xcalloc(markers + 1, sizeof *s->marker);
    if (s->count == 0) return;
    /* A curve that ends early has fewer, but three if it can. */
    double end = fmin(axis_position(x, s->x[s->count - 1]), 1), share = ceil(end * (double)markers);
    size_t most = share > 3 ? (size_t)share : markers < 3 ? markers : 3;
    double shift = ((double)curve + 0.5) / (double)curves;
    for (size_t k = 0, at = 0; k < most; k++) {
        double target = end * ((double)k + shift) / (double)most;
        while (at + 1 < s->count && fabs(axis_position(x, s->x[at + 1]) - target) <= fabs(axis_position(x, s->x[at]) - target))
            at++;
        bool taken = s->markers > 0 && s->marker[s->markers - 1] == at;
        if (s->x[at] <= x->high && !taken) s->marker[s->markers++] = at;
    }
}

void series_free(struct series *s)
{
    free(s->x);
    free(s->y);
    free(s->low);
    free(s->high);
    free(s->marker);
    *s = (struct series){0};
}
