/* result_view.c - the runs of a result file as `show` and `diff` name them. */
#include "result_view.h"
#include "field.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *attribute_text_or(const struct group *g, const char *name, const char *otherwise)
{
    const struct attribute *a = g ? group_attribute(g, name) : NULL;
    return a && a->type == VALUE_TEXT ? a->text : otherwise;
}

size_t runs_of(const struct record *r, struct run_view **out)
{
    static const char below[] = "/runs/";
    size_t count = 0;
    *out = xcalloc(r->groups + 1, sizeof **out);
    for (size_t i = 0; i < r->groups; i++) {
        const struct group *g = r->group[i];
        if (strncmp(g->path, below, strlen(below)) != 0) continue;
        const char *number = g->path + strlen(below), *slash = strchr(number, '/');
        if (!slash)
            (*out)[count++] =
                (struct run_view){number, attribute_text_or(g, "label", ""), attribute_text_or(g, "status", ""), g, NULL};
        else if (count > 0 && strcmp(slash, "/trace") == 0) /* a walk through the tree: the group before is its run */
            (*out)[count - 1].trace = g;
    }
    return count;
}

char *attribute_string(const struct attribute *a)
{
    char number[32];
    if (a->type == VALUE_TEXT) return xstrdup(a->text);
    if (a->type == VALUE_INT) return xprintf("%" PRId64, a->integer);
    format_real(a->real, number);
    return xstrdup(number);
}

double array_number(const struct array *a, size_t row)
{
    switch (a->type) {
    case VALUE_REAL:
        return ((const double *)a->data)[row];
    case VALUE_INT:
        return (double)((const int64_t *)a->data)[row];
    default:
        return ((const uint8_t *)a->data)[row];
    }
}

void array_entry(const struct array *a, size_t row, char out[32])
{
    if (a->type == VALUE_REAL)
        format_real(((const double *)a->data)[row], out);
    else if (a->type == VALUE_INT)
        snprintf(out, 32, "%" PRId64, ((const int64_t *)a->data)[row]);
    else
        snprintf(out, 32, "%d", ((const uint8_t *)a->data)[row]);
}

const char *value_type_name(enum value_type type)
{
    static const char *const name[] = {
        [VALUE_REAL] = "real", [VALUE_INT] = "integer", [VALUE_TEXT] = "text", [VALUE_BYTES] = "bytes"};
    return name[type];
}
