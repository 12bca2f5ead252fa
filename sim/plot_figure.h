/* plot_figure.h - a figure from the inside: runs gathered into curves, curves turned into the points of panels. */
#ifndef PLOT_FIGURE_H
#define PLOT_FIGURE_H
#include "plot.h"
#include <stdio.h>

enum x_kind { X_ROUNDS, X_BITS, X_VALUES, X_ORACLE, X_EPOCHS, X_TIME, X_KINDS };
extern const char *const x_names[X_KINDS + 1]; /* NULL-terminated */

/* One run of a result file.  rows: length of its trace. */
struct plot_run {
    const struct group *run, *problem, *trace; /* problem: NULL when the file has none */
    size_t rows;
    bool diverged;
};

/* "k=5 stepsize=4x" of a run's attribute `varied`, taken apart. */
struct varied {
    char *key, *value;
};

/* Runs that differ in nothing but their seed. */
struct curve {
    struct plot_run *run;
    size_t runs, diverged;
    char *key;                 /* what they have in common, as text                     */
    struct varied *varied;     /* ends with key == NULL; without seeds                   */
    char *legend;              /* "MARINA, K = 5 (diverged)"                            */
    int colour, dash, marker;  /* positions in the tables of plot_style.c; -1: no marker */
};

/* Points of one curve in one panel, x ascending.  low, high: the band; NULL without. */
struct series {
    size_t count;
    double *x, *y, *low, *high;
    bool diverged;             /* the median itself diverges                              */
    size_t markers;            /* of them have a marker                                   */
    size_t *marker;            /* positions                                               */
};

struct tick {
    char at[32], label[40];    /* where, as gnuplot reads it; what it says, "" for a minor one */
};
struct axis {
    bool log;
    double low, high;
    int exponent;              /* labels are in units of 10^exponent                      */
    size_t ticks;
    struct tick *tick;
};

struct figure {
    const struct plot_settings *settings;
    char *title, *subtitle;
    size_t curves, columns, rows; /* panels: columns (x) times rows (y)                      */
    struct curve *curve;
    enum x_kind *x;            /* columns                                                  */
    char **y;                  /* rows                                                     */
    struct axis *x_axis, *y_axis; /* columns; rows                                            */
    char **x_label, **y_label; /* with gnuplot's markup                                    */
    struct series *series;     /* [(row * columns + column) * curves + curve]              */
};

/* --- plot_settings.c ----------------------------------------------------------------------------------------------- */
/* "a, b" -> {"a", "b", NULL} (malloc); blanks around the items are dropped, empty items too. */
char **list_split(const char *text, size_t *count);
void list_free(char **list);
/* "a, b" from names (malloc). */
char *list_join(const char *const *names);
/* x and xmax; y is known only beside a result file. */
bool plot_axes_check(const struct plot_settings *s, struct fail *f);

/* --- plot_curve.c ---------------------------------------------------------------------------------------------------- */
/* Gather the runs of all records into g->curve, in the order of their first runs. */
bool curves_gather(struct figure *g, const struct record *records, size_t count, const char *name, struct fail *f);
void curve_free(struct curve *c);
/* An attribute of a curve as text (malloc), of its runs, of what was varied, or of their problem; NULL: it has none. */
char *curve_attribute(const struct curve *c, const char *name);
/* The attributes of all curves: NULL-terminated; free the array only. */
const char **curve_attributes(const struct figure *g);
char *attribute_as_text(const struct attribute *a);

/* --- plot_legend.c -------------------------------------------------------------------------------------------------- */
/* The attributes that tell the curves apart, as few as the order of asking finds.  NULL-terminated; free the array only. */
const char **telling_attributes(const struct figure *g);
/* "MARINA, Rand-K, K = 5" (malloc). */
char *legend_entry(const struct curve *c, const char *const *telling);
/* "{method} with K = {k}" filled in for one curve; what this curve does not have is left empty, what no curve has is an error. */
char *template_entry(const struct figure *g, const struct curve *c, const char *template, struct fail *f);
/* Add "(diverged)", or how many of the seeds did. */
void mark_diverged(struct curve *c);
/* Is `name` an attribute of some curve?  If not, `whose` names the setting that asked. */
bool attribute_exists(const struct figure *g, const char *name, const char *whose, struct fail *f);
bool same_text(const char *a, const char *b); /* NULL equals NULL only */

/* --- plot_style.c ---------------------------------------------------------------------------------------------------- */
/* Legend entries from the attributes that tell the curves apart, and colours, dashes and markers from the settings. */
bool curves_style(struct figure *g, struct fail *f);
const char *style_print(const char *key, const char *value); /* "Rand-K" for compressor randk; NULL: as it is */
extern const char *const style_colour[], *const style_dash[];
extern const int style_marker[];

/* --- plot_cost.c, plot_label.c: what an axis counts, and its name ---------------------------------------------------- */
/* x[row] for each row of a run's trace. */
bool run_cost(const struct plot_settings *s, enum x_kind kind, const struct plot_run *r, double *x, struct fail *f);
/* The column of a trace, as doubles; an unknown name lists those there are. */
bool run_column(const struct plot_run *r, const char *name, double *out, struct fail *f);
/* "bits sent per client" with what the settings leave out of it; the unit follows from the axis' exponent. */
char *cost_label(const struct plot_settings *s, enum x_kind kind, int exponent);
/* "|grad f|^2" for a column of the trace. */
char *measure_label(const char *column, int exponent);
bool measure_is_error(const char *column); /* |grad f|^2 and the like, not a count */
/* Text in which nothing is markup. */
char *markup_escape(const char *text);

/* --- plot_series.c --------------------------------------------------------------------------------------------------- */
/* Median and band over the curve's seeds, row by row where all of them have the round; a diverged seed counts as +infinity from
 * there on, so a curve ends where half of its seeds have diverged.  x is the median of the seeds' x. */
bool series_make(struct series *out, const struct plot_settings *s, enum x_kind kind, const char *y, const struct curve *c,
                 struct fail *f);
/* Forget what lies beyond `high`, except one point so that the line reaches it; on a log axis also what is not positive. */
void series_cut(struct series *s, bool logx, double high);
/* At most about `most` points: in each of equal strips of the axis the first, the last and the extremes stay. */
void series_thin(struct series *s, const struct axis *x, size_t most);
/* At most `markers` of them, evenly spread over the axis, shifted between curves so that they do not hide each other. */
void series_mark(struct series *s, const struct axis *x, size_t markers, size_t curve, size_t curves);
void series_free(struct series *s);
double quantile(double *v, size_t count, double q); /* sorts v; linear between order statistics */

/* --- plot_axis.c ------------------------------------------------------------------------------------------------------- */
/* Ticks for axis->low .. high, log or linear; sets exponent so that labels stay short (`step`: a multiple of it, e.g. 3). */
void axis_ticks(struct axis *a, int step);
double axis_position(const struct axis *a, double v); /* 0 at low, 1 at high */
void axis_free(struct axis *a);
#endif
