/* lab.h - runs in memory, for tests: from a line of `key=value` words to a finished trace.
 *
 * "problem=quadratic dim=20 method=gd,marina record=every~7" is an [experiment] section of one key a line, ~ standing for a
 * blank. */
#ifndef LAB_H
#define LAB_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/plan.h"
#include "../sim/vec.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lab {
    struct experiment experiment;
    struct plan plan;
    struct run **run; /* plan.runs of them */
};

static inline bool lab_make(struct lab *l, const char *words, struct fail *f)
{
    char *text = xprintf("[experiment]\n%s\n", words);
    for (char *c = text + strlen("[experiment]\n"); *c; c++) *c = *c == ' ' ? '\n' : *c == '~' ? ' ' : *c;
    *l = (struct lab){0};
    bool ok = experiment_parse(text, "lab", &l->experiment, f) && plan_make(&l->plan, &l->experiment, f);
    free(text);
    if (ok) l->run = xcalloc(l->plan.runs, sizeof(struct run *));
    return ok;
}

static inline void lab_close(struct lab *l)
{
    for (size_t k = 0; l->run && k < l->plan.runs; k++) run_free(l->run[k]);
    free(l->run);
    plan_free(&l->plan);
    experiment_free(&l->experiment);
}

/* The runs, none of which has made a round yet. */
__attribute__((format(printf, 2, 3))) static inline void lab_open(struct lab *l, const char *format, ...)
{
    char words[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    struct fail f = {0};
    if (!lab_make(l, words, &f)) fail_msg("\"%s\": %s", words, f.text);
    for (size_t k = 0; k < l->plan.runs; k++) l->run[k] = run_new(&l->plan.run[k]->spec, 1);
}

static inline void run_finish(struct run *r)
{
    while (r->status == RUN_GOING) run_round(r);
}

static inline void lab_finish(struct lab *l)
{
    for (size_t k = 0; k < l->plan.runs; k++) run_finish(l->run[k]);
}

/* --- reading a run ----------------------------------------------------------------------------------------------- */

static inline const double *run_column(const struct run *r, const char *name)
{
    const int c = trace_column(name);
    if (c < 0 || !r->trace.cell[c]) fail_msg("run \"%s\" has no column %s", r->spec->label, name);
    return r->trace.cell[c];
}

static inline double run_at(const struct run *r, const char *name, int64_t round)
{
    const double *rounds = run_column(r, "round"), *column = run_column(r, name);
    for (int64_t k = 0; k < r->trace.rows; k++)
        if (rounds[k] == (double)round) return column[k];
    fail_msg("run \"%s\" has no row for round %lld", r->spec->label, (long long)round);
    return 0;
}

static inline size_t state_place(const struct field *table, const char *name)
{
    for (size_t k = 0; k < field_count(table); k++)
        if (strcmp(table[k].name, name) == 0) return k;
    fail_msg("there is no state \"%s\"", name);
    return 0;
}

/* The vectors a method keeps, by name. */
static inline double *server_vector(const struct run *r, const char *name)
{
    return vec_at(r->server_slab, r->d, r->server_place[state_place(r->spec->method->server, name)]);
}

static inline double *client_vector(const struct run *r, int64_t client, const char *name)
{
    return vec_at(r->client_slab, r->d,
                  (size_t)client * r->client_vectors + r->client_place[state_place(r->spec->method->client, name)]);
}

static inline double run_param(const struct run *r, const char *name)
{
    const struct settings *s = &r->spec->param;
    return settings_real(s, state_place(s->table, name));
}

/* --- comparing --------------------------------------------------------------------------------------------------- */

static inline bool same_numbers(const double *a, const double *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

/* max |a - b| / max(|a|, |b|) */
static inline double distance(const double *a, const double *b, int64_t count)
{
    double most = 0, size = 0;
    for (int64_t k = 0; k < count; k++) {
        if (!(fabs(a[k] - b[k]) <= most)) most = fabs(a[k] - b[k]);
        size = fmax(size, fmax(fabs(a[k]), fabs(b[k])));
    }
    return size > 0 ? most / size : most;
}

static const char *const about_model[] = {"round", "f", "f_gap", "grad_norm_sq", "mean_client_grad_norm_sq", "dist_sq", NULL};

/* The same models, bit for bit: at the end, and as far as every row of the trace tells.  all: the same counts too. */
static inline bool same_run(const struct run *a, const struct run *b, bool all)
{
    if (a->d != b->d || a->trace.rows != b->trace.rows || a->status != b->status) return false;
    for (int c = 0; trace_columns[c].name; c++) {
        bool wanted = all;
        for (int k = 0; about_model[k]; k++) wanted |= strcmp(about_model[k], trace_columns[c].name) == 0;
        if (!wanted || (!a->trace.cell[c] && !b->trace.cell[c])) continue;
        if (!a->trace.cell[c] || !b->trace.cell[c] || !same_numbers(a->trace.cell[c], b->trace.cell[c], a->trace.rows))
            return false;
    }
    return same_numbers(a->model, b->model, a->d);
}

/* Every bit a run would need to go on. */
static inline bool same_state(const struct run *a, const struct run *b)
{
    uint8_t *x = NULL, *y = NULL;
    size_t size_x, size_y;
    checkpoint_save(a, &x, &size_x);
    checkpoint_save(b, &y, &size_y);
    const bool same = size_x == size_y && memcmp(x, y, size_x) == 0;
    free(x);
    free(y);
    return same;
}

/* --- small problems ---------------------------------------------------------------------------------------------- */

#define LAB_QUADRATIC "problem=quadratic dim=20 L=2 mu=0.1 heterogeneity=0.5 clients=4 x0=gaussian"
#define LAB_MARINA                                                                                                               \
    "problem=marina-loss dataset=one-hot rows=203 features=17 groups=5 bias=yes clients=4 remainder=spread x0=gaussian"
#define LAB_LOGISTIC                                                                                                             \
    "problem=logistic lambda=0.01 dataset=gaussian-logistic rows=120 features=9 clients=4 remainder=last x0=gaussian"
enum { LAB_PROBLEMS = 3 };
static const char *const lab_problem[LAB_PROBLEMS] = {LAB_QUADRATIC, LAB_MARINA, LAB_LOGISTIC};

/* Skip a test that needs a public data set which is not below $GRADWIRE_DATA. */
static inline void need_data(const char *name)
{
    const char *home = getenv("GRADWIRE_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", home ? home : "", name);
    if (home == NULL || access(path, R_OK) != 0) skip();
}
#endif
