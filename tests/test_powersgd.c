/* test_powersgd.c - low-rank messages: exact where the rank suffices, a projection always, the best approximation after many
 * steps, the length that is charged, and what is kept from message to message. */
#include "compressor_kit.h"
#include "lab.h"

enum { A = 7, B = 5, D = A * B };

static void gaussian(double *v, int64_t count, uint32_t lane)
{
    struct stream s = stream(3, FOR_TEST, lane, 0, 0);
    for (int64_t j = 0; j < count; j++) v[j] = stream_gaussian(&s);
}

/* A random A x B matrix of a rank. */
static void matrix(double M[D], int rank, uint32_t lane)
{
    double u[A], v[B];
    for (int j = 0; j < D; j++) M[j] = 0;
    for (int k = 0; k < rank; k++) {
        gaussian(u, A, 100 * lane + 2 * (uint32_t)k);
        gaussian(v, B, 100 * lane + 2 * (uint32_t)k + 1);
        for (int i = 0; i < A; i++)
            for (int j = 0; j < B; j++) M[i * B + j] += u[i] * v[j] / (k + 1);
    }
}

static void open_as(struct kit *k, const char *settings, int64_t d, unsigned bits)
{
    char text[64];
    snprintf(text, sizeof text, "matrix_rows=7 %s", settings);
    kit_open(k, "powersgd", text, d, 4, bits);
}

static double relative_error(const double *c, const double *x, int64_t d)
{
    double off = 0;
    for (int64_t j = 0; j < d; j++) off += (c[j] - x[j]) * (c[j] - x[j]);
    return sqrt(off / norm_squared(d, x));
}

static void a_matrix_of_the_rank_is_sent_exactly(void **state)
{
    (void)state;
    for (int rank = 1; rank <= 4; rank++) {
        struct kit k;
        char words[32];
        double M[D];
        snprintf(words, sizeof words, "rank=%d", rank);
        open_as(&k, words, D, 64);
        for (uint32_t lane = 1; lane < 6; lane++) {
            matrix(M, rank, lane);
            assert_true(relative_error(kit_draw(&k, M, 0, 0), M, D) < 1e-11);
            matrix(M, rank + 1, lane);
            assert_true(relative_error(kit_draw(&k, M, 0, 0), M, D) > 1e-3);
        }
        kit_close(&k);
    }
    struct kit k; /* the full rank, and a zero vector */
    double x[D];
    open_as(&k, "rank=9", D, 64);
    gaussian(x, D, 7);
    assert_true(relative_error(kit_draw(&k, x, 0, 0), x, D) < 1e-13);
    memset(x, 0, sizeof x);
    assert_true(norm_squared(D, kit_draw(&k, x, 0, 0)) == 0);
    kit_close(&k);
}

/* No more than the smaller side: neither more columns are sent than M has, nor more than it has rows. */
static void the_rank_is_at_most_full(void **state)
{
    (void)state;
    static const char *const rows[] = {"matrix_rows=7", "matrix_rows=5"};
    for (int q = 0; q < 2; q++)
        for (int rank = 4; rank <= 8; rank++) {
            struct kit k;
            char words[48];
            double x[D];
            snprintf(words, sizeof words, "%s rank=%d", rows[q], rank);
            kit_open(&k, "powersgd", words, D, 4, 64);
            gaussian(x, D, 7);
            const double error = relative_error(kit_draw(&k, x, 0, 0), x, D);
            assert_true(k.message.payload_bits == (rank < 5 ? rank : 5) * (A + B) * 64.0);
            assert_true(k.constants.alpha == (rank < 5 ? rank : 5) / 5.0);
            assert_true(rank < 5 ? error > 1e-3 : error < 1e-13);
            kit_close(&k);
        }
}

/* Columns of M Q that point nearly the same way are made orthonormal to rounding, or what is sent would not be M. */
static void singular_values_far_apart(void **state)
{
    (void)state;
    static const double size[] = {1, 1e-4, 1e-8};
    for (uint32_t lane = 1; lane < 20; lane++) {
        struct kit k;
        double M[D] = {0}, u[A], v[B];
        for (uint32_t rank = 0; rank < 3; rank++) {
            gaussian(u, A, 1000 * lane + 2 * rank);
            gaussian(v, B, 1000 * lane + 2 * rank + 1);
            for (int j = 0; j < D; j++) M[j] += size[rank] * u[j / B] * v[j % B];
        }
        open_as(&k, "rank=3", D, 64);
        assert_true(relative_error(kit_draw(&k, M, 0, 0), M, D) < 1e-14);
        kit_close(&k);
        open_as(&k, "rank=2", D, 64);
        assert_true(relative_error(kit_draw(&k, M, 0, 0), M, D) > 1e-13);
        kit_close(&k);
    }
}

/* |C(x)|^2 = <C(x), x> <= |x|^2; where the last rows are filled up with zeros, |C(x)|^2 <= <C(x), x>. */
static void it_is_a_projection(void **state)
{
    (void)state;
    static const int64_t dims[] = {D, D - 1, D - 6, 8, 7, 1};
    for (size_t q = 0; q < sizeof dims / sizeof *dims; q++)
        for (uint32_t lane = 0; lane < 20; lane++) {
            struct kit k;
            double x[D];
            kit_open(&k, "powersgd", dims[q] >= 7 ? "matrix_rows=7 rank=2" : "matrix_rows=1", dims[q], 4, 64);
            gaussian(x, dims[q], lane);
            const double *c = kit_draw(&k, x, lane, lane);
            double inner = 0;
            for (int64_t j = 0; j < dims[q]; j++) inner += c[j] * x[j];
            const double size = norm_squared(dims[q], c), rounding = 1e-12 * norm_squared(dims[q], x);
            assert_true(size <= inner + rounding && (dims[q] % 7 != 0 || size >= inner - rounding));
            assert_true(norm_squared(dims[q], c) <= norm_squared(dims[q], x) * (1 + 1e-12));
            kit_close(&k);
        }
}

/* Eigenvalues of M^T M by Jacobi rotations, descending. */
static void singular_squares(const double M[D], double out[B])
{
    double S[B][B] = {{0}};
    for (int p = 0; p < B; p++)
        for (int q = 0; q < B; q++)
            for (int i = 0; i < A; i++) S[p][q] += M[i * B + p] * M[i * B + q];
    for (int sweep = 0; sweep < 60; sweep++)
        for (int p = 0; p < B; p++)
            for (int q = p + 1; q < B; q++) {
                const double angle = 0.5 * atan2(2 * S[p][q], S[q][q] - S[p][p]), c = cos(angle), s = sin(angle);
                for (int i = 0; i < B; i++) {
                    const double a = S[i][p], b = S[i][q];
                    S[i][p] = c * a - s * b;
                    S[i][q] = s * a + c * b;
                }
                for (int i = 0; i < B; i++) {
                    const double a = S[p][i], b = S[q][i];
                    S[p][i] = c * a - s * b;
                    S[q][i] = s * a + c * b;
                }
            }
    for (int p = 0; p < B; p++) out[p] = S[p][p];
    for (int p = 0; p < B; p++)
        for (int q = p + 1; q < B; q++)
            if (out[q] > out[p]) {
                const double t = out[p];
                out[p] = out[q];
                out[q] = t;
            }
}

/* Many steps keep sum of the r largest sigma^2, which is at least alpha |x|^2; one step from a cold start keeps less. */
static void many_steps_are_the_best_approximation(void **state)
{
    (void)state;
    int less = 0;
    for (uint32_t lane = 1; lane <= 10; lane++) {
        double M[D], sigma_sq[B], kept = 0;
        matrix(M, B, lane);
        singular_squares(M, sigma_sq);
        for (int r = 1; r <= 3; r++) {
            struct kit k;
            char words[32];
            snprintf(words, sizeof words, "rank=%d steps=1000", r);
            open_as(&k, words, D, 64);
            kept += sigma_sq[r - 1];
            const double seen = norm_squared(D, kit_draw(&k, M, 0, 0));
            assert_true(fabs(seen / kept - 1) < 1e-6);
            assert_true(seen >= k.constants.alpha * norm_squared(D, M));
            assert_true(k.constants.alpha == r / 5.0);
            kit_close(&k);
            snprintf(words, sizeof words, "rank=%d", r);
            open_as(&k, words, D, 64);
            less += norm_squared(D, kit_draw(&k, M, 0, 0)) < 0.999 * kept;
            kit_close(&k);
        }
    }
    assert_true(less > 10);
}

/* With memory, one step a message on an unchanging matrix comes to the best approximation; without, it stays where it was. */
static void a_warm_start_goes_on(void **state)
{
    (void)state;
    double M[D], kept[B] = {0}, sigma_sq[B];
    matrix(M, B, 3);
    singular_squares(M, sigma_sq);
    struct kit k;
    open_as(&k, "rank=1", D, 64);
    assert_int_equal(chain_memory(&k.chain, D), B);
    const double cold = norm_squared(D, kit_draw(&k, M, 0, 0));
    assert_true(norm_squared(D, kit_draw(&k, M, 0, 1)) == cold); /* another client, the same start; another round, another */
    assert_true(norm_squared(D, kit_draw(&k, M, 1, 0)) != cold);
    k.call.memory = kept;
    double last = 0;
    for (uint32_t round = 0; round < 200; round++) {
        const double now = norm_squared(D, kit_draw(&k, M, round, 0));
        assert_true(round > 0 || now == cold);
        assert_true(now >= last * (1 - 1e-14));
        last = now;
    }
    assert_true(fabs(last / sigma_sq[0] - 1) < 1e-9 && cold < 0.999 * last);
    kit_close(&k);
    open_as(&k, "rank=1 warm=no", D, 64);
    assert_int_equal(chain_memory(&k.chain, D), 0);
    kit_close(&k);
}

/* From a new Gaussian start every round, a single step keeps alpha |x|^2 in the mean: just that of a matrix whose singular values
 * are all equal, more of others, also of one of which the first start sees next to nothing. */
static void alpha_is_kept_in_the_mean(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    for (int rank = 1; rank <= 3; rank++) {
        struct kit k;
        char words[32];
        double equal[D] = {0}, hidden[D], some[D], q[B], along = 0, mean[3] = {0}, start[B * 3];
        snprintf(words, sizeof words, "rank=%d warm=no", rank);
        open_as(&k, words, D, 64);
        for (int j = 0; j < B; j++) equal[j * B + j] = 2;
        matrix(some, B, 9);
        struct stream s = stream(k.call.seed, FOR_SHARED, 0, 0, STREAM_SHARED);
        for (int j = 0; j < B * rank; j++) start[j] = stream_gaussian(&s);
        for (int j = 0; j < B; j++) q[j] = start[j * rank], along += q[j] * q[j];
        for (int i = 0; i < A; i++) { /* the first row is a little of q, the others are orthogonal to it */
            double part = 0;
            for (int j = 0; j < B; j++) part += some[i * B + j] * q[j] / along;
            for (int j = 0; j < B; j++) hidden[i * B + j] = i == 0 ? 1e-3 * q[j] : some[i * B + j] - part * q[j];
        }
        const double *const M[] = {equal, some, hidden};
        for (uint32_t round = 0; round < ROUNDS; round++)
            for (int m = 0; m < 3; m++) {
                const double share = norm_squared(D, kit_draw(&k, M[m], round, 0)) / norm_squared(D, M[m]);
                mean[m] += share / ROUNDS;
                if (m == 0) assert_true(fabs(share - k.constants.alpha) < 1e-12);
                if (m == 2 && rank == 1 && round == 0) assert_true(share < 1e-5);
            }
        assert_true(k.constants.alpha == rank / 5.0);
        for (int m = 1; m < 3; m++) assert_true(mean[m] > 1.2 * k.constants.alpha);
        kit_close(&k);
    }
}

/* (a + b) r numbers are charged and packed; unpacking gives the same bits; at 32 bits the factors are floats. */
static void the_charge_is_what_is_packed(void **state)
{
    (void)state;
    for (unsigned bits = 32; bits <= 64; bits += 32)
        for (int rank = 1; rank <= 3; rank++) {
            struct kit k;
            struct wire w = {0};
            struct message back = {0};
            char words[32];
            double x[D];
            snprintf(words, sizeof words, "rank=%d", rank);
            open_as(&k, words, D - 2, bits);
            gaussian(x, D - 2, (uint32_t)rank);
            kit_draw(&k, x, 0, 0);
            assert_true(k.message.payload_bits == (A + B) * rank * (double)bits && k.message.index_bits == 0);
            assert_true(k.constants.bits == k.message.payload_bits);
            chain_pack(&k.chain, &k.call, &k.message, &w);
            assert_true((double)w.length == k.message.payload_bits);
            chain_unpack(&k.chain, &k.call, &w, &back);
            assert_false(w.overrun);
            assert_memory_equal(back.value, k.message.value, (D - 2) * sizeof *back.value);
            for (int64_t j = 0; j < k.message.factors && bits == 32; j++)
                assert_true(k.message.factor[j] == (double)(float)k.message.factor[j]);
            message_free(&back);
            wire_free(&w);
            kit_close(&k);
        }
}

/* In a run the memory belongs to a client, and a run that was interrupted goes on with it. */
static void runs_keep_it_and_checkpoints_too(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "%s method=ef21 compressor=powersgd rank=1 warm=yes,no stepsize=0.05 rounds=30 record=every~1", LAB_QUADRATIC);
    lab_finish(&l);
    assert_false(same_run(l.run[0], l.run[1], false));
    for (size_t k = 0; k < 2; k++)
        for (int64_t stop = 1; stop < 30; stop += 7) {
            struct run *r = run_new(l.run[k]->spec, 1), *s = run_new(l.run[k]->spec, 3);
            uint8_t *bytes = NULL;
            size_t size;
            struct fail f = {0};
            while (r->round < stop) run_round(r);
            checkpoint_save(r, &bytes, &size);
            assert_true(checkpoint_load(s, bytes, size, &f));
            run_finish(s);
            assert_true(same_numbers(s->model, l.run[k]->model, s->d) && same_state(s, l.run[k]));
            free(bytes);
            run_free(r);
            run_free(s);
        }
    lab_close(&l);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"compressor=powersgd matrix_rows=21", "allowed: 1..20"},
                                         {"compressor=powersgd rank=0", "allowed: >= 1"},
                                         {"compressor=natural(powersgd)", "cannot be combined"},
                                         {"compressor=powersgd(randk)", "cannot be combined"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct lab l;
        struct fail f = {0};
        char words[256];
        snprintf(words, sizeof words, "%s method=ef %s", LAB_QUADRATIC, bad[k][0]);
        assert_false(lab_make(&l, words, &f));
        if (!strstr(f.text, bad[k][1])) fail_msg("%s: %s", bad[k][0], f.text);
        lab_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_of_the_rank_is_sent_exactly),
        cmocka_unit_test(the_rank_is_at_most_full),
        cmocka_unit_test(singular_values_far_apart),
        cmocka_unit_test(it_is_a_projection),
        cmocka_unit_test(alpha_is_kept_in_the_mean),
        cmocka_unit_test(many_steps_are_the_best_approximation),
        cmocka_unit_test(a_warm_start_goes_on),
        cmocka_unit_test(the_charge_is_what_is_packed),
        cmocka_unit_test(runs_keep_it_and_checkpoints_too),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
