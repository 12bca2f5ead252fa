/* record.c - a result in memory: groups in the order of a walk through the tree, each with its attributes and arrays.
 *
 * The list of groups is kept depth first, siblings in the order they were added.  That is also the order in which the image is
 * built and read back, so reading a file and writing it again gives the same bytes. */
#include "record.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "/" or "/a/b": no empty part, no slash at the end. */
static bool path_is_sound(const char *path)
{
    if (path[0] != '/') return false;
    if (path[1] == '\0') return true;
    return strstr(path, "//") == NULL && path[strlen(path) - 1] != '/';
}

/* Does `path` lie below `parent`? */
static bool path_is_below(const char *path, const char *parent)
{
    size_t length = strcmp(parent, "/") == 0 ? 0 : strlen(parent);
    return strncmp(path, parent, length) == 0 && path[length] == '/' && path[length + 1] != '\0';
}

/* Where `path` is in r->found, or the free place where it belongs; r->places is not 0. */
static struct group **place_of(const struct record *r, const char *path)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *c = path; *c; c++) hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    size_t at = (size_t)(hash ^ hash >> 32) & (r->places - 1);
    while (r->found[at] && strcmp(r->found[at]->path, path) != 0) at = (at + 1) & (r->places - 1);
    return &r->found[at];
}

static void more_places(struct record *r)
{
    free(r->found);
    r->places = r->places ? 2 * r->places : 64;
    r->found = xcalloc(r->places, sizeof *r->found);
    for (size_t i = 0; i < r->groups; i++) *place_of(r, r->group[i]->path) = r->group[i];
}

struct group *record_find(const struct record *r, const char *path)
{
    return r->places ? *place_of(r, path) : NULL;
}

/* Position of a group that is there.  Backwards: what was added last is asked for most. */
static size_t group_position(const struct record *r, const struct group *g)
{
    size_t at = r->groups - 1;
    while (r->group[at] != g) at--;
    return at;
}

static struct group *group_insert(struct record *r, size_t at, const char *path)
{
    if (r->groups == r->room) {
        r->room = r->room ? 2 * r->room : 16;
        r->group = xrealloc(r->group, r->room * sizeof *r->group);
    }
    memmove(r->group + at + 1, r->group + at, (r->groups - at) * sizeof *r->group);
    struct group *g = xcalloc(1, sizeof *g);
    g->path = xstrdup(path);
    r->group[at] = g;
    r->groups++;
    if (2 * r->groups > r->places)
        more_places(r);
    else
        *place_of(r, path) = g;
    return g;
}

/* Find or add the group; its parents are added too.  path: "/" or "/a/b". */
struct group *record_group(struct record *r, const char *path)
{
    assert(path_is_sound(path));
    struct group *found = record_find(r, path);
    if (found) return found;
    if (strcmp(path, "/") == 0) return group_insert(r, 0, path);

    char *parent = xstrdup(path), *slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
    const struct group *above = record_group(r, parent);
    size_t at = r->groups;
    if (!path_is_below(r->group[at - 1]->path, parent)) {
        at = group_position(r, above) + 1;
        while (at < r->groups && path_is_below(r->group[at]->path, parent)) at++;
    }
    free(parent);
    return group_insert(r, at, path);
}

const struct attribute *group_attribute(const struct group *g, const char *name)
{
    for (size_t i = 0; i < g->attributes; i++)
        if (strcmp(g->attribute[i].name, name) == 0) return &g->attribute[i];
    return NULL;
}

/* The attribute `name`, new or emptied, with its place kept. */
static struct attribute *attribute_slot(struct group *g, const char *name, enum value_type type)
{
    struct attribute *a = NULL;
    for (size_t i = 0; i < g->attributes && !a; i++)
        if (strcmp(g->attribute[i].name, name) == 0) a = &g->attribute[i];
    if (!a) {
        if (g->attributes == g->room_attributes) {
            g->room_attributes = g->room_attributes ? 2 * g->room_attributes : 8;
            g->attribute = xrealloc(g->attribute, g->room_attributes * sizeof *g->attribute);
        }
        a = &g->attribute[g->attributes++];
        *a = (struct attribute){.name = xstrdup(name)};
    }
    char *old = a->text;
    *a = (struct attribute){.name = a->name, .type = type};
    free(old);
    return a;
}

void group_real(struct group *g, const char *name, double v)
{
    attribute_slot(g, name, VALUE_REAL)->real = v;
}

void group_int(struct group *g, const char *name, int64_t v)
{
    attribute_slot(g, name, VALUE_INT)->integer = v;
}

void group_text(struct group *g, const char *name, const char *text)
{
    char *copy = xstrdup(text); /* first: the text may be the one that is replaced */
    attribute_slot(g, name, VALUE_TEXT)->text = copy;
}

const struct array *group_find_array(const struct group *g, const char *name)
{
    for (size_t i = 0; i < g->arrays; i++)
        if (strcmp(g->array[i].name, name) == 0) return &g->array[i];
    return NULL;
}

static void array_free(struct array *a)
{
    free(a->name);
    free(a->unit);
    free(a->description);
    if (!a->lent) free(a->data);
    free(a->piece);
}

/* Add or replace the array `name`: count numbers of 8 bytes, or bytes.  unit and description may be NULL or "". */
void group_lend(struct group *g, const char *name, enum value_type type, const void *data, size_t count, const char *unit,
                const char *description)
{
    assert(type != VALUE_TEXT && name[0] != '\0' && strchr(name, '/') == NULL);
    struct array new = {.name = xstrdup(name),
                        .unit = xstrdup(unit ? unit : ""),
                        .description = xstrdup(description ? description : ""),
                        .type = type,
                        .count = count,
                        .data = (void *)(uintptr_t)data,
                        .lent = true};
    for (size_t i = 0; i < g->arrays; i++)
        if (strcmp(g->array[i].name, name) == 0) {
            array_free(&g->array[i]);
            g->array[i] = new;
            return;
        }
    if (g->arrays == g->room_arrays) {
        g->room_arrays = g->room_arrays ? 2 * g->room_arrays : 8;
        g->array = xrealloc(g->array, g->room_arrays * sizeof *g->array);
    }
    g->array[g->arrays++] = new;
}

void group_lend_pieces(struct group *g, const char *name, const struct piece *piece, size_t pieces, const char *description)
{
    size_t bytes = 0;
    for (size_t k = 0; k < pieces; k++) bytes += piece[k].bytes;
    group_lend(g, name, VALUE_BYTES, NULL, bytes, "", description);
    struct array *a = (struct array *)group_find_array(g, name);
    a->piece = xmalloc((pieces + 1) * sizeof *piece);
    a->pieces = pieces;
    memcpy(a->piece, piece, pieces * sizeof *piece);
}

void group_array(struct group *g, const char *name, enum value_type type, const void *data, size_t count, const char *unit,
                 const char *description)
{
    const size_t bytes = count * (type == VALUE_BYTES ? 1 : 8);
    void *copy = xmalloc(bytes ? bytes : 1); /* first: the data may be what is replaced */
    if (bytes) memcpy(copy, data, bytes);
    group_lend(g, name, type, copy, count, unit, description);
    for (size_t i = 0; i < g->arrays; i++)
        if (g->array[i].data == copy) g->array[i].lent = false;
}

/* Frees everything; *r is empty and usable again. */
void record_free(struct record *r)
{
    for (size_t i = 0; i < r->groups; i++) {
        struct group *g = r->group[i];
        for (size_t k = 0; k < g->attributes; k++) {
            free(g->attribute[k].name);
            free(g->attribute[k].text);
        }
        for (size_t k = 0; k < g->arrays; k++) array_free(&g->array[k]);
        free(g->attribute);
        free(g->array);
        free(g->path);
        free(g);
    }
    free(r->group);
    free(r->found);
    *r = (struct record){0};
}
