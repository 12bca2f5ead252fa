/* command_help.c - gradwire help [NAME] [--man] */
#include "usage.h"

static const struct command_option options[] = {
    {"man", 0, NULL, "print the whole manual as a man page (roff)"},
    {NULL, 0, NULL, NULL},
};

static int help(const struct arguments *a)
{
    struct fail f = {0};
    if (argument(a, "man") != NULL) {
        manual_print(stdout);
        return 0;
    }
    if (a->count == 0) {
        help_main(stdout);
        return 0;
    }
    const struct command *c = command_find(a->word[0]);
    if (c == NULL) {
        command_unknown(a->word[0], &f);
        return report(&f);
    }
    help_command(stdout, c);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .synopsis = "[NAME]",
    .summary = "how to use gradwire, or one of its commands",
    .details = "The man page is made from the same tables:\n\n    gradwire help --man > gradwire.1; man ./gradwire.1",
    .option = options,
    .least = 0,
    .most = 1,
    .run = help,
};
