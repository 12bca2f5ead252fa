/* compressor_kit.h - a chain ready to be drawn from, for the tests of compressors. */
#ifndef COMPRESSOR_KIT_H
#define COMPRESSOR_KIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/compressor.h"
#include "../sim/fail.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kit {
    struct chain chain;
    struct compress_call call;
    struct sampler sampler;
    struct message message;
    struct compressor_constants constants;
    double *decoded; /* d numbers, the last draw */
};

/* "k=2 s=3": each key is set in the link that has it. */
static inline void kit_set(struct chain *c, const char *settings)
{
    char text[128], *rest = text;
    snprintf(text, sizeof text, "%s", settings);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = 0;
        bool found = false;
        for (int i = 0; i < c->length; i++) {
            if (c->settings[i].table == NULL || field_find(c->settings[i].table, word) == NULL) continue;
            struct fail f = {0};
            if (!settings_set(&c->settings[i], word, value, &f)) fail_msg("%s", f.text);
            found = true;
        }
        if (!found) fail_msg("no parameter %s", word);
    }
}

static inline void kit_open(struct kit *k, const char *chain, const char *settings, int64_t d, int64_t n, unsigned value_bits)
{
    struct fail f = {0};
    *k = (struct kit){.call = {.seed = 1, .d = d, .n = n, .value_bits = value_bits}};
    k->call.sampler = &k->sampler;
    if (!chain_parse(&k->chain, chain, &f)) fail_msg("%s", f.text);
    kit_set(&k->chain, settings);
    if (!chain_check(&k->chain, d, n, &f)) fail_msg("%s", f.text);
    chain_constants(&k->chain, d, n, value_bits, &k->constants);
    k->decoded = xcalloc((size_t)d, sizeof *k->decoded);
}

static inline void kit_close(struct kit *k)
{
    chain_free(&k->chain);
    sampler_free(&k->sampler);
    message_free(&k->message);
    free(k->decoded);
}

/* Compress x as `client` does in `round`; the message as a vector of d numbers. */
static inline const double *kit_draw(struct kit *k, const double *x, uint32_t round, uint32_t client)
{
    k->call.round = round;
    k->call.client = client;
    chain_compress(&k->chain, &k->call, x, &k->message);
    for (int64_t j = 0; j < k->call.d; j++) k->decoded[j] = 0;
    for (int64_t j = 0; j < k->message.count; j++) k->decoded[k->message.dense ? j : k->message.index[j]] = k->message.value[j];
    return k->decoded;
}

static inline double norm_squared(int64_t d, const double *x)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++) sum += x[j] * x[j];
    return sum;
}

static inline double distance_squared(int64_t d, const double *x, const double *y)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++) sum += (x[j] - y[j]) * (x[j] - y[j]);
    return sum;
}

static inline bool close_to(double a, double b, double relative) { return fabs(a - b) <= relative * fmax(fabs(a), fabs(b)); }

static inline void assert_close(double a, double b, double relative)
{
    if (!close_to(a, b, relative)) fail_msg("%.17g is not %.17g to a relative %g", a, b, relative);
}

/* d Gaussian numbers, another set for each `which`. */
static inline void fill_gaussian(double *x, int64_t d, uint32_t which)
{
    struct stream s = stream(7, FOR_TEST, 0, which, 0);
    for (int64_t j = 0; j < d; j++) x[j] = stream_gaussian(&s);
}

static inline bool same_bits(const void *a, const void *b, size_t count) { return count == 0 || memcmp(a, b, count) == 0; }

static inline bool same_message(const struct message *a, const struct message *b)
{
    size_t count = (size_t)a->count;
    return a->d == b->d && a->count == b->count && a->dense == b->dense && same_bits(&a->scale, &b->scale, sizeof a->scale) &&
           (a->dense || same_bits(a->index, b->index, count * sizeof *a->index)) &&
           same_bits(a->value, b->value, count * sizeof *a->value) && a->index_bits == b->index_bits &&
           a->payload_bits == b->payload_bits;
}
#endif
