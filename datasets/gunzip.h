/* gunzip.h - gzip by zlib, member after member. */
#ifndef GUNZIP_H
#define GUNZIP_H
#include <stdbool.h>
#include <stddef.h>

struct gunzip;
bool gunzip_is(const unsigned char *bytes, size_t size); /* do these begin a gzip file? */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g); /* NULL is fine */

/* What inflates next; the bytes stay the caller's until all are taken. */
void gunzip_give(struct gunzip *g, unsigned char *bytes, size_t size);
bool gunzip_inside(const struct gunzip *g); /* of a member: the file must not end */
/* Inflate up to `room` bytes into out; returns how many, 0 when more has to be given, -1 with *why when the data are damaged. */
ptrdiff_t gunzip_take(struct gunzip *g, unsigned char *out, size_t room, const char **why);
#endif
