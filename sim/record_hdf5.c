/* record_hdf5.c - a record as an HDF5 file image, built in memory.
 *
 * The image is a function of the record alone: the file format is pinned to that of HDF5 1.8 (superblock 2, readable by every
 * library since 2008), no object carries a time, and everything is created in the record's order by one call sequence.  Text is
 * of variable length, which h5py gives as str and which has no 64 KB limit; numbers are little-endian. */
#include "hdf5_fail.h"
#include "image.h"
#include "record.h"
#include "seal.h"
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMPACT_BYTES = 2048,     /* arrays up to this size live in their object header  */
    LENT_BYTES = 1 << 16,     /* what is shorter is copied: it costs less than a reference */
    COMPACT_ATTRIBUTES = 4096 /* ... and attributes and links up to this number too  */
};

/* Property lists and types that every object of one image shares. */
struct writer {
    hid_t driver, file_access, file_create, group_create, compact, contiguous, text, scalar, file;
    struct image *image;
    struct fail *fail;
};

/* Fails with what was being done, where, and HDF5's own reason; always false. */
static bool image_failed(const struct writer *w, const char *doing, const char *where)
{
    char why[256];
    hdf5_reason(why, sizeof why);
    return fail_run(w->fail, "cannot build the result in memory: %s %s: %s", doing, where, why);
}

/* Objects remember the order in which attributes were added, and no time. */
static bool object_properties(hid_t p)
{
    return p >= 0 && H5Pset_obj_track_times(p, false) >= 0 &&
           H5Pset_attr_creation_order(p, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 &&
           H5Pset_attr_phase_change(p, COMPACT_ATTRIBUTES, COMPACT_ATTRIBUTES / 2) >= 0;
}

static bool group_properties(hid_t p)
{
    return object_properties(p) && H5Pset_link_creation_order(p, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0;
}

static bool array_properties(hid_t p, H5D_layout_t layout)
{
    return object_properties(p) && H5Pset_layout(p, layout) >= 0 && H5Pset_fill_time(p, H5D_FILL_TIME_NEVER) >= 0;
}

static bool writer_open(struct writer *w)
{
    w->driver = image_driver();
    w->file_access = image_access(w->driver);
    w->file_create = H5Pcreate(H5P_FILE_CREATE);
    w->group_create = H5Pcreate(H5P_GROUP_CREATE);
    w->compact = H5Pcreate(H5P_DATASET_CREATE);
    w->contiguous = H5Pcreate(H5P_DATASET_CREATE);
    w->text = H5Tcopy(H5T_C_S1);
    w->scalar = H5Screate(H5S_SCALAR);
    w->file = H5I_INVALID_HID;
    bool ok = w->file_access >= 0 && H5Pset_libver_bounds(w->file_access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) >= 0 &&
              group_properties(w->file_create) && group_properties(w->group_create) &&
              array_properties(w->compact, H5D_COMPACT) && array_properties(w->contiguous, H5D_CONTIGUOUS) &&
              H5Tset_size(w->text, H5T_VARIABLE) >= 0 && H5Tset_cset(w->text, H5T_CSET_UTF8) >= 0 && w->scalar >= 0;
    if (ok) w->file = H5Fcreate("gradwire-image", H5F_ACC_TRUNC, w->file_create, w->file_access);
    if (w->file >= 0) w->image = image_of(w->file);
    return w->image || image_failed(w, "opening", "the image");
}

static void writer_close(struct writer *w)
{
    if (w->file >= 0) H5Fclose(w->file);
    if (w->scalar >= 0) H5Sclose(w->scalar);
    if (w->text >= 0) H5Tclose(w->text);
    const hid_t list[] = {w->contiguous, w->compact, w->group_create, w->file_create, w->file_access};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i] >= 0) H5Pclose(list[i]);
    if (w->driver >= 0) H5FDunregister(w->driver);
}

static bool write_attribute(struct writer *w, hid_t object, const char *where, const struct attribute *a)
{
    hid_t stored = w->text, memory = w->text;
    const void *value = &a->text;
    if (a->type == VALUE_REAL) stored = H5T_IEEE_F64LE, memory = H5T_NATIVE_DOUBLE, value = &a->real;
    if (a->type == VALUE_INT) stored = H5T_STD_I64LE, memory = H5T_NATIVE_INT64, value = &a->integer;
    hid_t id = H5Acreate2(object, a->name, stored, w->scalar, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = id >= 0 && H5Awrite(id, memory, value) >= 0;
    if (!ok) image_failed(w, a->name, where);
    if (id >= 0) H5Aclose(id);
    return ok;
}

static bool write_note(struct writer *w, hid_t object, const char *where, char *name, char *text)
{
    return text[0] == '\0' ||
           write_attribute(w, object, where, &(struct attribute){.name = name, .type = VALUE_TEXT, .text = text});
}

/* size bytes of the data set `id`, whose elements `memory` describes, from its element `at` on. */
static bool write_part(struct writer *w, hid_t id, hid_t memory, const void *from, hsize_t at, hsize_t count, size_t bytes)
{
    if (count == 0) return true;
    hid_t all = H5Dget_space(id), here = H5Screate_simple(1, &count, NULL);
    image_lend(w->image, bytes >= LENT_BYTES ? from : NULL, bytes);
    bool ok = all >= 0 && here >= 0 && H5Sselect_hyperslab(all, H5S_SELECT_SET, &at, NULL, &count, NULL) >= 0 &&
              H5Dwrite(id, memory, here, all, H5P_DEFAULT, from) >= 0;
    image_lend(w->image, NULL, 0);
    if (here >= 0) H5Sclose(here);
    if (all >= 0) H5Sclose(all);
    return ok;
}

static bool write_numbers(struct writer *w, hid_t id, hid_t memory, const struct array *a, size_t bytes)
{
    if (!a->piece) return write_part(w, id, memory, a->data, 0, a->count, bytes);
    bool ok = true;
    for (size_t k = 0, at = 0; ok && k < a->pieces; at += a->piece[k++].bytes)
        ok = write_part(w, id, memory, a->piece[k].data, at, a->piece[k].bytes, a->piece[k].bytes);
    return ok;
}

static bool write_array(struct writer *w, hid_t group, const char *where, const struct array *a)
{
    static char unit[] = "unit", description[] = "description";
    hid_t stored = H5T_IEEE_F64LE, memory = H5T_NATIVE_DOUBLE;
    if (a->type == VALUE_INT) stored = H5T_STD_I64LE, memory = H5T_NATIVE_INT64;
    if (a->type == VALUE_BYTES) stored = H5T_STD_U8LE, memory = H5T_NATIVE_UINT8;
    size_t bytes = a->count * (a->type == VALUE_BYTES ? 1 : 8);

    hid_t space = H5Screate_simple(1, &(hsize_t){a->count}, NULL);
    hid_t id =
        H5Dcreate2(group, a->name, stored, space, H5P_DEFAULT, bytes <= COMPACT_BYTES ? w->compact : w->contiguous, H5P_DEFAULT);
    bool ok = id >= 0 && write_numbers(w, id, memory, a, bytes);
    if (!ok) image_failed(w, a->name, where);
    ok = ok && write_note(w, id, a->name, unit, a->unit) && write_note(w, id, a->name, description, a->description);
    if (id >= 0) H5Dclose(id);
    if (space >= 0) H5Sclose(space);
    return ok;
}

static bool write_group(struct writer *w, const struct group *g)
{
    hid_t id = strcmp(g->path, "/") == 0 ? H5Gopen2(w->file, "/", H5P_DEFAULT)
                                         : H5Gcreate2(w->file, g->path, H5P_DEFAULT, w->group_create, H5P_DEFAULT);
    bool ok = id >= 0 || image_failed(w, "group", g->path);
    for (size_t i = 0; ok && i < g->attributes; i++) ok = write_attribute(w, id, g->path, &g->attribute[i]);
    for (size_t i = 0; ok && i < g->arrays; i++) ok = write_array(w, id, g->path, &g->array[i]);
    if (id >= 0) H5Gclose(id);
    return ok;
}

struct built {
    struct writer writer;
};

/* Not for two threads at once: the HDF5 library has one state for all. */
struct built *record_build(const struct record *r, struct fail *f)
{
    struct built *b = xcalloc(1, sizeof *b);
    hdf5_quiet();
    b->writer.fail = f;
    bool ok = writer_open(&b->writer);
    for (size_t i = 0; ok && i < r->groups; i++) ok = write_group(&b->writer, r->group[i]);
    ok = ok && (H5Fflush(b->writer.file, H5F_SCOPE_GLOBAL) >= 0 || image_failed(&b->writer, "finishing", "the image"));
    if (ok) return b;
    record_built_free(b);
    return NULL;
}

void record_built_free(struct built *b)
{
    writer_close(&b->writer);
    free(b);
}

/* Bytes on their way, and into the seal. */
struct sealed {
    struct sealing sealing;
    put_bytes *put;
    void *to;
};

static void put_sealed(void *to, const void *bytes, size_t size)
{
    struct sealed *s = to;
    seal_add(&s->sealing, bytes, size);
    s->put(s->to, bytes, size);
}

void record_built_put(const void *built, put_bytes *put, void *to)
{
    const struct built *b = built;
    struct sealed s = {.put = put, .to = to};
    uint8_t seal[SEAL_SIZE];
    seal_begin(&s.sealing);
    image_put(b->writer.image, put_sealed, &s);
    seal_end(&s.sealing, seal);
    put(to, seal, sizeof seal);
}

static void put_in_memory(void *to, const void *bytes, size_t size)
{
    uint8_t **at = to;
    memcpy(*at, bytes, size);
    *at += size;
}

bool record_image(const struct record *r, uint8_t **image, size_t *size, struct fail *f)
{
    struct built *b = record_build(r, f);
    if (!b) return false;
    *size = (size_t)image_size(b->writer.image) + SEAL_SIZE;
    uint8_t *at = *image = xmalloc(*size);
    record_built_put(b, put_in_memory, &at);
    record_built_free(b);
    return true;
}
