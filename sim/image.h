/* image.h - the file that HDF5 builds: in memory, but for numbers that are lent to it, which stay where they are.
 *
 * A driver of HDF5's virtual file layer.  It keeps what is written in pages; of what is written out of lent memory it only
 * remembers where that goes, so that a checkpoint of gigabytes is not held twice. */
#ifndef IMAGE_H
#define IMAGE_H
#include "piece.h"
#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

struct image;

hid_t image_driver(void);           /* registers the driver; H5FDunregister ends it */
hid_t image_access(hid_t driver);   /* a file access property list for new files, to be closed; < 0: HDF5 refuses */
struct image *image_of(hid_t file); /* NULL: HDF5 refuses.  Valid while the file is open */

/* What HDF5 writes out of from[0 .. bytes) is not copied: it stays there, as it is, until the file is closed.  Until the next
 * call. */
void image_lend(struct image *i, const void *from, size_t bytes);

/* The whole file, which was flushed, from its first byte to its last. */
uint64_t image_size(const struct image *i);
void image_put(struct image *i, put_bytes *put, void *to);
#endif
