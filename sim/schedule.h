/* schedule.h - all runs of a plan on the machine's threads: commits now and then, stops cleanly on Ctrl-C. */
#ifndef SCHEDULE_H
#define SCHEDULE_H
#include "results.h"

struct schedule {
    const char *path;       /* the result file                                                            */
    int threads;            /* >= 1                                                                        */
    enum { BY_AUTO, BY_RUNS, BY_CLIENTS } parallel; /* auto: over runs; over clients too when runs are few and large */
    int lanes;              /* 1 .. MOST_POINTS: runs of one objective whose gradients share a pass over the data  */
    double commit_seconds;  /* at least this long between two commits; nothing in the file depends on it    */
    bool quiet;
    const char *again;      /* the command that goes on with an interrupted file: "resume", "tune"           */
};
/* Run what is not finished yet.  snapshot: plan->runs of them, where every run stands; updated.
 * Returns the exit status: 0 all done, 1 a run diverged, the file could not be written, or interrupted (the file says so). */
int schedule_run(const struct schedule *how, const struct plan *p, struct snapshot *snapshot);
#endif
