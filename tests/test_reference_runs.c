/* test_reference_runs.c - whole runs on public data against independent float64 computations of the experiments of Gorbunov,
 * Burlachenko, Li, Richtarik 2021 (MARINA): n = 5 contiguous blocks, remainder dropped, bias, x0 = 0, sigmoid loss, K of Rand-K =
 * 1, 5, 10.
 *
 * Stepsizes are those of the code released with the paper: the curvature 0.15405, and a ridge of 1e-6 max L_i in L. */
#include "lab.h"

#define SETTING "problem=marina-loss curvature=0.15405 bias=yes clients=5 split=contiguous remainder=drop"
/* dataset, ridge = 1e-6 * 0.15405 * largest |a|^2 */
#define MUSHROOMS       SETTING " dataset=mushrooms"
#define A9A             SETTING " dataset=a9a"
#define MUSHROOMS_RIDGE " lambda=3.3891e-06"
#define A9A_RIDGE       " lambda=2.31075e-06"

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

static void assert_near(double a, double b, double relative, const char *what)
{
    if (!near(a, b, relative)) fail_msg("%s: %.17g, expected %.17g", what, a, b);
}

/* --- gradient descent, deterministic --------------------------------------------------------------------------------------- */

struct row {
    int64_t k;
    double f, grad_sq, client_sq;
};

static void check_descent(const char *words, const struct row *row, size_t count, double gamma)
{
    struct lab l;
    lab_open(&l, "%s method=gd rounds=1000 record=log", words);
    lab_finish(&l);
    const struct run *r = l.run[0];
    assert_near(run_param(r, "gamma"), gamma, 1e-14, "gamma");
    for (size_t q = 0; q < count; q++) {
        assert_near(run_at(r, "f", row[q].k), row[q].f, 1e-12, "f");
        assert_near(run_at(r, "grad_norm_sq", row[q].k), row[q].grad_sq, 1e-12, "|grad f|^2");
        assert_near(run_at(r, "mean_client_grad_norm_sq", row[q].k), row[q].client_sq, 1e-12, "mean |grad f_i|^2");
    }
    assert_false(near(run_at(r, "f", 99), run_at(r, "f", 100), 1e-5)); /* one round off would be seen */
    lab_close(&l);
}

static void gradient_descent_on_mushrooms(void **state)
{
    (void)state;
    need_data("mushrooms");
    static const struct row plain[] = {{0, 0.25, 0.07998103986689802, 0.42239264518976444},
                                       {10, 0.12444780471769885, 0.018367420611605564, 0.11333142344542066},
                                       {100, 0.04140779444181212, 0.0006978423758905273, 0.008824997477349768},
                                       {1000, 0.013138889200357568, 3.3041893103491346e-05, 0.0015097331198584973}};
    static const struct row ridge[] = {{100, 0.04141558914955221, 0.0006976542712861852, 0.00882576608643533},
                                       {1000, 0.01317259279701942, 3.296102046536406e-05, 0.0015109604119986286}};
    check_descent(MUSHROOMS, plain, 4, 1 / 3.3891);
    check_descent(MUSHROOMS MUSHROOMS_RIDGE, ridge, 2, 0.29506329113953556);
}

static void gradient_descent_on_a9a(void **state)
{
    (void)state;
    need_data("a9a");
    static const struct row plain[] = {{0, 0.25, 0.13030630396387843, 0.13038726062902584},
                                       {10, 0.15797624968715285, 0.004252628531848215, 0.0042892358339181825},
                                       {100, 0.11836786215533923, 0.00022931981206143694, 0.0002573565981954395},
                                       {1000, 0.1056883120237542, 5.0657429922755506e-06, 3.0382603018918817e-05}};
    static const struct row ridge[] = {{100, 0.11837141293895044, 0.00022926203907704706, 0.0002572992147614646},
                                       {1000, 0.10570192669803846, 5.051672173713057e-06, 3.0370560761233e-05}};
    check_descent(A9A, plain, 4, 1 / 2.31075);
    check_descent(A9A A9A_RIDGE, ridge, 2, 0.4327594936713189);
}

/* --- stepsizes -------------------------------------------------------------------------------------------------------------- */

struct steps {
    int k;
    double omega, p, marina, alpha, diana;
};
static const struct steps mushrooms_steps[3] = {
    {1, 112.0, 0.008849557522123894, 0.00577559774538778, 0.008849557522123894, 5.350598977121439e-05},
    {5, 21.6, 0.04424778761061947, 0.027679967068210156, 0.04424778761061947, 0.0005420600029400195},
    {10, 10.3, 0.08849557522123894, 0.052630663604968785, 0.08849557522123894, 0.001371353305092751},
};
static const struct steps a9a_steps[3] = {
    {1, 123.0, 0.008064516129032258, 0.0077268446812887364, 0.008064516129032258, 6.842528395312953e-05},
    {5, 23.8, 0.04032258064516129, 0.03716688889404198, 0.04032258064516129, 0.0006989009910712513},
    {10, 11.4, 0.08064516129032258, 0.07096471265427687, 0.08064516129032258, 0.0017832198249814043},
};

static void check_steps(const char *words, const struct steps steps[3])
{
    for (int q = 0; q < 3; q++) {
        struct lab l;
        lab_open(&l, "%s method=marina,diana compressor=randk k=%d", words, steps[q].k);
        const struct run *marina = l.run[0], *diana = l.run[1];
        struct compressor_constants c;
        chain_constants(&marina->spec->chain, marina->d, marina->n, 64, &c);
        assert_near(c.omega, steps[q].omega, 1e-14, "omega");
        assert_near(run_param(marina, "p"), steps[q].p, 1e-14, "MARINA's p");
        assert_near(run_param(marina, "gamma"), steps[q].marina, 1e-14, "MARINA's gamma");
        assert_near(run_param(diana, "alpha"), steps[q].alpha, 1e-14, "DIANA's alpha");
        assert_near(run_param(diana, "gamma"), steps[q].diana, 1e-14, "DIANA's gamma");
        lab_close(&l);
    }
}

static void stepsizes_of_the_released_code(void **state)
{
    (void)state;
    need_data("mushrooms");
    need_data("a9a");
    check_steps(MUSHROOMS MUSHROOMS_RIDGE, mushrooms_steps);
    check_steps(A9A A9A_RIDGE, a9a_steps);
}

/* --- random runs -------------------------------------------------------------------------------------------------------------
 */

/* Smallest and largest of three independent runs: |grad f|^2, and how far f has come from f(x0) = 1/4. */
struct spread {
    double grad_low, grad_high, gain_low, gain_high;
};
static const struct reference {
    const char *method;
    int k;
    struct spread at[4];
} mushrooms[] =
    {
        {"marina",
         1,
         {{0.05936, 0.06029, 0.03957, 0.04115},
          {0.01945, 0.0201, 0.1212, 0.1232},
          {0.007481, 0.007684, 0.157, 0.1581},
          {0.002764, 0.002809, 0.1832, 0.1837}}},
        {"marina",
         5,
         {{0.02084, 0.02147, 0.1189, 0.1201},
          {0.002148, 0.002163, 0.1892, 0.1892},
          {0.0007766, 0.0007814, 0.2069, 0.207},
          {0.0002574, 0.0002585, 0.2192, 0.2193}}},
        {"marina",
         10,
         {{0.008521, 0.008692, 0.153, 0.1541},
          {0.0008407, 0.0008522, 0.2058, 0.2061},
          {0.0002784, 0.0002804, 0.2186, 0.2187},
          {9.722e-05, 9.772e-05, 0.2271, 0.2271}}},
        {"diana",
         1,
         {{0.07974, 0.0798, 0.0003939, 0.0004192},
          {0.07888, 0.07898, 0.00206, 0.002136},
          {0.07786, 0.07795, 0.004159, 0.004225},
          {0.07584, 0.07592, 0.008274, 0.008341}}},
        {"diana",
         5,
         {{0.07774, 0.07784, 0.004168, 0.004355},
          {0.06986, 0.06993, 0.02018, 0.02035},
          {0.06099, 0.06106, 0.03791, 0.03805},
          {0.04631, 0.04636, 0.06684, 0.06696}}},
        {"diana",
         10,
         {{0.07461, 0.07476, 0.01046, 0.01066},
          {0.05671, 0.0568, 0.04635, 0.0465},
          {0.04004, 0.0401, 0.07924, 0.07935},
          {0.02101, 0.02103, 0.1194, 0.1195}}},
},
  a9a[] = {
      {"marina",
       1,
       {{0.0348, 0.03624, 0.05497, 0.0562},
        {0.004559, 0.00484, 0.08861, 0.09077},
        {0.002655, 0.002822, 0.1028, 0.1041},
        {0.001133, 0.001184, 0.1171, 0.1178}}},
      {"marina",
       5,
       {{0.004616, 0.004984, 0.08863, 0.08964},
        {0.0008596, 0.0008772, 0.1206, 0.1208},
        {0.0002918, 0.0002954, 0.1299, 0.13},
        {0.0001016, 0.0001022, 0.1363, 0.1363}}},
      {"marina",
       10,
       {{0.003005, 0.003092, 0.1014, 0.1016},
        {0.0003133, 0.0003163, 0.1294, 0.1296},
        {0.0001079, 0.0001096, 0.1359, 0.136},
        {3.592e-05, 3.629e-05, 0.1404, 0.1404}}},
      {"diana",
       1,
       {{0.1283, 0.1288, 0.0009112, 0.001161},
        {0.1224, 0.1232, 0.004248, 0.004675},
        {0.1155, 0.1162, 0.008334, 0.00875},
        {0.1026, 0.1032, 0.01584, 0.0162}}},
      {"diana",
       5,
       {{0.1157, 0.1161, 0.008418, 0.00867},
        {0.07101, 0.07125, 0.03412, 0.0343},
        {0.03967, 0.03978, 0.05291, 0.05301},
        {0.01576, 0.0158, 0.07053, 0.0706}}},
      {"diana",
       10,
       {{0.09561, 0.09599, 0.01994, 0.02019},
        {0.02961, 0.02973, 0.05953, 0.05964},
        {0.01099, 0.01101, 0.07558, 0.07564},
        {0.005043, 0.005049, 0.0881, 0.08814}}},
};
static const int64_t round_of[4] = {100, 500, 1000, 2000};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median over the runs of a lab. */
static double median(const struct lab *l, const char *column, int64_t round)
{
    double v[16] = {0};
    for (size_t k = 0; k < l->plan.runs; k++) v[k] = run_at(l->run[k], column, round);
    qsort(v, l->plan.runs, sizeof *v, by_value);
    const size_t half = l->plan.runs / 2;
    return l->plan.runs % 2 ? v[half] : (v[half - 1] + v[half]) / 2;
}

/* Our median belongs between the extremes of the three, give or take what a seed may do: a few per cent of |grad f|^2; of the way
 * that f has come 12 % (one standard deviation) at K = 1 after 100 rounds of DIANA, and less as more coordinates have been sent.
 */
static bool within(double v, double low, double high, double margin)
{
    return v >= (1 - margin) * low && v <= (1 + margin) * high;
}

static bool agrees(const struct lab *l, const struct reference *e, bool say)
{
    bool all = true;
    for (int q = 0; q < 4; q++) {
        const struct spread *s = &e->at[q];
        const double grad_sq = median(l, "grad_norm_sq", round_of[q]), gain = 0.25 - median(l, "f", round_of[q]);
        const double margin = 0.02 + 1.5 / sqrt((double)round_of[q] * e->k);
        const bool good = within(grad_sq, s->grad_low, s->grad_high, 0.05) && within(gain, s->gain_low, s->gain_high, margin);
        if (!good && say)
            print_error("%s K=%d, round %d: |grad f|^2 = %g in %g .. %g? 1/4 - f = %g in %g .. %g?\n", e->method, e->k,
                        (int)round_of[q], grad_sq, s->grad_low, s->grad_high, gain, s->gain_low, s->gain_high);
        all &= good;
    }
    return all;
}

static void check_random_runs(const char *words, const struct reference *e, size_t count, int seeds)
{
    bool all = true;
    for (size_t q = 0; q < count; q++) {
        struct lab l;
        lab_open(&l, "%s method=%s compressor=randk k=%d rounds=2000 record=log seed=1..%d", words, e[q].method, e[q].k, seeds);
        lab_finish(&l);
        all &= agrees(&l, &e[q], true);
        for (size_t other = 0; other < count; other++) /* every other row is told from this one */
            if (other != q) assert_false(agrees(&l, &e[other], false));
        lab_close(&l);
    }
    assert_true(all);
}

static void marina_and_diana_on_mushrooms(void **state)
{
    (void)state;
    need_data("mushrooms");
    check_random_runs(MUSHROOMS MUSHROOMS_RIDGE, mushrooms, 6, 3);
}

static void marina_and_diana_on_a9a(void **state)
{
    (void)state;
    need_data("a9a");
    check_random_runs(A9A A9A_RIDGE, a9a, 6, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_descent_on_mushrooms),  cmocka_unit_test(gradient_descent_on_a9a),
        cmocka_unit_test(stepsizes_of_the_released_code), cmocka_unit_test(marina_and_diana_on_mushrooms),
        cmocka_unit_test(marina_and_diana_on_a9a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
