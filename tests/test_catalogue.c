/* The catalogue, and the way from a name to a checked file: path, GRADWIRE_DATA, cache, download from a file:// mirror. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/locate.h"
#include "../datasets/text.h"
#include "watched.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/gradwire-catalogue-XXXXXX", data[64], cache[64], cached[80], mirror[64];
static char real_data[PATH_MAX], *real_path;

static int setup(void **state)
{
    (void)state;
    const char *home = getenv("GRADWIRE_DATA");
    snprintf(real_data, sizeof real_data, "%s", home ? home : "");
    real_path = strdup(getenv("PATH") ? getenv("PATH") : "");
    if (!mkdtemp(top)) return -1;
    snprintf(data, sizeof data, "%s/data", top);
    snprintf(cache, sizeof cache, "%s/cache", top);
    snprintf(cached, sizeof cached, "%s/gradwire", cache);
    snprintf(mirror, sizeof mirror, "%s/mirror", top);
    return 0;
}

static void remove_below(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char below[PATH_MAX];
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (unlink(below) != 0) remove_below(below);
    }
    if (d) closedir(d);
    rmdir(path);
}

static int teardown(void **state)
{
    (void)state;
    remove_below(top);
    free(real_path);
    return 0;
}

/* Before each test: empty directories, everything found and downloaded below `top`. */
static int fresh(void **state)
{
    (void)state;
    char url[80];
    remove_below(data);
    remove_below(cache);
    remove_below(mirror);
    mkdir(data, 0777);
    mkdir(mirror, 0777);
    snprintf(url, sizeof url, "file://%s", mirror);
    setenv("GRADWIRE_DATA", data, 1);
    setenv("XDG_CACHE_HOME", cache, 1);
    setenv("GRADWIRE_URL_BASE", url, 1);
    setenv("PATH", real_path, 1);
    unsetenv("GRADWIRE_OFFLINE");
    return 0;
}

/* A file of `rows` rows whose largest index is d. */
static void write_rows(const char *directory, const char *name, int rows, int d)
{
    char path[PATH_MAX];
    mkdir(cache, 0777);
    mkdir(cached, 0777);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *o = fopen(path, "w");
    assert_non_null(o);
    for (int i = 0; i < rows; i++) fprintf(o, "%d 1:%d %d:0.5\n", i % 2, i + 1, d);
    assert_int_equal(fclose(o), 0);
}

static void copy_real(const char *name, const char *directory)
{
    char from[PATH_MAX + 16], to[PATH_MAX];
    static char block[1 << 22];
    snprintf(from, sizeof from, "%s/%s", real_data, name);
    snprintf(to, sizeof to, "%s/%s", directory, name);
    FILE *i = fopen(from, "rb");
    if (!i) skip();
    const size_t size = fread(block, 1, sizeof block, i);
    assert_true(size < sizeof block);
    fclose(i);
    FILE *o = fopen(to, "wb");
    assert_int_equal(fwrite(block, 1, size, o), size);
    assert_int_equal(fclose(o), 0);
}

static void assert_says(const struct fail *f, const char *says)
{
    if (!strstr(f->text, says)) fail_msg("wanted: %s\nsaid: %s", says, f->text);
    assert_null(strchr(f->text, '\n'));
}

static int count_files(const char *path)
{
    int count = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) count += e->d_name[0] != '.';
    if (d) closedir(d);
    return count;
}

static void need_curl(void)
{
    if (system("curl --version >/dev/null 2>&1") != 0) skip();
}

static void table(void **state)
{
    (void)state;
    static const char *const wanted[] = {"mushrooms",  "a9a",    "a9a.t",    "w8a",     "w8a.t",  "phishing", "a1a",  "w7a",
                                         "australian", "splice", "real-sim", "covtype", "ijcnn1", "gisette",  "rcv1", "madelon"};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) assert_non_null(catalogue_find(wanted[k]));
    assert_null(catalogue_find("mushroom"));
    int pinned = 0;
    for (const struct catalogue_entry *e = catalogue; e->name; e++) {
        if (e > catalogue) assert_true(strcmp(e[-1].name, e->name) < 0);
        assert_string_equal(strrchr(e->url, '/') + 1, e->file);
        assert_int_equal(strncmp(e->url, "https://", 8), 0);
        assert_true(e->rows > 0 && e->d > 0 && e->classes == 2 && strlen(e->about) > 10);
        if (!e->sha256) continue;
        assert_int_equal(strspn(e->sha256, "0123456789abcdef"), 64);
        assert_int_equal(strlen(e->sha256), 64);
        pinned++;
    }
    assert_int_equal(pinned, 7);
}

static void known_sums(void **state)
{
    (void)state;
    char path[PATH_MAX], hex[65];
    struct fail f = {0};
    snprintf(path, sizeof path, "%s/abc", data);
    FILE *o = fopen(path, "w");
    fputs("abc", o);
    fclose(o);
    assert_true(file_sha256(path, hex, &f)); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(text_sha256(path, hex, &f));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(file_sha256(data, hex, &f));
    assert_says(&f, "Is a directory");
}

static void order_of_places(void **state)
{
    (void)state;
    char path[PATH_MAX], wanted[PATH_MAX];
    write_rows(mirror, "svmguide1", 3089, 4);
    assert_int_equal(dataset_find("svmguide1", path, sizeof path), FOUND_NOWHERE);
    write_rows(cached, "svmguide1", 3089, 4);
    assert_int_equal(dataset_find("svmguide1", path, sizeof path), FOUND_IN_CACHE);
    write_rows(data, "svmguide1.bz2", 3089, 4);
    assert_int_equal(dataset_find("svmguide1", path, sizeof path), FOUND_IN_DATA);
    write_rows(data, "svmguide1", 3089, 4); /* plain before compressed */
    assert_int_equal(dataset_find("svmguide1", path, sizeof path), FOUND_IN_DATA);
    snprintf(wanted, sizeof wanted, "%s/svmguide1", data);
    assert_string_equal(path, wanted);
    assert_int_equal(dataset_find("./svmguide1", path, sizeof path), FOUND_AS_PATH);
    assert_int_equal(dataset_find("svmguide1.libsvm", path, sizeof path), FOUND_AS_PATH);
    write_rows(data, "rcv1_train.binary", 3, 4); /* the public file's name, without its suffix */
    assert_int_equal(dataset_find("rcv1", path, sizeof path), FOUND_IN_DATA);
    mkdir(strcat(strcpy(wanted, data), "/w7a"), 0777); /* a directory is no data file */
    assert_int_equal(dataset_find("w7a", path, sizeof path), FOUND_NOWHERE);
}

static void shape_is_checked(void **state)
{
    (void)state;
    struct dataset a;
    struct fail f = {0};
    write_rows(data, "svmguide1", 3089, 4);
    assert_true(dataset_load("svmguide1", 0, &a, &f));
    assert_string_equal(a.name, "svmguide1");
    assert_int_equal(a.rows.count, 3089);
    dataset_free(&a);
    assert_true(dataset_load("svmguide1", 9, &a, &f));
    assert_int_equal(a.rows.d, 9);
    dataset_free(&a);
    write_rows(data, "svmguide1", 3089, 3); /* smaller largest index: d is the catalogue's */
    assert_true(dataset_load("svmguide1", 0, &a, &f));
    assert_int_equal(a.rows.d, 4);
    dataset_free(&a);
    write_rows(data, "svmguide1", 3088, 4);
    assert_false(dataset_load("svmguide1", 0, &a, &f));
    assert_says(&f, "3088 rows, but svmguide1 has 3089");
    f = (struct fail){0};
    write_rows(data, "svmguide1", 3089, 5);
    assert_false(dataset_load("svmguide1", 0, &a, &f));
    assert_says(&f, "index 5 is above the number of features; allowed are 1 .. 4");
}

static void wrong_sum_is_refused(void **state)
{
    (void)state;
    struct dataset a;
    struct fail f = {0};
    char path[PATH_MAX], hex[65];
    write_rows(data, "mushrooms", 8124, 112);
    snprintf(path, sizeof path, "%s/mushrooms", data);
    assert_true(file_sha256(path, hex, &f));
    assert_false(dataset_load("mushrooms", 0, &a, &f));
    assert_says(&f, "f39a4eb628dc61a7d43760815b061c9e497aa728ce1ad8bde57a09ef6043b538");
    assert_says(&f, hex);
    assert_int_equal(f.exit_status, 2);
    f = (struct fail){0};
    assert_false(dataset_locate("mushrooms", false, path, sizeof path, &f));
    assert_says(&f, hex);
    f = (struct fail){0}; /* the control: as a path the same file is one's own */
    if (!dataset_load(path, 0, &a, &f)) fail_msg("%s", f.text);
    assert_string_equal(a.name, "mushrooms");
    assert_string_equal(a.sha256, hex);
    dataset_free(&a);
}

static void real_sums_agree(void **state)
{
    (void)state;
    int found = 0;
    setenv("GRADWIRE_DATA", real_data, 1);
    for (const struct catalogue_entry *e = catalogue; e->name; e++) {
        char path[PATH_MAX];
        struct dataset a;
        struct fail f = {0};
        if (!e->sha256 || dataset_find(e->name, path, sizeof path) != FOUND_IN_DATA) continue;
        if (!dataset_load(e->name, 0, &a, &f)) fail_msg("%s", f.text);
        assert_string_equal(a.sha256, e->sha256);
        assert_int_equal(a.rows.d, e->d);
        assert_int_equal(a.rows.count, e->rows);
        dataset_free(&a);
        found++;
    }
    if (!found) skip();
}

static void nothing_found(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct fail f = {0};
    assert_false(dataset_locate("a9a", false, path, sizeof path, &f));
    assert_says(&f, data);
    assert_says(&f, cached);
    assert_says(&f, "downloading was not allowed; provide it: put the file of https://");
    f = (struct fail){0};
    setenv("GRADWIRE_OFFLINE", "1", 1);
    assert_false(dataset_locate("a9a", true, path, sizeof path, &f));
    assert_says(&f, "downloading was not allowed");
    f = (struct fail){0};
    assert_false(dataset_locate("mushrom", true, path, sizeof path, &f));
    assert_says(&f, "unknown data set 'mushrom' (did you mean 'mushrooms'?)");
    f = (struct fail){0};
    assert_false(dataset_locate("one-hott", true, path, sizeof path, &f));
    assert_says(&f, "did you mean 'one-hot'?");
    f = (struct fail){0};
    assert_false(dataset_locate("nowhere/a9a", true, path, sizeof path, &f));
    assert_says(&f, "nowhere/a9a: No such file");
    unsetenv("GRADWIRE_DATA");
    write_rows(data, "mine", 3, 2);
    f = (struct fail){0};
    assert_false(dataset_locate("mine", true, path, sizeof path, &f));
    setenv("GRADWIRE_DATA", data, 1);
    assert_true(dataset_locate("mine", true, path, sizeof path, &f)); /* a file of one's own in GRADWIRE_DATA */
}

static void fetched_and_cached(void **state)
{
    (void)state;
    need_curl();
    char path[PATH_MAX], wanted[PATH_MAX];
    struct fail f = {0};
    struct dataset a;
    const struct catalogue_entry *e = catalogue_find("svmguide1");
    write_rows(mirror, "svmguide1", 3089, 4);
    remove_below(cache); /* made by the fetch */
    if (!dataset_fetch(e, true, path, sizeof path, &f)) fail_msg("%s", f.text);
    snprintf(wanted, sizeof wanted, "%s/svmguide1", cached);
    assert_string_equal(path, wanted);
    assert_int_equal(count_files(cached), 1);
    remove_below(mirror); /* from now on it comes from the cache */
    if (!dataset_load("svmguide1", 0, &a, &f)) fail_msg("%s", f.text);
    assert_int_equal(a.rows.count, 3089);
    dataset_free(&a);
}

static void pinned_file_is_fetched(void **state)
{
    (void)state;
    need_curl();
    char path[PATH_MAX];
    struct fail f = {0};
    copy_real("a1a", mirror);
    if (!dataset_fetch(catalogue_find("a1a"), true, path, sizeof path, &f)) fail_msg("%s", f.text);
    assert_int_equal(count_files(cached), 1);
}

static void bad_downloads_leave_nothing(void **state)
{
    (void)state;
    need_curl();
    static const struct {
        const char *name;
        int rows, d;
        const char *says;
    } cases[] = {
        {"svmguide1", 3088, 4, "is not svmguide1: 3088 rows, not 3089"},
        {"svmguide1", 3089, 5, "index 5 is above the number of features"},
        {"svmguide1", 0, 0, "holds no rows"},
        {"a1a", 1605, 123, "eb54c45f1bdb51286f803dd092eb8202b44637a858fc6c4e533a2d64a0d94b4e"},
        {"a9a", -1, 0, "the download of file://"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char path[PATH_MAX];
        struct fail f = {0};
        if (cases[k].rows >= 0) write_rows(mirror, cases[k].name, cases[k].rows, cases[k].d);
        assert_false(dataset_fetch(catalogue_find(cases[k].name), true, path, sizeof path, &f));
        assert_says(&f, cases[k].says);
        assert_int_equal(count_files(cached), 0);
        f = (struct fail){0};
        assert_false(dataset_locate(cases[k].name, true, path, sizeof path, &f));
        assert_says(&f, "is neither in GRADWIRE_DATA");
        assert_says(&f, "; provide it: put the file of https://");
    }
}

static void no_curl_no_home(void **state)
{
    (void)state;
    if (under_valgrind()) skip(); /* there a program that is missing starts, and ends with status 127 */
    char path[PATH_MAX];
    struct fail f = {0};
    setenv("PATH", data, 1);
    assert_false(dataset_fetch(catalogue_find("a9a"), true, path, sizeof path, &f));
    assert_says(&f, "the program curl is not installed");
    assert_int_equal(count_files(cached), 0);
    f = (struct fail){0};
    char *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    unsetenv("HOME");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_false(dataset_fetch(catalogue_find("a9a"), true, path, sizeof path, &f));
    assert_says(&f, "no place for a cache; allowed is HOME or XDG_CACHE_HOME set");
    setenv("HOME", home, 1);
    free(home);
    f = (struct fail){0};
    snprintf(path, sizeof path, "%s/file", top);
    FILE *o = fopen(path, "w");
    fclose(o);
    setenv("XDG_CACHE_HOME", path, 1); /* a file where the directory should be */
    assert_false(dataset_fetch(catalogue_find("a9a"), true, path, sizeof path, &f));
    assert_int_equal(f.exit_status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test_setup(known_sums, fresh),
        cmocka_unit_test_setup(order_of_places, fresh),
        cmocka_unit_test_setup(shape_is_checked, fresh),
        cmocka_unit_test_setup(wrong_sum_is_refused, fresh),
        cmocka_unit_test_setup(real_sums_agree, fresh),
        cmocka_unit_test_setup(nothing_found, fresh),
        cmocka_unit_test_setup(fetched_and_cached, fresh),
        cmocka_unit_test_setup(pinned_file_is_fetched, fresh),
        cmocka_unit_test_setup(bad_downloads_leave_nothing, fresh),
        cmocka_unit_test_setup(no_curl_no_home, fresh),
    };
    return cmocka_run_group_tests_name("catalogue", tests, setup, teardown);
}
