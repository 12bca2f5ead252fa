/* command_plot.c - `gradwire plot`: figures of result files. */
#include "command.h"
#include "plain_text.h"
#include "plot_figure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one call asks for. */
struct request {
    char *experiment, *name; /* text and name of the .ini, or of the experiment in the first result file */
    char *stem;              /* pictures are STEM.svg and STEM.png                                       */
    char **result;           /* names of result files                                                    */
    size_t results;
    struct record *record; /* results of them                                                          */
    struct settings settings;
    char *title;
    bool draw[2]; /* by enum picture                                                           */
};

static const char *const suffix[] = {".svg", ".png"};

static bool ends_with(const char *text, const char *end)
{
    size_t m = strlen(text), n = strlen(end);
    return m > n && strcmp(text + m - n, end) == 0;
}

static char *without_suffix(const char *path, const char *end)
{
    size_t length = strlen(path) - (ends_with(path, end) ? strlen(end) : 0);
    return xprintf("%.*s", (int)length, path);
}

static const char *file_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_setting(const char *word)
{
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.")] == '=';
}

static void add_result(struct request *r, const char *path)
{
    r->result = xrealloc(r->result, (r->results + 1) * sizeof *r->result);
    r->result[r->results++] = xstrdup(path);
}

/* --- what to draw ------------------------------------------------------------------------------------------------------- */
static bool apply_words(struct request *r, const struct arguments *a, struct fail *f)
{
    bool ok = true;
    for (int i = 0; ok && i < a->count; i++) /* plot.KEY=value as for `gradwire run`, or KEY=value */
        if (is_setting(a->word[i]))
            ok = plot_settings_word(&r->settings, a->word[i] + (strncmp(a->word[i], "plot.", 5) == 0 ? 5 : 0), f);
    return ok;
}

static bool read_records(struct request *r, struct fail *f)
{
    r->record = xcalloc(r->results, sizeof *r->record);
    for (size_t i = 0; i < r->results; i++)
        if (!record_read(r->result[i], &r->record[i], f)) return false;
    return true;
}

/* A figure's own file: it names its results, or they have its name. */
static bool read_figure(struct request *r, const char *path, const struct arguments *a, struct fail *f)
{
    r->name = xstrdup(path);
    if (!plain_text_read(path, "an experiment", &r->experiment, f) ||
        !plot_settings_read(&r->settings, path, r->experiment, &r->title, f) || !apply_words(r, a, f))
        return false;
    const struct plot_settings *s = r->settings.data;
    char *stem = without_suffix(file_part(path), ".ini"), *own = xprintf("results/%s.h5", stem);
    size_t count;
    char **listed = list_split(s->results, &count);
    for (size_t i = 0; i < count; i++) add_result(r, listed[i]);
    if (count == 0) add_result(r, own);
    const char *first = r->result[0];
    r->stem = xprintf("%.*s%s", (int)(file_part(first) - first), first, stem);
    list_free(listed);
    free(own);
    free(stem);
    return read_records(r, f);
}

/* Without one: the [plot] section that the first result file remembers. */
static bool read_remembered(struct request *r, const struct arguments *a, struct fail *f)
{
    r->name = xstrdup(r->result[0]);
    r->stem = without_suffix(r->result[0], ".h5");
    if (!read_records(r, f)) return false;
    const struct attribute *text = group_attribute(record_find(&r->record[0], "/"), "experiment");
    if (text == NULL || text->type != VALUE_TEXT)
        return fail_set(f, "%s: holds no experiment; was it written by gradwire run?", r->name);
    return plot_settings_read(&r->settings, r->name, text->text, &r->title, f) && apply_words(r, a, f);
}

static bool read_words(struct request *r, const struct arguments *a, struct fail *f)
{
    const char *figure = NULL;
    for (int i = 0; i < a->count; i++) {
        if (is_setting(a->word[i])) continue;
        if (ends_with(a->word[i], ".ini")) {
            if (figure != NULL || r->results > 0)
                return fail_set(f, "%s: an .ini file stands alone; it may say results = A.h5, B.h5", a->word[i]);
            figure = a->word[i];
        } else if (figure != NULL)
            return fail_set(f, "%s: %s stands alone; it may say results = A.h5, B.h5", a->word[i], figure);
        else
            add_result(r, a->word[i]);
    }
    if (figure == NULL && r->results == 0)
        return fail_set(f, "no file to plot; allowed: result files (OUT.h5), or a figure's FILE.ini");
    return figure != NULL ? read_figure(r, figure, a, f) : read_remembered(r, a, f);
}

/* Which pictures, and where. */
static bool choose_pictures(struct request *r, const struct arguments *a, struct fail *f)
{
    const char *format = argument(a, "format"), *output = argument(a, "output");
    bool both = format != NULL && strcmp(format, "both") == 0, given = false;
    for (int i = 0; i < 2; i++) {
        bool asked = format != NULL && strcmp(format, suffix[i] + 1) == 0;
        r->draw[i] = asked || both || (format == NULL && output == NULL);
        given |= asked;
    }
    if (format != NULL && !both && !given) return fail_set(f, "--format %s; allowed: svg, png, both", format);
    if (output == NULL) return true;
    for (int i = 0; i < 2; i++) {
        if (!ends_with(output, suffix[i])) continue;
        free(r->stem);
        r->stem = without_suffix(output, suffix[i]);
        if (format == NULL) r->draw[i] = true;
        return r->draw[i] || fail_set(f, "-o %s: does not agree with --format %s", output, format);
    }
    return fail_set(f, "-o %s; allowed: a name that ends in .svg or .png", output);
}

/* --- drawing -------------------------------------------------------------------------------------------------------------- */
static bool draw(const struct request *r, const struct figure *g, enum picture picture, struct fail *f)
{
    char *script = figure_script(g, picture), *path = xprintf("%s%s", r->stem, suffix[picture]);
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool ok = gnuplot_run(script, &bytes, &size, f) && file_commit(path, bytes, size, f);
    if (ok) printf("%s\n", path);
    free(bytes);
    free(script);
    free(path);
    return ok;
}

static bool draw_all(const struct request *r, bool script_only, struct fail *f)
{
    struct figure *g = figure_new(r->settings.data, r->record, r->results, r->name, r->title, f);
    if (g == NULL) return false;
    bool ok = true;
    if (script_only) {
        char *script = figure_script(g, r->draw[PICTURE_SVG] ? PICTURE_SVG : PICTURE_PNG);
        fputs(script, stdout);
        free(script);
    }
    for (int i = 0; ok && !script_only && i < 2; i++)
        if (r->draw[i]) ok = draw(r, g, (enum picture)i, f);
    figure_free(g);
    return ok;
}

static void request_free(struct request *r)
{
    for (size_t i = 0; i < r->results; i++) {
        free(r->result[i]);
        if (r->record != NULL) record_free(&r->record[i]);
    }
    free(r->result);
    free(r->record);
    free(r->experiment);
    free(r->name);
    free(r->stem);
    free(r->title);
    settings_free(&r->settings);
}

static int plot(const struct arguments *a)
{
    struct fail f = {.text = ""};
    struct request r = {.settings = settings_new(plot_fields, sizeof(struct plot_settings))};
    bool ok = read_words(&r, a, &f) && choose_pictures(&r, a, &f) && draw_all(&r, argument(a, "script") != NULL, &f);
    request_free(&r);
    return ok ? 0 : report(&f);
}

static const struct command_option options[] = {
    {"output", 'o', "FILE", "the picture, FILE.svg or FILE.png (default: beside the result, both)"},
    {"format", 0, "WHAT", "svg, png or both"},
    {"script", 0, NULL, "print the gnuplot script instead"},
    {NULL, 0, NULL, NULL},
};

const struct command command_plot = {
    .name = "plot",
    .synopsis = "OUT.h5|FIGURE.ini [key=value ...]",
    .summary = "draw the figure of a result file",
    .details =
        "OUT.h5 is drawn as the [plot] section of its experiment says; several result files make one figure. FIGURE.ini draws\n"
        "results/FIGURE.h5, or the files it names in `results = A.h5, B.h5`, as its own [plot] section says, so that a\n"
        "figure can be restyled without running anything again. key=value overrides a key of [plot]. Runs that differ in\n"
        "their seed only are one curve, the median; band = minmax or quartile shows the spread.\n"
        "\n"
        "What is counted, and how, is chosen here, not in the run (`gradwire explain plot`: all keys, with defaults):\n"
        "  x           rounds, bits, values, oracle, epochs, time; a panel for each\n"
        "  y           grad_norm_sq, f_gap, any column of the trace; a row of panels for each\n"
        "  accounting  wire (as packed), values32, values64, flower (32 + 32 with the index)\n"
        "  direction   up, down, both            clients   mean, max\n"
        "  start       counted, uncounted: a dense first round is free, as in many papers\n"
        "  network     server, wide-server, ring; with latency (s) and bandwidth (bit/s), for x = time\n"
        "  budget      full, common: all curves end where the shortest does\n"
        "  band        none, minmax, quartile: the spread over seeds\n"
        "  colour, dash, marker                  the attribute of the runs that they tell apart\n"
        "  label, title, legend, markers         what is written, and where\n"
        "  logx, logy, xmax, ymin, ymax, width, height\n"
        "\n"
        "The time of a ring supposes messages that can be added on the way: dense ones, or masks that all clients share.\n"
        "\n"
        "Pictures are written by gnuplot. The same result gives the same SVG, byte by byte, with the same gnuplot.",
    .option = options,
    .least = 1,
    .most = -1,
    .run = plot,
};
