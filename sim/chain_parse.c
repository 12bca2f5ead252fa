/* chain_parse.c - "natural(randk)" as an experiment file writes it. */
#include "compressor.h"
#include "fail.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64 };

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

static bool unknown(const char *name, struct fail *f)
{
    const char *names[64];
    char list[800] = "";
    size_t count = 0;
    for (; compressors[count] != NULL && count < 63; count++) {
        names[count] = compressors[count]->name;
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", count ? ", " : "", names[count]);
    }
    names[count] = NULL;
    const char *near = nearest_name(name, names);
    if (near != NULL) return fail_set(f, "unknown compressor '%s', did you mean %s? allowed: %s", name, near, list);
    return fail_set(f, "unknown compressor '%s'; allowed: %s", name, list);
}

/* Read one name and add its link; *at moves past it. */
static bool read_link(struct chain *c, const char *text, const char **at, struct fail *f)
{
    char name[NAME_MAX_LENGTH + 1];
    size_t length = 0;
    const char *p = skip_space(*at);
    while (isalnum((unsigned char)p[length]) || p[length] == '-' || p[length] == '_') length++;
    if (length == 0)
        return fail_set(f, "compressor '%s': a name is missing before '%s'; write a name, or a chain such as natural(randk)",
                        text, p);
    if (length > NAME_MAX_LENGTH)
        return fail_set(f, "compressor '%s': the name is too long; see `gradwire list compressors`", text);
    memcpy(name, p, length);
    name[length] = 0;
    const struct compressor *link = compressor_find(name);
    if (link == NULL) return unknown(name, f);
    if (c->length == CHAIN_MAX) return fail_set(f, "compressor '%s' has too many links; allowed: at most %d", text, CHAIN_MAX);
    for (int i = 0; i < c->length; i++)
        if (c->link[i] == link) return fail_set(f, "compressor '%s': %s occurs twice; allowed: each link once", text, name);
    c->link[c->length] = link;
    c->settings[c->length++] = settings_new(link->param, link->param_size);
    *at = skip_space(p + length);
    return true;
}

static bool read_links(struct chain *c, const char *text, struct fail *f)
{
    const char *at = text;
    int open = 0;
    for (;;) {
        if (!read_link(c, text, &at, f)) return false;
        if (*at != '(') break;
        open++;
        at++;
    }
    for (; *at == ')'; at = skip_space(at + 1)) open--;
    if (*at != 0)
        return fail_set(f, "compressor '%s': '%s' is not understood here; write a chain such as natural(randk)", text, at);
    if (open > 0)
        return fail_set(f, "compressor '%s': %d closing parenthesis missing; write a chain such as natural(randk)", text, open);
    if (open < 0)
        return fail_set(f, "compressor '%s': %d closing parenthesis too many; write a chain such as natural(randk)", text, -open);
    return true;
}

static bool order_is_right(const struct chain *c, const char *text, struct fail *f)
{
    for (int i = 0; i < c->length; i++) {
        const char *name = c->link[i]->name;
        if (c->link[i]->select != NULL && i < c->length - 1)
            return fail_set(
                f,
                "compressor '%s': %s chooses coordinates, so it must be innermost; allowed: quantisers around one sparsifier, "
                "as in natural(randk)",
                text, name);
        if (c->link[i]->scales && i > 0)
            return fail_set(f, "compressor '%s': %s must be outermost, as in scaled(randk)", text, name);
        if (c->link[i]->scales && c->length == 1)
            return fail_set(f, "compressor '%s': %s needs a compressor inside it, as in scaled(randk)", text, name);
    }
    return true;
}

bool chain_parse(struct chain *c, const char *text, struct fail *f)
{
    *c = (struct chain){0};
    if (read_links(c, text, f) && order_is_right(c, text, f)) return true;
    chain_free(c);
    return false;
}

void chain_free(struct chain *c)
{
    for (int i = 0; i < c->length; i++) settings_free(&c->settings[i]);
    *c = (struct chain){0};
}
