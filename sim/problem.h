/* problem.h - the objective f(x) = 1/n sum_i f_i(x) on x in R^d, and what theory knows of it.
 *
 * Two ways to write one, each a single file sim/problems/NAME.c defining `const struct problem problem_NAME` (- becomes _):
 *  - a linear model, f_i(x) = mean_j loss(<a_ij, x>, y_ij) + reg(x): give loss and reg; sim/linear.c does the rest;
 *  - anything else: give open(), which builds its own oracle (see problems/quadratic.c).
 * This oracle counts nothing: clients reach it through sim.h, which counts; the recorder reaches it directly. */
#ifndef PROBLEM_H
#define PROBLEM_H
#include "../datasets/dataset.h"
#include "field.h"

/* Constants of one client or of all; NaN when the problem does not have it. */
struct smoothness {
    double *L_i;      /* n: smoothness of f_i                                                   */
    double L_f;       /* smoothness of f: spectral, or with `rows` the mean of L_i               */
    double L_bar;     /* mean of L_i                                                             */
    double L_hat;     /* sqrt(mean L_i^2), "L tilde" of the EF21 papers                          */
    double L_i_max;   /* largest L_i                                                             */
    double L_max;     /* largest smoothness of one sample's f_ij                                 */
    double L_cal;     /* mean-square smoothness of samples: sqrt(mean_i mean_j L_ij^2)           */
    double mu;        /* strong convexity of f, or its PL constant; 0 when not known             */
};

/* Per-thread working memory of the oracle; zero it, end with oracle_work_free.  a belongs to who calls the oracle (such as
 * objective_full), b and c to the problem. */
struct oracle_work {
    double *a, *b, *c; /* grown as needed by the problem */
    size_t room_a, room_b, room_c;
};
double *work_room(double **p, size_t *room, size_t count); /* grow *p to count doubles (contents lost) and return it */
void oracle_work_free(struct oracle_work *w);

enum { MOST_POINTS = 64 };
/* Several points at which all clients' gradients are asked for, and where these go. */
struct points {
    int count;               /* 1 .. MOST_POINTS                                                     */
    const double *x[MOST_POINTS];  /* d numbers each                                                  */
    double *out[MOST_POINTS];      /* client i's gradient at x[l] goes to out[l] + i * stride ..      */
    int64_t stride;
    double **value;          /* .. and f_i(x[l]) to value[l][i]; NULL: not asked for            */
};

struct objective {
    const struct problem *problem;
    int64_t d, n;
    int64_t rows;            /* x is a matrix of that many rows, for low-rank compressors; 0: a plain vector */
    int64_t *samples;        /* n: m_i, samples on client i; 1 for problems without samples (n of them) */
    int64_t total;           /* N: sum of samples                                                        */
    double bytes;            /* of memory that its data take, about; 0: next to none                     */
    bool finite_sum;         /* f_i is a mean over m_i samples that can be listed                        */
    char title[128], sha256[65]; /* for figures and records                                              */
    double f_star;           /* NaN until known; set by open() or objective_minimise                     */
    double *x_star;          /* NULL until known                                                         */
    void *self;              /* the problem's own                                                        */
    const void *param;

    /* out = grad f_i(x), *value = f_i(x) unless value is NULL. x, out: d numbers, not the same array. */
    void (*gradient)(const struct objective *o, int64_t client, const double *x, double *out, double *value, struct oracle_work *w);
    /* The same for all clients at several points in one pass over the data; NULL: there is no faster way than one by one. */
    void (*gradients)(const struct objective *o, const struct points *p, struct oracle_work *w);
    /* out = mean over the listed samples of grad f_ij(x), regulariser included.  Finite sum: 0 <= row < m_i, repeats allowed;
     * an expectation: every 32-bit number is one draw of xi.  NULL when the problem has no samples. */
    void (*batch)(const struct objective *o, int64_t client, const uint32_t *row, int64_t count, const double *x, double *out,
                  struct oracle_work *w);
    /* E|grad f_i(x; xi) - grad f_i(x)|^2 of an expectation; a finite sum leaves it NULL. */
    double (*variance)(const struct objective *o, int64_t client, const double *x);
    /* out = Hessian f_i(x) v; NULL when the problem has none. */
    void (*hessian_times)(const struct objective *o, int64_t client, const double *x, const double *v, double *out,
                          struct oracle_work *w);
    /* Fills s (s->L_i has room for n).  spectral: eigenvalue bounds; otherwise row-norm bounds as in the published codes.
     * Where the problem has no rows, both give the exact constants. */
    void (*smoothness)(const struct objective *o, bool spectral, struct smoothness *s, struct oracle_work *w);
    void (*close)(struct objective *o);
};

struct problem {
    const char *name, *formula, *paper, *explain;
    const struct field *param;
    size_t param_size;
    bool needs_data;      /* opened on shards; otherwise on (d, n) from its own parameters              */
    bool two_classes;     /* labels are mapped to -1, +1                                                 */
    bool convex;
    bool quadratic;       /* f - f* = <grad f(x), x - x*>/2, which keeps its digits where subtraction loses them */

    /* A linear model: t_k = <a_k, x>.  For k < count fill whichever of value, slope (dloss/dt), curve (d2loss/dt2) is not NULL. */
    void (*loss)(const void *param, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve);
    double (*curvature)(const void *param);   /* sup |d2loss/dt2| used by theory                                 */
    double (*loss_mu)(const void *param);     /* inf d2loss/dt2 if positive (least squares: 1); NULL or 0: none     */
    /* Regulariser sum_j r(x_j): returns its value; adds its gradient to grad and r''(x_j) v_j to hess_v where not NULL. */
    double (*reg)(const void *param, int64_t d, const double *x, double *grad, const double *v, double *hess_v);
    void (*reg_bounds)(const void *param, double *low, double *high); /* inf and sup of r''                     */

    /* Anything else. shards is NULL unless needs_data. */
    bool (*open)(struct objective *o, const void *param, const struct shards *shards, int64_t clients, uint64_t data_seed,
                 struct fail *f);
};
extern const struct problem *const problems[]; /* all, sorted by name, NULL-terminated (generated) */
const struct problem *problem_find(const char *name);

/* Open a problem; shards stay the caller's and must outlive it. */
bool objective_open(struct objective *o, const struct problem *p, const void *param, const struct shards *shards, int64_t clients,
                    uint64_t data_seed, struct fail *f);
void objective_close(struct objective *o);

/* grad = mean of client gradients summed in client order; returns f(x).  client_norm_sq (may be NULL): mean_i |grad f_i|^2. */
double objective_full(const struct objective *o, const double *x, double *grad, double *client_norm_sq, struct oracle_work *w);
/* Mean over clients of E|grad f_ij(x) - grad f_i(x)|^2, a sample drawn uniformly; NaN when the problem has no samples. */
double objective_variance(const struct objective *o, const double *x);
/* Newton with conjugate gradients from x = 0 until |grad f|^2 <= tol (1e-28 by default use) or no progress: fills x_star, f_star.
 * For strongly convex problems with hessian_times; false with a message when it is not or does not converge. */
bool objective_minimise(struct objective *o, double tol, struct fail *f);
/* Smoothness constants, deterministic; relative tolerance of the eigenvalue bounds 1e-10 (Lanczos with full
 * re-orthogonalisation, Ritz value plus its residual).  Allocates s->L_i, whatever it was; the caller frees it. */
void objective_smoothness(const struct objective *o, bool spectral, struct smoothness *s);
#endif
