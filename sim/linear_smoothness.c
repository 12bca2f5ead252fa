/* linear_smoothness.c - what theory knows of a linear model: row-norm bounds, spectral bounds, strong convexity. */
#include "lanczos.h"
#include "linear.h"
#include "real.h"
#include "rng.h"
#include "tridiagonal.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEW_SAMPLES = 64,     /* up to here the small matrix A A^T is formed when it is the smaller one    */
    LARGEST_DENSE = 2000, /* side of the matrix whose smallest eigenvalue is computed                  */
};
#define TOLERANCE  1e-10
#define DENSE_WORK 4e9 /* products that forming that matrix may take */

/* <a_k, a_l> of two rows of the shards, the bias included. */
static double row_dot(const struct linear *a, int64_t k, int64_t l)
{
    const struct rows *r = &a->shards->rows;
    uint64_t p = r->start[k], q = r->start[l];
    const uint64_t p_end = r->start[k + 1], q_end = r->start[l + 1];
    double sum = 0;
    while (p < p_end && q < q_end) {
        if (r->column[p] == r->column[q]) sum += r->value ? r->value[p] * r->value[q] : 1;
        const uint32_t at = r->column[p], other = r->column[q];
        p += at <= other;
        q += other <= at;
    }
    return sum * (a->common * a->common) + (a->shards->bias ? 1 : 0);
}

double linear_row_norm_sq(const struct linear *a, int64_t row)
{
    const struct rows *r = &a->shards->rows;
    const uint64_t from = r->start[row], entries = r->start[row + 1] - from;
    const double sum = r->value ? real_norm_sq(entries, r->value + from) : (double)entries * (a->common * a->common);
    return sum + (a->shards->bias ? 1 : 0);
}

struct dense {
    int64_t size;
    const double *entry;
};
static void dense_times(void *context, const double *v, double *out)
{
    const struct dense *m = context;
    for (int64_t i = 0; i < m->size; i++) out[i] = real_dot((size_t)m->size, m->entry + i * m->size, v);
}

/* lambda_max(A_i A_i^T), which is lambda_max(A_i^T A_i), for a client with few rows. */
static double small_client_top(const struct linear *a, int64_t client)
{
    const int64_t first = a->shards->first[client], m = a->shards->first[client + 1] - first;
    if (m == 1) return linear_row_norm_sq(a, first);
    double entry[FEW_SAMPLES * FEW_SAMPLES];
    for (int64_t k = 0; k < m; k++)
        for (int64_t l = 0; l <= k; l++) entry[k * m + l] = entry[l * m + k] = row_dot(a, first + k, first + l);
    struct dense matrix = {m, entry};
    const struct ritz top = lanczos_largest(m, dense_times, &matrix, TOLERANCE, (uint32_t)client);
    return top.value + top.residual;
}

struct gram {
    const struct linear *linear;
    int64_t client;
    struct oracle_work *work;
};
static void gram_times(void *context, const double *v, double *out)
{
    const struct gram *g = context;
    linear_gram_times(g->linear, g->client, v, out, g->work);
}

/* lambda_max(A_i^T A_i)/m_i, from above. */
static double client_top(const struct linear *a, int64_t client, struct oracle_work *w)
{
    const int64_t m = a->shards->first[client + 1] - a->shards->first[client];
    if (m == 1 || (m <= FEW_SAMPLES && m < a->shards->d)) return small_client_top(a, client) / (double)m;
    struct gram g = {a, client, w};
    const struct ritz top = lanczos_largest(a->shards->d, gram_times, &g, TOLERANCE, (uint32_t)client);
    return top.value + top.residual;
}

/* out = 1/n sum_i A_i^T A_i v / m_i, in time proportional to the nonzeros plus d, however many clients there are. */
static void mean_gram_times(void *context, const double *v, double *out)
{
    const struct gram *g = context;
    const struct shards *s = g->linear->shards;
    const struct rows *r = &s->rows;
    const double common = g->linear->common;
    memset(out, 0, (size_t)s->d * sizeof *out);
    for (int64_t i = 0; i < s->n; i++) {
        const double weight = 1 / ((double)s->n * (double)(s->first[i + 1] - s->first[i]));
        for (int64_t k = s->first[i]; k < s->first[i + 1]; k++) {
            double t;
            rows_forward(g->linear, k, NULL, 1, v, &t);
            t *= weight;
            for (uint64_t e = r->start[k]; e < r->start[k + 1]; e++) out[r->column[e]] += t * (r->value ? r->value[e] : common);
            if (s->bias) out[s->d - 1] += t;
        }
    }
}

static struct ritz mean_top(const struct linear *a, double tolerance, struct oracle_work *w)
{
    struct gram g = {a, -1, w};
    return lanczos_largest(a->shards->d, mean_gram_times, &g, tolerance, STREAM_SHARED);
}

double linear_spectral_mean(const struct objective *o, struct oracle_work *w)
{
    return mean_top(o->self, TOLERANCE, w).value; /* the Ritz value's own error is of the order of the residual squared */
}

/* 1/n sum_i A_i^T A_i / m_i as a dense matrix, or with as few rows as features the matrix of the weighted rows' products,
 * which has the same nonzero eigenvalues.  NULL when it is too large. */
static double *mean_matrix(const struct linear *a, int64_t *size)
{
    const struct shards *s = a->shards;
    const int64_t rows = s->first[s->n], d = s->d, m = *size = rows < d ? rows : d;
    double work = 0;
    for (int64_t k = 0; k < rows; k++) {
        const double entries = (double)(s->rows.start[k + 1] - s->rows.start[k]) + s->bias;
        work += rows < d ? (double)rows * entries : entries * entries;
    }
    if (m > LARGEST_DENSE || work > DENSE_WORK) return NULL;
    double *h = xcalloc((size_t)(m * m), sizeof *h), *weight = xmalloc((size_t)rows * sizeof *weight);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t k = s->first[i]; k < s->first[i + 1]; k++)
            weight[k] = 1 / ((double)s->n * (double)(s->first[i + 1] - s->first[i]));
    if (rows < d)
        for (int64_t k = 0; k < rows; k++)
            for (int64_t l = 0; l <= k; l++) h[k * m + l] = h[l * m + k] = sqrt(weight[k] * weight[l]) * row_dot(a, k, l);
    else
        for (int64_t k = 0; k < rows; k++) {
            const uint64_t from = s->rows.start[k], entries = s->rows.start[k + 1] - from;
            const uint64_t all = entries + s->bias;
            for (uint64_t p = 0; p < all; p++) {
                const bool bias_p = p == entries;
                double *row = h + m * (bias_p ? d - 1 : (int64_t)s->rows.column[from + p]);
                const double vp = weight[k] * (bias_p ? 1 : s->rows.value ? s->rows.value[from + p] : a->common);
                for (uint64_t q = 0; q < entries; q++)
                    row[s->rows.column[from + q]] += vp * (s->rows.value ? s->rows.value[from + q] : a->common);
                if (s->bias) row[d - 1] += vp;
            }
        }
    free(weight);
    return h;
}

/* The smallest eigenvalue of 1/n sum_i A_i^T A_i / m_i, or the smallest that is not zero; 0 when it was not computed. */
static double mean_bottom(const struct linear *a, bool nonzero)
{
    int64_t size;
    double *h = mean_matrix(a, &size);
    if (!h || (!nonzero && size < a->shards->d)) {
        free(h);
        return 0;
    }
    double *diagonal = xmalloc(2 * (size_t)size * sizeof *diagonal), *off = diagonal + size;
    symmetric_to_tridiagonal(size, h, diagonal, off);
    const double top = tridiagonal_eigenvalue(size, diagonal, off, size - 1);
    const double zero = 16 * (double)size * DBL_EPSILON * top; /* what rounding makes of zero eigenvalues stays below */
    const int64_t zeros = tridiagonal_count_below(size, diagonal, off, zero);
    double bottom = 0;
    if (zeros < size && (nonzero || zeros == 0)) bottom = tridiagonal_eigenvalue(size, diagonal, off, zeros);
    free(diagonal);
    free(h);
    return bottom;
}

/* Largest and mean-square smoothness of single samples, and with `rows` the clients' constants. */
static void sample_constants(const struct objective *o, bool spectral, double high, struct smoothness *s)
{
    const struct linear *a = o->self;
    const double c = o->problem->curvature(o->param);
    double square_sum = 0;
    s->L_max = 0;
    for (int64_t i = 0; i < o->n; i++) {
        double largest = 0, squares = 0;
        for (int64_t k = a->shards->first[i]; k < a->shards->first[i + 1]; k++) {
            const double L = c * linear_row_norm_sq(a, k) + high;
            largest = fmax(largest, L);
            squares += L * L;
        }
        square_sum += squares / (double)o->samples[i];
        s->L_max = fmax(s->L_max, largest);
        if (!spectral) s->L_i[i] = largest;
    }
    s->L_cal = sqrt(square_sum / (double)o->n);
}

void linear_smoothness(const struct objective *o, bool spectral, struct smoothness *s, struct oracle_work *w)
{
    const struct linear *a = o->self;
    const struct problem *p = o->problem;
    const double c = p->curvature(o->param);
    double low = 0, high = 0;
    if (p->reg_bounds) p->reg_bounds(o->param, &low, &high);
    sample_constants(o, spectral, high, s);
    if (spectral) {
        for (int64_t i = 0; i < o->n; i++) s->L_i[i] = c * client_top(a, i, w) + high;
        const struct ritz top = mean_top(a, TOLERANCE, w);
        s->L_f = c * (top.value + top.residual) + high;
    } else
        s->L_f = (double)NAN; /* objective_smoothness puts the mean of L_i */
    s->mu = 0;
    const double inf_curve = p->loss_mu ? p->loss_mu(o->param) : 0;
    if (inf_curve > 0)
        s->mu = inf_curve * mean_bottom(a, low <= 0) + low;
    else if (p->convex)
        s->mu = fmax(low, 0);
}
