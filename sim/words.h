/* words.h - rows of ones whose equal stretches are summed once.
 *
 * Rows of categorical data repeat themselves.  Their columns are cut into segments of neighbours; what a row has in a segment
 * is a word, and rows with the same columns there share the word, WORD_ROWS of them at most: the next such row begins the same
 * columns as a new word, so that no list gets long.  With the sums of all words known, a row is a handful of words instead of
 * many columns; backwards a word gathers the numbers of its rows, and a column those of its words (co-coded column groups of
 * compressed linear algebra, Elgohary et al. 2016).
 *
 * The cuts begin at every column that any row has.  The two neighbouring segments whose union saves most are joined, the first
 * of equals, as long as none costs more than its two parts; a segment costs the rows that have a word there, and for each word
 * (however many rows) its columns and WORD_COST.  Where all segments cost more than WORDS_PAY of what the columns by themselves
 * would, rows stay as they are.  All of it is a function of the rows' columns. */
#ifndef WORDS_H
#define WORDS_H
#include "sell.h"

enum { WORD_ROWS = 128, WORD_COST = 2 };
#define WORDS_PAY 0.9

/* Rows k < count with the columns column[start[k] .. start[k+1]), ascending, below d. */
struct pattern {
    int64_t count, d;
    const uint32_t *start;
    const uint16_t *column;
};

struct words {
    int64_t segments;
    uint16_t *cut;        /* segments + 1: segment g is the columns cut[g] .. cut[g+1)                              */
    struct sell *sum;     /* word -> its columns; padding position d.  Its order of lanes is the words' order ..     */
    struct sell *rows;    /* .. in the lists of `rows`: row -> its words by segment; padding position 4 * sum->chunks  */
    struct sell *gather;  /* word -> its rows, ascending; padding position count.  Likewise its order of lanes is ..  */
    struct sell *columns; /* .. that of `columns`: column -> its words by first row; padding position 4 * gather->chunks */
};

/* The cuts alone: cut has room for d + 1; returns the number of segments, 0 where words do not pay. */
int64_t words_cut(const struct pattern *p, uint16_t *cut);
/* NULL where words do not pay, or do not fit 16 bits. */
struct words *words_build(const struct pattern *p);
void words_free(struct words *w);
#endif
