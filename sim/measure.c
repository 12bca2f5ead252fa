/* measure.c - the recorder: evaluates the model through an oracle that counts nothing, and adds a row. */
#include "engine.h"
#include "real.h"
#include "vec.h"
#include <omp.h>
#include <string.h>

/* The first row is x0 before any round. */
static bool row_due(const struct run *r)
{
    return r->row_due || (r->round == 0 && r->trace.rows == 0);
}

/* Over clients, in their order; the sum of their gradients is r->metric_gradient. */
struct sums {
    double f, norm_sq;
};

static void add_to_total(struct run *r, const double *g)
{
    for (int64_t j = 0; j < r->d; j++) r->metric_gradient[j] += g[j];
}

/* One client after another, when their gradients together are too much to keep. */
static void evaluate_in_turn(struct run *r, struct sums *s)
{
    struct worker *w = &r->worker[0];
    if (!w->gradient) w->gradient = vec_new(r->d);
    for (int64_t i = 0; i < r->n; i++) {
        double f;
        r->objective->gradient(r->objective, i, r->model, w->gradient, &f, &w->oracle);
        s->f += f;
        s->norm_sq += real_norm_sq((size_t)r->d, w->gradient);
        add_to_total(r, w->gradient);
    }
}

static void evaluate_client(struct run *r, int64_t i, struct worker *w)
{
    double *g = vec_at(r->cache, r->d, (size_t)i);
    r->objective->gradient(r->objective, i, r->model, g, &r->metric_f[i], &w->oracle);
    r->metric_norm_sq[i] = real_norm_sq((size_t)r->d, g);
}

/* All client gradients side by side; the round that follows at the same point finds them here. */
static void evaluate_together(struct run *r)
{
    if (r->threads > 1) {
        const int64_t share = run_share(r, r->n);
#pragma omp parallel for schedule(dynamic, share) num_threads(r->threads)
        for (int64_t i = 0; i < r->n; i++) evaluate_client(r, i, &r->worker[omp_get_thread_num()]);
    } else {
        for (int64_t i = 0; i < r->n; i++) evaluate_client(r, i, &r->worker[0]);
    }
}

/* The same for several runs in one pass over the data. */
static void evaluate_lanes(struct run *const *run, int count)
{
    const struct objective *o = run[0]->objective;
    double *value[MOST_POINTS];
    struct points p = {.count = count, .stride = o->d + VEC_HEADER};
    for (int l = 0; l < count; l++) {
        p.x[l] = run[l]->model;
        p.out[l] = vec_at(run[l]->cache, o->d, 0);
        value[l] = run[l]->metric_f;
        if (row_due(run[l])) p.value = value;
    }
    o->gradients(o, &p, &run[0]->worker[0].oracle);
    for (int l = 0; l < count; l++)
        for (int64_t i = 0; row_due(run[l]) && i < o->n; i++)
            run[l]->metric_norm_sq[i] = real_norm_sq((size_t)o->d, vec_at(run[l]->cache, o->d, (size_t)i));
}

static void remember(struct run *r)
{
    memcpy(r->cache_x, r->model, (size_t)r->d * sizeof(double));
    r->cache_valid = true;
    r->looks_ahead = false;
}

static void fill_model_columns(const struct run *r, const struct sums *s, double *row)
{
    const struct objective *o = r->objective;
    const double n = (double)r->n;
    for (int64_t j = 0; j < r->d; j++) r->metric_gradient[j] /= n;
    row[trace_column("round")] = (double)r->round;
    row[trace_column("f")] = s->f / n;
    row[trace_column("grad_norm_sq")] = real_norm_sq((size_t)r->d, r->metric_gradient);
    row[trace_column("mean_client_grad_norm_sq")] = s->norm_sq / n;
    if (!o->x_star) return;
    double dist_sq = 0, slope = 0; /* slope: <grad f, x - x*> */
    for (int64_t j = 0; j < r->d; j++) {
        const double step = r->model[j] - o->x_star[j];
        dist_sq += step * step;
        slope += r->metric_gradient[j] * step;
    }
    row[trace_column("dist_sq")] = dist_sq;
    row[trace_column("f_gap")] = o->problem->quadratic ? slope / 2 : s->f / n - o->f_star;
}

/* Mean over clients and the largest, in the order of enum count, two columns each. */
static void fill_count_columns(const struct run *r, double *row)
{
    const int column = trace_column("values_up");
    double total[COUNTS] = {0}, most[COUNTS] = {0};
    for (int64_t i = 0; i < r->n; i++)
        for (int k = 0; k < COUNTS; k++) {
            const double v = r->ledger[i].count[k];
            total[k] += v;
            most[k] = v > most[k] ? v : most[k];
        }
    for (int k = 0; k < COUNTS; k++) {
        row[column + 2 * k] = total[k] / (double)r->n;
        row[column + 2 * k + 1] = most[k];
    }
    row[trace_column("epochs")] = total[SAMPLE_GRADIENTS] / (double)r->objective->total;
}

static void add_row(struct run *r)
{
    double row[TRACE_COLUMNS] = {0};
    struct sums sums = {0};
    r->metric_gradient = channel_scratch(r);
    if (!r->cache) evaluate_in_turn(r, &sums);
    for (int64_t i = 0; r->cache && i < r->n; i++) {
        sums.f += r->metric_f[i];
        sums.norm_sq += r->metric_norm_sq[i];
        add_to_total(r, vec_at(r->cache, r->d, (size_t)i));
    }
    fill_model_columns(r, &sums, row);
    fill_count_columns(r, row);
    real_same_nan(TRACE_COLUMNS, row);
    trace_add(&r->trace, row);
    r->row_due = false;
}

/* Fewer points than this are evaluated faster one by one. */
enum { FEW_POINTS = 3 };

void measure(struct run *const *run, int count)
{
    struct run *together[MOST_POINTS];
    int lanes = 0;
    for (int l = 0; l < count; l++) {
        const bool ahead = run[l]->looks_ahead && run[l]->status == RUN_GOING;
        if (run[l]->cache && run[l]->objective->gradients && (row_due(run[l]) || ahead)) together[lanes++] = run[l];
    }
    if (lanes >= FEW_POINTS) evaluate_lanes(together, lanes);
    for (int l = 0; lanes >= FEW_POINTS && l < lanes; l++) {
        remember(together[l]);
        together[l]->ahead = !row_due(together[l]);
    }
    for (int l = 0; l < count; l++) {
        struct run *r = run[l];
        if (!row_due(r)) continue;
        if (r->cache && !(lanes >= FEW_POINTS && r->objective->gradients)) {
            evaluate_together(r);
            remember(r);
        }
        add_row(r);
    }
}
