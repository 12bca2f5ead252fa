/* usage.h - from the command tables: parsing of the command line, help, and the man page. */
#ifndef USAGE_H
#define USAGE_H
#include "command.h"
#include <stdio.h>

enum { OPTIONS_MAX = 16 }; /* rows of struct arguments.option */

/* Parse the words after the command's name: argv[0] is that name.  Options may stand anywhere among the words, `--` ends
 * them.  *help: -h or --help was given, and nothing else was checked.  out->word is allocated; free() it.
 * False with one line (the nearest option, or the usage) when they do not fit the table. */
bool arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out, bool *help, struct fail *f);

const struct command *command_find(const char *name);
/* Set f to "unknown command ..." with the nearest name; returns false. */
bool command_unknown(const char *name, struct fail *f);

void help_main(FILE *out);                            /* gradwire --help        */
void help_command(FILE *out, const struct command *); /* gradwire NAME --help   */
/* "gradwire run FILE.ini [key=value ...] [-o OUT.h5] ..." into text, cut at size. */
void usage_line(const struct command *c, char *text, size_t size);
void manual_print(FILE *out); /* gradwire(1) as roff */

/* What help and man page both say besides the commands; each list ends with name == NULL. */
struct note {
    const char *name, *text;
};
extern const char usage_what[]; /* what gradwire is, two sentences */
extern const struct note usage_examples[], usage_environment[], usage_files[], usage_exit_status[];

extern const struct command command_help; /* gradwire help [NAME] [--man] */
#endif
