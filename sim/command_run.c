/* command_run.c - `gradwire run` and `gradwire resume`. */
#include "command.h"
#include "grid.h"
#include "plot.h"
#include "schedule.h"
#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool set_schedule(struct schedule *how, const struct arguments *a, struct fail *f)
{
    long threads, seconds;
    if (!argument_int(a, "threads", 1, 1024, omp_get_num_procs(), &threads, f)) return false;
    if (!argument_int(a, "commit", 0, 86400, 10, &seconds, f)) return false;
    const char *parallel = argument(a, "parallel");
    how->parallel = BY_AUTO;
    if (parallel && strcmp(parallel, "runs") == 0)
        how->parallel = BY_RUNS;
    else if (parallel && strcmp(parallel, "clients") == 0)
        how->parallel = BY_CLIENTS;
    else if (parallel && strcmp(parallel, "auto") != 0)
        return fail_set(f, "--parallel %s; allowed: auto, runs, clients", parallel);
    how->threads = (int)threads;
    how->commit_seconds = (double)seconds;
    how->quiet = argument(a, "quiet") != NULL;
    return true;
}

static int run_plan(const struct schedule *how, const struct plan *p, struct snapshot *snapshot)
{
    int status = schedule_run(how, p, snapshot);
    size_t done = 0, diverged = 0;
    for (size_t k = 0; k < p->runs; k++) {
        done += snapshot[k].taken && snapshot[k].status == RUN_DONE;
        diverged += snapshot[k].taken && snapshot[k].status == RUN_DIVERGED;
    }
    if (!how->quiet && done + diverged == p->runs && access(how->path, R_OK) == 0) {
        printf("%s: %zu run%s done", how->path, done, done == 1 ? "" : "s");
        if (diverged) printf(", %zu diverged", diverged);
        putchar('\n');
    }
    return status;
}

static void free_snapshots(struct snapshot *snapshot, size_t count)
{
    for (size_t k = 0; k < count; k++) snapshot_free(&snapshot[k]);
    free(snapshot);
}

/* --- run ------------------------------------------------------------------------------------------------- */

/* Blame the message on the entry whose key it begins with ("x = foo; ..."). */
static bool fail_in_plot(const struct experiment *e, struct fail *f)
{
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(f->text, " "), f->text);
    const struct entry *entry = experiment_find(e, IN_PLOT, key);
    return entry ? fail_at(f, entry) : false;
}

static bool check_plot_section(const struct experiment *e, struct fail *f)
{
    struct settings s = settings_new(plot_fields, sizeof(struct plot_settings));
    bool ok = true;
    for (size_t k = 0; ok && k < e->count; k++)
        if (e->entry[k].section == IN_PLOT)
            ok = settings_set(&s, e->entry[k].key, e->entry[k].value, f) || fail_at(f, &e->entry[k]);
    if (ok) ok = plot_settings_check(s.data, f) || fail_in_plot(e, f);
    settings_free(&s);
    return ok;
}

static bool read_experiment(const struct arguments *a, struct experiment *e, struct fail *f)
{
    if (!experiment_read(a->word[0], e, f)) return false;
    for (int k = 1; k < a->count; k++)
        if (!experiment_override(e, a->word[k], f)) return false;
    return check_plot_section(e, f);
}

/* results/ is made when it is missing; any other directory is the user's to make. */
static const char made_directory[] = "results";

static bool check_directory(const char *path, struct fail *f)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? xstrdup(path) : xstrdup(".");
    if (slash) directory[slash == path ? 1 : slash - path] = '\0';
    struct stat s;
    bool exists = stat(directory, &s) == 0, ok = true;
    const char *into = !exists && errno == ENOENT && strcmp(directory, made_directory) == 0 ? "." : directory;
    if (exists && !S_ISDIR(s.st_mode))
        ok = fail_set(f, "%s: %s is not a directory", path, directory);
    else if (access(into, W_OK | X_OK) != 0)
        ok = fail_set(f, "%s: cannot write into %s: %s", path, into, strerror(errno));
    free(directory);
    return ok;
}

static bool make_directory(const char *path, struct fail *f)
{
    const char *slash = strrchr(path, '/');
    size_t length = sizeof made_directory - 1;
    if (!slash || (size_t)(slash - path) != length || strncmp(path, made_directory, length) != 0) return true;
    return mkdir(made_directory, 0777) == 0 || errno == EEXIST ||
           fail_run(f, "%s: cannot make the directory: %s", made_directory, strerror(errno));
}

static bool choose_path(const struct arguments *a, const struct experiment *e, char **path, struct fail *f)
{
    const char *given = argument(a, "output");
    *path = given ? xstrdup(given) : xprintf("%s/%s.h5", made_directory, e->name);
    struct stat s;
    if (argument(a, "dry-run")) return true;
    if (**path == '\0') return fail_set(f, "-o: the name of the result file is empty");
    if (stat(*path, &s) != 0) return check_directory(*path, f);
    if (!S_ISREG(s.st_mode))
        return fail_set(f, "%s: is %s; -o names a file", *path, S_ISDIR(s.st_mode) ? "a directory" : "no regular file");
    if (argument(a, "force")) return check_directory(*path, f);
    return fail_set(f, "%s: exists and is not written over; use --force, another -o FILE, or `gradwire resume %s`", *path, *path);
}

static int run_experiment(const struct arguments *a)
{
    struct fail f = {0};
    struct experiment e = {0};
    struct plan p = {0};
    struct schedule how = {0};
    char *path = NULL;
    int status = 0;
    bool ok = set_schedule(&how, a, &f) && read_experiment(a, &e, &f) && choose_path(a, &e, &path, &f) && plan_make(&p, &e, &f) &&
              (argument(a, "dry-run") || make_directory(path, &f));
    if (!ok) {
        status = report(&f);
    } else if (argument(a, "dry-run")) {
        plan_print(&p);
    } else {
        struct snapshot *snapshot = xcalloc(p.runs + 1, sizeof *snapshot);
        how.path = path;
        status = run_plan(&how, &p, snapshot);
        free_snapshots(snapshot, p.runs);
    }
    plan_free(&p);
    experiment_free(&e);
    free(path);
    return status;
}

#define SCHEDULE_OPTIONS                                                                                                         \
    {"threads", 't', "N", "use N threads (default: the machine's); never changes a result"},                                     \
        {"parallel", 0, "HOW", "spread over: auto (default), runs, clients; never changes a result"},                            \
        {"commit", 0, "S", "write the result file about every S seconds (default 10)"},                                          \
    {                                                                                                                            \
        "quiet", 'q', NULL, "no progress, no summary"                                                                            \
    }

static const struct command_option run_options[] = {
    {"output", 'o', "FILE.h5", "the result file (default: results/NAME.h5 for NAME.ini)"},
    {"force", 'f', NULL, "write over an existing result file"},
    {"dry-run", 'n', NULL, "print the runs with their parameters and stop"},
    SCHEDULE_OPTIONS,
    {NULL, 0, NULL, NULL}};

const struct command command_run = {
    .name = "run",
    .synopsis = "FILE.ini [key=value ...]",
    .summary = "make all runs of an experiment and write one result file",
    .details =
        "Every combination of the values listed in FILE.ini is a run. key=value replaces a key of the file wherever it stands; "
        "plot.KEY=value one of its [plot] section. `gradwire explain experiment` lists the keys.\n"
        "\n"
        "The result is a function of the experiment and the data alone. Ctrl-C writes what there is; `gradwire resume` goes on "
        "to the same bytes. Exit status: 0 all runs done, 1 a run diverged or was interrupted or the file could not be written, "
        "2 something was wrong with the input, and nothing was written.",
    .option = run_options,
    .least = 1,
    .most = -1,
    .run = run_experiment,
};

/* --- resume ---------------------------------------------------------------------------------------------- */

static bool load(const char *path, struct experiment *e, struct plan *p, struct snapshot **snapshot, struct fail *f)
{
    struct record file = {0};
    bool ok = record_read(path, &file, f);
    if (ok) {
        const struct attribute *text = group_attribute(record_find(&file, "/"), "experiment");
        ok = text && text->type == VALUE_TEXT ? experiment_parse(text->text, path, e, f) && plan_make(p, e, f)
                                              : fail_set(f, "%s: holds no experiment", path);
    }
    if (ok) {
        struct fail inner = {0};
        *snapshot = xcalloc(p->runs + 1, sizeof **snapshot);
        ok = results_load(&file, p, *snapshot, &inner) || fail_set(f, "%s: %s", path, inner.text);
    }
    for (size_t k = 0; ok && k < p->instances; k++) {
        const struct group *g = record_find(&file, p->instance[k]->path);
        const struct attribute *sum = g ? group_attribute(g, "sha256") : NULL;
        if (!sum || sum->type != VALUE_TEXT || strcmp(sum->text, p->instance[k]->objective.sha256) != 0)
            ok = fail_set(f, "%s: was begun on other data than %s is now; its sha256 differs", path,
                          p->instance[k]->objective.title);
    }
    record_free(&file);
    return ok;
}

static int resume(const struct arguments *a)
{
    struct fail f = {0};
    struct experiment e = {0};
    struct plan p = {0};
    struct schedule how = {0};
    struct snapshot *snapshot = NULL;
    bool ok = set_schedule(&how, a, &f) && load(a->word[0], &e, &p, &snapshot, &f);
    how.path = a->word[0];
    int status = ok ? run_plan(&how, &p, snapshot) : report(&f);
    if (snapshot) free_snapshots(snapshot, p.runs);
    plan_free(&p);
    experiment_free(&e);
    return status;
}

static const struct command_option resume_options[] = {SCHEDULE_OPTIONS, {NULL, 0, NULL, NULL}};

const struct command command_resume = {
    .name = "resume",
    .synopsis = "OUT.h5",
    .summary = "go on with a result file whose runs were interrupted",
    .details = "Ends with the same bytes as a run that was never interrupted. The experiment is read from the file itself; the "
               "data must "
               "be the same (its sha256 is compared). A finished file is left as it is.",
    .option = resume_options,
    .least = 1,
    .most = 1,
    .run = resume,
};
