/* margin.h - functions of the margin z = y t that the classification losses share; no overflow for any z. */
#ifndef MARGIN_H
#define MARGIN_H
#include <stddef.h>
#include <stdint.h>

enum { MARGIN_STRIP = 256 }; /* losses work through their samples in strips of this many, on the stack */

/* For k < count <= MARGIN_STRIP, with z = y[k] t[k]: s = 1/(1+e^-z), c = 1 - s, both to full relative precision however
 * large |z| is, and e = e^-|z|.  y is -1 or +1. */
void margin_sigmoid(int64_t count, const double *t, const double *y, double *s, double *c, double *e);

/* log(1 + e^-z): value; its derivatives in t: slope = -y (1-s), curve = s (1-s).  Any of the three may be NULL. */
void margin_log_loss(int64_t count, const double *t, const double *y, double *value, double *slope, double *curve);
#endif
