/* record_read.c - a result file back into memory.
 *
 * HDF5 sees only bytes whose checksum was right, and types, shapes and sizes must be those that record_hdf5.c writes.  That
 * stops damage, not forgery: HDF5 1.10 itself trusts the sizes in the heap that holds the texts. */
#include "hdf5_fail.h"
#include "record.h"
#include "sealed_read.h"
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 }; /* groups within groups; hard links could make a circle */

struct reader {
    const char *file;
    size_t size; /* of the image: no array is longer */
    struct record *record;
    struct group *group; /* being filled */
    int depth;
    struct fail *fail;
};

/* Always -1, HDF5's "stop" of an iteration. */
static herr_t refused(const struct reader *r, const char *name, const char *what)
{
    fail_set(r->fail, "%s: not a gradwire result: %s%s%s: %s", r->file, r->group ? r->group->path : "", r->group ? " " : "", name,
             what);
    return -1;
}

static herr_t unreadable(const struct reader *r, const char *name)
{
    char why[256];
    hdf5_reason(why, sizeof why);
    return refused(r, name, why);
}

/* REAL, INT, BYTES (when allowed) or TEXT; false: none of them. */
static bool type_of(hid_t type, enum value_type *out)
{
    size_t size = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        *out = VALUE_REAL;
        return size == 8;
    case H5T_STRING:
        *out = VALUE_TEXT;
        return true;
    case H5T_INTEGER:
        *out = size == 1 ? VALUE_BYTES : VALUE_INT;
        return size == 1 ? H5Tget_sign(type) == H5T_SGN_NONE : size == 8 && H5Tget_sign(type) == H5T_SGN_2;
    default:
        return false;
    }
}

/* The text of attribute `id`, of variable length, to be freed; NULL: HDF5 could not read it. */
static char *read_text(hid_t id, hid_t type)
{
    char *text = NULL, *copy = NULL;
    hid_t memory = H5Tcopy(H5T_C_S1), space = H5Aget_space(id);
    if (memory >= 0 && H5Tset_size(memory, H5T_VARIABLE) >= 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0 && space >= 0 &&
        H5Aread(id, memory, &text) >= 0) {
        copy = xstrdup(text ? text : "");
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &text);
    }
    if (space >= 0) H5Sclose(space);
    if (memory >= 0) H5Tclose(memory);
    return copy;
}

/* One scalar attribute into *a (text to be freed); its name is not set. */
static herr_t read_value(const struct reader *r, hid_t id, const char *name, struct attribute *a)
{
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    herr_t status = 0;
    if (type < 0 || space < 0)
        status = unreadable(r, name);
    else if (!type_of(type, &a->type) || a->type == VALUE_BYTES || H5Sget_simple_extent_type(space) != H5S_SCALAR ||
             (a->type == VALUE_TEXT && H5Tis_variable_str(type) <= 0))
        status = refused(r, name, "not one number of 64 bits or one text");
    else if (a->type == VALUE_REAL  ? H5Aread(id, H5T_NATIVE_DOUBLE, &a->real) < 0
             : a->type == VALUE_INT ? H5Aread(id, H5T_NATIVE_INT64, &a->integer) < 0
                                    : !(a->text = read_text(id, type)))
        status = unreadable(r, name);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}

static herr_t read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *to)
{
    struct reader *r = to;
    (void)info;
    hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    if (id < 0) return unreadable(r, name);
    struct attribute a = {0};
    herr_t status = read_value(r, id, name, &a);
    H5Aclose(id);
    if (status < 0) return status;
    if (a.type == VALUE_REAL) group_real(r->group, name, a.real);
    if (a.type == VALUE_INT) group_int(r->group, name, a.integer);
    if (a.type == VALUE_TEXT) group_text(r->group, name, a.text);
    free(a.text);
    return 0;
}

/* The text attribute `name` of a data set; "" when it has none; NULL: it is no text. */
static char *read_note(const struct reader *r, hid_t object, const char *name)
{
    htri_t there = H5Aexists(object, name);
    if (there == 0) return xstrdup("");
    hid_t id = there > 0 ? H5Aopen(object, name, H5P_DEFAULT) : H5I_INVALID_HID;
    struct attribute a = {.type = VALUE_INT};
    bool ok = id >= 0 && read_value(r, id, name, &a) >= 0 && a.type == VALUE_TEXT;
    if (id >= 0) H5Aclose(id);
    if (!ok) refused(r, name, "not a text");
    return ok ? a.text : NULL;
}

/* Type and length of a data set; an array of these must fit in the file it came from. */
static herr_t array_shape(const struct reader *r, hid_t id, const char *name, enum value_type *kind, hsize_t *count)
{
    hid_t type = H5Dget_type(id), space = H5Dget_space(id);
    herr_t status = 0;
    if (type < 0 || space < 0)
        status = unreadable(r, name);
    else if (!type_of(type, kind) || *kind == VALUE_TEXT || H5Sget_simple_extent_type(space) != H5S_SIMPLE ||
             H5Sget_simple_extent_ndims(space) != 1 || H5Sget_simple_extent_dims(space, count, NULL) != 1)
        status = refused(r, name, "not a one-dimensional array of 64-bit numbers or bytes");
    else if (*count > r->size / (*kind == VALUE_BYTES ? 1 : 8))
        status = refused(r, name, "longer than the file");
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return status;
}

static herr_t read_array(struct reader *r, hid_t id, const char *name)
{
    enum value_type kind = VALUE_REAL;
    hsize_t count = 0;
    herr_t status = array_shape(r, id, name, &kind, &count);
    if (status < 0) return status;
    size_t bytes = (size_t)count * (kind == VALUE_BYTES ? 1 : 8);
    void *data = xmalloc(bytes ? bytes : 1);
    hid_t memory = kind == VALUE_REAL ? H5T_NATIVE_DOUBLE : kind == VALUE_INT ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT8;
    if (count > 0 && H5Dread(id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) status = unreadable(r, name);
    char *unit = status < 0 ? NULL : read_note(r, id, "unit");
    char *description = unit ? read_note(r, id, "description") : NULL;
    if (description)
        group_array(r->group, name, kind, data, (size_t)count, unit, description);
    else
        status = -1;
    free(description);
    free(unit);
    free(data);
    return status;
}

static herr_t read_group(struct reader *r, hid_t id, const char *path);

static herr_t read_link(hid_t parent, const char *name, const H5L_info_t *info, void *to)
{
    struct reader *r = to;
    if (info->type != H5L_TYPE_HARD) return refused(r, name, "a link to elsewhere");
    hid_t id = H5Oopen(parent, name, H5P_DEFAULT);
    if (id < 0) return unreadable(r, name);
    herr_t status;
    struct group *here = r->group;
    if (H5Iget_type(id) == H5I_DATASET) {
        status = read_array(r, id, name);
    } else if (H5Iget_type(id) == H5I_GROUP) {
        char *path = xprintf("%s/%s", strcmp(here->path, "/") == 0 ? "" : here->path, name);
        status = r->depth >= DEPTH_MAX ? refused(r, name, "groups are nested too deeply") : read_group(r, id, path);
        free(path);
    } else {
        status = refused(r, name, "neither a group nor an array");
    }
    r->group = here;
    H5Oclose(id);
    return status;
}

/* Attributes, then arrays and groups, in the order in which they were created. */
static herr_t read_group(struct reader *r, hid_t id, const char *path)
{
    r->group = record_group(r->record, path);
    r->depth++;
    herr_t status = H5Aiterate2(id, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, read_attribute, r);
    if (status >= 0) status = H5Literate(id, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, read_link, r);
    if (status < 0) unreadable(r, "contents"); /* kept only when nothing said more */
    r->depth--;
    return status;
}

/* "format" and "format_version" of the root group, before anything else is believed. */
static bool format_is_ours(const struct reader *r, hid_t root)
{
    struct attribute format = {.type = VALUE_INT}, version = {.type = VALUE_REAL};
    hid_t a = H5Aopen(root, "format", H5P_DEFAULT), b = H5Aopen(root, "format_version", H5P_DEFAULT);
    bool ours = a >= 0 && b >= 0 && read_value(r, a, "format", &format) >= 0 && format.type == VALUE_TEXT &&
                strcmp(format.text, RECORD_FORMAT) == 0 && read_value(r, b, "format_version", &version) >= 0 &&
                version.type == VALUE_INT;
    bool known = ours && version.integer == RECORD_VERSION;
    if (!ours)
        fail_set(r->fail, "%s: not a gradwire result: its root has no attributes format = \"%s\" and format_version", r->file,
                 RECORD_FORMAT);
    else if (!known)
        fail_set(r->fail, "%s: format_version is %lld; this program reads version %d", r->file, (long long)version.integer,
                 RECORD_VERSION);
    free(format.text);
    free(version.text);
    if (b >= 0) H5Aclose(b);
    if (a >= 0) H5Aclose(a);
    return known;
}

static bool read_image(struct reader *r, uint8_t *image, size_t size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = H5I_INVALID_HID, root = H5I_INVALID_HID;
    if (access >= 0 && H5Pset_fapl_core(access, (size_t)1 << 20, false) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && H5Pset_file_image(access, image, size) >= 0)
        file = H5Fopen("gradwire-read", H5F_ACC_RDONLY, access);
    if (file >= 0) root = H5Gopen2(file, "/", H5P_DEFAULT);
    bool ok = root >= 0 ? format_is_ours(r, root) && read_group(r, root, "/") >= 0 : (unreadable(r, "HDF5"), false);
    if (root >= 0) H5Gclose(root);
    if (file >= 0) H5Fclose(file);
    if (access >= 0) H5Pclose(access);
    return ok;
}

/* Read the result file `path` into r, in the order it was written.  On failure r is empty and f says in one line what is wrong.
 * Not for two threads at once, as record_image. */
bool record_read(const char *path, struct record *r, struct fail *f)
{
    *r = (struct record){0};
    uint8_t *image;
    size_t size;
    if (!sealed_read(path, &image, &size, f)) return false;
    hdf5_quiet();
    struct reader reader = {.file = path, .size = size, .record = r, .fail = f};
    bool ok = read_image(&reader, image, size);
    free(image);
    if (!ok) record_free(r);
    return ok;
}
