/* oracle.c - gradients and samples as clients see them: whatever is evaluated here is counted here. */
#include "engine.h"
#include "vec.h"
#include <stdlib.h>

/* Where the next gradient goes.  The last one is no longer valid; while anybody watches, it does not seem so either. */
static double *next_gradient(struct client *c)
{
    struct worker *w = c->worker;
    if (w->gradients++ > 0 && watched(c->run)) {
        double *last = w->gradient;
        w->gradient = w->gradient_before;
        w->gradient_before = last;
        watch_blank(c->run, last);
    }
    if (!w->gradient) w->gradient = vec_new(c->run->d);
    return w->gradient;
}

in gradient(struct client *c, in x)
{
    struct run *r = c->run;
    double *count = r->ledger[c->id].count;
    count[FULL_GRADIENTS] += 1;
    count[SAMPLE_GRADIENTS] += (double)r->objective->samples[c->id];
    c->worker->asked_at_heard += x == r->heard[0];
    const double *cached = x == r->heard[0] && r->heard_is_cached ? vec_at(r->cache, r->d, c->id) : NULL;
    if (cached && !watched(r)) return cached;
    double *out = next_gradient(c);
    if (cached)
        vec_copy(out, cached);
    else
        r->objective->gradient(r->objective, c->id, x, out, NULL, &c->worker->oracle);
    return out;
}

void local_step(struct client *c, vec y, double gamma, in g)
{
    c->run->ledger[c->id].count[LOCAL_STEPS] += 1;
    vec_axpy(y, -gamma, g);
}

/* --- batches ------------------------------------------------------------------------------------------------------------- */

static struct batch *batch_new(const struct client *c, int64_t count)
{
    struct batches *b = &c->worker->batches;
    if (c->run->spec->method->samples == FULL_GRADIENTS_ONLY)
        misuse(c->run, "it takes samples but does not declare so (.samples)");
    if (b->used == b->have) {
        b->batch = xrealloc(b->batch, (b->have + 1) * sizeof(struct batch *));
        b->batch[b->have++] = xcalloc(1, sizeof(struct batch));
    }
    struct batch *out = b->batch[b->used++];
    out->row = xrealloc(out->row, (size_t)(count > 0 ? count : 1) * sizeof *out->row);
    out->count = count;
    return out;
}

void batches_free(struct batches *b)
{
    for (size_t k = 0; k < b->have; k++) {
        free(b->batch[k]->row);
        free(b->batch[k]);
    }
    free(b->batch);
    *b = (struct batches){0};
}

const struct batch *draw(struct client *c, int64_t size, enum sampling how)
{
    const struct objective *o = c->run->objective;
    const int64_t m = o->samples[c->id];
    if (!o->batch || size < 1 || (o->finite_sum && how != REPLACE && size > m))
        misuse(c->run, "a client draws samples that there are not");
    struct batch *b = batch_new(c, size);
    struct stream *s = how == COMMON ? &c->common : &c->own;
    if (!o->finite_sum)
        for (int64_t k = 0; k < size; k++) b->row[k] = stream_u32(s);
    else if (how == REPLACE)
        for (int64_t k = 0; k < size; k++) b->row[k] = stream_below(s, (uint32_t)m);
    else
        sample_subset(&c->worker->row_sampler, s, m, size, b->row);
    return b;
}

void batch_gradient(struct client *c, const struct batch *b, in x, vec out)
{
    struct run *r = c->run;
    if (dim(out) != r->d || out == x) misuse(r, "a gradient needs a vector of its own, as long as the model");
    r->ledger[c->id].count[SAMPLE_GRADIENTS] += (double)b->count;
    r->objective->batch(r->objective, c->id, b->row, b->count, x, out, &c->worker->oracle);
}

/* --- reshuffling --------------------------------------------------------------------------------------------------------- */

const struct batch *block(struct client *c, int64_t blocks, int64_t which)
{
    const struct objective *o = c->run->objective;
    const int64_t m = o->samples[c->id], size = blocks > 0 ? m / blocks : 0;
    if (!o->finite_sum || size < 1 || which < 0 || which >= blocks) misuse(c->run, "a client asks for a block that there is not");
    const int64_t first = which * size, end = which == blocks - 1 ? m : first + size;
    struct batch *b = batch_new(c, end - first);
    for (int64_t k = first; k < end; k++) b->row[k - first] = (uint32_t)k;
    return b;
}

/* The permutation of this client's blocks in this epoch, kept until another one is asked for. */
static const uint32_t *order_of(struct client *c, int64_t blocks, int64_t epoch)
{
    struct worker *w = c->worker;
    if (w->order && w->order_client == c->id && w->order_blocks == blocks && w->order_epoch == epoch) return w->order;
    if (blocks > w->order_room) {
        w->order = xrealloc(w->order, (size_t)blocks * sizeof *w->order);
        w->order_room = blocks;
    }
    struct stream s = stream(c->run->spec->seed, FOR_PERMUTATION, 0, (uint32_t)epoch, c->id);
    sample_permutation(&s, blocks, w->order);
    w->order_client = c->id;
    w->order_blocks = blocks;
    w->order_epoch = epoch;
    return w->order;
}

int64_t turn(struct client *c, enum order how, int64_t blocks, int64_t epoch, int64_t step)
{
    if (step < 0 || step >= blocks || epoch < 0 || how == FRESH) misuse(c->run, "an epoch has no such step");
    return how == INCREMENTAL ? step : order_of(c, blocks, how == ONCE ? 0 : epoch)[step];
}

/* The rows are given back: a client may take any number of steps. */
void step_gradient(struct client *c, enum order how, int64_t blocks, int64_t size, int64_t step, in x, vec out)
{
    const size_t used = c->worker->batches.used;
    if (how != FRESH)
        batch_gradient(c, block(c, blocks, turn(c, how, blocks, step / blocks, step % blocks)), x, out);
    else if (size > 0)
        batch_gradient(c, draw(c, size, REPLACE), x, out);
    else
        vec_copy(out, gradient(c, x));
    c->worker->batches.used = used;
}
