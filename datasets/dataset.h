/* dataset.h - rows of features with labels, how they are read or made, and how they are dealt to clients. */
#ifndef DATASET_H
#define DATASET_H
#include "../sim/fail.h"
#include "../sim/field.h"
#include <stdbool.h>
#include <stdint.h>

/* Rows in compressed form: row i has the columns column[start[i] .. start[i+1]), ascending, 0-based. */
struct rows {
    int64_t count, d;    /* rows; features (without the bias)                                              */
    uint64_t *start;     /* count + 1 offsets                                                              */
    uint32_t *column;
    double *value;       /* NULL when every nonzero has the one value `common` (one-hot data)              */
    double common;
    double *label;       /* as in the file; rows_two_classes maps them                                      */
};
void rows_free(struct rows *r);

struct dataset {
    char name[64];       /* for titles: "mushrooms", "one-hot (generated)"                                 */
    char sha256[65];     /* of the file's text, decompressed, or of the generated rows' numbers              */
    bool generated;
    struct rows rows;    /* explicit zeros are dropped; value is NULL when all nonzeros agree              */
};
void dataset_free(struct dataset *a);

/* --- reading ----------------------------------------------------------------------------------- */
/* One pass over a LIBSVM file, plain or .gz, .bz2, .xz (recognised by content).  d: number of features, or 0 for the largest
 * index seen; an index above d is an error.  Errors read FILE:LINE:COLUMN: what is wrong; what is allowed. */
bool libsvm_read(const char *path, int64_t d, struct dataset *out, struct fail *f);

/* --- the catalogue ------------------------------------------------------------------------------- */
struct catalogue_entry {
    const char *name, *file;    /* file: its name below GRADWIRE_DATA and in the cache              */
    const char *url;            /* public home                                                       */
    const char *sha256;         /* of the text, decompressed; NULL: not pinned, a download is checked by N and d only */
    int64_t rows, d;
    int classes;                /* 2, or more; 0: real-valued labels                                  */
    const char *about;          /* origin and terms in one line                                       */
};
extern const struct catalogue_entry catalogue[]; /* sorted by name, ends with name == NULL */
const struct catalogue_entry *catalogue_find(const char *name);

/* Where the file of `name` is: an explicit path (holds a '/' or ends in .libsvm/.svm/.txt/.bz2/.xz/.gz/.lzma/.zst), else GRADWIRE_DATA, else
 * the cache (XDG_CACHE_HOME or ~/.cache, + /gradwire), else it is downloaded into the cache when `download` allows. */
bool dataset_locate(const char *name, bool download, char *path, size_t size, struct fail *f);
/* Download (curl), check the sha256, store in the cache by rename; prints progress to stderr unless quiet. */
bool dataset_fetch(const struct catalogue_entry *e, bool quiet, char *path, size_t size, struct fail *f);
/* Locate, read, check rows and d against the catalogue.  d: override, 0 = catalogue or largest index. */
bool dataset_load(const char *name, int64_t d, struct dataset *out, struct fail *f);
bool file_sha256(const char *path, char hex[65], struct fail *f); /* of the bytes as stored */

/* --- generators ----------------------------------------------------------------------------------- */
/* Adding one: a new file datasets/generate_NAME.c defining `const struct generator generator_NAME` (- becomes _); a data set named so in an
 * experiment is generated.  All draws come from stream(data_seed, FOR_GENERATOR, ...). */
struct generator {
    const char *name, *summary, *explain;
    const struct field *param;
    size_t param_size;
    bool (*make)(const void *param, uint64_t data_seed, int64_t clients, struct dataset *out, struct fail *f);
};
extern const struct generator *const generators[]; /* all, sorted by name, NULL-terminated (generated) */
const struct generator *generator_find(const char *name);

/* --- dealing rows to clients ------------------------------------------------------------------------- */
enum split_order { SPLIT_CONTIGUOUS, SPLIT_SHUFFLED, SPLIT_SORTED };         /* sorted: by label, stable, low first      */
enum split_remainder { REMAINDER_DROP, REMAINDER_SPREAD, REMAINDER_LAST };   /* spread: the first N mod n clients get one more */

/* The rows of all clients side by side: client i owns rows first[i] .. first[i+1) of `rows`. */
struct shards {
    int64_t n;           /* clients                                                          */
    int64_t *first;      /* n + 1 row numbers                                                 */
    struct rows rows;    /* reordered copy; label -1/+1 when two classes were asked for       */
    bool bias;           /* one more coordinate, the last (number rows.d), whose feature is always 1 */
    int64_t d;           /* rows.d + bias                                                     */
    char sha256[65];     /* of the data set it came from                                      */
    char title[128];     /* "mushrooms" or "one-hot (generated)"                              */
};
struct split {
    enum split_order order;
    enum split_remainder remainder;
    uint64_t seed;       /* for SPLIT_SHUFFLED: stream(seed, FOR_SPLIT, 0, 0, STREAM_SHARED)   */
    int64_t clients;     /* 1 <= clients <= rows                                               */
    bool bias;
    bool normalise;      /* divide every nonempty row by its Euclidean norm (before the bias)   */
    bool two_classes;    /* labels must have exactly two values; low -> -1, high -> +1           */
};
bool shards_make(const struct dataset *a, const struct split *how, struct shards *out, struct fail *f);
/* The same, using up the rows of `a`: no number is held twice for long. */
bool shards_take(struct dataset *a, const struct split *how, struct shards *out, struct fail *f);
void shards_free(struct shards *s);
#endif
