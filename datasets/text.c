/* text.c - plain and compressed files through libarchive (gzip through zlib), with the checks that libarchive leaves to its
 * caller. */
#include "text.h"
#include "digest.h"
#include "gunzip.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 18 };

struct text {
    char *path;
    int file;
    bool ended;         /* nothing follows any more                                    */
    int error;          /* errno of a failed read; libarchive's own text is less clear */
    int64_t bytes;      /* read from the file so far                                   */
    int64_t given;      /* to libarchive so far                                        */
    size_t ahead;       /* bytes in block that nobody has seen yet                     */
    const char *damage; /* what gunzip found                                           */
    struct stat opened; /* what the file was when it was opened                        */
    struct archive *archive;
    struct gunzip *gzip;        /* NULL: the file is something else */
    bool packed;                /* compressed, by gzip or another   */
    struct digest stored, text; /* text: only when packed    */
    unsigned char block[BLOCK], inflated[BLOCK];
};

/* The next bytes of the file into block, behind `kept` that are there already; how many, 0 at its end, -1 with t->error set. */
static ssize_t file_read(struct text *t, size_t kept)
{
    ssize_t got;
    do got = read(t->file, t->block + kept, BLOCK - kept);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        t->error = errno;
    else {
        t->bytes += got;
        digest_bytes(&t->stored, t->block + kept, (size_t)got);
    }
    return got;
}

static ssize_t inflated_read(struct text *t)
{
    for (;;) {
        const ptrdiff_t made = gunzip_take(t->gzip, t->inflated, BLOCK, &t->damage);
        if (made != 0) return made;
        const ssize_t got = file_read(t, 0);
        if (got == 0 && gunzip_inside(t->gzip)) t->damage = "it ends in the middle";
        if (got <= 0) return t->damage ? -1 : got;
        gunzip_give(t->gzip, t->block, (size_t)got);
    }
}

static la_ssize_t text_read(struct archive *a, void *data, const void **piece)
{
    struct text *t = data;
    ssize_t got = (ssize_t)t->ahead;
    *piece = t->gzip ? t->inflated : t->block;
    if (t->gzip)
        got = inflated_read(t);
    else if (got == 0)
        got = file_read(t, 0);
    t->ahead = 0;
    if (got < 0) {
        archive_set_error(a, t->error, "%s", t->damage ? t->damage : strerror(t->error));
        return ARCHIVE_FATAL;
    }
    t->given += got;
    return got;
}

/* Looks at the first bytes, which a pipe may bring one by one. */
static bool look_for_gzip(struct text *t)
{
    ssize_t got = 1;
    while (t->ahead < 2 && (got = file_read(t, t->ahead)) > 0) t->ahead += (size_t)got;
    if (got < 0 || !gunzip_is(t->block, t->ahead)) return got >= 0;
    t->gzip = gunzip_new();
    if (t->gzip)
        gunzip_give(t->gzip, t->block, t->ahead);
    else
        t->error = ENOMEM;
    return t->gzip != NULL;
}

static const char *damage(const struct text *t)
{
    const char *said = archive_error_string(t->archive);
    return t->damage ? t->damage : said ? said : "damaged";
}

static bool text_start(struct text *t, struct fail *f)
{
    struct archive *a = t->archive = archive_read_new();
    if (!a) return fail_run(f, "%s: cannot be read: no memory for libarchive", t->path);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_lzma(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a); /* raw refuses a file without bytes */
    struct archive_entry *entry;
    if (!look_for_gzip(t)) return fail_run(f, "%s: cannot be read: %s", t->path, strerror(t->error));
    int status = archive_read_open(a, t, NULL, text_read, NULL);
    if (status == ARCHIVE_OK) status = archive_read_next_header(a, &entry);
    if (status == ARCHIVE_EOF) t->ended = true;
    t->packed = t->gzip || archive_filter_code(a, 0) != ARCHIVE_FILTER_NONE;
    if (status == ARCHIVE_OK || status == ARCHIVE_EOF) return true;
    if (t->error) return fail_run(f, "%s: cannot be read: %s", t->path, strerror(t->error));
    return fail_set(f, "%s: cannot be decompressed: %s; allowed are whole files: plain text, .gz, .bz2, .xz, .zst", t->path,
                    damage(t));
}

struct text *text_open(const char *path, struct fail *f)
{
    int file;
    do file = open(path, O_RDONLY | O_CLOEXEC);
    while (file < 0 && errno == EINTR);
    if (file < 0) {
        fail_file(f, errno, "%s: cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    struct text *t = xcalloc(1, sizeof *t);
    t->file = file;
    t->path = xstrdup(path);
    digest_start(&t->stored);
    digest_start(&t->text);
    bool good = fstat(file, &t->opened) == 0 || fail_run(f, "%s: cannot be read: %s", path, strerror(errno));
    if (good && S_ISDIR(t->opened.st_mode)) good = fail_set(f, "%s: is a directory; a file is needed", path);
    if (!good || !text_start(t, f)) {
        text_close(t);
        return NULL;
    }
    return t;
}

/* libarchive ends quietly at bytes after a compressed stream that do not begin another one, as a second stream cut off in its
 * header leaves; and it does not look whether the file was changed under its hands. */
static bool text_is_whole(struct text *t, struct fail *f)
{
    struct stat now;
    const int64_t used = archive_filter_bytes(t->archive, -1);
    const void *rest;
    if (text_read(t->archive, t, &rest) < 0 && t->error)
        return fail_run(f, "%s: cannot be read: %s", t->path, strerror(t->error));
    if (t->damage) return fail_set(f, "%s: cannot be decompressed: %s; the file is damaged or cut off", t->path, damage(t));
    if (used != t->given)
        return fail_set(f, "%s: after the compressed data come bytes that are not part of it; the file is damaged or cut off",
                        t->path);
    if (!S_ISREG(t->opened.st_mode)) return true;
    if (fstat(t->file, &now) != 0) return fail_run(f, "%s: cannot be read: %s", t->path, strerror(errno));
    if (t->bytes != t->opened.st_size || now.st_size != t->opened.st_size || now.st_mtim.tv_sec != t->opened.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != t->opened.st_mtim.tv_nsec)
        return fail_run(f, "%s: changed while it was being read; try again", t->path);
    return true;
}

int text_next(struct text *t, const char **piece, size_t *size, struct fail *f)
{
    const void *data = NULL;
    la_int64_t at;
    *size = 0;
    while (!t->ended && *size == 0) {
        int status = archive_read_data_block(t->archive, &data, size, &at);
        if (status == ARCHIVE_EOF)
            t->ended = true;
        else if (t->error)
            return fail_run(f, "%s: cannot be read: %s", t->path, strerror(t->error)), -1;
        else if (status != ARCHIVE_OK)
            return fail_set(f, "%s: cannot be decompressed: %s; the file is damaged or cut off", t->path, damage(t)), -1;
    }
    *piece = data;
    if (*size > 0 && t->packed) digest_bytes(&t->text, data, *size);
    if (*size > 0) return 1;
    return text_is_whole(t, f) ? 0 : -1;
}

void text_close(struct text *t)
{
    if (!t) return;
    if (t->archive) archive_read_free(t->archive);
    gunzip_free(t->gzip);
    close(t->file);
    free(t->path);
    free(t);
}

void text_sums(struct text *t, char text[65], char stored[65])
{
    digest_hex(&t->stored, stored);
    if (t->packed)
        digest_hex(&t->text, text);
    else
        memcpy(text, stored, 65);
}

bool text_sha256(const char *path, char hex[65], struct fail *f)
{
    struct text *t = text_open(path, f);
    if (!t) return false;
    const char *piece;
    char stored[65];
    size_t size;
    int more;
    while ((more = text_next(t, &piece, &size, f)) > 0) continue;
    text_sums(t, hex, stored);
    text_close(t);
    return more == 0;
}
