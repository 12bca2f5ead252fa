/* command.h - subcommands as tables: main() parses, `--help` and the man page are printed from the same rows. */
#ifndef COMMAND_H
#define COMMAND_H
#include "fail.h"
#include <stdbool.h>

struct command_option {
    const char *name;  /* "threads": --threads        */
    char letter;       /* 'o': -o; 0: none             */
    const char *arg;   /* "N"; NULL: a switch          */
    const char *doc;   /* one line                     */
};
struct arguments {
    int count;
    char **word;               /* positional arguments, in order */
    const char *option[16];    /* by row of the command's table: its text ("" for a switch), NULL when not given */
    const struct command *command;
};
struct command {
    const char *name, *synopsis, *summary; /* "run", "FILE.ini [key=value ...]", one line */
    const char *details;                   /* paragraphs for `gradwire NAME --help` and the man page */
    const struct command_option *option;   /* ends with name == NULL */
    int least, most;                       /* positional arguments; most < 0: any number */
    int (*run)(const struct arguments *a); /* returns the exit status: 0 done, 1 a run failed or diverged, 2 usage or input */
};
const char *argument(const struct arguments *a, const char *name); /* the option's text, or NULL */
bool argument_int(const struct arguments *a, const char *name, long low, long high, long fallback, long *out, struct fail *f);
int report(const struct fail *f); /* print "gradwire: TEXT" on stderr, return its exit status */

/* One file each, sim/command_NAME.c; the table in main.c lists them in the order of the help. */
extern const struct command command_run, command_resume, command_tune, command_list, command_explain, command_show, command_diff, command_plot,
    command_data, command_verify, command_version;
extern const struct command *const command_table[]; /* NULL-terminated */
#define GRADWIRE_VERSION "0.2.0"
#endif
