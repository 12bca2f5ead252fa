/* test_checkpoint.c - a run stopped after any round and continued by another is the run that never stopped. */
#include "../sim/results.h"
#include "../sim/vec.h"
#include "every_method.h"

enum { ROUNDS = EVERY_ROUNDS };

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

/* Lent piece by piece it is what copying it would give. */
static void lends_what_it_saves(const struct run *r)
{
    uint8_t *saved = NULL, *small = NULL;
    size_t size, at = 0;
    struct piece piece[CHECKPOINT_PIECES];
    checkpoint_save(r, &saved, &size);
    const size_t pieces = checkpoint_lend(r, &small, piece);
    for (size_t k = 0; k < pieces; at += piece[k++].bytes)
        if (at + piece[k].bytes > size || (piece[k].bytes > 0 && memcmp(saved + at, piece[k].data, piece[k].bytes) != 0))
            fail_msg("%s: piece %zu", r->spec->label, k);
    assert_int_equal(at, size);
    free(saved);
    free(small);
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
            if (!open_method(&whole, methods[m], lab_problem[q], more)) continue;
            lab_finish(&whole);
            open_method(&stopped, methods[m], lab_problem[q], more);
            for (size_t k = 0; k < stopped.plan.runs; k++)
                for (struct run *r = stopped.run[k]; r->status == RUN_GOING; run_round(r)) {
                    struct run *end = continued(r);
                    if (!same_end(end, whole.run[k]))
                        fail_msg("%s, stopped after round %lld", r->spec->label, (long long)r->round);
                    run_free(end);
                    lends_what_it_saves(r);
                    checked++;
                }
            lab_close(&stopped);
            lab_close(&whole);
        }
    assert_true(checked >= 7 * LAB_PROBLEMS * ROUNDS);
}

/* Does the end differ when a bit of each of these words of a checkpoint is another one? */
static bool matters(const struct run *r, const struct run *whole, uint8_t *bytes, size_t size, size_t from, size_t count)
{
    struct fail f = {0};
    struct run *other = run_new(r->spec, 1);
    for (size_t w = from; w < from + count; w++) bytes[8 * w + 6] ^= 1;
    assert_true(checkpoint_load(other, bytes, size, &f));
    for (size_t w = from; w < from + count; w++) bytes[8 * w + 6] ^= 1;
    trace_free(&other->trace);
    trace_copy(&other->trace, &r->trace);
    run_finish(other);
    const bool differs = !same_end(other, whole);
    run_free(other);
    return differs;
}

/* Negative control: the ledger, the server's vectors and the clients' matter, so a comparison of ends sees them. */
static void a_checkpoint_without_its_state_ends_elsewhere(void **state)
{
    (void)state;
    struct lab whole, stopped;
    for (size_t m = 0; methods[m]; m++) {
        if (!open_method(&whole, methods[m], LAB_MARINA, "")) continue;
        lab_finish(&whole);
        open_method(&stopped, methods[m], LAB_MARINA, "");
        struct run *r = stopped.run[0];
        while (r->round < 6) run_round(r);
        uint8_t *bytes = NULL;
        size_t size;
        checkpoint_save(r, &bytes, &size);
        const size_t d = (size_t)r->d + VEC_HEADER, n = (size_t)r->n, mine = r->client_vectors * d, clients = size / 8 - n * mine;
        bool ledger = matters(r, whole.run[0], bytes, size, 7, (n + 1) * COUNTS), server = false;
        for (size_t v = 1; v <= r->server_vectors; v++) server |= matters(r, whole.run[0], bytes, size, clients - v * d, d);
        if (!ledger || !server) fail_msg("%s: what has no effect is %s", r->spec->label, server ? "the ledger" : "the server");
        size_t many = 0; /* who is not asked again, as in pp-marina, may have forgotten */
        for (size_t i = 0; i < n && mine > 0; i++) many += matters(r, whole.run[0], bytes, size, clients + i * mine, mine);
        if (mine > 0 && many < (strcmp(r->spec->method->name, "pp-marina") == 0 ? 1 : n))
            fail_msg("%s: only %zu clients have an effect", r->spec->label, many);
        free(bytes);
        lab_close(&stopped);
        lab_close(&whole);
    }
}

/* What is remembered beside vectors: who was asked last, and what was heard last. */
static void memories_matter(void **state)
{
    (void)state;
    static const char *const words[] = {"method=pp-marina r=2 method.p=0.05 compressor=randk k=3",
                                        "method=vr-marina form=online method.p=0.05 compressor=randk k=3"};
    for (int q = 0; q < 2; q++) {
        struct lab l;
        lab_open(&l, "%s rounds=%d stepsize=0.05 seed=4 %s", LAB_LOGISTIC, ROUNDS, words[q]);
        struct run *r = l.run[0], *whole = run_new(r->spec, 1);
        run_finish(whole);
        while (r->round < 6) run_round(r);
        uint8_t *bytes = NULL;
        size_t size;
        checkpoint_save(r, &bytes, &size);
        const size_t n = (size_t)r->n, last = 7 + (n + 1) * COUNTS;
        for (size_t i = 0; i < n; i++) /* all were asked, and in the round before */
            for (size_t b = 0; b < 8 && q == 0; b++) bytes[8 * (last + i) + b] = b == 0 ? 6 : 0;
        if (q == 0)
            assert_true(matters(r, whole, bytes, size, 7, 0));
        else
            assert_true(matters(r, whole, bytes, size, last + n, (size_t)r->d));
        free(bytes);
        run_free(whole);
        lab_close(&l);
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
    again = (struct snapshot){0};
    group_text(record_group(&file, "/runs/000"), "status", "interrupted");
    group_array(record_group(&file, "/runs/000/trace"), "f", VALUE_REAL, s.trace.cell[1], 2, "", "");
    check_load_fails(&file, &l.plan, "run 000 does not fit its experiment");
    group_array(record_group(&file, "/runs/000/trace"), "f", VALUE_REAL, s.trace.cell[1], (size_t)s.trace.rows, "", "");
    group_array(record_group(&file, "/runs/000/trace"), "round", VALUE_REAL, s.trace.cell[0], (size_t)s.trace.rows, "", "");
    check_load_fails(&file, &l.plan, "run 000 does not fit its experiment");
    record_free(&file);

    results_fill(&file, &l.plan, &s);
    group_text(record_group(&file, "/"), "source", "gradwire 0.0.9");
    check_load_fails(&file, &l.plan, "begun by gradwire 0.0.9; this is gradwire");
    group_int(record_group(&file, "/"), "source", 9);
    check_load_fails(&file, &l.plan, "begun by another program");
    group_text(record_group(&file, "/runs/000"), "status", "done"); /* with nothing left to do any version will do */
    assert_true(results_load(&file, &l.plan, &again, &f));
    snapshot_free(&again);
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
        cmocka_unit_test(memories_matter),
        cmocka_unit_test(threads_may_differ_before_and_after),
        cmocka_unit_test(files_of_unfinished_runs_end_as_if_never_stopped),
        cmocka_unit_test(files_that_do_not_fit_their_experiment_are_refused),
    };
    int failed = cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
    remove(path);
    return failed;
}
