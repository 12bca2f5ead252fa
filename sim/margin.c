/* margin.c - sigmoid and logistic loss of a margin, from e = exp(-|z|) alone so that nothing overflows or cancels. */
#include "margin.h"
#include "exp_core.h"
#include "real.h"
#include "wide.h"
#include <math.h>

static inline void sigmoid(double z, double e, double *s, double *c)
{
    const double large = 1 / (1 + e), small = e * large;
    *s = z >= 0 ? large : small;
    *c = z >= 0 ? small : large;
}

WIDE void margin_sigmoid(int64_t count, const double *t, const double *y, double *s, double *c, double *e)
{
    int64_t wild = 0; /* margins that exp_mild does not take */
    for (int64_t k = 0; k < count; k++) wild += !(fabs(t[k]) <= EXP_MILD);
    if (wild > 0) {
#pragma omp simd
        for (int64_t k = 0; k < count; k++) {
            const double z = y[k] * t[k];
            sigmoid(z, e[k] = exp_core(-fabs(z)), &s[k], &c[k]);
        }
        return;
    }
#pragma omp simd
    for (int64_t k = 0; k < count; k++) {
        const double z = y[k] * t[k];
        sigmoid(z, e[k] = exp_mild(-fabs(z)), &s[k], &c[k]);
    }
}

WIDE static void log_loss_strip(int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    double s[MARGIN_STRIP], c[MARGIN_STRIP], e[MARGIN_STRIP];
    margin_sigmoid(count, t, y, s, c, e);
    if (slope)
        for (int64_t k = 0; k < count; k++) slope[k] = -y[k] * c[k];
    if (curve)
        for (int64_t k = 0; k < count; k++) curve[k] = s[k] * c[k];
    if (!value) return;
    real_log1p_array((size_t)count, e, e);
    for (int64_t k = 0; k < count; k++) {
        const double z = y[k] * t[k];
        value[k] = (z < 0 ? -z : 0) + e[k];
    }
}

void margin_log_loss(int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    for (int64_t k = 0; k < count; k += MARGIN_STRIP) {
        const int64_t left = count - k;
        log_loss_strip(left < MARGIN_STRIP ? left : MARGIN_STRIP, t + k, y + k, value ? value + k : NULL,
                       slope ? slope + k : NULL, curve ? curve + k : NULL);
    }
}
