/* layout.h - plain text for people: wrapped at a width, with hanging indents, in columns. */
#ifndef LAYOUT_H
#define LAYOUT_H
#include <stddef.h>
#include <stdio.h>

enum { LAYOUT_WIDTH = 100 }; /* columns of help and explanations */

/* Columns that `s` takes on a terminal: UTF-8 code points. */
size_t layout_columns(const char *s);

/* Print `text` line by line, each moved right by `indent` columns.  A line that fits stays as its author laid it out
 * (pseudo-code, formulas).  A longer one is broken at spaces: prose runs on into the author's next line; after a label
 * ("client i: ...") the rest hangs under the text; an indented formula goes on 2 columns further in.  Ends with a newline. */
void layout_print(FILE *out, size_t indent, const char *text);

/* Print `text` as one paragraph whose first line starts at `column`, which the caller has reached; the following lines
 * start there too.  Ends with a newline. */
void layout_hang(FILE *out, size_t column, const char *text);

/* "  TERM      text ..." with the text hanging at `column`; a term too long for its place gets a line of its own. */
void layout_term(FILE *out, const char *term, size_t column, const char *text);
#endif
