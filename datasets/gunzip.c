/* gunzip.c - gzip by zlib, which compares the CRC and the length at the end of every member; libarchive skips them. */
#include "gunzip.h"
#include "../sim/fail.h"
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 16 }; /* added to the size of the window */

struct gunzip {
    z_stream z;
    bool inside; /* of a member                    */
    bool later;  /* at least one member has ended  */
};

bool gunzip_is(const unsigned char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

struct gunzip *gunzip_new(void)
{
    struct gunzip *g = xcalloc(1, sizeof *g);
    if (inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) == Z_OK) return g;
    free(g);
    return NULL;
}

void gunzip_free(struct gunzip *g)
{
    if (!g) return;
    inflateEnd(&g->z);
    free(g);
}

void gunzip_give(struct gunzip *g, unsigned char *bytes, size_t size)
{
    g->z.next_in = bytes;
    g->z.avail_in = (uInt)size;
}

bool gunzip_inside(const struct gunzip *g)
{
    return g->inside;
}

ptrdiff_t gunzip_take(struct gunzip *g, unsigned char *out, size_t room, const char **why)
{
    g->z.next_out = out;
    g->z.avail_out = (uInt)room;
    while (g->z.avail_out == room) {
        if (!g->inside && g->z.avail_in == 0) return 0;
        if (!g->inside) inflateReset(&g->z);
        g->inside = true;
        const int status = inflate(&g->z, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            g->inside = false;
            g->later = true;
        } else if (status == Z_BUF_ERROR) {
            return 0;
        } else if (status != Z_OK) {
            *why = g->later && g->z.total_out == 0 ? "bytes follow that are not gzip" : g->z.msg ? g->z.msg : "no memory";
            return -1;
        }
    }
    return (ptrdiff_t)(room - g->z.avail_out);
}
