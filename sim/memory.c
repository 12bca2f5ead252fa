/* memory.c - how much memory there is, at most. */
#include "memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a container's control group allows, versions 2 and 1; where there is none, no limit. */
static double group_bytes(void)
{
    static const char *const path[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    double least = 1e18;
    for (int k = 0; k < 2; k++) {
        FILE *f = fopen(path[k], "re");
        double limit;
        if (f && fscanf(f, "%lf", &limit) == 1 && limit < least) least = limit; /* "max" is no number */
        if (f) fclose(f);
    }
    return least;
}

static double memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double most = pages > 0 && page > 0 ? (double)pages * (double)page : 1e18;
    const double group = group_bytes();
    if (group < most) most = group;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && (double)limit.rlim_cur < most)
        most = (double)limit.rlim_cur;
    return most;
}

bool memory_fits(double bytes, struct fail *f, const char *format, ...)
{
    const double most = memory_bytes();
    if (bytes <= most) return true;
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return fail_set(f, "%s take at least %.3g GB of memory; this machine has %.3g", what, bytes / 1e9, most / 1e9);
}
