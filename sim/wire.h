/* wire.h - the bit packer behind every count: what it packs is what is charged. */
#ifndef WIRE_H
#define WIRE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    uint8_t *byte;
    size_t room, length, cursor; /* bytes allocated; bits written; bits read so far */
    bool overrun;                /* a read went past the end                        */
};
void wire_put(struct wire *w, uint64_t value, unsigned bits);   /* low `bits` bits, 0 <= bits <= 64, least significant first */
uint64_t wire_get(struct wire *w, unsigned bits);               /* 0 and overrun = true past the end                         */
void wire_put_value(struct wire *w, double v, unsigned value_bits); /* 64: the double; 32: the float (v must be one)          */
double wire_get_value(struct wire *w, unsigned value_bits);
void wire_put_elias(struct wire *w, uint64_t k);                /* Elias gamma code of k >= 1: 2 floor(log2 k) + 1 bits      */
uint64_t wire_get_elias(struct wire *w);
unsigned elias_length(uint64_t k);
unsigned bits_for(uint64_t symbols);                            /* ceil(log2 symbols), 0 for 1: a fixed-length code          */
void wire_reset(struct wire *w);                                /* empty, keep the memory */
void wire_free(struct wire *w);
#endif
