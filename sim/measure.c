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

static void evaluate_client(struct run *r, int64_t i, double *g, struct worker *w)
{
    r->objective->gradient(r->objective, i, r->model, g, &r->metric_f[i], &w->oracle);
    r->metric_norm_sq[i] = real_norm_sq((size_t)r->d, g);
}

static void add_to_total(struct run *r, const double *g)
{
    for (int64_t j = 0; j < r->d; j++) r->metric_gradient[j] += g[j];
}

/* One client after another, when their gradients together are too much to keep. */
static void evaluate_in_turn(struct run *r)
{
    struct worker *w = &r->worker[0];
    if (!w->gradient) w->gradient = vec_new(r->d);
    for (int64_t i = 0; i < r->n; i++) {
        evaluate_client(r, i, w->gradient, w);
        add_to_total(r, w->gradient);
    }
}

/* All client gradients side by side; the round that follows at the same point finds them here. */
static void evaluate_together(struct run *r)
{
    if (r->threads > 1) {
#pragma omp parallel for schedule(dynamic) num_threads(r->threads)
        for (int64_t i = 0; i < r->n; i++)
            evaluate_client(r, i, vec_at(r->cache, r->d, (size_t)i), &r->worker[omp_get_thread_num()]);
    } else {
        for (int64_t i = 0; i < r->n; i++) evaluate_client(r, i, vec_at(r->cache, r->d, (size_t)i), &r->worker[0]);
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

static void fill_model_columns(struct run *r, double *row)
{
    const struct objective *o = r->objective;
    double f = 0, client_norm_sq = 0, n = (double)r->n;
    for (int64_t i = 0; i < r->n; i++) {
        f += r->metric_f[i];
        client_norm_sq += r->metric_norm_sq[i];
    }
    for (int64_t j = 0; j < r->d; j++) r->metric_gradient[j] /= n;
    row[trace_column("round")] = (double)r->round;
    row[trace_column("f")] = f / n;
    row[trace_column("grad_norm_sq")] = real_norm_sq((size_t)r->d, r->metric_gradient);
    row[trace_column("mean_client_grad_norm_sq")] = client_norm_sq / n;
    if (!o->x_star) return;
    double dist_sq = 0, slope = 0; /* slope: <grad f, x - x*> */
    for (int64_t j = 0; j < r->d; j++) {
        const double step = r->model[j] - o->x_star[j];
        dist_sq += step * step;
        slope += r->metric_gradient[j] * step;
    }
    row[trace_column("dist_sq")] = dist_sq;
    row[trace_column("f_gap")] = o->problem->quadratic ? slope / 2 : f / n - o->f_star;
}

/* Mean over clients and the largest, in the order of enum count, two columns each. */
static void fill_count_columns(const struct run *r, double *row)
{
    int column = trace_column("values_up");
    for (int k = 0; k < COUNTS; k++, column += 2) {
        double total = 0, most = 0;
        for (int64_t i = 0; i < r->n; i++) {
            double v = r->ledger[i].count[k];
            total += v;
            if (v > most) most = v;
        }
        row[column] = total / (double)r->n;
        row[column + 1] = most;
        if (k == SAMPLE_GRADIENTS) row[trace_column("epochs")] = total / (double)r->objective->total;
    }
}

static void add_row(struct run *r)
{
    double row[TRACE_COLUMNS] = {0};
    memset(r->metric_gradient, 0, (size_t)r->d * sizeof(double));
    if (!r->cache) evaluate_in_turn(r);
    for (int64_t i = 0; r->cache && i < r->n; i++) add_to_total(r, vec_at(r->cache, r->d, (size_t)i));
    fill_model_columns(r, row);
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
