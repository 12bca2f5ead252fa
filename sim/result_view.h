/* result_view.h - the runs of a result file as `show` and `diff` name them. */
#ifndef RESULT_VIEW_H
#define RESULT_VIEW_H
#include "record.h"

struct run_view {
    const char *number, *label, *status; /* "000", "marina randk k=1 seed=1", "done"; "" when the file does not say */
    const struct group *run, *trace;     /* trace: NULL before the first commit of the run                           */
};
size_t runs_of(const struct record *r, struct run_view **out); /* in the file's order; free(*out) */

const char *attribute_text_or(const struct group *g, const char *name, const char *otherwise);
/* A number as text that reads back as the same one; a text as it is.  free() it. */
char *attribute_string(const struct attribute *a);
/* Entry `row` of a real, integer or byte array, as format_real and decimal do. */
void array_entry(const struct array *a, size_t row, char out[32]);
double array_number(const struct array *a, size_t row); /* as a double */
const char *value_type_name(enum value_type type);      /* "real", "integer", "text", "bytes" */
#endif
