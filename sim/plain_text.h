/* plain_text.h - experiments and digests: whole files of plain text. */
#ifndef PLAIN_TEXT_H
#define PLAIN_TEXT_H
#include "fail.h"

/* The whole file as one string, malloc'ed (set to NULL when it cannot be opened).  what: "an experiment", for the message that
 * refuses a file with NUL bytes or more than 16 MiB.  Errors read PATH: what is wrong. */
bool plain_text_read(const char *path, const char *what, char **text, struct fail *f);
#endif
