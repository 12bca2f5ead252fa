/* generators.c - looking a generator up by name. */
#include "dataset.h"
#include <string.h>

const struct generator *generator_find(const char *name)
{
    for (const struct generator *const *g = generators; *g; g++)
        if (!strcmp((*g)->name, name)) return *g;
    return NULL;
}
