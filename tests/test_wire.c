/* test_wire.c - the bit packer: exact lengths, exact bytes, and what goes in comes out; and the memory of messages. */
#include "../sim/message.h"
#include "../sim/rng.h"
#include "../sim/wire.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

static void bytes_are_known(void **state)
{
    (void)state;
    struct wire w = {0};
    wire_put(&w, 1, 1);
    wire_put(&w, 0, 2);
    wire_put(&w, 0x1f, 5);
    assert_int_equal(w.length, 8);
    assert_int_equal(w.byte[0], 0xf9);
    wire_put(&w, UINT64_C(0x0123456789abcdef), 64);
    const uint8_t little[8] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01};
    assert_memory_equal(w.byte + 1, little, 8);
    wire_put(&w, 0xffff, 3); /* only the low bits count */
    wire_put(&w, 0, 13);
    assert_int_equal(w.byte[9], 7);
    assert_int_equal(w.length, 88);
    wire_reset(&w);
    wire_put_elias(&w, 5); /* 0 0 1, then 01: in order of sending 0,0,1,1,0 */
    assert_int_equal(w.length, 5);
    assert_int_equal(w.byte[0], 4 + 8);
    wire_put_value(&w, 1.0, 64);
    assert_int_equal(w.length, 69);
    wire_free(&w);
    assert_null(w.byte);
}

/* One random item after another, of every kind; what was written is remembered. */
enum { ITEMS = 20000, KINDS = 4 };
struct item {
    int kind;
    unsigned bits;
    uint64_t word;
    double value;
};

static struct item random_item(struct stream *s)
{
    struct item it = {.kind = (int)stream_below(s, KINDS), .word = stream_u64(s)};
    it.bits = stream_below(s, 65);
    if (it.kind == 0 && it.bits < 64) it.word &= (UINT64_C(1) << it.bits) - 1;
    if (it.kind == 1) it.word >>= stream_below(s, 64);
    if (it.kind == 1 && it.word == 0) it.word = 1;
    it.value = stream_gaussian(s);
    if (it.kind == 3) it.value = (double)(float)it.value;
    return it;
}

static size_t put_item(struct wire *w, const struct item *it)
{
    switch (it->kind) {
    case 0:
        wire_put(w, it->word, it->bits);
        return it->bits;
    case 1:
        wire_put_elias(w, it->word);
        return elias_length(it->word);
    default:
        wire_put_value(w, it->value, it->kind == 2 ? 64 : 32);
        return it->kind == 2 ? 64 : 32;
    }
}

static bool get_item(struct wire *w, const struct item *it)
{
    switch (it->kind) {
    case 0:
        return wire_get(w, it->bits) == it->word;
    case 1:
        return wire_get_elias(w) == it->word;
    default:
        return wire_get_value(w, it->kind == 2 ? 64 : 32) == it->value;
    }
}

static void everything_comes_back(void **state)
{
    (void)state;
    struct item *items = malloc(ITEMS * sizeof *items);
    struct wire w = {0};
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct stream s = stream(seed, FOR_TEST, 0, 0, 0);
        size_t length = 0, wrong = 0;
        wire_reset(&w);
        for (int i = 0; i < ITEMS; i++) {
            items[i] = random_item(&s);
            length += put_item(&w, &items[i]);
            assert_int_equal(w.length, length);
        }
        for (int i = 0; i < ITEMS; i++) assert_true(get_item(&w, &items[i]));
        assert_int_equal(w.cursor, length);
        assert_false(w.overrun);
        /* controls: one bit flipped is seen once; one bit skipped spoils nearly all */
        w.byte[length / 16] ^= 1;
        w.cursor = 0;
        for (int i = 0; i < ITEMS; i++) wrong += !get_item(&w, &items[i]);
        assert_true(wrong >= 1);
        w.cursor = 1;
        w.overrun = false;
        wrong = 0;
        for (int i = 0; i < ITEMS; i++) wrong += !get_item(&w, &items[i]);
        assert_true(wrong > ITEMS / 2);
        wire_reset(&w);
        assert_int_equal(w.length, 0);
        for (size_t i = 0; i < w.room; i++) assert_int_equal(w.byte[i], 0);
    }
    wire_free(&w);
    free(items);
}

static void special_values_come_back(void **state)
{
    (void)state;
    const double values[] = {0.0, -0.0, INFINITY, -INFINITY, 0x1p-1074, 0x1.fffffffffffffp1023, -1.5, 0x1p-149, 1.0};
    struct wire w = {0};
    wire_put(&w, 1, 3); /* not on a byte's boundary */
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        wire_put_value(&w, values[i], 64);
        if ((double)(float)values[i] == values[i]) wire_put_value(&w, values[i], 32);
    }
    wire_put_value(&w, NAN, 64);
    wire_put_value(&w, NAN, 32);
    assert_int_equal(wire_get(&w, 3), 1);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double v = wire_get_value(&w, 64);
        assert_memory_equal(&v, &values[i], 8);
        if ((double)(float)values[i] != values[i]) continue;
        v = wire_get_value(&w, 32);
        assert_memory_equal(&v, &values[i], 8);
    }
    assert_true(isnan(wire_get_value(&w, 64)) && isnan(wire_get_value(&w, 32)));
    wire_reset(&w);
    wire_put_value(&w, 0.1, 32); /* control: what a float cannot hold comes back as the float */
    assert_true(wire_get_value(&w, 32) != 0.1);
    wire_free(&w);
}

static void reading_past_the_end_is_seen(void **state)
{
    (void)state;
    struct wire w = {0};
    assert_int_equal(wire_get(&w, 0), 0); /* an empty wire without memory */
    assert_false(w.overrun);
    assert_int_equal(wire_get(&w, 1), 0);
    assert_true(w.overrun);
    wire_reset(&w);
    assert_false(w.overrun);
    wire_put(&w, 0x7f, 7);
    assert_int_equal(wire_get(&w, 8), 0);
    assert_true(w.overrun);
    assert_int_equal(wire_get(&w, 1), 0); /* and stays at the end */
    wire_reset(&w);
    wire_put(&w, 0, 40); /* zeros without their one: no Elias code */
    assert_int_equal(wire_get_elias(&w), 0);
    assert_true(w.overrun);
    wire_reset(&w);
    wire_put(&w, 0, 64);
    wire_put(&w, 3, 64);
    assert_int_equal(wire_get_elias(&w), 0); /* 64 zeros would need a 65-bit number */
    assert_true(w.overrun);
    wire_reset(&w);
    wire_put(&w, 4, 3); /* 0 0 1, its two low bits are missing */
    assert_int_equal(wire_get_elias(&w), 0);
    assert_true(w.overrun);
    wire_free(&w);
}

static void lengths_of_codes(void **state)
{
    (void)state;
    for (uint64_t k = 1; k <= 5000; k++) {
        unsigned log2 = 0, fixed = 0;
        while (k >> (log2 + 1) != 0) log2++;
        while ((UINT64_C(1) << fixed) < k) fixed++;
        assert_int_equal(elias_length(k), 2 * log2 + 1);
        assert_int_equal(bits_for(k), fixed);
    }
    assert_int_equal(elias_length(UINT64_MAX), 127);
    assert_int_equal(bits_for(UINT64_MAX), 64);
    assert_int_equal(bits_for(UINT64_C(1) << 63), 63);
    assert_int_equal(bits_for(112), 7);
    assert_int_equal(bits_for(11200000), 24);
    struct wire w = {0};
    wire_put_elias(&w, UINT64_MAX);
    wire_put_elias(&w, 1);
    assert_int_equal(w.length, 128);
    assert_true(wire_get_elias(&w) == UINT64_MAX);
    assert_true(wire_get_elias(&w) == 1);
    wire_free(&w);
}

static void messages_grow_and_keep_their_memory(void **state)
{
    (void)state;
    struct message m = {0};
    message_shape(&m, 1000000, 10, false);
    assert_int_equal(m.d, 1000000);
    assert_int_equal(m.count, 10);
    assert_false(m.dense);
    assert_in_range(m.room_value, 10, 1000); /* a sparse message costs its count, not d */
    assert_in_range(m.room_index, 10, 1000);
    m.scale = 3;
    m.index_bits = m.payload_bits = 7;
    int64_t index_room = m.room_index;
    message_shape(&m, 5000, 5000, true);
    for (int i = 0; i < 5000; i++) m.value[i] = i;
    assert_true(m.dense && m.scale == 0 && m.index_bits == 0 && m.payload_bits == 0);
    assert_int_equal(m.room_index, index_room); /* dense messages need no index */
    const double *before = m.value;
    message_shape(&m, 5000, 4000, true);
    assert_ptr_equal(m.value, before);
    message_shape(&m, 5000, 3000, false);
    for (uint32_t i = 0; i < 3000; i++) m.index[i] = i;
    message_shape(&m, 5000, 0, false);
    assert_int_equal(m.count, 0);
    message_free(&m);
    assert_null(m.value);
    message_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_known),          cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(special_values_come_back), cmocka_unit_test(reading_past_the_end_is_seen),
        cmocka_unit_test(lengths_of_codes),         cmocka_unit_test(messages_grow_and_keep_their_memory),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
