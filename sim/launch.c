/* launch.c - from the command line to runs that can begin: options, the experiment, where the result goes. */
#include "launch.h"
#include "grid.h"
#include "plot.h"
#include "tune.h"
#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool launch_schedule(struct schedule *how, const struct arguments *a, struct fail *f)
{
    long threads, seconds, lanes;
    if (!argument_int(a, "threads", 1, 1024, omp_get_num_procs(), &threads, f)) return false;
    if (!argument_int(a, "lanes", 1, MOST_POINTS, MOST_POINTS, &lanes, f)) return false;
    if (!argument_int(a, "commit", 0, 86400, 10, &seconds, f)) return false;
    const char *parallel = argument(a, "parallel");
    *how = (struct schedule){.parallel = BY_AUTO, .again = "resume"};
    if (parallel && strcmp(parallel, "runs") == 0)
        how->parallel = BY_RUNS;
    else if (parallel && strcmp(parallel, "clients") == 0)
        how->parallel = BY_CLIENTS;
    else if (parallel && strcmp(parallel, "auto") != 0)
        return fail_set(f, "--parallel %s; allowed: auto, runs, clients", parallel);
    how->threads = (int)threads;
    how->lanes = (int)lanes;
    how->commit_seconds = (double)seconds;
    how->quiet = argument(a, "quiet") != NULL;
    return true;
}

/* --- [plot] and [tune] ------------------------------------------------------------------------------------ */

/* Blame the message on the entry whose key it begins with ("x = foo; ..."). */
static bool fail_in_section(const struct experiment *e, int section, struct fail *f)
{
    char *key = xprintf("%.*s", (int)strcspn(f->text, " :"), f->text);
    const struct entry *entry = experiment_find(e, section, key);
    free(key);
    return entry ? fail_at(f, entry) : false;
}

static bool set_section(const struct experiment *e, int section, struct settings *s, struct fail *f)
{
    bool ok = true;
    for (size_t k = 0; ok && k < e->count; k++)
        if (e->entry[k].section == section)
            ok = settings_set(s, e->entry[k].key, e->entry[k].value, f) || fail_at(f, &e->entry[k]);
    return ok;
}

bool sections_read(struct sections *s, const struct experiment *e, struct fail *f)
{
    s->plot = settings_new(plot_fields, sizeof(struct plot_settings));
    s->tune = settings_new(tune_fields, sizeof(struct tune_settings));
    return set_section(e, IN_PLOT, &s->plot, f) && (plot_settings_check(s->plot.data, f) || fail_in_section(e, IN_PLOT, f)) &&
           set_section(e, IN_TUNE, &s->tune, f) && (tune_settings_check(s->tune.data, f) || fail_in_section(e, IN_TUNE, f));
}

void sections_free(struct sections *s)
{
    settings_free(&s->plot);
    settings_free(&s->tune);
}

/* --- the experiment ---------------------------------------------------------------------------------------- */

bool launch_read(const struct arguments *a, struct experiment *e, struct fail *f)
{
    if (!experiment_read(a->word[0], e, f)) return false;
    for (int k = 1; k < a->count; k++)
        if (!experiment_override(e, a->word[k], f)) return false;
    return true;
}

static bool same_data(const struct record *file, const struct plan *p, const char *path, struct fail *f)
{
    for (size_t k = 0; k < p->instances; k++) {
        const struct group *g = record_find(file, p->instance[k]->path);
        const struct attribute *sum = g ? group_attribute(g, "sha256") : NULL;
        if (!sum || sum->type != VALUE_TEXT || strcmp(sum->text, p->instance[k]->objective.sha256) != 0)
            return fail_set(f, "%s: was begun on other data than %s is now; its sha256 differs", path,
                            p->instance[k]->objective.title);
    }
    return true;
}

static bool load_experiment(const struct record *file, const struct arguments *a, struct experiment *e, struct fail *f)
{
    const char *path = a->word[0];
    const struct attribute *text = group_attribute(record_find(file, "/"), "experiment");
    if (!text || text->type != VALUE_TEXT) return fail_set(f, "%s: holds no experiment", path);
    bool ok = experiment_parse(text->text, path, e, f);
    for (int k = 1; ok && k < a->count; k++) ok = experiment_override(e, a->word[k], f);
    return ok;
}

bool launch_load(const struct arguments *a, struct experiment *e, struct plan *p, struct snapshot **snapshot, struct fail *f)
{
    const char *path = a->word[0];
    struct record file = {0};
    struct fail inner = {0};
    bool ok = record_read(path, &file, f) && load_experiment(&file, a, e, f) && plan_make(p, e, f);
    if (ok) {
        *snapshot = xcalloc(p->runs + 1, sizeof **snapshot);
        ok = results_load(&file, p, *snapshot, &inner) || fail_set(f, "%s: %s", path, inner.text);
    }
    ok = ok && same_data(&file, p, path, f);
    record_free(&file);
    return ok;
}

/* --- where the result goes ----------------------------------------------------------------------------------- */

bool launch_can_write(const char *path, struct fail *f)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? xstrdup(path) : xstrdup(".");
    if (slash) directory[slash == path ? 1 : slash - path] = '\0';
    struct stat s;
    bool exists = stat(directory, &s) == 0, ok = true;
    int error = exists ? 0 : errno;
    const char *into = error == ENOENT && strcmp(directory, LAUNCH_DIRECTORY) == 0 ? "." : directory;
    if (exists && !S_ISDIR(s.st_mode))
        ok = fail_set(f, "%s: %s is not a directory", path, directory);
    else if ((error && error != ENOENT) || (access(into, W_OK | X_OK) != 0 && (error = errno)))
        ok = fail_file(f, error, "%s: cannot write into %s: %s", path, into, strerror(error));
    free(directory);
    return ok;
}

bool launch_make_directory(const char *path, struct fail *f)
{
    const char *slash = strrchr(path, '/');
    size_t length = strlen(LAUNCH_DIRECTORY);
    if (!slash || (size_t)(slash - path) != length || strncmp(path, LAUNCH_DIRECTORY, length) != 0) return true;
    return mkdir(LAUNCH_DIRECTORY, 0777) == 0 || errno == EEXIST ||
           fail_run(f, "%s: cannot make the directory: %s", LAUNCH_DIRECTORY, strerror(errno));
}

bool launch_path(const struct arguments *a, const char *fallback, const char *again, char **path, struct fail *f)
{
    const char *given = argument(a, "output");
    *path = given ? xstrdup(given) : xprintf("%s/%s.h5", LAUNCH_DIRECTORY, fallback);
    struct stat s;
    if (argument(a, "dry-run")) return true;
    if (**path == '\0') return fail_set(f, "-o: the name of the result file is empty");
    if (stat(*path, &s) != 0) /* anything but "not there" might be a result that would be written over */
        return errno == ENOENT || errno == ENOTDIR ? launch_can_write(*path, f)
                                                   : fail_file(f, errno, "%s: %s", *path, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return fail_set(f, "%s: is %s; -o names a file", *path, S_ISDIR(s.st_mode) ? "a directory" : "no regular file");
    if (argument(a, "force")) return launch_can_write(*path, f);
    return fail_set(f, "%s: exists and is not written over; use --force, another -o FILE, or `gradwire %s %s`", *path, again,
                    *path);
}

/* --- where the runs stand ------------------------------------------------------------------------------------- */

struct tally launch_count(const struct snapshot *snapshot, size_t count)
{
    struct tally t = {0};
    for (size_t k = 0; k < count; k++) {
        t.done += snapshot[k].taken && snapshot[k].status == RUN_DONE;
        t.diverged += snapshot[k].taken && snapshot[k].status == RUN_DIVERGED;
    }
    t.unfinished = count - t.done - t.diverged;
    return t;
}

void launch_free(struct snapshot *snapshot, size_t count)
{
    for (size_t k = 0; snapshot && k < count; k++) snapshot_free(&snapshot[k]);
    free(snapshot);
}
