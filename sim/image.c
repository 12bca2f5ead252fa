/* image.c - a file of HDF5 as pages and references. */
#include "image.h"
#include "fail.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 1 << 20 };

struct extent { /* of the file, that lies elsewhere */
    haddr_t at;
    size_t size;
    const uint8_t *from;
};

struct image {
    H5FD_t public; /* HDF5's own; first */
    haddr_t eoa, eof;
    uint8_t **page; /* NULL: nothing was written there */
    size_t pages;
    struct extent *extent;
    size_t extents, room;
    const uint8_t *lent;
    size_t lent_bytes;
};

/* --- what HDF5 calls ----------------------------------------------------------------------------------------------- */

static H5FD_t *image_open(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    (void)name, (void)flags, (void)access, (void)most;
    struct image *i = xcalloc(1, sizeof *i);
    return &i->public;
}

static herr_t image_close(H5FD_t *file)
{
    struct image *i = (struct image *)file;
    for (size_t k = 0; k < i->pages; k++) free(i->page[k]);
    free(i->page);
    free(i->extent);
    free(i);
    return 0;
}

/* As of HDF5's own driver for memory: the same numbers come to lie at the same places. */
static herr_t image_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t image_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct image *)file)->eoa;
}

static herr_t image_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t eoa)
{
    (void)type;
    ((struct image *)file)->eoa = eoa;
    return 0;
}

static haddr_t image_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct image *)file)->eof;
}

static herr_t image_get_handle(H5FD_t *file, hid_t access, void **handle)
{
    (void)access;
    *handle = file;
    return 0;
}

/* How much of size bytes from `at` lies on one page. */
static size_t on_page(haddr_t at, size_t size)
{
    const size_t left = PAGE - (size_t)(at % PAGE);
    return size < left ? size : left;
}

static void overlay(const struct extent *e, haddr_t at, size_t size, uint8_t *to)
{
    const haddr_t from = e->at > at ? e->at : at, end = e->at + e->size < at + size ? e->at + e->size : at + size;
    if (from < end) memcpy(to + (from - at), e->from + (from - e->at), (size_t)(end - from));
}

static herr_t image_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, void *to)
{
    (void)type, (void)transfer;
    const struct image *i = (const struct image *)file;
    uint8_t *byte = to;
    for (size_t done = 0, some; done < size; done += some) {
        const size_t page = (size_t)((at + done) / PAGE);
        some = on_page(at + done, size - done);
        if (page < i->pages && i->page[page])
            memcpy(byte + done, i->page[page] + (at + done) % PAGE, some);
        else
            memset(byte + done, 0, some);
    }
    for (size_t k = 0; k < i->extents; k++) overlay(&i->extent[k], at, size, byte);
    return 0;
}

static void refer(struct image *i, haddr_t at, size_t size, const uint8_t *from)
{
    if (i->extents == i->room) {
        i->room = i->room ? 2 * i->room : 8;
        i->extent = xrealloc(i->extent, i->room * sizeof *i->extent);
    }
    i->extent[i->extents++] = (struct extent){at, size, from};
}

static void copy(struct image *i, haddr_t at, size_t size, const uint8_t *from)
{
    const size_t pages = (size_t)((at + size + PAGE - 1) / PAGE);
    if (pages > i->pages) {
        i->page = xrealloc(i->page, pages * sizeof *i->page);
        while (i->pages < pages) i->page[i->pages++] = NULL;
    }
    for (size_t some; size > 0; at += some, from += some, size -= some) {
        uint8_t **page = &i->page[at / PAGE];
        some = on_page(at, size);
        if (!*page) *page = xcalloc(1, PAGE);
        memcpy(*page + at % PAGE, from, some);
    }
}

static herr_t image_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, const void *from)
{
    (void)type, (void)transfer;
    struct image *i = (struct image *)file;
    const uintptr_t lent = (uintptr_t)i->lent, mine = (uintptr_t)from;
    if (i->lent && mine >= lent && size <= i->lent_bytes && mine - lent <= i->lent_bytes - size)
        refer(i, at, size, from);
    else
        copy(i, at, size, from);
    if (at + size > i->eof) i->eof = at + size;
    return 0;
}

hid_t image_driver(void)
{
    static const H5FD_class_t class = {
#if H5_VERSION_GE(1, 13, 0)
        .version = H5FD_CLASS_VERSION,
        .value = (H5FD_class_value_t)(H5_VFD_RESERVED + 1),
#endif
        .name = "gradwire-image",
        .maxaddr = (haddr_t)1 << 62,
        .fc_degree = H5F_CLOSE_WEAK,
        .open = image_open,
        .close = image_close,
        .query = image_query,
        .get_eoa = image_get_eoa,
        .set_eoa = image_set_eoa,
        .get_eof = image_get_eof,
        .get_handle = image_get_handle,
        .read = image_read,
        .write = image_write,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    return H5FDregister(&class);
}

/* --- what the program calls ------------------------------------------------------------------------------------------ */

hid_t image_access(hid_t driver)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_driver(access, driver, NULL) >= 0) return access;
    if (access >= 0) H5Pclose(access);
    return H5I_INVALID_HID;
}

struct image *image_of(hid_t file)
{
    void *handle = NULL;
    return H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 ? handle : NULL;
}

void image_lend(struct image *i, const void *from, size_t bytes)
{
    i->lent = from;
    i->lent_bytes = bytes;
}

uint64_t image_size(const struct image *i)
{
    return i->eoa;
}

static int by_place(const void *a, const void *b)
{
    const haddr_t x = ((const struct extent *)a)->at, y = ((const struct extent *)b)->at;
    return (x > y) - (x < y);
}

/* What lies on pages from `at` to `end`. */
static void put_pages(const struct image *i, haddr_t at, haddr_t end, put_bytes *put, void *to)
{
    static const uint8_t nothing[4096];
    for (size_t some; at < end; at += some) {
        const size_t page = (size_t)(at / PAGE);
        const bool there = page < i->pages && i->page[page];
        some = on_page(at, (size_t)(end - at));
        if (!there && some > sizeof nothing) some = sizeof nothing;
        put(to, there ? i->page[page] + at % PAGE : nothing, some);
    }
}

void image_put(struct image *i, put_bytes *put, void *to)
{
    haddr_t at = 0;
    if (i->extents > 0) qsort(i->extent, i->extents, sizeof *i->extent, by_place);
    for (size_t k = 0; k < i->extents; k++) {
        const struct extent *e = &i->extent[k];
        put_pages(i, at, e->at, put, to);
        put(to, e->from, e->size);
        at = e->at + e->size;
    }
    put_pages(i, at, i->eoa, put, to);
}
