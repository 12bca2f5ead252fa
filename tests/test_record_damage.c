/* Result files that are damaged, cut, forged or not result files at all are refused in one line. */
#include "record_kit.h"

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

/* HDF5 1.10 loses memory of its own over a damaged file; of ours it must hold nothing. */
static void test_nothing_stays_open(void **state)
{
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    hid_t file = H5Fcreate("open.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 1); /* the control */
    H5Fclose(file);
    assert_int_equal(remove("open.h5"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_flip_and_cut), cmocka_unit_test(test_flips_under_a_right_seal),
        cmocka_unit_test(test_foreign_files),      cmocka_unit_test(test_not_a_result),
        cmocka_unit_test(test_image_failure),      cmocka_unit_test(test_nothing_stays_open),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
