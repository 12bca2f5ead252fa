/* lanczos.c - Lanczos with full re-orthogonalisation (twice, Parlett's "twice is enough"), Ritz value by Sturm bisection. */
#include "lanczos.h"
#include "fail.h"
#include "real.h"
#include "rng.h"
#include "tridiagonal.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 1000 };

struct krylov {
    int64_t d, steps, room;
    double *basis;                 /* steps vectors of d numbers   */
    double *diagonal, *off, *work; /* of the projected matrix      */
};

static void krylov_grow(struct krylov *k)
{
    if (k->steps + 1 < k->room) return;
    k->room = k->room > 0 ? 2 * k->room : 16;
    const size_t room = (size_t)k->room;
    k->basis = xrealloc(k->basis, room * (size_t)k->d * sizeof *k->basis);
    k->diagonal = xrealloc(k->diagonal, room * sizeof *k->diagonal);
    k->off = xrealloc(k->off, room * sizeof *k->off);
    k->work = xrealloc(k->work, 3 * room * sizeof *k->work);
}

/* r -= the part of r in the span of the basis vectors 0 .. count-1; twice, since once leaves rounding errors behind. */
static void orthogonalise(const struct krylov *k, int64_t count, double *r)
{
    const size_t d = (size_t)k->d;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++) {
            const double *q = k->basis + i * k->d;
            const double c = real_dot(d, q, r);
            for (size_t j = 0; j < d; j++) r[j] -= c * q[j];
        }
}

static void scale_into(int64_t d, const double *r, double norm, double *q)
{
    for (int64_t j = 0; j < d; j++) q[j] = r[j] / norm;
}

static struct ritz ritz_top(const struct krylov *k, double next)
{
    struct ritz r = {.steps = k->steps};
    r.value = tridiagonal_eigenvalue(k->steps, k->diagonal, k->off, k->steps - 1);
    r.residual = next * tridiagonal_top_vector_end(k->steps, k->diagonal, k->off, r.value, k->work);
    return r;
}

static struct ritz iterate(struct krylov *k, void (*times)(void *, const double *, double *), void *context, double tolerance,
                           double *r)
{
    const int64_t most = k->d < MOST_STEPS ? k->d : MOST_STEPS;
    double scale = 0; /* of the matrix, to tell a small residual vector from rounding */
    for (;;) {
        const double *q = k->basis + k->steps * k->d;
        times(context, q, r);
        k->diagonal[k->steps] = real_dot((size_t)k->d, q, r);
        k->steps++;
        orthogonalise(k, k->steps, r);
        const double next = sqrt(real_norm_sq((size_t)k->d, r));
        scale = fmax(scale, fmax(fabs(k->diagonal[k->steps - 1]), next));
        const bool exhausted = next <= 8 * DBL_EPSILON * scale || k->steps == k->d;
        if (exhausted || k->steps == most || k->steps % 4 == 0) {
            struct ritz top = ritz_top(k, exhausted ? 0 : next);
            top.converged = top.residual <= tolerance * fabs(top.value);
            if (top.converged || exhausted || k->steps == most) return top;
        }
        krylov_grow(k);
        k->off[k->steps - 1] = next;
        scale_into(k->d, r, next, k->basis + k->steps * k->d);
    }
}

struct ritz lanczos_largest(int64_t d, void (*times)(void *context, const double *v, double *out), void *context,
                            double tolerance, uint32_t which)
{
    struct krylov k = {.d = d};
    krylov_grow(&k);
    double *r = xmalloc((size_t)d * sizeof *r);
    struct stream s = stream(0, FOR_LANCZOS, 0, 0, which);
    for (int64_t j = 0; j < d; j++) r[j] = 1.5 - stream_uniform(&s); /* in (0.5, 1.5]: near the vector sought where A >= 0 */
    scale_into(d, r, sqrt(real_norm_sq((size_t)d, r)), k.basis);
    const struct ritz top = iterate(&k, times, context, tolerance, r);
    free(r);
    free(k.basis);
    free(k.diagonal);
    free(k.off);
    free(k.work);
    return top;
}
