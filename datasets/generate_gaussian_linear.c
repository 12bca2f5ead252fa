/* generate_gaussian_linear.c - Gaussian features with real-valued labels, for least squares; of full or lower rank. */
#include "../sim/rng.h"
#include "generate.h"
#include <math.h>
#include <stdlib.h>

struct gaussian_linear {
    int64_t rows, features, rank;
    double heterogeneity, noise, scale;
};

static const struct field gaussian_linear_fields[] = {
    INTEGER(gaussian_linear, rows, "2000", 1, 100000000, "rows; fewer than `features`: an overparametrised problem"),
    INTEGER(gaussian_linear, features, "20", 1, 1000000, "features"),
    INTEGER(gaussian_linear, rank, "0", 0, 1000000, "rank of the rows' span (at most `features`); 0: full"),
    REAL(gaussian_linear, heterogeneity, "1", 0, 1000, "how far the clients' means and true weights lie apart: 0 equal"),
    REAL(gaussian_linear, noise, "0.1", 0, 1e6, "standard deviation added to each label"),
    REAL_POS(gaussian_linear, scale, "1", 1e6, "standard deviation of each feature within a client"),
    FIELDS_END,
};

enum { LANE_WEIGHTS, LANE_CLIENT_WEIGHTS, LANE_CLIENT_MEAN, LANE_ROWS, LANE_LABELS, LANE_BASIS };

/* Everything one needs to make row after row; `hidden` has `rank` numbers, the rest d. */
struct maker {
    const struct gaussian_linear *p;
    uint64_t seed;
    int64_t rank;
    double *basis, *common, *weights, *mean, *hidden, *row;
};

static void client_begin(struct maker *m, int64_t client)
{
    const int64_t d = m->p->features;
    const double h = m->p->heterogeneity, unit = 1 / sqrt((double)d);
    generate_gaussians(m->seed, LANE_CLIENT_WEIGHTS, 0, (uint32_t)client, d, h * unit, m->weights);
    generate_gaussians(m->seed, LANE_CLIENT_MEAN, 0, (uint32_t)client, m->rank, h / sqrt((double)m->rank), m->mean);
    for (int64_t j = 0; j < d; j++) m->weights[j] += m->common[j];
}

/* a = scale (h mu_i + g) for full rank, a = scale (h mu_i + g) B / sqrt(rank) with B: rank x d otherwise. */
static void row_make(struct maker *m, int64_t i, int64_t client)
{
    const int64_t d = m->p->features, r = m->rank;
    generate_gaussians(m->seed, LANE_ROWS, (uint32_t)i, (uint32_t)client, r, 1, m->hidden);
    for (int64_t k = 0; k < r; k++) m->hidden[k] = m->p->scale * (m->hidden[k] + m->mean[k]);
    for (int64_t j = 0; j < d; j++) m->row[j] = m->basis ? 0 : m->hidden[j];
    if (!m->basis) return;
    for (int64_t k = 0; k < r; k++)
        for (int64_t j = 0; j < d; j++) m->row[j] += m->hidden[k] * m->basis[k * d + j];
}

static void rows_make(struct maker *m, int64_t clients, struct rows_builder *b)
{
    const struct gaussian_linear *p = m->p;
    for (int64_t i = 0, whose = -1; i < p->rows; i++) {
        const int64_t client = generate_client(i, p->rows, clients);
        if (client != whose) client_begin(m, whose = client);
        row_make(m, i, client);
        double label;
        generate_gaussians(m->seed, LANE_LABELS, (uint32_t)i, (uint32_t)client, 1, p->noise, &label);
        for (int64_t j = 0; j < p->features; j++) label += m->row[j] * m->weights[j];
        rows_label(b, label);
        for (int64_t j = 0; j < p->features; j++) rows_add(b, (uint32_t)j, m->row[j]);
    }
}

static bool gaussian_linear_make(const void *param, uint64_t seed, int64_t clients, struct dataset *out, struct fail *f)
{
    const struct gaussian_linear *p = param;
    const int64_t d = p->features;
    const bool full = p->rank == 0 || p->rank == d;
    if (p->rank > d)
        return fail_set(f, "gaussian-linear: rank = %lld with features = %lld; allowed are 0 (full) .. features",
                        (long long)p->rank, (long long)d);
    if (!generate_fits("gaussian-linear", p->rows, d, 12, f)) return false;
    if (!full && !generate_fits("gaussian-linear", p->rank, d, 8, f)) return false;
    struct maker m = {.p = p, .seed = seed, .rank = full ? d : p->rank};
    m.common = xmalloc((size_t)d * 5 * sizeof *m.common);
    m.weights = m.common + d, m.mean = m.weights + d, m.hidden = m.mean + d, m.row = m.hidden + d;
    generate_gaussians(seed, LANE_WEIGHTS, 0, STREAM_SHARED, d, 1 / sqrt((double)d), m.common);
    if (!full) {
        m.basis = xmalloc((size_t)(m.rank * d) * sizeof *m.basis);
        generate_gaussians(seed, LANE_BASIS, 0, STREAM_SHARED, m.rank * d, 1 / sqrt((double)m.rank), m.basis);
    }
    struct rows_builder b;
    rows_begin(&b, d);
    rows_make(&m, clients, &b);
    free(m.basis);
    free(m.common);
    generate_finish("gaussian-linear", &b, out);
    return true;
}

const struct generator generator_gaussian_linear = {
    .name = "gaussian-linear",
    .summary =
        "Gaussian features, real-valued labels, for least squares; full or lower rank; heterogeneity moves the clients apart",
    .explain =
        "Client i holds rows  a = scale (h mu_i / sqrt(r) + g) B,  g ~ N(0, I_r),\n"
        "with labels  a . (w + h delta_i) + noise N(0, 1);\n"
        "w, delta_i ~ N(0, I/d), mu_i ~ N(0, I_r), h = heterogeneity.\n"
        "B is the identity when the rank r is full (rank = 0), else r x d with entries N(0, 1/r): the problem then satisfies\n"
        "the PL condition without being strongly convex.  When noise = 0 and h = 0, all clients share a minimiser.\n"
        "Rows are made client after client: use a contiguous split.\n",
    .param = gaussian_linear_fields,
    .param_size = sizeof(struct gaussian_linear),
    .make = gaussian_linear_make,
};
