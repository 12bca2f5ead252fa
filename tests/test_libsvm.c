/* The reader: what it takes, what it refuses and where it points, borders between pieces. */
#include "../sim/rng.h"
#include "libsvm_kit.h"
#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>

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
    for (size_t k = 0; k < 2 * sizeof bad / sizeof *bad; k++) { /* each alone, then where the usual pairs are scanned at once */
        char text[400];
        struct bad b = bad[k / 2];
        if (b.size == 0) b.size = strlen(b.text);
        if (k % 2 && strstr(b.says, "holds")) continue;
        for (size_t i = 0; i < sizeof text; i++) text[i] = "x "[i % 2];
        memcpy(text, b.text, b.size);
        if (k % 2) memcpy(text + b.size, b.text[b.size - 1] == '\n' ? "#" : " #", 2);
        write_bytes(file, text, k % 2 ? sizeof text : b.size);
        for (int w = 0; w < PIECES; w++) {
            struct dataset a;
            struct fail f = {0};
            char wanted[512];
            snprintf(wanted, sizeof wanted, "%s%s", file, b.where);
            if (libsvm_read_pieces(file, b.d, pieces[w], &a, &f)) fail_msg("taken: %s", b.text);
            if (strncmp(f.text, wanted, strlen(wanted)) || !strstr(f.text, b.says))
                fail_msg("%s (pieces of %zu)\n  wanted: %s... %s ...", f.text, pieces[w], wanted, b.says);
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

/* Rows in all ways a number can be written; *ones: how many values are 1. */
static size_t many_rows(char *text, size_t room, uint64_t seed, int *ones)
{
    static const char *const value[] = {"1",
                                        "0",
                                        "-1",
                                        "+7",
                                        "12",
                                        "0.5",
                                        "-0.123456",
                                        "3.",
                                        ".25",
                                        "1e3",
                                        "-2.5E-7",
                                        "0.000",
                                        "0.12345678901234567",
                                        "123456789",
                                        "1234567.5",
                                        "1.7976931348623157e308",
                                        "00.10",
                                        "0.1234567890123456789012",
                                        "5e-324",
                                        "-0.0"};
    static const char *const space[] = {" ", " ", " ", " ", "  ", "\t", " \t "}, *const end[] = {"\n", " \n", "\r\n", " # 1:1\n"};
    struct stream s = stream(seed, FOR_TEST, 0, 0, 0);
    size_t k = 0;
    while (k + 4096 < room) {
        uint32_t most = stream_below(&s, 40), index = 0;
        k += (size_t)snprintf(text + k, room - k, "%s", value[stream_below(&s, 7)]);
        while (most-- > 0) {
            const uint32_t v = stream_below(&s, sizeof value / sizeof *value);
            index += 1 + (stream_u32(&s) >> (8 + stream_below(&s, 24)));
            k += (size_t)snprintf(text + k, room - k, "%s%s%" PRIu32 ":%s", space[stream_below(&s, 7)],
                                  stream_below(&s, 9) ? "" : "00", index, value[v]);
            *ones += v == 0;
        }
        k += (size_t)snprintf(text + k, room - k, "%s", end[stream_below(&s, 4)]);
    }
    return k;
}

/* Short pieces go word by word; whole, the usual pairs are scanned at once: the same rows. */
static void usual_pairs_and_others(void **state)
{
    (void)state;
    static char text[100000];
    for (uint64_t seed = 0; seed < 4; seed++) {
        int ones = 0, found = 0;
        const size_t size = many_rows(text, sizeof text, seed, &ones);
        struct dataset whole = read_good(text, size, 0, SIZE_MAX / 2);
        for (int w = 4; w < PIECES; w++) {
            struct dataset cut = read_good(text, size, 0, pieces[w]);
            assert_same(&whole, &cut);
            dataset_free(&cut);
        }
        for (uint64_t e = 0; e < whole.rows.start[whole.rows.count]; e++) found += whole.rows.value[e] == 1;
        assert_int_equal(found, ones);
        char *one = strstr(text + size / 2, ":1 "); /* the control: one digit */
        assert_non_null(one);
        one[1] = '2';
        struct dataset other = read_good(text, size, 0, SIZE_MAX / 2);
        const size_t bytes = whole.rows.start[whole.rows.count] * sizeof(double);
        assert_memory_not_equal(whole.rows.value, other.rows.value, bytes);
        dataset_free(&other);
        dataset_free(&whole);
    }
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
        cmocka_unit_test(usual_pairs_and_others),
        cmocka_unit_test(not_a_file),
    };
    return cmocka_run_group_tests_name("libsvm", tests, setup, teardown);
}
