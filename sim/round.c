/* round.c - a run: its memory, and one communication round after another. */
#include "engine.h"
#include "memory.h"
#include "real.h"
#include "vec.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Messages of many clients at a time; beyond it they are handled in waves.  Small, to stay in a processor's cache. */
static const double wave_bytes = 8e6;
/* Gradients of all clients at one point are kept up to this; beyond it, up to the second size and as long as they are few
 * beside what there is anyway, data and the method's own vectors.  Else they are computed when they are asked for. */
static const double cache_bytes = 64e6, large_cache_bytes = 256e6, cache_share = 0.1;

/* --- what methods see of the engine -------------------------------------------------------------- */

const void *client_param(const struct client *c)
{
    return c->run->spec->param.data;
}

const void *server_param(const struct server *s)
{
    return s->run->spec->param.data;
}

void *mine(struct client *c)
{
    return c->worker->mine;
}

void *state(struct server *s)
{
    return s->run->server_state;
}

bool client_first(const struct client *c)
{
    return c->run->round == 0;
}

bool server_first(const struct server *s)
{
    return s->run->round == 0;
}

int64_t server_rounds_made(const struct server *s)
{
    return s->run->round;
}

int64_t client_rounds_made(const struct client *c)
{
    return c->run->round;
}

double *tmp(struct client *c, int slot)
{
    struct worker *w = c->worker;
    if (slot < 0 || slot >= SLOTS) misuse(c->run, "there is no such scratch vector");
    if (!w->slot[slot]) w->slot[slot] = vec_new(c->run->d);
    if (!w->slot_used[slot]) watch_blank(c->run, w->slot[slot]); /* what another client left here must not be read */
    w->slot_used[slot] = true;
    return w->slot[slot];
}

bool coin(struct server *s, double p)
{
    struct run *r = s->run;
    struct stream draws = stream(r->spec->seed, FOR_COIN, r->coins++, (uint32_t)r->round, STREAM_SHARED);
    return stream_bernoulli(&draws, p);
}

/* --- memory ---------------------------------------------------------------------------------------- */

/* Point the vec and vecs members of a method's struct at vectors first, first + 1, ... of a slab. */
static void aim(void *structure, const struct field *table, const size_t *place, double *slab, int64_t d, size_t first)
{
    for (size_t k = 0; k < field_count(table); k++) {
        double *v = vec_at(slab, d, first + place[k]);
        memcpy((char *)structure + table[k].at, &v, sizeof v);
    }
}

/* Tell at() how long the lists are. */
static void mark_lists(const struct field *table, const size_t *place, double *slab, int64_t d, size_t first)
{
    for (size_t k = 0; k < field_count(table); k++)
        vec_list(vec_at(slab, d, first + place[k]), (int64_t)(place[k + 1] - place[k]));
}

/* Where each row's vectors begin, and behind the last row how many there are. */
static size_t *places(const struct run *r, const struct field *table)
{
    const size_t rows = field_count(table);
    size_t *place = xcalloc(rows + 1, sizeof *place);
    for (size_t k = 0; k <= rows; k++) place[k] = field_vectors(table, k, &r->spec->param);
    return place;
}

static void new_server(struct run *r)
{
    const struct method *m = r->spec->method;
    r->server.run = r;
    r->server_place = places(r, m->server);
    r->server_vectors = r->server_place[field_count(m->server)];
    r->server_slab = vec_slab(r->d, r->server_vectors);
    r->server_state = xcalloc(1, m->server_size + 1);
    mark_lists(m->server, r->server_place, r->server_slab, r->d, 0);
    aim(r->server_state, m->server, r->server_place, r->server_slab, r->d, 0);
    const char *model = m->model ? m->model : "x";
    for (size_t k = 0; k < field_count(m->server); k++)
        if (strcmp(m->server[k].name, model) == 0) r->model = vec_at(r->server_slab, r->d, r->server_place[k]);
    memcpy(r->model, r->spec->x0, (size_t)r->d * sizeof(double));
    if (m->start) m->start(&r->server);
}

/* Room for the messages of this many slots. */
static void slots_make(struct run *r, int64_t slots)
{
    if (slots <= r->slots) return;
    const size_t had = (size_t)r->slots * PORTS, have = (size_t)slots * PORTS;
    r->message = xrealloc(r->message, have * sizeof *r->message);
    r->sent = xrealloc(r->sent, have * sizeof *r->sent);
    memset(r->message + had, 0, (have - had) * sizeof *r->message);
    r->slots = slots;
}

/* Messages of one wave: many, or with long vectors one for each thread. */
static int64_t wave_of(const struct run *r)
{
    const double slot = (double)r->d * sizeof(double) + PORTS * sizeof(struct message);
    const int64_t room = (int64_t)(wave_bytes / slot), wave = room < r->threads ? r->threads : room;
    return wave < r->n ? wave : r->n;
}

static void new_cache(struct run *r)
{
    const double bytes = (double)r->n * (double)r->d * sizeof(double);
    const double own = (double)r->d * sizeof(double) * (double)r->client_vectors * (double)r->n + r->objective->bytes;
    if (bytes > cache_bytes && bytes > fmin(large_cache_bytes, cache_share * own)) return;
    r->cache = vec_slab(r->d, (size_t)r->n);
    r->cache_x = vec_new(r->d);
    r->metric_norm_sq = xcalloc((size_t)r->n, sizeof(double));
    r->metric_f = xcalloc((size_t)r->n, sizeof(double));
}

static void new_clients(struct run *r)
{
    const struct method *m = r->spec->method;
    r->client_place = places(r, m->client);
    r->client_vectors = r->client_place[field_count(m->client)];
    r->client_slab = vec_slab(r->d, r->client_vectors * (size_t)r->n);
    for (int64_t i = 0; i < r->n; i++)
        mark_lists(m->client, r->client_place, r->client_slab, r->d, (size_t)i * r->client_vectors);
    r->ledger = xcalloc((size_t)r->n, sizeof *r->ledger);
    r->wave = wave_of(r);
    slots_make(r, r->wave);
    r->worker = xcalloc((size_t)r->threads, sizeof *r->worker);
    for (int t = 0; t < r->threads; t++) r->worker[t].mine = xcalloc(1, m->client_size + 1);
    new_cache(r);
}

/* The largest batch that a method's parameters ask for. */
static double batch_bytes(const struct settings *s)
{
    static const char ending[] = "batch";
    double most = 0;
    for (size_t k = 0; k < s->count; k++) {
        const size_t length = strlen(s->table[k].name), tail = sizeof ending - 1;
        if (s->table[k].type == FIELD_INT && length >= tail && strcmp(s->table[k].name + length - tail, ending) == 0)
            most = fmax(most, settings_real(s, k));
    }
    return most * sizeof(uint32_t);
}

double run_bytes(const struct run_spec *s)
{
    const struct method *m = s->method;
    const double n = (double)s->objective->n, d = (double)s->objective->d;
    const double own = (double)field_vectors(m->client, field_count(m->client), &s->param);
    const double servers = (double)field_vectors(m->server, field_count(m->server), &s->param);
    const double kept = s->compressed ? PORTS * (double)chain_memory(&s->chain, s->objective->d) : 0;
    return sizeof(double) * (n * own * d + servers * d + 4 * d + n * kept) + n * BYTES_OF_CLIENT + batch_bytes(&s->param);
}

struct run *run_new(const struct run_spec *spec, int threads)
{
    struct run *r = xcalloc(1, sizeof *r);
    r->spec = spec;
    r->objective = spec->objective;
    r->d = r->objective->d;
    r->n = r->objective->n;
    r->threads = threads < 1 ? 1 : threads;
    trace_init(&r->trace, r->objective->x_star != NULL);
    channel_init(r);
    participants_init(r);
    watch_init(r);
    new_clients(r);
    new_server(r);
    return r;
}

static void worker_free(struct worker *w)
{
    for (int k = 0; k < SLOTS; k++) vec_free(w->slot[k]);
    vec_free(w->gradient);
    vec_free(w->gradient_before);
    free(w->mine);
    free(w->order);
    sampler_free(&w->sampler);
    sampler_free(&w->row_sampler);
    batches_free(&w->batches);
    oracle_work_free(&w->oracle);
}

void run_free(struct run *r)
{
    if (!r) return;
    for (int t = 0; t < r->threads; t++) worker_free(&r->worker[t]);
    for (int64_t k = 0; k < r->slots * PORTS; k++) message_free(&r->message[k]);
    channel_free(r);
    participants_free(r);
    watch_free(r);
    trace_free(&r->trace);
    vec_slab_free(r->server_slab);
    vec_slab_free(r->client_slab);
    vec_slab_free(r->cache);
    vec_free(r->cache_x);
    void *rest[] = {r->server_state, r->server_place, r->client_place,   r->ledger,  r->message,
                    r->sent,         r->worker,       r->metric_norm_sq, r->metric_f};
    for (size_t k = 0; k < sizeof rest / sizeof *rest; k++) free(rest[k]);
    free(r);
}

/* --- one round --------------------------------------------------------------------------------------- */

/* The k-th client asked, whose messages go to slots `place` and, if drawn more than once, following. */
static void serve_client(struct run *r, int64_t place, int64_t k)
{
    const struct participants *p = &r->participants;
    struct worker *w = &r->worker[r->threads > 1 ? omp_get_thread_num() : 0];
    const int64_t id = p->all ? k : (int64_t)p->client[k], times = p->all ? 1 : p->first[k + 1] - p->first[k];
    const uint64_t seed = r->spec->seed;
    struct client c = {.run = r,
                       .worker = w,
                       .id = (uint32_t)id,
                       .times = times,
                       .message = &r->message[place * PORTS],
                       .sent = &r->sent[place * PORTS],
                       .own = stream(seed, FOR_BATCH, 0, (uint32_t)r->round, (uint32_t)id),
                       .common = stream(seed, FOR_BATCH, 0, (uint32_t)r->round, STREAM_SHARED)};
    w->batches.used = 0;
    w->gradients = 0;
    memset(w->slot_used, 0, sizeof w->slot_used);
    memset(c.sent, 0, (size_t)times * PORTS * sizeof *c.sent);
    aim(w->mine, r->spec->method->client, r->client_place, r->client_slab, r->d, (size_t)id * r->client_vectors);
    r->spec->method->client_step(&c);
}

/* The first slot of the k-th client asked. */
static int64_t slot_of(const struct run *r, int64_t k)
{
    return r->participants.all ? k : r->participants.first[k];
}

/* Clients from..end of those asked: as many as have their messages in one wave, at least one. */
static int64_t end_of_wave(const struct run *r, int64_t from)
{
    int64_t end = from + 1;
    while (end < r->participants.count && slot_of(r, end + 1) - slot_of(r, from) <= r->wave) end++;
    return end;
}

/* Enough that threads seldom meet, few enough that they end together. */
int64_t run_share(const struct run *r, int64_t clients)
{
    const int64_t share = clients / (32 * (int64_t)r->threads);
    return share > 1 ? share : 1;
}

static void clients_work(struct run *r)
{
    for (int64_t from = 0, end; from < r->participants.count; from = end) {
        end = end_of_wave(r, from);
        const int64_t before = slot_of(r, from), slots = slot_of(r, end) - before;
        slots_make(r, slots);
        if (r->threads > 1) {
            const int64_t share = run_share(r, end - from);
#pragma omp parallel for schedule(dynamic, share) num_threads(r->threads)
            for (int64_t k = from; k < end; k++) serve_client(r, slot_of(r, k) - before, k);
        } else {
            for (int64_t k = from; k < end; k++) serve_client(r, slot_of(r, k) - before, k);
        }
        channel_collect(r, slots);
    }
}

/* What round 1 cost, for plots that leave a dense initialisation uncounted; nothing if it was not dense. */
static void note_start(struct run *r)
{
    bool dense = false;
    for (int t = 0; t < r->threads; t++) dense |= r->worker[t].sent_dense;
    if (!dense || !r->spec->method->dense_start) return;
    for (int64_t i = 0; i < r->n; i++)
        for (int k = 0; k < COUNTS; k++) r->start.count[k] += r->ledger[i].count[k];
    for (int k = 0; k < COUNTS; k++) r->start.count[k] /= (double)r->n;
}

static bool model_is_finite(const struct run *r)
{
    return isfinite(norm_sq(r->model));
}

/* Gradients at the model are worth having before they are asked for when, as in this round, all clients ask for them. */
static void look_ahead(struct run *r)
{
    int64_t asked = 0;
    for (int t = 0; t < r->threads; t++) asked += r->worker[t].asked_at_heard;
    r->in_vain |= r->ahead && !(asked == r->n && r->heard_is_cached);
    r->ahead = false;
    r->looks_ahead = asked == r->n && !r->in_vain;
}

void run_communicate(struct run *r)
{
    const struct run_spec *s = r->spec;
    channel_open(r);
    participants_open(r);
    if (s->method->open_round)
        s->method->open_round(&r->server);
    else
        broadcast(&r->server, r->model);
    watch_open(r);
    for (int t = 0; t < r->threads; t++) r->worker[t].asked_at_heard = 0;
    clients_work(r);
    s->method->server_step(&r->server);
    watch_close(r);
    participants_close(r);
    look_ahead(r);
    r->round++;
    if (r->round == 1) note_start(r);
    if (r->round == s->rounds) r->status = RUN_DONE;
    if (!model_is_finite(r)) {
        watch_diverged(r);
        real_same_nan((size_t)r->d, r->model);
        r->status = RUN_DIVERGED;
    }
    r->row_due = r->status != RUN_GOING || record_policy_keeps(&s->policy, r->round, s->rounds);
}

void run_round(struct run *r)
{
    measure(&r, 1);
    run_communicate(r);
    measure(&r, 1);
}
