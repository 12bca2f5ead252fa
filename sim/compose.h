/* compose.h - the algebra of compressor constants: what a sparsifier has, and what a quantiser on top makes of it. */
#ifndef COMPOSE_H
#define COMPOSE_H
#include "compressor.h"

/* A random support, unbiased by its scaling, drawn by each client for itself. */
struct support_law {
    double omega, zeta; /* variance; expected entries                       */
    double entries;     /* most entries a message can have                  */
    double sent;        /* probability of at least one entry                */
    double index_bits;  /* expected bits that code the support              */
};
void constants_of_support(const struct support_law *law, int64_t n, unsigned value_bits, struct compressor_constants *out);
/* The whole vector as it is: what an innermost quantiser is applied to. */
void constants_of_identity(int64_t d, int64_t n, unsigned value_bits, struct compressor_constants *out);
/* The draws are common to all clients; the joint error is bounded with A and B of the AB-inequality
 * (Szlendak, Tyurin, Richtarik 2021, arXiv 2110.03300). */
void constants_correlated(struct compressor_constants *c, double ab_a, double ab_b);

/* An unbiased quantiser of variance omega, independent over clients, on top of `inner` (NULL: the whole vector):
 * (1 + omega_1)(1 + omega_2) - 1 over an unbiased inner (Horvath et al. 2019, arXiv 1905.10988, Theorem 5).  Over a
 * projection P such as Top-K, |x|^2 - 2|Px|^2 + (1 + omega_2)|Px|^2 gives alpha = (1 - omega_2) alpha_P.
 * zeta and bits stay the inner's. */
void constants_quantised(const struct compressor_constants *inner, double omega, int64_t d, int64_t n, unsigned value_bits,
                         struct compressor_constants *out);
/* The quantiser's code: head bits (a norm) in every message that carries something, then `each` bits a value. */
void constants_code(struct compressor_constants *out, double head, double each);
/* Nothing is known of E C(x): no omega and no A, B; alpha from keep and lift. */
void constants_biased(struct compressor_constants *c, double keep, double lift);
#endif
