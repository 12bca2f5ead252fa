/* diff.c - what two results do not have in common. */
#include "diff.h"
#include "field.h"
#include "result_view.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 40, LINE_MOST = 200 }; /* differences printed, the rest is counted; bytes of a text's line */

struct comparison {
    const char *name_a, *name_b, *where; /* where: the group being compared, as printed */
    double tolerance;
    size_t differences;
};

/* Count one difference; true when it should still be printed. */
static bool differs(struct comparison *c)
{
    return c->differences++ < LINES;
}

static bool same_real(double a, double b, double tolerance)
{
    if (memcmp(&a, &b, sizeof a) == 0) return true;
    if (!(tolerance > 0)) return false;
    return (isnan(a) && isnan(b)) || a == b || (isfinite(a) && isfinite(b) && fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b)));
}

/* "0.1 (0x1.999999999999ap-4)"; a NaN with its bits. */
static char *both_forms(double v)
{
    char text[32];
    uint64_t bits;
    format_real(v, text);
    memcpy(&bits, &v, sizeof bits);
    return isfinite(v) ? xprintf("%s (%a)", text, v) : xprintf("%s (bits %016llx)", text, (unsigned long long)bits);
}

/* --- attributes ------------------------------------------------------------------------------------------- */

static bool same_attribute(const struct attribute *a, const struct attribute *b, double tolerance)
{
    if (a->type != b->type) return false;
    if (a->type == VALUE_TEXT) return strcmp(a->text, b->text) == 0;
    return a->type == VALUE_INT ? a->integer == b->integer : same_real(a->real, b->real, tolerance);
}

/* The line of a text that holds byte `start`, quoted. */
static char *differing_line(const char *text, size_t start)
{
    while (start > 0 && text[start - 1] != '\n') start--;
    size_t length = strcspn(text + start, "\r\n");
    bool cut = length > LINE_MOST;
    return xprintf("\"%.*s\"%s", cut ? LINE_MOST : (int)length, text + start, cut ? "..." : "");
}

static char *attribute_shown(const struct attribute *a, size_t start)
{
    return a->type == VALUE_REAL  ? both_forms(a->real)
           : a->type == VALUE_INT ? attribute_string(a)
                                  : differing_line(a->text, start);
}

static void print_attributes(const char *where, const struct attribute *a, const struct attribute *b)
{
    size_t at = 0, line = 1;
    bool texts = a->type == VALUE_TEXT && b->type == VALUE_TEXT;
    for (; texts && a->text[at] == b->text[at]; at++) line += a->text[at] == '\n';
    char *x = attribute_shown(a, at), *y = attribute_shown(b, at);
    printf("%s: %s", where, a->name);
    if (texts && strchr(a->text, '\n')) printf(", line %zu", line);
    printf(": %s against %s\n", x, y);
    free(x);
    free(y);
}

static void compare_attributes(struct comparison *c, const struct group *a, const struct group *b)
{
    for (size_t i = 0; i < a->attributes; i++) {
        const struct attribute *x = &a->attribute[i], *y = group_attribute(b, x->name);
        if (!y) {
            if (differs(c)) printf("%s: %s: only in %s\n", c->where, x->name, c->name_a);
        } else if (!same_attribute(x, y, c->tolerance)) {
            if (differs(c)) print_attributes(c->where, x, y);
        }
    }
    for (size_t i = 0; i < b->attributes; i++)
        if (!group_attribute(a, b->attribute[i].name) && differs(c))
            printf("%s: %s: only in %s\n", c->where, b->attribute[i].name, c->name_b);
}

/* --- arrays ------------------------------------------------------------------------------------------------- */

static bool same_entry(const struct array *a, const struct array *b, size_t row, double tolerance)
{
    if (a->type == VALUE_REAL) return same_real(((const double *)a->data)[row], ((const double *)b->data)[row], tolerance);
    if (a->type == VALUE_INT) return ((const int64_t *)a->data)[row] == ((const int64_t *)b->data)[row];
    return ((const uint8_t *)a->data)[row] == ((const uint8_t *)b->data)[row];
}

static size_t common_rows(const struct array *a, const struct array *b)
{
    return a->count < b->count ? a->count : b->count;
}

/* The first row, from `row` on, that differs; the number of common rows when none does. */
static size_t next_difference(const struct array *a, const struct array *b, size_t row, double tolerance)
{
    size_t rows = common_rows(a, b);
    while (row < rows && same_entry(a, b, row, tolerance)) row++;
    return row;
}

static char *entry_shown(const struct array *a, size_t row)
{
    if (a->type == VALUE_REAL) return both_forms(((const double *)a->data)[row]);
    char text[32];
    array_entry(a, row, text);
    return xstrdup(text);
}

/* The number of the round that a row of a trace belongs to, as ", round 17"; "" elsewhere. */
static char *round_of(const struct group *g, size_t row)
{
    const struct array *round = group_find_array(g, "round");
    if (!round || row >= round->count) return xstrdup("");
    char text[32];
    array_entry(round, row, text);
    return xprintf(", round %s", text);
}

static void compare_entries(struct comparison *c, const struct group *g, const struct array *a, const struct array *b)
{
    size_t rows = common_rows(a, b), row = next_difference(a, b, 0, c->tolerance), others = 0;
    if (row < rows && differs(c)) {
        for (size_t i = next_difference(a, b, row + 1, c->tolerance); i < rows; i = next_difference(a, b, i + 1, c->tolerance))
            others++;
        char *x = entry_shown(a, row), *y = entry_shown(b, row), *round = round_of(g, row);
        printf("%s: %s, row %zu%s: %s against %s", c->where, a->name, row, round, x, y);
        if (others > 0) printf(", and %zu more row%s", others, others > 1 ? "s" : "");
        putchar('\n');
        free(x);
        free(y);
        free(round);
    }
    if (a->count != b->count && differs(c)) printf("%s: %s: %zu rows against %zu\n", c->where, a->name, a->count, b->count);
}

static void compare_notes(struct comparison *c, const struct array *a, const struct array *b)
{
    if (strcmp(a->unit, b->unit) != 0 && differs(c))
        printf("%s: %s: unit \"%s\" against \"%s\"\n", c->where, a->name, a->unit, b->unit);
    if (strcmp(a->description, b->description) != 0 && differs(c))
        printf("%s: %s: description \"%s\" against \"%s\"\n", c->where, a->name, a->description, b->description);
}

static void compare_array(struct comparison *c, const struct group *g, const struct array *a, const struct array *b)
{
    if (a->type != b->type) {
        if (differs(c)) printf("%s: %s: %s against %s\n", c->where, a->name, value_type_name(a->type), value_type_name(b->type));
        return;
    }
    compare_entries(c, g, a, b);
    compare_notes(c, a, b);
}

/* Which array of `a` differs at the earliest row; a->arrays when none does. */
static size_t earliest(const struct comparison *c, const struct group *a, const struct group *b)
{
    size_t best = a->arrays, best_row = SIZE_MAX;
    for (size_t i = 0; i < a->arrays; i++) {
        const struct array *x = &a->array[i], *y = group_find_array(b, x->name);
        if (!y || x->type != y->type) continue;
        size_t row = next_difference(x, y, 0, c->tolerance);
        if (row < common_rows(x, y) && row < best_row) best = i, best_row = row;
    }
    return best;
}

static void compare_arrays(struct comparison *c, const struct group *a, const struct group *b)
{
    size_t head = earliest(c, a, b);
    if (head < a->arrays) compare_array(c, a, &a->array[head], group_find_array(b, a->array[head].name));
    for (size_t i = 0; i < a->arrays; i++) {
        const struct array *y = group_find_array(b, a->array[i].name);
        if (!y) {
            if (differs(c)) printf("%s: array %s: only in %s\n", c->where, a->array[i].name, c->name_a);
        } else if (i != head) {
            compare_array(c, a, &a->array[i], y);
        }
    }
    for (size_t i = 0; i < b->arrays; i++)
        if (!group_find_array(a, b->array[i].name) && differs(c))
            printf("%s: array %s: only in %s\n", c->where, b->array[i].name, c->name_b);
}

/* "/runs/003/trace (marina randk k=1 seed=1)": the group, and the label of its run if it has one; free() it. */
static char *place_of(const struct record *r, const struct group *g)
{
    char *run = xstrdup(g->path), *below = strncmp(run, "/runs/", 6) == 0 ? strchr(run + 6, '/') : NULL;
    if (below) *below = '\0';
    const char *label = attribute_text_or(record_find(r, run), "label", "");
    char *place = *label ? xprintf("%s (%s)", g->path, label) : xstrdup(g->path);
    free(run);
    return place;
}

/* Groups of `r` that `other` lacks; what is below such a group is not named again. */
static void compare_groups(struct comparison *c, const struct record *r, const struct record *other, const char *name)
{
    const char *lacking = NULL;
    for (size_t i = 0; i < r->groups; i++) {
        const char *path = r->group[i]->path;
        if (record_find(other, path) || (lacking && strncmp(path, lacking, strlen(lacking)) == 0 && path[strlen(lacking)] == '/'))
            continue;
        lacking = path;
        char *place = place_of(r, r->group[i]);
        if (differs(c)) printf("%s: only in %s\n", place, name);
        free(place);
    }
}

size_t diff_records(const struct record *a, const struct record *b, const char *name_a, const char *name_b, double tolerance)
{
    struct comparison c = {.name_a = name_a, .name_b = name_b, .tolerance = tolerance};
    for (size_t i = 0; i < a->groups; i++) {
        const struct group *g = a->group[i], *other = record_find(b, g->path);
        if (!other) continue;
        char *place = place_of(a, g);
        c.where = place;
        compare_attributes(&c, g, other);
        compare_arrays(&c, g, other);
        free(place);
    }
    compare_groups(&c, a, b, name_a);
    compare_groups(&c, b, a, name_b);
    if (c.differences > LINES) printf("... and %zu more\n", c.differences - LINES);
    return c.differences;
}
