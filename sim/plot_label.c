/* plot_label.c - what stands beside an axis, in gnuplot's markup. */
#include "plot_figure.h"
#include <stdlib.h>
#include <string.h>

char *markup_escape(const char *text)
{
    char *out = xmalloc(2 * strlen(text) + 1), *o = out;
    for (; *text != '\0'; text++) {
        if (strchr("\\^_{}@&~", *text) != NULL) *o++ = '\\';
        *o++ = *text;
    }
    *o = '\0';
    return out;
}

/* " [kbit]", " [s]", " (×10^{3})" or "". */
static char *unit_label(const char *unit, int exponent)
{
    static const struct {
        int exponent;
        const char *prefix;
    } prefixes[] = {{-6, "µ"}, {-3, "m"}, {0, ""}, {3, "k"}, {6, "M"}, {9, "G"}, {12, "T"}, {15, "P"}};
    for (size_t i = 0; *unit != '\0' && i < sizeof prefixes / sizeof *prefixes; i++)
        if (prefixes[i].exponent == exponent) return xprintf(" [%s%s]", prefixes[i].prefix, unit);
    if (exponent == 0) return xstrdup("");
    return xprintf(" (×10^{%d}%s%s)", exponent, *unit != '\0' ? " " : "", unit);
}

static char *traffic_label(const struct plot_settings *s, enum x_kind kind, int exponent)
{
    static const char *const way[] = {"sent by a client", "received by a client", "sent and received by a client"};
    static const char *const account[] = {"", ", 32 a value", ", 64 a value", ", 64 an indexed value"};
    char *unit = unit_label(kind == X_BITS ? "bit" : "", exponent);
    char *label = xprintf("%s %s%s%s%s%s", kind == X_BITS ? "bits" : "values", way[s->direction],
                          s->clients == CLIENTS_MAX ? " (largest)" : "", kind == X_BITS ? account[s->accounting] : "",
                          s->start == START_UNCOUNTED ? ", start free" : "", unit);
    free(unit);
    return label;
}

static char *time_label(const struct plot_settings *s, int exponent)
{
    static const char *const network[] = {"one server link", "a server link a client", "ring all-reduce"};
    char latency[32], bandwidth[32], *unit = unit_label("s", exponent);
    format_real(s->latency * 1e3, latency);
    format_real(s->bandwidth / 1e6, bandwidth);
    char *label = xprintf("modelled time%s: %s, %s ms, %s Mbit/s", unit, network[s->network], latency, bandwidth);
    free(unit);
    return label;
}

char *cost_label(const struct plot_settings *s, enum x_kind kind, int exponent)
{
    if (kind == X_BITS || kind == X_VALUES) return traffic_label(s, kind, exponent);
    if (kind == X_TIME) return time_label(s, exponent);
    const char *what = kind == X_ROUNDS            ? "communication rounds"
                       : kind == X_EPOCHS          ? "passes over the data"
                       : s->clients == CLIENTS_MAX ? "sample gradients of a client (largest)"
                                                   : "sample gradients of a client";
    bool free_start = s->start == START_UNCOUNTED && kind != X_ROUNDS;
    char *unit = unit_label("", exponent), *label = xprintf("%s%s%s", what, free_start ? ", start free" : "", unit);
    free(unit);
    return label;
}

/* What methods make small, as papers print it; the other columns are counts. */
static const char *const errors[][2] = {
    {"grad_norm_sq", "‖∇f(x^{k})‖^{2}"},
    {"mean_client_grad_norm_sq", "mean of ‖∇f_{i}(x^{k})‖^{2}"},
    {"f", "f(x^{k})"},
    {"f_gap", "f(x^{k}) − f^{*}"},
    {"dist_sq", "‖x^{k} − x^{*}‖^{2}"},
};
enum { ERRORS = sizeof errors / sizeof *errors };

bool measure_is_error(const char *column)
{
    for (size_t i = 0; i < ERRORS; i++)
        if (strcmp(errors[i][0], column) == 0) return true;
    return false;
}

static char *spoken(const char *column)
{
    char *words = xstrdup(column);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_') *c = ' ';
    char *name = markup_escape(words);
    free(words);
    return name;
}

char *measure_label(const char *column, int exponent)
{
    char *unit = unit_label("", exponent), *name = NULL;
    for (size_t i = 0; i < ERRORS; i++)
        if (strcmp(errors[i][0], column) == 0) name = xstrdup(errors[i][1]);
    if (name == NULL) name = spoken(column);
    char *label = xprintf("%s%s", name, unit);
    free(unit);
    free(name);
    return label;
}
