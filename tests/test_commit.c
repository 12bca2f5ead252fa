/* test_commit.c - a commit is whole or has not happened: every system call it makes fails, falls short or is the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/record.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the calls file_commit makes, in place of libc's: each is counted and may be made to fail ---------------- */
enum call { NO_CALL, OPEN, FCHMOD, WRITE, FSYNC, CLOSE, RENAME, ANY_CALL };
static struct {
    enum call call; /* which one is struck                                  */
    int after;      /* ... after this many that pass                        */
    bool always;    /* ... and all later ones too                           */
    int error;      /* errno it fails with; 0: write falls short; KILL: death */
    int struck, made;
} fault;
enum { KILL = -1 };

static bool strikes(enum call call)
{
    fault.made++;
    if (fault.call != call && fault.call != ANY_CALL) return false;
    if (fault.after-- > 0 || (fault.struck > 0 && !fault.always)) return false;
    fault.struck++;
    if (fault.error == KILL) kill(getpid(), SIGKILL);
    errno = fault.error;
    return true;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return strikes(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int fchmod(int file, mode_t mode)
{
    return strikes(FCHMOD) ? -1 : (int)syscall(SYS_fchmod, file, mode);
}
ssize_t write(int file, const void *byte, size_t size)
{
    if (!strikes(WRITE)) return syscall(SYS_write, file, byte, size);
    return fault.error ? -1 : syscall(SYS_write, file, byte, size > 7 ? size / 3 : size);
}
int fsync(int file)
{
    return strikes(FSYNC) ? -1 : (int)syscall(SYS_fsync, file);
}
int close(int file)
{
    bool struck = strikes(CLOSE);
    int error = errno, status = (int)syscall(SYS_close, file);
    if (struck) errno = error;
    return struck ? -1 : status;
}
int rename(const char *from, const char *to)
{
    return strikes(RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* --- a directory with one file in it ---------------------------------------------------------------------------- */
enum { OLD = 70000, NEW = 300001 };
static char directory[] = "/tmp/gradwire-commit-XXXXXX";
static char path[128];
static uint8_t before[OLD], after[NEW];

static int make_directory(void **state)
{
    (void)state;
    for (size_t i = 0; i < OLD; i++) before[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < NEW; i++) after[i] = (uint8_t)(i * 13 + i / 241 + 1);
    if (!mkdtemp(directory)) return -1;
    snprintf(path, sizeof path, "%s/result.h5", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static bool holds(const char *name, const uint8_t *want, size_t size)
{
    static uint8_t got[NEW + 1];
    FILE *in = fopen(name, "rb");
    if (!in) return false;
    size_t n = fread(got, 1, sizeof got, in);
    fclose(in);
    return n == size && memcmp(got, want, size) == 0;
}

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(directory);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void start_with_old(void)
{
    struct fail f = {0};
    memset(&fault, 0, sizeof fault);
    unlink(path);
    if (!file_commit(path, before, OLD, &f)) fail_msg("%s", f.text);
    assert_true(holds(path, before, OLD));
    assert_int_equal(entries(), 1);
}

/* Commit the new bytes with the fault set; how often it struck is kept. */
static bool commit_with(enum call call, int pass, bool always, int error, struct fail *f)
{
    memset(&fault, 0, sizeof fault);
    memset(f, 0, sizeof *f);
    fault.call = call, fault.after = pass, fault.always = always, fault.error = error;
    bool done = file_commit(path, after, NEW, f);
    fault.call = NO_CALL;
    return done;
}

static void test_replaces(void **state)
{
    (void)state;
    struct fail f;
    start_with_old();
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(commit_with(NO_CALL, 0, false, 0, &f));
    assert_true(holds(path, after, NEW));
    assert_false(holds(path, before, OLD));
    assert_int_equal(entries(), 1);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
    assert_true(file_commit(path, "", 0, &f));
    assert_true(holds(path, after, 0));
}

/* Old file whole, no litter, one line with the file's name and the reason. */
static void expect_failure(enum call call, int pass, bool always, int error)
{
    struct fail f;
    start_with_old();
    bool done = commit_with(call, pass, always, error, &f);
    assert_true(fault.struck > 0); /* a fault that never strikes proves nothing */
    if (done) fail_msg("call %d, errno %d: reported as done", call, error);
    assert_int_equal(f.exit_status, 1);
    assert_ptr_equal(strstr(f.text, path), f.text);
    assert_non_null(strstr(f.text, ": cannot write: "));
    assert_non_null(strstr(f.text, strerror(error)));
    assert_null(strchr(f.text, '\n'));
    assert_true(holds(path, before, OLD));
    assert_int_equal(entries(), 1);
}

static void test_errors(void **state)
{
    (void)state;
    for (int always = 0; always < 2; always++) {
        expect_failure(OPEN, 0, always, EMFILE);
        expect_failure(OPEN, 0, always, EROFS);
        expect_failure(FCHMOD, 0, always, EIO);
        expect_failure(WRITE, 0, always, ENOSPC);
        expect_failure(WRITE, 0, always, EIO);
        expect_failure(FSYNC, 0, always, EIO);
        expect_failure(FSYNC, 0, always, ENOSPC);
        expect_failure(RENAME, 0, always, EACCES);
        expect_failure(RENAME, 0, always, EIO);
        expect_failure(CLOSE, 0, always, EIO);
        expect_failure(CLOSE, 0, always, ENOSPC);
    }
}

/* Interruptions and short writes are not errors, however many. */
static void expect_success(enum call call, bool always, int error)
{
    struct fail f;
    start_with_old();
    if (!commit_with(call, 0, always, error, &f)) fail_msg("%s", f.text);
    assert_true(fault.struck > 0);
    assert_true(holds(path, after, NEW));
    assert_int_equal(entries(), 1);
}

static void test_interruptions(void **state)
{
    (void)state;
    expect_success(OPEN, false, EINTR);
    expect_success(WRITE, false, EINTR);
    expect_success(FSYNC, false, EINTR);
    expect_success(WRITE, false, 0);
    expect_success(WRITE, true, 0);
    assert_true(fault.struck > 20); /* so many short writes were joined */
    expect_success(CLOSE, false, EINTR);
    expect_success(OPEN, false, EEXIST); /* a leftover has the temporary's name */
}

/* A disk that fills up half way: a short write, then no room. */
static void test_short_then_full(void **state)
{
    (void)state;
    struct fail f;
    start_with_old();
    struct rlimit all, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    little = all;
    little.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    bool done = commit_with(NO_CALL, 0, false, 0, &f); /* SIGXFSZ would kill here */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_false(done);
    assert_non_null(strstr(f.text, strerror(EFBIG)));
    assert_true(holds(path, before, OLD));
    assert_int_equal(entries(), 1);
    assert_true(commit_with(NO_CALL, 0, false, 0, &f)); /* the control: with room, it is done */
    assert_true(holds(path, after, NEW));
}

/* After the rename the new file is there; what then fails is only its durability. */
static void test_directory_sync(void **state)
{
    (void)state;
    struct fail f;
    start_with_old();
    assert_false(commit_with(FSYNC, 1, false, EIO, &f));
    assert_int_equal(fault.struck, 1);
    assert_int_equal(f.exit_status, 1);
    assert_non_null(strstr(f.text, "may not survive a power failure"));
    assert_true(holds(path, after, NEW));
    start_with_old();
    assert_true(commit_with(FSYNC, 1, false, EINVAL, &f)); /* file systems whose directories cannot be synchronised */
    assert_int_equal(fault.struck, 1);
}

/* Killed before each of its calls: the file is the old one or the new one, whole. */
static void test_killed_anywhere(void **state)
{
    (void)state;
    int saw_old = 0, saw_new = 0;
    for (int k = 0; k < 50; k++) {
        start_with_old();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct fail f;
            commit_with(ANY_CALL, k, false, KILL, &f);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        bool old = holds(path, before, OLD), new = holds(path, after, NEW);
        assert_true(old || new);
        saw_old += old, saw_new += new;
        char litter[160];
        snprintf(litter, sizeof litter, "%s.tmp-%ld", path, (long)child);
        unlink(litter);
        assert_int_equal(entries(), 1);
        if (!WIFSIGNALED(status)) {
            assert_true(new); /* it outlived all its calls */
            break;
        }
        assert_int_equal(WTERMSIG(status), SIGKILL);
    }
    assert_true(saw_old >= 5 && saw_new >= 2);
}

/* `name` beside the result, one byte long; its descriptor. */
static int make_neighbour(const char *name, char out[160])
{
    snprintf(out, 160, "%s/%s", directory, name);
    int file = open(out, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, "x", 1), 1);
    return file;
}

/* What a killed commit leaves goes with the next one; what another process is writing, or is no such file, stays. */
static void test_leftovers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool locked, stays;
    } kind[] = {{"result.h5.tmp-4000001", false, false}, {"result.h5.tmp-4000001-7", false, false},
                {"result.h5.tmp-4000002", true, true},   {"result.h5.tmp-", false, true},
                {"result.h5.tmp-1.bak", false, true},    {"other.h5.tmp-4000001", false, true}};
    enum { KINDS = sizeof kind / sizeof *kind };
    char name[KINDS][160];
    int file[KINDS];
    start_with_old();
    for (int k = 0; k < KINDS; k++) {
        file[k] = make_neighbour(kind[k].name, name[k]);
        if (kind[k].locked) assert_int_equal(flock(file[k], LOCK_EX), 0);
    }
    struct fail f = {0};
    assert_false(commit_with(RENAME, 0, false, EIO, &f)); /* a commit that failed removes nothing but its own */
    assert_int_equal(entries(), 1 + KINDS);
    assert_true(commit_with(NO_CALL, 0, false, 0, &f));
    assert_true(holds(path, after, NEW));
    for (int k = 0; k < KINDS; k++) {
        assert_int_equal(access(name[k], F_OK) == 0, kind[k].stays);
        close(file[k]);
        unlink(name[k]);
    }
    assert_int_equal(entries(), 1);
}

static void test_bad_targets(void **state)
{
    (void)state;
    struct fail f = {0};
    memset(&fault, 0, sizeof fault);
    assert_false(file_commit(directory, after, NEW, &f));
    assert_non_null(strstr(f.text, strerror(EISDIR)));
    assert_int_equal(f.exit_status, 1);

    char there[160];
    snprintf(there, sizeof there, "%s/nowhere/result.h5", directory);
    memset(&f, 0, sizeof f);
    assert_false(file_commit(there, after, NEW, &f));
    assert_non_null(strstr(f.text, "nowhere/result.h5: cannot write: No such file or directory"));

    memset(&f, 0, sizeof f);
    assert_false(file_commit("/dev/null", after, NEW, &f));
    assert_non_null(strstr(f.text, "/dev/null: cannot write: not a regular file"));
    memset(&f, 0, sizeof f);
    assert_false(file_commit("", after, NEW, &f));
    assert_int_equal(f.exit_status, 1);
}

/* A link stays a link; what it points to is replaced. */
static void test_link(void **state)
{
    (void)state;
    struct fail f = {0};
    char link[160];
    struct stat about;
    start_with_old();
    snprintf(link, sizeof link, "%s/link.h5", directory);
    assert_int_equal(symlink("result.h5", link), 0);
    assert_true(file_commit(link, after, NEW, &f));
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_true(holds(path, after, NEW));
    unlink(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),        cmocka_unit_test(test_errors),         cmocka_unit_test(test_interruptions),
        cmocka_unit_test(test_short_then_full), cmocka_unit_test(test_directory_sync), cmocka_unit_test(test_killed_anywhere),
        cmocka_unit_test(test_bad_targets),     cmocka_unit_test(test_link),           cmocka_unit_test(test_leftovers),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
