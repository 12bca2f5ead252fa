/* replay.c - a fuzzer without libFuzzer: every file of a directory, every byte of it changed and every beginning of it.
 *
 * replay_NAME [DIRECTORY [SECONDS]]: speaks TAP.  The files of DIRECTORY (tests/fuzz/corpus/NAME) first, then as many of the
 * changed ones as the time allows (3 s), in an order that spreads over all of them. */
#include "../../sim/fail.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern size_t fuzz_good, fuzz_bad; /* inputs that were taken, and refusals */

struct input {
    char *name;
    uint8_t *data;
    size_t size;
};
enum { INPUTS_MOST = 4096, SIZE_MOST = 1 << 16 };
static struct input input[INPUTS_MOST];
static size_t inputs;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct input *)a)->name, ((const struct input *)b)->name);
}

static void read_all(const char *directory)
{
    DIR *d = opendir(directory);
    if (!d) return;
    for (const struct dirent *e; (e = readdir(d)) != NULL && inputs < INPUTS_MOST;) {
        char *path = xprintf("%s/%s", directory, e->d_name);
        FILE *file = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        free(path);
        if (!file) continue;
        struct input *in = &input[inputs++];
        *in = (struct input){xstrdup(e->d_name), xmalloc(SIZE_MOST), 0};
        in->size = fread(in->data, 1, SIZE_MOST, file);
        fclose(file);
    }
    closedir(d);
    qsort(input, inputs, sizeof *input, by_name);
}

/* An input in memory of exactly its size, so that a checker sees what is read beyond it. */
static void give(const uint8_t *data, size_t size)
{
    uint8_t *copy = xmalloc(size);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* The k-th change of an input: one byte of its first half of changes, one end of its second. */
static void change(const struct input *in, size_t k)
{
    if (k >= in->size) {
        give(in->data, k - in->size);
        return;
    }
    const uint8_t kept = in->data[k];
    in->data[k] ^= (uint8_t)(1U << k % 8);
    give(in->data, in->size);
    in->data[k] = kept;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum { SOME = 20 }; /* changes that are tried however slow the machine is */

int main(int argc, char **argv)
{
    const double begun = seconds(), most = argc > 2 ? atof(argv[2]) : 3;
    const char *name = strstr(argv[0], "replay_");
    const int out = dup(STDOUT_FILENO); /* harnesses send what the program prints nowhere */
    char *directory = argc > 1 ? xstrdup(argv[1]) : xprintf("tests/fuzz/corpus/%s", name ? name + strlen("replay_") : "");
    read_all(directory);
    free(directory);
    for (size_t i = 0; i < inputs; i++) give(input[i].data, input[i].size);
    const size_t good = fuzz_good, bad = fuzz_bad;
    size_t all = 0, made = 0;
    for (size_t i = 0; i < inputs; i++) all += 2 * input[i].size;
    /* A stride without a common divisor with `all` visits every change once. */
    size_t stride = all / 2 + all / 9 + 1, at = 0;
    for (size_t a = all, b = stride; all > 0;) {
        while (b) {
            const size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) break;
        a = all;
        b = ++stride;
    }
    for (; made < all && (made < SOME || seconds() - begun < most); made++) {
        size_t k = at = (at + stride) % all, i = 0;
        while (k >= 2 * input[i].size) k -= 2 * input[i++].size;
        change(&input[i], k);
    }
    dprintf(out, "1..3\n%sok 1 - %zu kept inputs\n", inputs > 0 ? "" : "not ", inputs);
    dprintf(out, "%sok 2 - %zu of them are good, %zu refusals\n", good > 0 && bad > 0 ? "" : "not ", good, bad);
    dprintf(out, "%sok 3 - %zu of %zu flipped bytes and cuts\n", made > 0 ? "" : "not ", made, all);
    return inputs > 0 && good > 0 && bad > 0 && made > 0 ? 0 : 1;
}
