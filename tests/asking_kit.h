/* asking_kit.h - a method whose server asks clients as a test wants it, and that writes down who was served and what was told. */
#ifndef ASKING_KIT_H
#define ASKING_KIT_H
#include "probe_kit.h"

enum { CLIENTS = 6, DIMENSION = 12, MOST_ROUNDS = 6000 };

struct mine {
    vec mood; /* something that a client keeps */
};
struct all {
    vec x, mean_0, mean_1, over_all;
};
static const struct field clients[] = {STATE(mine, mood, ""), FIELDS_END};
static const struct field server[] = {STATE(all, x, ""), STATE(all, mean_0, ""), STATE(all, mean_1, ""), STATE(all, over_all, ""),
                                      FIELDS_END};

enum manner { ALL, WITH_REPLACEMENT, WITHOUT, EACH, BY_TURNS };
static struct {
    enum manner manner;
    int64_t r;
    double p;
} want;
static struct {
    int64_t served[MOST_ROUNDS][CLIENTS]; /* how often the client made a step */
    double told[MOST_ROUNDS][DIMENSION];  /* what was broadcast               */
    _Atomic int64_t looked_back;          /* clients work side by side         */
} seen;

static inline void ask_in(struct server *s, enum manner manner)
{
    if (manner == WITH_REPLACEMENT) ask(s, want.r, REPLACE);
    if (manner == WITHOUT) ask(s, want.r, DISTINCT);
    if (manner == EACH) ask_each(s, want.p);
}

static inline void open_round(struct server *s)
{
    struct all *st = state(s);
    ask_in(s, want.manner == BY_TURNS ? (enum manner)(rounds_made(s) % 4) : want.manner);
    in said = broadcast(s, st->x);
    memcpy(seen.told[rounds_made(s)], said, sizeof seen.told[0]);
    broadcast_flag(s, coin(s, 0.5));
}

static inline void client_step(struct client *c)
{
    struct mine *my = mine(c);
    vec v = tmp(c, 0);
    const int64_t round = c->run->round;
    seen.served[round][c->id]++;
    assert_true(recent(c) == (round > 0 && seen.served[round - 1][c->id] > 0));
    sub(v, gradient(c, heard(c)), my->mood);
    if (recent(c)) {
        seen.looked_back++;
        assert_memory_equal(heard_before(c), seen.told[round - 1], sizeof seen.told[0]);
        axpy(v, 0.25, heard_before(c));
    }
    const struct message *arrived = send(c, v);
    assert_true((arrived != NULL) == (c->times == 1)); /* of several messages none is the one */
    if (flag(c)) send_on(c, 1, heard(c));
    copy(my->mood, v);
}

static inline void server_step(struct server *s)
{
    struct all *st = state(s);
    zero(st->mean_0);
    zero(st->mean_1);
    copy(st->over_all, mean_over_all(s));
    if (s->run->participants.count == 0) return;
    copy(st->mean_0, mean(s));
    if (flag(s)) copy(st->mean_1, mean_on(s, 1));
    axpy(st->x, -0.05, st->mean_0);
}

static const struct method asking = {
    .name = "asking",
    .needs = ANY_COMPRESSOR,
    .client = clients,
    .client_size = sizeof(struct mine),
    .server = server,
    .server_size = sizeof(struct all),
    .open_round = open_round,
    .client_step = client_step,
    .server_step = server_step,
};

#define WORDS "problem=quadratic dim=12 heterogeneity=1 clients=6 x0=gaussian record=every~1 compressor=randk k=3 "

static inline void open_asking(struct probe *p, const char *words, int threads, enum manner manner, int64_t r, double probability)
{
    memset(&seen, 0, sizeof seen);
    want.manner = manner;
    want.r = r;
    want.p = probability;
    probe_open(p, &asking, threads, words);
}

/* How often a client was asked in the round just made. */
static inline int64_t times_of(const struct participants *p, int64_t client)
{
    for (int64_t k = 0; k < p->count; k++)
        if ((p->all ? k : (int64_t)p->client[k]) == client) return p->all ? 1 : p->first[k + 1] - p->first[k];
    return 0;
}
#endif
