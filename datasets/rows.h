/* rows.h - what readers and generators share when they build rows. */
#ifndef ROWS_H
#define ROWS_H
#include "dataset.h"

/* Rows under construction, one nonzero after the other.  As long as all nonzeros agree no values are stored. */
struct rows_builder {
    struct rows rows;
    uint64_t nonzeros, room;  /* entries in rows.column (and rows.value) */
    int64_t room_rows;
    int64_t largest;          /* largest column number seen + 1          */
};
void rows_begin(struct rows_builder *b, int64_t d);
void rows_grow(struct rows_builder *b);                 /* makes room for one more nonzero */
void rows_split_values(struct rows_builder *b);         /* from `common` to one value each  */
void rows_label(struct rows_builder *b, double label);  /* begins a row                      */
struct rows rows_end(struct rows_builder *b);           /* d: as begun, or the largest column when that was 0 */

/* Adds a nonzero to the row begun last; zeros are dropped, columns must ascend. */
static inline void rows_add(struct rows_builder *b, uint32_t column, double value)
{
    if (value == 0) return;
    if (b->nonzeros == b->room) rows_grow(b);
    if (b->nonzeros == 0) b->rows.common = value;
    if (b->rows.value)
        b->rows.value[b->nonzeros] = value;
    else if (value != b->rows.common) {
        rows_split_values(b);
        b->rows.value[b->nonzeros] = value;
    }
    b->rows.column[b->nonzeros++] = column;
}

void rows_merge_values(struct rows *r);                 /* drops `value` when all nonzeros agree */
void rows_sha256(const struct rows *r, char hex[65]);   /* of the numbers: shape, offsets, columns, values, labels */
#endif
