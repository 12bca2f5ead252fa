/* diff.h - what two results do not have in common. */
#ifndef DIFF_H
#define DIFF_H
#include "record.h"

/* Print one line for every difference, the first one first: runs in order, in each its attributes, then the earliest row of its
 * trace at which any column differs.  name_a, name_b: what the two files are called.  tolerance: real numbers may differ by
 * tolerance * max(|a|, |b|); 0: not in one bit, and NaNs must have the same bits too.  Returns how many differences there are. */
size_t diff_records(const struct record *a, const struct record *b, const char *name_a, const char *name_b, double tolerance);
#endif
