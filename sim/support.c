/* support.c - the values on a support, and its code as a list of indices. */
#include "support.h"
#include <inttypes.h>

void support_take(const double *v, double factor, struct message *m)
{
    const uint32_t *index = m->index;
    double *value = m->value;
    for (int64_t j = 0; j < m->count; j++) value[j] = factor * v[index[j]];
}

double index_list_bits(const struct compress_call *q, const struct message *m)
{
    return (double)m->count * bits_for((uint64_t)q->d);
}

void index_list_pack(const struct compress_call *q, const struct message *m, struct wire *w)
{
    unsigned bits = bits_for((uint64_t)q->d);
    for (int64_t j = 0; j < m->count; j++) wire_put(w, m->index[j], bits);
}

void index_list_unpack(const struct compress_call *q, struct wire *w, struct message *m)
{
    unsigned bits = bits_for((uint64_t)q->d);
    int64_t least = 0;
    for (int64_t j = 0; j < m->count; j++) {
        int64_t i = (int64_t)wire_get(w, bits);
        if (i < least || i >= q->d) w->overrun = true;
        m->index[j] = (uint32_t)i;
        least = i + 1;
    }
    /* Some valid support instead, so that a broken message cannot reach outside the vector. */
    for (int64_t j = 0; j < m->count && w->overrun; j++) m->index[j] = (uint32_t)j;
}

bool check_kept(const char *name, int64_t k, int64_t d, struct fail *f)
{
    if (k >= 1 && k <= d) return true;
    return fail_set(f, "%s: k = %" PRId64 " does not fit the dimension d = %" PRId64 "; allowed: 1 <= k <= %" PRId64, name, k, d,
                    d);
}
