/* hdf5_fail.c - HDF5's error stack as one line. */
#include "hdf5_fail.h"
#include <hdf5.h>
#include <stdio.h>

void hdf5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct reason {
    char *out;
    size_t size;
};

static herr_t take_first(unsigned n, const H5E_error2_t *e, void *to)
{
    struct reason *r = to;
    if (n == 0 && e->desc) snprintf(r->out, r->size, "%s", e->desc);
    return 0;
}

void hdf5_reason(char *out, size_t size)
{
    struct reason r = {out, size};
    snprintf(out, size, "no reason given");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &r);
}
