/* plot.c - a figure: curves, panels, axes. */
#include "plot_figure.h"
#include "real.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 2000 }; /* a curve and panel: four a pixel */

static struct series *series_at(const struct figure *g, size_t row, size_t column, size_t curve)
{
    return &g->series[(row * g->columns + column) * g->curves + curve];
}

/* --- titles --------------------------------------------------------------------------------------------------------------- */
static char *number_or_nothing(const struct group *g, const char *name)
{
    const struct attribute *a = group_attribute(g, name);
    return a != NULL ? attribute_as_text(a) : NULL;
}

/* "mushrooms: N = 8124, d = 113, n = 5"; generated data say so, and a problem without data has no N. */
static char *problem_line(const struct group *problem)
{
    const struct attribute *name = group_attribute(problem, "dataset"), *made = group_attribute(problem, "generated");
    const char *what = name != NULL && name->type == VALUE_TEXT ? name->text : "data";
    bool say = made != NULL && made->type == VALUE_INT && made->integer != 0 && strstr(what, "(generated)") == NULL;
    char *line = xprintf("%s%s", what, say ? " (generated)" : "");
    const struct attribute *self = group_attribute(problem, "problem");
    bool rows = self == NULL || self->type != VALUE_TEXT || strcmp(self->text, what) != 0;
    const char *const names[] = {"N", "d", "n"};
    for (int i = rows ? 0 : 1; i < 3; i++) {
        char *value = number_or_nothing(problem, names[i]);
        char *more = value != NULL
                         ? xprintf("%s%s %s = %s", line, i == 0 || strchr(line, '=') == NULL ? ":" : ",", names[i], value)
                         : xstrdup(line);
        free(value);
        free(line);
        line = more;
    }
    return line;
}

/* The problems of all curves, each once. */
static char *problem_lines(const struct figure *g)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < g->curves; i++) {
        if (g->curve[i].run->problem == NULL) continue;
        char *line = problem_line(g->curve[i].run->problem);
        if (strstr(all, line) == NULL) {
            char *more = xprintf("%s%s%s", all, *all != '\0' ? "; " : "", line);
            free(all);
            all = more;
        }
        free(line);
    }
    return all;
}

/* --- axes ----------------------------------------------------------------------------------------------------------------- */
/* Where column c ends: at its xmax; with a common budget where the shortest curve ends that has not diverged. */
static double column_end(const struct figure *g, size_t column, double asked)
{
    double longest = 0, shortest = (double)INFINITY;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t i = 0; i < g->curves; i++) {
            const struct series *s = series_at(g, r, column, i);
            if (s->count == 0) continue;
            longest = fmax(longest, s->x[s->count - 1]);
            if (!s->diverged) shortest = fmin(shortest, s->x[s->count - 1]);
        }
    double end = g->settings->budget == BUDGET_COMMON ? fmin(longest, shortest) : longest;
    end = fmin(end, asked);
    return end > 0 && isfinite(end) ? end : 1;
}

/* Smallest x > 0 of a column, for a logarithmic axis. */
static double column_start(const struct figure *g, size_t column, double end)
{
    double start = end;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t i = 0; i < g->curves; i++) {
            const struct series *s = series_at(g, r, column, i);
            for (size_t k = 0; k < s->count; k++)
                if (s->x[k] > 0) start = fmin(start, s->x[k]);
        }
    return start < end ? start : end / 10;
}

/* Units of thousands and millions: always for bits, elsewhere where plain numbers would be long. */
static int label_unit(bool bits, double high)
{
    return bits || high >= 1e5 || high < 0.01 ? 3 : 0;
}

static void make_column(struct figure *g, size_t column, const char *xmax)
{
    double asked = (double)INFINITY;
    if (strcmp(xmax, "auto") != 0) parse_real(xmax, &asked);
    struct axis *a = &g->x_axis[column];
    a->high = column_end(g, column, asked);
    a->log = g->settings->logx;
    a->low = a->log ? column_start(g, column, a->high) : 0;
    axis_ticks(a, label_unit(g->x[column] == X_BITS, a->high));
    g->x_label[column] = cost_label(g->settings, g->x[column], a->exponent);
    for (size_t r = 0; r < g->rows; r++)
        for (size_t i = 0; i < g->curves; i++) series_cut(series_at(g, r, column, i), a->log, a->high);
}

/* Does a curve run away?  Those that diverge do; so does an error that grows a million times.  Counts only grow. */
static bool runs_away(const struct figure *g, size_t row, const struct series *s)
{
    if (s->diverged || s->count == 0 || !measure_is_error(g->y[row])) return s->diverged;
    double most = s->y[0];
    for (size_t i = 0; i < s->count; i++) most = fmax(most, s->y[i]);
    return most > 1e6 * fabs(s->y[0]);
}

/* What a row's points span.  zeros: some are not positive, and cannot be on a logarithmic axis. */
struct span {
    double low, high, start; /* start: the largest first value */
    double wild;             /* the largest value of curves that run away */
    bool zeros;
};

static void span_add(struct span *p, double v, bool log, bool wild)
{
    if (!isfinite(v)) return;
    if (log && v <= 0) {
        p->zeros = true;
        return;
    }
    p->low = fmin(p->low, v);
    if (wild)
        p->wild = fmax(p->wild, v);
    else
        p->high = fmax(p->high, v);
}

static struct span row_span(const struct figure *g, size_t row, bool log)
{
    struct span p = {.low = (double)INFINITY, .high = -(double)INFINITY, .start = -(double)INFINITY, .wild = -(double)INFINITY};
    for (size_t c = 0; c < g->columns; c++)
        for (size_t i = 0; i < g->curves; i++) {
            const struct series *s = series_at(g, row, c, i);
            bool wild = runs_away(g, row, s);
            if (s->count > 0) p.start = fmax(p.start, s->y[0]);
            for (size_t k = 0; k < s->count && s->x[k] <= g->x_axis[c].high; k++) {
                span_add(&p, s->y[k], log, wild);
                if (s->low != NULL) span_add(&p, s->low[k], log, wild);
                if (s->low != NULL) span_add(&p, s->high[k], log, wild);
            }
        }
    /* What runs away is followed up to a thousand times the start, so that it does not flatten the rest. */
    p.high = fmax(p.high, fmin(p.wild, 1e3 * fabs(p.start)));
    if (!isfinite(p.low) || !isfinite(p.high)) p.low = log ? 0.1 : 0, p.high = 1;
    return p;
}

/* A little room above and below; zeros on a logarithmic axis lie on its lower edge, a decade below the rest. */
static void pad_axis(struct axis *a, bool zeros)
{
    if (a->log) {
        if (zeros) a->low /= 10;
        double room = fmax(real_exp(0.03 * (real_log(a->high) - real_log(a->low))), 1.05);
        a->low = fmax(a->low / room, 1e-300);
        a->high = fmin(a->high * room, 1e300);
    } else {
        double room = 0.03 * (a->high - a->low);
        if (room <= 0) room = fmax(fabs(a->high), 1) / 10;
        a->low -= room;
        a->high += room;
    }
}

static bool make_row(struct figure *g, size_t row, struct fail *f)
{
    const struct plot_settings *s = g->settings;
    struct axis *a = &g->y_axis[row];
    a->log = s->logy;
    struct span p = row_span(g, row, a->log);
    a->low = p.low;
    a->high = p.high;
    pad_axis(a, p.zeros);
    if (s->ymin != 0) a->low = s->ymin;
    if (s->ymax != 0) a->high = s->ymax;
    if (a->log && a->low <= 0) return fail_set(f, "ymin must be > 0 on a logarithmic axis; allowed: > 0, or logy=no");
    if (a->low >= a->high) return fail_set(f, "the y axis is empty: ymin must be less than ymax and less than the largest value");
    axis_ticks(a, a->log ? 0 : label_unit(false, fmax(fabs(a->low), fabs(a->high))));
    g->y_label[row] = measure_label(g->y[row], a->exponent);
    return true;
}

/* Zeros to the lower edge, or below one that was asked for; what leaves the figure by far, to just outside it. */
static void clamp(double *v, size_t count, const struct axis *a, bool asked)
{
    double span = a->high - a->low, low = a->low - span, high = a->high + span;
    if (a->log) {
        low = asked ? a->low / 1e3 : a->low;
        high = a->high * 1e3;
    }
    for (size_t i = 0; v != NULL && i < count; i++) v[i] = fmin(fmax(v[i], low), high);
}

/* A curve that leaves through the top and does not come back ends there. */
static void cut_top(struct series *s, double high)
{
    while (s->count > 1 && s->y[s->count - 1] > high && s->y[s->count - 2] > high) s->count--;
}

static void finish_series(struct figure *g, size_t row, size_t column, size_t curve)
{
    struct series *s = series_at(g, row, column, curve);
    cut_top(s, g->y_axis[row].high);
    double *const line[] = {s->y, s->low, s->high};
    for (int i = 0; i < 3; i++) clamp(line[i], s->count, &g->y_axis[row], g->settings->ymin != 0);
    series_thin(s, &g->x_axis[column], MOST_POINTS);
    size_t markers = g->curve[curve].marker < 0 ? 0 : (size_t)g->settings->markers;
    series_mark(s, &g->x_axis[column], markers, curve, g->curves);
}

/* --- figures -------------------------------------------------------------------------------------------------------------- */
static bool read_axes(struct figure *g, struct fail *f)
{
    const struct plot_settings *s = g->settings;
    g->y = list_split(s->y, &g->rows);
    char **x = list_split(s->x, &g->columns);
    g->x = xcalloc(g->columns + 1, sizeof *g->x);
    for (size_t i = 0; i < g->columns; i++)
        while (g->x[i] < X_TIME && strcmp(x_names[g->x[i]], x[i]) != 0) g->x[i]++;
    list_free(x);
    if (g->rows == 0) return fail_set(f, "y is empty; allowed: a column of the trace, such as grad_norm_sq");
    g->series = xcalloc(g->rows * g->columns * g->curves + 1, sizeof *g->series);
    g->x_axis = xcalloc(g->columns, sizeof *g->x_axis);
    g->y_axis = xcalloc(g->rows, sizeof *g->y_axis);
    g->x_label = xcalloc(g->columns, sizeof *g->x_label);
    g->y_label = xcalloc(g->rows, sizeof *g->y_label);
    return true;
}

static bool make_panels(struct figure *g, struct fail *f)
{
    const struct plot_settings *s = g->settings;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++)
            for (size_t i = 0; i < g->curves; i++)
                if (!series_make(series_at(g, r, c, i), s, g->x[c], g->y[r], &g->curve[i], f)) return false;
    size_t ends;
    char **xmax = list_split(s->xmax, &ends);
    for (size_t c = 0; c < g->columns; c++) make_column(g, c, xmax[ends == 1 ? 0 : c]);
    list_free(xmax);
    for (size_t r = 0; r < g->rows; r++)
        if (!make_row(g, r, f)) return false;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++)
            for (size_t i = 0; i < g->curves; i++) finish_series(g, r, c, i);
    return true;
}

struct figure *figure_new(const struct plot_settings *s, const struct record *records, size_t count, const char *name,
                          const char *fallback_title, struct fail *f)
{
    if (!plot_axes_check(s, f)) return NULL;
    struct figure *g = xcalloc(1, sizeof *g);
    g->settings = s;
    bool ok = curves_gather(g, records, count, name, f) && curves_style(g, f) && read_axes(g, f) && make_panels(g, f);
    if (!ok) {
        figure_free(g);
        return NULL;
    }
    g->title = xstrdup(*s->title != '\0' ? s->title : fallback_title != NULL ? fallback_title : "");
    g->subtitle = problem_lines(g);
    return g;
}

void figure_free(struct figure *g)
{
    if (g == NULL) return;
    for (size_t i = 0; g->series != NULL && i < g->rows * g->columns * g->curves; i++) series_free(&g->series[i]);
    for (size_t c = 0; g->x_axis != NULL && c < g->columns; c++) {
        axis_free(&g->x_axis[c]);
        free(g->x_label[c]);
    }
    for (size_t r = 0; g->y_axis != NULL && r < g->rows; r++) {
        axis_free(&g->y_axis[r]);
        free(g->y_label[r]);
    }
    for (size_t i = 0; i < g->curves; i++) curve_free(&g->curve[i]);
    list_free(g->y);
    free(g->series);
    free(g->x);
    free(g->x_axis);
    free(g->y_axis);
    free(g->x_label);
    free(g->y_label);
    free(g->curve);
    free(g->title);
    free(g->subtitle);
    free(g);
}
