/* verify.c - digests of traces, and where two of them part. */
#include "verify.h"
#include "../datasets/digest.h"
#include "xstream.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 8 }; /* hex digits of a digest: 32 bits each, and every number is under two of them */

static void print_digest(FILE *out, struct digest *h)
{
    char hex[65];
    digest_hex(h, hex);
    fprintf(out, "%.*s\n", SHORT, hex);
}

static void print_row(FILE *out, const struct trace *t, int64_t row)
{
    struct digest h;
    digest_start(&h);
    for (int c = 0; trace_columns[c].name; c++)
        if (t->cell[c]) digest_real(&h, t->cell[c][row]);
    fprintf(out, "round %lld ", (long long)t->cell[0][row]);
    print_digest(out, &h);
}

static void print_column(FILE *out, const char *name, const double *v, int64_t count)
{
    struct digest h;
    digest_start(&h);
    for (int64_t k = 0; k < count; k++) digest_real(&h, v[k]);
    fprintf(out, "column %s ", name);
    print_digest(out, &h);
}

static char *digest_run(const struct run_spec *s)
{
    struct run *r = run_new(s, 1);
    while (r->status == RUN_GOING) run_round(r);
    char *text = NULL;
    size_t size = 0;
    FILE *out = xstream(&text, &size);
    fprintf(out, "run %s\n", s->label);
    for (int c = 0; trace_columns[c].name; c++)
        if (r->trace.cell[c]) print_column(out, trace_columns[c].name, r->trace.cell[c], r->trace.rows);
    print_column(out, "x", r->model, r->d);
    for (int64_t k = 0; k < r->trace.rows; k++) print_row(out, &r->trace, k);
    fclose(out);
    run_free(r);
    return text;
}

char *verify_digests(const struct plan *p, int threads)
{
    char **text = xcalloc(p->runs + 1, sizeof *text), *all = NULL;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t k = 0; k < p->runs; k++) text[k] = digest_run(&p->run[k]->spec);
    size_t size = 0;
    FILE *out = xstream(&all, &size);
    for (size_t k = 0; k < p->runs; k++) {
        fputs(text[k], out);
        free(text[k]);
    }
    fclose(out);
    free(text);
    return all;
}

/* The first line of either text that the other has differently, and the run it stands in. */
static bool first_difference(const char *a, const char *b, const char *prefix, char *run, char *line, size_t size)
{
    snprintf(run, size, "the first run");
    while (*a || *b) {
        size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");
        bool same = la == lb && memcmp(a, b, la) == 0, wanted = strncmp(a, prefix, strlen(prefix)) == 0 || *prefix == '\0';
        if (strncmp(a, "run ", 4) == 0) snprintf(run, size, "%.*s", (int)la, a);
        if (!same && wanted) {
            const char *shown = la ? a : b;
            snprintf(line, size, "%.*s", (int)strcspn(shown, "\n"), shown);
            char *space = strrchr(line, ' ');
            if (space && strncmp(line, "run ", 4) != 0) *space = '\0';
            return true;
        }
        a += a[la] ? la + 1 : la;
        b += b[lb] ? lb + 1 : lb;
    }
    return false;
}

/* A run's lines begin at `at`; returns where the next run's begin. */
static const char *next_run(const char *at)
{
    const char *next = *at ? strstr(at + 1, "\nrun ") : NULL;
    return next ? next + 1 : at + strlen(at);
}

bool verify_compare(const char *name, const char *recorded, const char *made, struct fail *f)
{
    char run[512], column[512], round[512];
    while (*recorded || *made) {
        const char *r_end = next_run(recorded), *m_end = next_run(made);
        char *r = xprintf("%.*s", (int)(r_end - recorded), recorded), *m = xprintf("%.*s", (int)(m_end - made), made);
        bool same = strcmp(r, m) == 0;
        if (!*r || !*m) {
            fail_run(f, "%s: %.*s is %s", name, (int)strcspn(*r ? r : m, "\n"), *r ? r : m,
                     *r ? "no longer made" : "not in the digests");
        } else if (!same) {
            const bool in_columns = first_difference(r, m, "column ", run, column, sizeof run);
            if (!first_difference(r, m, "round ", run, round, sizeof run)) first_difference(r, m, "", run, round, sizeof run);
            fail_run(f, "%s: %s differs: %s%s, first %s", name, run, in_columns ? "first " : "no column",
                     in_columns ? column : "", round);
        }
        free(r);
        free(m);
        if (!same) return false;
        recorded = r_end;
        made = m_end;
    }
    return true;
}
