/* command.c - from argv to struct arguments, by the rows of a command's table. */
#include "command.h"
#include "field.h"
#include "usage.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_FIRST = 256, HELP = 1000 }; /* getopt's codes: LONG_FIRST + row, or HELP */

static size_t rows_of(const struct command *c)
{
    size_t n = 0;
    while (c->option != NULL && c->option[n].name != NULL) n++;
    return n;
}

/* getopt_long's two descriptions of the rows.  The leading '-' hands over words in order, whatever POSIXLY_CORRECT says. */
static void describe(const struct command *c, struct option *longs, char *shorts)
{
    size_t n = rows_of(c);
    *shorts++ = '-';
    *shorts++ = ':';
    *shorts++ = 'h';
    for (size_t i = 0; i < n; i++) {
        const struct command_option *o = &c->option[i];
        longs[i] = (struct option){o->name, o->arg ? required_argument : no_argument, NULL, LONG_FIRST + (int)i};
        if (o->letter == 0) continue;
        *shorts++ = o->letter;
        if (o->arg != NULL) *shorts++ = ':';
    }
    longs[n] = (struct option){"help", no_argument, NULL, HELP};
    longs[n + 1] = (struct option){0};
    *shorts = '\0';
}

static const struct command_option *row_of(const struct command *c, int code)
{
    size_t n = rows_of(c);
    for (size_t i = 0; i < n; i++)
        if (code == LONG_FIRST + (int)i || (code != 0 && code == c->option[i].letter)) return &c->option[i];
    return NULL;
}

static bool unknown_option(const struct command *c, const char *text, struct fail *f)
{
    const char *names[OPTIONS_MAX + 2] = {NULL};
    size_t n = rows_of(c);
    for (size_t i = 0; i < n; i++) names[i] = c->option[i].name;
    names[n] = "help";
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(text, "="), text);
    const char *near = strncmp(word, "--", 2) == 0 ? nearest_name(word + 2, names) : NULL;
    if (near != NULL) return fail_set(f, "%s: unknown option %s; did you mean --%s?", c->name, word, near);
    return fail_set(f, "%s: unknown option %s; `gradwire %s --help` lists them", c->name, word, c->name);
}

/* Why getopt stopped: an argument is missing, a switch was given one, or the option is not in the table. */
static bool option_fail(const struct command *c, int code, char *const *argv, struct fail *f)
{
    const struct command_option *row = row_of(c, optopt);
    const char *text = argv[optind - 1];
    if (code == ':' && row != NULL) return fail_set(f, "%s: --%s needs %s: %s", c->name, row->name, row->arg, row->doc);
    if (optopt == HELP) return fail_set(f, "%s: --help takes no value", c->name);
    if (optopt >= LONG_FIRST && row != NULL) return fail_set(f, "%s: --%s is a switch; it takes no value", c->name, row->name);
    char letter[3] = {'-', (char)optopt, '\0'};
    return unknown_option(c, optopt == 0 ? text : letter, f);
}

static bool words_fit(const struct arguments *a, struct fail *f)
{
    const struct command *c = a->command;
    if (a->count >= c->least && (c->most < 0 || a->count <= c->most)) return true;
    char usage[512];
    usage_line(c, usage, sizeof usage);
    return fail_set(f, "%s: %s; usage: %s", c->name, a->count < c->least ? "a word is missing" : "too many words", usage);
}

bool arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out, bool *help, struct fail *f)
{
    struct option longs[OPTIONS_MAX + 2];
    char shorts[3 * OPTIONS_MAX + 4];
    *out = (struct arguments){.command = c, .word = xcalloc((size_t)argc + 1, sizeof(char *))};
    *help = false;
    if (rows_of(c) > OPTIONS_MAX) return fail_run(f, "%s: its table has more than %d options", c->name, OPTIONS_MAX);
    describe(c, longs, shorts);
    opterr = 0;
    optind = 0; /* start afresh, also after another parse */
    for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        const struct command_option *row = row_of(c, code);
        if (code == 'h' || code == HELP) return *help = true;
        if (code == 1)
            out->word[out->count++] = optarg;
        else if (code == '?' || code == ':' || row == NULL)
            return option_fail(c, code, argv, f);
        else
            out->option[row - c->option] = optarg != NULL ? optarg : "";
    }
    while (optind < argc) out->word[out->count++] = argv[optind++];
    return words_fit(out, f);
}

const char *argument(const struct arguments *a, const char *name)
{
    size_t n = rows_of(a->command);
    for (size_t i = 0; i < n; i++)
        if (strcmp(a->command->option[i].name, name) == 0) return a->option[i];
    fprintf(stderr, "gradwire: %s asks for option --%s, which its table does not have\n", a->command->name, name);
    abort();
}

bool argument_int(const struct arguments *a, const char *name, long low, long high, long fallback, long *out, struct fail *f)
{
    const char *text = argument(a, name);
    int64_t v;
    *out = fallback;
    if (text == NULL) return true;
    if (!parse_int(text, &v) || v < low || v > high)
        return fail_set(f, "%s: --%s %s: a whole number from %ld to %ld is needed", a->command->name, name, text, low, high);
    *out = (long)v;
    return true;
}

int report(const struct fail *f)
{
    fflush(stdout);
    fprintf(stderr, "gradwire: %s\n", f->text[0] != '\0' ? f->text : "failed without a reason, which is a defect");
    return f->exit_status != 0 ? f->exit_status : 2;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; command_table[i] != NULL; i++)
        if (strcmp(command_table[i]->name, name) == 0) return command_table[i];
    return NULL;
}

bool command_unknown(const char *name, struct fail *f)
{
    const char *names[64] = {NULL};
    for (size_t i = 0; command_table[i] != NULL && i + 1 < sizeof names / sizeof *names; i++) names[i] = command_table[i]->name;
    const char *near = nearest_name(name, names);
    if (near != NULL) return fail_set(f, "unknown command '%s'; did you mean '%s'?", name, near);
    return fail_set(f, "unknown command '%s'; `gradwire --help` lists them", name);
}
