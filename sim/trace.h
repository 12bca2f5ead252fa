/* trace.h - the rows a run leaves behind: one column per quantity. */
#ifndef TRACE_H
#define TRACE_H
#include "fail.h"
#include <stdbool.h>
#include <stdint.h>

enum run_status { RUN_GOING, RUN_DONE, RUN_DIVERGED };

/* Which rounds keep a row.  Round 0 and the last are always kept; dropping rows never changes the run. */
enum record_kind { RECORD_EVERY, RECORD_MAX, RECORD_LOG };
struct record_policy {
    enum record_kind kind;
    int64_t number; /* every N rounds; at most N rows, evenly spread; log: 1..99, then 90 a decade */
};
bool record_policy_parse(const char *text, struct record_policy *p, struct fail *f);
bool record_policy_keeps(const struct record_policy *p, int64_t round, int64_t rounds);

struct column {
    const char *name, *unit, *description;
};
extern const struct column trace_columns[]; /* ends with name == NULL; their order is that of the files */
enum { TRACE_COLUMNS = 30 };

struct trace {
    int64_t rows, room;
    double *cell[TRACE_COLUMNS]; /* by column; NULL: this run does not have it */
};
void trace_init(struct trace *t, bool optimum);
void trace_add(struct trace *t, const double row[TRACE_COLUMNS]);
int trace_column(const char *name); /* its number, -1: none */
void trace_copy(struct trace *to, const struct trace *from);
void trace_free(struct trace *t);
#endif
