/* plot_settings.c - what a figure shows, as [plot] of an experiment file and key=value say it. */
#include "plot_figure.h"
#include "trace.h"
#include <ctype.h>
#include <ini.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct field plot_fields[] = {
    TEXT(plot_settings, x, "rounds", "x axes, a panel each: rounds, bits, values, oracle, epochs, time"),
    TEXT(plot_settings, y, "grad_norm_sq", "y axes, a row of panels each: any column of the trace"),
    CHOICE(plot_settings, accounting, "wire", "wire|values32|values64|flower", "bits: as packed, 32 or 64 a value with indices free, 32 + 32 a value with its index"),
    CHOICE(plot_settings, direction, "up", "up|down|both", "bits and values: sent by a client, received by it, or both"),
    CHOICE(plot_settings, clients, "mean", "mean|max", "counts: mean or largest over clients"),
    CHOICE(plot_settings, start, "counted", "counted|uncounted", "uncounted: a dense initialisation is free"),
    CHOICE(plot_settings, network, "server", "server|wide-server|ring", "time: a server with one link, a server with a link for each client, a ring all-reduce (as if messages added up on the way)"),
    REAL(plot_settings, latency, "0.001", 0, 1e9, "time: s a message"),
    REAL_POS(plot_settings, bandwidth, "1e8", 1e18, "time: bit/s of a link"),
    BOOLEAN(plot_settings, logx, "no", "logarithmic x axes"),
    BOOLEAN(plot_settings, logy, "yes", "logarithmic y axes"),
    CHOICE(plot_settings, budget, "full", "full|common", "common: all curves end at the largest x that all of them reach"),
    TEXT(plot_settings, xmax, "auto", "right ends of the x axes: numbers or auto, one for each x"),
    REAL(plot_settings, ymin, "0", -1e300, 1e300, "lower end of the y axes; 0: from the data"),
    REAL(plot_settings, ymax, "0", -1e300, 1e300, "upper end of the y axes; 0: from the data"),
    CHOICE(plot_settings, band, "none", "none|minmax|quartile", "band over seeds around their median"),
    TEXT(plot_settings, colour, "auto", "attribute of the runs that colours tell apart; auto: method; none"),
    TEXT(plot_settings, dash, "auto", "attribute that dashes tell apart; auto: what differs beside method and compressor; none"),
    TEXT(plot_settings, marker, "auto", "attribute that markers tell apart; auto: compressor; none"),
    INTEGER(plot_settings, markers, "12", 0, 100, "markers on a curve, at most"),
    TEXT(plot_settings, title, "", "title; empty: that of the experiment"),
    TEXT(plot_settings, label, "", "legend entries, such as {method} with K = {k}; empty: what tells the curves apart"),
    CHOICE(plot_settings, legend, "below", "below|right|none", "place of the legend"),
    INTEGER(plot_settings, width, "0", 0, 10000, "pixels; 0: from the number of panels"),
    INTEGER(plot_settings, height, "0", 0, 10000, "pixels; 0: from the number of panels"),
    TEXT(plot_settings, results, "", "result files to combine; empty: results/NAME.h5"),
    FIELDS_END,
};
/* clang-format on */

const char *const x_names[X_KINDS + 1] = {"rounds", "bits", "values", "oracle", "epochs", "time", NULL};

/* --- lists ------------------------------------------------------------------------------------------------------------ */
char **list_split(const char *text, size_t *count)
{
    char **list = xcalloc(strlen(text) + 2, sizeof *list);
    *count = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ","), from = 0, to = length;
        while (from < to && isspace((unsigned char)text[from])) from++;
        while (to > from && isspace((unsigned char)text[to - 1])) to--;
        if (to > from) list[(*count)++] = xprintf("%.*s", (int)(to - from), text + from);
        text += length + (text[length] == ',');
    }
    return list;
}

void list_free(char **list)
{
    for (char **p = list; p != NULL && *p != NULL; p++) free(*p);
    free(list);
}

char *list_join(const char *const *names)
{
    char *all = xstrdup("");
    for (; *names != NULL; names++) {
        char *more = xprintf("%s%s%s", all, *all != '\0' ? ", " : "", *names);
        free(all);
        all = more;
    }
    return all;
}

/* --- checks ----------------------------------------------------------------------------------------------------------- */
static bool in_list(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0) names++;
    return *names != NULL;
}

/* Every item of a list setting is one of `names`, and there is at least one. */
static bool check_names(const char *key, const char *text, const char *const *names, struct fail *f)
{
    size_t count;
    char **item = list_split(text, &count), *all = list_join(names);
    bool ok = count > 0 || fail_set(f, "%s is empty; allowed: %s", key, all);
    for (size_t i = 0; ok && i < count; i++)
        if (!in_list(item[i], names)) {
            const char *near = nearest_name(item[i], names);
            ok = fail_set(f, "%s = %s%s%s%s; allowed: %s", key, item[i], near ? "; did you mean \"" : "", near ? near : "",
                          near ? "\"?" : "", all);
        }
    free(all);
    list_free(item);
    return ok;
}

static bool check_xmax(const struct plot_settings *s, struct fail *f)
{
    size_t columns, ends;
    char **x = list_split(s->x, &columns), **end = list_split(s->xmax, &ends);
    bool ok = ends == 1 || ends == columns ||
              fail_set(f, "xmax has %zu items, x has %zu; allowed: one for each x, or one for all", ends, columns);
    for (size_t i = 0; ok && i < ends; i++) {
        double v;
        if (strcmp(end[i], "auto") != 0 && !(parse_real(end[i], &v) && v > 0))
            ok = fail_set(f, "xmax = %s; allowed: auto, or a number > 0, for each x", end[i]);
    }
    list_free(x);
    list_free(end);
    return ok;
}

bool plot_axes_check(const struct plot_settings *s, struct fail *f)
{
    return check_names("x", s->x, x_names, f) && check_xmax(s, f);
}

bool plot_settings_check(const struct plot_settings *s, struct fail *f)
{
    const char *columns[TRACE_COLUMNS + 1] = {NULL};
    for (size_t i = 0; i < TRACE_COLUMNS && trace_columns[i].name != NULL; i++) columns[i] = trace_columns[i].name;
    return plot_axes_check(s, f) && check_names("y", s->y, columns, f);
}

bool plot_settings_word(struct settings *s, const char *word, struct fail *f)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL) return fail_set(f, "\"%s\" is not a setting; allowed: key=value", word);
    char *key = xprintf("%.*s", (int)(equals - word), word);
    bool ok = settings_set(s, key, equals + 1, f);
    free(key);
    return ok;
}

/* --- experiment files ------------------------------------------------------------------------------------------------- */
/* What inih is shown, line by line: [plot] and the title of [experiment].  Everything else is the business of `run`. */
struct reading {
    const char *name, *at;
    int line;
    bool plot, experiment; /* the section the line is in    */
    bool indented;         /* the line goes on with the one before */
    struct settings *settings;
    char **title, *key, *value;
    struct fail *fail;
    bool failed;
};

/* "NAME:LINE: " in front of a message. */
static int fail_here(struct reading *r, const struct fail *why)
{
    if (!r->failed) fail_set(r->fail, "%s:%d: %s", r->name, r->line, why->text);
    r->failed = true;
    return 0;
}

static bool starts_with_key(const char *line, const char *key)
{
    size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && strspn(line + length, " \t=:") > 0;
}

/* As fgets, from the text. */
static char *next_line(char *out, int room, void *user)
{
    struct reading *r = user;
    if (*r->at == '\0') return NULL;
    const char *line = r->at;
    size_t length = strcspn(line, "\n");
    r->at += length + (line[length] == '\n');
    r->line++;
    r->indented = *line == ' ' || *line == '\t';
    if (*line == '[') {
        r->plot = strncmp(line, "[plot]", 6) == 0;
        r->experiment = strncmp(line, "[experiment]", 12) == 0;
    }
    bool ours = *line == '[' || r->plot || (r->experiment && starts_with_key(line, "title"));
    bool comment = *line == ';' || *line == '#';
    if (ours && !comment && length + 2 > (size_t)room) {
        struct fail why = {.text = ""};
        fail_set(&why, "the line has %zu characters; allowed: %d; go on in the next line, indented", length, room - 2);
        fail_here(r, &why);
    }
    if (!ours || comment || r->failed) length = 0;
    memcpy(out, line, length);
    memcpy(out + length, "\n", 2);
    return out;
}

static int keep_title(struct reading *r, const char *text)
{
    if (r->title == NULL) return 1;
    free(*r->title);
    *r->title = xstrdup(text);
    return 1;
}

static int take_setting(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    struct fail why = {.text = ""};
    if (strcmp(section, "experiment") == 0) return keep_title(r, value);
    if (strcmp(section, "plot") != 0) return 1;
    bool more = r->indented && r->key != NULL && strcmp(r->key, key) == 0;
    char *whole = more ? xprintf("%s %s", r->value, value) : xstrdup(value);
    free(r->value);
    free(r->key);
    r->value = whole;
    r->key = xstrdup(key);
    return settings_set(r->settings, key, whole, &why) || fail_here(r, &why);
}

bool plot_settings_read(struct settings *s, const char *name, const char *text, char **title, struct fail *f)
{
    struct reading r = {.name = name, .at = text, .settings = s, .title = title, .fail = f};
    if (title != NULL) *title = NULL;
    int bad = ini_parse_stream(next_line, &r, take_setting, &r);
    free(r.key);
    free(r.value);
    if (r.failed) return false;
    if (bad > 0) return fail_set(f, "%s:%d: neither a section nor a setting; allowed: [plot], key = value", name, bad);
    if (bad < 0) return fail_run(f, "%s: out of memory", name);
    return true;
}
