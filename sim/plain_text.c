/* plain_text.c - a whole file as one string. */
#include "plain_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 1 << 24 }; /* bytes: nothing that is written by hand is larger */

bool plain_text_read(const char *path, const char *what, char **text, struct fail *f)
{
    FILE *stream = fopen(path, "r");
    *text = NULL;
    if (!stream) return fail_set(f, "%s: cannot open: %s", path, strerror(errno));
    size_t size = 0, room = 4096, got;
    *text = xmalloc(room);
    while (size < FILE_MOST && (got = fread(*text + size, 1, room - size - 1, stream)) > 0) {
        size += got;
        if (room - size == 1) *text = xrealloc(*text, room *= 2);
    }
    (*text)[size] = '\0';
    bool ok = true;
    if (ferror(stream))
        ok = fail_set(f, "%s: cannot read: %s", path, strerror(errno));
    else if (size >= FILE_MOST || strlen(*text) != size)
        ok = fail_set(f, "%s: not %s, which is plain text", path, what);
    fclose(stream);
    return ok;
}
