/* layout.c - wrapping and columns. */
#include "layout.h"
#include "fail.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t columns_of(const char *s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80) n++; /* not a UTF-8 continuation byte */
    return n;
}

size_t layout_columns(const char *s)
{
    return columns_of(s, strlen(s));
}

static void spaces(FILE *out, size_t n)
{
    fprintf(out, "%*s", (int)n, "");
}

/* Print the words of s[0..bytes) from column `at` on, breaking before LAYOUT_WIDTH; new lines start at `hang`. */
static void words(FILE *out, const char *s, size_t bytes, size_t at, size_t hang)
{
    bool line_start = true;
    for (size_t i = 0; i < bytes;) {
        size_t gap = i, end;
        while (gap < bytes && s[gap] == ' ') gap++;
        for (end = gap; end < bytes && s[end] != ' ';) end++;
        if (end == gap) break;
        size_t blank = line_start ? 0 : gap - i, width = columns_of(s + gap, end - gap);
        if (!line_start && at + blank + width > LAYOUT_WIDTH) {
            fputc('\n', out);
            spaces(out, hang);
            at = hang;
            blank = 0;
        }
        spaces(out, blank);
        fwrite(s + gap, 1, end - gap, out);
        at += blank + width;
        line_start = false;
        i = end;
    }
    fputc('\n', out);
}

/* Bytes of a leading "label: ", 0 if the line has none: it ends at a colon within the first words. */
static size_t label_of(const char *s, size_t bytes)
{
    size_t colon = strcspn(s, ":"), blank;
    if (colon + 1 >= bytes || colon > 16 || s[colon + 1] != ' ') return 0;
    blank = strspn(s + colon + 1, " ");
    return colon + 1 + blank;
}

struct line {
    const char *text; /* without its indent */
    size_t bytes, inner, label;
};
static struct line line_at(const char *s)
{
    size_t all = strcspn(s, "\n"), inner = strspn(s, " ");
    while (all > inner && s[all - 1] == ' ') all--;
    if (inner > all) inner = all;
    return (struct line){s + inner, all - inner, inner, label_of(s + inner, all - inner)};
}
static const char *line_after(const char *s)
{
    s += strcspn(s, "\n");
    return s + (*s == '\n');
}

/* Is `b` the same sentence going on?  `a` is the line before it, `first` the one that was too long. */
static bool runs_on(struct line first, struct line a, struct line b)
{
    if (first.inner != 0 || b.bytes == 0 || strchr(".:;", a.text[a.bytes - 1]) != NULL) return false;
    return b.inner == 2 || (b.inner == 0 && a.inner == 0 && b.label == 0);
}

/* Print a line that is too long, together with the lines that it runs on into; returns what follows them. */
static const char *print_long(FILE *out, size_t indent, const char *text)
{
    struct line first = line_at(text), last = first, next;
    size_t bytes = first.bytes;
    char *joined = memcpy(xmalloc(bytes + 1), first.text, bytes);
    for (;;) {
        text = line_after(text);
        next = line_at(text);
        if (!runs_on(first, last, next)) break;
        joined = xrealloc(joined, bytes + 1 + next.bytes + 1);
        joined[bytes] = ' ';
        memcpy(joined + bytes + 1, next.text, next.bytes);
        bytes += 1 + next.bytes;
        last = next;
    }
    size_t at = indent + first.inner;
    spaces(out, at);
    words(out, joined, bytes, at, at + (first.label > 0 ? first.label : first.inner > 0 ? 2 : 0));
    free(joined);
    return text;
}

void layout_print(FILE *out, size_t indent, const char *text)
{
    while (*text != '\0') {
        struct line l = line_at(text);
        if (indent + l.inner + columns_of(l.text, l.bytes) > LAYOUT_WIDTH) {
            text = print_long(out, indent, text);
            continue;
        }
        if (l.bytes > 0) spaces(out, indent + l.inner);
        fwrite(l.text, 1, l.bytes, out);
        fputc('\n', out);
        text = line_after(text);
    }
}

void layout_hang(FILE *out, size_t column, const char *text)
{
    words(out, text, strlen(text), column, column);
}

void layout_term(FILE *out, const char *term, size_t column, const char *text)
{
    size_t width = layout_columns(term);
    fprintf(out, "  %s", term);
    if (2 + width + 2 > column) {
        fputc('\n', out);
        width = 0;
        spaces(out, column);
    } else {
        spaces(out, column - 2 - width);
    }
    layout_hang(out, column, text);
}
