/* test_checkpoint.c - a run stopped after any round and continued by another is the run that never stopped. */
#include "../sim/results.h"
#include "lab.h"

enum { ROUNDS = 12 };

/* Compressors that a method takes, with k=3 where they have one. */
static const char *compressors_for(const struct method *m)
{
    switch (m->needs) {
    case NO_COMPRESSOR:
        return "identity";
    case CONTRACTIVE:
        return "topk,sign,scaled(natural(randk))";
    case UNBIASED:
        return "randk,cyclic,permk,bernoulli,lazy,natural(randk),qsgd";
    case ANY_COMPRESSOR:
        return "randk,topk";
    }
    return "";
}

static void open_method(struct lab *l, const struct method *m, const char *problem, const char *more)
{
    const char *k = m->needs == NO_COMPRESSOR ? "" : "k=3";
    lab_open(l, "%s method=%s compressor=%s %s rounds=%d record=every~3 %s", problem, m->name, compressors_for(m), k, ROUNDS,
             more);
}

/* What a file would hold of r, continued in a fresh run to the end. */
static struct run *continued(const struct run *r)
{
    struct snapshot s = {0};
    struct fail f = {0};
    snapshot_take(&s, r);
    struct run *fresh = run_new(r->spec, 1);
    if (!run_continue(fresh, &s, &f)) fail_msg("%s", f.text);
    assert_true(same_state(fresh, r));
    run_finish(fresh);
    snapshot_free(&s);
    return fresh;
}

static bool same_end(const struct run *a, const struct run *b)
{
    return same_run(a, b, true) && same_state(a, b) && memcmp(&a->start, &b->start, sizeof a->start) == 0;
}

static void every_method_goes_on_after_every_round(void **state)
{
    (void)state;
    size_t checked = 0;
    for (size_t m = 0; methods[m]; m++)
        for (int q = 0; q < LAB_PROBLEMS; q++) {
            struct lab whole, stopped;
            const char *more = q == 1 ? "value_bits=32" : "";
            open_method(&whole, methods[m], lab_problem[q], more);
            lab_finish(&whole);
            open_method(&stopped, methods[m], lab_problem[q], more);
            for (size_t k = 0; k < stopped.plan.runs; k++)
                for (struct run *r = stopped.run[k]; r->status == RUN_GOING; run_round(r)) {
                    struct run *end = continued(r);
                    if (!same_end(end, whole.run[k]))
                        fail_msg("%s, stopped after round %lld", r->spec->label, (long long)r->round);
                    run_free(end);
                    checked++;
                }
            lab_close(&stopped);
            lab_close(&whole);
        }
    assert_true(checked >= 7 * LAB_PROBLEMS * ROUNDS);
}

/* Negative control: the vectors and the ledger matter, so a comparison of ends sees them. */
static void a_checkpoint_without_its_state_ends_elsewhere(void **state)
{
    (void)state;
    struct lab whole, stopped;
    for (size_t m = 0; methods[m]; m++) {
        open_method(&whole, methods[m], LAB_QUADRATIC, "");
        lab_finish(&whole);
        open_method(&stopped, methods[m], LAB_QUADRATIC, "");
        struct run *r = stopped.run[0];
        while (r->round < 6) run_round(r);
        uint8_t *bytes = NULL;
        size_t size;
        checkpoint_save(r, &bytes, &size);
        /* Of every number a bit: in the ledger, the server's first vector, the last client's last (where clients have any). */
        const size_t d = (size_t)r->d, head = 7, ledger = ((size_t)r->n + 1) * COUNTS;
        const size_t from[] = {head, head + ledger, size / 8 - d}, count[] = {ledger, d, d};
        for (size_t part = 0; part < (r->client_vectors ? 3 : 2); part++) {
            struct fail f = {0};
            struct run *other = run_new(r->spec, 1);
            for (size_t w = 0; w < count[part]; w++) bytes[8 * (from[part] + w) + 6] ^= 1;
            assert_true(checkpoint_load(other, bytes, size, &f));
            trace_free(&other->trace);
            trace_copy(&other->trace, &r->trace);
            run_finish(other);
            if (same_end(other, whole.run[0])) fail_msg("%s: part %zu has no effect", r->spec->label, part);
            for (size_t w = 0; w < count[part]; w++) bytes[8 * (from[part] + w) + 6] ^= 1;
            run_free(other);
        }
        free(bytes);
        lab_close(&stopped);
        lab_close(&whole);
    }
}

static void threads_may_differ_before_and_after(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "%s method=dasha compressor=randk k=3 rounds=%d", LAB_LOGISTIC, ROUNDS);
    struct run *three = run_new(l.run[0]->spec, 3), *whole = run_new(l.run[0]->spec, 2);
    while (three->round < 5) run_round(three);
    run_finish(whole);
    struct run *end = continued(three);
    assert_true(same_end(end, whole));
    run_free(end);
    run_free(three);
    run_free(whole);
    lab_close(&l);
}

/* --- damage ---------------------------------------------------------------------------------------------------------- */

static void checkpoints_of_another_size_or_kind_are_refused(void **state)
{
    (void)state;
    struct lab l, other;
    lab_open(&l, "%s method=marina compressor=randk rounds=%d", LAB_QUADRATIC, ROUNDS);
    struct run *r = l.run[0];
    while (r->round < 4) run_round(r);
    uint8_t *bytes = NULL;
    size_t size;
    checkpoint_save(r, &bytes, &size);
    struct run *fresh = run_new(r->spec, 1), *untouched = run_new(r->spec, 1);
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 61) {
        struct fail f = {0};
        uint8_t *part = xmalloc(cut); /* exactly as long, for tools that watch memory */
        memcpy(part, bytes, cut);
        assert_false(checkpoint_load(fresh, part, cut, &f));
        assert_non_null(strstr(f.text, "bytes; its experiment needs"));
        free(part);
    }
    bytes = xrealloc(bytes, size + 8);
    memset(bytes + size, 0, 8);
    struct fail longer = {0};
    assert_false(checkpoint_load(fresh, bytes, size + 8, &longer));
    assert_true(same_state(fresh, untouched)); /* nothing was taken */

    static const char *const others[] = {LAB_QUADRATIC " method=gd", LAB_QUADRATIC " method=dasha compressor=randk",
                                         "problem=quadratic dim=21 clients=4 method=marina compressor=randk",
                                         "problem=quadratic dim=20 clients=5 method=marina compressor=randk"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        struct fail f = {0};
        lab_open(&other, "%s rounds=%d", others[k], ROUNDS);
        assert_false(checkpoint_load(other.run[0], bytes, size, &f));
        lab_close(&other);
    }
    free(bytes);
    run_free(fresh);
    run_free(untouched);
    lab_close(&l);
}

static void a_damaged_head_is_refused_or_harmless(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "%s method=diana compressor=randk rounds=%d", LAB_QUADRATIC, ROUNDS);
    struct run *r = l.run[0];
    while (r->round < 4) run_round(r);
    uint8_t *bytes = NULL;
    size_t size, refused = 0;
    checkpoint_save(r, &bytes, &size);
    for (size_t bit = 0; bit < 8 * 8 * 7; bit++) {
        struct fail f = {0};
        struct run *other = run_new(r->spec, 1);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (!checkpoint_load(other, bytes, size, &f)) {
            refused++;
            assert_true(f.text[0] != '\0' && other->round == 0 && other->status == RUN_GOING);
        } else { /* another round that there is */
            assert_true(bit >= 5 * 64 && bit < 6 * 64);
            assert_true(other->round >= 0 && other->round < ROUNDS && other->round != 4 && other->status == RUN_GOING);
            run_finish(other);
            assert_int_equal(other->round, ROUNDS);
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        run_free(other);
    }
    assert_true(refused >= 8 * 8 * 7 - 4);
    free(bytes);
    lab_close(&l);
}

/* A run that is over has nothing to go on from; one that claims to stand at its last round would never end. */
static void finished_rounds_are_refused(void **state)
{
    (void)state;
    struct lab l, longer;
    lab_open(&l, "%s method=gd rounds=%d", LAB_QUADRATIC, 5);
    lab_open(&longer, "%s method=gd rounds=%d", LAB_QUADRATIC, 9);
    uint8_t *bytes = NULL;
    size_t size;
    for (struct run *r = longer.run[0]; r->round < 8; run_round(r)) {
        struct fail f = {0};
        struct run *fresh = run_new(l.run[0]->spec, 1);
        checkpoint_save(r, &bytes, &size);
        assert_int_equal(checkpoint_load(fresh, bytes, size, &f), r->round < 5);
        run_free(fresh);
    }
    free(bytes);
    lab_close(&l);
    lab_close(&longer);
}

/* Every method from state that is nothing but noise: it ends, done or diverged. */
static void any_bytes_as_state_do_no_harm(void **state)
{
    (void)state;
    struct stream draws = stream(1, FOR_TEST, 0, 0, 0);
    for (size_t m = 0; methods[m]; m++) {
        struct lab l;
        open_method(&l, methods[m], LAB_MARINA, "");
        for (size_t k = 0; k < l.plan.runs; k++) {
            struct fail f = {0};
            uint8_t *bytes = NULL;
            size_t size;
            checkpoint_save(l.run[k], &bytes, &size);
            for (size_t b = 8 * 7; b < size; b++) bytes[b] = (uint8_t)stream_u32(&draws);
            assert_true(checkpoint_load(l.run[k], bytes, size, &f));
            run_finish(l.run[k]);
            assert_true(l.run[k]->round <= ROUNDS);
            free(bytes);
        }
        lab_close(&l);
    }
}

/* --- through a file ---------------------------------------------------------------------------------------------------- */

static char path[] = "/tmp/gradwire-checkpoint-XXXXXX";

static void write_results(const struct plan *p, const struct snapshot *s)
{
    struct record file;
    struct fail f = {0};
    results_fill(&file, p, s);
    if (!record_write(path, &file, &f)) fail_msg("%s", f.text);
    record_free(&file);
}

static char *file_bytes(size_t *size)
{
    FILE *in_file = fopen(path, "rb");
    char *bytes = xmalloc(1 << 22);
    *size = fread(bytes, 1, 1 << 22, in_file);
    fclose(in_file);
    return bytes;
}

/* Runs at every stage (not begun, before the first round, on the way, done, diverged) written, read, continued and written: the
 * file of runs that never stopped. */
static void files_of_unfinished_runs_end_as_if_never_stopped(void **state)
{
    (void)state;
    struct lab l;
    struct fail f = {0};
    lab_open(&l, "%s",
             LAB_LOGISTIC " method=gd,marina,diana,agd compressor=randk,natural(randk) stepsize=1x,1e300 rounds=9 optimum=yes");
    const size_t runs = l.plan.runs;
    assert_true(runs >= 10);
    struct snapshot *s = xcalloc(runs, sizeof *s);
    lab_finish(&l);
    bool diverged = false;
    for (size_t k = 0; k < runs; k++) {
        snapshot_take(&s[k], l.run[k]);
        diverged |= l.run[k]->status == RUN_DIVERGED;
    }
    assert_true(diverged);
    write_results(&l.plan, s);
    size_t whole_size, size;
    char *whole = file_bytes(&whole_size);

    for (int stage = 0; stage < 5; stage++) {
        for (size_t k = 0; k < runs; k++) {
            struct run *r = run_new(&l.plan.run[k]->spec, 1);
            snapshot_free(&s[k]);
            while (r->round < 2 * ((int64_t)k + stage) % 11 && r->status == RUN_GOING) run_round(r);
            if ((k + (size_t)stage) % 5 != 4) snapshot_take(&s[k], r);
            run_free(r);
        }
        write_results(&l.plan, s);
        char *part = file_bytes(&size);
        assert_false(size == whole_size && memcmp(part, whole, size) == 0);
        free(part);
        for (size_t k = 0; k < runs; k++) snapshot_free(&s[k]);

        struct record file;
        if (!record_read(path, &file, &f) || !results_load(&file, &l.plan, s, &f)) fail_msg("%s", f.text);
        record_free(&file);
        for (size_t k = 0; k < runs; k++) {
            if (s[k].taken && s[k].status != RUN_GOING) continue;
            struct run *r = run_new(&l.plan.run[k]->spec, 2);
            if (!run_continue(r, &s[k], &f)) fail_msg("%s", f.text);
            run_finish(r);
            snapshot_take(&s[k], r);
            run_free(r);
        }
        write_results(&l.plan, s);
        char *end = file_bytes(&size);
        assert_int_equal(size, whole_size);
        assert_memory_equal(end, whole, size);
        free(end);
    }
    for (size_t k = 0; k < runs; k++) snapshot_free(&s[k]);
    free(whole);
    free(s);
    lab_close(&l);
}

static void check_load_fails(const struct record *file, const struct plan *p, const char *needle)
{
    struct fail f = {0};
    struct snapshot *s = xcalloc(p->runs, sizeof *s);
    if (results_load(file, p, s, &f)) fail_msg("loaded, though: %s", needle);
    if (!strstr(f.text, needle)) fail_msg("\"%s\" says nothing of \"%s\"", f.text, needle);
    for (size_t k = 0; k < p->runs; k++) snapshot_free(&s[k]);
    free(s);
}

static void files_that_do_not_fit_their_experiment_are_refused(void **state)
{
    (void)state;
    struct lab l, wider;
    lab_open(&l, "%s method=gd rounds=9", LAB_QUADRATIC);
    lab_open(&wider, "%s method=gd rounds=9 seed=1,2", "problem=quadratic dim=21 clients=4");
    while (l.run[0]->round < 4) run_round(l.run[0]);
    struct snapshot s = {0};
    snapshot_take(&s, l.run[0]);
    struct record file;
    results_fill(&file, &l.plan, &s);
    check_load_fails(&file, &wider.plan, "run 000 does not fit its experiment");
    group_text(record_group(&file, "/runs/000"), "status", "done");
    struct snapshot again = {0};
    struct fail f = {0};
    assert_true(results_load(&file, &l.plan, &again, &f));
    assert_int_equal(again.status, RUN_DONE);
    snapshot_free(&again);
    group_text(record_group(&file, "/runs/000"), "status", "interrupted");
    group_array(record_group(&file, "/runs/000/trace"), "f", VALUE_REAL, s.trace.cell[1], 2, "", "");
    check_load_fails(&file, &l.plan, "run 000 does not fit its experiment");
    group_array(record_group(&file, "/runs/000/trace"), "f", VALUE_REAL, s.trace.cell[1], (size_t)s.trace.rows, "", "");
    group_array(record_group(&file, "/runs/000/trace"), "round", VALUE_REAL, s.trace.cell[0], (size_t)s.trace.rows, "", "");
    check_load_fails(&file, &l.plan, "run 000 does not fit its experiment");
    record_free(&file);

    results_fill(&file, &l.plan, &s);
    group_array(record_group(&file, "/checkpoint/000"), "state", VALUE_REAL, s.model, 3, "", "");
    check_load_fails(&file, &l.plan, "run 000 is unfinished and has no checkpoint");
    group_int(record_group(&file, "/runs/000"), "status", 1);
    check_load_fails(&file, &l.plan, "run 000 of the experiment is not in the file");
    record_free(&file);
    snapshot_free(&s);
    lab_close(&l);
    lab_close(&wider);
}

int main(void)
{
    close(mkstemp(path));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_goes_on_after_every_round),
        cmocka_unit_test(a_checkpoint_without_its_state_ends_elsewhere),
        cmocka_unit_test(threads_may_differ_before_and_after),
        cmocka_unit_test(checkpoints_of_another_size_or_kind_are_refused),
        cmocka_unit_test(a_damaged_head_is_refused_or_harmless),
        cmocka_unit_test(finished_rounds_are_refused),
        cmocka_unit_test(any_bytes_as_state_do_no_harm),
        cmocka_unit_test(files_of_unfinished_runs_end_as_if_never_stopped),
        cmocka_unit_test(files_that_do_not_fit_their_experiment_are_refused),
    };
    int failed = cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
    remove(path);
    return failed;
}
