/* libsvm_kit.h - for tests of the reader: one file in a directory of its own, read whole and in pieces of every size. */
#ifndef LIBSVM_KIT_H
#define LIBSVM_KIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/libsvm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/gradwire-libsvm-XXXXXX", file[256];

static inline int setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) return -1;
    snprintf(file, sizeof file, "%s/data", directory);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(directory);
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *o = fopen(path, "wb");
    assert_non_null(o);
    assert_int_equal(fwrite(bytes, 1, size, o), size);
    assert_int_equal(fclose(o), 0);
}

/* All sizes of pieces that can cut a short text differently, and the ordinary one. */
static const size_t pieces[] = {1, 2, 3, 5, 7, 16, 64, 1021, SIZE_MAX / 2};
enum { PIECES = sizeof pieces / sizeof *pieces };

static inline struct dataset read_good(const void *text, size_t size, int64_t d, size_t most)
{
    struct dataset a;
    struct fail f = {0};
    write_bytes(file, text, size);
    if (!libsvm_read_pieces(file, d, most, &a, &f)) fail_msg("refused: %s", f.text);
    return a;
}

static inline void assert_same(const struct dataset *a, const struct dataset *b)
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
static inline struct dataset read_all_ways(const char *text, int64_t d)
{
    struct dataset a = read_good(text, strlen(text), d, SIZE_MAX / 2);
    for (int k = 0; k < PIECES; k++) {
        struct dataset b = read_good(text, strlen(text), d, pieces[k]);
        assert_same(&a, &b);
        dataset_free(&b);
    }
    return a;
}
#endif
