/* bench_read.c - time of reading LIBSVM text and of random streams, subsets and partitions; not a test.
 *
 * Usage: bench_read [MEGABYTES [REPETITIONS]].  Writes text files of that size (default: 200) into a temporary directory and
 * removes them; each is passed over for its sha256, read, and loaded as a run does, in turn, REPETITIONS times (default: 5).
 * Streams and subsets are timed in loops.  Processor time of one thread, that of the kernel included: smallest and median. */
#include "../datasets/dataset.h"
#include "../datasets/text.h"
#include "../sim/rng.h"
#include "bench_kit.h"
#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOWS = 201, MOST = 256, BLOCK = 1 << 20 };

/* per: ns of the unit; size: bytes, for a rate, or 0 */
static void report(const char *what, const struct times *t, double per, const char *unit, double size)
{
    bench_line("read", what, unit, t, per, (double)NAN);
    printf("%-24s %10.4g %10.4g %-4s", what, times_min(t) / per, times_median(t) / per, unit);
    if (size > 0) printf(" %6.0f MB/s at best, %6.0f in the median", size * 1e3 / times_min(t), size * 1e3 / times_median(t));
    putchar('\n');
    fflush(stdout);
}

static char directory[] = "/tmp/gradwire-bench-XXXXXX";

static void remove_directory(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    if (system(command) != 0) fprintf(stderr, "bench_read: cannot remove %s\n", directory);
}

static void give_up(const char *what)
{
    fprintf(stderr, "bench_read: %s\n", what);
    exit(1);
}

/* --- texts ------------------------------------------------------------------------------------------- */

enum kind { ONE_HOT, REAL_6, REAL_17, KINDS };
static const char *const kind_name[] = {"one-hot", "real-6", "real-17"};

static char *put_index(char *p, uint32_t index)
{
    char digit[10];
    int k = 0;
    do digit[k++] = (char)('0' + index % 10);
    while ((index /= 10) > 0);
    while (k > 0) *p++ = digit[--k];
    return p;
}

static char *put_digits(char *p, struct stream *s, int count)
{
    for (uint32_t word = 0; count > 0; count--, word /= 10) {
        if (count % 8 == 0 || word == 0) word = stream_below(s, 900000000) + 100000000;
        *p++ = (char)('0' + word % 10);
    }
    return p;
}

/* As people scale their features: into (-1, 1), with 6 digits, or fewer now and then; or all the digits a double has, now and
 * then with an exponent. */
static char *put_value(char *p, struct stream *s, enum kind kind)
{
    if (kind == ONE_HOT) {
        *p++ = '1';
        return p;
    }
    const uint32_t word = stream_u32(s);
    if (word & 1) *p++ = '-';
    *p++ = '0';
    *p++ = '.';
    p = put_digits(p, s, kind == REAL_17 ? 17 : word >> 5 & 3 ? 6 : 1 + (int)(word >> 7 & 0xff) % 6);
    if (kind == REAL_17 && (word >> 1 & 15) == 0) {
        memcpy(p, "e-05", 4);
        p += 4;
    }
    return p;
}

/* One-hot: 22 of about 120 features a row, as mushrooms; real: 1 to 60 of 60. */
static char *put_row(char *p, struct stream *s, enum kind kind)
{
    memcpy(p, stream_u32(s) & 1 ? "+1" : "-1", 2);
    p += 2;
    uint32_t index = 0, most = kind == ONE_HOT ? 22 : 1 + stream_below(s, 60), step = kind == ONE_HOT ? 10 : 1;
    for (uint32_t k = 0; k < most; k++) {
        index += step > 1 ? 1 + stream_below(s, step) : 1;
        *p++ = ' ';
        p = put_index(p, index);
        *p++ = ':';
        p = put_value(p, s, kind);
    }
    *p++ = '\n';
    return p;
}

static double write_text(const char *path, enum kind kind, double bytes)
{
    FILE *out = fopen(path, "wb");
    char *block = malloc(BLOCK + 4096);
    double written = 0;
    struct stream s = stream(1, FOR_TEST, (uint32_t)kind, 0, 0);
    if (!out || !block) give_up("cannot write the text");
    while (written < bytes) {
        char *p = block;
        while (p < block + BLOCK) p = put_row(p, &s, kind);
        if (fwrite(block, 1, (size_t)(p - block), out) != (size_t)(p - block)) give_up("cannot write the text");
        written += (double)(p - block);
    }
    free(block);
    if (fclose(out) != 0) give_up("cannot write the text");
    return written;
}

/* A compressed copy of the first `bytes`, rounded to blocks; returns how many they were. */
static double write_packed(const char *from, const char *to, int (*filter)(struct archive *), double bytes)
{
    FILE *in = fopen(from, "rb");
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    char *block = malloc(BLOCK);
    double written = 0;
    if (!in || !block || archive_write_set_format_raw(a) != ARCHIVE_OK || filter(a) != ARCHIVE_OK) give_up("cannot compress");
    archive_write_set_filter_option(a, NULL, "compression-level", "1");
    if (archive_write_open_filename(a, to) != ARCHIVE_OK) give_up("cannot compress");
    archive_entry_set_pathname(entry, "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    if (archive_write_header(a, entry) != ARCHIVE_OK) give_up("cannot compress");
    for (size_t got; written < bytes && (got = fread(block, 1, BLOCK, in)) > 0; written += (double)got) {
        while (got > 0 && block[got - 1] != '\n') got--; /* whole rows */
        if (fseek(in, (long)(written + (double)got), SEEK_SET) != 0 || archive_write_data(a, block, got) < 0)
            give_up("cannot compress");
    }
    if (archive_write_close(a) != ARCHIVE_OK) give_up("cannot compress");
    archive_entry_free(entry);
    archive_write_free(a);
    free(block);
    fclose(in);
    return written;
}

/* --- reading ----------------------------------------------------------------------------------------- */

/* Text and sha256 without a look at it. */
static void pass_over(const char *path)
{
    struct fail f = {0};
    char hex[65];
    if (!text_sha256(path, hex, &f)) give_up(f.text);
}

static void parse(const char *path)
{
    struct fail f = {0};
    struct dataset a;
    if (!libsvm_read(path, 0, &a, &f)) give_up(f.text);
    dataset_free(&a);
}

/* As a run does. */
static void load(const char *path)
{
    struct fail f = {0};
    struct dataset a;
    if (!dataset_load(path, 0, &a, &f)) give_up(f.text);
    dataset_free(&a);
}

/* load: compressed files are found in the cache again */
static const struct {
    const char *name;
    void (*run)(const char *path);
} passes[] = {{"sha256", pass_over}, {"read", parse}, {"load", load}};
enum { PASSES = sizeof passes / sizeof *passes };

/* All passes over one file, in turn.  size: of its text */
static void bench_file(const char *path, const char *name, double size, int repeats)
{
    struct times times[PASSES] = {{0}};
    load(path); /* the first leaves what the others may find again */
    for (int k = 0; k < repeats; k++)
        for (int w = 0; w < PASSES; w++) {
            const double t = now();
            passes[w].run(path);
            times_add(&times[w], now() - t);
        }
    for (int w = 0; w < PASSES; w++) {
        char what[64];
        snprintf(what, sizeof what, "%s %s", passes[w].name, name);
        report(what, &times[w], 1e6, "ms", size);
    }
}

static void bench_reading(double bytes, int repeats)
{
    static const struct {
        const char *name;
        int (*filter)(struct archive *);
    } packed[] = {
        {"gz", archive_write_add_filter_gzip}, {"bz2", archive_write_add_filter_bzip2}, {"xz", archive_write_add_filter_xz}};
    char path[PATH_MAX], copy[PATH_MAX];
    snprintf(path, sizeof path, "%s/text", directory);
    for (int kind = 0; kind < KINDS; kind++) {
        bench_file(path, kind_name[kind], write_text(path, (enum kind)kind, bytes), repeats);
        for (size_t k = 0; kind == REAL_6 && k < sizeof packed / sizeof *packed; k++) {
            char name[64];
            snprintf(copy, sizeof copy, "%s/text.%s", directory, packed[k].name);
            snprintf(name, sizeof name, "%s.%s", kind_name[kind], packed[k].name);
            bench_file(copy, name, write_packed(path, copy, packed[k].filter, bytes / 10), repeats);
            unlink(copy);
        }
    }
    unlink(path);
}

static void bench_real_data(int repeats)
{
    static const char *const name[] = {"mushrooms", "a9a", "w8a"};
    char path[PATH_MAX];
    struct stat s;
    struct fail f = {0};
    for (size_t k = 0; k < sizeof name / sizeof *name; k++)
        if (dataset_locate(name[k], false, path, sizeof path, &f) && stat(path, &s) == 0)
            bench_file(path, name[k], (double)s.st_size, repeats * 10 < MOST ? repeats * 10 : MOST);
}

/* --- streams and subsets ----------------------------------------------------------------------------- */

static uint32_t fresh_draw(uint32_t round)
{
    struct stream s = stream(7, FOR_TEST, 1, round, 3);
    return stream_u32(&s);
}

static void bench_streams(void)
{
    enum { DRAWS = 20000 };
    struct times first = {0}, next = {0}, below = {0};
    uint32_t sum = 0;
    for (int w = 0; w < WINDOWS; w++) {
        struct stream s = stream(8, FOR_TEST, 0, 0, 0);
        double t = now();
        for (uint32_t k = 0; k < DRAWS; k++) sum += fresh_draw(k);
        times_add(&first, now() - t);
        t = now();
        for (uint32_t k = 0; k < DRAWS; k++) sum += stream_u32(&s);
        times_add(&next, now() - t);
        t = now();
        for (uint32_t k = 0; k < DRAWS; k++) sum += stream_below(&s, 112);
        times_add(&below, now() - t);
    }
    report("stream and first draw", &first, DRAWS, "ns", 0);
    report("next draw", &next, DRAWS, "ns", 0);
    report("draw below 112", &below, DRAWS, "ns", 0);
    if (sum == 1) putchar('\n'); /* the draws are used */
}

static void bench_subset(int64_t d, int64_t k, int calls, int windows)
{
    struct times times = {0};
    char what[64];
    struct sampler work = {0};
    uint32_t *out = malloc((size_t)k * sizeof *out);
    for (int w = -1; w < windows; w++) {
        const double t = now();
        for (int c = 0; c < calls; c++) {
            struct stream s = stream(9, FOR_TEST, 0, (uint32_t)(w + 1), (uint32_t)c);
            sample_subset(&work, &s, d, k, out);
        }
        if (w >= 0) times_add(&times, now() - t);
    }
    snprintf(what, sizeof what, "subset %lld of %lld", (long long)k, (long long)d);
    report(what, &times, calls, "ns", 0);
    sampler_free(&work);
    free(out);
}

/* The parts of all n owners, one round after the other. */
static void bench_partition(int64_t d, int64_t n, int windows)
{
    struct times times = {0};
    char what[64];
    struct sampler work = {0};
    int64_t count, all = 0;
    for (int w = -1; w < windows; w++) {
        const double t = now();
        const struct stream s = stream(9, FOR_TEST, 0, (uint32_t)(w + 1), STREAM_SHARED);
        for (int64_t i = 0; i < n; i++) {
            sample_part(&work, &s, d, n, i, &count);
            all += count;
        }
        if (w >= 0) times_add(&times, now() - t);
    }
    if (all != (windows + 1) * (d < n ? n : d)) give_up("a partition is none");
    snprintf(what, sizeof what, "%lld parts of %lld", (long long)n, (long long)d);
    report(what, &times, 1e3, "us", 0);
    sampler_free(&work);
}

static void bench_subsets(void)
{
    bench_subset(112, 1, 5000, WINDOWS);
    bench_subset(112, 10, 5000, WINDOWS);
    bench_subset(112, 56, 2000, WINDOWS);
    bench_subset(300, 30, 2000, WINDOWS);
    bench_subset(10000, 100, 500, WINDOWS);
    bench_subset(1000000, 10000, 2, 101);
    bench_subset(11200000, 112000, 1, 51);
    bench_subset(11200000, 1120000, 1, 15);
    bench_partition(112, 20, WINDOWS);
    bench_partition(1000000, 20, 21);
}

int main(int count, char **word)
{
    const double megabytes = count > 1 ? atof(word[1]) : 200;
    const int repeats = count > 2 ? atoi(word[2]) : 5;
    if (megabytes <= 0 || repeats < 1 || repeats > MOST) give_up("usage: bench_read [MEGABYTES [REPETITIONS]]");
    bench_streams();
    bench_subsets();
    if (!mkdtemp(directory)) give_up("no temporary directory");
    if (atexit(remove_directory) != 0 || setenv("XDG_CACHE_HOME", directory, 1) != 0) give_up("no temporary directory");
    bench_real_data(repeats);
    bench_reading(megabytes * 1e6, repeats);
    return 0;
}
