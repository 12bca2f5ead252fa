/* experiment.c - reading, overriding and writing experiment files. */
#include "experiment.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T experiment_params
const struct field experiment_fields[] = {
    TEXT(T, title, "", "one line for the figure"),
    TEXT(T, dataset, "none", "a name from `gradwire list datasets`, a path to a LIBSVM file, or none for problems that make their own"),
    INTEGER(T, dimension, "0", 0, 2147483647, "number of features of a file; 0: the catalogue's, or the largest index seen"),
    BOOLEAN(T, bias, "no", "one more feature, always 1, as the last coordinate"),
    BOOLEAN(T, normalise, "no", "divide every row by its Euclidean norm"),
    CHOICE(T, split, "contiguous", "contiguous|shuffled|sorted", "how rows are dealt to clients: file order, shuffled by data_seed, by label"),
    CHOICE(T, remainder, "drop", "drop|spread|last", "rows left over when clients do not divide them"),
    INTEGER(T, clients, "5", 1, 1e9, "n, the number of clients"),
    TEXT(T, problem, "required", "a name from `gradwire list problems`"),
    CHOICE(T, smoothness, "rows", "rows|spectral", "constants that theory uses: row norms, as published codes have them, or largest eigenvalues"),
    CHOICE(T, regime, "nonconvex", "nonconvex|pl|convex", "which theorem's parameters: non-convex, Polyak-Lojasiewicz, (strongly) convex"),
    CHOICE(T, optimum, "auto", "auto|yes|no", "record f - f* and |x - x*|^2: where x* is known in closed form; also where Newton must find it; never"),
    CHOICE(T, x0, "zeros", "zeros|ones|gaussian", "the starting point; gaussian draws from data_seed"),
    REAL(T, x0_scale, "1", 0, 1e300, "factor on the starting point"),
    TEXT(T, method, "required", "names from `gradwire list methods`"),
    TEXT(T, compressor, "", "names from `gradwire list compressors`; natural(randk) composes"),
    INTEGER(T, rounds, "1000", 1, 4294967294, "communication rounds to make"),
    INTEGER(T, seed, "1", 0, 9007199254740992, "seed of everything random in the run"),
    INTEGER(T, data_seed, "1", 0, 9007199254740992, "seed of data, split and x0, shared by all runs"),
    CHOICE(T, value_bits, "64", "64|32", "what one uncoded number costs, and really holds"),
    TEXT(T, record, "max 2000", "rows kept: every N, max N (evenly spread), log; the first and last always"),
    FIELDS_END};
#undef T

/* --- reading: inih does the syntax; the reader below counts lines and sections for it ----------------- */

struct reading {
    struct experiment *e;
    struct fail *f;
    const char *file, *text;
    FILE *stream;
    int line, section;
    bool continued;
};

static char *next_line(char *out, int size, void *user)
{
    struct reading *r = user;
    if (r->stream) {
        if (!fgets(out, size, r->stream)) return NULL;
    } else {
        size_t length = strcspn(r->text, "\n");
        if (*r->text == '\0') return NULL;
        if (r->text[length] == '\n') length++;
        if (length > (size_t)size - 1) length = (size_t)size - 1;
        memcpy(out, r->text, length);
        out[length] = '\0';
        r->text += length;
    }
    r->line++;
    r->continued = *out == ' ' || *out == '\t';
    if (strncmp(out, "[curve]", 7) == 0) r->e->curves++;
    return out;
}

static bool section_number(struct reading *r, const char *name, int *out)
{
    if (strcmp(name, "experiment") == 0) *out = IN_EXPERIMENT;
    else if (strcmp(name, "plot") == 0) *out = IN_PLOT;
    else if (strcmp(name, "curve") == 0) *out = r->e->curves;
    else
        return fail_set(r->f, "%s:%d: %s%s%s; sections are [experiment], [curve] and [plot]", r->file, r->line,
                        *name ? "unknown section [" : "a key before any section", name, *name ? "]" : "");
    return true;
}

static void add_entry(struct experiment *e, int section, const char *key, const char *value, char *place)
{
    if (e->count == e->room) {
        e->room = e->room ? 2 * e->room : 32;
        e->entry = xrealloc(e->entry, e->room * sizeof *e->entry);
    }
    e->entry[e->count++] = (struct entry){xstrdup(key), xstrdup(value), place, section, false};
}

static int take(void *user, const char *section_name, const char *key, const char *value)
{
    struct reading *r = user;
    struct experiment *e = r->e;
    int section = IN_EXPERIMENT;
    if (!section_number(r, section_name, &section)) return 0;
    struct entry *last = e->count ? &e->entry[e->count - 1] : NULL;
    if (r->continued && last && last->section == section && strcmp(last->key, key) == 0) {
        char *joined = xprintf("%s %s", last->value, value);
        free(last->value);
        last->value = joined;
        return 1;
    }
    const struct entry *before = experiment_find(e, section, key);
    if (before) return fail_set(r->f, "%s:%d: %s is given twice; the first is at %s", r->file, r->line, key, before->place);
    if (*value == '\0') return fail_set(r->f, "%s:%d: %s has no value; write `%s = VALUE`", r->file, r->line, key, key);
    add_entry(e, section, key, value, xprintf("%s:%d", r->file, r->line));
    return 1;
}

static bool parse_all(struct reading *r)
{
    int bad = ini_parse_stream(next_line, r, take, r);
    if (r->f->text[0]) return false;
    if (bad != 0)
        return fail_set(r->f, "%s:%d: neither a [section], a `key = value` nor a ; comment, or longer than 198 bytes", r->file, bad);
    if (r->e->count == 0) return fail_set(r->f, "%s: holds no experiment; it needs an [experiment] section", r->file);
    return true;
}

static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = xstrdup(slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
    return name;
}

bool experiment_read(const char *path, struct experiment *e, struct fail *f)
{
    *e = (struct experiment){.name = stem(path)};
    FILE *stream = fopen(path, "r");
    if (!stream) return fail_set(f, "%s: cannot open: %s", path, strerror(errno));
    struct reading r = {.e = e, .f = f, .file = path, .stream = stream};
    bool ok = parse_all(&r);
    if (ok && ferror(stream)) ok = fail_set(f, "%s: cannot read: %s", path, strerror(errno));
    fclose(stream);
    return ok;
}

bool experiment_parse(const char *text, const char *name, struct experiment *e, struct fail *f)
{
    *e = (struct experiment){.name = stem(name)};
    struct reading r = {.e = e, .f = f, .file = name, .text = text};
    return parse_all(&r);
}

const struct entry *experiment_find(const struct experiment *e, int section, const char *key)
{
    for (size_t k = 0; k < e->count; k++)
        if (e->entry[k].section == section && strcmp(e->entry[k].key, key) == 0) return &e->entry[k];
    return NULL;
}

static void entry_free(struct entry *entry)
{
    free(entry->key);
    free(entry->value);
    free(entry->place);
}

void experiment_free(struct experiment *e)
{
    for (size_t k = 0; k < e->count; k++) entry_free(&e->entry[k]);
    free(e->entry);
    free(e->name);
    *e = (struct experiment){0};
}

/* --- overriding ---------------------------------------------------------------------------------------- */

static void drop(struct experiment *e, bool plot, const char *key)
{
    size_t kept = 0;
    for (size_t k = 0; k < e->count; k++) {
        bool same = (e->entry[k].section == IN_PLOT) == plot && strcmp(e->entry[k].key, key) == 0;
        if (same) entry_free(&e->entry[k]);
        else e->entry[kept++] = e->entry[k];
    }
    e->count = kept;
}

bool experiment_override(struct experiment *e, const char *assignment, struct fail *f)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment) return fail_set(f, "\"%s\" is not key=value", assignment);
    char *key = xstrdup(assignment);
    key[equals - assignment] = '\0';
    for (size_t k = strlen(key); k > 0 && key[k - 1] == ' '; k--) key[k - 1] = '\0';
    const char *value = equals + 1 + strspn(equals + 1, " ");
    bool ok = true;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' || (*c == ';' && c > value && c[-1] == ' ')) ok = false;
    if (!ok || *value == '\0' || strlen(key) + strlen(value) > 190)
        ok = fail_set(f, "%s: \"%s\" cannot be a value; allowed: up to 190 printable characters without \" ;\"", key, value);
    if (ok) {
        bool plot = strncmp(key, "plot.", 5) == 0;
        const char *bare = plot ? key + 5 : key;
        drop(e, plot, bare);
        add_entry(e, plot ? IN_PLOT : IN_EXPERIMENT, bare, value, xstrdup("command line"));
    }
    free(key);
    return ok;
}

/* --- writing ------------------------------------------------------------------------------------------- */

static void write_section(FILE *out, const struct experiment *e, int section)
{
    for (size_t k = 0; k < e->count; k++)
        if (e->entry[k].section == section && (section != IN_EXPERIMENT || !field_find(experiment_fields, e->entry[k].key)))
            fprintf(out, "%s = %s\n", e->entry[k].key, e->entry[k].value);
}

static bool in_some_curve(const struct experiment *e, const char *key)
{
    for (int c = 1; c <= e->curves; c++)
        if (experiment_find(e, c, key)) return true;
    return false;
}

char *experiment_text(const struct experiment *e)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) xmalloc(SIZE_MAX);
    fputs("[experiment]\n", out);
    for (const struct field *r = experiment_fields; r->name; r++) {
        const struct entry *given = experiment_find(e, IN_EXPERIMENT, r->name);
        const char *value = given ? given->value : in_some_curve(e, r->name) ? "" : r->def;
        if (*value && strcmp(value, "required") != 0) fprintf(out, "%s = %s\n", r->name, value);
    }
    write_section(out, e, IN_EXPERIMENT);
    for (int c = 1; c <= e->curves; c++) {
        fputs("[curve]\n", out);
        write_section(out, e, c);
    }
    fputs("[plot]\n", out);
    write_section(out, e, IN_PLOT);
    fclose(out);
    return text;
}
