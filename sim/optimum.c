/* optimum.c - a kept minimiser: the key as text, then d, f*, |grad f(x*)|^2 and x* as eight little-endian bytes each, then a
 * seal.
 *
 * The file's name is the sha256 of the key; the key itself is compared, too.  The program's own sha256 is in it: what another
 * build found, with another minimiser or a compiler that rounds otherwise, is not taken. */
#include "optimum.h"
#include "../datasets/digest.h"
#include "../datasets/locate.h"
#include "real.h"
#include "record.h"
#include "seal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char format[] = "gradwire optimum 2|";

struct kept {
    char *path;
    uint8_t *bytes;
    size_t head, size; /* of the key with its final 0; of all but the seal */
};

static void put_word(uint8_t *at, uint64_t word)
{
    for (int b = 0; b < 8; b++) at[b] = (uint8_t)(word >> (8 * b));
}

static uint64_t get_word(const uint8_t *at)
{
    uint64_t word = 0;
    for (int b = 0; b < 8; b++) word |= (uint64_t)at[b] << (8 * b);
    return word;
}

static uint64_t word_of(double v)
{
    uint64_t word;
    memcpy(&word, &v, sizeof word);
    return word;
}

/* The sha256 of this program's file; empty where the system does not show it. */
static void program_sum(char hex[65])
{
    unsigned char bytes[1 << 16];
    struct digest d;
    size_t some;
    hex[0] = '\0';
    FILE *in = fopen("/proc/self/exe", "rbe");
    if (!in) return;
    digest_start(&d);
    while ((some = fread(bytes, 1, sizeof bytes, in)) > 0) digest_bytes(&d, bytes, some);
    if (!ferror(in)) digest_hex(&d, hex);
    fclose(in);
}

/* The file for a key, its bytes holding the key so far; false where there is no cache. */
static bool kept_open(struct kept *k, const struct objective *o, const char *key)
{
    char directory[4096], program[65];
    if (!cache_directory(directory, sizeof directory)) return false;
    program_sum(program);
    if (program[0] == '\0') return false;
    char *text = xprintf("%s%s|%s|%s", format, program, key, o->sha256);
    k->head = strlen(text) + 1;
    k->size = k->head + 8 * ((size_t)o->d + 3);
    k->bytes = xmalloc(k->size + SEAL_SIZE);
    memcpy(k->bytes, text, k->head);
    uint8_t seal[SEAL_SIZE];
    seal_write(k->bytes, k->head, seal);
    const int mark = (int)(sizeof SEAL_MARK - 1), digits = SEAL_SIZE - 1 - mark;
    k->path = xprintf("%s/optimum/%.*s", directory, digits, (const char *)seal + mark);
    free(text);
    return true;
}

static void kept_close(struct kept *k)
{
    free(k->path);
    free(k->bytes);
}

/* |grad f(x)|^2; *f: f(x) */
static double evaluate(const struct objective *o, const double *x, double *f)
{
    struct oracle_work w = {0};
    double *g = xmalloc((size_t)o->d * sizeof *g);
    *f = objective_full(o, x, g, NULL, &w);
    const double norm_sq = real_norm_sq((size_t)o->d, g);
    free(g);
    oracle_work_free(&w);
    return norm_sq;
}

static bool read_file(const char *path, uint8_t *bytes, size_t size)
{
    FILE *in = fopen(path, "rbe");
    if (!in) return false;
    const bool whole = fread(bytes, 1, size, in) == size && fgetc(in) == EOF;
    fclose(in);
    return whole;
}

/* Fills x_star and f_star from the file if it holds what belongs there. */
static bool kept_load(const struct kept *k, struct objective *o)
{
    uint8_t *found = xmalloc(k->size + SEAL_SIZE);
    const uint8_t *numbers = found + k->head;
    bool good = read_file(k->path, found, k->size + SEAL_SIZE) && seal_matches(found, k->size, found + k->size) &&
                memcmp(found, k->bytes, k->head) == 0 && get_word(numbers) == (uint64_t)o->d;
    if (good) {
        double *x = xmalloc((size_t)o->d * sizeof *x), f;
        for (int64_t j = 0; j < o->d; j++) {
            const uint64_t word = get_word(numbers + 8 * (3 + j));
            memcpy(&x[j], &word, sizeof word);
        }
        const double norm_sq = evaluate(o, x, &f);
        good = word_of(f) == get_word(numbers + 8) && word_of(norm_sq) == get_word(numbers + 16);
        o->f_star = good ? f : o->f_star;
        o->x_star = good ? x : NULL;
        if (!good) free(x);
    }
    free(found);
    return good;
}

static void make_directories(const char *path)
{
    char *part = xstrdup(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0777);
        *slash = '/';
    }
    free(part);
}

static void kept_save(const struct kept *k, const struct objective *o)
{
    uint8_t *numbers = k->bytes + k->head;
    double f;
    const double norm_sq = evaluate(o, o->x_star, &f);
    put_word(numbers, (uint64_t)o->d);
    put_word(numbers + 8, word_of(f));
    put_word(numbers + 16, word_of(norm_sq));
    for (int64_t j = 0; j < o->d; j++) put_word(numbers + 8 * (3 + j), word_of(o->x_star[j]));
    seal_write(k->bytes, k->size, k->bytes + k->size);
    struct fail ignored = {0};
    make_directories(k->path);
    file_commit(k->path, k->bytes, k->size + SEAL_SIZE, &ignored);
}

bool optimum_find(struct objective *o, const char *key, double tol, struct fail *f)
{
    struct kept k;
    if (o->x_star) return true;
    if (!kept_open(&k, o, key)) return objective_minimise(o, tol, f);
    bool found = kept_load(&k, o);
    if (!found) {
        found = objective_minimise(o, tol, f);
        if (found) kept_save(&k, o);
    }
    kept_close(&k);
    return found;
}
