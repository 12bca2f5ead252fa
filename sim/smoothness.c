/* smoothness.c - the constants of an objective: the problem gives L_i, L_f, mu and per-sample bounds; means follow here. */
#include "problem.h"
#include <math.h>
#include <string.h>

void objective_smoothness(const struct objective *o, bool spectral, struct smoothness *s)
{
    struct oracle_work w = {0};
    memset(s, 0, sizeof *s);
    s->L_i = xmalloc((size_t)o->n * sizeof *s->L_i);
    s->L_f = (double)NAN;
    o->smoothness(o, spectral, s, &w);
    oracle_work_free(&w);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < o->n; i++) {
        sum += s->L_i[i];
        squares += s->L_i[i] * s->L_i[i];
        s->L_i_max = fmax(s->L_i_max, s->L_i[i]);
    }
    s->L_bar = sum / (double)o->n;
    s->L_hat = sqrt(squares / (double)o->n);
    if (isnan(s->L_f)) s->L_f = s->L_bar;
}
