/* grid.h - lists and ranges in an experiment file, and all their combinations. */
#ifndef GRID_H
#define GRID_H
#include "experiment.h"

/* One key's list: "1, 5, 10" has three tokens, "1..5" five, "2^-3x..2^3x" seven, "0.1*2^0..2^3" four. */
struct values {
    struct entry *entry;
    char **token;
    size_t count, room;
};
/* The entry's value taken apart; messages do not say where it stands.  Free with values_free, also after an error. */
bool values_read(struct values *a, struct entry *entry, struct fail *f);
void values_free(struct values *a);
/* One combination: the token chosen on every axis. */
struct cell {
    const struct values *axis;
    size_t axes;
    size_t *choice;
};
/* Calls visit for every combination of every [curve], in the order of the file, the last key turning fastest: the keys of
 * [experiment], then the curve's own, seed last of all.  Stops when visit returns false. */
bool grid_visit(struct experiment *e, bool (*visit)(const struct cell *, void *user, struct fail *), void *user, struct fail *f);
/* Put "PREFIX: ", or the entry's place, in front of what f says; return false. */
bool fail_behind(struct fail *f, const char *prefix);
bool fail_at(struct fail *f, const struct entry *e);
#endif
