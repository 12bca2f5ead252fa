/* locate.h - where data files are, without looking into them. */
#ifndef LOCATE_H
#define LOCATE_H
#include "dataset.h"

enum found_in { FOUND_NOWHERE, FOUND_AS_PATH, FOUND_IN_DATA, FOUND_IN_CACHE };

/* Names with a '/' or ending as data files do are paths: .libsvm .svm .txt .bz2 .xz .gz .lzma .zst */
bool name_is_path(const char *name);
/* The first file there is for `name`; nothing is opened or checked.  `path` is set unless it is nowhere. */
enum found_in dataset_find(const char *name, char *path, size_t size);
/* The cache: $XDG_CACHE_HOME/gradwire or ~/.cache/gradwire; false when neither variable is set. */
bool cache_directory(char *path, size_t size);
/* Makes a directory and all those above it, where they are not there. */
bool directory_make(const char *path, struct fail *f);
/* sha256 of the text against the catalogue's; true when it agrees or none is pinned. */
bool entry_check_text(const struct catalogue_entry *e, const char *path, char hex[65], struct fail *f);
/* Message and false for a file of another sum than the catalogue's. */
bool entry_check_sum(const struct catalogue_entry *e, const char *path, const char *hex, struct fail *f);
#endif
