/* progress.h - what a person sees while runs go on: a live line per active run on a terminal, else a line per finished run. */
#ifndef PROGRESS_H
#define PROGRESS_H
#include "engine.h"

struct progress;
struct progress *progress_new(size_t runs, size_t done, bool quiet);
double progress_seconds(const struct progress *p);   /* since the start; never seen by a run */
/* Called by the thread that makes the run's rounds, at any rate; cheap. */
void progress_begin(struct progress *p, size_t number, const struct run *r);
void progress_round(struct progress *p, size_t number, const struct run *r);
void progress_end(struct progress *p, size_t number, const struct run *r);
void progress_clear(struct progress *p);             /* take the live lines off the screen */
void progress_free(struct progress *p);
#endif
