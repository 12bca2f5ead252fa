/* sell.h - many short sums over positions of one array, four or eight at a time.
 *
 * A lane is one sum, x[p0] + x[p1] + ... from 0, in the order given.  Lanes are sorted by length, longest first, and joined
 * by fours into chunks whose lists are interleaved and padded to one length (sliced ELLPACK, Monakov et al. 2010; the
 * sorting is Kreutzer et al. 2014, SELL-C-sigma).  The padding position must hold +0.0. */
#ifndef SELL_H
#define SELL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sell {
    int64_t lanes;    /* sums                                                                          */
    int64_t chunks;   /* fours of lanes, rounded up to an even number                                  */
    uint32_t *length; /* chunks: additions in each                                                     */
    uint64_t *index;  /* one per addition: four 16-bit positions, lane 0 in the lowest bits            */
    double *value;    /* four per addition, 0 on padding; NULL: plain sums                             */
    uint16_t *target; /* lanes: what each lane is the sum of (a row of the block, a column)            */
    bool in_order;    /* target[k] is k for all of them                                                */
};

/* Lane k sums the entries position[start[k] .. start[k+1]) (times value[...] unless NULL); lanes without entries are left out
 * when drop_empty.  Positions and lanes are below 65536.  NULL when padding would more than double the entries. */
struct sell *sell_build(int64_t lanes, const uint32_t *start, const uint16_t *position, const double *value, uint16_t padding,
                        bool drop_empty);
void sell_free(struct sell *s);

/* sum[k] for k < 4 * chunks: the sum of lane k, in the sorted order; its meaning is target[k]. */
void sell_sums(const struct sell *s, const double *x, double *sum);
/* The same for 4 or 8 arrays: array l has its position p at x[p * lanes + l] and its sum k at sum[k * lanes + l].  x and sum begin
 * at multiples of 64 bytes. */
void sell_sums_lanes(const struct sell *s, int lanes, const double *x, double *sum);
#endif
