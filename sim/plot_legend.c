/* plot_legend.c - legend entries: what tells the curves of a figure apart, and no more. */
#include "plot_figure.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A value as a reader expects it: MARINA, Rand-K, natural(Rand-K), but 5 and sorted. */
static char *print_value(const char *key, const char *value)
{
    const char *known = style_print(key, value), *inner = strchr(value, '(');
    if (known != NULL) return xstrdup(known);
    if (strcmp(key, "compressor") == 0 && inner != NULL && value[strlen(value) - 1] == ')') {
        char *name = xprintf("%.*s", (int)(inner - value), value), *rest = xprintf("%.*s", (int)strlen(inner) - 2, inner + 1);
        char *outside = print_value(key, name), *inside = print_value(key, rest), *all = xprintf("%s(%s)", outside, inside);
        free(name), free(rest), free(outside), free(inside);
        return all;
    }
    char *text = xstrdup(value);
    for (char *c = text; strcmp(key, "method") == 0 && *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
    return text;
}

bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Do curves that nothing has told apart so far (equal class) differ in this attribute?  If so, refine the classes. */
static bool refine(const struct figure *g, const char *name, size_t *class)
{
    bool split = false;
    char **value = xcalloc(g->curves + 1, sizeof *value);
    size_t *finer = xcalloc(g->curves + 1, sizeof *finer);
    for (size_t i = 0; i < g->curves; i++) {
        value[i] = curve_attribute(&g->curve[i], name);
        finer[i] = i;
        for (size_t j = i; j-- > 0;)
            if (class[j] == class[i] && same_text(value[j], value[i])) finer[i] = finer[j];
        for (size_t j = 0; j < i; j++) split |= class[j] == class[i] && !same_text(value[j], value[i]);
    }
    if (split) memcpy(class, finer, g->curves * sizeof *class);
    for (size_t i = 0; i < g->curves; i++) free(value[i]);
    free(value);
    free(finer);
    return split;
}

static bool user_set(const struct figure *g, const char *name)
{
    char *origin = xprintf("%s_origin", name);
    bool yes = false;
    for (size_t i = 0; i < g->curves; i++) {
        const struct attribute *a = group_attribute(g->curve[i].run->run, origin);
        yes |= a != NULL && a->type == VALUE_TEXT && strcmp(a->text, "user") == 0;
    }
    free(origin);
    return yes;
}

static bool was_varied(const struct figure *g, const char *name)
{
    for (size_t i = 0; i < g->curves; i++)
        for (const struct varied *v = g->curve[i].varied; v->key != NULL; v++)
            if (strcmp(v->key, name) == 0) return true;
    return false;
}

/* The attributes that tell the curves apart, as few as the order of asking finds: method, compressor, data, k, what was
 * varied, what the user set, the rest.  NULL-terminated; the array is the caller's. */
const char **telling_attributes(const struct figure *g)
{
    static const char *const first[] = {"method", "compressor", "dataset", "k", NULL};
    const char **all = curve_attributes(g);
    size_t count = 0, kept = 0, *class = xcalloc(g->curves + 1, sizeof *class);
    while (all[count] != NULL) count++;
    const char **telling = xcalloc(count + 5, sizeof *telling);
    for (const char *const *name = first; *name != NULL; name++)
        if (refine(g, *name, class)) telling[kept++] = *name;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < count; i++) {
            bool now = round == 2 || (round == 0 ? was_varied(g, all[i]) : user_set(g, all[i]));
            if (now && refine(g, all[i], class)) telling[kept++] = all[i];
        }
    free(all);
    free(class);
    return telling;
}

/* "MARINA, Rand-K, K = 5": the values of method and the like speak for themselves. */
char *legend_entry(const struct curve *c, const char *const *telling)
{
    char *entry = xstrdup("");
    for (; *telling != NULL; telling++) {
        char *value = curve_attribute(c, *telling);
        if (value == NULL || strcmp(value, "none") == 0) {
            free(value);
            continue;
        }
        bool bare = strcmp(*telling, "method") == 0 || strcmp(*telling, "compressor") == 0 || strcmp(*telling, "dataset") == 0;
        char *print = print_value(*telling, value);
        const char *name = strcmp(*telling, "k") == 0 ? "K" : *telling;
        char *more = xprintf("%s%s%s%s%s", entry, *entry != '\0' ? ", " : "", bare ? "" : name, bare ? "" : " = ", print);
        free(print);
        free(value);
        free(entry);
        entry = more;
    }
    if (*entry == '\0') {
        char *method = curve_attribute(c, "method");
        free(entry);
        entry = print_value("method", method != NULL ? method : "run");
        free(method);
    }
    return entry;
}

bool attribute_exists(const struct figure *g, const char *name, const char *whose, struct fail *f)
{
    const char **all = curve_attributes(g);
    bool found = false;
    for (const char **a = all; *a != NULL; a++) found |= strcmp(*a, name) == 0;
    if (!found) {
        char *list = list_join(all);
        const char *near = nearest_name(name, all);
        fail_set(f, "%s: no run has an attribute \"%s\"%s%s%s; allowed: %s", whose, name, near ? "; did you mean \"" : "",
                 near ? near : "", near ? "\"?" : "", list);
        free(list);
    }
    free(all);
    return found;
}

/* A number with more digits than a reader wants, rounded to four; any other text as it is. */
static char *shorten(char *value)
{
    char *end;
    if (value == NULL || strlen(value) <= 8) return value;
    const double number = strtod(value, &end);
    char *print = *end == '\0' ? xprintf("%.4g", number) : xstrdup(value);
    free(value);
    return print;
}

/* "{method} with K = {k}" filled in for one curve; an attribute that this curve does not have is left empty. */
char *template_entry(const struct figure *g, const struct curve *c, const char *template, struct fail *f)
{
    char *entry = xstrdup("");
    while (*template != '\0') {
        size_t plain = strcspn(template, "{"), name = template[plain] == '{' ? strcspn(template + plain, "}") : 0;
        char *more, *key = NULL, *value = NULL, *print = NULL;
        if (name > 0 && template[plain + name] == '}') {
            key = xprintf("%.*s", (int)name - 1, template + plain + 1);
            value = attribute_exists(g, key, "label", f) ? shorten(curve_attribute(c, key)) : NULL;
            print = value != NULL ? print_value(key, value) : NULL;
            more = xprintf("%s%.*s%s", entry, (int)plain, template, print != NULL ? print : "");
            template += plain + name + 1;
        } else {
            more = xprintf("%s%s", entry, template);
            template += strlen(template);
        }
        free(key);
        free(value);
        free(print);
        free(entry);
        entry = more;
    }
    return entry;
}

void mark_diverged(struct curve *c)
{
    if (c->diverged == 0) return;
    char *more = c->diverged == c->runs ? xprintf("%s (diverged)", c->legend)
                                        : xprintf("%s (%zu of %zu diverged)", c->legend, c->diverged, c->runs);
    free(c->legend);
    c->legend = more;
}
