/* test_record.c - result files: what goes in comes out, bit for bit; the same record gives the same bytes; damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/record.h"
#include "../sim/seal.h"
#include <fcntl.h>
#include <hdf5.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/gradwire-record-XXXXXX";
static char path[128];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) return -1;
    snprintf(path, sizeof path, "%s/result.h5", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static double from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

/* A record with every type, and the values that are easily lost. */
static void fill_small(struct record *r)
{
    struct group *root = record_group(r, "/");
    group_text(root, "format", RECORD_FORMAT);
    group_int(root, "format_version", RECORD_VERSION);
    group_text(root, "experiment",
               "[experiment]\ntitle = \xc3\x9c"
               "ber \xe2\x88\x87"
               "f\n");
    group_text(root, "empty", "");
    struct group *run = record_group(r, "/runs/000");
    group_real(run, "stepsize", 0.1);
    group_int(run, "least", INT64_MIN);
    const double x[] = {0.0, -0.0, INFINITY, -INFINITY, 5e-324, 0x1.fffffffffffffp1023, from_bits(0x7ff8000000000123), 1.0 / 3};
    group_array(run, "x", VALUE_REAL, x, 8, "", "the final model");
    struct group *trace = record_group(r, "/runs/000/trace");
    const int64_t round[] = {0, 1, INT64_MAX, INT64_MIN};
    group_array(trace, "round", VALUE_INT, round, 4, "rounds", "number of the round");
    group_array(trace, "nothing", VALUE_REAL, NULL, 0, "", "");
    uint8_t state[256];
    for (int i = 0; i < 256; i++) state[i] = (uint8_t)i;
    group_array(record_group(r, "/checkpoint/000"), "state", VALUE_BYTES, state, 256, "", "");
}

/* Long text, arrays around the size at which the layout changes, many groups, many attributes, many arrays. */
static void fill_large(struct record *r)
{
    fill_small(r);
    char *text = malloc(1 << 20);
    assert_non_null(text);
    for (int i = 0; i < (1 << 20) - 1; i++) text[i] = (char)('a' + i % 23);
    text[(1 << 20) - 1] = '\0';
    group_text(record_group(r, "/"), "long", text);
    free(text);
    double column[3000];
    for (int i = 0; i < 3000; i++) column[i] = 1.0 / (i + 1);
    for (int run = 1; run <= 120; run++) {
        char name[64];
        snprintf(name, sizeof name, "/runs/%03d", run);
        struct group *g = record_group(r, name);
        for (int k = 0; k < 30; k++) {
            snprintf(name, sizeof name, "compressor.key%d", k);
            group_real(g, name, run + k);
            snprintf(name, sizeof name, "compressor.key%d_origin", k);
            group_text(g, name, "theory");
        }
        snprintf(name, sizeof name, "/runs/%03d/trace", run);
        g = record_group(r, name);
        for (int k = 0; k < 26; k++) {
            snprintf(name, sizeof name, "column%d", k);
            group_array(g, name, VALUE_REAL, column, (size_t)(244 + k), "bits", "what it is");
        }
    }
    group_array(record_group(r, "/problem"), "L_i", VALUE_REAL, column, 3000, "", "smoothness of f_i");
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Equal bit for bit, order included. */
static bool same_group(const struct group *a, const struct group *b)
{
    if (strcmp(a->path, b->path) || a->attributes != b->attributes || a->arrays != b->arrays) return false;
    for (size_t i = 0; i < a->attributes; i++) {
        const struct attribute *p = &a->attribute[i], *q = &b->attribute[i];
        if (strcmp(p->name, q->name) || p->type != q->type || p->integer != q->integer || memcmp(&p->real, &q->real, 8) ||
            !same_text(p->text, q->text))
            return false;
    }
    for (size_t i = 0; i < a->arrays; i++) {
        const struct array *p = &a->array[i], *q = &b->array[i];
        if (strcmp(p->name, q->name) || p->type != q->type || p->count != q->count || !same_text(p->unit, q->unit) ||
            !same_text(p->description, q->description) || memcmp(p->data, q->data, p->count * (p->type == VALUE_BYTES ? 1 : 8)))
            return false;
    }
    return true;
}

static bool same_record(const struct record *a, const struct record *b)
{
    if (a->groups != b->groups) return false;
    for (size_t i = 0; i < a->groups; i++)
        if (!same_group(a->group[i], b->group[i])) return false;
    return true;
}

static void put_file(const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* Overwrite part of the file in place. */
static void poke(size_t at, const void *bytes, size_t size)
{
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, size, (off_t)at), size);
    assert_int_equal(close(file), 0);
}

static void image_of(void (*fill)(struct record *), uint8_t **image, size_t *size)
{
    struct record r = {0};
    struct fail f = {{0}, 0};
    fill(&r);
    if (!record_image(&r, image, size, &f)) fail_msg("%s", f.text);
    record_free(&r);
}

static void round_trip(void (*fill)(struct record *))
{
    struct record wrote = {0}, read = {0}, again = {0};
    struct fail f = {{0}, 0};
    fill(&wrote);
    if (!record_write(path, &wrote, &f)) fail_msg("%s", f.text);
    if (!record_read(path, &read, &f)) fail_msg("%s", f.text);
    assert_true(same_record(&wrote, &read));

    uint8_t *first, *second;
    size_t first_size, second_size;
    assert_true(record_image(&wrote, &first, &first_size, &f));
    assert_true(record_image(&read, &second, &second_size, &f));
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);

    /* the control: one bit of one number is seen */
    fill(&again);
    double *x = record_find(&again, "/runs/000")->array[0].data;
    x[1] = 0.0; /* was -0.0 */
    assert_false(same_record(&wrote, &again));
    record_free(&wrote);
    record_free(&read);
    record_free(&again);
}

static void test_round_trip(void **state)
{
    (void)state;
    round_trip(fill_small);
    round_trip(fill_large);
}

static void test_replace(void **state)
{
    (void)state;
    struct record r = {0};
    struct group *g = record_group(&r, "/runs/000");
    group_text(g, "a", "one");
    group_real(g, "b", 2);
    group_text(g, "a", group_attribute(g, "a")->text); /* its own text */
    assert_string_equal(group_attribute(g, "a")->text, "one");
    group_int(g, "a", 7);
    assert_int_equal(g->attributes, 2);
    assert_string_equal(g->attribute[0].name, "a");
    assert_int_equal(group_attribute(g, "a")->integer, 7);
    assert_null(group_attribute(g, "a")->text);
    assert_null(group_attribute(g, "c"));
    group_array(g, "x", VALUE_REAL, (double[]){1, 2}, 2, "", "");
    group_array(g, "x", VALUE_INT, (int64_t[]){3}, 1, "", "");
    assert_int_equal(g->arrays, 1);
    assert_int_equal(group_find_array(g, "x")->count, 1);
    assert_int_equal(*(int64_t *)group_find_array(g, "x")->data, 3);
    assert_null(group_find_array(g, "y"));
    record_free(&r);
    assert_int_equal(r.groups, 0);
}

/* Groups may be added in any order; the file is the one of the walk through the tree. */
static void test_order(void **state)
{
    (void)state;
    static const char *const add[] = {"/runs/000",       "/runs/001", "/problem", "/runs/000/trace",
                                      "/runs/001/trace", "/runs/0",   "/runs"};
    static const char *const want[] = {"/",         "/runs",           "/runs/000", "/runs/000/trace",
                                       "/runs/001", "/runs/001/trace", "/runs/0",   "/problem"};
    struct record r = {0};
    for (size_t i = 0; i < sizeof add / sizeof *add; i++) record_group(&r, add[i]);
    assert_int_equal(r.groups, sizeof want / sizeof *want);
    for (size_t i = 0; i < r.groups; i++) assert_string_equal(r.group[i]->path, want[i]);
    assert_ptr_equal(record_find(&r, "/runs"), r.group[1]);
    assert_null(record_find(&r, "/run"));
    record_free(&r);
}

/* Built a second later, on a heap full of other things: the same bytes.  A different value: different bytes. */
static void test_same_bytes(void **state)
{
    (void)state;
    uint8_t *first, *second;
    size_t first_size, second_size;
    image_of(fill_large, &first, &first_size);
    sleep(1);
    mallopt(M_PERTURB, 0x5a);
    for (int i = 1; i < 2000; i++) free(memset(malloc((size_t)i * 37), 0xa5, (size_t)i * 37));
    image_of(fill_large, &second, &second_size);
    mallopt(M_PERTURB, 0);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(second);

    struct record r = {0};
    struct fail f = {{0}, 0};
    fill_large(&r);
    ((double *)record_find(&r, "/problem")->array[0].data)[2999] *= 1 + 0x1p-52;
    assert_true(record_image(&r, &second, &second_size, &f));
    assert_int_equal(first_size, second_size);
    assert_memory_not_equal(first, second, first_size);
    record_free(&r);
    free(first);
    free(second);
}

static bool reads(char *why, size_t room)
{
    struct record r;
    struct fail f = {{0}, 0};
    bool ok = record_read(path, &r, &f);
    if (!ok) {
        assert_int_equal(r.groups, 0);
        assert_non_null(strstr(f.text, path));
        assert_null(strchr(f.text, '\n'));
        snprintf(why, room, "%s", f.text);
    }
    record_free(&r);
    return ok;
}

static void refuse(const char *expected)
{
    char why[1024] = "it was read";
    if (reads(why, sizeof why) || !strstr(why, expected)) fail_msg("expected \"%s\", got \"%s\"", expected, why);
}

static void test_every_flip_and_cut(void **state)
{
    (void)state;
    uint8_t *image;
    size_t size;
    char why[1024];
    image_of(fill_small, &image, &size);
    put_file(image, size);
    assert_true(reads(why, sizeof why)); /* the control: whole, it is read */
    for (size_t i = 0; i < size; i++) {
        uint8_t flipped = image[i] ^ (uint8_t)(1U << i % 8);
        poke(i, &flipped, 1);
        bool read = reads(why, sizeof why);
        poke(i, &image[i], 1);
        if (read) fail_msg("byte %zu of %zu flipped, and it was read", i, size);
    }
    assert_true(reads(why, sizeof why)); /* whole again */
    for (size_t cut = size; cut-- > 0;) {
        assert_int_equal(truncate(path, (off_t)cut), 0);
        if (reads(why, sizeof why)) fail_msg("cut to %zu of %zu bytes, and it was read", cut, size);
    }
    free(image);
}

/* A right checksum over wrong contents: HDF5's own checksums or our checks must notice, or only numbers and texts differ.  The
 * heap that holds the texts is left out: HDF5 1.10 believes the sizes in it, and a forged one can make it crash. */
static void test_flips_under_a_right_seal(void **state)
{
    (void)state;
    enum { HEAP = 4096 };
    uint8_t *image;
    size_t size, tried = 0, refusals = 0;
    image_of(fill_small, &image, &size);
    size -= SEAL_SIZE;
    const uint8_t *heap = memmem(image, size, "GCOL", 4);
    assert_non_null(heap);
    size_t heap_at = (size_t)(heap - image);
    assert_null(memmem(heap + 1, size - heap_at - 1, "GCOL", 4));
    put_file(image, size + SEAL_SIZE);
    struct record whole = {0};
    fill_small(&whole);
    for (size_t i = 0; i < size; i++) {
        if (i == heap_at) i += HEAP;
        image[i] ^= (uint8_t)(1U << i % 8);
        seal_write(image, size, image + size);
        poke(i, &image[i], 1);
        poke(size, image + size, SEAL_SIZE);
        image[i] ^= (uint8_t)(1U << i % 8);
        struct record r;
        struct fail f = {{0}, 0};
        tried++;
        if (!record_read(path, &r, &f)) {
            refusals++;
            assert_non_null(strstr(f.text, path));
        } else {
            assert_int_equal(r.groups, whole.groups);
        }
        poke(i, &image[i], 1);
        record_free(&r);
    }
    assert_true(tried > 3000 && refusals > tried / 2 && refusals < tried);
    record_free(&whole);
    free(image);
}

/* --- files that are sound HDF5, sealed, and still not ours ------------------------------------------------ */
enum oddity {
    NOTHING_ODD,
    NO_FORMAT,
    OTHER_FORMAT,
    OTHER_VERSION,
    SHORT_INTEGER,
    SINGLE_FLOAT,
    MATRIX,
    LONG_ATTRIBUTE,
    CIRCLE,
    ELSEWHERE
};

static void put_attribute(hid_t at, const char *name, hid_t type, const void *value, hsize_t count)
{
    hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, NULL);
    hid_t id = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(id >= 0 && H5Awrite(id, type, value) >= 0);
    H5Aclose(id);
    H5Sclose(space);
}

static void put_oddity(hid_t file, enum oddity odd)
{
    const hsize_t two[] = {2, 2};
    const double four[] = {1, 2, 3, 4};
    hid_t space = odd == MATRIX ? H5Screate_simple(2, two, NULL) : H5Screate_simple(1, two, NULL);
    hid_t type = odd == SHORT_INTEGER ? H5T_STD_I32LE : odd == SINGLE_FLOAT ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
    hid_t id = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(id >= 0 && H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, four) >= 0);
    H5Dclose(id);
    H5Sclose(space);
    if (odd == LONG_ATTRIBUTE) put_attribute(file, "pair", H5T_NATIVE_DOUBLE, four, 2);
    if (odd == CIRCLE) assert_true(H5Lcreate_hard(file, "/", file, "again", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    if (odd == ELSEWHERE) assert_true(H5Lcreate_external("/etc/passwd", "/", file, "there", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}

static void put_odd_file(enum oddity odd, bool sealed)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE), text = H5Tcopy(H5T_C_S1);
    H5Pset_fapl_core(access, 1 << 20, false);
    H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
    H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Tset_size(text, H5T_VARIABLE);
    hid_t file = H5Fcreate("odd", H5F_ACC_TRUNC, create, access);
    assert_true(file >= 0);
    const char *format = odd == OTHER_FORMAT ? "NeXus" : "gradwire";
    int64_t version = odd == OTHER_VERSION ? 2 : 1;
    if (odd != NO_FORMAT) put_attribute(file, "format", text, &format, 1);
    put_attribute(file, "format_version", H5T_NATIVE_INT64, &version, 1);
    put_oddity(file, odd);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    ssize_t size = H5Fget_file_image(file, NULL, 0);
    assert_true(size > 0);
    uint8_t *image = malloc((size_t)size + SEAL_SIZE);
    assert_non_null(image);
    assert_int_equal(H5Fget_file_image(file, image, (size_t)size), size);
    seal_write(image, (size_t)size, image + size);
    put_file(image, (size_t)size + (sealed ? SEAL_SIZE : 0));
    free(image);
    H5Fclose(file);
    H5Tclose(text);
    H5Pclose(create);
    H5Pclose(access);
}

static void test_foreign_files(void **state)
{
    (void)state;
    char why[1024] = "";
    put_odd_file(NOTHING_ODD, true);
    if (!reads(why, sizeof why)) fail_msg("%s", why); /* the control */
    put_odd_file(NOTHING_ODD, false);
    refuse("does not end with a checksum");
    put_odd_file(NO_FORMAT, true);
    refuse("no attributes format = \"gradwire\"");
    put_odd_file(OTHER_FORMAT, true);
    refuse("no attributes format = \"gradwire\"");
    put_odd_file(OTHER_VERSION, true);
    refuse("format_version is 2; this program reads version 1");
    put_odd_file(SHORT_INTEGER, true);
    refuse("/ x: not a one-dimensional array of 64-bit numbers or bytes");
    put_odd_file(SINGLE_FLOAT, true);
    refuse("/ x: not a one-dimensional array of 64-bit numbers or bytes");
    put_odd_file(MATRIX, true);
    refuse("/ x: not a one-dimensional array of 64-bit numbers or bytes");
    put_odd_file(LONG_ATTRIBUTE, true);
    refuse("pair: not one number of 64 bits or one text");
    put_odd_file(CIRCLE, true);
    refuse("nested too deeply");
    put_odd_file(ELSEWHERE, true);
    refuse("a link to elsewhere");
}

static void test_not_a_result(void **state)
{
    (void)state;
    unlink(path);
    refuse("cannot open: No such file or directory");
    put_file("", 0);
    refuse("does not start as an HDF5 file does");
    put_file("+1 3:1 11:1\n", 12);
    refuse("does not start as an HDF5 file does");
    put_file("\211HDF\r\n\032\n", 8);
    refuse("does not end with a checksum");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuse("a directory");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse("not a file");
    unlink(path);
}

/* A sound HDF5 name must not hide a failing image: an array and a group of one name cannot both be. */
static void test_image_failure(void **state)
{
    (void)state;
    struct record r = {0};
    struct fail f = {{0}, 0};
    uint8_t *image = NULL;
    size_t size = 0;
    group_array(record_group(&r, "/runs"), "000", VALUE_REAL, NULL, 0, "", "");
    record_group(&r, "/runs/000");
    assert_false(record_image(&r, &image, &size, &f));
    assert_int_equal(f.exit_status, 1);
    assert_null(image);
    assert_non_null(strstr(f.text, "cannot build the result in memory: group /runs/000: "));
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_every_flip_and_cut),
        cmocka_unit_test(test_flips_under_a_right_seal),
        cmocka_unit_test(test_foreign_files),
        cmocka_unit_test(test_not_a_result),
        cmocka_unit_test(test_image_failure),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
