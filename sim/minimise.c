/* minimise.c - x* and f* of a strongly convex objective, by Newton's method with conjugate gradients inside.
 *
 * Uncounted and sequential: it serves the records (f - f*, |x - x*|^2), not the simulated algorithms. */
#include "problem.h"
#include "real.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NEWTON = 200, MOST_HALVINGS = 60, PATIENCE = 4 };

struct newton {
    const struct objective *o;
    size_t d;
    double *x, *grad, *step, *next_x, *next_grad; /* the iterate and the one that is tried            */
    double *residual, *direction, *image, *part;  /* conjugate gradients; one client's Hessian product */
    double *best;                                 /* the point with the least |grad|^2 so far          */
    double f, grad_sq, best_f, best_sq;
    struct oracle_work work;
    double *room;
};

static void newton_begin(struct newton *s, const struct objective *o)
{
    memset(s, 0, sizeof *s);
    s->o = o;
    s->d = (size_t)o->d;
    double **const vector[] = {&s->x,        &s->grad,      &s->step,  &s->next_x, &s->next_grad,
                               &s->residual, &s->direction, &s->image, &s->part,   &s->best};
    const size_t count = sizeof vector / sizeof *vector;
    s->room = xcalloc(count * s->d, sizeof *s->room);
    for (size_t i = 0; i < count; i++) *vector[i] = s->room + i * s->d;
}

/* image = Hessian f(x) v, the mean over clients. */
static void hessian_times(struct newton *s, const double *v)
{
    const double n = (double)s->o->n;
    memset(s->image, 0, s->d * sizeof *s->image);
    for (int64_t i = 0; i < s->o->n; i++) {
        s->o->hessian_times(s->o, i, s->x, v, s->part, &s->work);
        for (size_t j = 0; j < s->d; j++) s->image[j] += s->part[j];
    }
    for (size_t j = 0; j < s->d; j++) s->image[j] /= n;
}

/* step ~ -H^-1 grad: until the residual falls below `ratio` of the gradient, or no longer does anything. */
static void conjugate_gradients(struct newton *s, double ratio)
{
    double rr = s->grad_sq;
    const double enough = ratio * ratio * rr;
    const size_t most = 4 * s->d + 100;
    for (size_t j = 0; j < s->d; j++) {
        s->step[j] = 0;
        s->direction[j] = s->residual[j] = -s->grad[j];
    }
    for (size_t k = 0; k < most && rr > enough; k++) {
        hessian_times(s, s->direction);
        const double curvature = real_dot(s->d, s->direction, s->image);
        if (!(curvature > 0)) break;
        const double a = rr / curvature;
        for (size_t j = 0; j < s->d; j++) {
            s->step[j] += a * s->direction[j];
            s->residual[j] -= a * s->image[j];
        }
        const double next = real_norm_sq(s->d, s->residual);
        for (size_t j = 0; j < s->d; j++) s->direction[j] = s->residual[j] + next / rr * s->direction[j];
        rr = next;
    }
}

/* x + step, x + step/2, ...: the first with enough decrease of f (Armijo).  Near the optimum f can no longer tell points
 * apart; there a smaller gradient norm is enough.  False when none will do. */
static bool newton_move(struct newton *s)
{
    const double slope = real_dot(s->d, s->grad, s->step), rounding = 64 * DBL_EPSILON * (fabs(s->f) + DBL_MIN);
    double damping = 1;
    for (int i = 0; i < MOST_HALVINGS; i++, damping /= 2) {
        for (size_t j = 0; j < s->d; j++) s->next_x[j] = s->x[j] + damping * s->step[j];
        const double f = objective_full(s->o, s->next_x, s->next_grad, NULL, &s->work);
        const double sq = real_norm_sq(s->d, s->next_grad);
        if (!isfinite(f) || !isfinite(sq)) continue;
        if (f > s->f + 1e-4 * damping * slope && !(f <= s->f + rounding && sq < s->grad_sq)) continue;
        memcpy(s->x, s->next_x, s->d * sizeof *s->x);
        memcpy(s->grad, s->next_grad, s->d * sizeof *s->grad);
        s->f = f;
        s->grad_sq = sq;
        return true;
    }
    return false;
}

static void keep_best(struct newton *s, int *idle)
{
    *idle = s->grad_sq < s->best_sq / 2 ? 0 : *idle + 1;
    if (!(s->grad_sq < s->best_sq)) return;
    memcpy(s->best, s->x, s->d * sizeof *s->best);
    s->best_sq = s->grad_sq;
    s->best_f = s->f;
}

/* Returns |grad f|^2 where it started. */
static double newton_run(struct newton *s, double tol)
{
    s->f = objective_full(s->o, s->x, s->grad, NULL, &s->work);
    s->grad_sq = real_norm_sq(s->d, s->grad);
    s->best_sq = s->grad_sq; /* the best is x = 0, as allocated */
    s->best_f = s->f;
    const double start = s->grad_sq;
    int idle = 0;
    for (int k = 0; k < MOST_NEWTON && s->best_sq > tol && idle < PATIENCE; k++) {
        conjugate_gradients(s, fmin(0.1, sqrt(sqrt(s->grad_sq / start)) * 0.1));
        if (!newton_move(s)) break;
        keep_best(s, &idle);
    }
    return start;
}

bool objective_minimise(struct objective *o, double tol, struct fail *f)
{
    const struct problem *p = o->problem;
    if (o->x_star) return true;
    if (!p->convex || !o->hessian_times)
        return fail_set(f, "problem %s is not convex: its minimum is not computed; leave out optimum = yes", p->name);
    double low = 0, high = 0;
    if (p->reg_bounds) p->reg_bounds(o->param, &low, &high);
    if (low <= 0 && !(p->loss_mu && p->loss_mu(o->param) > 0))
        return fail_set(f, "problem %s: without a ridge the minimum need not exist; give lambda > 0 to have it computed",
                        p->name);
    struct newton s;
    newton_begin(&s, o);
    const double start = newton_run(&s, tol), rounding = 1e-26 * (1 + start);
    const bool done = isfinite(s.best_sq) && (s.best_sq <= tol || s.best_sq <= rounding);
    if (done) {
        o->x_star = xmalloc(s.d * sizeof *o->x_star);
        memcpy(o->x_star, s.best, s.d * sizeof *o->x_star);
        o->f_star = s.best_f;
    } else
        fail_run(f, "problem %s: Newton's method stopped at |grad f|^2 = %.3g, not at %.3g; the problem is too ill-conditioned",
                 p->name, s.best_sq, tol);
    free(s.room);
    oracle_work_free(&s.work);
    return done;
}
