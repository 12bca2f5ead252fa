/* locate.c - from the name of a data set to a file: explicit path, GRADWIRE_DATA, cache, download, in this order. */
#include "locate.h"
#include "digest.h"
#include "kept.h"
#include "libsvm.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a > b && !strcmp(text + a - b, end);
}

bool name_is_path(const char *name)
{
    static const char *const suffix[] = {".libsvm", ".svm", ".txt", ".bz2", ".xz", ".gz", ".lzma", ".zst"};
    if (strchr(name, '/')) return true;
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++)
        if (ends_with(name, suffix[i])) return true;
    return false;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool cache_directory(char *path, size_t size)
{
    const char *cache = variable("XDG_CACHE_HOME"), *home = variable("HOME");
    int length = 0;
    if (cache && *cache == '/') /* the XDG specification ignores relative paths */
        length = snprintf(path, size, "%s/gradwire", cache);
    else if (home)
        length = snprintf(path, size, "%s/.cache/gradwire", home);
    return length > 0 && (size_t)length < size;
}

bool directory_make(const char *path, struct fail *f)
{
    const size_t length = strlen(path);
    char *part = xstrdup(path);
    bool good = true;
    for (size_t i = 1; good && i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) good = fail_run(f, "%s: cannot be made: %s", part, strerror(errno));
        part[i] = path[i];
    }
    free(part);
    return good;
}

static bool is_there(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISDIR(s.st_mode);
}

/* directory/name, or with one of the compressed suffixes. */
static bool find_below(const char *directory, const char *name, char *path, size_t size)
{
    static const char *const suffix[] = {"", ".bz2", ".xz", ".gz", ".zst"};
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        const int length = snprintf(path, size, "%s/%s%s", directory, name, suffix[i]);
        if (length > 0 && (size_t)length < size && is_there(path)) return true;
    }
    return false;
}

/* By its name, or by the public file's with or without its suffix. */
static bool find_entry_below(const char *directory, const char *name, char *path, size_t size)
{
    const struct catalogue_entry *e = catalogue_find(name);
    if (find_below(directory, name, path, size)) return true;
    if (!e) return false;
    char *stem = xstrdup(e->file);
    if (ends_with(stem, ".bz2") || ends_with(stem, ".xz") || ends_with(stem, ".gz")) *strrchr(stem, '.') = '\0';
    const bool found = find_below(directory, stem, path, size);
    free(stem);
    return found;
}

enum found_in dataset_find(const char *name, char *path, size_t size)
{
    char cache[PATH_MAX];
    const char *data = variable("GRADWIRE_DATA");
    if (name_is_path(name)) {
        const int length = snprintf(path, size, "%s", name);
        return length > 0 && (size_t)length < size ? FOUND_AS_PATH : FOUND_NOWHERE;
    }
    if (data && find_entry_below(data, name, path, size)) return FOUND_IN_DATA;
    if (catalogue_find(name) && cache_directory(cache, sizeof cache) && find_entry_below(cache, name, path, size))
        return FOUND_IN_CACHE;
    return FOUND_NOWHERE;
}

bool file_sha256(const char *path, char hex[65], struct fail *f)
{
    unsigned char block[1 << 16];
    struct digest digest;
    ssize_t got;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_file(f, errno, "%s: cannot be opened: %s", path, strerror(errno));
    digest_start(&digest);
    while ((got = read(file, block, sizeof block)) != 0) {
        if (got > 0) digest_bytes(&digest, block, (size_t)got);
        if (got < 0 && errno != EINTR) break;
    }
    const int error = errno;
    close(file);
    if (got < 0) return fail_run(f, "%s: cannot be read: %s", path, strerror(error));
    digest_hex(&digest, hex);
    return true;
}

bool entry_check_sum(const struct catalogue_entry *e, const char *path, const char *hex, struct fail *f)
{
    if (!e->sha256 || !strcmp(hex, e->sha256)) return true;
    return fail_set(
        f,
        "%s: sha256 of its text is %s, but %s has %s; allowed is the original from %s (or, for a file of your own, its "
        "path in place of the name)",
        path, hex, e->name, e->sha256, e->url);
}

bool entry_check_text(const struct catalogue_entry *e, const char *path, char hex[65], struct fail *f)
{
    return text_sha256(path, hex, f) && entry_check_sum(e, path, hex, f);
}

static bool unknown_fail(const char *name, struct fail *f)
{
    const char *names[256];
    size_t k = 0;
    for (const struct catalogue_entry *e = catalogue; e->name && k < 255; e++) names[k++] = e->name;
    for (const struct generator *const *g = generators; *g && k < 255; g++) names[k++] = (*g)->name;
    names[k] = NULL;
    const char *near = nearest_name(name, names);
    return fail_set(f,
                    "unknown data set '%s'%s%s%s; allowed are the names that `gradwire data` lists, a file in GRADWIRE_DATA, or "
                    "a path (./%s)",
                    name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", name);
}

static bool missing_fail(const struct catalogue_entry *e, const char *why, struct fail *f)
{
    char cache[PATH_MAX];
    const char *data = variable("GRADWIRE_DATA");
    if (!cache_directory(cache, sizeof cache)) snprintf(cache, sizeof cache, "none: HOME is not set");
    return fail_set(f,
                    "data set '%s' is neither in GRADWIRE_DATA (%s) nor in the cache (%s), and %s; provide it: put the file of "
                    "%s into one of them",
                    e->name, data ? data : "not set", cache, why, e->url);
}

/* `checked`: a file that is here has the catalogue's sum. */
static bool locate(const char *name, bool download, bool checked, char *path, size_t size, struct fail *f)
{
    const struct catalogue_entry *e = catalogue_find(name);
    const enum found_in where = dataset_find(name, path, size);
    char hex[65];
    if (where == FOUND_AS_PATH) return access(path, F_OK) == 0 || fail_file(f, errno, "%s: %s", path, strerror(errno));
    if (where != FOUND_NOWHERE) return !checked || !e || !e->sha256 || entry_check_text(e, path, hex, f);
    if (name_is_path(name)) return fail_set(f, "the path of a data set is too long; allowed are %zu characters", size - 1);
    if (!e) return unknown_fail(name, f);
    if (!download || variable("GRADWIRE_OFFLINE")) return missing_fail(e, "downloading was not allowed", f);
    struct fail why = {.exit_status = 2};
    if (dataset_fetch(e, false, path, size, &why)) return true;
    return missing_fail(e, why.text, f);
}

bool dataset_locate(const char *name, bool download, char *path, size_t size, struct fail *f)
{
    return locate(name, download, true, path, size, f);
}

/* A catalogue's file that cannot be read is first of all another file, if its sum says so. */
static bool read_fail(const struct catalogue_entry *e, const char *path, const struct fail *why, struct fail *f)
{
    char hex[65];
    if (e && e->sha256 && !entry_check_text(e, path, hex, f)) return false;
    return why->exit_status == 1 ? fail_run(f, "%s", why->text) : fail_set(f, "%s", why->text);
}

bool dataset_load(const char *name, int64_t d, struct dataset *out, struct fail *f)
{
    char path[PATH_MAX];
    struct fail why = {0};
    memset(out, 0, sizeof *out);
    if (!locate(name, true, false, path, sizeof path, f)) return false;
    const struct catalogue_entry *e = name_is_path(name) ? NULL : catalogue_find(name);
    if (!kept_read(path, d == 0 && e ? e->d : d, out, &why)) return read_fail(e, path, &why, f);
    if (!name_is_path(name)) snprintf(out->name, sizeof out->name, "%s", name);
    bool good = !e || entry_check_sum(e, path, out->sha256, f);
    if (good && e && out->rows.count != e->rows)
        good =
            fail_set(f,
                     "%s: %" PRId64 " rows, but %s has %" PRId64 "; allowed is the original from %s (or, for a file of your own, "
                     "its path in place of the name)",
                     path, out->rows.count, e->name, e->rows, e->url);
    if (!good) dataset_free(out);
    return good;
}
