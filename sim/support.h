/* support.h - what sparsifiers share: the values on a support, and a support as a plain list of indices. */
#ifndef SUPPORT_H
#define SUPPORT_H
#include "compressor.h"

/* value[j] = factor v[index[j]] for the m->count indices already chosen. */
void support_take(const double *v, double factor, struct message *m);
/* Each index as a number of ceil(log2 d) bits, in ascending order. */
double index_list_bits(const struct compress_call *q, const struct message *m);
void index_list_pack(const struct compress_call *q, const struct message *m, struct wire *w);
/* Reads m->count indices; anything but ascending numbers below d sets w->overrun. */
void index_list_unpack(const struct compress_call *q, struct wire *w, struct message *m);
/* The check of sparsifiers that keep k of d coordinates. */
bool check_kept(const char *name, int64_t k, int64_t d, struct fail *f);
#endif
