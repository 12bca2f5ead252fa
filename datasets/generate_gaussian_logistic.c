/* generate_gaussian_logistic.c - dense Gaussian features, two classes, every client with its own distribution. */
#include "../sim/rng.h"
#include "generate.h"
#include <math.h>
#include <stdlib.h>

struct gaussian_logistic {
    int64_t rows, features;
    double heterogeneity, noise, scale;
};

static const struct field gaussian_logistic_fields[] = {
    INTEGER(gaussian_logistic, rows, "2000", 1, 100000000,
            "rows; a multiple of the clients gives each exactly its own distribution"),
    INTEGER(gaussian_logistic, features, "20", 1, 1000000, "features"),
    REAL(gaussian_logistic, heterogeneity, "1", 0, 1000, "how far the clients' means and true weights lie apart: 0 equal"),
    REAL(gaussian_logistic, noise, "0.05", 0, 0.5, "probability that a label is flipped"),
    REAL_POS(gaussian_logistic, scale, "1", 1e6, "standard deviation of each feature within a client"),
    FIELDS_END,
};

enum { LANE_WEIGHTS, LANE_CLIENT_WEIGHTS, LANE_CLIENT_MEAN, LANE_ROWS, LANE_LABELS };

static bool gaussian_logistic_make(const void *param, uint64_t seed, int64_t clients, struct dataset *out, struct fail *f)
{
    const struct gaussian_logistic *p = param;
    const int64_t d = p->features;
    if (!generate_fits("gaussian-logistic", p->rows, d, 12, f)) return false;
    double *common = xmalloc((size_t)d * 4 * sizeof *common), *weights = common + d, *mean = weights + d, *row = mean + d;
    generate_gaussians(seed, LANE_WEIGHTS, 0, STREAM_SHARED, d, 1, common);
    struct rows_builder b;
    rows_begin(&b, d);
    for (int64_t i = 0, whose = -1; i < p->rows; i++) {
        const int64_t client = generate_client(i, p->rows, clients);
        if (client != whose) { /* w_i = w + h delta_i, mean h mu_i / sqrt d: its length is about h, whatever d is */
            whose = client;
            generate_gaussians(seed, LANE_CLIENT_WEIGHTS, 0, (uint32_t)client, d, p->heterogeneity, weights);
            generate_gaussians(seed, LANE_CLIENT_MEAN, 0, (uint32_t)client, d, p->heterogeneity / sqrt((double)d), mean);
            for (int64_t j = 0; j < d; j++) weights[j] += common[j];
        }
        generate_gaussians(seed, LANE_ROWS, (uint32_t)i, (uint32_t)client, d, 1, row);
        double margin = 0;
        for (int64_t j = 0; j < d; j++) {
            row[j] = p->scale * (mean[j] + row[j]);
            margin += row[j] * weights[j];
        }
        struct stream s = stream(seed, FOR_GENERATOR, LANE_LABELS, (uint32_t)i, (uint32_t)client);
        rows_label(&b, (margin >= 0) != stream_bernoulli(&s, p->noise) ? 1 : -1);
        for (int64_t j = 0; j < d; j++) rows_add(&b, (uint32_t)j, row[j]);
    }
    free(common);
    generate_finish("gaussian-logistic", &b, out);
    return true;
}

const struct generator generator_gaussian_logistic = {
    .name = "gaussian-logistic",
    .summary = "dense Gaussian features, two classes; heterogeneity moves the clients apart",
    .explain = "Client i holds rows  a = scale (h mu_i / sqrt(d) + g),  g ~ N(0, I),  with labels  y = sign(a . (w + h "
               "delta_i)), flipped\n"
               "with probability `noise`;  mu_i, delta_i, w ~ N(0, I) and h = heterogeneity.  h = 0: all clients draw from one\n"
               "distribution.  Rows are made client after client: use a contiguous split.\n",
    .param = gaussian_logistic_fields,
    .param_size = sizeof(struct gaussian_logistic),
    .make = gaussian_logistic_make,
};
