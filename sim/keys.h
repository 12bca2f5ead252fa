/* keys.h - looking names up for somebody who may have misspelt them. */
#ifndef KEYS_H
#define KEYS_H
#include "plugin.h"

/* As plugin_find; otherwise a message with the nearest name and all that are allowed. */
bool plugin_require(enum kind k, const char *name, struct plugin *out, struct fail *f);
/* Is `key` (bare, or KIND.key) an experiment key or a parameter of some plug-in?  Otherwise a message with the nearest. */
bool key_require(const char *key, struct fail *f);
#endif
