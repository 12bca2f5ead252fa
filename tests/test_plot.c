/* test_plot.c - what figures count and draw: accounting, modelled time, medians, budgets, markers. */
#include "plot_kit.h"

/* --- counting ------------------------------------------------------------------------------------------------------------- */
enum { ROWS = 9 };
static const struct kit_run dense_run = {
    .method = "marina", .k = 4, .seed = 1, .rows = ROWS, .dense = true, .y0 = 1, .rate = 0.5};

/* x of row i for a figure with these settings. */
static void costs(const char *settings[4], enum x_kind kind, double x[ROWS])
{
    struct record file;
    struct fail f = {0};
    struct settings s = settings_of(settings[0], settings[1], settings[2], settings[3]);
    kit_open(&file, "");
    kit_add(&file, &dense_run);
    struct plot_run r = {record_find(&file, "/runs/000"), record_find(&file, "/problem"), record_find(&file, "/runs/000/trace"),
                         ROWS, false};
    assert_true(run_cost(s.data, kind, &r, x, &f));
    settings_free(&s);
    record_free(&file);
}

static void accounting_follows_closed_forms(void **state)
{
    (void)state;
    double x[ROWS], d = KIT_D;
    static const char *const account[] = {"accounting=wire", "accounting=values32", "accounting=values64", "accounting=flower"};
    static const double a_value[] = {0, 32, 64, 64};
    for (int a = 0; a < 4; a++)
        for (int way = 0; way < 3; way++)
            for (int max = 0; max < 2; max++) {
                static const char *const direction[] = {"direction=up", "direction=down", "direction=both"};
                const char *words[4] = {account[a], direction[way], max ? "clients=max" : "clients=mean", NULL};
                costs(words, X_BITS, x);
                for (int i = 0; i < ROWS; i++) {
                    double up = a == 0 ? kit_bits(&dense_run, i) + (max ? 64 * i : 0)
                                       : a_value[a] * (kit_values(&dense_run, i) + (max ? i : 0));
                    double down = a == 0 ? 64 * d * i : a_value[a] * d * i;
                    assert_true(x[i] == (way != 1 ? up : 0) + (way != 0 ? down : 0));
                }
            }
    /* The published convention by hand: d values, then K a round, at 32. */
    costs((const char *[4]){"accounting=values32"}, X_BITS, x);
    assert_true(x[0] == 0 && x[1] == 32 * 113 && x[8] == 32 * (113 + 7 * 4));
    costs((const char *[4]){NULL}, X_VALUES, x);
    assert_true(x[8] == 113 + 7 * 4);
    costs((const char *[4]){NULL}, X_ORACLE, x);
    assert_true(x[8] == 8 * KIT_M);
}

static void free_start_costs_nothing(void **state)
{
    (void)state;
    double x[ROWS], counted[ROWS];
    const char *uncounted[4] = {"start=uncounted"};
    costs(uncounted, X_BITS, x);
    costs((const char *[4]){NULL}, X_BITS, counted);
    assert_true(x[0] == 0 && x[1] == 0);
    for (int i = 1; i < ROWS; i++) {
        assert_true(x[i] == (i - 1) * (4 * 71.0 + 1)); /* 64 + 7 a kept value, 1 a message */
        assert_true(counted[i] - x[i] == 64 * 113 + 1);
    }
    costs(uncounted, X_EPOCHS, x);
    assert_true(x[0] == 0 && x[1] == 0 && x[8] == 7);
    costs(uncounted, X_ORACLE, x);
    assert_true(x[1] == 0 && x[8] == 7 * KIT_M);
    costs(uncounted, X_ROUNDS, x);
    assert_true(x[1] == 1 && x[8] == 8);
}

static void time_follows_the_model(void **state)
{
    (void)state;
    double latency = 0x1p-10, bandwidth = 0x1p20, S = 0x1p22;
    struct traffic one = {.n = 1, .rounds = 10, .bits_up = S, .bits_down = S}, two = one, five = one;
    two.n = 2;
    five.n = 5;
    assert_true(plot_time(NETWORK_RING, latency, bandwidth, &one) == 0);
    assert_true(plot_time(NETWORK_RING, 0, bandwidth, &two) == S / bandwidth);
    assert_true(plot_time(NETWORK_RING, latency, bandwidth, &two) == S / bandwidth + 2 * 10 * latency);
    assert_true(fabs(plot_time(NETWORK_RING, latency, bandwidth, &five) - (8 * 10 * latency + 1.6 * S / bandwidth)) < 1e-12);
    assert_true(plot_time(NETWORK_SERVER, latency, bandwidth, &five) == 20 * latency + 5 * 2 * S / bandwidth);
    assert_true(plot_time(NETWORK_WIDE_SERVER, latency, bandwidth, &five) == 20 * latency + 2 * S / bandwidth);
    double x[ROWS];
    costs((const char *[4]){"network=ring", "latency=0.5", "bandwidth=1000", "accounting=values32"}, X_TIME, x);
    assert_true(fabs(x[8] - (8 * 8 * 0.5 + 1.6 * 32 * (113 + 28) / 1000)) < 1e-9);
    costs((const char *[4]){"network=server", "latency=0.5", "bandwidth=1000", "accounting=values32"}, X_TIME, x);
    assert_true(fabs(x[8] - (2 * 8 * 0.5 + 5 * 32 * (113 + 28 + 8 * 113) / 1000.0)) < 1e-9);
}

/* --- seeds ---------------------------------------------------------------------------------------------------------------- */
static void quantiles_are_those_of_a_list(void **state)
{
    (void)state;
    double odd[] = {5, 1, 4, 2, 3}, even[] = {4, 1, 3, 2}, wild[] = {(double)INFINITY, 1, (double)INFINITY};
    assert_true(quantile(odd, 5, 0.5) == 3 && quantile(odd, 5, 0.25) == 2 && quantile(odd, 5, 0) == 1 &&
                quantile(odd, 5, 1) == 5);
    assert_true(quantile(even, 4, 0.5) == 2.5 && quantile(even, 4, 0.25) == 1.75);
    assert_true(isinf(quantile(wild, 3, 0.5)) && quantile(wild, 3, 0) == 1);
}

/* Seeds with these values of grad_norm_sq as one curve. */
static struct series merged(const char *band, const double (*y)[4], const size_t *rows, const char *const *status, size_t seeds)
{
    struct record file;
    struct settings s = settings_of(band);
    struct figure g = {.settings = s.data};
    struct series out;
    struct fail f = {0};
    kit_open(&file, "");
    for (size_t i = 0; i < seeds; i++)
        kit_add(&file, &(struct kit_run){
                           .method = "marina", .k = 1, .seed = (int64_t)i, .rows = rows[i], .y = y[i], .status = status[i]});
    assert_true(curves_gather(&g, &file, 1, "test.h5", &f));
    assert_int_equal(g.curves, 1);
    assert_int_equal(g.curve[0].runs, seeds);
    assert_true(series_make(&out, s.data, X_ROUNDS, "grad_norm_sq", &g.curve[0], &f));
    curve_free(&g.curve[0]);
    free(g.curve);
    settings_free(&s);
    record_free(&file);
    return out;
}

static void seeds_become_median_and_band(void **state)
{
    (void)state;
    static const double y[5][4] = {{1, 5, 3, 9}, {1, 1, 4, 8}, {1, 4, 9, 7}, {1, 2, 2, 1}, {1, 3, 8, 2}};
    static const size_t rows[] = {4, 4, 4, 4, 4};
    static const char *const done[] = {"done", "done", "done", "done", "done"};
    struct series s = merged("band=quartile", y, rows, done, 5);
    assert_int_equal(s.count, 4);
    assert_true(s.y[0] == 1 && s.y[1] == 3 && s.y[2] == 4 && s.y[3] == 7);
    assert_true(s.low[1] == 2 && s.high[1] == 4 && s.low[0] == 1 && s.high[0] == 1);
    series_free(&s);
    s = merged("band=minmax", y, rows, done, 5);
    assert_true(s.low[1] == 1 && s.high[1] == 5 && s.low[3] == 1 && s.high[3] == 9);
    series_free(&s);
    s = merged("band=none", y, rows, done, 4);
    assert_true(s.low == NULL && s.y[1] == 3 && s.y[3] == 7.5); /* another number of seeds, another median */
    series_free(&s);
}

static void a_curve_ends_where_half_its_seeds_diverged(void **state)
{
    (void)state;
    double inf = (double)INFINITY;
    const double y[3][4] = {{1, 2, 3, 4}, {1, 5, inf, 0}, {1, 9, 9, (double)NAN}};
    static const size_t rows[] = {4, 3, 4};
    static const char *const status[] = {"done", "diverged", "diverged"};
    struct series s = merged("band=none", y, rows, status, 3);
    assert_int_equal(s.count, 3);
    assert_true(s.y[1] == 5 && s.y[2] == 9 && s.diverged);
    series_free(&s);
    s = merged("band=none", y, rows, status, 1);
    assert_true(s.count == 4 && !s.diverged); /* alone, the first goes on */
    series_free(&s);
    static const char *const cut[] = {"done", "interrupted", "done"};
    static const double whole[3][4] = {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}};
    s = merged("band=none", whole, rows, cut, 3);
    assert_int_equal(s.count, 3); /* an interrupted seed says nothing of later rounds */
    series_free(&s);
}

/* --- points ---------------------------------------------------------------------------------------------------------------- */
static void a_common_budget_cuts_all_curves(void **state)
{
    (void)state;
    struct record file;
    kit_marina_figure(&file, 200, 1);
    struct settings full = settings_of("x=bits", "accounting=values32"),
                    common = settings_of("x=bits", "accounting=values32", "budget=common");
    struct figure *a = figure_of(&full, &file), *b = figure_of(&common, &file);
    assert_int_equal(a->curves, 6);
    assert_true(a->x_axis[0].high == 32 * (113 + 198 * 10)); /* the longest: MARINA, K = 10 */
    assert_true(b->x_axis[0].high == 32 * 199);              /* the shortest: DIANA, K = 1   */
    for (size_t i = 0; i < b->curves; i++) {
        const struct series *s = &b->series[i];
        assert_true(s->x[s->count - 1] >= b->x_axis[0].high);
        assert_true(s->count < 2 || s->x[s->count - 2] < b->x_axis[0].high);
    }
    assert_true(a->series[0].count == 200 && b->series[5].count < 200);
    figure_free(a);
    figure_free(b);
    settings_free(&full);
    settings_free(&common);
    record_free(&file);
}

static void markers_are_few_and_staggered(void **state)
{
    (void)state;
    struct record file;
    kit_marina_figure(&file, 1200, 1);
    struct settings s = settings_of("x=rounds"), none = settings_of("x=rounds", "marker=none");
    struct figure *g = figure_of(&s, &file), *bare = figure_of(&none, &file);
    for (size_t i = 0; i < g->curves; i++) {
        const struct series *a = &g->series[i];
        assert_int_equal(a->markers, 12);
        assert_int_equal(bare->series[i].markers, 0);
        for (size_t j = 0; j < i; j++)
            for (size_t k = 0; k < 12; k++) {
                const struct series *b = &g->series[j];
                for (size_t l = 0; l < 12; l++) assert_true(fabs(a->x[a->marker[k]] - b->x[b->marker[l]]) > 1199.0 / 12 / 6 / 2);
            }
    }
    figure_free(g);
    figure_free(bare);
    settings_free(&s);
    settings_free(&none);
    record_free(&file);
}

static void thinning_keeps_the_extremes(void **state)
{
    (void)state;
    enum { MANY = 50000, MOST = 2000 };
    struct series s = {.count = MANY};
    struct axis x = {.low = 0, .high = MANY - 1};
    s.x = xcalloc(MANY, sizeof(double));
    s.y = xcalloc(MANY, sizeof(double));
    for (int i = 0; i < MANY; i++) {
        s.x[i] = i;
        s.y[i] = 1 + 1e-6 * (i % 7);
    }
    s.y[12345] = 50;
    s.y[23456] = 0.01;
    series_thin(&s, &x, MOST);
    assert_true(s.count <= MOST && s.count > MOST / 2);
    bool spike = false, dip = false;
    for (size_t i = 0; i < s.count; i++) {
        spike |= s.x[i] == 12345 && s.y[i] == 50;
        dip |= s.x[i] == 23456 && s.y[i] == 0.01;
        assert_true(i == 0 || s.x[i] > s.x[i - 1]);
    }
    assert_true(spike && dip && s.x[0] == 0 && s.x[s.count - 1] == MANY - 1);
    series_free(&s);
}

static void zeros_lie_on_the_lower_edge(void **state)
{
    (void)state;
    static const double y[] = {1, 1e-3, 0, -1e-20};
    struct record file;
    kit_open(&file, "");
    kit_add(&file, &(struct kit_run){.method = "gd", .k = 1, .seed = 1, .rows = 4, .y = y});
    struct settings s = settings_of("x=rounds"), linear = settings_of("logy=no");
    struct figure *g = figure_of(&s, &file), *l = figure_of(&linear, &file);
    const struct axis *a = &g->y_axis[0];
    assert_true(a->low < 1e-4 && a->low > 1e-5 && a->high > 1 && a->high < 2);
    assert_true(g->series[0].y[1] == 1e-3 && g->series[0].y[2] == a->low && g->series[0].y[3] == a->low);
    assert_true(l->series[0].y[2] == 0 && l->y_axis[0].low < 0);
    figure_free(g);
    figure_free(l);
    settings_free(&s);
    settings_free(&linear);
    record_free(&file);
}

static void what_diverges_does_not_flatten_the_rest(void **state)
{
    (void)state;
    struct record file;
    kit_open(&file, "");
    kit_add(&file, &(struct kit_run){.method = "gd", .k = 1, .seed = 1, .rows = 40, .y0 = 1, .rate = 0.9});
    kit_add(&file, &(struct kit_run){.method = "agd", .k = 1, .seed = 1, .rows = 20, .y0 = 1, .rate = 1e9, .status = "diverged"});
    struct settings s = settings_of("budget=common");
    struct figure *g = figure_of(&s, &file);
    assert_true(g->y_axis[0].high < 2e3);
    assert_true(g->x_axis[0].high == 39); /* nor does it shorten a common budget */
    assert_string_equal(g->curve[0].legend, "GD");
    assert_string_equal(g->curve[1].legend, "AGD (diverged)");
    figure_free(g);
    settings_free(&s);
    record_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounting_follows_closed_forms),
        cmocka_unit_test(free_start_costs_nothing),
        cmocka_unit_test(time_follows_the_model),
        cmocka_unit_test(quantiles_are_those_of_a_list),
        cmocka_unit_test(seeds_become_median_and_band),
        cmocka_unit_test(a_curve_ends_where_half_its_seeds_diverged),
        cmocka_unit_test(a_common_budget_cuts_all_curves),
        cmocka_unit_test(markers_are_few_and_staggered),
        cmocka_unit_test(thinning_keeps_the_extremes),
        cmocka_unit_test(zeros_lie_on_the_lower_edge),
        cmocka_unit_test(what_diverges_does_not_flatten_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
