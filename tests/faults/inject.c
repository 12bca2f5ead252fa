/* inject.c - what a machine may do to a program, at a chosen call.  Preloaded; it acts from the beginning of main.
 *
 *   INJECT=KIND,...       the calls that are counted (names below), or disk (all that write), input (all that read), memory
 *   INJECT_AT=N           the N-th of them is struck; N-: in a child process the N-th, in another the N+1st, ... until one ends
 *                         unstruck; N-/S: every S-th; N,M,...: those; absent: none, they are only counted
 *   INJECT_TIMES=T        T calls in a row (1), or ever
 *   INJECT_AS=WHAT        an errno (ENOSPC, ...), kill (SIGKILL before the call), short (half of what was asked), lie (it says
 *                         it was done), tear (a rename that copies in place), shrink, grow, rewrite, vanish (the file being read)
 *   INJECT_LOG=FILE       what was struck, which file took its name by rename, and in the end how many calls there were
 *   INJECT_KEEP=DIR       DIR/1, DIR/2, ...: links to what the first, second, ... rename made
 *   INJECT_CLOCK=still    no time passes: a commit that waits for 0 seconds is due after every round
 *   INJECT_STACKS=FILE    for every call its number and a digest of the stack it was made from
 *   INJECT_SWEEP=DIR      child N works in DIR/N, a copy of INJECT_FROM and its XDG_CACHE_HOME; what became of it is in
 *                         DIR/N.out, DIR/N.err, DIR/N.log and DIR/N.status
 *   INJECT_TEAR=yes       every rename overwrites in place, in two steps: what a program does that does not rename
 */
#include "inject.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME(name) #name,
static const char *const kind_name[] = {WORDS(NAME)};
static const char *const effect_name[] = {"error", "kill", "short", "lie", "shrink", "grow", "rewrite", "vanish", NULL};

struct how how = {.log = -1, .keep = -1, .stacks = -1};
static _Atomic bool active;
static _Atomic long made, made_of[KINDS], renames;
_Atomic int *struck;

/* --- the strike ----------------------------------------------------------------------------------------------------- */

static void note_stack(long n)
{
    void *frame[40];
    uint64_t h = 14695981039346656037U;
    active = false; /* what backtrace does is not counted */
    int depth = backtrace(frame, 40);
    for (int i = 0; i < depth; i++) h = (h ^ (uintptr_t)frame[i]) * 1099511628211U;
    dprintf(how.stacks, "%ld %016llx\n", n, (unsigned long long)h);
    active = true;
}

static const char *place(void *from, char *out, size_t size)
{
    Dl_info i;
    if (dladdr(from, &i) == 0 || !i.dli_fname) return "?";
    const char *slash = strrchr(i.dli_fname, '/');
    snprintf(out, size, "%s+%#lx", slash ? slash + 1 : i.dli_fname, (unsigned long)((char *)from - (char *)i.dli_fbase));
    return out;
}

bool strikes_at(enum kind k, const char *path, void *from)
{
    if (!active) return false;
    made_of[k]++;
    if (!(how.mask >> k & 1)) return false;
    long n = ++made;
    if (how.stacks >= 0) note_stack(n);
    if (how.at == 0 || n < how.at || (how.times >= 0 && n >= how.at + how.times)) return false;
    char where[256];
    if (how.log >= 0 && n < how.at + 20) dprintf(how.log, "struck %s %ld %s %s\n", kind_name[k], n, place(from, where, sizeof where), path);
    if (struck) *struck = 1;
    if (how.as == KILL) kill(getpid(), SIGKILL);
    errno = how.error;
    return true;
}

static const char *path_of(int file, char out[4096])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = syscall(SYS_readlink, link, out, 4095L);
    out[n < 0 ? 0 : n] = '\0';
    return out;
}
#define strikes_file(k, file) (active && strikes_at(k, path_of(file, (char[4096]){0}), __builtin_return_address(0)))

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static int open_counted(int at, const char *path, int flags, mode_t mode, void *from)
{
    bool creates = (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;
    if (strikes_at(creates ? K_create : K_open, path, from) && how.as == ERROR) return -1;
    return (int)syscall(SYS_openat, at, path, flags, mode);
}
#define OPEN_MODE                                                                                                                \
    va_list more;                                                                                                                \
    va_start(more, flags);                                                                                                       \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                                                      \
    va_end(more)
int open(const char *path, int flags, ...)
{
    OPEN_MODE;
    return open_counted(AT_FDCWD, path, flags, mode, __builtin_return_address(0));
}
int open64(const char *path, int flags, ...)
{
    OPEN_MODE;
    return open_counted(AT_FDCWD, path, flags, mode, __builtin_return_address(0));
}
int openat(int at, const char *path, int flags, ...)
{
    OPEN_MODE;
    return open_counted(at, path, flags, mode, __builtin_return_address(0));
}

static size_t part_of(size_t size)
{
    return size > 1 ? size / 2 : size;
}

static ssize_t write_counted(bool strike, int file, const void *byte, size_t size, off_t at)
{
    if (strike && how.as == ERROR) return -1;
    if (strike && how.as == LIE) return (ssize_t)size;
    if (strike && how.as == SHORT) size = part_of(size);
    return at < 0 ? syscall(SYS_write, file, byte, size) : syscall(SYS_pwrite64, file, byte, size, at);
}
ssize_t write(int file, const void *byte, size_t size)
{
    return write_counted(strikes_file(K_write, file), file, byte, size, -1);
}
ssize_t pwrite(int file, const void *byte, size_t size, off_t at)
{
    return write_counted(strikes_file(K_write, file), file, byte, size, at);
}
/* Nothing here ends the system itself, so what a process wrote stays without being forced to the disk. */
int fsync(int file)
{
    return strikes_file(K_fsync, file) && how.as == ERROR ? -1 : 0;
}
int fdatasync(int file)
{
    return strikes_file(K_fsync, file) && how.as == ERROR ? -1 : 0;
}
int ftruncate(int file, off_t size)
{
    return strikes_file(K_ftruncate, file) && how.as == ERROR ? -1 : (int)syscall(SYS_ftruncate, file, size);
}
int fchmod(int file, mode_t mode)
{
    return strikes_file(K_fchmod, file) && how.as == ERROR ? -1 : (int)syscall(SYS_fchmod, file, mode);
}
int flock(int file, int operation)
{
    return strikes_file(K_flock, file) && how.as == ERROR ? -1 : (int)syscall(SYS_flock, file, operation);
}
int close(int file) /* as Linux does it, a close that fails has closed */
{
    bool strike = strikes_file(K_close, file) && how.as == ERROR;
    int status = (int)syscall(SYS_close, file);
    if (strike) errno = how.error;
    return strike ? -1 : status;
}
int mkdir(const char *path, mode_t mode)
{
    return strikes(K_mkdir, path) && how.as == ERROR ? -1 : (int)syscall(SYS_mkdir, path, mode);
}
int unlink(const char *path)
{
    return strikes(K_unlink, path) && how.as == ERROR ? -1 : (int)syscall(SYS_unlink, path);
}
int unlinkat(int at, const char *path, int flags)
{
    return strikes(K_unlink, path) && how.as == ERROR ? -1 : (int)syscall(SYS_unlinkat, at, path, flags);
}

/* `to` is overwritten by the bytes of `from` in two steps; between them is a call that may be struck. */
static int tear(const char *from, const char *to)
{
    static char byte[1 << 22];
    int in = (int)syscall(SYS_openat, AT_FDCWD, from, O_RDONLY, 0),
        out = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t size = syscall(SYS_read, in, byte, sizeof byte), half = size / 2;
    syscall(SYS_write, out, byte, half);
    write(out, byte + half, (size_t)(size - half));
    syscall(SYS_close, in);
    syscall(SYS_close, out);
    return (int)syscall(SYS_unlink, from);
}

void copy_file(int from_at, const char *from, int to_at, const char *to)
{
    static char byte[1 << 16];
    int in = (int)syscall(SYS_openat, from_at, from, O_RDONLY, 0),
        out = (int)syscall(SYS_openat, to_at, to, O_WRONLY | O_CREAT | O_EXCL, 0666);
    for (ssize_t n; (n = syscall(SYS_read, in, byte, sizeof byte)) > 0;) syscall(SYS_write, out, byte, n);
    syscall(SYS_close, in);
    syscall(SYS_close, out);
}

int rename(const char *from, const char *to)
{
    bool strike = strikes(K_rename, to);
    if (strike && how.as == ERROR) return -1;
    int status = 0;
    if (strike && how.as == LIE)
        syscall(SYS_unlink, from);
    else
        status = getenv("INJECT_TEAR") ? tear(from, to) : (int)syscall(SYS_rename, from, to);
    if (!active || status != 0) return status;
    char name[32];
    snprintf(name, sizeof name, "%ld", ++renames);
    if (how.keep >= 0) copy_file(AT_FDCWD, to, how.keep, name);
    if (how.log >= 0) dprintf(how.log, "renamed %s %s\n", name, to);
    return status;
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

/* The file behind the descriptor changes while it is read. */
static void change(int file)
{
    char path[4096];
    struct stat s;
    int writer = (int)syscall(SYS_openat, AT_FDCWD, path_of(file, path), O_WRONLY, 0);
    syscall(SYS_fstat, file, &s);
    off_t at = syscall(SYS_lseek, file, 0, SEEK_CUR);
    if (how.as == SHRINK) syscall(SYS_ftruncate, writer, at < s.st_size / 2 ? s.st_size / 2 : at);
    if (how.as == GROW) syscall(SYS_pwrite64, writer, "1 1:1\n", 6L, s.st_size);
    if (how.as == REWRITE) syscall(SYS_pwrite64, writer, "7", 1L, s.st_size - 3);
    if (how.as == VANISH) syscall(SYS_unlink, path);
    syscall(SYS_close, writer);
}

static ssize_t read_counted(bool strike, int file, void *byte, size_t size, off_t at)
{
    if (strike && how.as == ERROR) return -1;
    if (strike && how.as == SHORT) size = part_of(size);
    if (strike && how.as >= SHRINK) change(file);
    return at < 0 ? syscall(SYS_read, file, byte, size) : syscall(SYS_pread64, file, byte, size, at);
}
ssize_t read(int file, void *byte, size_t size)
{
    return read_counted(strikes_file(K_read, file), file, byte, size, -1);
}
ssize_t pread(int file, void *byte, size_t size, off_t at)
{
    return read_counted(strikes_file(K_read, file), file, byte, size, at);
}
int stat(const char *restrict path, struct stat *restrict s)
{
    return strikes(K_stat, path) && how.as == ERROR ? -1 : (int)syscall(SYS_stat, path, s);
}
int lstat(const char *restrict path, struct stat *restrict s)
{
    return strikes(K_stat, path) && how.as == ERROR ? -1 : (int)syscall(SYS_lstat, path, s);
}
int fstat(int file, struct stat *s)
{
    return strikes_file(K_stat, file) && how.as == ERROR ? -1 : (int)syscall(SYS_fstat, file, s);
}
int access(const char *path, int mode)
{
    return strikes(K_access, path) && how.as == ERROR ? -1 : (int)syscall(SYS_access, path, mode);
}

/* A stream whose reads pass through here; those of stdio do not. */
static ssize_t stream_read(void *cookie, char *byte, size_t size)
{
    int file = (int)(intptr_t)cookie;
    return read_counted(strikes_file(K_read, file), file, byte, size, -1);
}
static int stream_close(void *cookie)
{
    return (int)syscall(SYS_close, (int)(intptr_t)cookie);
}
FILE *fopen(const char *restrict path, const char *restrict mode)
{
    static FILE *(*real)(const char *, const char *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    if (!active || mode[0] != 'r') return real(path, mode);
    int file = open_counted(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, __builtin_return_address(0));
    if (file < 0) return NULL;
    FILE *stream = fopencookie((void *)(intptr_t)file, "r", (cookie_io_functions_t){.read = stream_read, .close = stream_close});
    if (!stream) syscall(SYS_close, file);
    return stream;
}

/* --- the rest: from libc, when not struck ----------------------------------------------------------------------------- */
DIR *opendir(const char *path)
{
    REAL(DIR *, opendir, (const char *));
    return strikes(K_opendir, path) ? NULL : real(path);
}
int pipe2(int file[2], int flags)
{
    return strikes(K_pipe, "") ? -1 : (int)syscall(SYS_pipe2, file, flags);
}
int poll(struct pollfd *p, nfds_t count, int limit)
{
    return strikes(K_poll, "") ? -1 : (int)syscall(SYS_poll, p, count, limit);
}
pid_t waitpid(pid_t child, int *status, int options)
{
    return strikes(K_wait, "") ? -1 : (pid_t)syscall(SYS_wait4, child, status, options, NULL);
}
int posix_spawnp(pid_t *restrict child, const char *restrict name, const posix_spawn_file_actions_t *restrict files,
                 const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict])
{
    REAL(int, posix_spawnp,
         (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *));
    return strikes(K_spawn, name) ? how.error : real(child, name, files, attributes, argv, envp);
}
int execv(const char *path, char *const argv[])
{
    return strikes(K_exec, path) ? -1 : (int)syscall(SYS_execve, path, argv, environ);
}
int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (!active || !how.still) return (int)syscall(SYS_clock_gettime, clock, t);
    *t = (struct timespec){.tv_sec = 1000};
    return 0;
}

/* --- from the environment, and around main --------------------------------------------------------------------------------- */
static _Noreturn void misuse(const char *what, const char *word)
{
    dprintf(2, "inject: %s \"%s\" is not known\n", what, word);
    _exit(99);
}

const char *variable(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return v ? v : otherwise;
}

static void take_kinds(void)
{
    char words[256];
    snprintf(words, sizeof words, "%s", variable("INJECT", ""));
    for (char *w = strtok(words, ","); w; w = strtok(NULL, ",")) {
        unsigned k = 0;
        while (k < KINDS && strcmp(kind_name[k], w) != 0) k++;
        if (k < KINDS)
            how.mask |= 1U << k;
        else if (strcmp(w, "disk") == 0)
            how.mask |= DISK;
        else if (strcmp(w, "input") == 0)
            how.mask |= INPUT;
        else
            misuse("INJECT", w);
    }
}

static void take_effect(void)
{
    const char *as = variable("INJECT_AS", "ENOMEM");
    for (int e = KILL; effect_name[e]; e++)
        if (strcmp(effect_name[e], as) == 0) {
            how.as = (enum effect)e;
            return;
        }
    while (how.error < 200 && (!strerrorname_np(how.error) || strcmp(strerrorname_np(how.error), as) != 0)) how.error++;
    if (how.error == 200) misuse("INJECT_AS", as);
}

int open_log(const char *name, int flags)
{
    return name ? fcntl((int)syscall(SYS_openat, AT_FDCWD, name, flags | O_CLOEXEC, 0666), F_DUPFD_CLOEXEC, 200) : -1;
}

static void take_environment(void)
{
    take_kinds();
    take_effect();
    how.times = strcmp(variable("INJECT_TIMES", "1"), "ever") == 0 ? -1 : atol(variable("INJECT_TIMES", "1"));
    how.still = strcmp(variable("INJECT_CLOCK", ""), "still") == 0;
    how.log = open_log(getenv("INJECT_LOG"), O_WRONLY | O_CREAT | O_APPEND);
    how.keep = open_log(getenv("INJECT_KEEP"), O_RDONLY | O_DIRECTORY);
    how.stacks = open_log(getenv("INJECT_STACKS"), O_WRONLY | O_CREAT | O_APPEND);
    how.at = atol(variable("INJECT_AT", "0"));
    backtrace((void *[1]){0}, 1); /* loads what it needs */
    unsetenv("LD_PRELOAD");       /* programs that are started are left alone */
}

static int (*program_main)(int, char **, char **);

int counted_main(int argc, char **argv, char **environment)
{
    active = true;
    int status = program_main(argc, argv, environment);
    active = false;
    return status;
}

__attribute__((destructor)) static void say_counts(void)
{
    active = false;
    for (int k = 0; k < KINDS; k++)
        if (how.log >= 0 && made_of[k] > 0) dprintf(how.log, "made %s %ld\n", kind_name[k], made_of[k]);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main;
    take_environment();
    return real(getenv("INJECT_SWEEP") ? sweep_main : counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}
