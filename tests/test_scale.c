/* Many clients: what a run holds beside what its method needs; nothing that is held or kept back changes a bit. */
#include "../sim/record.h"
#include "../sim/results.h"
#include "lab.h"
#include "watched.h"
#include <malloc.h>

#define MANY "problem=logistic dataset=one-hot rows=1000000 features=100 groups=5 clients=100000 rounds=9 record=every~100 "

static double allocated(void)
{
    const struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

/* The method's vectors, scratch, a gradient, what is heard, the sum of messages, a dense message and the mean; counts of clients.
 */
static double needed(const struct run *r)
{
    double vectors = (double)r->server_vectors + (double)r->n * (double)r->client_vectors + 1;
    for (int k = 0; k < SLOTS; k++) vectors += r->worker[0].slot[k] != NULL;
    for (int p = 0; p < PORTS; p++) vectors += (r->heard[p] != NULL) + (r->sum[p].total != NULL);
    return (vectors + 2) * (double)r->d * sizeof(double) + (double)r->n * sizeof(struct ledger);
}

static double run_takes(const struct run_spec *spec, double *need)
{
    const double before = allocated();
    struct run *r = run_new(spec, 1);
    for (int k = 0; k < 3; k++) run_round(r);
    *need = needed(r);
    const double more = allocated() - before;
    run_free(r);
    assert_true(fabs(allocated() - before) < 1e6); /* and gives back */
    return more;
}

#ifdef __has_feature
#define CLANG_WATCHES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_WATCHES 0
#endif
static void a_run_of_many_clients_takes_what_its_method_needs(void **state)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || CLANG_WATCHES
    skip(); /* they take memory of their own */
#endif
    (void)state;
    if (under_valgrind()) skip();
    struct lab l;
    struct fail f = {0};
    assert_true(lab_make(&l, MANY "method=qgd,~marina,~diana compressor=randk k=1", &f));
    assert_int_equal(l.plan.runs, 3);
    struct objective *o = &l.plan.instance[0]->objective;
    const double data = o->bytes;
    assert_true(data == 16e6 + 20e6); /* one million rows with five ones each */
    for (size_t k = 0; k < 3; k++) {
        double need;
        const double takes = run_takes(&l.plan.run[k]->spec, &need);
        if (!(takes - need < 0.2 * (need + data))) fail_msg("%s takes %g and needs %g", l.plan.run[k]->spec.label, takes, need);
        o->bytes = 1e12; /* the control: beside so much data, gradients are kept */
        const double more = run_takes(&l.plan.run[k]->spec, &need);
        o->bytes = data;
        assert_true(more - need > 0.2 * (need + data));
    }
    lab_close(&l);
}

static void with_or_without_kept_gradients_a_run_is_the_same(void **state)
{
    (void)state;
    struct lab l;
    lab_open(
        &l,
        "problem=logistic dataset=one-hot rows=20000 features=1000 groups=5 clients=10000 rounds=3 record=every~1 method=marina "
        "compressor=randk k=10");
    assert_null(l.run[0]->cache); /* 80 MB, beside as much */
    struct objective *o = &l.plan.instance[0]->objective;
    const double data = o->bytes;
    o->bytes = 1e12;
    struct run *kept = run_new(&l.plan.run[0]->spec, 1), *threads = run_new(&l.plan.run[0]->spec, 2);
    o->bytes = data;
    assert_non_null(kept->cache);
    run_finish(kept);
    run_finish(threads);
    lab_finish(&l);
    assert_true(same_run(l.run[0], kept, true) && same_run(l.run[0], threads, true));
    assert_false(kept->trace.cell[trace_column("f")][1] == kept->trace.cell[trace_column("f")][2]);
    run_free(kept);
    run_free(threads);
    lab_close(&l);
}

/* --- the rows of a data set, used up ------------------------------------------------------------------------------------ */

static bool same_rows(const struct shards *a, const struct shards *b)
{
    const size_t rows = (size_t)a->rows.count, entries = a->rows.start[rows];
    return a->n == b->n && a->d == b->d && a->bias == b->bias && a->rows.count == b->rows.count && a->rows.d == b->rows.d &&
           a->rows.common == b->rows.common && memcmp(a->first, b->first, ((size_t)a->n + 1) * sizeof *a->first) == 0 &&
           memcmp(a->rows.start, b->rows.start, (rows + 1) * sizeof *a->rows.start) == 0 &&
           memcmp(a->rows.label, b->rows.label, rows * sizeof *a->rows.label) == 0 &&
           memcmp(a->rows.column, b->rows.column, entries * sizeof *a->rows.column) == 0 && !a->rows.value == !b->rows.value &&
           (!a->rows.value || memcmp(a->rows.value, b->rows.value, entries * sizeof *a->rows.value) == 0);
}

static struct dataset made(const char *generator)
{
    const struct generator *g = generator_find(generator);
    struct settings s = settings_new(g->param, g->param_size);
    struct dataset a = {0};
    struct fail f = {0};
    assert_true(settings_set(&s, "rows", "53", &f) && g->make(s.data, 1, 5, &a, &f));
    settings_free(&s);
    return a;
}

static void rows_that_are_used_up_are_dealt_the_same(void **state)
{
    (void)state;
    static const char *const name[] = {"one-hot", "gaussian-logistic"};
    for (int k = 0; k < 2; k++)
        for (int how = 0; how < 3 * 3 * 2; how++) {
            const struct split s = {.order = (enum split_order)(how % 3),
                                    .remainder = (enum split_remainder)(how / 3 % 3),
                                    .seed = 4,
                                    .clients = 5,
                                    .bias = how % 2,
                                    .normalise = how / 9,
                                    .two_classes = true};
            struct dataset a = made(name[k]);
            struct shards copied = {0}, taken = {0};
            struct fail f = {0};
            assert_true(shards_make(&a, &s, &copied, &f) && a.rows.count == 53 && a.rows.column != NULL);
            assert_true(shards_take(&a, &s, &taken, &f) && a.rows.column == NULL && a.rows.label == NULL);
            assert_true(same_rows(&copied, &taken));
            taken.rows.label[7] = -taken.rows.label[7];
            assert_false(same_rows(&copied, &taken));
            shards_free(&copied);
            shards_free(&taken);
            dataset_free(&a);
        }
}

/* --- results without copies ----------------------------------------------------------------------------------------------- */

static void a_record_of_lent_numbers_gives_the_same_file(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "%s method=gd,~diana compressor=randk rounds=9", LAB_QUADRATIC);
    struct snapshot s[2] = {{0}};
    run_finish(l.run[0]);
    while (l.run[1]->round < 4) run_round(l.run[1]);
    for (int k = 0; k < 2; k++) snapshot_take(&s[k], l.run[k]);
    struct record copied, lent;
    struct fail f = {0};
    uint8_t *a = NULL, *b = NULL;
    size_t size_a = 0, size_b = 0;
    results_fill(&copied, &l.plan, s);
    results_lend(&lent, &l.plan, s);
    assert_ptr_equal(group_find_array(record_find(&lent, "/checkpoint/001"), "state")->data, s[1].state);
    assert_ptr_not_equal(group_find_array(record_find(&copied, "/checkpoint/001"), "state")->data, s[1].state);
    assert_true(record_image(&copied, &a, &size_a, &f) && record_image(&lent, &b, &size_b, &f));
    assert_int_equal(size_a, size_b);
    assert_memory_equal(a, b, size_a);
    group_array(record_group(&lent, "/runs/000"), "x", VALUE_REAL, s[1].model, 20, "", ""); /* what was lent is not freed */
    record_free(&copied);
    record_free(&lent);
    for (int k = 0; k < 2; k++) snapshot_free(&s[k]);
    free(a);
    free(b);
    lab_close(&l);
}

static void append(void *to, const void *bytes, size_t size)
{
    uint8_t **at = to;
    memcpy(*at, bytes, size);
    *at += size;
}

static uint8_t *bytes_of(const struct record *r, size_t *size)
{
    struct fail f = {0};
    uint8_t *image = NULL;
    if (!record_image(r, &image, size, &f)) fail_msg("%s", f.text);
    return image;
}

/* A run that stands still gives the same file as a copy of it; what is large is only referred to: a number that changes before
 * the file is written changes in the file. */
static void a_run_that_stands_still_is_not_copied(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "problem=quadratic dim=20000 clients=3 method=diana compressor=randk k=200 rounds=9");
    struct run *r = l.run[0];
    while (r->round < 4) run_round(r);
    struct snapshot s = {0};
    struct record file;
    size_t size_a, size_b, size_c;
    snapshot_take(&s, r);
    results_lend(&file, &l.plan, &s);
    uint8_t *a = bytes_of(&file, &size_a);
    record_free(&file);
    snapshot_lend(&s, r);
    results_lend(&file, &l.plan, &s);
    uint8_t *b = bytes_of(&file, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(a, b, size_a);
    struct fail f = {0};
    struct built *built = record_build(&file, &f);
    assert_non_null(built);
    r->model[7] += 1; /* the control */
    free(b);
    b = malloc(size_b);
    uint8_t *end = b;
    record_built_put(built, append, &end);
    record_built_free(built);
    assert_ptr_equal(end, b + size_b);
    assert_memory_not_equal(a, b, size_a);
    record_free(&file);
    r->model[7] -= 1;
    results_lend(&file, &l.plan, &s);
    uint8_t *c = bytes_of(&file, &size_c);
    assert_memory_equal(a, c, size_a);
    record_free(&file);
    snapshot_return(&s);
    assert_true(!s.lent && !s.state && s.taken);
    snapshot_free(&s);
    free(a), free(b), free(c);
    lab_close(&l);
}

/* --- Top-K on both sides of the dimension where its search changes ------------------------------------------------------- */

static const double *sorted_by;
static int larger_first(const void *a, const void *b)
{
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const double u = fabs(sorted_by[i]), v = fabs(sorted_by[j]);
    return u != v ? (u > v ? -1 : 1) : i < j ? -1 : i > j;
}

static void topk_takes_what_a_sort_takes(void **state)
{
    (void)state;
    struct chain c;
    struct fail f = {0};
    assert_true(chain_parse(&c, "topk", &f));
    struct message m = {0};
    int differ = 0;
    for (int64_t d = 1000; d <= 1050; d++)
        for (int few = 0; few < 2; few++) { /* few: of five values, so that there are ties, 0 among them */
            double v[1050];
            uint32_t order[1050], kept[1050] = {0};
            struct stream s = stream(3, FOR_TEST, 0, (uint32_t)few, (uint32_t)d);
            for (int64_t j = 0; j < d; j++) {
                v[j] = few ? (double)stream_below(&s, 5) - 2 : stream_gaussian(&s);
                order[j] = (uint32_t)j;
            }
            sorted_by = v;
            qsort(order, (size_t)d, sizeof *order, larger_first);
            const int64_t k = 1 + stream_below(&s, (uint32_t)d);
            char text[32];
            snprintf(text, sizeof text, "%lld", (long long)k);
            assert_true(settings_set(&c.settings[0], "k", text, &f));
            struct compress_call q = {.seed = 1, .d = d, .n = 1, .value_bits = 64};
            chain_compress(&c, &q, v, &m);
            assert_int_equal(m.count, k);
            for (int64_t j = 0; j < k; j++) kept[order[j]] = 1;
            for (int64_t j = 0; j < k; j++) {
                assert_true(kept[m.index[j]] && m.value[j] == v[m.index[j]] && (j == 0 || m.index[j] > m.index[j - 1]));
                differ += m.index[j] != (uint32_t)j;
            }
        }
    assert_true(differ > 1000);
    message_free(&m);
    chain_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_many_clients_takes_what_its_method_needs),
        cmocka_unit_test(with_or_without_kept_gradients_a_run_is_the_same),
        cmocka_unit_test(rows_that_are_used_up_are_dealt_the_same),
        cmocka_unit_test(a_record_of_lent_numbers_gives_the_same_file),
        cmocka_unit_test(a_run_that_stands_still_is_not_copied),
        cmocka_unit_test(topk_takes_what_a_sort_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
