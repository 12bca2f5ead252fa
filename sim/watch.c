/* watch.c - mistakes of a method that no compiler sees, found while looking for them costs nothing: on problems that are not
 * large, and on any problem in the first rounds.
 *
 * What must not be read any more holds a NaN with a mark, which is found in what is sent, or in the model that it spoils; of
 * what must not be written there is a fingerprint (of parameters, which are few, a copy), compared when the clients are done. */
#include "engine.h"
#include "vec.h"
#include <stdlib.h>
#include <string.h>

/* A quiet NaN whose mark survives arithmetic and rounding to 32 bits: the sign and the last 29 bits do not count. */
static const uint64_t mark = UINT64_C(0x7ffdeaf540000000), counts = UINT64_C(0x7fffffffe0000000);

bool watched(const struct run *r)
{
    return r->d <= 1024 || r->round < 2;
}

/* What is sent and what clients hear is looked at now and then. */
static bool looked_at(const struct run *r)
{
    return r->round < 2 || (r->d <= 1024 && r->round % 16 == 0);
}

void watch_blank(const struct run *r, double *v)
{
    double blank;
    memcpy(&blank, &mark, sizeof blank);
    for (int64_t j = 0; watched(r) && j < r->d; j++) v[j] = blank;
}

static void check_numbers(const struct run *r, const double *v)
{
    for (int64_t j = 0; j < r->d; j++) {
        uint64_t bits;
        memcpy(&bits, &v[j], sizeof bits);
        if ((bits & counts) == (mark & counts))
            misuse(r, "a client read from scratch before it wrote there, or from a gradient after asking for another");
    }
}

void watch_sent(const struct run *r, const double *v)
{
    if (looked_at(r)) check_numbers(r, v);
}

void watch_diverged(const struct run *r)
{
    check_numbers(r, r->model);
}

void watch_init(struct run *r)
{
    const struct settings *s = &r->spec->param;
    const size_t size = field_count(s->table) * 8;
    r->watch.param = xcalloc(1, size + 1);
    if (size > 0) memcpy(r->watch.param, s->data, size);
}

void watch_free(struct run *r)
{
    free(r->watch.param);
}

/* Changes with any one bit of v: multiplying by an odd number and xor lose nothing. */
static uint64_t print_of(const struct run *r, const double *v)
{
    uint64_t print = 0;
    for (int64_t j = 0; j < r->d; j++) {
        uint64_t bits;
        memcpy(&bits, &v[j], sizeof bits);
        print = (print ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
        print ^= print >> 32;
    }
    return print;
}

/* What is heard on a port; after the last one, what was heard on port 0 in the round before. */
static const double *heard_by_all(const struct run *r, int port)
{
    if (port == PORTS) return r->round > 0 ? r->heard_before : NULL;
    return r->heard_set[port] ? r->heard[port] : NULL;
}

void watch_open(struct run *r)
{
    for (int p = 0; looked_at(r) && p <= PORTS; p++) {
        const double *heard = heard_by_all(r, p);
        if (heard) r->watch.heard[p] = print_of(r, heard);
    }
}

void watch_close(const struct run *r)
{
    const struct settings *s = &r->spec->param;
    const size_t size = field_count(s->table) * 8;
    if (size > 0 && memcmp(r->watch.param, s->data, size) != 0) misuse(r, "it changes its parameters");
    for (int p = 0; looked_at(r) && p <= PORTS; p++) {
        const double *heard = heard_by_all(r, p);
        if (heard && print_of(r, heard) != r->watch.heard[p]) misuse(r, "a client changes what it and others hear");
    }
}
