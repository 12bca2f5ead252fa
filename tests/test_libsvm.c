/* The reader: what it takes, what it refuses and where it points, borders between pieces, compressed copies, real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/decimal.h"
#include "../datasets/libsvm.h"
#include "../datasets/text.h"
#include "../sim/rng.h"
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/gradwire-libsvm-XXXXXX", file[256];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) return -1;
    snprintf(file, sizeof file, "%s/data", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(directory);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *o = fopen(path, "wb");
    assert_non_null(o);
    assert_int_equal(fwrite(bytes, 1, size, o), size);
    assert_int_equal(fclose(o), 0);
}

/* All sizes of pieces that can cut a short text differently, and the ordinary one. */
static const size_t pieces[] = {1, 2, 3, 5, 7, 16, 64, 1021, SIZE_MAX / 2};
enum { PIECES = sizeof pieces / sizeof *pieces };

static struct dataset read_good(const void *text, size_t size, int64_t d, size_t most)
{
    struct dataset a;
    struct fail f = {0};
    write_bytes(file, text, size);
    if (!libsvm_read_pieces(file, d, most, &a, &f)) fail_msg("refused: %s", f.text);
    return a;
}

static void assert_same(const struct dataset *a, const struct dataset *b)
{
    const struct rows *p = &a->rows, *q = &b->rows;
    assert_string_equal(a->sha256, b->sha256);
    assert_int_equal(p->count, q->count);
    assert_int_equal(p->d, q->d);
    assert_memory_equal(p->start, q->start, (size_t)(p->count + 1) * sizeof *p->start);
    assert_memory_equal(p->label, q->label, (size_t)p->count * sizeof *p->label);
    const size_t nonzeros = p->start[p->count];
    if (nonzeros) assert_memory_equal(p->column, q->column, nonzeros * sizeof *p->column);
    assert_int_equal(p->value != NULL, q->value != NULL);
    if (p->value) assert_memory_equal(p->value, q->value, nonzeros * sizeof *p->value);
    assert_true(p->common == q->common || p->value);
}

/* Reads text with every size of pieces; all agree; hands back one. */
static struct dataset read_all_ways(const char *text, int64_t d)
{
    struct dataset a = read_good(text, strlen(text), d, SIZE_MAX / 2);
    for (int k = 0; k < PIECES; k++) {
        struct dataset b = read_good(text, strlen(text), d, pieces[k]);
        assert_same(&a, &b);
        dataset_free(&b);
    }
    return a;
}

static void plain(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("+1 1:0.5 3:-2\n-1 2:1e-3 4:.25\n", 0);
    const double value[] = {0.5, -2, 1e-3, .25};
    const uint32_t column[] = {0, 2, 1, 3};
    assert_int_equal(a.rows.count, 2);
    assert_int_equal(a.rows.d, 4);
    assert_int_equal(a.rows.start[1], 2);
    assert_int_equal(a.rows.start[2], 4);
    assert_memory_equal(a.rows.column, column, sizeof column);
    assert_memory_equal(a.rows.value, value, sizeof value);
    assert_true(a.rows.label[0] == 1 && a.rows.label[1] == -1);
    assert_string_equal(a.name, "data");
    assert_false(a.generated);
    dataset_free(&a);
}

static void without_last_newline(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("1 1:3\n2 2:45", 0);
    assert_int_equal(a.rows.count, 2);
    assert_int_equal(a.rows.d, 2);
    assert_true(a.rows.value[1] == 45);
    dataset_free(&a);
    a = read_all_ways("7 12345678:1\n8", 0);
    assert_int_equal(a.rows.count, 2);
    assert_true(a.rows.label[1] == 8);
    assert_int_equal(a.rows.d, 12345678);
    dataset_free(&a);
}

static void white_space_and_comments(void **state)
{
    (void)state;
    struct dataset a =
        read_all_ways("# head: 1:1 nan\r\n\r\n  0\t 1:1 \t 2:1  \r\n\n1 3:1 # tail 0:0 #\n#\n2 #\n \t\n#no newline", 0);
    assert_int_equal(a.rows.count, 3);
    assert_int_equal(a.rows.d, 3);
    assert_null(a.rows.value);
    assert_true(a.rows.common == 1);
    assert_int_equal(a.rows.start[3], 3);
    assert_true(a.rows.label[2] == 2);
    dataset_free(&a);
}

static void rows_without_features(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("-1 \n-1\n1 2:1\n-1 \n", 5);
    assert_int_equal(a.rows.count, 4);
    assert_int_equal(a.rows.d, 5); /* given, larger than what is seen */
    assert_int_equal(a.rows.start[2], 0);
    assert_int_equal(a.rows.start[4], 1);
    dataset_free(&a);
}

static void explicit_zeros(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("1 1:0 2:4 3:-0.0 9:0e5\n1 1:4\n", 0);
    assert_int_equal(a.rows.d, 9); /* an index seen counts, its zero does not */
    assert_int_equal(a.rows.start[2], 2);
    assert_null(a.rows.value);
    assert_true(a.rows.common == 4);
    dataset_free(&a);
}

static void common_value_until_the_last(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("1 1:0.18257 2:0.18257\n0 1:0.18257 2:0.18258\n", 0);
    assert_non_null(a.rows.value);
    assert_true(a.rows.value[0] == 0.18257 && a.rows.value[2] == 0.18257 && a.rows.value[3] == 0.18258);
    dataset_free(&a);
}

static void labels_of_all_kinds(void **state)
{
    (void)state;
    struct dataset a = read_all_ways("+1 1:1\n-1 1:1\n0 1:1\n2.5e0 1:1\n-.5 1:1\n+3. 1:1\n", 0);
    const double label[] = {1, -1, 0, 2.5, -.5, 3};
    assert_memory_equal(a.rows.label, label, sizeof label);
    dataset_free(&a);
}

/* --- refusals -------------------------------------------------------------------------------------- */
struct bad {
    const char *text;
    size_t size; /* 0: strlen */
    int64_t d;
    const char *where, *says; /* ":LINE:COLUMN: ", and a part of the message */
};

static void refused(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {"1 1:1\nabc 1:1\n", 0, 0, ":2:1: ", "label 'abc' is not a number"},
        {"1x 1:1\n", 0, 0, ":1:2: ", "label '1x' is not a number"},
        {"1,2 1:1\n", 0, 0, ":1:2: ", "label '1,2' is not a number"},
        {"nan 1:1\n", 0, 0, ":1:1: ", "label 'nan' is not finite; allowed are finite decimal numbers"},
        {"0x10 1:1\n", 0, 0, ":1:2: ", "label '0x10' is not a number"},
        {"1:1 2:1\n", 0, 0, ":1:2: ", "label '1:1' is not a number"},
        {"1e400 1:1\n", 0, 0, ":1:1: ", "label '1e400' is too large"},
        {"1 1:1\n1 1:1 2:NaN\n", 0, 0, ":2:9: ", "value 'NaN' is not finite"},
        {"1 1:-inf\n", 0, 0, ":1:5: ", "value '-inf' is not finite"},
        {"1 1:1e309\n", 0, 0, ":1:5: ", "value '1e309' is too large"},
        {"1 1:-1e309 2:1\n", 0, 0, ":1:5: ", "value '-1e309' is too large"},
        {"1 1:1 2:3.5x\n", 0, 0, ":1:12: ", "value '3.5x' is not a number"},
        {"1 1:1 2:1e\n", 0, 0, ":1:11: ", "value '1e' is not a number"},
        {"1 1:1 2:+-3\n", 0, 0, ":1:10: ", "value '+-3' is not a number"},
        {"1 1:1 2:.\n", 0, 0, ":1:10: ", "value '.' is not a number"},
        {"1 1:1 2:\n", 0, 0, ":1:9: ", "the value is missing"},
        {"1 1:1 2: 5\n", 0, 0, ":1:9: ", "the value is missing"},
        {"1 1:1 2\n", 0, 0, ":1:8: ", "':' is missing in '2'"},
        {"1 1:1 2;5\n", 0, 0, ":1:8: ", "':' is missing in '2;5'"},
        {"1 1:1 :5\n", 0, 0, ":1:7: ", "does not begin with an index"},
        {"1 -1:1\n", 0, 0, ":1:3: ", "does not begin with an index"},
        {"1 qid:3 1:1\n", 0, 0, ":1:3: ", "ranking data is not supported; allowed after the label are INDEX:VALUE pairs"},
        {"1 0:1 1:1\n", 0, 0, ":1:3: ", "index 0; indices count from 1 (this file is 0-based)"},
        {"1 1:1\n1 3:1 2:1\n", 0, 0, ":2:7: ", "index 2 after 3; indices must ascend"},
        {"1 1:1\n1 3:1 3:1\n", 0, 0, ":2:7: ", "index 3 twice in one row"},
        {"1 1:1\n1 5:0 5:1\n", 0, 0, ":2:7: ", "index 5 twice in one row"},
        {"1 1:1\n1 3:1 9:1\n", 0, 8, ":2:7: ", "index 9 is above the number of features; allowed are 1 .. 8"},
        {"1 2147483648:1\n", 0, 0, ":1:3: ", "index '2147483648' is too large; allowed are 1 .. 2147483647"},
        {"1 99999999999999999999999:1\n", 0, 0, ":1:3: ", "is too large; allowed are 1 .. 2147483647"},
        {"# c\r\n\r\n\t1\t1:1\t1:2\r\n", 0, 0, ":3:8: ", "index 1 twice"},
        {"1 1:1\n1 \0 2:1\n", 14, 0, ":2:3: ", "byte \\x00; allowed is plain text"},
        {"1 1:1\n1 1:\0001 2:1\n", 17, 0, ":2:5: ", "byte \\x00"},
        {"\x89PNG\r\n", 0, 0, ":1:1: ", "byte \\x89PNG; allowed is plain text"},
        {"\xef\xbb\xbf"
         "1 1:1\n",
         0, 0, ":1:1: ", "byte \\xef\\xbb\\xbf1; allowed is plain text"},
        {"<!DOCTYPE html>\n", 0, 0, ":1:1: ", "label '<!DOCTYPE' is not a number"},
        {"1 1:1\n1 1:1 2:7", 0, 1, ":2:7: ", "index 2 is above the number of features; allowed are 1 .. 1"},
        {"1 1:1\v2:1\n", 0, 0, ":1:6: ", "byte \\x0b2:1"},
        {"", 0, 0, ": ", "holds no rows"},
        {"\n\n# nothing\n", 0, 0, ": ", "holds no rows"},
        {"1\n2\n", 0, 0, ": ", "no row holds a feature"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        const size_t size = bad[k].size ? bad[k].size : strlen(bad[k].text);
        write_bytes(file, bad[k].text, size);
        for (int w = 0; w < PIECES; w++) {
            struct dataset a;
            struct fail f = {0};
            char wanted[512];
            snprintf(wanted, sizeof wanted, "%s%s", file, bad[k].where);
            if (libsvm_read_pieces(file, bad[k].d, pieces[w], &a, &f)) fail_msg("taken: %s", bad[k].text);
            if (strncmp(f.text, wanted, strlen(wanted)) || !strstr(f.text, bad[k].says))
                fail_msg("%s (pieces of %zu)\n  wanted: %s... %s ...", f.text, pieces[w], wanted, bad[k].says);
            assert_null(a.rows.start);
            assert_int_equal(f.exit_status, 2);
        }
    }
}

/* The control of `refused`: the nearest good texts are taken, so a reader that refuses everything fails. */
static void almost_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"1 1:1e308\n",  "1 2147483647:1\n", "1 1:1 2:3.5\n",     "1 3:1 4:1\n",
                                       "1 1:5e-324\n", "1 1:1 # nan\n",    "00001 0001:00001\n"};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        struct dataset a = read_all_ways(good[k], 0);
        assert_int_equal(a.rows.count, 1);
        dataset_free(&a);
    }
}

static void long_words(void **state)
{
    (void)state;
    char text[4096] = "1 1:1\n1 1:";
    const size_t start = strlen(text);
    for (int w = 0; w < PIECES; w++) {
        struct dataset a;
        struct fail f = {0};
        memset(text + start, '1', 3000);
        text[start + 3000] = '\n';
        write_bytes(file, text, start + 3001);
        assert_false(libsvm_read_pieces(file, 0, pieces[w], &a, &f));
        if (!strstr(f.text, ":2:5: value '111111111111111111111111...' is too long")) fail_msg("%s", f.text);
        memset(text + start, '0', 900); /* long, but allowed */
        memcpy(text + start + 900, ".5\n", 3);
        a = read_good(text, start + 903, 0, pieces[w]);
        assert_true(a.rows.value[1] == 0.5);
        dataset_free(&a);
    }
    for (int w = 0; w < PIECES; w++) { /* a comment may be as long as it likes */
        memset(text, 'x', sizeof text);
        memcpy(text, "1 1:1 #", 7);
        memcpy(text + 3500, "\n2 2:1\n", 7);
        struct dataset a = read_good(text, 3507, 0, pieces[w]);
        assert_int_equal(a.rows.count, 2);
        dataset_free(&a);
    }
    write_bytes(file, (char[8192]){0}, 8192);
    struct dataset a;
    struct fail f = {0};
    assert_false(libsvm_read_pieces(file, 0, 512, &a, &f));
    assert_non_null(strstr(f.text, ":1:1: byte \\x00"));
}

static void not_a_file(void **state)
{
    (void)state;
    struct dataset a;
    struct fail f = {0};
    char path[300];
    assert_false(libsvm_read(directory, 0, &a, &f));
    assert_non_null(strstr(f.text, "is a directory; a file is needed"));
    f = (struct fail){0};
    snprintf(path, sizeof path, "%s/absent", directory);
    assert_false(libsvm_read(path, 0, &a, &f));
    assert_non_null(strstr(f.text, "absent: cannot be opened: No such file"));
    f = (struct fail){0};
    assert_false(libsvm_read(file, -1, &a, &f));
    assert_non_null(strstr(f.text, "d = -1; allowed are 0"));
}

/* --- numbers ----------------------------------------------------------------------------------------- */
static double number(const char *digits, locale_t plain)
{
    char text[400];
    const char *stop;
    double v = NAN;
    snprintf(text, sizeof text, "%s\n", digits);
    if (!decimal_read(text, &stop, &v, plain)) fail_msg("not read: %s", digits);
    assert_int_equal(*stop, '\n');
    return v;
}

static void numbers_are_nearest(void **state)
{
    (void)state;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    static const char *const hard[] = {"0.18257",
                                       "9007199254740993",
                                       "9007199254740992",
                                       "9007199254740991e22",
                                       "1e23",
                                       "1e22",
                                       "8.5e-23",
                                       "123456789012345678901234567890",
                                       "2.2250738585072011e-308",
                                       "5e-324",
                                       "2e-324",
                                       "1.7976931348623157e308",
                                       "0.1",
                                       "0.3",
                                       "-0.7",
                                       "3.0000000000000000000000000000001",
                                       "0.000000000000000000000000001e30",
                                       "1E+2",
                                       "72057594037927945",
                                       "1844674407370955161600",
                                       "18446744073709551616"};
    for (size_t k = 0; k < sizeof hard / sizeof *hard; k++) {
        const double ours = number(hard[k], plain), libs = strtod(hard[k], NULL);
        assert_memory_equal(&ours, &libs, sizeof ours);
    }
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    int carelessly_wrong = 0;
    for (int k = 0; k < 100000; k++) {
        char text[64];
        const uint64_t digits = stream_u64(&s) >> stream_below(&s, 60);
        const int scale = (int)stream_below(&s, 50) - 25;
        snprintf(text, sizeof text, "%s%" PRIu64 "e%d", stream_bernoulli(&s, .5) ? "-" : "", digits, scale);
        const double ours = number(text, plain), libs = strtod(text, NULL);
        if (memcmp(&ours, &libs, sizeof ours)) fail_msg("%s: %a, not %a", text, ours, libs);
        double careless = (double)digits; /* the control: scaling in steps rounds more than once */
        for (int e = 0; e < abs(scale); e++) careless = scale < 0 ? careless / 10 : careless * 10;
        carelessly_wrong += careless != fabs(libs);
    }
    assert_true(carelessly_wrong > 1000);
    freelocale(plain);
}

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
        cmocka_unit_test(plain),
        cmocka_unit_test(without_last_newline),
        cmocka_unit_test(white_space_and_comments),
        cmocka_unit_test(rows_without_features),
        cmocka_unit_test(explicit_zeros),
        cmocka_unit_test(common_value_until_the_last),
        cmocka_unit_test(labels_of_all_kinds),
        cmocka_unit_test(refused),
        cmocka_unit_test(almost_refused),
        cmocka_unit_test(long_words),
        cmocka_unit_test(not_a_file),
        cmocka_unit_test(numbers_are_nearest),
        cmocka_unit_test(compressed_copies),
        cmocka_unit_test(cut_copies_are_refused),
        cmocka_unit_test(two_streams),
        cmocka_unit_test(changed_copies_are_refused),
        cmocka_unit_test(changed_while_read),
        cmocka_unit_test(many_pieces),
        cmocka_unit_test(damaged_texts),
        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests_name("libsvm", tests, setup, teardown);
}
