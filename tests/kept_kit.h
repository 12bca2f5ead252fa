/* kept_kit.h - for tests of kept rows: a cache directory of its own, compressed files, the entries there are. */
#ifndef KEPT_KIT_H
#define KEPT_KIT_H
#include "../datasets/kept.h"
#include "../sim/rng.h"
#include "libsvm_kit.h"
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <zlib.h>

static char rows_directory[300];
enum { TEXT = 4000, HEAD = 200, SUM = 64 };

static inline int remove_entries(void)
{
    DIR *list = opendir(rows_directory);
    char path[600];
    int count = 0;
    for (const struct dirent *e; list && (e = readdir(list));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", rows_directory, e->d_name);
        if (unlink(path) != 0) rmdir(path);
        count++;
    }
    if (list) closedir(list);
    return count;
}

static inline int setup_cache(void **state)
{
    if (setup(state) != 0) return -1;
    snprintf(rows_directory, sizeof rows_directory, "%s/gradwire/rows", directory);
    return setenv("XDG_CACHE_HOME", directory, 1);
}

static inline int teardown_cache(void **state)
{
    char path[300];
    remove_entries();
    rmdir(rows_directory);
    snprintf(path, sizeof path, "%s/gradwire", directory);
    rmdir(path);
    return teardown(state);
}

/* A gzip file without compression: texts of one length give files of one size.  level: 0, or 6 */
static inline void write_gzip(uint64_t seed, const char *level)
{
    char text[TEXT];
    struct stream s = stream(seed, FOR_TEST, 0, 0, 0);
    size_t k = 0;
    while (k < TEXT - 200) {
        k += (size_t)snprintf(text + k, TEXT - k, "%s", stream_bernoulli(&s, .5) ? "+1" : "-1");
        for (uint32_t j = 1; j < 9; j++)
            k += (size_t)snprintf(text + k, TEXT - k, " %" PRIu32 ":0.%05" PRIu32, j, stream_below(&s, 100000));
        text[k++] = '\n';
    }
    gzFile out = gzopen(file, level);
    assert_non_null(out);
    assert_int_equal(gzwrite(out, text, (unsigned)k), k);
    assert_int_equal(gzclose(out), Z_OK);
}

static inline void read_kept(int64_t d, struct dataset *a)
{
    struct fail f = {0};
    if (!kept_read_from(file, d, 0, a, &f)) fail_msg("%s", f.text);
}

static inline void read_plainly(int64_t d, struct dataset *a)
{
    struct fail f = {0};
    if (!libsvm_read(file, d, a, &f)) fail_msg("%s", f.text);
}

/* Reads with the cache and without: the same. */
static inline void same_as_without(int64_t d)
{
    struct dataset a, b;
    read_kept(d, &a);
    read_plainly(d, &b);
    assert_same(&a, &b);
    assert_string_equal(a.name, b.name);
    assert_true(a.generated == b.generated);
    dataset_free(&a);
    dataset_free(&b);
}

/* How many files of rows there are; the path of the last one found. */
static inline int entries(char path[600])
{
    DIR *list = opendir(rows_directory);
    int count = 0;
    for (const struct dirent *e; list && (e = readdir(list));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, 600, "%s/%s", rows_directory, e->d_name);
        count++;
    }
    if (list) closedir(list);
    return count;
}

static inline size_t load_bytes(const char *path, unsigned char *bytes, size_t room)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    const size_t got = fread(bytes, 1, room, in);
    fclose(in);
    assert_true(got < room);
    return got;
}

static inline void seal(unsigned char *bytes, size_t size)
{
    struct digest digest;
    char hex[65];
    digest_start(&digest);
    digest_bytes(&digest, bytes, size - SUM);
    digest_hex(&digest, hex);
    memcpy(bytes + size - SUM, hex, SUM);
}

/* One entry for the file of seed 1, its bytes and its path. */
static inline size_t one_entry(char path[600], unsigned char *bytes, size_t room)
{
    remove_entries();
    write_gzip(1, "wb0");
    same_as_without(0);
    assert_int_equal(entries(path), 1);
    return load_bytes(path, bytes, room);
}
#endif
