/* generate_one_hot.c - categorical data, each attribute one-hot, of the shape of the UCI mushrooms. */
#include "../sim/rng.h"
#include "generate.h"
#include <stdlib.h>

struct one_hot {
    int64_t rows, features, groups;
    double skew, imbalance, drift;
};

static const struct field one_hot_fields[] = {
    INTEGER(one_hot, rows, "8124", 1, 100000000, "rows"),
    INTEGER(one_hot, features, "112", 1, 1000000, "features, shared out evenly over the attributes"),
    INTEGER(one_hot, groups, "21", 1, 1000000, "categorical attributes: ones in each row (at most `features`)"),
    REAL(one_hot, skew, "0.5", 0, 0.99, "how much the two classes differ in each attribute: 0 not at all"),
    REAL(one_hot, imbalance, "0.7", 0, 1, "share of class +1 falls from (1 + this)/2 to (1 - this)/2 along the rows"),
    REAL(one_hot, drift, "0.5", 0, 0.99, "how much the attributes change along the rows: 0 not at all"),
    FIELDS_END,
};

enum { LANE_WEIGHTS, LANE_ROWS }; /* streams: one a group; one a row */

/* Each category of each attribute: how common it is, and how class and position tilt that. */
struct category {
    double common, class_tilt, drift_tilt;
};

/* Tilts are uniform in [-1, 1); squaring makes a few categories of each attribute dominate, as in real tables. */
static void categories_draw(struct category *c, const struct one_hot *p, const int64_t *first, uint64_t seed)
{
    for (int64_t g = 0; g < p->groups; g++) {
        struct stream s = stream(seed, FOR_GENERATOR, LANE_WEIGHTS, (uint32_t)g, 0);
        for (int64_t j = first[g]; j < first[g + 1]; j++) {
            const double u = stream_uniform(&s);
            c[j].common = 0.02 + u * u;
            c[j].class_tilt = p->skew * (2 * stream_uniform(&s) - 1);
            c[j].drift_tilt = p->drift * (2 * stream_uniform(&s) - 1);
        }
    }
}

static double weight(const struct category *c, double label, double position)
{
    return c->common * (1 + label * c->class_tilt) * (1 + position * c->drift_tilt);
}

/* The category of one attribute, with probability proportional to its weight. */
static int64_t category_pick(const struct category *c, int64_t from, int64_t to, double label, double position, double u)
{
    double sum = 0;
    for (int64_t j = from; j < to; j++) sum += weight(c + j, label, position);
    const double aim = u * sum;
    double below = 0;
    for (int64_t j = from; j < to - 1; j++) {
        below += weight(c + j, label, position);
        if (aim < below) return j;
    }
    return to - 1;
}

static bool one_hot_make(const void *param, uint64_t seed, int64_t clients, struct dataset *out, struct fail *f)
{
    const struct one_hot *p = param;
    (void)clients; /* rows drift along the file, whoever gets them */
    if (p->groups > p->features)
        return fail_set(f, "one-hot: groups = %lld with features = %lld; allowed are 1 .. features", (long long)p->groups,
                        (long long)p->features);
    if (!generate_fits("one-hot", p->rows, p->groups, 4, f)) return false;
    int64_t *first = xmalloc((size_t)(p->groups + 1) * sizeof *first);
    for (int64_t g = 0, rest = p->features % p->groups; g <= p->groups; g++)
        first[g] = g * (p->features / p->groups) + (g < rest ? g : rest);
    struct category *categories = xmalloc((size_t)p->features * sizeof *categories);
    categories_draw(categories, p, first, seed);
    struct rows_builder b;
    rows_begin(&b, p->features);
    for (int64_t i = 0; i < p->rows; i++) {
        struct stream s = stream(seed, FOR_GENERATOR, LANE_ROWS, (uint32_t)i, 0);
        const double position = 1 - (2 * (double)i + 1) / (double)p->rows; /* from +1 down to -1 */
        const double label = stream_bernoulli(&s, 0.5 * (1 + p->imbalance * position)) ? 1 : -1;
        rows_label(&b, label);
        for (int64_t g = 0; g < p->groups; g++)
            rows_add(&b, (uint32_t)category_pick(categories, first[g], first[g + 1], label, position, stream_uniform(&s)), 1);
    }
    free(first);
    free(categories);
    generate_finish("one-hot", &b, out);
    return true;
}

const struct generator generator_one_hot = {
    .name = "one-hot",
    .summary = "categorical attributes, one-hot: two classes that overlap and drift along the rows",
    .explain =
        "Each of `rows` rows picks one category of each of `groups` attributes, so it holds `groups` ones among `features`\n"
        "columns.  Category v of an attribute has probability proportional to\n"
        "    c_v (1 + y skew t_v) (1 + s drift r_v),   t_v, r_v uniform in [-1, 1),  c_v = 0.02 + u^2,\n"
        "for a row of class y at position s, which falls from +1 to -1 along the rows; y = +1 with probability\n"
        "(1 + imbalance s)/2.  Every combination has a positive probability in both classes: they can be learnt but not\n"
        "separated, and a contiguous split gives clients that differ.  The defaults have the shape of the mushrooms data.\n",
    .param = one_hot_fields,
    .param_size = sizeof(struct one_hot),
    .make = one_hot_make,
};
