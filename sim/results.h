/* results.h - from runs to a result file and back. */
#ifndef RESULTS_H
#define RESULTS_H
#include "plan.h"
#include "record.h"

/* What is known of a run at some round: copied out of it, so that it can go on while a file is written; or lent by it, while it
 * stands still. */
struct snapshot {
    bool taken;
    enum run_status status;
    int64_t round;
    struct trace trace;
    double *model;
    struct ledger start;
    uint8_t *state;       /* checkpoint; NULL when the run is over */
    size_t state_size;
    const struct run *lent; /* not NULL: its model is meant, and its state, as these pieces; `state` is the first of them */
    struct piece piece[CHECKPOINT_PIECES];
    size_t pieces;
};
void snapshot_take(struct snapshot *s, const struct run *r);
/* r, which is going, stands still, as it is, until snapshot_return. */
void snapshot_lend(struct snapshot *s, const struct run *r);
void snapshot_return(struct snapshot *s); /* nothing, if it is not lent */
void snapshot_free(struct snapshot *s);
/* The whole file: plan->runs snapshots, some perhaps not taken yet. */
void results_fill(struct record *out, const struct plan *p, const struct snapshot *snapshot);
/* The same without copies of what is large: for a record that is written and freed while plan and snapshots stay as they are. */
void results_lend(struct record *out, const struct plan *p, const struct snapshot *snapshot);
/* The snapshots held by a file that came from the same plan; unfinished runs only by the version that began them. */
bool results_load(const struct record *file, const struct plan *p, struct snapshot *snapshot, struct fail *f);
/* Make a run stand where the snapshot does. */
bool run_continue(struct run *r, const struct snapshot *s, struct fail *f);
#endif
