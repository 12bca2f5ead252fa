/* rng.h - counter-based random streams: every draw is a pure function of (seed, purpose, round, client, lane).
 *
 * A stream is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11) keyed by the seed, its counter holding
 * {block, purpose << 24 | lane, round, client}.  It is made where it is used, on the stack, never stored or shared;
 * so draws depend neither on threads nor on the order in which clients run, and a resumed run needs no saved state.
 * `stream_gsl` shows the same stream to GSL as a gsl_rng. */
#ifndef RNG_H
#define RNG_H
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a stream is for.  Append only: the numbers are part of every result. */
enum purpose {
    FOR_SPLIT = 1,       /* shuffling rows before they are dealt to clients     */
    FOR_START = 2,       /* the starting point x0                               */
    FOR_COIN = 3,        /* the server's Bernoulli draws (lane: which coin)     */
    FOR_COMPRESSOR = 4,  /* a client's own compressor draws (lane: which message of the round)         */
    FOR_SHARED = 5,      /* compressor draws common to all clients (client = STREAM_SHARED)            */
    FOR_BATCH = 6,       /* which samples a client draws                        */
    FOR_PERMUTATION = 7, /* epoch permutations of samples or blocks             */
    FOR_PARTICIPANTS = 8,/* which clients take part                             */
    FOR_GENERATOR = 9,   /* synthetic data and problems                         */
    FOR_LANCZOS = 10,    /* starting vectors of eigenvalue estimates            */
    FOR_NOISE = 11,      /* the gradient noise of one sample of an expectation (round: the sample) */
    FOR_TEST = 255
};
#define STREAM_SHARED UINT32_C(0xffffffff) /* the client number of a draw that belongs to no single client */

struct stream {
    uint32_t key[2], counter[4], block[4];
    unsigned used; /* words of `block` handed out already; 4: the next draw computes a new block */
};

/* A fresh stream; costs nothing until the first draw.  lane < 2^24. */
struct stream stream(uint64_t seed, enum purpose purpose, uint32_t lane, uint32_t round, uint32_t client);

uint32_t stream_u32(struct stream *s);                   /* 32 random bits                                 */
uint64_t stream_u64(struct stream *s);                   /* 64 random bits (first draw is the low half)    */
double stream_uniform(struct stream *s);                 /* [0, 1) on the grid of 2^-53                     */
bool stream_bernoulli(struct stream *s, double p);       /* true with probability p: uniform < p            */
uint32_t stream_below(struct stream *s, uint32_t n);     /* uniform on 0..n-1, n >= 1, unbiased (Lemire)    */
double stream_gaussian(struct stream *s);                /* N(0,1), polar method on real_log: same bits everywhere */

/* The stream as a GSL generator (32-bit words), for GSL's integer-only routines (gsl_ran_shuffle, ...).
 * The gsl_rng points at *s, which must outlive it; nothing to free. */
gsl_rng stream_gsl(struct stream *s);
extern const gsl_rng_type *const rng_philox; /* also usable with gsl_rng_alloc / gsl_rng_set(seed) */

/* One Philox4x32-10 block, for known-answer tests. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A uniformly random K-subset of {0..d-1} without replacement.
 * `work` keeps a d-sized permutation (small d) or bitmap (large d) between calls; start it zeroed, end with sampler_free.
 * out: K indices, ascending.  The draws from *s are a function of (d, K) alone, not of what `work` held before. */
struct sampler {
    int64_t d;
    uint32_t *perm;  /* identity between calls */
    uint64_t *bits;  /* zero between calls     */
    struct partition {
        struct stream of;       /* the stream it was drawn from, before */
        int64_t d, n;           /* 0: none yet                          */
        uint32_t *place, *list; /* each owner's block; the coordinates, block by block */
    } partition;
};
void sample_subset(struct sampler *work, struct stream *s, int64_t d, int64_t k, uint32_t *out);
void sampler_free(struct sampler *work);
/* A random partition of 0..d-1 into n blocks of floor(d/n) or ceil(d/n), dealt to n owners at random; for d < n, n a multiple of d,
 * each coordinate goes to n/d owners.  Returns the coordinates of `owner`, ascending, *count of them, good until the next call.
 * `work` keeps what a stream drew, so that all its owners one after the other cost O(d + n) together. */
const uint32_t *sample_part(struct sampler *work, const struct stream *s, int64_t d, int64_t n, int64_t owner, int64_t *count);
/* A uniformly random permutation of 0..d-1 into out (Fisher-Yates). */
void sample_permutation(struct stream *s, int64_t d, uint32_t *out);
#endif
