/* watched.h - valgrind emulates the processor, keeps its own memory and starts programs in its own way: what a test asks of these
 * is then not the program's answer, and the test is skipped. */
#ifndef WATCHED_H
#define WATCHED_H
#include <stdbool.h>
#include <stdlib.h>

static inline bool under_valgrind(void)
{
    return getenv("GRADWIRE_VALGRIND") != NULL; /* set by tests/check_sanitizers.sh */
}
#endif
