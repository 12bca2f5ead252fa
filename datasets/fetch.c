/* fetch.c - downloading a data set into the cache with the curl program; only a checked file ever gets its name there. */
#include "locate.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The entry's URL, or its last part below GRADWIRE_URL_BASE. */
static char *entry_url(const struct catalogue_entry *e)
{
    const char *base = getenv("GRADWIRE_URL_BASE");
    if (!base || !*base) return xstrdup(e->url);
    const size_t length = strlen(base);
    return xprintf("%s%s%s", base, base[length - 1] == '/' ? "" : "/", strrchr(e->url, '/') + 1);
}

/* Reads all that the program says and keeps its last line. */
static void last_line(int from, char *out, size_t size)
{
    char block[256];
    ssize_t got;
    size_t k = 0;
    bool fresh = true;
    while ((got = read(from, block, sizeof block)) != 0) {
        if (got < 0 && errno != EINTR) break;
        for (ssize_t i = 0; i < got; i++) {
            const bool end = block[i] == '\n' || block[i] == '\r';
            if (!end && fresh) k = 0;
            if (!end && k + 1 < size) out[k++] = block[i];
            fresh = end;
        }
    }
    out[k] = '\0';
}

static bool spawn_curl(const char *url, const char *into, bool bar, int errors, pid_t *child, struct fail *f)
{
    const char *const word[] = {
        "curl", "-fL", bar ? "-#" : "-sS", "--retry", "3", "--connect-timeout", "15", "--max-time", "600", "-o", into, "--",
        url,    NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!bar) posix_spawn_file_actions_adddup2(&actions, errors, 2);
    /* posix_spawnp takes char *const argv[] for history's sake and does not change the words */
    union {
        const char *const *given;
        char *const *wanted;
    } words = {word};
    const int status = posix_spawnp(child, "curl", &actions, NULL, words.wanted, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status == ENOENT) return fail_set(f, "it cannot be downloaded: the program curl is not installed");
    return status == 0 || fail_run(f, "it cannot be downloaded: curl does not start: %s", strerror(status));
}

static bool run_curl(const char *url, const char *into, bool quiet, struct fail *f)
{
    char said[400] = "";
    int pipes[2], status = 0;
    pid_t child;
    const bool bar = !quiet && isatty(2);
    if (pipe2(pipes, O_CLOEXEC) != 0) return fail_run(f, "it cannot be downloaded: %s", strerror(errno));
    const bool started = spawn_curl(url, into, bar, pipes[1], &child, f);
    close(pipes[1]);
    if (started) last_line(pipes[0], said, sizeof said);
    close(pipes[0]);
    if (!started) return false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFEXITED(status))
        return fail_set(f, "the download of %s failed: %s (exit %d)", url, *said ? said : "curl", WEXITSTATUS(status));
    return fail_set(f, "the download of %s failed: curl was stopped by signal %d", url, WTERMSIG(status));
}

static bool check_download(const struct catalogue_entry *e, const char *path, const char *url, struct fail *f)
{
    char hex[65];
    struct fail why = {.exit_status = 2};
    if (e->sha256) {
        if (!entry_check_text(e, path, hex, &why)) return fail_set(f, "what %s gave is not %s: %s", url, e->name, why.text);
        return true;
    }
    struct dataset a;
    if (!libsvm_read(path, e->d, &a, &why)) return fail_set(f, "what %s gave is not %s: %s", url, e->name, why.text);
    const int64_t rows = a.rows.count;
    dataset_free(&a);
    return rows == e->rows || fail_set(f, "what %s gave is not %s: %" PRId64 " rows, not %" PRId64, url, e->name, rows, e->rows);
}

static bool sync_path(const char *path, struct fail *f)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool good = file >= 0 && fsync(file) == 0;
    const int error = errno;
    if (file >= 0) close(file);
    return good || fail_run(f, "%s: cannot be written: %s", path, strerror(error));
}

static bool fetch_into(const struct catalogue_entry *e, const char *url, const char *part, const char *cache, const char *path,
                       bool quiet, struct fail *f)
{
    if (!run_curl(url, part, quiet, f) || !check_download(e, part, url, f) || !sync_path(part, f)) return false;
    if (rename(part, path) != 0) return fail_run(f, "%s: cannot be written: %s", path, strerror(errno));
    return sync_path(cache, f);
}

bool dataset_fetch(const struct catalogue_entry *e, bool quiet, char *path, size_t size, struct fail *f)
{
    char cache[PATH_MAX];
    if (!cache_directory(cache, sizeof cache))
        return fail_set(
            f, "it cannot be downloaded: no place for a cache; allowed is HOME or XDG_CACHE_HOME set to an absolute path");
    const int length = snprintf(path, size, "%s/%s", cache, e->file);
    if (length < 0 || (size_t)length >= size) return fail_set(f, "it cannot be downloaded: the path of the cache is too long");
    if (!directory_make(cache, f)) return false;
    char *url = entry_url(e), *part = xprintf("%s.part-%ld", path, (long)getpid());
    if (!quiet) fprintf(stderr, "gradwire: downloading %s from %s\n", e->name, url);
    const bool good = fetch_into(e, url, part, cache, path, quiet, f);
    if (!good) unlink(part);
    free(part);
    free(url);
    return good;
}
