/* dither.h - random rounding of |x_j| / |x| to a fixed set of levels in [0, 1]: QSGD, TernGrad and natural dithering.
 *
 * A message is a norm and, for each value, a sign and the number of a level.  Each value uses one uniform draw, so the
 * same draws at c x, c > 0, give c Q(x).  A zero level decodes to +0.  Where the norm is not finite every value is NaN. */
#ifndef DITHER_H
#define DITHER_H
#include "compressor.h"
#include "norm.h"

enum spacing { LEVELS_EVEN, LEVELS_BINARY }; /* 0, 1/s, 2/s, ..., 1;  0, 2^(1-s), ..., 1/2, 1 */
struct dither {
    enum norm norm;
    enum spacing spacing;
    int64_t levels; /* s: the levels above zero */
};
enum { DITHER_MOST_EVEN = 1 << 24, DITHER_MOST_BINARY = 64 };

void dither_quantise(const struct dither *d, const struct compress_call *q, struct message *m);
/* The level that stands for value under norm `scale`: the nearest, 0 .. s. */
int64_t dither_symbol(const struct dither *d, double scale, double value);
double dither_value(const struct dither *d, double scale, int64_t level, bool negative);

/* The plain code: the norm, then a sign bit and ceil(log2(s+1)) bits a value. */
double dither_bits_each(const struct dither *d);
double dither_payload_bits(const struct dither *d, const struct compress_call *q, const struct message *m);
void dither_pack(const struct dither *d, const struct compress_call *q, const struct message *m, struct wire *w);
void dither_unpack(const struct dither *d, const struct compress_call *q, struct wire *w, struct message *m);
#endif
