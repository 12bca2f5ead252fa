/* plot_cost.c - what an axis counts: the papers' conventions as arithmetic on the columns of a trace.
 *
 * Accounting of bits, as the figures of these papers have it:
 *   wire      the length of the packed messages: values, indices, norms, levels, whatever was sent
 *   values32  32 a value, indices free (MARINA, arXiv 2102.07845; DASHA, 2202.01268; EF21, 2106.05203)
 *   values64  64 a value, indices free (random reshuffling with compression, 2206.07021)
 *   flower    32 a value and 32 for its index, in dense messages too (DASHA's reproduction in Flower) */
#include "plot_figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool unknown_column(const struct plot_run *r, const char *name, struct fail *f)
{
    const char **names = xcalloc(r->trace->arrays + 1, sizeof *names);
    for (size_t i = 0, k = 0; i < r->trace->arrays; i++)
        if (r->trace->array[i].type != VALUE_BYTES) names[k++] = r->trace->array[i].name;
    char *all = list_join(names);
    const char *near = nearest_name(name, names);
    if (strcmp(name, "f_gap") == 0 || strcmp(name, "dist_sq") == 0)
        fail_set(f, "%s has no column \"%s\", which needs the optimum: run with optimum = yes; it has: %s", r->run->path, name,
                 all);
    fail_set(f, "%s has no column \"%s\"%s%s%s; it has: %s", r->run->path, name, near ? "; did you mean \"" : "",
             near ? near : "", near ? "\"?" : "", all);
    free(all);
    free(names);
    return false;
}

bool run_column(const struct plot_run *r, const char *name, double *out, struct fail *f)
{
    const struct array *a = group_find_array(r->trace, name);
    if (a == NULL || a->type == VALUE_BYTES) return unknown_column(r, name, f);
    if (a->count != r->rows)
        return fail_set(f, "%s: column \"%s\" has %zu rows, others have %zu", r->trace->path, name, a->count, r->rows);
    for (size_t i = 0; i < r->rows; i++)
        out[i] = a->type == VALUE_REAL ? ((const double *)a->data)[i] : (double)((const int64_t *)a->data)[i];
    return true;
}

/* A number among the attributes of a run's problem. */
static bool problem_number(const struct plot_run *r, const char *name, double *out, struct fail *f)
{
    const struct attribute *a = r->problem != NULL ? group_attribute(r->problem, name) : NULL;
    if (a == NULL || a->type == VALUE_TEXT) return fail_set(f, "the problem of %s has no number \"%s\"", r->run->path, name);
    *out = a->type == VALUE_REAL ? a->real : (double)a->integer;
    return true;
}

static double run_number(const struct plot_run *r, const char *name)
{
    const struct attribute *a = group_attribute(r->run, name);
    if (a == NULL || a->type == VALUE_TEXT) return 0;
    return a->type == VALUE_REAL ? a->real : (double)a->integer;
}

/* x = factor * (column - free); never below 0, where the free start has not been paid for yet. */
static bool add_count(const struct plot_run *r, const char *column, double factor, double free_start, double *x, struct fail *f)
{
    double *v = xmalloc((r->rows + 1) * sizeof *v);
    bool ok = run_column(r, column, v, f);
    for (size_t i = 0; ok && i < r->rows; i++) x[i] += factor * fmax(0, v[i] - free_start);
    free(v);
    return ok;
}

static double bits_a_value(const struct plot_settings *s)
{
    return s->accounting == ACCOUNT_VALUES32 ? 32 : 64;
}

/* Bits (or values) one way.  what: "bits", "values"; way: "up", "down". */
static bool add_way(const struct plot_settings *s, const struct plot_run *r, const char *what, const char *way, bool max,
                    double factor, double *x, struct fail *f)
{
    char *column = xprintf("%s_%s%s", what, way, max ? "_max" : ""), *start = xprintf("start_%s_%s", what, way);
    double free_start = s->start == START_UNCOUNTED ? run_number(r, start) : 0;
    bool ok = add_count(r, column, factor, free_start, x, f);
    free(column);
    free(start);
    return ok;
}

static bool add_bits(const struct plot_settings *s, const struct plot_run *r, const char *way, bool max, double *x,
                     struct fail *f)
{
    if (s->accounting == ACCOUNT_WIRE) return add_way(s, r, "bits", way, max, 1, x, f);
    return add_way(s, r, "values", way, max, bits_a_value(s), x, f);
}

double plot_time(enum network network, double latency, double bandwidth, const struct traffic *t)
{
    double n = t->n, both = t->bits_up + t->bits_down;
    switch (network) {
    case NETWORK_SERVER:
        return 2 * latency * t->rounds + n * both / bandwidth;
    case NETWORK_WIDE_SERVER:
        return 2 * latency * t->rounds + both / bandwidth;
    default:
        return 2 * (n - 1) * latency * t->rounds + 2 * (n - 1) / n * t->bits_up / bandwidth;
    }
}

/* A server with one link is busy with the bits of all clients: n times their mean.  With a link for each, and in a ring, the
 * slowest client counts when `clients = max` says so. */
static bool time_cost(const struct plot_settings *s, const struct plot_run *r, double *x, struct fail *f)
{
    bool max = s->clients == CLIENTS_MAX && s->network != NETWORK_SERVER;
    double n = 1, *way[3];
    for (int i = 0; i < 3; i++) way[i] = xcalloc(r->rows + 1, sizeof(double));
    bool ok = problem_number(r, "n", &n, f) && run_column(r, "round", way[0], f) && add_bits(s, r, "up", max, way[1], f) &&
              (s->network == NETWORK_RING || add_bits(s, r, "down", max, way[2], f));
    for (size_t i = 0; ok && i < r->rows; i++) {
        struct traffic t = {.n = n, .rounds = way[0][i], .bits_up = way[1][i], .bits_down = way[2][i]};
        x[i] = plot_time((enum network)s->network, s->latency, s->bandwidth, &t);
    }
    for (int i = 0; i < 3; i++) free(way[i]);
    return ok;
}

/* Passes over the data; the free start is the sample gradients of all clients for it, over N. */
static bool epochs_cost(const struct plot_settings *s, const struct plot_run *r, double *x, struct fail *f)
{
    double n = 0, all = 1, start = s->start == START_UNCOUNTED ? run_number(r, "start_sample_gradients") : 0;
    if (start > 0 && !(problem_number(r, "n", &n, f) && problem_number(r, "N", &all, f))) return false;
    return add_count(r, "epochs", 1, start * n / all, x, f);
}

bool run_cost(const struct plot_settings *s, enum x_kind kind, const struct plot_run *r, double *x, struct fail *f)
{
    bool max = s->clients == CLIENTS_MAX, up = s->direction != DIRECTION_DOWN, down = s->direction != DIRECTION_UP;
    for (size_t i = 0; i < r->rows; i++) x[i] = 0;
    switch (kind) {
    case X_ROUNDS:
        return add_count(r, "round", 1, 0, x, f);
    case X_BITS:
        return (!up || add_bits(s, r, "up", max, x, f)) && (!down || add_bits(s, r, "down", max, x, f));
    case X_VALUES:
        return (!up || add_way(s, r, "values", "up", max, 1, x, f)) && (!down || add_way(s, r, "values", "down", max, 1, x, f));
    case X_ORACLE:
        return add_count(r, max ? "sample_gradients_max" : "sample_gradients", 1,
                         s->start == START_UNCOUNTED ? run_number(r, "start_sample_gradients") : 0, x, f);
    case X_EPOCHS:
        return epochs_cost(s, r, x, f);
    default:
        return time_cost(s, r, x, f);
    }
}
