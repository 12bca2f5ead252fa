/* The reader on compressed, cut, changed and damaged files, and on the real ones. */
#include "../datasets/text.h"
#include "../sim/rng.h"
#include "libsvm_kit.h"
#include <archive.h>
#include <archive_entry.h>
#include <math.h>
#include <sys/stat.h>

/* --- compressed copies ---------------------------------------------------------------------------------- */
static size_t compress(const char *text, size_t size, int (*filter)(struct archive *), char *out, size_t room)
{
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    size_t used = 0;
    archive_write_set_format_raw(a);
    assert_int_equal(filter(a), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open_memory(a, out, room, &used), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, text, size), (la_ssize_t)size);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_entry_free(entry);
    archive_write_free(a);
    return used;
}

static size_t sample_text(char *text, size_t room, uint64_t seed)
{
    struct stream s = stream(seed, FOR_TEST, 0, 0, 0);
    size_t k = 0;
    while (k + 400 < room) {
        k += (size_t)snprintf(text + k, room - k, "%s", stream_bernoulli(&s, .5) ? "+1" : "-1");
        for (uint32_t j = 1 + stream_below(&s, 50); j < 900; j += 1 + stream_below(&s, 100))
            k += (size_t)snprintf(text + k, room - k, " %" PRIu32 ":0.%" PRIu32, j, 1 + stream_below(&s, 1000000));
        text[k++] = '\n';
    }
    return k;
}

enum { TEXT = 200000 };
static char text[TEXT], packed[TEXT * 2];
static int (*const filters[])(struct archive *) = {archive_write_add_filter_gzip, archive_write_add_filter_bzip2,
                                                   archive_write_add_filter_xz, archive_write_add_filter_zstd};
enum { FILTERS = sizeof filters / sizeof *filters };

static void compressed_copies(void **state)
{
    (void)state;
    const size_t size = sample_text(text, TEXT, 1);
    struct dataset a = read_good(text, size, 900, SIZE_MAX / 2);
    assert_true(a.rows.count > 100);
    for (int k = 0; k < FILTERS; k++) {
        const size_t used = compress(text, size, filters[k], packed, sizeof packed);
        assert_true(used < size);
        struct dataset b = read_good(packed, used, 900, k % 2 ? 4099 : SIZE_MAX / 2);
        assert_same(&a, &b); /* with the same sha256, which is of the text */
        dataset_free(&b);
    }
    const size_t other = sample_text(text, TEXT, 2); /* the control: another text is not the same */
    struct dataset b = read_good(text, other, 900, SIZE_MAX / 2);
    assert_string_not_equal(a.sha256, b.sha256);
    dataset_free(&a);
    dataset_free(&b);
}

static void cut_copies_are_refused(void **state)
{
    (void)state;
    const size_t size = sample_text(text, TEXT, 1);
    for (int k = 0; k < FILTERS; k++) {
        const size_t used = compress(text, size, filters[k], packed, sizeof packed);
        const size_t cut[] = {used - 1, used - 4, used - 9, used * 3 / 4, used / 2, used / 10, 40, 12, 3};
        for (size_t c = 0; c < sizeof cut / sizeof *cut; c++) {
            struct dataset a;
            struct fail f = {0};
            write_bytes(file, packed, cut[c]);
            if (libsvm_read(file, 900, &a, &f)) fail_msg("filter %d cut to %zu of %zu bytes was taken", k, cut[c], used);
            assert_true(strlen(f.text) > strlen(file));
        }
    }
}

/* Compressed files may be concatenated; a second stream that is cut off anywhere is no end. */
static void two_streams(void **state)
{
    (void)state;
    const size_t size = sample_text(text, TEXT, 1);
    for (int k = 0; k < 3; k++) {
        const size_t used = compress(text, size, filters[k], packed, sizeof packed);
        memcpy(packed + used, packed, used);
        struct dataset one = read_good(packed, used, 900, SIZE_MAX / 2), two = read_good(packed, 2 * used, 900, SIZE_MAX / 2);
        assert_int_equal(two.rows.count, 2 * one.rows.count);
        dataset_free(&one);
        dataset_free(&two);
        for (size_t more = 1; more < 40; more++) {
            struct dataset a;
            struct fail f = {0};
            write_bytes(file, packed, used + more);
            if (libsvm_read(file, 900, &a, &f)) fail_msg("filter %d with %zu bytes of a second stream was taken", k, more);
        }
    }
}

/* gzip, bzip2 and xz carry sums of their contents: a changed byte is noticed, or changed nothing (such as a date). */
static void changed_copies_are_refused(void **state)
{
    (void)state;
    const size_t size = sample_text(text, 4000, 1);
    for (int k = 0; k < 3; k++) {
        const size_t used = compress(text, size, filters[k], packed, sizeof packed);
        struct dataset whole = read_good(packed, used, 900, SIZE_MAX / 2);
        size_t refused = 0;
        for (size_t at = 0; at < used; at++) {
            struct dataset a;
            struct fail f = {0};
            packed[at] ^= 1 << (at % 8);
            write_bytes(file, packed, used);
            packed[at] ^= 1 << (at % 8);
            if (!libsvm_read(file, 900, &a, &f)) {
                refused++;
                assert_null(strstr(f.text, "(null)"));
                continue;
            }
            if (k == 0 && at + 8 >= used) fail_msg("a wrong CRC or length of gzip was taken");
            if (strcmp(a.sha256, whole.sha256)) fail_msg("filter %d with byte %zu of %zu changed was taken", k, at, used);
            dataset_free(&a);
        }
        assert_true(refused > used * 9 / 10);
        dataset_free(&whole);
    }
}

static void changed_while_read(void **state)
{
    (void)state;
    struct fail f = {0};
    const char *piece;
    size_t size;
    sample_text(text, TEXT, 1);
    for (int change = 0; change < 2; change++) { /* unchanged: the control */
        write_bytes(file, text, TEXT);
        struct text *t = text_open(file, &f);
        assert_non_null(t);
        if (change) assert_int_equal(truncate(file, TEXT / 2), 0);
        int more;
        while ((more = text_next(t, &piece, &size, &f)) > 0) continue;
        assert_int_equal(more, change ? -1 : 0);
        text_close(t);
    }
    assert_non_null(strstr(f.text, "changed while it was being read"));
    assert_int_equal(f.exit_status, 1);
}

static void many_pieces(void **state)
{
    (void)state;
    const size_t size = sample_text(text, TEXT, 3);
    struct dataset a = read_good(text, size, 900, SIZE_MAX / 2);
    for (int k = 0; k < PIECES; k++) {
        struct dataset b = read_good(text, size, 900, pieces[k]);
        assert_same(&a, &b);
        dataset_free(&b);
    }
    dataset_free(&a);
}

/* Damaged texts: whatever the verdict, it is the same, to the letter, however the text is cut into pieces. */
static void damaged_texts(void **state)
{
    (void)state;
    static const char stuff[] = "0123456789:.-+eE #\n\r\t,nx\0\x80";
    int taken = 0, refusals = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        char damaged[128] = "# c\n+1 1:0.5 3:-2e1 20:7 \r\n\n-1 2:.25 # x\n2\n-1.5 1:1 21:1e-3 22:3";
        struct stream s = stream(seed, FOR_TEST, 0, 0, 0);
        const size_t size = strlen(damaged);
        for (uint32_t k = stream_below(&s, 4); k > 0; k--)
            damaged[stream_below(&s, (uint32_t)size)] = stuff[stream_below(&s, sizeof stuff - 1)];
        write_bytes(file, damaged, size);
        struct dataset a[3];
        struct fail f[3] = {{{0}, 0}};
        static const size_t most[3] = {SIZE_MAX / 2, 1, 6};
        for (int k = 0; k < 3; k++) {
            const bool good = libsvm_read_pieces(file, 0, most[k], &a[k], &f[k]);
            assert_int_equal(good, f[k].text[0] == '\0');
            assert_string_equal(f[0].text, f[k].text);
            if (good) assert_same(&a[0], &a[k]);
        }
        *(a[0].rows.start ? &taken : &refusals) += 1;
        for (int k = 0; k < 3; k++) dataset_free(&a[k]);
    }
    assert_true(taken > 80 && refusals > 80);
}

/* --- real files ------------------------------------------------------------------------------------------ */
struct real {
    const char *name;
    int64_t rows, d;
    uint64_t nonzeros;
    double common, low, high;
    int64_t lows, empty; /* rows with the low label, rows without a feature; -1: not checked */
    int64_t largest;     /* index seen */
};

static void real_files(void **state)
{
    (void)state;
    static const struct real real[] = {
        {"mushrooms", 8124, 112, 170604, 1, 1, 2, 3916, 0, 112},     {"a9a", 32561, 123, 451592, 1, -1, 1, 24720, -1, 123},
        {"a9a.t", 16281, 123, 225731, 1, -1, 1, -1, -1, 122},        {"a1a", 1605, 123, 22249, 1, -1, 1, -1, -1, 119},
        {"w8a", 49749, 300, 579586, 1, -1, 1, 48270, 4203, 300},     {"w8a.t", 14951, 300, 174276, 1, -1, 1, -1, -1, -1},
        {"phishing", 11055, 68, 331650, 0.18257, 0, 1, 4898, 0, 68},
    };
    const char *home = getenv("GRADWIRE_DATA");
    int found = 0;
    for (size_t k = 0; home && k < sizeof real / sizeof *real; k++) {
        const struct real *r = &real[k];
        struct dataset a, b;
        struct fail f = {0};
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", home, r->name);
        if (access(path, R_OK) != 0) continue;
        found++;
        if (!libsvm_read(path, r->d, &a, &f) || !libsvm_read_pieces(path, 0, 11, &b, &f)) fail_msg("%s", f.text);
        assert_int_equal(a.rows.count, r->rows);
        assert_int_equal(a.rows.d, r->d);
        assert_int_equal(a.rows.start[a.rows.count], r->nonzeros);
        assert_null(a.rows.value);
        assert_true(a.rows.common == r->common);
        int64_t lows = 0, highs = 0, empty = 0;
        for (int64_t i = 0; i < r->rows; i++) {
            lows += a.rows.label[i] == r->low;
            highs += a.rows.label[i] == r->high;
            empty += a.rows.start[i] == a.rows.start[i + 1];
        }
        assert_int_equal(lows + highs, r->rows);
        if (r->lows >= 0) assert_int_equal(lows, r->lows);
        if (r->empty >= 0) assert_int_equal(empty, r->empty);
        if (r->largest >= 0) assert_int_equal(b.rows.d, r->largest);
        b.rows.d = a.rows.d;
        assert_same(&a, &b);
        dataset_free(&a);
        dataset_free(&b);
    }
    if (!found) skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_copies),  cmocka_unit_test(cut_copies_are_refused),
        cmocka_unit_test(two_streams),        cmocka_unit_test(changed_copies_are_refused),
        cmocka_unit_test(changed_while_read), cmocka_unit_test(many_pieces),
        cmocka_unit_test(damaged_texts),      cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests_name("libsvm_files", tests, setup, teardown);
}
