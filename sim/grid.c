/* grid.c - from lists of values to combinations. */
#include "grid.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 100000, CELLS_MAX = 1000000 };
#define RANGE_MOST (INT64_C(1) << 53) /* as for every whole number that is a parameter */

bool fail_behind(struct fail *f, const char *prefix)
{
    char *text = xstrdup(f->text);
    f->text[0] = '\0';
    (f->exit_status == 1 ? fail_run : fail_set)(f, "%s: %s", prefix, text);
    free(text);
    return false;
}

bool fail_at(struct fail *f, const struct entry *e)
{
    return fail_behind(f, e->place);
}

/* Room for so many tokens more. */
static bool reserve(struct values *a, int64_t more, struct fail *f)
{
    if (more > TOKENS_MAX - (int64_t)a->count) return fail_set(f, "%s lists more than %d values", a->entry->key, TOKENS_MAX);
    const size_t wanted = a->count + (size_t)more;
    if (wanted > a->room) {
        a->room = wanted > 2 * a->room ? wanted : 2 * a->room;
        a->token = xrealloc(a->token, a->room * sizeof *a->token);
    }
    return true;
}

static bool add_token(struct values *a, const char *token, struct fail *f)
{
    if (!reserve(a, 1, f)) return false;
    a->token[a->count++] = xstrdup(token);
    return true;
}

/* "2^-3x" -> exponent -3, suffix "x"; "7" -> 7 with no base. */
static bool range_end(const char *text, bool *power, int64_t *number, bool *times)
{
    char bare[64];
    size_t length = strlen(text);
    *times = length > 0 && text[length - 1] == 'x';
    *power = strncmp(text, "2^", 2) == 0;
    size_t from = *power ? 2 : 0;
    if (*times) length--;
    if (length <= from || length - from >= sizeof bare) return false;
    memcpy(bare, text + from, length - from);
    bare[length - from] = '\0';
    return parse_int(bare, number) && *number >= -RANGE_MOST && *number <= RANGE_MOST;
}

static bool add_range(struct values *a, const char *text, const char *dots, struct fail *f)
{
    char *left = xstrdup(text), *right = xstrdup(dots + 2);
    left[dots - text] = '\0';
    const char *star = strchr(left, '*'), *from = star ? star + 1 : left; /* "0.1*2^0": a factor of all values */
    bool power_a, power_b, times_a, times_b;
    int64_t low, high;
    bool ok = range_end(from, &power_a, &low, &times_a) && range_end(right, &power_b, &high, &times_b) && power_a == power_b &&
              times_a == times_b && low <= high && (!star || power_a);
    if (!ok) fail_set(f, "\"%s\" is not a range; allowed: 1..5, 2^-3..2^3, 2^-3x..2^3x and 0.1*2^0..2^3, low end first", text);
    ok = ok && reserve(a, high - low + 1, f);
    for (int64_t v = low; ok && v <= high; v++)
        a->token[a->count++] =
            xprintf("%.*s%s%lld%s", (int)(from - left), left, power_a ? "2^" : "", (long long)v, times_a ? "x" : "");
    free(left);
    free(right);
    return ok;
}

/* Text that is one value whatever it holds. */
static bool is_plain_text(const char *key)
{
    return strcmp(key, "title") == 0;
}

bool values_read(struct values *a, struct entry *entry, struct fail *f)
{
    *a = (struct values){.entry = entry};
    const char *at = entry->value;
    if (is_plain_text(a->entry->key)) return add_token(a, at, f);
    for (;;) {
        size_t length = strcspn(at, ",");
        const char *from = at, *to = at + length;
        while (from < to && isspace((unsigned char)*from)) from++;
        while (to > from && isspace((unsigned char)to[-1])) to--;
        if (from == to) return fail_set(f, "%s = %s: an empty place in the list", a->entry->key, a->entry->value);
        char *token = xstrdup(from);
        token[to - from] = '\0';
        const char *dots = strstr(token, "..");
        bool ranged = dots && dots != token && !strchr(token, '/');
        bool ok = ranged ? add_range(a, token, dots, f) : add_token(a, token, f);
        free(token);
        if (!ok) return false;
        if (at[length] == '\0') return true;
        at += length + 1;
    }
}

void values_free(struct values *a)
{
    for (size_t t = 0; t < a->count; t++) free(a->token[t]);
    free(a->token);
    *a = (struct values){0};
}

static void axes_free(struct values *axis, size_t axes)
{
    for (size_t k = 0; k < axes; k++) values_free(&axis[k]);
    free(axis);
}

/* Takes the entry as an axis of the curve when it is one of its own (or of [experiment], where the curve has none), and
 * `seed` or not. */
static bool take_axis(struct experiment *e, int curve, struct entry *entry, bool own, bool seed, struct values *axis,
                      size_t *axes, struct fail *f)
{
    if (entry->section != (own ? curve : IN_EXPERIMENT) || (strcmp(entry->key, "seed") == 0) != seed) return true;
    if (!own && experiment_find(e, curve, entry->key)) {
        entry->used = true;
        return true;
    }
    return values_read(&axis[(*axes)++], entry, f) || fail_at(f, entry);
}

/* The keys of one curve: those of [experiment] that it does not replace, then its own; seed last. */
static bool curve_axes(struct experiment *e, int curve, struct values **out, size_t *axes, struct fail *f)
{
    *out = xcalloc(e->count + 1, sizeof **out);
    *axes = 0;
    for (int seed = 0; seed < 2; seed++)
        for (int own = curve == IN_EXPERIMENT; own < 2; own++)
            for (size_t k = 0; k < e->count; k++)
                if (!take_axis(e, curve, &e->entry[k], own, seed, *out, axes, f)) return false;
    return true;
}

/* Takes the curve's combinations off the budget; a grid that is too large is blamed on its longest list. */
static bool within_budget(const struct values *axis, size_t axes, int64_t *budget, struct fail *f)
{
    int64_t cells = 1;
    size_t longest = 0;
    for (size_t k = 0; k < axes; k++) {
        if (axis[k].count > axis[longest].count) longest = k;
        if (cells <= CELLS_MAX) cells *= (int64_t)axis[k].count;
    }
    *budget -= cells;
    if (*budget >= 0) return true;
    fail_set(f, "the grid has more than %d combinations; the longest list is that of %s", CELLS_MAX, axis[longest].entry->key);
    return fail_at(f, axis[longest].entry);
}

static bool visit_curve(const struct values *axis, size_t axes, bool (*visit)(const struct cell *, void *, struct fail *),
                        void *user, struct fail *f)
{
    size_t *choice = xcalloc(axes + 1, sizeof *choice);
    struct cell cell = {axis, axes, choice};
    bool ok = true, more = true;
    while (ok && more) {
        ok = visit(&cell, user, f);
        more = false;
        for (size_t k = axes; k-- > 0 && !more;) {
            if (++choice[k] < axis[k].count)
                more = true;
            else
                choice[k] = 0;
        }
    }
    free(choice);
    return ok;
}

bool grid_visit(struct experiment *e, bool (*visit)(const struct cell *, void *user, struct fail *), void *user, struct fail *f)
{
    bool ok = true;
    int64_t budget = CELLS_MAX;
    for (int curve = e->curves ? 1 : IN_EXPERIMENT; ok && curve <= e->curves; curve++) {
        struct values *axis;
        size_t axes;
        ok = curve_axes(e, curve, &axis, &axes, f) && within_budget(axis, axes, &budget, f) &&
             visit_curve(axis, axes, visit, user, f);
        axes_free(axis, axes);
    }
    return ok;
}
