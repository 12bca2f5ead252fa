/* sick.c - one mistake of each kind, so that the tools of check_sanitizers.sh are seen to see: sick WORD. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero; /* nothing below is known to the compiler */

static int lose(void)
{
    char *volatile p = malloc(100);
    p[0] = 1;
    p = NULL;
    return zero;
}

static int overstep(void)
{
    char *volatile p = malloc(10);
    p[10 + zero] = 1;
    free(p);
    return zero;
}

static int undefined(void)
{
    return ((1 << 30) + zero) * (4 + zero) != 0 ? zero : 1;
}

static int unset(void)
{
    int *volatile p = malloc(sizeof *p);
    int found = *p == 5 ? 1 : 0;
    free(p);
    if (found) puts("five");
    return zero;
}

static int race(void)
{
    int n = zero;
#pragma omp parallel num_threads(4)
    n += 1;
    return n == 0;
}

static int wait_for_all(void) /* no mistake: a tool that knows OpenMP is silent */
{
    int n = zero;
#pragma omp parallel num_threads(4)
    {
#pragma omp critical
        n += 1;
    }
    return n == 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*mistake)(void);
    } all[] = {{"lose", lose}, {"overstep", overstep}, {"undefined", undefined}, {"unset", unset}, {"race", race}, {"none", wait_for_all}};
    for (size_t k = 0; argc == 2 && k < sizeof all / sizeof *all; k++)
        if (strcmp(all[k].word, argv[1]) == 0) return all[k].mistake();
    return 99;
}
