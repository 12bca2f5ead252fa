/* channel.c - the only road between clients and server: compresses, counts, delivers, and sums in client order. */
#include "engine.h"
#include "vec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void misuse(const struct run *r, const char *what)
{
    fprintf(stderr, "gradwire: method %s, round %lld: %s\n", r->spec->method->name, (long long)r->round, what);
    abort();
}

int64_t run_memory_count(const struct run *r)
{
    return PORTS * (r->n * r->memory_up + r->memory_down);
}

void channel_init(struct run *r)
{
    for (int p = 0; p < PORTS; p++) r->sum[p] = (struct sum){0};
    r->heard[0] = vec_new(r->d);
    r->heard_before = vec_new(r->d);
    const struct run_spec *s = r->spec;
    r->memory_up = s->compressed ? chain_memory(&s->chain, r->d) : 0;
    r->memory_down = s->compressed_down ? chain_memory(&s->down, r->d) : 0;
    r->memory = xcalloc((size_t)run_memory_count(r) + 1, sizeof *r->memory);
}

void channel_free(struct run *r)
{
    for (int p = 0; p < PORTS; p++) {
        vec_free(r->heard[p]);
        free(r->sum[p].total);
        free(r->sum[p].touched);
        free(r->sum[p].mark);
        message_free(&r->sum[p].mean);
    }
    vec_free(r->heard_before);
    message_free(&r->down);
    free(r->memory);
}

static void sum_clear(struct sum *s, int64_t d)
{
    if (s->dense && s->total) memset(s->total, 0, (size_t)d * sizeof *s->total);
    for (int64_t k = 0; k < s->count; k++) {
        uint32_t j = s->touched[k];
        s->total[j] = 0;
        s->mark[j >> 6] = 0;
    }
    s->count = s->messages = 0;
    s->dense = false;
}

static void sum_make(struct sum *s, int64_t d)
{
    if (s->total) return;
    s->total = xcalloc((size_t)d, sizeof *s->total);
    s->mark = xcalloc((size_t)(d + 63) / 64, sizeof *s->mark);
}

double *channel_scratch(struct run *r)
{
    struct sum *s = &r->sum[0];
    sum_make(s, r->d);
    sum_clear(s, r->d);
    s->dense = true;
    return s->total;
}

void channel_open(struct run *r)
{
    double *before = r->heard_before;
    r->heard_before = r->heard[0];
    r->heard[0] = before;
    for (int p = 0; p < PORTS; p++) {
        sum_clear(&r->sum[p], r->d);
        r->heard_set[p] = false;
    }
    r->flag = r->said = false;
    r->coins = 0;
}

/* The server's compressions draw from lanes that no client's message reaches. */
static const uint32_t lane_down = UINT32_C(1) << 23;

/* --- up ------------------------------------------------------------------------------------------ */

/* What a sender, client number 0 .. n-1 or n for the server, keeps for a port. */
static double *run_memory(const struct run *r, int64_t sender, int port)
{
    if (sender < r->n) return r->memory_up ? r->memory + (sender * PORTS + port) * r->memory_up : NULL;
    return r->memory_down ? r->memory + r->n * PORTS * r->memory_up + port * r->memory_down : NULL;
}

/* The visit-th message of this client on a port; another lane, other draws. */
static struct compress_call call_of(const struct client *c, int port, int64_t visit)
{
    const struct run_spec *s = c->run->spec;
    return (struct compress_call){.seed = s->seed,
                                  .round = (uint32_t)c->run->round,
                                  .client = c->id,
                                  .lane = (uint32_t)(port + PORTS * visit),
                                  .d = c->run->d,
                                  .n = c->run->n,
                                  .value_bits = s->value_bits,
                                  .memory = run_memory(c->run, c->id, port),
                                  .sampler = &c->worker->sampler};
}

static void check_sending(const struct client *c, int port, in v)
{
    if (port < 0 || port >= PORTS) misuse(c->run, "there is no such port");
    if (c->sent[port]) misuse(c->run, "a client sent twice on one port in one round");
    if (dim(v) != c->run->d) misuse(c->run, "a client sent a vector that has not the model's length");
    watch_sent(c->run, v);
}

static void charge(const struct client *c, const struct message *m)
{
    double *count = c->run->ledger[c->id].count;
    count[VALUES_UP] += m->payload_bits / c->run->spec->value_bits;
    count[INDEX_UP] += !m->dense && m->index_bits > 0 ? (double)m->count : 0;
    count[BITS_UP] += m->index_bits + m->payload_bits;
    count[MESSAGES_UP] += 1;
}

/* Once for every time the client was drawn. */
static const struct message *deliver(struct client *c, int port, in v, bool dense)
{
    check_sending(c, port, v);
    for (int64_t visit = 0; visit < c->times; visit++) {
        struct message *m = &c->message[visit * PORTS + port];
        struct compress_call q = call_of(c, port, visit);
        if (dense)
            chain_dense(&q, v, m);
        else
            chain_compress(&c->run->spec->chain, &q, v, m);
        charge(c, m);
        c->sent[visit * PORTS + port] = true;
    }
    return c->times == 1 ? &c->message[port] : NULL;
}

const struct message *send_on(struct client *c, int port, in v)
{
    if (!c->run->spec->compressed) misuse(c->run, "it declares no compressor but sends through one");
    return deliver(c, port, v, false);
}

const struct message *send(struct client *c, in v)
{
    return send_on(c, 0, v);
}

const struct message *send_dense_on(struct client *c, int port, in v)
{
    c->worker->sent_dense = true;
    return deliver(c, port, v, true);
}

const struct message *send_dense(struct client *c, in v)
{
    return send_dense_on(c, 0, v);
}

/* Shifts that move take the last port, uncharged: the server has them. */
enum { SHIFT_PORT = PORTS - 1 };

void move_shift(struct client *c, shifts h, int64_t j, double alpha)
{
    if (c->times != 1 || !c->sent[0]) misuse(c->run, "a shift moves along the one message that its client has sent");
    if (c->sent[SHIFT_PORT]) misuse(c->run, "a client moves two shifts in one round");
    double *v = at((vecs)h, j);
    struct message *before = &c->message[SHIFT_PORT];
    message_shape(before, c->run->d, c->run->d, true);
    memcpy(before->value, v, (size_t)c->run->d * sizeof *v);
    before->scale = alpha;
    c->sent[SHIFT_PORT] = true;
    message_axpy(v, alpha, &c->message[0]);
}

static void sum_sparse(struct sum *s, const struct message *m)
{
    if (s->count + m->count > s->room) {
        s->room = 2 * (s->count + m->count);
        s->touched = xrealloc(s->touched, (size_t)s->room * sizeof *s->touched);
    }
    for (int64_t k = 0; k < m->count; k++) {
        uint32_t j = m->index[k];
        uint64_t bit = UINT64_C(1) << (j & 63);
        if (!(s->mark[j >> 6] & bit)) {
            s->mark[j >> 6] |= bit;
            s->touched[s->count++] = j;
        }
        s->total[j] += m->value[k];
    }
}

static void sum_add(struct sum *s, int64_t d, const struct message *m)
{
    sum_make(s, d);
    s->messages++;
    if (!m->dense) {
        sum_sparse(s, m);
        return;
    }
    s->dense = true;
    for (int64_t j = 0; j < d; j++) s->total[j] += m->value[j];
}

/* The server moves the shifts as well, and nobody told it how far. */
static void check_alpha(struct run *r, double alpha)
{
    struct sum *s = &r->sum[SHIFT_PORT];
    if (s->messages == 1) s->alpha = alpha;
    if (!(s->alpha == alpha)) misuse(r, "clients move their shifts by different multiples of what they sent");
}

void channel_collect(struct run *r, int64_t slots)
{
    for (int64_t i = 0; i < slots; i++)
        for (int p = 0; p < PORTS; p++)
            if (r->sent[i * PORTS + p]) {
                const struct message *m = &r->message[i * PORTS + p];
                sum_add(&r->sum[p], r->d, m);
                if (p == SHIFT_PORT && m->dense && m->payload_bits == 0) check_alpha(r, m->scale);
            }
}

/* The sum of a port's messages over `divisor`; without any, a message that carries nothing. */
static const struct message *sum_over(struct run *r, int port, double divisor)
{
    struct sum *s = &r->sum[port];
    if (s->dense) {
        message_shape(&s->mean, r->d, r->d, true);
        for (int64_t j = 0; j < r->d; j++) s->mean.value[j] = s->total[j] / divisor;
        return &s->mean;
    }
    message_shape(&s->mean, r->d, s->count, false);
    for (int64_t k = 0; k < s->count; k++) {
        s->mean.index[k] = s->touched[k];
        s->mean.value[k] = s->total[s->touched[k]] / divisor;
    }
    return &s->mean;
}

const struct message *mean_on(struct server *server, int port)
{
    struct run *r = server->run;
    if (port < 0 || port >= PORTS || r->sum[port].messages == 0) misuse(r, "the server asks for messages that no client sent");
    if (r->sum[port].messages != r->participants.slots)
        misuse(r, "a client that was asked did not send what the server takes the mean of (mean_over_all: silence is zero)");
    return sum_over(r, port, (double)r->participants.slots);
}

const struct message *mean(struct server *server)
{
    return mean_on(server, 0);
}

const struct message *mean_over_all_on(struct server *server, int port)
{
    if (port < 0 || port >= PORTS) misuse(server->run, "there is no such port");
    return sum_over(server->run, port, (double)server->run->n);
}

const struct message *mean_over_all(struct server *server)
{
    return mean_over_all_on(server, 0);
}

const struct message *mean_shift(struct server *server)
{
    return mean_on(server, SHIFT_PORT);
}

/* --- down ---------------------------------------------------------------------------------------- */

static void charge_asked(struct run *r, const struct ledger *cost)
{
    const struct participants *p = &r->participants;
    for (int64_t k = 0; k < p->count; k++) {
        double *count = r->ledger[p->all ? k : (int64_t)p->client[k]].count;
        for (int c = VALUES_DOWN; c <= MESSAGES_DOWN; c++) count[c] += cost->count[c];
    }
    r->said = true;
}

static void check_broadcast(struct run *r, int port, in v)
{
    if (port < 0 || port >= PORTS) misuse(r, "there is no such port");
    if (r->heard_set[port]) misuse(r, "the server broadcast twice on one port in one round");
    if (dim(v) != r->d) misuse(r, "the server broadcast a vector that has not the model's length");
    if (!r->heard[port]) r->heard[port] = vec_new(r->d);
    r->heard_set[port] = true;
}

in broadcast_on(struct server *server, int port, in v)
{
    struct run *r = server->run;
    check_broadcast(r, port, v);
    vec_copy(r->heard[port], v);
    if (r->spec->value_bits == 32)
        for (int64_t j = 0; j < r->d; j++) r->heard[port][j] = (double)(float)v[j];
    charge_asked(
        r, &(struct ledger){
               .count = {[VALUES_DOWN] = (double)r->d, [BITS_DOWN] = (double)r->d * r->spec->value_bits, [MESSAGES_DOWN] = 1}});
    if (port == 0) r->heard_is_cached = r->cache_valid && memcmp(r->cache_x, r->heard[0], (size_t)r->d * sizeof(double)) == 0;
    return r->heard[port];
}

/* One compression, heard by all who are asked; its draws are the server's own. */
in broadcast_compressed(struct server *server, int port, in v)
{
    struct run *r = server->run;
    if (!r->spec->compressed_down) misuse(r, "it declares no compressor of the server but broadcasts through one");
    check_broadcast(r, port, v);
    struct compress_call q = {.seed = r->spec->seed,
                              .round = (uint32_t)r->round,
                              .client = STREAM_SHARED,
                              .lane = lane_down + (uint32_t)port,
                              .d = r->d,
                              .n = 1,
                              .value_bits = r->spec->value_bits,
                              .memory = run_memory(r, r->n, port),
                              .sampler = &r->worker[0].sampler};
    struct message *m = &r->down;
    chain_compress(&r->spec->down, &q, v, m);
    message_copy(r->heard[port], m);
    r->heard_is_cached &= port != 0;
    charge_asked(r, &(struct ledger){.count = {[VALUES_DOWN] = m->payload_bits / r->spec->value_bits,
                                               [INDEX_DOWN] = !m->dense && m->index_bits > 0 ? (double)m->count : 0,
                                               [BITS_DOWN] = m->index_bits + m->payload_bits,
                                               [MESSAGES_DOWN] = 1}});
    return r->heard[port];
}

in broadcast(struct server *server, in v)
{
    return broadcast_on(server, 0, v);
}

void broadcast_flag(struct server *server, bool bit)
{
    server->run->flag = bit;
    charge_asked(server->run, &(struct ledger){.count = {[BITS_DOWN] = 1}});
}

in heard_on(const struct client *c, int port)
{
    if (port < 0 || port >= PORTS || !c->run->heard_set[port]) misuse(c->run, "a client listens to a port that is silent");
    return c->run->heard[port];
}

in heard(const struct client *c)
{
    return heard_on(c, 0);
}

in heard_before(const struct client *c)
{
    if (!recent(c)) misuse(c->run, "a client looks back to a round that it had no part in");
    return c->run->heard_before;
}

bool client_flag(const struct client *c)
{
    return c->run->flag;
}

bool server_flag(const struct server *s)
{
    return s->run->flag;
}
