/* engine.h - one run from the inside: its state, its workers, its ledger.  Methods see none of this (sim.h). */
#ifndef ENGINE_H
#define ENGINE_H
#include "compressor.h"
#include "piece.h"
#include "problem.h"
#include "sim.h"
#include "trace.h"

/* What a run is a function of; made from one cell of an experiment's grid (plan.h). */
struct run_spec {
    char *label;                     /* "marina randk k=1 seed=1"                                   */
    const struct method *method;
    struct settings param;           /* finished: theory filled in, ranges checked                  */
    bool compressed;                 /* the method sends through `chain`                            */
    struct chain chain;              /* of the clients                                              */
    bool compressed_down;            /* the server broadcasts through `down`                        */
    struct chain down;
    const struct objective *objective;
    const double *x0;                /* d numbers                                                   */
    uint64_t seed;
    int64_t rounds;
    unsigned value_bits;             /* 32 or 64                                                    */
    struct record_policy policy;
};

/* The ledger: what is counted, per client and cumulated.  Only channel.c and oracle.c add to it. */
enum count {
    VALUES_UP, INDEX_UP, BITS_UP, MESSAGES_UP, VALUES_DOWN, INDEX_DOWN, BITS_DOWN, MESSAGES_DOWN,
    FULL_GRADIENTS, SAMPLE_GRADIENTS, LOCAL_STEPS, COUNTS
};
struct ledger {
    double count[COUNTS]; /* whole numbers (values: multiples of 1/64): sums are exact below 2^47 */
};

/* The messages of one port, summed in client order as they come in.  While all are sparse only the support is touched. */
struct sum {
    double *total;          /* d numbers, zero off the support    */
    bool dense;
    uint32_t *touched;      /* the support, in order of first use */
    uint64_t *mark;         /* bit per coordinate                 */
    int64_t count, room;
    int64_t messages;       /* added                              */
    double alpha;           /* of the shifts moved on this port   */
    struct message mean;    /* what mean_on hands to the method   */
};

/* Samples of one client: rows below m_i of a finite sum, or any 32-bit numbers, each of which is a draw from an expectation. */
struct batch {
    int64_t count;
    uint32_t *row;
};
/* The batches that a client chooses in one step, in memory that the next client's step uses again. */
struct batches {
    struct batch **batch;
    size_t used, have;
};
void batches_free(struct batches *b);

/* Who takes part in a round, in client order. */
struct participants {
    bool all;         /* every client once; client and first are not used           */
    int64_t count;    /* different clients                                          */
    int64_t slots;    /* messages expected on a port: a client drawn twice has two  */
    uint32_t *client; /* count of them                                              */
    int64_t *first;   /* count + 1: client[k] has the slots first[k] .. first[k+1)  */
    uint32_t *drawn;  /* n: how often, while drawing with replacement               */
    int64_t *last;    /* n: 1 + the round in which a client was last asked; 0 never */
};

struct run;
struct worker {             /* one thread's working memory */
    double *slot[SLOTS];
    bool slot_used[SLOTS];
    double *gradient;       /* last gradient computed here */
    double *gradient_before; /* the one before, if anybody watches */
    int gradients;          /* handed out in this step */
    int64_t asked_at_heard; /* full gradients of this round at what port 0 heard */
    bool sent_dense;        /* a client served here sent uncompressed */
    void *mine;             /* the method's client struct, aimed at the client being served */
    struct sampler sampler, row_sampler;
    struct oracle_work oracle;
    struct batches batches;
    uint32_t *order;        /* the permutation last asked for, of: */
    int64_t order_room, order_blocks, order_epoch, order_client;
};
struct client {
    struct run *run;
    struct worker *worker;
    uint32_t id;
    int64_t times;            /* messages it sends on a port: how often it was drawn       */
    struct message *message;  /* times * PORTS of them                                     */
    bool *sent;               /* times * PORTS of them                                     */
    struct stream own, common; /* its draws of samples, one after another; the ones shared */
};
struct server {
    struct run *run;
};

/* What methods must not write to. */
struct watch {
    void *param;               /* a copy                                                                    */
    uint64_t heard[PORTS + 1]; /* fingerprints, port by port; then, of what port 0 said in the round before */
};

struct run {
    const struct run_spec *spec;
    const struct objective *objective;
    int64_t d, n, round;         /* round: how many are complete                         */
    int threads;
    enum run_status status;

    struct server server;
    void *server_state;          /* the method's server struct                           */
    double *server_slab, *client_slab;
    size_t server_vectors, client_vectors;
    size_t *server_place, *client_place; /* by row of the tables: where its vectors begin */
    double *model;               /* the server vector that is measured                   */

    double *heard[PORTS];        /* this round's broadcasts                              */
    struct message down;         /* the server's compressed broadcast                    */
    double *heard_before;        /* the last round's, on port 0                          */
    bool heard_set[PORTS], flag, said; /* said: something was broadcast */
    struct participants participants;
    uint32_t coins;              /* drawn this round                                     */
    struct sum sum[PORTS];
    double *memory;              /* of compressors that keep some: for every client, then the server, PORTS times ... */
    int64_t memory_up, memory_down; /* ... that many numbers                             */
    struct ledger *ledger;       /* n                                                    */
    struct ledger start;         /* mean over clients after a dense initialisation       */

    int64_t wave;                /* messages of a port that are held at a time           */
    int64_t slots;               /* what there is room for: wave or more                 */
    struct message *message;     /* slots * PORTS                                        */
    bool *sent;
    struct worker *worker;       /* threads                                              */

    /* Client gradients at one point, shared by the recorder and the next round. */
    double *cache;               /* slab of n, or NULL when that is too much memory      */
    double *cache_x;
    bool cache_valid, heard_is_cached;
    bool looks_ahead;            /* the next round will want the gradients at the model  */
    bool ahead, in_vain;         /* it has them; one round did not want them             */
    bool row_due;                /* this round's row is wanted and not yet there         */
    double *metric_gradient;     /* d: channel_scratch                                   */
    double *metric_norm_sq, *metric_f; /* n each, beside the cache                       */

    struct watch watch;
    struct trace trace;
};

struct run *run_new(const struct run_spec *spec, int threads);
int64_t run_share(const struct run *r, int64_t clients); /* how many of them a thread takes at a time */
double run_bytes(const struct run_spec *spec); /* of memory that run_new takes, at least */
void run_free(struct run *r);
/* One communication round.  Sets status when done or diverged. */
void run_communicate(struct run *r);
/* Row 0 if it is missing, one round, and its row of the trace if the policy keeps it. */
void run_round(struct run *r);
/* channel.c */
void channel_open(struct run *r);    /* forget the last round's messages and broadcasts */
void channel_collect(struct run *r, int64_t slots); /* add a wave's messages, in client order */
double *channel_scratch(struct run *r); /* between rounds: d zeros, to be written to until the next one opens */
void channel_init(struct run *r);
void channel_free(struct run *r);
int64_t run_memory_count(const struct run *r); /* numbers in r->memory */
/* A method that breaks the protocol is wrong in its code: name it and stop. */
_Noreturn void misuse(const struct run *r, const char *what);
/* watch.c */
bool watched(const struct run *r);                       /* does looking for mistakes cost nothing now?             */
void watch_blank(const struct run *r, double *v);        /* if so, reading v from now on is one                     */
void watch_sent(const struct run *r, const double *v);   /* does this come from what should not have been read?     */
void watch_diverged(const struct run *r);                /* does that?                                              */
void watch_init(struct run *r);
void watch_open(struct run *r);        /* the server has spoken                                   */
void watch_close(const struct run *r); /* all are done: nothing was written that they only may read */
void watch_free(struct run *r);
/* participants.c */
void participants_init(struct run *r);
void participants_open(struct run *r);  /* all, until the server asks some */
void participants_close(struct run *r); /* remember who was asked          */
void participants_free(struct run *r);
/* measure.c: evaluate the models of up to MOST_POINTS runs of one objective, uncounted, and add the rows that are due.  Several points
 * share one pass over the data; then gradients that the next round will want are taken in the same pass.  No bit depends on it. */
void measure(struct run *const *run, int count);

/* checkpoint.c: the whole state of a run between two rounds as bytes, and back.  The trace is not part of it. */
void checkpoint_save(const struct run *r, uint8_t **bytes, size_t *size);
/* The same bytes without a copy of what is large: as pieces that are the run's, but for the first, *small (grown as needed).  Returns
 * how many. */
enum { CHECKPOINT_PIECES = 8 };
size_t checkpoint_lend(const struct run *r, uint8_t **small, struct piece piece[CHECKPOINT_PIECES]);
bool checkpoint_load(struct run *r, const uint8_t *bytes, size_t size, struct fail *f);
#endif
