/* inject_memory.c - requests for memory: as the program asks for it, and as one asks that stands before the C library itself. */
#include "inject.h"
#include <errno.h>
#include <stdlib.h>

static void *libc_malloc(size_t size)
{
    REAL(void *, __libc_malloc, (size_t));
    return real(size);
}
static void *libc_calloc(size_t count, size_t size)
{
    REAL(void *, __libc_calloc, (size_t, size_t));
    return real(count, size);
}
static void *libc_realloc(void *p, size_t size)
{
    REAL(void *, __libc_realloc, (void *, size_t));
    return real(p, size);
}
static void *libc_memalign(size_t align, size_t size)
{
    REAL(void *, __libc_memalign, (size_t, size_t));
    return real(align, size);
}
void *malloc(size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_malloc(size);
}
void *__libc_malloc(size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_calloc(count, size);
}
void *__libc_calloc(size_t count, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_calloc(count, size);
}
void *realloc(void *p, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_realloc(p, size);
}
void *__libc_realloc(void *p, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_realloc(p, size);
}
void *aligned_alloc(size_t align, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_memalign(align, size);
}
void *memalign(size_t align, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_memalign(align, size);
}
void *__libc_memalign(size_t align, size_t size)
{
    return strikes(K_memory, "") ? NULL : libc_memalign(align, size);
}
int posix_memalign(void **p, size_t align, size_t size)
{
    int before = errno;
    void *q = strikes(K_memory, "") ? NULL : libc_memalign(align, size);
    errno = before;
    if (q) *p = q;
    return q ? 0 : ENOMEM;
}
