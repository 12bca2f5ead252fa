/* record.h - a result file in memory: groups of attributes and arrays; written as one HDF5 image by one atomic commit.
 *
 * Knows nothing of methods or runs.  The same struct is what `resume`, `show`, `diff` and `plot` read back. */
#ifndef RECORD_H
#define RECORD_H
#include "fail.h"
#include "piece.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type { VALUE_REAL, VALUE_INT, VALUE_TEXT, VALUE_BYTES }; /* f64, i64, UTF-8 text, u8 */

struct attribute {
    char *name;
    enum value_type type; /* REAL, INT or TEXT */
    double real;
    int64_t integer;
    char *text;
};
struct array {
    char *name, *unit, *description; /* unit and description become attributes; "" is left out */
    enum value_type type;            /* REAL, INT or BYTES                                     */
    size_t count;
    void *data;                      /* double, int64_t or uint8_t; owned, unless lent         */
    bool lent;
    struct piece *piece;             /* not NULL: BYTES that are lent in pieces, and data is NULL; only to be written */
    size_t pieces;
};
struct group {
    char *path;                      /* "/", "/problem", "/runs/000", "/runs/000/trace", ...; parents come first */
    size_t attributes, arrays, room_attributes, room_arrays;
    struct attribute *attribute;
    struct array *array;
};
struct record {
    size_t groups, room;
    struct group **group; /* pointers stay valid as groups are added */
    struct group **found; /* the same by a hash of their paths: a power of two of places, at least half of them free */
    size_t places;
};
struct group *record_group(struct record *r, const char *path);        /* find or add                             */
struct group *record_find(const struct record *r, const char *path);   /* or NULL                                 */
void group_real(struct group *g, const char *name, double v);          /* add or replace an attribute             */
void group_int(struct group *g, const char *name, int64_t v);
void group_text(struct group *g, const char *name, const char *text);
const struct attribute *group_attribute(const struct group *g, const char *name);
/* Add an array (data is copied). */
void group_array(struct group *g, const char *name, enum value_type type, const void *data, size_t count, const char *unit,
                 const char *description);
/* The same without a copy, for what is large: the data stay the caller's and outlive the record, which only reads them. */
void group_lend(struct group *g, const char *name, enum value_type type, const void *data, size_t count, const char *unit,
                const char *description);
void group_lend_pieces(struct group *g, const char *name, const struct piece *piece, size_t pieces, const char *description);
const struct array *group_find_array(const struct group *g, const char *name);
void record_free(struct record *r);

/* Build the HDF5 image in memory (earliest format, no times).  r stays as it is until record_built_free. */
struct built;
struct built *record_build(const struct record *r, struct fail *f); /* NULL: exit status 1, with HDF5's reason */
void record_built_put(const void *built, put_bytes *put, void *to); /* and its seal */
void record_built_free(struct built *b);
/* All of it in one piece; *size its length. */
bool record_image(const struct record *r, uint8_t **image, size_t *size, struct fail *f);
/* Replace `path`: write PATH.tmp-<pid> beside it, fsync, rename, fsync the directory.  What was there stays whole until the rename.
 * Fails with exit_status 1 naming the file and the system's reason. */
bool file_commit(const char *path, const void *bytes, size_t size, struct fail *f);
bool record_write(const char *path, const struct record *r, struct fail *f);  /* by an image that is never in one piece */
/* Read a whole result file; refuses, in one line, what is not one (format, version, sizes, types). */
bool record_read(const char *path, struct record *r, struct fail *f);

/* For the core tests: /format is checked by record_read against these. */
#define RECORD_FORMAT "gradwire"
enum { RECORD_VERSION = 1 };
#endif
