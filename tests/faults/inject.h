/* inject.h - what the parts of inject.so share: which calls are counted, which is struck, and how.  Nothing of it is seen from
 * outside, where the program has names of its own. */
#ifndef INJECT_H
#define INJECT_H
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#define WORDS(X)                                                                                                                 \
    X(open) X(create) X(write) X(fsync) X(rename) X(close) X(ftruncate) X(mkdir) X(unlink) X(fchmod) X(flock) X(read) X(stat)    \
    X(opendir) X(access) X(pipe) X(poll) X(spawn) X(wait) X(exec) X(memory)
#define KIND(name) K_##name,
enum kind { WORDS(KIND) KINDS };
enum { DISK = 1 << K_create | 1 << K_write | 1 << K_fsync | 1 << K_rename | 1 << K_close | 1 << K_ftruncate | 1 << K_mkdir |
              1 << K_unlink | 1 << K_fchmod,
       INPUT = 1 << K_open | 1 << K_read | 1 << K_stat | 1 << K_opendir | 1 << K_access };
enum effect { ERROR, KILL, SHORT, LIE, SHRINK, GROW, REWRITE, VANISH };

#pragma GCC visibility push(hidden)
struct how {
    unsigned mask;
    long at, times; /* times < 0: ever */
    enum effect as;
    int error, log, keep, stacks;
    bool still;
};
extern struct how how;
extern _Atomic int *struck; /* shared with the parent of a sweep */

/* Is this call one to strike?  Then errno is set and it is in the log; kill does not return. */
bool strikes_at(enum kind k, const char *path, void *from);
#define strikes(k, path) strikes_at(k, path, __builtin_return_address(0))
#define REAL(type, name, args) static type(*real) args; if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

const char *variable(const char *name, const char *otherwise);
int open_log(const char *name, int flags);
void copy_file(int from_at, const char *from, int to_at, const char *to);
int counted_main(int argc, char **argv, char **environment);
/* main once for every call, each time in a child process */
int sweep_main(int argc, char **argv, char **environment);
#pragma GCC visibility pop
#endif
