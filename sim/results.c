/* results.c - the layout of a result file (README, "The file format"). */
#include "results.h"
#include "command.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_what_is_small(struct snapshot *s, const struct run *r)
{
    trace_free(&s->trace);
    trace_copy(&s->trace, &r->trace);
    s->taken = true;
    s->status = r->status;
    s->round = r->round;
    s->start = r->start;
}

void snapshot_take(struct snapshot *s, const struct run *r)
{
    take_what_is_small(s, r);
    s->model = xrealloc(s->model, (size_t)r->d * sizeof(double));
    memcpy(s->model, r->model, (size_t)r->d * sizeof(double));
    if (r->status == RUN_GOING) {
        checkpoint_save(r, &s->state, &s->state_size);
    } else {
        free(s->state);
        s->state = NULL;
    }
}

void snapshot_lend(struct snapshot *s, const struct run *r)
{
    free(s->model);
    free(s->state);
    s->model = NULL;
    s->state = NULL;
    take_what_is_small(s, r);
    s->lent = r;
    s->pieces = checkpoint_lend(r, &s->state, s->piece);
}

void snapshot_return(struct snapshot *s)
{
    if (!s->lent) return;
    free(s->state);
    s->state = NULL;
    s->lent = NULL;
}

void snapshot_free(struct snapshot *s)
{
    trace_free(&s->trace);
    free(s->model);
    free(s->state);
    *s = (struct snapshot){0};
}

bool run_continue(struct run *r, const struct snapshot *s, struct fail *f)
{
    if (!s->state) return true;
    if (!checkpoint_load(r, s->state, s->state_size, f)) return false;
    for (int c = 0; c < TRACE_COLUMNS; c++)
        if (!r->trace.cell[c] != !s->trace.cell[c])
            return fail_set(f, "the trace of run \"%s\" lacks a column of its experiment", r->spec->label);
    trace_free(&r->trace);
    trace_copy(&r->trace, &s->trace);
    return true;
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* group_array or group_lend */
typedef void add_array(struct group *g, const char *name, enum value_type type, const void *data, size_t count, const char *unit,
                       const char *description);

static void fill_problem(struct record *out, const struct instance *i, add_array *add)
{
    const struct experiment_params *c = i->settings.data;
    const struct objective *o = &i->objective;
    struct group *g = record_group(out, i->path);
    group_text(g, "dataset", o->title);
    group_text(g, "sha256", o->sha256);
    group_text(g, "problem", i->problem->name);
    group_int(g, "N", o->total);
    group_int(g, "d", o->d);
    group_int(g, "n", o->n);
    group_text(g, "smoothness", c->smoothness == SPECTRAL ? "spectral" : "rows");
    const struct {
        const char *name;
        double value;
    } real[] = {{"L_f", i->L.L_f},       {"L_bar", i->L.L_bar},
                {"L_hat", i->L.L_hat},   {"L_i_max", i->L.L_i_max},
                {"L_max", i->L.L_max},   {"L_cal", i->L.L_cal},
                {"mu", i->L.mu},         {"f_star", o->f_star},
                {"f_start", i->f_start}, {"grad_norm_sq_start", i->grad_norm_sq_start}};
    for (size_t k = 0; k < sizeof real / sizeof *real; k++)
        if (!isnan(real[k].value)) group_real(g, real[k].name, real[k].value);
    add(g, "L_i", VALUE_REAL, i->L.L_i, (size_t)o->n, "", "smoothness of every f_i, as theory uses it");
    if (o->x_star) add(g, "x_star", VALUE_REAL, o->x_star, (size_t)o->d, "", "the minimiser");
}

static void fill_parameters(struct group *g, const struct settings *s, const char *prefix)
{
    for (size_t k = 0; k < s->count; k++) {
        const struct field *r = &s->table[k];
        bool taken = group_attribute(g, r->name) != NULL;
        char *name = taken ? xprintf("%s.%s", prefix, r->name) : xstrdup(r->name), *origin = xprintf("%s_origin", name),
             text[512];
        settings_text(s, k, text, sizeof text);
        if (r->type == FIELD_REAL)
            group_real(g, name, settings_real(s, k));
        else if (r->type == FIELD_INT)
            group_int(g, name, (int64_t)settings_real(s, k));
        else
            group_text(g, name, text);
        group_text(g, origin, origin_name(s->origin[k]));
        free(name);
        free(origin);
    }
}

/* A problem may compute a parameter from the data (logistic: lambda from condition): what it uses is what is recorded. */
static void fill_problem_parameters(struct group *g, const struct instance *i)
{
    struct settings used = settings_copy(&i->problem_settings, i->problem->param_size);
    for (size_t k = 0; i->objective.param && k < used.count; k++) {
        const struct field *r = &used.table[k];
        void *mine = (char *)used.data + r->at;
        const void *theirs = (const char *)i->objective.param + r->at;
        if (r->type == FIELD_TEXT || memcmp(mine, theirs, 8) == 0) continue;
        memcpy(mine, theirs, 8);
        used.origin[k] = FROM_THEORY;
    }
    fill_parameters(g, &used, "problem");
    settings_free(&used);
}

static void fill_trace(struct record *out, const char *path, const struct trace *t)
{
    char *below = xprintf("%s/trace", path);
    struct group *g = record_group(out, below);
    free(below);
    for (int c = 0; trace_columns[c].name; c++) {
        const struct column *col = &trace_columns[c];
        if (!t->cell[c]) continue;
        if (c > 0) {
            group_array(g, col->name, VALUE_REAL, t->cell[c], (size_t)t->rows, col->unit, col->description);
            continue;
        }
        int64_t *round = xcalloc((size_t)t->rows + 1, sizeof *round);
        for (int64_t k = 0; k < t->rows; k++) round[k] = (int64_t)t->cell[c][k];
        group_array(g, col->name, VALUE_INT, round, (size_t)t->rows, col->unit, col->description);
        free(round);
    }
}

static const char *status_name(const struct snapshot *s)
{
    return !s->taken || s->status == RUN_GOING ? "interrupted" : s->status == RUN_DONE ? "done" : "diverged";
}

static void fill_run(struct record *out, const struct planned *run, size_t number, const struct snapshot *s, add_array *add)
{
    const struct experiment_params *c = run->settings.data;
    char *path = xprintf("/runs/%03zu", number);
    struct group *g = record_group(out, path);
    group_text(g, "label", run->spec.label);
    group_text(g, "varied", run->varied);
    group_text(g, "method", run->spec.method->name);
    group_text(g, "compressor", run->spec.compressed ? c->compressor : "none");
    if (run->spec.compressed_down) group_text(g, "server_compressor", c->server_compressor);
    group_text(g, "problem", run->instance->path);
    group_text(g, "status", status_name(s));
    group_int(g, "seed", c->seed);
    group_int(g, "rounds", c->rounds);
    group_int(g, "rounds_made", s->round);
    group_int(g, "clients", c->clients);
    group_int(g, "value_bits", run->spec.value_bits);
    fill_parameters(g, &run->spec.param, "method");
    for (int k = run->spec.chain.length - 1; k >= 0; k--)
        fill_parameters(g, &run->spec.chain.settings[k], run->spec.chain.link[k]->name);
    for (int k = run->spec.down.length - 1; k >= 0; k--) fill_parameters(g, &run->spec.down.settings[k], "server");
    fill_problem_parameters(g, run->instance);
    group_real(g, "start_values_up", s->start.count[VALUES_UP]);
    group_real(g, "start_bits_up", s->start.count[BITS_UP]);
    group_real(g, "start_sample_gradients", s->start.count[SAMPLE_GRADIENTS]);
    if (s->taken) {
        add(g, "x", VALUE_REAL, s->lent ? s->lent->model : s->model, (size_t)run->instance->objective.d, "",
            "the model after the last round");
        fill_trace(out, path, &s->trace);
    }
    free(path);
}

static void fill_checkpoint(struct record *out, size_t number, const struct snapshot *s, add_array *add)
{
    static const char what[] = "what `gradwire resume` goes on from";
    record_group(out, "/checkpoint");
    char *path = xprintf("/checkpoint/%03zu", number);
    struct group *g = record_group(out, path);
    free(path);
    if (s->lent)
        group_lend_pieces(g, "state", s->piece, s->pieces, what);
    else
        add(g, "state", VALUE_BYTES, s->state, s->state_size, "", what);
}

static void fill(struct record *out, const struct plan *p, const struct snapshot *snapshot, add_array *add)
{
    *out = (struct record){0};
    struct group *root = record_group(out, "/");
    group_text(root, "format", RECORD_FORMAT);
    group_int(root, "format_version", RECORD_VERSION);
    group_text(root, "source", "gradwire " GRADWIRE_VERSION);
    group_text(root, "experiment", p->text);
    for (size_t k = 0; k < p->instances; k++) fill_problem(out, p->instance[k], add);
    record_group(out, "/runs");
    for (size_t k = 0; k < p->runs; k++) fill_run(out, p->run[k], k, &snapshot[k], add);
    for (size_t k = 0; k < p->runs; k++)
        if (snapshot[k].taken && snapshot[k].state) fill_checkpoint(out, k, &snapshot[k], add);
}

void results_fill(struct record *out, const struct plan *p, const struct snapshot *snapshot)
{
    fill(out, p, snapshot, group_array);
}

void results_lend(struct record *out, const struct plan *p, const struct snapshot *snapshot)
{
    fill(out, p, snapshot, group_lend);
}

/* --- reading ------------------------------------------------------------------------------------------- */

static bool load_trace(const struct record *file, const char *path, struct trace *t)
{
    char *below = xprintf("%s/trace", path);
    const struct group *g = record_find(file, below);
    free(below);
    if (!g) return false;
    *t = (struct trace){0};
    const struct array *round = group_find_array(g, "round");
    if (!round || round->type != VALUE_INT) return false;
    t->rows = (int64_t)round->count;
    t->room = t->rows + 1;
    for (int c = 0; trace_columns[c].name; c++) {
        const struct array *a = group_find_array(g, trace_columns[c].name);
        if (!a) continue;
        if (a->count != round->count || (c > 0 && a->type != VALUE_REAL)) return false;
        t->cell[c] = xcalloc((size_t)t->room, sizeof(double));
        for (size_t k = 0; k < a->count; k++) t->cell[c][k] = c > 0 ? ((double *)a->data)[k] : (double)((int64_t *)a->data)[k];
    }
    return true;
}

static bool load_status(const struct group *g, enum run_status *out)
{
    const struct attribute *a = group_attribute(g, "status");
    if (!a || a->type != VALUE_TEXT) return false;
    *out = strcmp(a->text, "done") == 0 ? RUN_DONE : strcmp(a->text, "diverged") == 0 ? RUN_DIVERGED : RUN_GOING;
    return true;
}

static void load_start(const struct group *run, struct snapshot *s)
{
    static const struct {
        const char *name;
        enum count count;
    } kept[] = {{"start_values_up", VALUES_UP}, {"start_bits_up", BITS_UP}, {"start_sample_gradients", SAMPLE_GRADIENTS}};
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
        const struct attribute *a = group_attribute(run, kept[k].name);
        if (a && a->type == VALUE_REAL) s->start.count[kept[k].count] = a->real;
    }
}

static bool load_run(const struct record *file, const struct planned *run, size_t number, struct snapshot *s, struct fail *f)
{
    char path[64], below[64];
    snprintf(path, sizeof path, "/runs/%03zu", number);
    snprintf(below, sizeof below, "/checkpoint/%03zu", number);
    const struct group *g = record_find(file, path), *checkpoint = record_find(file, below);
    if (!g || !load_status(g, &s->status)) return fail_set(f, "run %03zu of the experiment is not in the file", number);
    const struct array *x = group_find_array(g, "x");
    if (!x) return true; /* not begun */
    if (x->type != VALUE_REAL || (int64_t)x->count != run->instance->objective.d || !load_trace(file, path, &s->trace))
        return fail_set(f, "run %03zu does not fit its experiment", number);
    s->taken = true;
    s->model = xcalloc(x->count + 1, sizeof(double));
    memcpy(s->model, x->data, x->count * sizeof(double));
    const struct attribute *made = group_attribute(g, "rounds_made");
    s->round = made && made->type == VALUE_INT ? made->integer : 0;
    load_start(g, s);
    const struct array *state = checkpoint ? group_find_array(checkpoint, "state") : NULL;
    if (s->status != RUN_GOING) return true;
    if (!state || state->type != VALUE_BYTES) return fail_set(f, "run %03zu is unfinished and has no checkpoint", number);
    s->state_size = state->count;
    s->state = xmalloc(state->count + 1);
    memcpy(s->state, state->data, state->count);
    return true;
}

/* Half a run by one version and half by another would be a result of neither. */
static bool begun_by_this_version(const struct record *file, struct fail *f)
{
    const struct group *root = record_find(file, "/");
    const struct attribute *a = root ? group_attribute(root, "source") : NULL;
    const char *source = a && a->type == VALUE_TEXT ? a->text : "another program";
    if (strcmp(source, "gradwire " GRADWIRE_VERSION) == 0) return true;
    return fail_set(f,
                    "its unfinished runs were begun by %s; this is gradwire " GRADWIRE_VERSION
                    ", which may round otherwise; resume with that version, or run the experiment again",
                    source);
}

bool results_load(const struct record *file, const struct plan *p, struct snapshot *snapshot, struct fail *f)
{
    bool unfinished = false;
    for (size_t k = 0; k < p->runs; k++) {
        if (!load_run(file, p->run[k], k, &snapshot[k], f)) return false;
        unfinished |= snapshot[k].taken && snapshot[k].status == RUN_GOING;
    }
    return !unfinished || begun_by_this_version(file, f);
}
