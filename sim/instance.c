/* instance.c - from data to a problem with its constants. */
#include "instance.h"
#include "memory.h"
#include "optimum.h"
#include "real.h"
#include "rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool load_rows(struct instance *i, const struct experiment_params *c, struct fail *f)
{
    if (strcmp(c->dataset, "none") == 0)
        return fail_set(f, "problem %s needs data; set dataset to a name from `gradwire list datasets` or a path",
                        i->problem->name);
    if (i->generator) return i->generator->make(i->generator_settings.data, (uint64_t)c->data_seed, c->clients, &i->data, f);
    return dataset_load(c->dataset, c->dimension, &i->data, f);
}

static bool deal_rows(struct instance *i, const struct experiment_params *c, struct fail *f)
{
    struct split how = {.order = (enum split_order)c->split,
                        .remainder = (enum split_remainder)c->remainder,
                        .seed = (uint64_t)c->data_seed,
                        .clients = c->clients,
                        .bias = c->bias,
                        .normalise = c->normalise,
                        .two_classes = i->problem->two_classes};
    return load_rows(i, c, f) && shards_take(&i->data, &how, &i->shards, f);
}

static double rows_bytes(const struct rows *r)
{
    const double nonzeros = (double)r->start[r->count], each = sizeof *r->column + (r->value ? sizeof *r->value : 0);
    return nonzeros * each + (double)r->count * (sizeof *r->start + sizeof *r->label);
}

static void start_point(struct instance *i, const struct experiment_params *c)
{
    int64_t d = i->objective.d;
    struct stream s = stream((uint64_t)c->data_seed, FOR_START, 0, 0, STREAM_SHARED);
    i->x0 = xcalloc((size_t)d, sizeof(double));
    for (int64_t j = 0; j < d; j++)
        i->x0[j] = c->x0 == START_ZEROS ? 0 : c->x0 == START_ONES ? c->x0_scale : c->x0_scale * stream_gaussian(&s);
}

static void measure_start(struct instance *i)
{
    struct oracle_work w = {0};
    double *g = xcalloc((size_t)i->objective.d, sizeof(double));
    i->f_start = objective_full(&i->objective, i->x0, g, NULL, &w);
    i->sigma_sq_start = NAN;
    i->grad_norm_sq_start = real_norm_sq((size_t)i->objective.d, g);
    free(g);
    oracle_work_free(&w);
}

static bool find_optimum(struct instance *i, const struct experiment_params *c, struct fail *f)
{
    struct objective *o = &i->objective;
    if (c->optimum == OPTIMUM_NO) {
        free(o->x_star);
        o->x_star = NULL;
        o->f_star = NAN;
    }
    return c->optimum != OPTIMUM_YES || optimum_find(o, i->key, 1e-28, f);
}

/* x0, a gradient, what is made to find the constants, and what a run will keep of each client. */
static bool fits_into_memory(int64_t n, int64_t d, struct fail *f)
{
    return memory_fits(32.0 * (double)d + BYTES_OF_CLIENT * (double)n, f, "n = %lld clients and d = %lld", (long long)n,
                       (long long)d);
}

bool instance_open(struct instance *i, struct fail *f)
{
    const struct experiment_params *c = i->settings.data;
    if (!i->problem->needs_data && strcmp(c->dataset, "none") != 0)
        return fail_set(f, "problem %s makes its own data; dataset = %s cannot be used with it; allowed: none", i->problem->name,
                        c->dataset);
    if (i->problem->needs_data && !deal_rows(i, c, f)) return false;
    const struct shards *shards = i->problem->needs_data ? &i->shards : NULL;
    if ((shards && !fits_into_memory(c->clients, shards->d, f)) ||
        !objective_open(&i->objective, i->problem, i->problem_settings.data, shards, c->clients, (uint64_t)c->data_seed, f) ||
        !fits_into_memory(i->objective.n, i->objective.d, f))
        return false;
    if (shards) i->objective.bytes += rows_bytes(&shards->rows);
    objective_smoothness(&i->objective, c->smoothness == SPECTRAL, &i->L);
    start_point(i, c);
    measure_start(i);
    return find_optimum(i, c, f);
}

void instance_free(struct instance *i)
{
    if (!i) return;
    if (i->objective.problem) objective_close(&i->objective);
    shards_free(&i->shards);
    dataset_free(&i->data);
    settings_free(&i->settings);
    settings_free(&i->problem_settings);
    settings_free(&i->generator_settings);
    free(i->L.L_i);
    free(i->x0);
    free(i->key);
    free(i->path);
    free(i);
}
