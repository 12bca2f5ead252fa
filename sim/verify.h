/* verify.h - digests of a run's trace: one a row and one a column, so that a difference can be named. */
#ifndef VERIFY_H
#define VERIFY_H
#include "plan.h"
#include <stdio.h>

/* Make all runs of the plan in memory, on `threads` threads, and write their digests as text.  Caller frees. */
char *verify_digests(const struct plan *p, int threads);
/* Compare what was recorded with what was made; false with the first run, column and round that differ. */
bool verify_compare(const char *name, const char *recorded, const char *made, struct fail *f);
#endif
