/* command_data.c - gradwire data [NAME ...]: the catalogue, and where each data set is. */
#include "../datasets/locate.h"
#include "command.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_SHOWN = 10 };

static const char *found_text(enum found_in where)
{
    static const char *const text[] = {"-", "path", "GRADWIRE_DATA", "cache"};
    return text[where];
}

static void list_print(void)
{
    char path[PATH_MAX];
    printf("%-12s %8s %8s  %-13s %-6s  %s\n", "name", "rows", "features", "here", "sha256", "about");
    for (const struct catalogue_entry *e = catalogue; e->name; e++)
        printf("%-12s %8" PRId64 " %8" PRId64 "  %-13s %-6s  %s\n", e->name, e->rows, e->d,
               found_text(dataset_find(e->name, path, sizeof path)), e->sha256 ? "pinned" : "-", e->about);
    printf("\nmade from a seed, nothing to download:\n");
    for (const struct generator *const *g = generators; *g; g++) printf("%-20s %s\n", (*g)->name, (*g)->summary);
}

static int real_order(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

/* "1: 3916, 2: 4208", or the range when there are many values. */
static void labels_print(const struct rows *r)
{
    const size_t count = (size_t)r->count;
    double *label = xmalloc(count * sizeof *label);
    memcpy(label, r->label, count * sizeof *label);
    qsort(label, count, sizeof *label, real_order);
    size_t values = 1;
    for (size_t i = 1; i < count; i++) values += label[i] != label[i - 1];
    char low[32], high[32];
    format_real(label[0], low);
    format_real(label[count - 1], high);
    if (values > LABELS_SHOWN) printf("  labels    %zu values from %s to %s\n", values, low, high);
    for (size_t i = 0, from = 0; values <= LABELS_SHOWN && i < count; i++) {
        if (i + 1 < count && label[i + 1] == label[i]) continue;
        format_real(label[i], low);
        printf("%s%s: %zu%s", from ? ", " : "  labels    ", low, i + 1 - from, i + 1 == count ? "\n" : "");
        from = i + 1;
    }
    free(label);
}

static void rows_print(const struct rows *r)
{
    char common[32];
    format_real(r->common, common);
    printf("  rows      %" PRId64 "\n  features  %" PRId64 "\n  nonzeros  %" PRIu64, r->count, r->d, r->start[r->count]);
    printf(r->value ? "\n" : " (each %s)\n", common);
}

static bool data_show(const char *name, bool download, bool path_only, struct fail *f)
{
    char path[PATH_MAX];
    struct dataset a;
    const struct catalogue_entry *e = name_is_path(name) ? NULL : catalogue_find(name);
    const struct generator *g = e ? NULL : generator_find(name);
    if (g && dataset_find(name, path, sizeof path) == FOUND_NOWHERE) {
        if (path_only)
            return fail_set(f, "%s is made from a seed and has no file; allowed are the data sets that `gradwire data` lists",
                            name);
        printf("%s\n  made from a seed, nothing to download: %s\n", name, g->summary);
        return true;
    }
    if (!dataset_locate(name, download, path, sizeof path, f) || !dataset_load(name, 0, &a, f)) return false;
    if (path_only) {
        printf("%s\n", path);
        dataset_free(&a);
        return true;
    }
    printf("%s\n  path      %s\n", name, path);
    rows_print(&a.rows);
    labels_print(&a.rows);
    printf("  sha256    %s (%s)\n", a.sha256,
           !e          ? "a file of your own"
           : e->sha256 ? "pinned, agrees"
                       : "not pinned: checked by shape");
    if (e) printf("  about     %s; %s\n", e->about, e->url);
    dataset_free(&a);
    return true;
}

static int data(const struct arguments *a)
{
    const bool download = !argument(a, "offline"), path_only = argument(a, "path");
    int status = 0;
    if (a->count == 0 && path_only) {
        struct fail f = {0};
        fail_set(&f, "data: --path needs a name; allowed are the data sets that `gradwire data` lists");
        return report(&f);
    }
    if (a->count == 0) list_print();
    for (int i = 0; i < a->count; i++) {
        struct fail f = {0};
        if (data_show(a->word[i], download, path_only, &f)) continue;
        const int failed = report(&f);
        if (failed > status) status = failed;
    }
    return status;
}

static const struct command_option data_options[] = {
    {"offline", 0, NULL, "never download: only GRADWIRE_DATA and the cache"},
    {"path", 0, NULL, "print only the path of the file, after checking it"},
    {0},
};

const struct command command_data = {
    .name = "data",
    .synopsis = "[NAME ...]",
    .summary = "list the data sets, or find, download and check some of them",
    .details =
        "Without a name it lists the catalogue, with the number of rows and features, where the file is now (`here`), and\n"
        "whether the sha256 of its text is pinned.\n"
        "\n"
        "With names, each is searched for, checked and described. A NAME with a `/`, or ending in .libsvm, .svm, .txt, .bz2,\n"
        ".xz, .gz, .lzma or .zst, is the path of a file in LIBSVM format. Any other is looked for in $GRADWIRE_DATA, plain or\n"
        "compressed, then in the cache, $XDG_CACHE_HOME/gradwire or ~/.cache/gradwire, and then downloaded into the cache\n"
        "with the program curl from the LIBSVM data page, or from $GRADWIRE_URL_BASE, a mirror of its directory `binary`.\n"
        "$GRADWIRE_OFFLINE, when not empty, forbids downloads for every command.\n"
        "\n"
        "The sha256 is of the decompressed text, so a compressed copy has the sum of the original. A file in $GRADWIRE_DATA or\n"
        "the cache whose sum is not the pinned one is refused; where none is pinned, rows and features are checked.",
    .option = data_options,
    .least = 0,
    .most = -1,
    .run = data,
};
