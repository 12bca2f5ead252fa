/* linear.h - the oracle of linear models, f_i(x) = 1/m_i sum_k loss(<a_k, x>, y_k) + sum_j r(x_j); the program's hot loop.
 *
 * THE CANONICAL ORDER.  Every number below is one sequence of correctly rounded operations; a plain loop that follows it
 * gives the same bits as whatever runs here (tests/plain_linear.h is such a loop).
 *  1. The rows of a client fall into blocks of LINEAR_BLOCK consecutive rows, the last one shorter.
 *  2. t_k = sum of value * x[column] over the nonzeros of row k in column order, starting from 0; when all nonzeros have one
 *     value `common`, the sum of x[column], then times common.  Then + x[bias] when there is a bias.
 *  3. s_k = slope of the loss at t_k.
 *  4. A block's gradient g_j = sum of s_k * value over the rows k of the block that have column j, in row order, starting
 *     from 0; with one common value, the sum of s_k, then times common.  The bias coordinate is the sum of s_k.
 *  5. The client's gradient = (((0 + g of block 1) + g of block 2) + ...) / m_i, then + r'(x_j).
 *  6. Its value = (((0 + real_sum of the losses of block 1) + ...) / m_i + sum_j r(x_j).
 * Products with the Hessian replace s_k by curve_k * <a_k, v>; batches replace "the rows of a client" by their list.
 * Where the rows of a block, of ones and not a batch, are made of words (words.h), equal sums are made once:
 *  2. The sum of row k = sum over its words, from left to right, of the sum of x[column] over the word's columns; both from 0.
 *  4. The sum of column j = sum over the words that have it, by their first rows, of the sum of s_k over the word's rows, in row
 *     order; both from 0.  The bias coordinate is real_sum of the s_k.
 *
 * Without words there are two ways to compute it, chosen block by block for speed alone: compressed rows as they are stored
 * (linear_rows.c), or sums over padded lists (sell.h), also for batches of consecutive rows, which come again every epoch.
 * Padding adds +0.0 to sums that started from +0.0 and therefore are never -0.0, so it changes no bit; for the same reason a
 * column without entries may be skipped or added. */
#ifndef LINEAR_H
#define LINEAR_H
#include "problem.h"
#include "words.h"
#include <stdatomic.h>

enum { LINEAR_BLOCK = 2048 };

struct linear_block {
    int64_t row, count;          /* rows row .. row+count of the shards                             */
    struct sell *rows, *columns; /* NULL: use the stored rows for t, for g                          */
    struct words *words;         /* NULL: no words; otherwise `rows` and `columns` are its own      */
};
/* Consecutive rows that were a batch, each such stretch laid out as a block of its own by the thread that first asked. */
struct linear_stretches {
    atomic_uint_fast64_t bytes;            /* of all together, before padding        */
    _Atomic(struct linear_block *) from[]; /* by first row of the shards; NULL: none */
};
struct linear {
    const struct shards *shards;
    int64_t *block_of; /* n + 1: client i owns blocks block_of[i] .. block_of[i+1)        */
    struct linear_block *block;
    int64_t words;                      /* room for the numbers of a block's words, 0: no block has any    */
    bool padded;                        /* some block uses `rows`: x is copied with one more 0 at its end  */
    bool mostly;                        /* most entries are in blocks that use `rows` and `columns`        */
    struct linear_stretches *stretches; /* NULL: stored rows are used for all batches               */
    double common;                      /* 1 when the rows have values                                     */
    void *param;                        /* own copy of the problem's parameters                            */
};

/* Open p (which has a loss) on shards.  The copy of the parameters is o->param; a problem's open() may change it. */
bool linear_open(struct objective *o, const struct problem *p, const void *param, const struct shards *shards, struct fail *f);
void linear_close(struct objective *o);
/* Rows row .. row+count of the shards, at most LINEAR_BLOCK, laid out when first asked for; NULL: use the stored rows. */
const struct linear_block *linear_stretch(const struct linear *a, int64_t row, int64_t count);
void linear_attach(struct objective *o); /* sets the oracle's functions */

/* linear_lanes.c: objective.gradients, where most blocks are laid out. */
void linear_gradients(const struct objective *o, const struct points *p, struct oracle_work *w);

/* One oracle call's view of the working memory. */
struct linear_room {
    double *x, *v;                         /* points, padded when the fast structure needs it                */
    double *t, *u, *slope, *value, *label; /* LINEAR_BLOCK numbers each; slope has one more, always 0        */
    double *sum;                           /* sums in the order of a sell's lanes                            */
    double *word;                          /* the numbers of a block's words                                 */
};
struct linear_room linear_room(const struct linear *a, const double *x, const double *v, struct oracle_work *w);

/* t_k = <a_k, x> for the rows of a block.  x: room.x or room.v */
void linear_forward(const struct linear *a, const struct linear_block *b, const double *x, double *t,
                    const struct linear_room *r);
/* out += sum_k s_k a_k over the rows of a block (step 4 and one addition of step 5); first: out is all +0.0. */
void linear_backward(const struct linear *a, const struct linear_block *b, const double *s, double *out, bool first,
                     const struct linear_room *r, struct oracle_work *w);

/* The same two on stored rows; row[k] (NULL: first + k) is the k-th row's number in the shards. */
void rows_forward(const struct linear *a, int64_t first, const uint32_t *row, int64_t count, const double *x, double *t);
void rows_backward(const struct linear *a, int64_t first, const uint32_t *row, int64_t count, const double *s, double *out,
                   bool is_first, struct oracle_work *w);

/* out = A_i^T A_i v / m_i, for spectral bounds. */
void linear_gram_times(const struct linear *a, int64_t client, const double *v, double *out, struct oracle_work *w);
/* |a_k|^2 of row k of the shards; the bias counts 1. */
double linear_row_norm_sq(const struct linear *a, int64_t row);
/* The largest eigenvalue of 1/n sum_i A_i^T A_i / m_i, to about rounding level. */
double linear_spectral_mean(const struct objective *o, struct oracle_work *w);
/* Fills s; see problem.h. */
void linear_smoothness(const struct objective *o, bool spectral, struct smoothness *s, struct oracle_work *w);
#endif
