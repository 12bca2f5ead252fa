/* manual.c - gradwire(1) as roff, from the same tables as the help. */
#include "plugin.h"
#include "usage.h"
#include <stdint.h>
#include <string.h>

#define MANUAL_DATE "2026-11-22" /* of the release; a clock would make builds differ */

/* The code point that starts at s, and how many bytes it takes; a byte that is not UTF-8 stands for itself. */
static uint32_t code_point(const char *s, size_t *bytes)
{
    const unsigned char *u = (const unsigned char *)s;
    *bytes = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 1;
    uint32_t c = *bytes == 1 ? u[0] : u[0] & (0xffu >> (*bytes + 1));
    for (size_t i = 1; i < *bytes; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            *bytes = 1;
            return u[0];
        }
        c = c << 6 | (u[i] & 0x3fu);
    }
    return c;
}

/* Text as roff prints it literally; at the start of a line a control character is shielded. */
static void escape(FILE *out, const char *s, size_t length)
{
    if (length > 0 && (s[0] == '.' || s[0] == '\'')) fputs("\\&", out);
    for (size_t i = 0, bytes; i < length; i += bytes) {
        uint32_t c = code_point(s + i, &bytes);
        const char *special = c == '\\'   ? "\\e"
                              : c == '-'  ? "\\-"
                              : c == '^'  ? "\\(ha"
                              : c == '~'  ? "\\(ti"
                              : c == '`'  ? "\\(ga"
                              : c == '\'' ? "\\(aq"
                                          : NULL;
        if (special != NULL)
            fputs(special, out);
        else if (c >= 0x80)
            fprintf(out, "\\[u%04X]", (unsigned)c);
        else
            fputc((int)c, out);
    }
}

static void line(FILE *out, const char *s)
{
    escape(out, s, strlen(s));
    fputc('\n', out);
}

/* `name` in bold as the term of what follows. */
static void term(FILE *out, const char *name)
{
    fputs(".TP\n\\fB", out);
    escape(out, name, strlen(name));
    fputs("\\fR\n", out);
}

/* Paragraphs are parted by blank lines; indented lines are examples and stay as they are. */
static void paragraphs(FILE *out, const char *text)
{
    bool example = false, gap = true;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), indent = strspn(text, " ");
        if (indent >= length) {
            gap = true;
        } else {
            bool shown = indent >= 2;
            if (example && !shown) fputs(".EE\n.RE\n", out);
            if (!example && shown) fputs(".PP\n.RS 4\n.EX\n", out);
            if (!shown && (gap || example)) fputs(".PP\n", out);
            if (example && shown && gap) fputs("\\&\n", out);
            example = shown;
            gap = false;
            const char *from = shown && indent >= 4 ? text + 4 : shown ? text + 2 : text + indent;
            escape(out, from, length - (size_t)(from - text));
            fputc('\n', out);
        }
        text += length + (text[length] == '\n');
    }
    if (example) fputs(".EE\n.RE\n", out);
}

static void command(FILE *out, const struct command *c)
{
    char usage[512];
    usage_line(c, usage, sizeof usage);
    fputs(".SS ", out);
    line(out, c->name);
    fputs(".B ", out);
    line(out, usage);
    fputs(".PP\n", out);
    line(out, c->summary);
    if (c->details != NULL) paragraphs(out, c->details);
    for (const struct command_option *o = c->option; o != NULL && o->name != NULL; o++) {
        char name[80];
        const char letter[5] = {'-', o->letter, ',', ' ', '\0'};
        snprintf(name, sizeof name, "%s--%s%s%s", o->letter ? letter : "", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        term(out, name);
        line(out, o->doc);
    }
}

static void notes(FILE *out, const char *title, const struct note *n)
{
    fprintf(out, ".SH %s\n", title);
    for (; n->name != NULL; n++) {
        term(out, n->name);
        line(out, n->text);
    }
}

static void plugins(FILE *out, const char *title, enum kind k)
{
    struct plugin p;
    fprintf(out, ".SH %s\n", title);
    for (size_t i = 0; plugin_at(k, i, &p); i++) {
        term(out, p.name);
        line(out, p.summary);
    }
}

void manual_print(FILE *out)
{
    fputs(".TH GRADWIRE 1 " MANUAL_DATE " \"gradwire " GRADWIRE_VERSION "\" \"User Commands\"\n", out);
    fputs(".SH NAME\ngradwire \\- simulate distributed optimisation with compressed communication\n", out);
    fputs(".SH SYNOPSIS\n.B gradwire\n.I COMMAND\n.RI [ WORD \" ...]\"\n.RI [ OPTION \" ...]\"\n", out);
    fputs(".SH DESCRIPTION\n", out);
    line(out, usage_what);
    fputs(".SH COMMANDS\nOptions may stand anywhere among the words;\n.B \\-\\-\nends them.\n", out);
    for (size_t i = 0; command_table[i] != NULL; i++) command(out, command_table[i]);
    plugins(out, "METHODS", KIND_METHOD);
    plugins(out, "COMPRESSORS", KIND_COMPRESSOR);
    plugins(out, "PROBLEMS", KIND_PROBLEM);
    plugins(out, "GENERATED DATA SETS", KIND_GENERATOR);
    notes(out, "FILES", usage_files);
    notes(out, "ENVIRONMENT", usage_environment);
    notes(out, "EXIT STATUS", usage_exit_status);
    notes(out, "EXAMPLES", usage_examples);
}
