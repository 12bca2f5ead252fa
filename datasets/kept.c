/* kept.c - a file of kept rows: a head, the arrays of struct rows as they lie in memory, and the sha256 of all that.
 *
 * CACHE/rows/SIZE-D-SHA256: size and sha256 of the data file as it is stored, and the number of features that was asked for.  A
 * data file is hashed only when there are rows for one of its size.  Plain text is not kept: it is read at a rate at which
 * hashing and copying save less in a second run than writing costs in the first. */
#include "kept.h"
#include "../sim/record.h"
#include "digest.h"
#include "libsvm.h"
#include "locate.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A change of what the reader makes of a text, or of struct rows, raises the number. */
static const char mark[16] = "gradwire rows 1";
/* Below, reading takes no longer than the disk needs to make a new file durable. */
enum { PARTS = 4, SUM = 64, LEAST = 1 << 18 };
static const uint64_t byte_order = UINT64_C(0x0102030405060708), kept_most = UINT64_C(1) << 31;

struct head {
    char mark[16], stored[SUM], text[SUM]; /* sha256 of the file as stored, and of its text */
    uint64_t order, asked;                 /* asked: d as it was given, 0: any              */
    uint64_t count, d, nonzeros, values;   /* values: 1 when there are any                  */
    double common;
};

struct part {
    void *at;
    size_t size;
};

static void sum_parts(const struct head *head, const struct part part[PARTS], char hex[SUM + 1])
{
    struct digest digest;
    digest_start(&digest);
    digest_bytes(&digest, head, sizeof *head);
    for (int k = 0; k < PARTS; k++) digest_bytes(&digest, part[k].at, part[k].size);
    digest_hex(&digest, hex);
}

/* --- names -------------------------------------------------------------------------------------------- */

/* CACHE/rows; false where there is no cache. */
static bool kept_directory(char *path, size_t size)
{
    char cache[PATH_MAX];
    if (!cache_directory(cache, sizeof cache)) return false;
    const int length = snprintf(path, size, "%s/rows", cache);
    return length > 0 && (size_t)length < size;
}

/* Are there rows for some file of that size? */
static bool kept_any(const char *directory, const char *start)
{
    DIR *list = opendir(directory);
    bool found = false;
    for (const struct dirent *e; list && !found && (e = readdir(list));) found = strncmp(e->d_name, start, strlen(start)) == 0;
    if (list) closedir(list);
    return found;
}

/* --- loading ------------------------------------------------------------------------------------------ */

static bool read_exactly(int file, void *bytes, size_t size)
{
    char *p = bytes;
    while (size > 0) {
        const ssize_t got = read(file, p, size < (1U << 30) ? size : (1U << 30));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        p += got;
        size -= (size_t)got;
    }
    return true;
}

/* The arrays' sizes are what the head says. */
static void lay_out(const struct head *head, struct part part[PARTS])
{
    part[0].size = (head->count + 1) * sizeof(uint64_t);
    part[1].size = head->count * sizeof(double);
    part[2].size = head->nonzeros * sizeof(uint32_t);
    part[3].size = head->values * head->nonzeros * sizeof(double);
}

static uint64_t size_of(const struct head *head, const struct part part[PARTS])
{
    uint64_t size = sizeof *head + SUM;
    for (int k = 0; k < PARTS; k++) size += part[k].size;
    return size;
}

static bool head_fits(const struct head *head, const char *stored, int64_t asked, uint64_t size)
{
    struct part part[PARTS];
    if (memcmp(head->mark, mark, sizeof mark) != 0 || memcmp(head->stored, stored, sizeof head->stored) != 0 ||
        head->order != byte_order || head->asked != (uint64_t)asked || head->count < 1 || head->count > size || head->d < 1 ||
        head->d > INT32_MAX || head->nonzeros > size || head->values > 1)
        return false;
    lay_out(head, part);
    return size_of(head, part) == size;
}

/* Offsets ascend to the number of nonzeros, columns are below d. */
static bool rows_are_sound(const struct rows *r, uint64_t nonzeros)
{
    bool good = r->start[0] == 0 && r->start[r->count] == nonzeros;
    uint32_t largest = 0;
    for (int64_t i = 0; i < r->count; i++) good &= r->start[i] <= r->start[i + 1];
    for (uint64_t e = 0; e < nonzeros; e++) largest = r->column[e] > largest ? r->column[e] : largest;
    return good && largest < r->d;
}

static bool load_parts(int file, const struct head *head, struct rows *r)
{
    struct part part[PARTS];
    char sum[SUM], right[SUM + 1];
    bool good = true;
    lay_out(head, part);
    for (int k = 0; k < PARTS; k++) {
        part[k].at = k < 3 || head->values ? xmalloc(part[k].size ? part[k].size : 1) : NULL;
        good = good && read_exactly(file, part[k].at, part[k].size);
    }
    *r = (struct rows){.count = (int64_t)head->count,
                       .d = (int64_t)head->d,
                       .start = part[0].at,
                       .label = part[1].at,
                       .column = part[2].at,
                       .value = part[3].at,
                       .common = head->common};
    good = good && read_exactly(file, sum, SUM);
    if (good) sum_parts(head, part, right);
    good = good && memcmp(sum, right, SUM) == 0 && rows_are_sound(r, head->nonzeros);
    if (!good) rows_free(r);
    return good;
}

static bool kept_load(const char *name, const char *stored, int64_t d, struct dataset *out)
{
    struct head head;
    struct stat s;
    const int file = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    const bool good = fstat(file, &s) == 0 && S_ISREG(s.st_mode) && read_exactly(file, &head, sizeof head) &&
                      head_fits(&head, stored, d, (uint64_t)s.st_size) && load_parts(file, &head, &out->rows);
    close(file);
    if (good) memcpy(out->sha256, head.text, sizeof head.text);
    return good;
}

/* --- keeping ------------------------------------------------------------------------------------------ */

static void put(char **at, const void *bytes, size_t size)
{
    if (size > 0) memcpy(*at, bytes, size);
    *at += size;
}

/* The bytes of a file of kept rows; NULL when they are too many. */
static void *kept_image(const struct dataset *a, const char *stored, int64_t d, size_t *size)
{
    const struct rows *r = &a->rows;
    struct head head = {.order = byte_order,
                        .asked = (uint64_t)d,
                        .count = (uint64_t)r->count,
                        .d = (uint64_t)r->d,
                        .nonzeros = r->start[r->count],
                        .values = r->value != NULL,
                        .common = r->common};
    struct part part[PARTS] = {{r->start, 0}, {r->label, 0}, {r->column, 0}, {r->value, 0}};
    memcpy(head.mark, mark, sizeof mark);
    memcpy(head.stored, stored, sizeof head.stored);
    memcpy(head.text, a->sha256, sizeof head.text);
    lay_out(&head, part);
    char sum[SUM + 1];
    const uint64_t all = size_of(&head, part);
    char *image = all <= kept_most ? malloc(all) : NULL, *at = image;
    if (!image) return NULL;
    sum_parts(&head, part, sum);
    put(&at, &head, sizeof head);
    for (int k = 0; k < PARTS; k++) put(&at, part[k].at, part[k].size);
    put(&at, sum, SUM);
    *size = all;
    return image;
}

static void kept_save(const char *directory, const char *name, const char *stored, int64_t d, const struct dataset *a)
{
    static bool said;
    struct fail f = {0};
    size_t size = 0;
    void *image = kept_image(a, stored, d, &size);
    if (!image) return;
    const bool good = directory_make(directory, &f) && file_commit(name, image, size, &f);
    free(image);
    if (!good && !said) fprintf(stderr, "gradwire: %s; data files are read anew each time\n", f.text);
    said = said || !good;
}

bool kept_read_from(const char *path, int64_t d, int64_t least, struct dataset *out, struct fail *f)
{
    char directory[PATH_MAX], start[64], stored[65];
    struct stat s;
    const bool able =
        stat(path, &s) == 0 && S_ISREG(s.st_mode) && s.st_size >= least && kept_directory(directory, sizeof directory);
    if (!able) return libsvm_read(path, d, out, f);
    snprintf(start, sizeof start, "%" PRId64 "-%" PRId64 "-", (int64_t)s.st_size, d);
    struct fail ignored = {0};
    memset(out, 0, sizeof *out);
    if (kept_any(directory, start) && file_sha256(path, stored, &ignored)) {
        char *name = xprintf("%s/%s%s", directory, start, stored);
        const bool good = kept_load(name, stored, d, out);
        free(name);
        if (good) libsvm_name(path, out->name, sizeof out->name);
        if (good) return true;
    }
    if (!libsvm_read_stored(path, d, stored, out, f)) return false;
    if (strcmp(stored, out->sha256) != 0) {
        char *name = xprintf("%s/%s%s", directory, start, stored);
        kept_save(directory, name, stored, d, out);
        free(name);
    }
    return true;
}

bool kept_read(const char *path, int64_t d, struct dataset *out, struct fail *f)
{
    return kept_read_from(path, d, LEAST, out, f);
}
