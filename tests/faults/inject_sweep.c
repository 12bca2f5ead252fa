/* inject_sweep.c - a sweep: main once for every call, each time in a child process. */
#include "inject.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void copy_directory(const char *from, const char *to)
{
    DIR *list = opendir(from);
    int to_at = open(to, O_RDONLY | O_DIRECTORY);
    for (struct dirent *e; list && (e = readdir(list));) {
        char from_below[4096], to_below[4096];
        if (e->d_type == DT_REG) copy_file(dirfd(list), e->d_name, to_at, e->d_name);
        if (e->d_type != DT_DIR || e->d_name[0] == '.') continue;
        snprintf(from_below, sizeof from_below, "%s/%s", from, e->d_name);
        snprintf(to_below, sizeof to_below, "%s/%s", to, e->d_name);
        mkdir(to_below, 0777);
        copy_directory(from_below, to_below);
    }
    if (list) closedir(list);
    close(to_at);
}

static void redirect(const char *base, const char *end, int to, int flags)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", base, end);
    int file = open(path, flags, 0666);
    dup2(file, to);
    close(file);
}

static int child_main(int argc, char **argv, char **environment, const char *base)
{
    redirect("/dev/null", "", 0, O_RDONLY);
    redirect(base, ".out", 1, O_WRONLY | O_CREAT | O_TRUNC);
    redirect(base, ".err", 2, O_WRONLY | O_CREAT | O_TRUNC);
    char log[4096];
    snprintf(log, sizeof log, "%s.log", base);
    how.log = open_log(log, O_WRONLY | O_CREAT | O_APPEND);
    setenv("XDG_CACHE_HOME", base, 1);
    if (chdir(base) != 0) _exit(98);
    alarm(60);
    exit(counted_main(argc, argv, environment));
}

/* Returns whether the child was struck. */
static bool sweep_one(long n, int argc, char **argv, char **environment)
{
    char base[4000], path[4096];
    int status = 0;
    how.at = n;
    *struck = 0;
    snprintf(base, sizeof base, "%s/%ld", getenv("INJECT_SWEEP"), n);
    mkdir(base, 0777);
    if (getenv("INJECT_FROM")) copy_directory(getenv("INJECT_FROM"), base);
    pid_t child = fork();
    if (child == 0) child_main(argc, argv, environment, base);
    waitpid(child, &status, 0);
    snprintf(path, sizeof path, "%s.status", base);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dprintf(file, "%d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    close(file);
    return *struck;
}

int sweep_main(int argc, char **argv, char **environment)
{
    const char *at = variable("INJECT_AT", "1-");
    const char *slash = strchr(at, '/');
    long step = slash ? atol(slash + 1) : 1, n = atol(at);
    struck = mmap(NULL, sizeof *struck, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (strchr(at, '-'))
        while (sweep_one(n, argc, argv, environment)) n += step;
    else
        for (const char *p = at; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) sweep_one(atol(p), argc, argv, environment);
    how.log = -1;
    _exit(0);
}
