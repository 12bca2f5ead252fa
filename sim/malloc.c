/* malloc.c - memory that ends is one line and exit status 1, in the libraries too.
 *
 * What the program itself asks for goes through fail.h.  HDF5 1.10 and libarchive 3.6 do not look everywhere whether they got
 * what they asked for: they crash, or print pages of their own state.  So these stand before the C library's functions, in the
 * program and all that it loads (tests/check_memory.sh refuses every request once).  All of the family is here, so that with
 * another allocator preloaded no block is given back to one that did not hand it out.  They are weak: where the C library is
 * linked in statically its own are taken.  Sanitizers bring theirs; other C libraries keep theirs. */
#include "fail.h"
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __has_feature
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ && !CLANG_SANITIZES

extern void *__libc_malloc(size_t bytes), *__libc_calloc(size_t count, size_t size), *__libc_realloc(void *p, size_t bytes),
    *__libc_memalign(size_t align, size_t bytes);
extern void __libc_free(void *p);
#pragma weak malloc
#pragma weak calloc
#pragma weak realloc
#pragma weak free
#pragma weak memalign
#pragma weak aligned_alloc
#pragma weak posix_memalign

static inline void *got(void *p, size_t bytes)
{
    if (__builtin_expect(p == NULL && bytes > 0, 0)) out_of_memory(bytes);
    return p;
}

void *malloc(size_t bytes)
{
    return got(__libc_malloc(bytes), bytes);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
    return got(__libc_calloc(count, size), bytes);
}

void *realloc(void *p, size_t bytes)
{
    return got(__libc_realloc(p, bytes), bytes);
}

void free(void *p)
{
    __libc_free(p);
}

void *memalign(size_t align, size_t bytes)
{
    return got(__libc_memalign(align, bytes), bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
    return got(__libc_memalign(align, bytes), bytes);
}

int posix_memalign(void **p, size_t align, size_t bytes)
{
    if (align % sizeof(void *) != 0 || align == 0 || (align & (align - 1)) != 0) return EINVAL;
    *p = got(__libc_memalign(align, bytes), bytes);
    return 0;
}
#endif
