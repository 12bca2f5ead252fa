/* plot.h - figures of result files, drawn by gnuplot.
 *
 * settings ([plot] of an experiment file, key=value)  ->  figure (curves in panels: what is drawn)  ->  script  ->  SVG or PNG.
 * Nothing is run again: every axis is arithmetic on the counts a result file holds. */
#ifndef PLOT_H
#define PLOT_H
#include "fail.h"
#include "field.h"
#include "record.h"
#include <stdint.h>

enum accounting { ACCOUNT_WIRE, ACCOUNT_VALUES32, ACCOUNT_VALUES64, ACCOUNT_FLOWER };
enum direction { DIRECTION_UP, DIRECTION_DOWN, DIRECTION_BOTH };
enum over_clients { CLIENTS_MEAN, CLIENTS_MAX };
enum start_cost { START_COUNTED, START_UNCOUNTED };
enum network { NETWORK_SERVER, NETWORK_WIDE_SERVER, NETWORK_RING };
enum budget { BUDGET_FULL, BUDGET_COMMON };
enum band { BAND_NONE, BAND_MINMAX, BAND_QUARTILE };
enum legend_place { LEGEND_BELOW, LEGEND_RIGHT, LEGEND_NONE };

struct plot_settings {
    char *x, *y;                                   /* lists: a column of panels for each x, a row for each y */
    int64_t accounting, direction, clients, start; /* enums above                                          */
    int64_t network;
    double latency, bandwidth;                     /* s a message; bit/s                                   */
    int64_t logx, logy, budget;
    char *xmax;                                    /* one for each x; "auto"                               */
    double ymin, ymax;                             /* 0: from the data                                     */
    int64_t band;
    char *colour, *dash, *marker;                  /* run attribute, "auto" or "none"                      */
    int64_t markers;                               /* at most, a curve and panel                           */
    char *title, *label;
    int64_t legend, width, height;                 /* pixels; 0: from the number of panels                 */
    char *results;                                 /* list of result files                                 */
};
extern const struct field plot_fields[];

/* What can be said before there is a result file: the names in x and y, the lengths of lists.  y is checked against the columns
 * that runs record. */
bool plot_settings_check(const struct plot_settings *s, struct fail *f);
/* Set from the [plot] section of an experiment file's text; other sections are left alone, except that *title becomes the text of
 * `title` in [experiment] (malloc; NULL when there is none; title may be NULL).  Errors read NAME:LINE: ... */
bool plot_settings_read(struct settings *s, const char *name, const char *text, char **title, struct fail *f);
/* Set from "key=value". */
bool plot_settings_word(struct settings *s, const char *word, struct fail *f);

/* --- the model of cost (papers count bits; a network takes time) ------------------------------------------------------ */
struct traffic {
    double n, rounds;         /* clients; communication rounds so far                  */
    double bits_up, bits_down; /* so far, a client (mean)                               */
};
/* Seconds that `t` takes when every message waits `latency` s and a link moves `bandwidth` bit/s:
 *  server       2 latency a round + n (up + down) / bandwidth: all clients share the server's link
 *  wide-server  2 latency a round +   (up + down) / bandwidth: the server has a link for each client
 *  ring         2(n-1) latency a round + 2 (n-1)/n up / bandwidth: reduce-scatter, then all-gather, of vectors of `up` bits;
 *               nothing is broadcast; one client needs no network. */
double plot_time(enum network network, double latency, double bandwidth, const struct traffic *t);

/* --- figures ------------------------------------------------------------------------------------------------------------ */
struct figure;
/* The figure of one or more result files.  fallback_title is used when the settings have no title; may be NULL.  name: for errors.
 * NULL on failure: no runs, a column or attribute that the files do not have. */
struct figure *figure_new(const struct plot_settings *s, const struct record *records, size_t count, const char *name,
                          const char *fallback_title, struct fail *f);
void figure_free(struct figure *g);

enum picture { PICTURE_SVG, PICTURE_PNG };
/* The gnuplot script (malloc, '\0' at the end): data inside, picture on standard output.  A function of the figure alone. */
char *figure_script(const struct figure *g, enum picture picture);
/* Run gnuplot on a script; *picture (malloc) is what it wrote.  Needs gnuplot in PATH; reads nothing else of the environment.
 * Fails with exit status 1 when there is no gnuplot or it reports an error. */
bool gnuplot_run(const char *script, uint8_t **picture, size_t *size, struct fail *f);
#endif
