/* wire.c - the bit packer: a little-endian stream of bits. */
#include "wire.h"
#include "fail.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t low_bits(uint64_t value, unsigned bits)
{
    return bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

/* Room for `bits` more, and for eight bytes beyond, so that whole words can be read and written. */
static void make_room(struct wire *w, unsigned bits)
{
    size_t needed = (w->length + bits) / 8 + 17;
    if (needed <= w->room) return;
    size_t room = w->room * 2 > needed ? w->room * 2 : needed;
    w->byte = xrealloc(w->byte, room);
    memset(w->byte + w->room, 0, room - w->room);
    w->room = room;
}

/* Bytes beyond the length are always zero, so new bits are merged in by `or`. */
static void put_short(struct wire *w, uint64_t value, unsigned bits)
{
    uint8_t *at = w->byte + w->length / 8;
    value <<= w->length % 8;
    for (unsigned i = 0; i < 8 && value != 0; i++, value >>= 8) at[i] |= (uint8_t)value;
    w->length += bits;
}

void wire_put(struct wire *w, uint64_t value, unsigned bits)
{
    assert(bits <= 64);
    make_room(w, bits);
    value = low_bits(value, bits);
    if (bits > 32) {
        put_short(w, value & UINT32_C(0xffffffff), 32);
        put_short(w, value >> 32, bits - 32);
    } else
        put_short(w, value, bits);
}

/* At most 32 bits, which with the up to 7 bits before them lie in five bytes. */
static uint64_t get_short(struct wire *w, unsigned bits)
{
    const uint8_t *at = w->byte + w->cursor / 8;
    uint64_t value = 0;
    for (unsigned i = 0; i < 5; i++) value |= (uint64_t)at[i] << 8 * i;
    value >>= w->cursor % 8;
    w->cursor += bits;
    return low_bits(value, bits);
}

uint64_t wire_get(struct wire *w, unsigned bits)
{
    assert(bits <= 64);
    if (bits == 0) return 0;
    if (bits > w->length - w->cursor) {
        w->cursor = w->length;
        w->overrun = true;
        return 0;
    }
    if (bits <= 32) return get_short(w, bits);
    uint64_t low = get_short(w, 32);
    return low | get_short(w, bits - 32) << 32;
}

void wire_put_value(struct wire *w, double v, unsigned value_bits)
{
    assert(value_bits == 32 || value_bits == 64);
    if (value_bits == 64) {
        uint64_t word;
        memcpy(&word, &v, sizeof word);
        wire_put(w, word, 64);
    } else {
        float narrow = (float)v;
        uint32_t word;
        memcpy(&word, &narrow, sizeof word);
        wire_put(w, word, 32);
    }
}

double wire_get_value(struct wire *w, unsigned value_bits)
{
    assert(value_bits == 32 || value_bits == 64);
    uint64_t word = wire_get(w, value_bits);
    if (value_bits == 64) {
        double v;
        memcpy(&v, &word, sizeof v);
        return v;
    }
    uint32_t half = (uint32_t)word;
    float narrow;
    memcpy(&narrow, &half, sizeof narrow);
    return narrow;
}

static unsigned floor_log2(uint64_t k)
{
    return 63U - (unsigned)__builtin_clzll(k);
}

unsigned elias_length(uint64_t k)
{
    assert(k >= 1);
    return 2 * floor_log2(k) + 1;
}

/* Elias gamma (Elias, IEEE Trans. Inf. Theory 1975): floor(log2 k) zeros, a one, then the bits of k below its highest. */
void wire_put_elias(struct wire *w, uint64_t k)
{
    assert(k >= 1);
    unsigned low = floor_log2(k);
    wire_put(w, 0, low);
    wire_put(w, 1, 1);
    wire_put(w, k, low);
}

uint64_t wire_get_elias(struct wire *w)
{
    unsigned low = 0;
    while (wire_get(w, 1) == 0) {
        if (w->overrun || ++low > 63) {
            w->overrun = true;
            return 0;
        }
    }
    uint64_t rest = wire_get(w, low);
    return w->overrun ? 0 : UINT64_C(1) << low | rest;
}

unsigned bits_for(uint64_t symbols)
{
    assert(symbols >= 1);
    return symbols == 1 ? 0 : floor_log2(symbols - 1) + 1;
}

void wire_reset(struct wire *w)
{
    if (w->length > 0) memset(w->byte, 0, w->length / 8 + 1);
    w->length = w->cursor = 0;
    w->overrun = false;
}

void wire_free(struct wire *w)
{
    free(w->byte);
    *w = (struct wire){0};
}
