/* chain.h - what the files that work on chains share: which link does what. */
#ifndef CHAIN_H
#define CHAIN_H
#include "compressor.h"

/* The innermost link when it chooses coordinates, else NULL: the whole vector is taken. */
const struct compressor *chain_sparsifier(const struct chain *c);
/* The link whose code the values are sent in: the outermost that is no mere scaling; -1: as plain numbers. */
int chain_coder(const struct chain *c);
/* Make q the call of link i; returns its parameters. */
const void *chain_at(const struct chain *c, struct compress_call *q, int i);
/* omega of what the outermost link is applied to. */
double chain_inner_omega(const struct chain *c, const struct compress_call *q);
/* Apply the outermost link, which scales: the same expression for the sender and for the receiver. */
void chain_scale(const struct chain *c, struct compress_call *q, struct message *m);
/* Fill index_bits and payload_bits of a message not yet scaled. */
void chain_measure(const struct chain *c, struct compress_call *q, struct message *m);
#endif
