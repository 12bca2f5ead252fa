/* kept.h - rows that were read once, kept in the cache directory as they lie in memory. */
#ifndef KEPT_H
#define KEPT_H
#include "dataset.h"

/* As libsvm_read, with the help of the cache for compressed files that are large enough for it to pay: what an earlier call left
 * there for a file of the same bytes (by their sha256) and the same d is taken in place of the text.  What is damaged or of another
 * kind is ignored; where the cache cannot be written this is libsvm_read, and one line on stderr says so, once. */
bool kept_read(const char *path, int64_t d, struct dataset *out, struct fail *f);
/* With the size of a compressed file from which on rows are kept, for tests. */
bool kept_read_from(const char *path, int64_t d, int64_t least, struct dataset *out, struct fail *f);
#endif
