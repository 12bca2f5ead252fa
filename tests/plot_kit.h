/* plot_kit.h - result files made up for the tests of figures: every column has a closed form. */
#ifndef PLOT_KIT_H
#define PLOT_KIT_H
#include "../sim/plot_figure.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

enum { KIT_N = 5, KIT_D = 113, KIT_SAMPLES = 8120, KIT_M = KIT_SAMPLES / KIT_N };

/* One run.  rows: rounds 0, every, 2 every, ...; dense: round 1 sends d values and starts with a full gradient. */
struct kit_run {
    const char *method, *compressor, *status, *varied, *problem;
    int64_t k, seed, every;
    size_t rows;
    bool dense;
    double y0, rate; /* grad_norm_sq of row i: y0 * rate^i + 1e-12 */
    const double *y; /* or these                                */
};

static inline double kit_values(const struct kit_run *r, double round)
{
    return round == 0 ? 0 : r->dense ? KIT_D + (double)r->k * (round - 1) : (double)r->k * round;
}
static inline double kit_index(const struct kit_run *r, double round)
{
    return round == 0 ? 0 : (double)r->k * (r->dense ? round - 1 : round);
}
static inline double kit_bits(const struct kit_run *r, double round)
{
    return 64 * kit_values(r, round) + 7 * kit_index(r, round) + round;
}
static inline double kit_down(double round)
{
    return 64.0 * KIT_D * round;
}

static inline void kit_column(struct group *g, const char *name, const double *v, size_t rows)
{
    group_array(g, name, VALUE_REAL, v, rows, "", "");
}

static inline void kit_trace(struct record *file, const char *path, const struct kit_run *r)
{
    char *below = xprintf("%s/trace", path);
    struct group *g = record_group(file, below);
    enum { ROUND, Y, VALUES, VALUES_MAX, BITS, BITS_MAX, VALUES_DOWN, DOWN, SAMPLES, EPOCHS, COLUMNS };
    static const char *const names[] = {
        "",          "grad_norm_sq",     "values_up", "values_up_max", "bits_up", "bits_up_max", "values_down",
        "bits_down", "sample_gradients", "epochs"};
    static const char *const largest[] = {"values_down_max", "bits_down_max", "sample_gradients_max"};
    int64_t *round = xcalloc(r->rows, sizeof *round);
    double *v[COLUMNS], value = r->y0;
    for (int c = 0; c < COLUMNS; c++) v[c] = xcalloc(r->rows, sizeof(double));
    for (size_t i = 0; i < r->rows; i++, value *= r->rate) {
        double t = (double)(round[i] = (int64_t)i * (r->every > 0 ? r->every : 1));
        v[Y][i] = r->y != NULL ? r->y[i] : value + 1e-12;
        v[VALUES][i] = kit_values(r, t);
        v[VALUES_MAX][i] = kit_values(r, t) + t;
        v[BITS][i] = kit_bits(r, t);
        v[BITS_MAX][i] = kit_bits(r, t) + 64 * t;
        v[VALUES_DOWN][i] = kit_down(t) / 64;
        v[DOWN][i] = kit_down(t);
        v[SAMPLES][i] = KIT_M * t;
        v[EPOCHS][i] = t;
    }
    group_array(g, "round", VALUE_INT, round, r->rows, "rounds", "");
    for (int c = 1; c < COLUMNS; c++) kit_column(g, names[c], v[c], r->rows);
    for (int c = 0; c < 3; c++) kit_column(g, largest[c], v[VALUES_DOWN + c], r->rows);
    for (int c = 0; c < COLUMNS; c++) free(v[c]);
    free(round);
    free(below);
}

static inline struct group *kit_problem(struct record *file, const char *path, const char *dataset)
{
    struct group *g = record_group(file, path);
    group_text(g, "dataset", dataset);
    group_text(g, "problem", "marina-loss");
    group_int(g, "N", KIT_SAMPLES);
    group_int(g, "d", KIT_D);
    group_int(g, "n", KIT_N);
    group_real(g, "L_f", 3.3891);
    return g;
}

static inline void kit_open(struct record *file, const char *experiment)
{
    *file = (struct record){0};
    struct group *g = record_group(file, "/");
    group_text(g, "format", RECORD_FORMAT);
    group_int(g, "format_version", RECORD_VERSION);
    group_text(g, "experiment", experiment);
    kit_problem(file, "/problem", "mushrooms");
    record_group(file, "/runs");
}

static inline void kit_add(struct record *file, const struct kit_run *r)
{
    int number = 0;
    char *path = xstrdup("/runs/000");
    while (record_find(file, path) != NULL) {
        free(path);
        path = xprintf("/runs/%03d", ++number);
    }
    struct group *g = record_group(file, path);
    char *label = xprintf("%s k=%d seed=%d", r->method, (int)r->k, (int)r->seed);
    group_text(g, "label", label);
    group_text(g, "varied", r->varied != NULL ? r->varied : "");
    group_text(g, "method", r->method);
    group_text(g, "compressor", r->compressor != NULL ? r->compressor : "randk");
    group_text(g, "problem", r->problem != NULL ? r->problem : "/problem");
    group_text(g, "status", r->status != NULL ? r->status : "done");
    group_int(g, "seed", r->seed);
    group_int(g, "rounds", 1000);
    group_real(g, "gamma", 0.01 * (double)r->k);
    group_text(g, "gamma_origin", "theory");
    group_int(g, "k", r->k);
    group_text(g, "k_origin", "user");
    group_real(g, "start_values_up", r->dense ? KIT_D : 0);
    group_real(g, "start_bits_up", r->dense ? kit_bits(r, 1) : 0);
    group_real(g, "start_sample_gradients", r->dense ? KIT_M : 0);
    if (r->rows > 0) kit_trace(file, path, r);
    free(label);
    free(path);
}

/* MARINA and DIANA, K = 1, 5, 10, three seeds each. */
static inline void kit_marina_figure(struct record *file, size_t rows, double scale)
{
    static const int64_t k[] = {1, 5, 10};
    kit_open(file, "[experiment]\ntitle = MARINA against DIANA\n[plot]\nx = rounds, bits\n");
    for (int m = 0; m < 2; m++)
        for (int i = 0; i < 3; i++)
            for (int64_t seed = 1; seed <= 3; seed++) {
                char varied[64];
                snprintf(varied, sizeof varied, "k=%d seed=%d", (int)k[i], (int)seed);
                kit_add(file, &(struct kit_run){.method = m ? "diana" : "marina",
                                                .varied = varied,
                                                .k = k[i],
                                                .seed = seed,
                                                .rows = rows,
                                                .dense = m == 0,
                                                .y0 = 0.08 * scale * (1 + 0.1 * (double)seed),
                                                .rate = 1 / (1 + (m ? 1.0 : 5.0) * (double)k[i] / (double)rows)});
            }
}
/* Settings from "key=value" words. */
#define settings_of(...) settings_of_words((const char *const[]){__VA_ARGS__, NULL})
static inline struct settings settings_of_words(const char *const *word)
{
    struct settings s = settings_new(plot_fields, sizeof(struct plot_settings));
    for (; *word != NULL; word++) {
        struct fail f = {0};
        if (!plot_settings_word(&s, *word, &f)) print_error("%s\n", f.text);
        assert_string_equal(f.text, "");
    }
    return s;
}

static inline struct figure *figure_of(const struct settings *s, const struct record *file)
{
    struct fail f = {0};
    struct figure *g = figure_new(s->data, file, 1, "test.h5", "title", &f);
    if (g == NULL) print_error("%s\n", f.text);
    assert_non_null(g);
    return g;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) print_error("\"%s\" is not in: %.300s\n", part, text);
    assert_non_null(strstr(text, part));
}
#endif
