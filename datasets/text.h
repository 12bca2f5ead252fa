/* text.h - a text file, plain or compressed, as a stream of pieces; no more than a piece is ever in memory. */
#ifndef TEXT_H
#define TEXT_H
#include "../sim/fail.h"
#include <stdbool.h>
#include <stddef.h>

struct text;
/* Opens `path` (plain, .gz, .bz2, .xz, .lzma, .zst: recognised by content).  NULL with a message when it cannot be read. */
struct text *text_open(const char *path, struct fail *f);
/* The next piece of the decompressed text, valid until the next call: 1 and a piece of at least one byte, 0 at the end, -1 with a
 * message.  The end is reported only for a file that was read whole: what is cut off, damaged, followed by bytes that are not
 * part of it, or changed meanwhile is an error. */
int text_next(struct text *t, const char **piece, size_t *size, struct fail *f);
/* At the end, once: sha256 of the text, and of the file's bytes as they are stored, which is the same for plain text. */
void text_sums(struct text *t, char text[65], char stored[65]);
void text_close(struct text *t);

/* sha256 of the decompressed text, in lower-case hexadecimal: the same for a file and its compressed copies. */
bool text_sha256(const char *path, char hex[65], struct fail *f);
#endif
