/* Result files: what is written is read back, in order, the same bytes every time. */
#include "record_kit.h"

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
/* Groups added inside and at the end: each found under its own path, none under another, in the order of the tree. */
static void test_many_groups(void **state)
{
    (void)state;
    enum { RUNS = 3000 };
    struct record r = {0};
    char name[64];
    assert_null(record_find(&r, "/"));
    for (int step = 0; step < 2; step++) /* /runs/N/trace, then /runs/N/more behind it */
        for (int k = 0; k < RUNS; k += 1 + step * 9) {
            snprintf(name, sizeof name, "/runs/%d/%s", k, step ? "more" : "trace");
            group_int(record_group(&r, name), "k", k);
        }
    assert_int_equal(r.groups, 2 + 2 * RUNS + RUNS / 10);
    size_t at = 2;
    for (int k = 0; k < RUNS; k++) {
        static const char *const below[] = {"", "/trace", "/more"};
        for (int b = 0; b < 3; b++) {
            snprintf(name, sizeof name, "/runs/%d%s", k, below[b]);
            struct group *g = record_find(&r, name);
            assert_int_equal(g != NULL, b < 2 || k % 10 == 0);
            if (!g) continue;
            assert_ptr_equal(g, r.group[at++]);
            assert_string_equal(g->path, name);
            assert_ptr_equal(record_group(&r, name), g);
            if (b > 0) assert_int_equal(group_attribute(g, "k")->integer, k);
        }
    }
    assert_int_equal(at, r.groups);
    record_free(&r);
    assert_null(record_find(&r, "/runs"));
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_replace),    cmocka_unit_test(test_order),
        cmocka_unit_test(test_many_groups), cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
