/* checkpoint.c - a run between two rounds as bytes, and back.
 *
 * Little-endian 8-byte words: magic, n, d, server and client vectors, round, status; then the ledger, what the start cost, when
 * each client was last asked, what was last broadcast, what compressors keep, the server's vectors, the clients' vectors, these
 * two as they lie in memory, each with its VEC_HEADER, so that what is large need not be copied to be written.  Streams need no
 * state, and the gradients cached by the recorder are computed anew.  Which vectors there are is what the method's tables say, so
 * every method is resumable as soon as it is written. */
#include "engine.h"
#include "vec.h"
#include <stdlib.h>
#include <string.h>

static const uint64_t magic = UINT64_C(0x33657269776472); /* "rdwire3" */
enum { HEAD = 7 };

/* One walker for both directions: bytes are copied out when saving, in when loading. */
struct walk {
    uint8_t *at;
    bool saving;
};

static void move(struct walk *w, void *words, size_t count)
{
    uint64_t *word = words; /* through memcpy: the words are doubles */
    for (size_t k = 0; k < count; k++, w->at += 8) {
        uint64_t v = 0;
        if (w->saving) {
            memcpy(&v, &word[k], 8);
            for (int b = 0; b < 8; b++) w->at[b] = (uint8_t)(v >> (8 * b));
        } else {
            for (int b = 0; b < 8; b++) v |= (uint64_t)w->at[b] << (8 * b);
            memcpy(&word[k], &v, 8);
        }
    }
}

/* The headers that a file holds are not believed. */
static void move_vectors(struct walk *w, struct run *r, double *slab, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        double *v = vec_at(slab, r->d, k);
        if (w->saving)
            move(w, v - VEC_HEADER, VEC_HEADER);
        else
            w->at += VEC_HEADER * sizeof *v;
        move(w, v, (size_t)r->d);
    }
}

static void move_state(struct walk *w, struct run *r)
{
    for (int64_t i = 0; i < r->n; i++) move(w, r->ledger[i].count, COUNTS);
    move(w, r->start.count, COUNTS);
    move(w, r->participants.last, (size_t)r->n);
    move(w, r->heard[0], (size_t)r->d);
    move(w, r->memory, (size_t)run_memory_count(r));
    move_vectors(w, r, r->server_slab, r->server_vectors);
    move_vectors(w, r, r->client_slab, r->client_vectors * (size_t)r->n);
}

static size_t slab_size(const struct run *r, size_t vectors)
{
    return 8 * vectors * ((size_t)r->d + VEC_HEADER);
}

static size_t checkpoint_size(const struct run *r)
{
    const size_t n = (size_t)r->n, d = (size_t)r->d;
    return 8 * (HEAD + (n + 1) * COUNTS + n + d + (size_t)run_memory_count(r)) +
           slab_size(r, r->server_vectors + n * r->client_vectors);
}

static void fill_head(const struct run *r, uint64_t head[HEAD])
{
    uint64_t h[HEAD] = {magic,    (uint64_t)r->n, (uint64_t)r->d, r->server_vectors, r->client_vectors, (uint64_t)r->round,
                        r->status};
    memcpy(head, h, sizeof h);
}

void checkpoint_save(const struct run *r, uint8_t **bytes, size_t *size)
{
    uint64_t head[HEAD];
    fill_head(r, head);
    *size = checkpoint_size(r);
    *bytes = xrealloc(*bytes, *size);
    struct walk w = {*bytes, true};
    move(&w, head, HEAD);
    move_state(&w, (struct run *)(uintptr_t)r); /* saving only reads */
}

size_t checkpoint_lend(const struct run *r, uint8_t **small, struct piece piece[CHECKPOINT_PIECES])
{
    _Static_assert(sizeof(struct ledger) == 8 * COUNTS, "the ledger is as it is written");
    const union {
        uint64_t word;
        uint8_t byte[8];
    } order = {.word = 1};
    size_t size;
    if (order.byte[0] != 1) { /* memory is not as the file: all of it is copied */
        checkpoint_save(r, small, &size);
        piece[0] = (struct piece){*small, size};
        return 1;
    }
    uint64_t head[HEAD];
    fill_head(r, head);
    *small = xrealloc(*small, sizeof head);
    memcpy(*small, head, sizeof head);
    const size_t n = (size_t)r->n;
    const struct piece all[CHECKPOINT_PIECES] = {{*small, sizeof head},
                                                 {r->ledger, 8 * n * COUNTS},
                                                 {r->start.count, 8 * COUNTS},
                                                 {r->participants.last, 8 * n},
                                                 {r->heard[0], 8 * (size_t)r->d},
                                                 {r->memory, 8 * (size_t)run_memory_count(r)},
                                                 {r->server_slab, slab_size(r, r->server_vectors)},
                                                 {r->client_slab, slab_size(r, r->client_vectors * n)}};
    memcpy(piece, all, sizeof all);
    return CHECKPOINT_PIECES;
}

bool checkpoint_load(struct run *r, const uint8_t *bytes, size_t size, struct fail *f)
{
    uint64_t found[HEAD], expected[HEAD];
    fill_head(r, expected);
    if (size != checkpoint_size(r))
        return fail_set(f, "checkpoint of run \"%s\" has %zu bytes; its experiment needs %zu", r->spec->label, size,
                        checkpoint_size(r));
    struct walk w = {(uint8_t *)(uintptr_t)bytes, false};
    move(&w, found, HEAD);
    if (memcmp(found, expected, 5 * sizeof *found) != 0)
        return fail_set(f, "checkpoint of run \"%s\" does not fit its experiment", r->spec->label);
    if (found[5] >= (uint64_t)r->spec->rounds || found[6] != RUN_GOING) /* what is over leaves no checkpoint */
        return fail_set(f, "checkpoint of run \"%s\" stands at round %llu of %lld, nothing to go on from", r->spec->label,
                        (unsigned long long)found[5], (long long)r->spec->rounds);
    move_state(&w, r);
    r->round = (int64_t)found[5];
    r->status = (enum run_status)found[6];
    return true;
}
