/* plugin.h - methods, compressors, problems and generators seen alike, for lists, explanations and the start-up check. */
#ifndef PLUGIN_H
#define PLUGIN_H
#include "compressor.h"
#include "problem.h"
#include "sim.h"

enum kind { KIND_METHOD, KIND_COMPRESSOR, KIND_PROBLEM, KIND_GENERATOR, KINDS };

struct plugin {
    enum kind kind;
    const char *name, *summary, *paper, *explain; /* paper: NULL when there is none */
    const struct field *param;
    size_t param_size;
    const void *self; /* the struct method, compressor, problem or generator */
};
const char *kind_name(enum kind k); /* "method", "compressor", "problem", "generator" */
/* The i-th plug-in of a kind, in the order of their names; false when there are not so many. */
bool plugin_at(enum kind k, size_t i, struct plugin *out);
size_t plugin_count(enum kind k);
/* Find by name; '_' and capitals are taken as '-' and small letters. */
bool plugin_find(enum kind k, const char *name, struct plugin *out);
bool plugin_name_is(const char *name, const char *asked);

/* Every table covers its struct and every plug-in has what it cannot do without; otherwise the first that fails, named. */
bool plugins_check(struct fail *f);
#endif
