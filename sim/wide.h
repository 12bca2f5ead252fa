/* wide.h - WIDE marks a function whose loops are worth compiling for every vector width of x86-64; the loader takes the widest
 * that the CPU has.  Only element-wise loops, whose bits no width can change.  clang 14 gives such functions another name than
 * other files call, and ThreadSanitizer does not survive the loader's choice. */
#ifndef WIDE_H
#define WIDE_H
#include <stdint.h> /* __GLIBC__ */

#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__ && !defined __SANITIZE_THREAD__ && !defined GRADWIRE_NARROW
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDE
#endif
#endif
