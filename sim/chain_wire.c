/* chain_wire.c - a compressed message as bits, and back. */
#include "chain.h"
#include "fail.h"
#include <stdlib.h>

static void pack_values(const struct chain *c, struct compress_call *q, const struct message *m, struct wire *w)
{
    int coder = chain_coder(c);
    if (coder < 0) {
        for (int64_t j = 0; j < m->count; j++) wire_put_value(w, m->value[j], q->value_bits);
        return;
    }
    const void *param = chain_at(c, q, coder);
    if (!c->link[0]->scales) {
        c->link[coder]->pack_value(param, q, m, w);
        return;
    }
    /* The symbols are those of value (1 + omega), which rounding left within an ulp or two of one. */
    double factor = 1 + chain_inner_omega(c, q);
    struct message inside = *m;
    inside.value = xmalloc((size_t)m->count * sizeof *inside.value);
    for (int64_t j = 0; j < m->count; j++) inside.value[j] = m->value[j] * factor;
    c->link[coder]->pack_value(param, q, &inside, w);
    free(inside.value);
}

void chain_pack(const struct chain *c, struct compress_call *q, const struct message *m, struct wire *w)
{
    const struct compressor *sparsifier = chain_sparsifier(c);
    if (sparsifier != NULL) sparsifier->pack_index(chain_at(c, q, c->length - 1), q, m, w);
    if (m->count > 0) pack_values(c, q, m, w);
}

void chain_unpack(const struct chain *c, struct compress_call *q, struct wire *w, struct message *m)
{
    const struct compressor *sparsifier = chain_sparsifier(c);
    int coder = chain_coder(c);
    if (sparsifier != NULL)
        sparsifier->unpack_index(chain_at(c, q, c->length - 1), q, w, m);
    else
        message_shape(m, q->d, q->d, true);
    if (coder < 0) {
        for (int64_t j = 0; j < m->count; j++) m->value[j] = wire_get_value(w, q->value_bits);
    } else if (m->count > 0) {
        c->link[coder]->unpack_value(chain_at(c, q, coder), q, w, m);
    }
    chain_measure(c, q, m);
    if (coder >= 0 && c->link[0]->scales) chain_scale(c, q, m); /* plain numbers were sent already scaled */
}
