/* parameters.h - a field table as a table for people. */
#ifndef PARAMETERS_H
#define PARAMETERS_H
#include "field.h"
#include <stdio.h>

/* What a row allows, in words: "> 0", "0 .. 1", "yes, no", "rows, spectral", "any number". */
void field_allowed(const struct field *row, char *text, size_t size);
/* name, default, allowed, what it is: one row each, in columns. */
void parameters_print(FILE *out, const struct field *table);
/* name, what it is: the vectors and numbers a method keeps. */
void state_print(FILE *out, const struct field *table);
#endif
