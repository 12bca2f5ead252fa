/* launch.h - what `run`, `resume` and `tune` have in common: from the command line to runs that can begin. */
#ifndef LAUNCH_H
#define LAUNCH_H
#include "command.h"
#include "schedule.h"

#define LAUNCH_OPTIONS                                                                                                           \
    {"threads", 't', "N", "use N threads (default: the machine's); never changes a result"},                                     \
        {"parallel", 0, "HOW", "spread over: auto (default), runs, clients; never changes a result"},                            \
        {"lanes", 0, "N", "1 to 64 runs of one problem share a pass over its data (default 64, where that pays); never changes a result"},        \
        {"commit", 0, "S", "write the result file about every S seconds (default 10)"},                                          \
    {                                                                                                                            \
        "quiet", 'q', NULL, "no progress, no summary"                                                                            \
    }
bool launch_schedule(struct schedule *how, const struct arguments *a, struct fail *f);

/* The sections of an experiment that no run depends on, read and checked. */
struct sections {
    struct settings plot, tune;
};
bool sections_read(struct sections *s, const struct experiment *e, struct fail *f);
void sections_free(struct sections *s);

/* The first word is an experiment file; the words after it override its keys. */
bool launch_read(const struct arguments *a, struct experiment *e, struct fail *f);
/* The experiment of a result file with the settings of the words after it, its plan, and where every run stands. */
bool launch_load(const struct arguments *a, struct experiment *e, struct plan *p, struct snapshot **snapshot, struct fail *f);

/* results/NAME.h5: the directory is made when it is missing; any other is the user's to make. */
#define LAUNCH_DIRECTORY "results"
/* Can a file be written there?  What stands there already is the caller's business. */
bool launch_can_write(const char *path, struct fail *f);
bool launch_make_directory(const char *path, struct fail *f);
/* -o, or results/FALLBACK.h5.  What exists is refused without --force; again: the command that goes on with it. */
bool launch_path(const struct arguments *a, const char *fallback, const char *again, char **path, struct fail *f);

struct tally {
    size_t done, diverged, unfinished;
};
struct tally launch_count(const struct snapshot *snapshot, size_t count);
void launch_free(struct snapshot *snapshot, size_t count); /* may be NULL */
#endif
