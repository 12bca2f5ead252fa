/* show.h - the parts of `gradwire show`; all print to standard output. */
#ifndef SHOW_H
#define SHOW_H
#include "result_view.h"

void show_header(const struct record *r);                                  /* title, source, problems               */
void show_runs(const struct run_view *view, size_t count, bool csv);       /* one line a run                        */
/* Traces as tab- or comma-separated columns with a line of names; several runs get a first column "run", and the columns of
 * all of them, empty where a run has none. */
void show_traces(const struct run_view *view, size_t count, bool csv);
void show_attributes(const struct record *r, const struct run_view *view, size_t count, bool all); /* all: every group */
void csv_print(const char *text); /* one field, quoted where RFC 4180 asks for it */
#endif
