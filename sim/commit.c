/* commit.c - replace a file whole or not at all.
 *
 * The bytes go to PATH.tmp-<pid> in the same directory, are forced to the disk, and only then take the name PATH; at every
 * instant PATH holds either all of what it held before or all of the new bytes (POSIX rename).  While it is written the temporary
 * file is locked, so that one without a lock is known to be left by a process that was killed; the next commit removes it. */
#include "record.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 100 }; /* temporary names tried before giving up */

static bool write_failed(struct fail *f, const char *path, int error)
{
    return fail_run(f, "%s: cannot write: %s; what was there before is unchanged", path, strerror(error));
}

/* A new file beside `path`; its name in *name.  -1 with errno. */
static int open_beside(const char *path, char **name)
{
    for (int i = 0; i < NAMES; i++) {
        *name = i ? xprintf("%s.tmp-%ld-%d", path, (long)getpid(), i) : xprintf("%s.tmp-%ld", path, (long)getpid());
        int file;
        do file = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        while (file < 0 && errno == EINTR);
        if (file >= 0) {
            flock(file, LOCK_EX | LOCK_NB); /* where there are no locks, nothing is found to be left behind either */
            return file;
        }
        int error = errno;
        free(*name);
        *name = NULL;
        errno = error;
        if (error != EEXIST) return -1;
    }
    return -1;
}

/* All bytes, through interruptions and short writes; 0 or an errno. */
static int write_all(int file, const uint8_t *byte, size_t size)
{
    while (size > 0) {
        ssize_t n = write(file, byte, size < (1U << 30) ? size : (1U << 30));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return EIO;
        byte += n;
        size -= (size_t)n;
    }
    return 0;
}

static int sync_file(int file)
{
    int status;
    do status = fsync(file);
    while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : errno;
}

static char *directory_of(const char *path)
{
    char *directory = xstrdup(strchr(path, '/') ? path : "."), *slash = strrchr(directory, '/');
    if (slash) slash[slash == directory] = '\0';
    return directory;
}

/* Makes the rename itself durable.  Directories that cannot be opened or synchronised are left to the system; 0 or an errno. */
static int sync_directory_of(const char *path)
{
    char *directory = directory_of(path);
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (file < 0) return 0;
    int error = sync_file(file);
    close(file);
    return error == EINVAL || error == EROFS || error == ENOTSUP ? 0 : error;
}

/* Is `name` what open_beside makes of `base`: base.tmp-<pid>[-<i>]? */
static bool is_temporary(const char *name, const char *base)
{
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || strncmp(name + length, ".tmp-", 5) != 0) return false;
    const char *rest = name + length + 5;
    return *rest >= '0' && *rest <= '9' && rest[strspn(rest, "0123456789-")] == '\0';
}

static void remove_unlocked(int directory, const char *name)
{
    int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat s;
    if (file < 0) return;
    if (fstat(file, &s) == 0 && S_ISREG(s.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0) unlinkat(directory, name, 0);
    close(file);
}

/* Temporary files of `path` that nobody writes any more. */
static void remove_leftovers(const char *path)
{
    char *directory = directory_of(path);
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    DIR *list = opendir(directory);
    for (struct dirent *e; list && (e = readdir(list));)
        if (is_temporary(e->d_name, base)) remove_unlocked(dirfd(list), e->d_name);
    if (list) closedir(list);
    free(directory);
}

/* What a file is to hold: `put` hands it over, piece by piece. */
struct content {
    void (*put)(const void *from, put_bytes *to_file, void *outlet);
    const void *from;
};

struct outlet {
    int file, error;
};

static void to_file(void *outlet, const void *bytes, size_t size)
{
    struct outlet *o = outlet;
    if (!o->error) o->error = write_all(o->file, bytes, size);
}

/* Fill the temporary file and give it the name `path`; 0 or an errno. */
static int write_and_rename(int file, const char *name, const char *path, const struct stat *old, const struct content *c)
{
    struct outlet outlet = {.file = file};
    if (old && fchmod(file, old->st_mode & 07777) != 0 && errno != EPERM) outlet.error = errno;
    if (!outlet.error) c->put(c->from, to_file, &outlet);
    int error = outlet.error;
    if (!error) error = sync_file(file);
    if (close(file) != 0 && !error && errno != EINTR) error = errno;
    if (!error && rename(name, path) != 0) error = errno;
    return error;
}

static bool commit(const char *path, const struct content *c, struct fail *f)
{
    struct stat old;
    if (*path == '\0') return fail_run(f, "the name of the file to write is empty");
    bool replaces = stat(path, &old) == 0;
    if (!replaces && errno != ENOENT) return write_failed(f, path, errno);
    if (replaces && S_ISDIR(old.st_mode)) return write_failed(f, path, EISDIR);
    if (replaces && !S_ISREG(old.st_mode)) return fail_run(f, "%s: cannot write: not a regular file", path);

    char *name = NULL;
    int file = open_beside(path, &name);
    if (file < 0) return write_failed(f, path, errno);
    int error = write_and_rename(file, name, path, replaces ? &old : NULL, c);
    if (error) unlink(name);
    free(name);
    if (error) return write_failed(f, path, error);
    remove_leftovers(path);
    error = sync_directory_of(path);
    return !error || fail_run(f, "%s: written, but it may not survive a power failure: %s", path, strerror(error));
}

/* What `path` points to, if it is a symbolic link to something that is there, to be freed; false with errno. */
static bool follow_link(const char *path, char **target)
{
    struct stat s;
    if (lstat(path, &s) != 0) return errno == ENOENT;
    if (!S_ISLNK(s.st_mode)) return true;
    *target = realpath(path, NULL);
    return *target != NULL || errno == ENOENT;
}

/* Replace `path`, through a symbolic link if it is one.  A file size limit (ulimit -f) is an error like a full disk, not a
 * signal. Fails with exit status 1; then the temporary file is gone and `path` as it was. */
static bool commit_content(const char *path, const struct content *c, struct fail *f)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    bool changed = sigaction(SIGXFSZ, &ignore, &before) == 0;
    char *target = NULL;
    bool done = (follow_link(path, &target) || write_failed(f, path, errno)) && commit(target ? target : path, c, f);
    free(target);
    if (changed) sigaction(SIGXFSZ, &before, NULL);
    return done;
}

struct bytes {
    const void *at;
    size_t size;
};

static void put_all(const void *from, put_bytes *put, void *outlet)
{
    const struct bytes *b = from;
    put(outlet, b->at, b->size);
}

bool file_commit(const char *path, const void *bytes, size_t size, struct fail *f)
{
    const struct bytes all = {bytes, size};
    return commit_content(path, &(struct content){put_all, &all}, f);
}

/* The image of r, committed to `path`. */
bool record_write(const char *path, const struct record *r, struct fail *f)
{
    struct built *b = record_build(r, f);
    if (!b) return false;
    bool done = commit_content(path, &(struct content){record_built_put, b}, f);
    record_built_free(b);
    return done;
}
