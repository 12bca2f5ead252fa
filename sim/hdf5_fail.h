/* hdf5_fail.h - HDF5's error stack as one line. */
#ifndef HDF5_FAIL_H
#define HDF5_FAIL_H
#include <stddef.h>

/* Nothing is printed by HDF5 from now on. */
void hdf5_quiet(void);
/* The innermost reason of the call that just failed; call it before any other HDF5 function. */
void hdf5_reason(char *out, size_t size);
#endif
