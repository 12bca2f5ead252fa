/* logistic.c - logistic regression with a ridge, in both conventions of the factor 1/2. */
#include "../linear.h"
#include "../margin.h"
#include "../regularisers.h"

struct logistic {
    double lambda;
    int64_t ridge;
    double condition;
};
enum { RIDGE_HALF, RIDGE_FULL };

static const struct field param[] = {
    REAL(logistic, lambda, "0", 0, 1e12, "strength of the ridge"),
    CHOICE(logistic, ridge, "half", "half|full",
           "half: (lambda/2)|x|^2; full: lambda |x|^2 (as in the random-reshuffling papers' code)"),
    REAL(logistic, condition, "0", 0, 1e15,
         "not 0: lambda is chosen so that mu = L_data/(condition + 1), where L_data is the spectral L_f without ridge"),
    FIELDS_END};

static double strength(const void *p)
{
    const struct logistic *q = p;
    return q->ridge == RIDGE_HALF ? q->lambda : 2 * q->lambda;
}

static void loss(const void *p, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    (void)p;
    margin_log_loss(count, t, y, value, slope, curve);
}

static double curvature(const void *p)
{
    (void)p;
    return 0.25; /* s(1-s) at z = 0 */
}

static double reg(const void *p, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    return ridge(strength(p), d, x, grad, v, hess_v);
}

static void reg_bounds(const void *p, double *low, double *high)
{
    *low = *high = strength(p);
}

/* mu = L_data/(condition + 1): with `full` that is lambda = L_data/(2 (condition + 1)), so that L/mu = condition + 2. */
static bool open_logistic(struct objective *o, const void *p, const struct shards *shards, int64_t clients, uint64_t data_seed,
                          struct fail *f)
{
    (void)clients, (void)data_seed;
    const struct logistic *asked = p;
    if (asked->condition > 0 && asked->lambda > 0)
        return fail_set(f, "problem logistic: lambda and condition are both given; give one of them (condition chooses lambda)");
    if (!linear_open(o, o->problem, p, shards, f)) return false;
    if (asked->condition > 0) {
        struct oracle_work w = {0};
        const double mu = curvature(p) * linear_spectral_mean(o, &w) / (asked->condition + 1);
        oracle_work_free(&w);
        struct logistic *own = ((struct linear *)o->self)->param;
        own->lambda = own->ridge == RIDGE_HALF ? mu : mu / 2;
    }
    return true;
}

const struct problem problem_logistic = {
    .name = "logistic",
    .formula = "f_i(x) = mean_j log(1 + exp(-y_ij <a_ij, x>)) + (lambda/2)|x|^2  (ridge = full: + lambda |x|^2)",
    .paper = "logistic regression; ridge = full and condition: Sadiev et al. 2022, arXiv 2206.07021, experiments",
    .explain = "Binary classification by logistic regression; convex, strongly convex when lambda > 0.\n"
               "  z = y <a, x>,  s = sigma(z),  l(z) = log(1+exp(-z))\n"
               "  l'(z) = -(1-s),  l''(z) = s (1-s) in (0, 1/4]\n"
               "  ridge = half: + (lambda/2)|x|^2, adds lambda to every L and mu = lambda\n"
               "  ridge = full: + lambda |x|^2, adds 2 lambda and mu = 2 lambda\n"
               "Each sample is (|a|^2/4)-smooth before the ridge.  With `condition` = C the ridge is chosen from the data:\n"
               "mu = L_data/(C+1), L_data = lambda_max(1/n sum_i A_i^T A_i/m_i)/4, hence L/mu = C+2; the code released with the "
               "paper on\n"
               "random reshuffling with compression does so with C = 1e4 and ridge = full, that is lambda = L_data/(2 (C+1)).",
    .param = param,
    .param_size = sizeof(struct logistic),
    .needs_data = true,
    .two_classes = true,
    .convex = true,
    .loss = loss,
    .curvature = curvature,
    .reg = reg,
    .reg_bounds = reg_bounds,
    .open = open_logistic,
};
