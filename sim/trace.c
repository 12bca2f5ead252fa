/* trace.c - columns, rows and the policy that keeps them. */
#include "trace.h"
#include "field.h"
#include <stdlib.h>
#include <string.h>

const struct column trace_columns[] = {
    {"round", "rounds", "communication rounds made; row 0 is the starting point"},
    {"f", "", "objective f at the model"},
    {"f_gap", "", "f - f*, where f* is known"},
    {"grad_norm_sq", "", "|grad f|^2 at the model"},
    {"mean_client_grad_norm_sq", "", "mean over clients of |grad f_i|^2 at the model"},
    {"dist_sq", "", "|x - x*|^2, where x* is known"},
    {"values_up", "values", "payload sent to the server, in full-precision numbers, indices free; mean over clients"},
    {"values_up_max", "values", "as values_up, largest over clients"},
    {"index_up", "entries", "coordinates named explicitly on the way up; mean over clients"},
    {"index_up_max", "entries", "as index_up, largest over clients"},
    {"bits_up", "bits", "length of the encoded messages to the server; mean over clients"},
    {"bits_up_max", "bits", "as bits_up, largest over clients"},
    {"messages_up", "messages", "messages to the server; mean over clients"},
    {"messages_up_max", "messages", "as messages_up, largest over clients"},
    {"values_down", "values", "payload received from the server; mean over clients"},
    {"values_down_max", "values", "as values_down, largest over clients"},
    {"index_down", "entries", "coordinates named explicitly on the way down; mean over clients"},
    {"index_down_max", "entries", "as index_down, largest over clients"},
    {"bits_down", "bits", "length of the broadcasts received; mean over clients"},
    {"bits_down_max", "bits", "as bits_down, largest over clients"},
    {"messages_down", "messages", "broadcasts received; mean over clients"},
    {"messages_down_max", "messages", "as messages_down, largest over clients"},
    {"full_gradients", "gradients", "full local gradients computed; mean over clients"},
    {"full_gradients_max", "gradients", "as full_gradients, largest over clients"},
    {"sample_gradients", "gradients", "sample gradients computed, a full gradient being m_i of them; mean over clients"},
    {"sample_gradients_max", "gradients", "as sample_gradients, largest over clients"},
    {"local_steps", "steps", "local steps made; mean over clients"},
    {"local_steps_max", "steps", "as local_steps, largest over clients"},
    {"epochs", "passes", "sample gradients of all clients / number of samples"},
    {NULL, NULL, NULL},
};

int trace_column(const char *name)
{
    for (int c = 0; trace_columns[c].name; c++)
        if (strcmp(trace_columns[c].name, name) == 0) return c;
    return -1;
}

void trace_init(struct trace *t, bool optimum)
{
    *t = (struct trace){.room = 64};
    int f_gap = trace_column("f_gap"), dist_sq = trace_column("dist_sq");
    for (int c = 0; trace_columns[c].name; c++)
        if (optimum || (c != f_gap && c != dist_sq)) t->cell[c] = xcalloc((size_t)t->room, sizeof(double));
}

void trace_add(struct trace *t, const double row[TRACE_COLUMNS])
{
    if (t->rows == t->room) t->room *= 2;
    for (int c = 0; c < TRACE_COLUMNS; c++) {
        if (!t->cell[c]) continue;
        t->cell[c] = xrealloc(t->cell[c], (size_t)t->room * sizeof(double));
        t->cell[c][t->rows] = row[c];
    }
    t->rows++;
}

void trace_copy(struct trace *to, const struct trace *from)
{
    *to = (struct trace){.rows = from->rows, .room = from->rows + 1};
    for (int c = 0; c < TRACE_COLUMNS; c++) {
        if (!from->cell[c]) continue;
        to->cell[c] = xcalloc((size_t)to->room, sizeof(double));
        memcpy(to->cell[c], from->cell[c], (size_t)from->rows * sizeof(double));
    }
}

void trace_free(struct trace *t)
{
    for (int c = 0; c < TRACE_COLUMNS; c++) free(t->cell[c]);
    *t = (struct trace){0};
}

bool record_policy_parse(const char *text, struct record_policy *p, struct fail *f)
{
    static const struct {
        const char *word;
        enum record_kind kind;
    } kinds[] = {{"every", RECORD_EVERY}, {"max", RECORD_MAX}};
    if (strcmp(text, "log") == 0) {
        *p = (struct record_policy){RECORD_LOG, 0};
        return true;
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t length = strlen(kinds[k].word);
        int64_t number;
        if (strncmp(text, kinds[k].word, length) != 0 || text[length] != ' ') continue;
        if (!parse_int(text + length + strspn(text + length, " "), &number) || number < 1 + (int64_t)k) break;
        *p = (struct record_policy){kinds[k].kind, number};
        return true;
    }
    return fail_set(f, "record is \"%s\"; allowed: every N (N >= 1), max N (N >= 2), log", text);
}

/* The largest power of ten that is at most k. */
static int64_t decade(int64_t k)
{
    int64_t ten = 1;
    while (k / 10 >= ten) ten *= 10;
    return ten;
}

bool record_policy_keeps(const struct record_policy *p, int64_t round, int64_t rounds)
{
    if (round == 0 || round == rounds) return true;
    switch (p->kind) {
    case RECORD_EVERY:
        return round % p->number == 0;
    case RECORD_LOG:
        return round < 100 || round % (decade(round) / 10) == 0;
    case RECORD_MAX:
        break;
    }
    if (rounds < p->number) return true;
    /* Row j of N stands at round ceil(j * rounds / (N - 1)). */
    int64_t gaps = p->number - 1;
    __extension__ typedef __int128 wide;
    return (wide)round * gaps / rounds != (wide)(round - 1) * gaps / rounds;
}
