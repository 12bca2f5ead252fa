/* show_trace.c - traces as columns, and attributes as lines, for `show`. */
#include "show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names of all columns of all runs, each once, in order of appearance; free() the list, not the names. */
static size_t columns_of(const struct run_view *view, size_t count, const char ***out)
{
    size_t room = 0, columns = 0;
    for (size_t i = 0; i < count; i++) room += view[i].trace ? view[i].trace->arrays : 0;
    *out = xcalloc(room + 1, sizeof **out);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; view[i].trace && k < view[i].trace->arrays; k++) {
            const char *name = view[i].trace->array[k].name;
            size_t known = 0;
            while (known < columns && strcmp((*out)[known], name) != 0) known++;
            if (known == columns) (*out)[columns++] = name;
        }
    return columns;
}

static void print_rows(const struct run_view *v, const char *const *column, size_t columns, bool numbered, char separator)
{
    const struct array **a = xcalloc(columns + 1, sizeof *a);
    size_t rows = 0;
    for (size_t c = 0; c < columns; c++) {
        a[c] = v->trace ? group_find_array(v->trace, column[c]) : NULL;
        if (a[c] && a[c]->count > rows) rows = a[c]->count;
    }
    for (size_t row = 0; row < rows; row++) {
        if (numbered) printf("%s%c", v->number, separator);
        for (size_t c = 0; c < columns; c++) {
            char text[32] = "";
            if (a[c] && row < a[c]->count) array_entry(a[c], row, text);
            fputs(text, stdout);
            putchar(c + 1 < columns ? separator : '\n');
        }
    }
    free(a);
}

void show_traces(const struct run_view *view, size_t count, bool csv)
{
    char separator = csv ? ',' : '\t';
    const char **column;
    size_t columns = columns_of(view, count, &column);
    if (columns > 0) {
        if (count > 1) printf("run%c", separator);
        for (size_t c = 0; c < columns; c++) printf("%s%c", column[c], c + 1 < columns ? separator : '\n');
    }
    for (size_t i = 0; i < count; i++) print_rows(&view[i], column, columns, count > 1, separator);
    free(column);
}

static void print_group(const struct group *g)
{
    printf("%s\n", g->path);
    for (size_t i = 0; i < g->attributes; i++) {
        char *text = attribute_string(&g->attribute[i]);
        if (strchr(text, '\n'))
            printf("    %s = (text of %zu bytes)\n", g->attribute[i].name, strlen(text));
        else
            printf("    %s = %s\n", g->attribute[i].name, text);
        free(text);
    }
    for (size_t i = 0; i < g->arrays; i++) {
        const struct array *a = &g->array[i];
        printf("    %s[%zu] %s%s%s%s%s\n", a->name, a->count, value_type_name(a->type), *a->unit ? ", " : "", a->unit,
               *a->description ? ": " : "", a->description);
    }
}

static bool is_below(const struct group *g, const struct run_view *view, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(view[i].run->path);
        if (strncmp(g->path, view[i].run->path, length) == 0 && (g->path[length] == '\0' || g->path[length] == '/')) return true;
    }
    return false;
}

void show_attributes(const struct record *r, const struct run_view *view, size_t count, bool all)
{
    for (size_t i = 0; i < r->groups; i++)
        if (all || is_below(r->group[i], view, count)) print_group(r->group[i]);
}
