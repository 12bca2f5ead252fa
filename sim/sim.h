/* sim.h - everything a method file may use; nothing else is visible to it.  Read this header first.
 *
 * One communication round:
 *     open_round   the server decides what the clients hear                       broadcast, coin
 *     client_step  every client, in parallel and in any order                     heard, gradient, send
 *     server_step  the server combines the messages and moves the model           mean, axpy
 * After round k the recorder writes row k: the gradient norm at the model x^k and all that was sent and computed to get there.
 *
 * Client code holds a `struct client *`, server code a `struct server *`; both are opaque.  send and broadcast are the only
 * roads between them: they compress, count and deliver.  No method counts anything itself. */
#ifndef SIM_H
#define SIM_H
#include "fail.h"
#include "field.h"
#include "message.h"
#include <math.h> /* sqrt, fmin, fmax, NAN: exactly rounded or exact; the rest of libm is banned (real.h) */
#include <stdbool.h>
#include <stdint.h>

/* A vector is a pointer to its first number; its length sits in a header before it, and the algebra checks it.
 * `in` may be read, `vec` may be written; the engine owns them all, and the pointers cannot be re-aimed. */
typedef double *const vec;
typedef const double *in;

/* --- vector algebra: out = op(...).  x is a vector or a message ---------------------------------------- */
int64_t dim(in x);
double dot(in x, in y);
double norm_sq(in x);
void sub(vec out, in x, in y);         /* out = x - y                         */
void scale(vec y, double a);           /* y = a y                             */
void zero(vec y);
void vec_copy(double *out, in x);
void vec_axpy(double *y, double a, in x);
void message_copy(double *out, const struct message *m);          /* zeros off the support     */
void message_axpy(double *y, double a, const struct message *m);  /* costs O(m->count)         */
#define copy(out, x)   _Generic((x), const struct message *: message_copy, struct message *: message_copy, default: vec_copy)(out, x)
#define axpy(y, a, x)  _Generic((x), const struct message *: message_axpy, struct message *: message_axpy, default: vec_axpy)(y, a, x)

/* --- what a client can see and do ------------------------------------------------------------------------ */
struct client;
const void *client_param(const struct client *);
void *mine(struct client *);                        /* my persistent state, declared in .client; starts at zero          */
in heard(const struct client *);                    /* the vector broadcast this round                                    */
in heard_on(const struct client *, int port);       /* ... on another port (0 .. PORTS-1)                                 */
bool flag(const struct client *);                   /* the bit broadcast this round                                       */
bool client_first(const struct client *);           /* is this the first round?                                           */
double *tmp(struct client *, int slot);             /* scratch vector 0 .. SLOTS-1, mine until my step ends; not zeroed   */
in gradient(struct client *, in x);                 /* grad f_i(x), counted as m_i sample gradients; valid until my step
                                                       ends or the next call at another x                                */
const struct message *send(struct client *, in v);        /* compress, count, deliver; returns what the server decodes  */
const struct message *send_dense(struct client *, in v);  /* uncompressed, counted                                     */
const struct message *send_on(struct client *, int port, in v);

/* --- what the server can see and do ----------------------------------------------------------------------- */
struct server;
const void *server_param(const struct server *);
void *state(struct server *);                             /* declared in .server; the model starts at x0, the rest at zero */
const struct message *mean(struct server *);              /* 1/n sum of this round's messages, summed in client order   */
const struct message *mean_on(struct server *, int port);
void broadcast(struct server *, in v);                    /* uncompressed, counted once per client                       */
void broadcast_on(struct server *, int port, in v);
void broadcast_flag(struct server *, bool bit);           /* one more bit down                                           */
bool asked(const struct server *);                        /* the bit broadcast this round                                */
bool coin(struct server *, double p);                     /* Bernoulli(p), a stream for each of a round's coins           */
bool server_first(const struct server *);                 /* is this the first round?                                    */
int64_t rounds_made(const struct server *);               /* rounds complete before this one: 0 in the first             */

#define param(who) _Generic((who), struct client *: client_param, struct server *: server_param)(who)
#define first(who) _Generic((who), struct client *: client_first, struct server *: server_first)(who)
enum { PORTS = 4, SLOTS = 6 };

/* --- the constants that stepsize rules are made of; names as in the papers -------------------------------- */
enum regime { NONCONVEX, PL, CONVEX };    /* which theorem's stepsize: gradient norm; Polyak-Lojasiewicz; (strongly) convex */
struct theory {
    enum regime regime;
    int64_t n, d;      /* clients, dimension                                                       */
    int64_t rounds;    /* rounds to be made                                                        */
    double m;          /* samples per client (mean)                                                */
    double L_f, L_bar, L_hat, L_i_max, L_max, L_cal, mu;  /* see problem.h                          */
    double omega;      /* unbiased compressor: variance; 0 for identity; NaN if biased             */
    double omega_n;    /* what takes the place of omega/n: omega/n when clients draw independently,
                          the A of the AB-inequality when they do not                              */
    double ab_b;       /* the B of the AB-inequality (METHODS: Perm-K has A = B = 1)               */
    double alpha;      /* contraction 1/delta of the compressor as it stands; NaN if none          */
    double zeta;       /* expected nonzeros of a message                                           */
    double bits_ratio; /* expected bits of a compressed message / bits of a dense one              */
};

/* --- a method: one const struct, one file in methods/ ------------------------------------------------------ */
enum needs { NO_COMPRESSOR, UNBIASED, CONTRACTIVE, ANY_COMPRESSOR };
struct method {
    const char *name, *summary;       /* "marina", one line                                                     */
    const char *paper;                /* authors, title or venue, year, arXiv id, algorithm                     */
    const char *explain;              /* pseudo-code and cost per round, as `gradwire explain NAME` prints it    */
    enum needs needs;
    bool dense_start;                 /* round 1 is an uncompressed initialisation (plots can leave it uncounted) */
    const char *model;                /* name of the server vector that is the model; default "x"               */
    const struct field *param, *client, *server; /* tables; NULL: none                                          */
    size_t param_size, client_size, server_size;
    void (*theory)(void *param, const struct theory *);  /* fill the parameters that are NaN                    */
    bool (*check)(const void *param, const struct theory *, struct fail *); /* what ranges alone cannot say; NULL: nothing */
    void (*start)(struct server *);   /* before round 1: derive state from x0; nothing can be sent; NULL: nothing */
    void (*open_round)(struct server *); /* NULL: broadcast the model                                           */
    void (*client_step)(struct client *);
    void (*server_step)(struct server *);
};
extern const struct method *const methods[]; /* all, sorted by name, NULL-terminated (generated) */
#endif
