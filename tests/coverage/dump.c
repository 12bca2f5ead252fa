/* dump.c - a program that ends in abort() or _exit(), or becomes another, leaves its counts, too: linked into the instrumented build with --wrap. */
#include <stdlib.h>
#include <unistd.h>

void __gcov_dump(void);
_Noreturn void __real_abort(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap_abort(void);
_Noreturn void __wrap__exit(int status);
int __real_execv(const char *path, char *const word[]);
int __wrap_execv(const char *path, char *const word[]);

_Noreturn void __wrap_abort(void)
{
    __gcov_dump();
    __real_abort();
}

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

int __wrap_execv(const char *path, char *const word[])
{
    __gcov_dump();
    return __real_execv(path, word);
}
