/* identity.c - nothing is compressed. */
#include "../compose.h"
#include <string.h>

static void constants(const void *param, int64_t d, int64_t n, unsigned value_bits, const struct compressor_constants *inner,
                      struct compressor_constants *out)
{
    (void)param, (void)inner;
    constants_of_identity(d, n, value_bits, out);
}

static void select_all(const void *param, const struct compress_call *q, const double *v, struct message *m)
{
    (void)param;
    message_shape(m, q->d, q->d, true);
    memcpy(m->value, v, (size_t)q->d * sizeof *v);
}

static double index_bits(const void *param, const struct compress_call *q, const struct message *m)
{
    (void)param, (void)q, (void)m;
    return 0;
}

static void pack_index(const void *param, const struct compress_call *q, const struct message *m, struct wire *w)
{
    (void)param, (void)q, (void)m, (void)w;
}

static void unpack_index(const void *param, const struct compress_call *q, struct wire *w, struct message *m)
{
    (void)param, (void)w;
    message_shape(m, q->d, q->d, true);
}

const struct compressor compressor_identity = {
    .name = "identity",
    .summary = "the vector itself",
    .paper = "no compression; the baseline of every paper",
    .explain = "Q(x) = x, bit for bit (at 32 bits a value: rounded to float).\n"
               "omega = 0, alpha = 1, zeta = d.\n"
               "Encoder: d numbers of F bits.  F is value_bits, 32 or 64.\n"
               "Use it to check a method: with the identity MARINA, DIANA and EF21 become gradient descent.\n",
    .constants = constants,
    .select = select_all,
    .index_bits = index_bits,
    .pack_index = pack_index,
    .unpack_index = unpack_index,
};
