/* instance.h - a problem on its data, opened once and shared by all runs of an experiment that use it. */
#ifndef INSTANCE_H
#define INSTANCE_H
#include "problem.h"

struct instance {
    struct dataset data;
    struct shards shards;
    struct settings problem_settings;
    struct objective objective;
    struct smoothness L;         /* the constants that theory uses: rows or spectral */
    bool spectral;
    double grad_norm_sq_start;   /* |grad f(x0)|^2 */
    double f_start;
    bool optimum;                /* x_star and f_star are known and recorded */
};
#endif
