/* record_kit.h - for tests of result files: a directory of their own, two records and their images. */
#ifndef RECORD_KIT_H
#define RECORD_KIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/record.h"
#include "../sim/seal.h"
#include <fcntl.h>
#include <hdf5.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/gradwire-record-XXXXXX";
static char path[128];

static inline int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) return -1;
    snprintf(path, sizeof path, "%s/result.h5", directory);
    return 0;
}

static inline int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static inline double from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

/* A record with every type, and the values that are easily lost. */
static inline void fill_small(struct record *r)
{
    struct group *root = record_group(r, "/");
    group_text(root, "format", RECORD_FORMAT);
    group_int(root, "format_version", RECORD_VERSION);
    group_text(root, "experiment",
               "[experiment]\ntitle = \xc3\x9c"
               "ber \xe2\x88\x87"
               "f\n");
    group_text(root, "empty", "");
    struct group *run = record_group(r, "/runs/000");
    group_real(run, "stepsize", 0.1);
    group_int(run, "least", INT64_MIN);
    const double x[] = {0.0, -0.0, INFINITY, -INFINITY, 5e-324, 0x1.fffffffffffffp1023, from_bits(0x7ff8000000000123), 1.0 / 3};
    group_array(run, "x", VALUE_REAL, x, 8, "", "the final model");
    struct group *trace = record_group(r, "/runs/000/trace");
    const int64_t round[] = {0, 1, INT64_MAX, INT64_MIN};
    group_array(trace, "round", VALUE_INT, round, 4, "rounds", "number of the round");
    group_array(trace, "nothing", VALUE_REAL, NULL, 0, "", "");
    uint8_t state[256];
    for (int i = 0; i < 256; i++) state[i] = (uint8_t)i;
    group_array(record_group(r, "/checkpoint/000"), "state", VALUE_BYTES, state, 256, "", "");
}

/* Long text, arrays around the size at which the layout changes, many groups, many attributes, many arrays. */
static inline void fill_large(struct record *r)
{
    fill_small(r);
    char *text = malloc(1 << 20);
    assert_non_null(text);
    for (int i = 0; i < (1 << 20) - 1; i++) text[i] = (char)('a' + i % 23);
    text[(1 << 20) - 1] = '\0';
    group_text(record_group(r, "/"), "long", text);
    free(text);
    double column[3000];
    for (int i = 0; i < 3000; i++) column[i] = 1.0 / (i + 1);
    for (int run = 1; run <= 120; run++) {
        char name[64];
        snprintf(name, sizeof name, "/runs/%03d", run);
        struct group *g = record_group(r, name);
        for (int k = 0; k < 30; k++) {
            snprintf(name, sizeof name, "compressor.key%d", k);
            group_real(g, name, run + k);
            snprintf(name, sizeof name, "compressor.key%d_origin", k);
            group_text(g, name, "theory");
        }
        snprintf(name, sizeof name, "/runs/%03d/trace", run);
        g = record_group(r, name);
        for (int k = 0; k < 26; k++) {
            snprintf(name, sizeof name, "column%d", k);
            group_array(g, name, VALUE_REAL, column, (size_t)(244 + k), "bits", "what it is");
        }
    }
    group_array(record_group(r, "/problem"), "L_i", VALUE_REAL, column, 3000, "", "smoothness of f_i");
}

static inline bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Equal bit for bit, order included. */
static inline bool same_group(const struct group *a, const struct group *b)
{
    if (strcmp(a->path, b->path) || a->attributes != b->attributes || a->arrays != b->arrays) return false;
    for (size_t i = 0; i < a->attributes; i++) {
        const struct attribute *p = &a->attribute[i], *q = &b->attribute[i];
        if (strcmp(p->name, q->name) || p->type != q->type || p->integer != q->integer || memcmp(&p->real, &q->real, 8) ||
            !same_text(p->text, q->text))
            return false;
    }
    for (size_t i = 0; i < a->arrays; i++) {
        const struct array *p = &a->array[i], *q = &b->array[i];
        if (strcmp(p->name, q->name) || p->type != q->type || p->count != q->count || !same_text(p->unit, q->unit) ||
            !same_text(p->description, q->description) || memcmp(p->data, q->data, p->count * (p->type == VALUE_BYTES ? 1 : 8)))
            return false;
    }
    return true;
}

static inline bool same_record(const struct record *a, const struct record *b)
{
    if (a->groups != b->groups) return false;
    for (size_t i = 0; i < a->groups; i++)
        if (!same_group(a->group[i], b->group[i])) return false;
    return true;
}

static inline void put_file(const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* Overwrite part of the file in place. */
static inline void poke(size_t at, const void *bytes, size_t size)
{
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, size, (off_t)at), size);
    assert_int_equal(close(file), 0);
}

static inline void image_of(void (*fill)(struct record *), uint8_t **image, size_t *size)
{
    struct record r = {0};
    struct fail f = {{0}, 0};
    fill(&r);
    if (!record_image(&r, image, size, &f)) fail_msg("%s", f.text);
    record_free(&r);
}
#endif
