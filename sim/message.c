/* message.c - memory of messages; a message is reshaped every round and grows only. */
#include "message.h"
#include "fail.h"
#include <stdlib.h>

/* Doubling keeps the number of allocations of a run logarithmic; no message carries more than `most`. */
static int64_t grown(int64_t room, int64_t count, int64_t most)
{
    int64_t wanted = room < 1 ? 1 : room;
    while (wanted < count) wanted *= 2;
    return wanted > most && count <= most ? most : wanted;
}

void message_shape(struct message *m, int64_t d, int64_t count, bool dense)
{
    if (count > m->room_value) {
        m->room_value = grown(m->room_value, count, d);
        free(m->value);
        m->value = xcalloc((size_t)m->room_value, sizeof *m->value);
    }
    if (!dense && count > m->room_index) {
        m->room_index = grown(m->room_index, count, d);
        free(m->index);
        m->index = xcalloc((size_t)m->room_index, sizeof *m->index);
    }
    m->d = d;
    m->count = count;
    m->dense = dense;
    m->scale = 0;
    m->factors = 0;
    m->index_bits = m->payload_bits = 0;
}

double *message_factors(struct message *m, int64_t count)
{
    if (count > m->room_factor) {
        m->room_factor = grown(m->room_factor, count, m->d);
        free(m->factor);
        m->factor = xcalloc((size_t)m->room_factor, sizeof *m->factor);
    }
    m->factors = count;
    return m->factor;
}

void message_free(struct message *m)
{
    free(m->index);
    free(m->value);
    free(m->factor);
    *m = (struct message){0};
}
