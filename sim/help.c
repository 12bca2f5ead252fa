/* help.c - `gradwire --help` and `gradwire NAME --help`, printed from the tables. */
#include "layout.h"
#include "usage.h"
#include <string.h>

const char usage_what[] =
    "gradwire simulates distributed optimisation with compressed communication: a server, its clients, and every bit "
    "between them, counted by a real encoder. An experiment file becomes an HDF5 file with every curve and a "
    "figure; the same experiment on the same data gives the same bytes, with any number of threads.";

const struct note usage_examples[] = {
    {"gradwire run plots/marina-fig1-mushrooms.ini", "all curves of a figure, into results/NAME.h5"},
    {"gradwire plot results/marina-fig1-mushrooms.h5", "the figure"},
    {"gradwire explain marina", "its pseudo-code, parameters, cost, paper"},
    {NULL, NULL},
};
const struct note usage_environment[] = {
    {"GRADWIRE_DATA", "directory where data sets are looked for first"},
    {"XDG_CACHE_HOME", "downloaded data sets are kept in its directory gradwire (default: ~/.cache)"},
    {"GRADWIRE_OFFLINE", "when not empty, nothing is downloaded"},
    {"GRADWIRE_URL_BASE", "a mirror to download from"},
    {"OMP_NUM_THREADS", "not used: --threads says how many, and results do not depend on it"},
    {NULL, NULL},
};
const struct note usage_files[] = {
    {"FILE.ini", "an experiment: data set, problem, methods, compressors, seeds; its keys are also key=value words of run"},
    {"OUT.h5", "what a run writes: one group per run with its parameters and its trace, readable by any HDF5 program"},
    {NULL, NULL},
};
const struct note usage_exit_status[] = {
    {"0", "done"},
    {"1", "a run failed or diverged, files differ, or the machine could not (disk full, output closed)"},
    {"2", "usage or input: one line on standard error says what is wrong and what is allowed"},
    {NULL, NULL},
};

static size_t append(char *text, size_t size, size_t at, const char *s)
{
    while (*s != '\0' && at + 1 < size) text[at++] = *s++;
    if (size > 0) text[at] = '\0';
    return at;
}

void usage_line(const struct command *c, char *text, size_t size)
{
    size_t at = append(text, size, 0, "gradwire ");
    at = append(text, size, at, c->name);
    if (c->synopsis != NULL && c->synopsis[0] != '\0') {
        at = append(text, size, at, " ");
        at = append(text, size, at, c->synopsis);
    }
    for (const struct command_option *o = c->option; o != NULL && o->name != NULL; o++) {
        char one[64];
        const char letter[2] = {o->letter, '\0'};
        snprintf(one, sizeof one, " [%s%s%s%s]", o->letter ? "-" : "--", o->letter ? letter : o->name, o->arg ? " " : "",
                 o->arg ? o->arg : "");
        at = append(text, size, at, one);
    }
}

static void notes(FILE *out, const char *title, const struct note *n, size_t column)
{
    fprintf(out, "\n%s\n", title);
    for (; n->name != NULL; n++) layout_term(out, n->name, column, n->text);
}

void help_main(FILE *out)
{
    fputs("usage: gradwire COMMAND [WORD ...] [OPTION ...]\n\n", out);
    layout_hang(out, 0, usage_what);
    fputs("\ncommands\n", out);
    for (size_t i = 0; command_table[i] != NULL; i++) layout_term(out, command_table[i]->name, 12, command_table[i]->summary);
    fputs("\n  `gradwire COMMAND --help` tells more; options may stand anywhere, `--` ends them.\n", out);
    notes(out, "example", usage_examples, 50);
    notes(out, "environment", usage_environment, 20);
    notes(out, "exit status", usage_exit_status, 6);
}

void help_command(FILE *out, const struct command *c)
{
    char usage[512];
    usage_line(c, usage, sizeof usage);
    fputs("usage: ", out);
    layout_hang(out, 7, usage);
    fputc('\n', out);
    layout_hang(out, 0, c->summary);
    if (c->details != NULL && c->details[0] != '\0') {
        fputc('\n', out);
        layout_print(out, 0, c->details);
    }
    fputs("\noptions\n", out);
    for (const struct command_option *o = c->option; o != NULL && o->name != NULL; o++) {
        char term[80];
        const char letter[5] = {'-', o->letter, ',', ' ', '\0'};
        snprintf(term, sizeof term, "%s--%s%s%s", o->letter ? letter : "    ", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        layout_term(out, term, 28, o->doc);
    }
    layout_term(out, "-h, --help", 28, "this text");
}
