/* Rows kept in the cache: taken only for the same file and the same d, whatever has happened to the cache. */
#include "../datasets/digest.h"
#include "kept_kit.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Does a reading give the first value `first`? */
static bool gives(double first)
{
    struct dataset a;
    read_kept(0, &a);
    const bool same = a.rows.value[0] == first;
    dataset_free(&a);
    return same;
}

static unsigned char bytes[100000], changed[100000];

/* What is sealed and fits is taken: a changed value comes back.  Unsealed it does not, and the entry is made good. */
static void kept_rows_are_taken(void **state)
{
    (void)state;
    char path[600];
    const size_t size = one_entry(path, bytes, sizeof bytes), value = size - SUM - sizeof(double);
    struct dataset a;
    read_plainly(0, &a);
    const double two = 2, last = a.rows.value[a.rows.start[a.rows.count] - 1], first = a.rows.value[0];
    const size_t nonzeros = a.rows.start[a.rows.count], at = size - SUM - nonzeros * sizeof(double);
    dataset_free(&a);
    assert_memory_equal(bytes + value, &last, sizeof last);
    memcpy(bytes + at, &two, sizeof two);
    write_bytes(path, bytes, size);
    assert_true(gives(first)); /* not sealed */
    load_bytes(path, changed, sizeof changed);
    assert_memory_equal(changed + at, &first, sizeof first); /* written anew */
    seal(bytes, size);
    write_bytes(path, bytes, size);
    assert_true(gives(2));
}

static void damaged_entries_are_ignored(void **state)
{
    (void)state;
    char path[600];
    const size_t size = one_entry(path, bytes, sizeof bytes);
    for (size_t k = 0; k < 40; k++) { /* one bit somewhere; every 8 bytes of the head */
        const size_t at = k < HEAD / 8 ? k * 8 : HEAD + (size - HEAD - 1) * (k - HEAD / 8) / (39 - HEAD / 8);
        memcpy(changed, bytes, size);
        changed[at] ^= (unsigned char)(1 << k % 8);
        write_bytes(path, changed, size);
        same_as_without(0);
    }
    const size_t cut[] = {0, 1, HEAD - 1, HEAD, HEAD + 1, size / 2, size - SUM, size - 1, size + 1, size + 4096};
    for (size_t k = 0; k < sizeof cut / sizeof *cut; k++) {
        memset(changed, 0, sizeof changed);
        memcpy(changed, bytes, size);
        write_bytes(path, changed, cut[k]);
        same_as_without(0);
        assert_int_equal(load_bytes(path, changed, sizeof changed), size); /* made good */
        assert_memory_equal(changed, bytes, size);
    }
}

/* Another file's rows under this one's name. */
static void foreign_entries_are_ignored(void **state)
{
    (void)state;
    char path[600], other[600], wider[600];
    remove_entries();
    write_gzip(2, "wb0");
    same_as_without(0);
    assert_int_equal(entries(other), 1);
    const size_t size = load_bytes(other, changed, sizeof changed);
    one_entry(path, bytes, sizeof bytes);
    write_bytes(path, changed, size);
    same_as_without(0);
    char *d = strstr(strcpy(wider, path), "-0-"); /* those of the same file with d = 9 */
    assert_non_null(d);
    d[1] = '9';
    same_as_without(9);
    write_bytes(path, bytes, load_bytes(wider, bytes, sizeof bytes));
    same_as_without(0);
    unlink(wider);
    write_bytes(other, changed, size); /* the control: under its own name it is good */
    write_gzip(2, "wb0");
    same_as_without(0);
    assert_int_equal(entries(path), 2);
}

/* Sealed, but not rows: offsets and columns that lead out of the arrays, sizes that do not fit. */
static void forged_entries_do_no_harm(void **state)
{
    (void)state;
    char path[600];
    const size_t size = one_entry(path, bytes, sizeof bytes);
    uint64_t count, nonzeros;
    memcpy(&count, bytes + HEAD - 40, sizeof count);
    memcpy(&nonzeros, bytes + HEAD - 24, sizeof nonzeros);
    struct dataset a;
    read_plainly(0, &a);
    assert_int_equal(count, a.rows.count);
    assert_int_equal(nonzeros, a.rows.start[count]);
    dataset_free(&a);
    const size_t columns = HEAD + (2 * count + 1) * 8;
    const struct {
        size_t at;
        uint64_t word;
        size_t size;
    } forged[] = {{HEAD - 40, count + 1, 8},
                  {HEAD - 40, UINT64_MAX, 8},
                  {HEAD - 40, 0, 8},
                  {HEAD - 32, 7, 8},
                  {HEAD - 32, UINT64_MAX, 8},
                  {HEAD - 24, 0, 8},
                  {HEAD - 24, UINT64_MAX / 4, 8},
                  {HEAD - 16, 2, 8},
                  {HEAD, 1, 8},
                  {HEAD + 16, UINT64_MAX, 8},
                  {HEAD + count * 8, 1, 8},
                  {columns, 8, 4},
                  {columns + 40, UINT32_MAX, 4}};
    for (size_t k = 0; k < sizeof forged / sizeof *forged; k++) {
        memcpy(changed, bytes, size);
        memcpy(changed + forged[k].at, &forged[k].word, forged[k].size);
        seal(changed, size);
        write_bytes(path, changed, size);
        same_as_without(0);
    }
}

static void other_things_in_its_place(void **state)
{
    (void)state;
    char path[600];
    one_entry(path, bytes, sizeof bytes);
    unlink(path);
    mkdir(path, 0777);
    same_as_without(0); /* cannot be written either: this says so */
    rmdir(path);
    mkfifo(path, 0666);
    same_as_without(0);
    unlink(path);
}

/* The same size, other bytes, at once: the time of the file plays no part. */
static void a_changed_file_is_read(void **state)
{
    (void)state;
    char path[600];
    struct stat before, after;
    remove_entries();
    write_gzip(1, "wb0");
    same_as_without(0);
    struct dataset a, b;
    read_kept(0, &a);
    assert_int_equal(stat(file, &before), 0);
    write_gzip(2, "wb0");
    const struct timespec times[] = {before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    same_as_without(0);
    read_kept(0, &b);
    assert_string_not_equal(a.sha256, b.sha256); /* the control: they do differ */
    dataset_free(&a);
    dataset_free(&b);
    assert_int_equal(entries(path), 2);
    write_gzip(1, "wb0"); /* and back */
    same_as_without(0);
    assert_int_equal(entries(path), 2);
}

static void the_number_of_features_counts(void **state)
{
    (void)state;
    char path[600];
    struct dataset a;
    one_entry(path, bytes, sizeof bytes);
    same_as_without(20);
    same_as_without(20);
    assert_int_equal(entries(path), 2);
    struct fail f = {0}, g = {0};
    assert_false(kept_read_from(file, 7, 0, &a, &f)); /* features up to 8 */
    assert_false(libsvm_read(file, 7, &a, &g));
    assert_string_equal(f.text, g.text);
    assert_int_equal(entries(path), 2);
}

/* Small ones, plain ones, and those whose reading failed. */
static void what_is_not_kept(void **state)
{
    (void)state;
    char path[600];
    struct dataset a;
    struct fail f = {0};
    remove_entries();
    write_gzip(1, "wb6");
    if (!kept_read(file, 0, &a, &f)) fail_msg("%s", f.text);
    dataset_free(&a);
    assert_int_equal(entries(path), 0);
    write_bytes(file, "1 1:1\n", 6);
    same_as_without(0);
    assert_int_equal(entries(path), 0);
    gzFile out = gzopen(file, "wb");
    gzputs(out, "1 1:1 1:1\n");
    gzclose(out);
    assert_false(kept_read_from(file, 0, 0, &a, &f));
    assert_int_equal(entries(path), 0);
    write_gzip(1, "wb6"); /* the control */
    same_as_without(0);
    assert_int_equal(entries(path), 1);
}

/* Eight processes on one entry, while it is damaged again and again. */
static void processes_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 8 };
    char path[600];
    const size_t size = one_entry(path, bytes, sizeof bytes);
    struct dataset right;
    read_plainly(0, &right);
    pid_t child[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        child[p] = fork();
        if (child[p] != 0) continue;
        for (int k = 0; k < 4; k++) {
            struct dataset a;
            struct fail f = {0};
            if (!kept_read_from(file, 0, 0, &a, &f) ||
                memcmp(a.rows.value, right.rows.value, right.rows.start[right.rows.count] * 8))
                _exit(1);
            dataset_free(&a);
            if (p % 2) unlink(path);
        }
        _exit(0);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(child[p], &status, 0), child[p]);
        assert_int_equal(status, 0);
    }
    dataset_free(&right);
    same_as_without(0);
    assert_int_equal(entries(path), 1); /* no temporary file either */
    assert_int_equal(load_bytes(path, changed, sizeof changed), size);
    assert_memory_equal(changed, bytes, size);
}

/* In a process of its own, with stderr in a file: reads two files and tells how many lines that made. */
static int lines_said(void (*prepare)(void))
{
    char said[300], line[2000];
    int lines = 0, status;
    snprintf(said, sizeof said, "%s/said", directory);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen(said, "w", stderr)) _exit(9);
        prepare();
        for (uint64_t seed = 5; seed < 7; seed++) {
            struct dataset a, b;
            struct fail f = {0};
            if (!kept_read_from(file, (int64_t)seed * 10, 0, &a, &f) || !libsvm_read(file, (int64_t)seed * 10, &b, &f)) _exit(8);
            if (strcmp(a.sha256, b.sha256) != 0 || a.rows.d != b.rows.d || a.rows.value[0] != b.rows.value[0]) _exit(7);
            dataset_free(&a);
            dataset_free(&b);
        }
        fflush(stderr);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    FILE *in = fopen(said, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        lines++;
        if (strncmp(line, "gradwire: ", 10) || !strstr(line, "; data files are read anew each time")) fail_msg("%s", line);
    }
    fclose(in);
    unlink(said);
    return lines;
}

static void no_trouble(void) {}

static void a_file_in_the_way(void)
{
    setenv("XDG_CACHE_HOME", file, 1);
}

static void full_disk(void)
{
    const struct rlimit limit = {1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void no_cache_at_all(void)
{
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
}

static void without_a_cache(void **state)
{
    (void)state;
    char path[600];
    remove_entries();
    write_gzip(1, "wb6");
    assert_int_equal(lines_said(a_file_in_the_way), 1);
    assert_int_equal(lines_said(full_disk), 1);
    assert_int_equal(lines_said(no_cache_at_all), 0);
    assert_int_equal(entries(path), 0);
    assert_int_equal(lines_said(no_trouble), 0); /* the control */
    assert_int_equal(entries(path), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_cache), /* first: what is said once is said in its processes */
        cmocka_unit_test(kept_rows_are_taken),
        cmocka_unit_test(damaged_entries_are_ignored),
        cmocka_unit_test(foreign_entries_are_ignored),
        cmocka_unit_test(forged_entries_do_no_harm),
        cmocka_unit_test(other_things_in_its_place),
        cmocka_unit_test(a_changed_file_is_read),
        cmocka_unit_test(the_number_of_features_counts),
        cmocka_unit_test(what_is_not_kept),
        cmocka_unit_test(processes_at_once),
    };
    return cmocka_run_group_tests_name("kept", tests, setup_cache, teardown_cache);
}
