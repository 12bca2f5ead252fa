/* command_show.c - `gradwire show`: what is in a result file. */
#include "command.h"
#include "field.h"
#include "show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "7" and "007" mean run 007; anything else is a label. */
static bool names_run(const char *word, const struct run_view *v)
{
    if (strcmp(word, v->label) == 0 || strcmp(word, v->number) == 0) return true;
    int64_t asked, number;
    return word[0] >= '0' && word[0] <= '9' && parse_int(word, &asked) && parse_int(v->number, &number) && asked == number;
}

static bool unknown_run(const char *path, const char *word, const struct run_view *view, size_t count, struct fail *f)
{
    if (count == 0) return fail_set(f, "%s: no run \"%s\"; the file has no runs", path, word);
    const char **label = xcalloc(count + 1, sizeof *label);
    for (size_t i = 0; i < count; i++) label[i] = view[i].label;
    const char *near = nearest_name(word, label);
    free(label);
    return fail_set(f, "%s: no run \"%s\"%s%s%s; give a number from %s to %s or a label", path, word,
                    near ? ", did you mean \"" : "", near ? near : "", near ? "\"" : "", view[0].number, view[count - 1].number);
}

/* The runs that are asked for, in the order asked; all when none is named.  *view is all runs on entry. */
static bool choose_runs(const struct arguments *a, struct run_view **view, size_t *count, struct fail *f)
{
    if (a->count < 2) return true;
    struct run_view *chosen = xcalloc((size_t)a->count * (*count + 1), sizeof *chosen);
    size_t chosen_count = 0;
    for (int w = 1; w < a->count; w++) {
        size_t before = chosen_count;
        for (size_t i = 0; i < *count; i++)
            if (names_run(a->word[w], &(*view)[i])) chosen[chosen_count++] = (*view)[i];
        if (chosen_count > before) continue;
        free(chosen);
        return unknown_run(a->word[0], a->word[w], *view, *count, f);
    }
    free(*view);
    *view = chosen;
    *count = chosen_count;
    return true;
}

static void print_experiment(const struct record *r)
{
    const char *text = attribute_text_or(record_find(r, "/"), "experiment", "");
    fputs(text, stdout);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
}

static bool options_agree(const struct arguments *a, struct fail *f)
{
    int parts = (argument(a, "trace") != NULL) + (argument(a, "attributes") != NULL) + (argument(a, "experiment") != NULL);
    if (parts > 1) return fail_set(f, "show: --trace, --attributes and --experiment were given together; choose one");
    if (argument(a, "csv") && (argument(a, "attributes") || argument(a, "experiment")))
        return fail_set(f, "show: --csv goes with the list of runs and with --trace only");
    if (argument(a, "experiment") && a->count > 1)
        return fail_set(f, "show: --experiment is of the whole file; name no run with it");
    return true;
}

static int show(const struct arguments *a)
{
    struct fail f = {0};
    struct record r = {0};
    struct run_view *view = NULL;
    if (!options_agree(a, &f) || !record_read(a->word[0], &r, &f)) return report(&f);
    size_t count = runs_of(&r, &view);
    bool csv = argument(a, "csv") != NULL, ok = choose_runs(a, &view, &count, &f);
    if (!ok) {
    } else if (argument(a, "experiment")) {
        print_experiment(&r);
    } else if (argument(a, "attributes")) {
        show_attributes(&r, view, count, a->count < 2);
    } else if (argument(a, "trace")) {
        show_traces(view, count, csv);
    } else {
        if (!csv) show_header(&r);
        show_runs(view, count, csv);
    }
    free(view);
    record_free(&r);
    return ok ? 0 : report(&f);
}

static const struct command_option options[] = {
    {"trace", 't', NULL, "print the traces: a line of names, then tab-separated columns"},
    {"attributes", 'a', NULL, "print every attribute and the shape of every array"},
    {"experiment", 'e', NULL, "print the experiment that made the file"},
    {"csv", 0, NULL, "separate by commas, with all digits"},
    {NULL, 0, NULL, NULL},
};

const struct command command_show = {
    .name = "show",
    .synopsis = "OUT.h5 [RUN ...]",
    .summary = "print what a result file holds",
    .details =
        "Prints the title, the problem and its smoothness constants, then one line a run with its final and its smallest\n"
        "squared gradient norm, and the bits sent and sample gradients computed by a client (means over clients).\n"
        "RUN is a run's number or its label; without it all runs are shown. --trace and --csv print as many digits as it takes\n"
        "to read the same numbers back; the trace of several runs has their numbers as first column.",
    .option = options,
    .least = 1,
    .most = -1,
    .run = show,
};
