/* plot_style.c - colours, dashes and markers.
 *
 * One table for all figures: a method keeps its colour and a compressor its marker from figure to figure, unless two that meet in
 * one figure would share it.  Colours: M. Okabe and K. Ito, Color Universal Design (2008), and grey. */
#include "plot_figure.h"
#include <stdlib.h>
#include <string.h>

enum { BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY, YELLOW, COLOURS };
const char *const style_colour[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
                                    "#56B4E9", "#000000", "#7F7F7F", "#F0E442"};
enum { DASHES = 6 };
const char *const style_dash[] = {"1", "(10,5)", "(2.5,3.5)", "(10,4,2,4)", "(18,5)", "(10,4,2,4,2,4)"};
enum { CIRCLE, SQUARE, TRIANGLE, DIAMOND, DOWN, RING, BOX, EMPTY_TRIANGLE, EMPTY_DIAMOND, EMPTY_DOWN, MARKERS };
const int style_marker[] = {7, 5, 9, 13, 11, 6, 4, 8, 12, 10};

/* Names as papers print them where capitals alone will not do, and their place in the tables. */
static const struct style {
    const char *name, *print;
    int slot;
} methods_known[] = {
    {"gd", NULL, BLACK},
    {"agd", NULL, GREY},
    {"sgd", NULL, BLACK},
    {"page", NULL, BLACK},
    {"qgd", NULL, SKY},
    {"qsgd", NULL, SKY},
    {"diana", NULL, BLUE},
    {"diana-sgd", NULL, BLUE},
    {"diana-published", "DIANA as published", SKY},
    {"vr-diana", NULL, BLUE},
    {"vr-diana-published", "VR-DIANA as published", SKY},
    {"adiana", NULL, PURPLE},
    {"marina", NULL, VERMILLION},
    {"vr-marina", NULL, VERMILLION},
    {"pp-marina", NULL, ORANGE},
    {"dasha", NULL, GREEN},
    {"dasha-page", NULL, GREEN},
    {"dasha-mvr", NULL, PURPLE},
    {"dasha-sync-mvr", NULL, ORANGE},
    {"ef", NULL, ORANGE},
    {"ef21", NULL, PURPLE},
    {"ef21-sgd", NULL, PURPLE},
    {"ef21-pp", NULL, SKY},
    {"ef21-bc", NULL, GREEN},
    {"rr", NULL, BLACK},
    {"q-rr", NULL, SKY},
    {"diana-rr", NULL, ORANGE},
    {"diana-rr-1s", NULL, GREEN},
    {"nastya", NULL, BLACK},
    {"q-nastya", NULL, SKY},
    {"diana-nastya", NULL, BLUE},
    {"fedavg", "FedAvg", BLACK},
    {"local-sgd", "Local SGD", BLACK},
    {"scaffold", NULL, GREY},
    {"fedpaq", "FedPAQ", GREEN},
    {"fedcom", "FedCOM", ORANGE},
    {"fedcomgate", "FedCOMGATE", PURPLE},
    {"fedsteph", "FedSTEPH", VERMILLION},
    {NULL, NULL, 0},
};
static const struct style compressors_known[] = {
    {"identity", "identity", CIRCLE}, {"randk", "Rand-K", CIRCLE},     {"topk", "Top-K", TRIANGLE},
    {"permk", "Perm-K", SQUARE},      {"natural", "natural", DIAMOND}, {"bernoulli", "Bernoulli", RING},
    {"qsgd", "QSGD", DOWN},           {"terngrad", "TernGrad", BOX},   {NULL, NULL, 0},
};

static const struct style *style_known(const char *key, const char *value)
{
    const struct style *s = strcmp(key, "method") == 0       ? methods_known
                            : strcmp(key, "compressor") == 0 ? compressors_known
                                                             : NULL;
    while (s != NULL && s->name != NULL && strcmp(s->name, value) != 0) s++;
    return s != NULL && s->name != NULL ? s : NULL;
}

const char *style_print(const char *key, const char *value)
{
    const struct style *known = style_known(key, value);
    return known != NULL ? known->print : NULL;
}

/* --- slots ------------------------------------------------------------------------------------------------------------------ */
/* A value's own slot: from the table, else by its name, so that a method nobody has listed keeps its colour too.  What has no
 * table takes the slots in the order of the experiment. */
static size_t own_slot(const char *look, const char *key, const char *value, size_t order, size_t slots)
{
    bool tabled = (strcmp(look, "colour") == 0 && strcmp(key, "method") == 0) ||
                  (strcmp(look, "marker") == 0 && strcmp(key, "compressor") == 0);
    if (!tabled) return order % slots;
    const struct style *known = style_known(key, value);
    if (known != NULL) return (size_t)known->slot;
    size_t hash = 5381;
    for (; *value != '\0'; value++) hash = hash * 33 + (unsigned char)*value;
    return hash % slots;
}

/* slot[i]: of curve i's value; equal values share one, different ones do not while there are slots left. */
static void assign_slots(const char *look, const char *key, char *const *value, size_t curves, size_t slots, int *slot)
{
    size_t different = 0, *used = xcalloc(slots, sizeof *used);
    for (size_t i = 0; i < curves; i++) {
        size_t j = 0;
        while (j < i && !same_text(value[j], value[i])) j++;
        if (j < i) {
            slot[i] = slot[j];
            continue;
        }
        size_t s = own_slot(look, key, value[i] != NULL ? value[i] : "", different, slots), tries = 0;
        while (used[s] > different / slots && tries++ < slots) s = (s + 1) % slots;
        used[s]++;
        different++;
        slot[i] = (int)s;
    }
    free(used);
}

/* The values that a setting tells apart: an attribute's, or (key == NULL) those of all in `rest` together. */
static void take_values(const struct figure *g, const char *key, const char *const *rest, char **value)
{
    for (size_t i = 0; i < g->curves; i++)
        value[i] = key != NULL ? curve_attribute(&g->curve[i], key) : legend_entry(&g->curve[i], rest);
}

static bool is_telling(const char *name, const char *const *telling)
{
    while (*telling != NULL && strcmp(*telling, name) != 0) telling++;
    return *telling != NULL;
}

/* One of the three looks, from its setting; `automatic`: what "auto" stands for (NULL: all of `rest`). */
static bool set_look(const struct figure *g, const char *look, const char *setting, const char *automatic,
                     const char *const *rest, size_t slots, int *slot, struct fail *f)
{
    bool by_hand = strcmp(setting, "auto") != 0;
    const char *key = by_hand ? setting : automatic;
    if (key != NULL && strcmp(key, "none") == 0) return true;
    if (by_hand && !attribute_exists(g, key, look, f)) return false;
    char **value = xcalloc(g->curves + 1, sizeof *value);
    take_values(g, key, rest, value);
    assign_slots(look, key != NULL ? key : "", value, g->curves, slots, slot);
    for (size_t i = 0; i < g->curves; i++) free(value[i]);
    free(value);
    return true;
}

/* No two curves may look the same: the later one takes the next dash, then the next colour. */
static void make_different(struct figure *g)
{
    for (size_t i = 1; i < g->curves; i++) {
        struct curve *c = &g->curve[i];
        int dash = c->dash, colour = c->colour;
        for (int tries = 0; tries < DASHES * COLOURS; tries++) {
            bool same = false;
            c->dash = (dash + tries) % DASHES;
            c->colour = (colour + (tries / DASHES)) % COLOURS;
            for (size_t j = 0; j < i; j++) {
                const struct curve *b = &g->curve[j];
                same |= b->colour == c->colour && b->dash == c->dash && b->marker == c->marker;
            }
            if (!same) break;
        }
    }
}

static bool set_looks(struct figure *g, const char *const *telling, struct fail *f)
{
    const struct plot_settings *s = g->settings;
    size_t all = 0, count = 0;
    while (telling[all] != NULL) all++;
    const char **rest = xcalloc(all + 1, sizeof *rest);
    const char *colour = is_telling("method", telling) || *telling == NULL ? "method" : *telling;
    for (size_t i = 0; i < all; i++)
        if (strcmp(telling[i], colour) != 0 && strcmp(telling[i], "compressor") != 0) rest[count++] = telling[i];
    const char *marker = is_telling("compressor", telling) ? "compressor" : count > 0 ? NULL : colour;
    const char *dash = count > 0 ? NULL : "none";
    int *slot = xcalloc(3 * g->curves + 1, sizeof *slot);
    bool ok = set_look(g, "colour", s->colour, colour, rest, COLOURS, slot, f) &&
              set_look(g, "dash", s->dash, dash, rest, DASHES, slot + g->curves, f) &&
              set_look(g, "marker", s->marker, marker, rest, MARKERS, slot + 2 * g->curves, f);
    bool marked = strcmp(s->marker, "none") != 0 && s->markers > 0;
    for (size_t i = 0; ok && i < g->curves; i++) {
        g->curve[i].colour = slot[i];
        g->curve[i].dash = slot[g->curves + i];
        g->curve[i].marker = marked ? slot[2 * g->curves + i] : -1;
    }
    if (ok && strcmp(s->dash, "auto") == 0) make_different(g);
    free(slot);
    free(rest);
    return ok;
}

bool curves_style(struct figure *g, struct fail *f)
{
    const char **telling = telling_attributes(g);
    bool ok = set_looks(g, telling, f);
    for (size_t i = 0; ok && i < g->curves; i++) {
        struct curve *c = &g->curve[i];
        c->legend = *g->settings->label != '\0' ? template_entry(g, c, g->settings->label, f) : legend_entry(c, telling);
        mark_diverged(c);
        ok = f->text[0] == '\0';
    }
    free(telling);
    return ok;
}
