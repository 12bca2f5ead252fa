/* plot_curve.c - the runs of result files, gathered into curves: one for all runs that differ in nothing but their seed. */
#include "plot_figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

char *attribute_as_text(const struct attribute *a)
{
    char number[32];
    if (a->type == VALUE_TEXT) return xstrdup(a->text);
    if (a->type == VALUE_INT) return xprintf("%lld", (long long)a->integer);
    format_real(a->real, number);
    return xstrdup(number);
}

static bool ends_with(const char *text, const char *end)
{
    size_t m = strlen(text), n = strlen(end);
    return m >= n && strcmp(text + m - n, end) == 0;
}

static bool attribute_is(const struct group *g, const char *name, const char *text)
{
    const struct attribute *a = group_attribute(g, name);
    return a != NULL && a->type == VALUE_TEXT && strcmp(a->text, text) == 0;
}

/* Attributes of a run that say what was asked for; the others say what came out of it, and may differ between seeds. */
static bool describes_run(const struct attribute *a)
{
    static const char *const outcome[] = {"seed", "label", "status", "problem", "varied", "rounds_made", NULL};
    for (const char *const *o = outcome; *o != NULL; o++)
        if (strcmp(*o, a->name) == 0) return false;
    return strncmp(a->name, "start_", 6) != 0 && !ends_with(a->name, "_origin");
}

/* The same of a problem.  Its real numbers are constants of the data, which follow the seed of the split. */
static bool describes_problem(const struct attribute *a)
{
    if (strstr(a->name, "sha256") != NULL || strstr(a->name, "seed") != NULL || strstr(a->name, "checksum") != NULL) return false;
    return a->type != VALUE_REAL || strcmp(a->name, "lambda") == 0;
}

static void key_add(char **key, const struct attribute *a)
{
    char *value = attribute_as_text(a), *more = xprintf("%s%s=%s\n", *key, a->name, value);
    free(value);
    free(*key);
    *key = more;
}

/* What theory gave follows from the rest and from the data, which may be split anew for every seed. */
static bool from_theory(const struct group *run, const char *name)
{
    char *origin = xprintf("%s_origin", name);
    bool yes = attribute_is(run, origin, "theory");
    free(origin);
    return yes;
}

/* --- what was varied --------------------------------------------------------------------------------------------------- */
/* Length of "key" in front of '=', 0 if there is none. */
static size_t key_length(const char *s)
{
    size_t length = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    return s[length] == '=' ? length : 0;
}

/* "k=5 record=max 100 seed=2" -> k: 5, record: max 100.  Seeds only repeat a curve. */
static struct varied *varied_split(const char *text)
{
    struct varied *list = xcalloc(strlen(text) / 2 + 2, sizeof *list);
    size_t count = 0;
    while (*text != '\0') {
        size_t key = key_length(text), end = key;
        while (text[end] != '\0' && !(text[end] == ' ' && key_length(text + end + 1) > 0)) end++;
        bool seed = key >= 4 && strncmp(text + key - 4, "seed", 4) == 0;
        if (key > 0 && !seed) {
            list[count].key = xprintf("%.*s", (int)key, text);
            list[count++].value = xprintf("%.*s", (int)(end - key - 1), text + key + 1);
        }
        text += end + (text[end] == ' ');
    }
    return list;
}

static struct varied *run_varied(const struct group *run)
{
    const struct attribute *a = group_attribute(run, "varied");
    return varied_split(a != NULL && a->type == VALUE_TEXT ? a->text : "");
}

static void varied_free(struct varied *list)
{
    for (struct varied *v = list; v != NULL && v->key != NULL; v++) {
        free(v->key);
        free(v->value);
    }
    free(list);
}

/* --- curves -------------------------------------------------------------------------------------------------------------- */
static char *run_key(const struct plot_run *r, const struct varied *varied)
{
    char *key = xstrdup("");
    for (; varied->key != NULL; varied++) {
        char *more = xprintf("%s%s=%s\n", key, varied->key, varied->value);
        free(key);
        key = more;
    }
    for (size_t i = 0; i < r->run->attributes; i++)
        if (describes_run(&r->run->attribute[i]) && !from_theory(r->run, r->run->attribute[i].name))
            key_add(&key, &r->run->attribute[i]);
    for (size_t i = 0; r->problem != NULL && i < r->problem->attributes; i++)
        if (describes_problem(&r->problem->attribute[i])) key_add(&key, &r->problem->attribute[i]);
    return key;
}

/* Add a run to the curve with its key, or start a new curve. */
static void gather_run(struct figure *g, const struct plot_run *r)
{
    struct varied *varied = run_varied(r->run);
    char *key = run_key(r, varied);
    struct curve *c = NULL;
    for (size_t i = 0; i < g->curves; i++)
        if (strcmp(g->curve[i].key, key) == 0) c = &g->curve[i];
    if (c == NULL) {
        g->curve = xrealloc(g->curve, (g->curves + 1) * sizeof *g->curve);
        c = &g->curve[g->curves++];
        *c = (struct curve){.key = key, .varied = varied};
    } else {
        free(key);
        varied_free(varied);
    }
    c->run = xrealloc(c->run, (c->runs + 1) * sizeof *c->run);
    c->run[c->runs++] = *r;
    c->diverged += r->diverged;
}

/* A run that was never begun has no trace: rows = 0. */
static bool open_run(struct plot_run *r, const struct record *record, const struct group *run, const char *name, struct fail *f)
{
    char *path = xprintf("%s/trace", run->path);
    const struct attribute *problem = group_attribute(run, "problem");
    *r = (struct plot_run){.run = run, .trace = record_find(record, path), .diverged = attribute_is(run, "status", "diverged")};
    r->problem = record_find(record, problem != NULL && problem->type == VALUE_TEXT ? problem->text : "/problem");
    const struct array *round = r->trace != NULL ? group_find_array(r->trace, "round") : NULL;
    bool ok = r->trace == NULL || round != NULL || fail_set(f, "%s: %s has no column \"round\"", name, path);
    r->rows = round != NULL ? round->count : 0;
    free(path);
    return ok;
}

bool curves_gather(struct figure *g, const struct record *records, size_t count, const char *name, struct fail *f)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < records[i].groups; j++) {
            const struct group *run = records[i].group[j];
            struct plot_run r;
            if (strncmp(run->path, "/runs/", 6) != 0 || strchr(run->path + 6, '/') != NULL) continue;
            if (!open_run(&r, &records[i], run, name, f)) return false;
            if (r.rows > 0) gather_run(g, &r);
        }
    return g->curves > 0 || fail_set(f, "%s: holds no run that was begun; there is nothing to draw", name);
}

char *curve_attribute(const struct curve *c, const char *name)
{
    const struct plot_run *r = &c->run[0];
    const struct attribute *a = group_attribute(r->run, name);
    if (a != NULL && describes_run(a)) return attribute_as_text(a);
    for (const struct varied *v = c->varied; v->key != NULL; v++)
        if (strcmp(v->key, name) == 0) return xstrdup(v->value);
    a = r->problem != NULL ? group_attribute(r->problem, name) : NULL;
    return a != NULL && describes_problem(a) ? attribute_as_text(a) : NULL;
}

/* Names, each once. */
struct names {
    const char **name;
    size_t count;
};

static void add_name(struct names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->name[i], name) == 0) return;
    n->name = xrealloc(n->name, (n->count + 2) * sizeof *n->name);
    n->name[n->count++] = name;
    n->name[n->count] = NULL;
}

const char **curve_attributes(const struct figure *g)
{
    struct names n = {xcalloc(1, sizeof(char *)), 0};
    for (size_t i = 0; i < g->curves; i++)
        for (const struct varied *v = g->curve[i].varied; v->key != NULL; v++) add_name(&n, v->key);
    for (size_t i = 0; i < g->curves; i++) {
        const struct group *run = g->curve[i].run->run, *problem = g->curve[i].run->problem;
        for (size_t j = 0; j < run->attributes; j++)
            if (describes_run(&run->attribute[j])) add_name(&n, run->attribute[j].name);
        for (size_t j = 0; problem != NULL && j < problem->attributes; j++)
            if (describes_problem(&problem->attribute[j])) add_name(&n, problem->attribute[j].name);
    }
    return n.name;
}

void curve_free(struct curve *c)
{
    free(c->run);
    varied_free(c->varied);
    free(c->key);
    free(c->legend);
}
