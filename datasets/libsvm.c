/* libsvm.c - the LIBSVM and SVMlight text format: a row a line, `LABEL INDEX:VALUE ...`, indices from 1, ascending.
 *
 * One pass over the text in pieces of any size.  A word may be cut by the border of two pieces; it is carried over, so that
 * the scanner sees whole words only and needs no test for the end of its input inside one.  Empty lines and comments
 * (`#` to the end of the line) are skipped; a label without features is a row. */
#include "libsvm.h"
#include "decimal.h"
#include "rows.h"
#include "text.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CARRY = DECIMAL_LONGEST + 24, INDEX_MOST = INT32_MAX };
enum place { LINE_START, IN_ROW, IN_COMMENT };

struct scanner {
    const char *path;
    struct fail *f;
    locale_t plain;
    int64_t d; /* indices must not exceed it; 0: any                             */
    struct rows_builder rows;
    enum place place;
    int64_t last;          /* the row's last index                                           */
    uint64_t line;         /* number of the current line, from 1                             */
    uint64_t line_at;      /* offset of its first byte in the text                           */
    uint64_t at;           /* offset of `from`                                               */
    const char *from;      /* the stretch being scanned                                      */
    char carry[CARRY + 2]; /* a word cut by the border of two pieces                         */
    size_t carried;
};

static bool scanner_fail(struct scanner *s, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool scanner_fail(struct scanner *s, const char *where, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const uint64_t column = s->at + (uint64_t)(where - s->from) - s->line_at + 1;
    return fail_set(s->f, "%s:%" PRIu64 ":%" PRIu64 ": %s", s->path, s->line, column, what);
}

/* The word at p as it can be shown: at most 24 characters, what is not printable as \xNN. */
static const char *shown(const char *p, char out[32])
{
    size_t k = 0;
    for (; !is_space(*p) && k < 24; p++)
        if (isprint((unsigned char)*p) && (unsigned char)*p < 0x80)
            out[k++] = *p;
        else
            k += (size_t)snprintf(out + k, 5, "\\x%02x", (unsigned)(unsigned char)*p);
    out[k] = '\0';
    if (!is_space(*p)) strcpy(out + k, "...");
    return out;
}

static bool is_junk(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c >= 0x7f;
}

/* A label or value that is no number: `what` names it, `stop` is the character that does not fit. */
static bool number_fail(struct scanner *s, const char *what, const char *p, const char *stop)
{
    char word[32];
    const char *bare = p + (*p == '-' || *p == '+');
    if (!is_space(*stop) && is_junk(*stop))
        return scanner_fail(s, stop, "byte %s; allowed is plain text, one row `LABEL INDEX:VALUE ...` a line", shown(stop, word));
    if (!strncasecmp(bare, "nan", 3) || !strncasecmp(bare, "inf", 3))
        return scanner_fail(s, p, "%s '%s' is not finite; allowed are finite decimal numbers", what, shown(p, word));
    if (is_space(*p)) return scanner_fail(s, p, "the %s is missing; a row reads LABEL INDEX:VALUE ...", what);
    if (stop == p && (is_digit(*bare) || *bare == '.'))
        return scanner_fail(s, p, "%s '%s' is too long; allowed are numbers of at most %d characters", what, shown(p, word),
                            DECIMAL_LONGEST);
    return scanner_fail(s, stop, "%s '%s' is not a number; a row reads LABEL INDEX:VALUE ...", what, shown(p, word));
}

static bool range_fail(struct scanner *s, const char *what, const char *p)
{
    char word[32];
    return scanner_fail(s, p, "%s '%s' is too large; allowed are numbers up to 1.797e308 in size", what, shown(p, word));
}

static bool index_fail(struct scanner *s, const char *p)
{
    char word[32];
    const char *stop = p;
    while (is_digit(*stop)) stop++;
    if (!is_space(*stop) && is_junk(*stop))
        return scanner_fail(s, stop, "byte %s; allowed is plain text, one row `LABEL INDEX:VALUE ...` a line", shown(stop, word));
    if (!strncmp(p, "qid:", 4))
        return scanner_fail(s, p, "'%s': ranking data is not supported; allowed after the label are INDEX:VALUE pairs",
                            shown(p, word));
    if (stop == p)
        return scanner_fail(s, p, "'%s' does not begin with an index; allowed after the label are INDEX:VALUE pairs",
                            shown(p, word));
    if (*stop != ':')
        return scanner_fail(s, stop, "':' is missing in '%s'; allowed after the label are INDEX:VALUE pairs", shown(p, word));
    return scanner_fail(s, p, "index '%.*s' is too large; allowed are 1 .. %d", (int)(stop - p < 24 ? stop - p : 24), p,
                        INDEX_MOST);
}

static bool order_fail(struct scanner *s, const char *p, int64_t index, int64_t last)
{
    if (index == 0) return scanner_fail(s, p, "index 0; indices count from 1 (this file is 0-based)");
    if (index == last) return scanner_fail(s, p, "index %" PRId64 " twice in one row; indices must ascend", index);
    if (index < last)
        return scanner_fail(s, p, "index %" PRId64 " after %" PRId64 "; indices must ascend within a row", index, last);
    return scanner_fail(s, p, "index %" PRId64 " is above the number of features; allowed are 1 .. %" PRId64, index, s->d);
}

static const char *scan_label(struct scanner *s, const char *p)
{
    const char *stop;
    double label;
    if (!decimal_read(p, &stop, &label, s->plain)) return number_fail(s, "label", p, stop), NULL;
    if (!isfinite(label)) return range_fail(s, "label", p), NULL;
    rows_label(&s->rows, label);
    s->place = IN_ROW;
    s->last = 0;
    return stop;
}

static inline const char *scan_pair(struct scanner *s, const char *p)
{
    const char *const start = p, *stop;
    int64_t index = 0;
    for (; is_digit(*p); p++) {
        index = index * 10 + (*p - '0');
        if (index > INDEX_MOST) return index_fail(s, start), NULL;
    }
    if (p == start || *p != ':') return index_fail(s, start), NULL;
    if (index <= s->last || index > s->d) return order_fail(s, start, index, s->last), NULL;
    s->last = index;
    p++;
    double value;
    if (is_digit(*p) && is_space(p[1])) {
        value = *p - '0';
        stop = p + 1;
    } else {
        if (!decimal_read(p, &stop, &value, s->plain)) return number_fail(s, "value", p, stop), NULL;
        if (!isfinite(value)) return range_fail(s, "value", p), NULL;
    }
    rows_add(&s->rows, (uint32_t)(index - 1), value);
    return stop;
}

/* As many of the pairs from p on as are written the usual way: INDEX of up to 8 digits, a number that decimal_quick takes, and
 * one space to the next.  Returns where the first other word begins, or white space; nothing is said about what is wrong there.
 * Every word begins before `last_start`, and behind that PAIR_AHEAD bytes can be read. */
enum { PAIR_AHEAD = 9 + DECIMAL_AHEAD };
static const char *scan_usual_pairs(struct scanner *s, const char *p, const char *last_start)
{
    const uint64_t most = (uint64_t)s->d;
    uint64_t last = (uint64_t)s->last;
    while (p < last_start) {
        const char *stop = p;
        uint64_t index = 0;
        while (is_digit(*stop) && stop < p + 8) index = index * 10 + (uint64_t)(*stop++ - '0');
        double value;
        if (*stop++ != ':' || index <= last || index > most) break; /* no digits: 0, which is never above the last */
        if (is_digit(*stop) && is_space(stop[1]))
            value = *stop++ - '0';
        else if (!(stop = decimal_quick(stop, &value)))
            break;
        rows_add(&s->rows, (uint32_t)(index - 1), value);
        last = index;
        p = stop;
        if (*p != ' ') break;
        p++;
    }
    s->last = (int64_t)last;
    return p;
}

static void scan_line_end(struct scanner *s, uint64_t next)
{
    if (s->last > s->rows.largest) s->rows.largest = s->last;
    s->last = 0;
    s->line++;
    s->line_at = next;
    s->place = LINE_START;
}

/* Scans a stretch of whole words; outside a comment its last byte is white space. */
static bool scan(struct scanner *s, const char *p, size_t size)
{
    const char *const end = p + size, *const last_start = size > PAIR_AHEAD ? end - PAIR_AHEAD : p;
    s->from = p;
    while (p < end) {
        if (s->place == IN_ROW) p = scan_usual_pairs(s, p, last_start);
        if (s->place == IN_COMMENT && !(p = memchr(p, '\n', (size_t)(end - p)))) break;
        if (*p == '\n')
            scan_line_end(s, s->at + (uint64_t)(++p - s->from));
        else if (is_space(*p))
            p++;
        else if (*p == '#')
            s->place = IN_COMMENT;
        else if (!(p = s->place == LINE_START ? scan_label(s, p) : scan_pair(s, p)))
            return false;
    }
    s->at += size;
    return true;
}

static bool scan_carry(struct scanner *s)
{
    const size_t size = s->carried;
    s->carried = 0;
    return scan(s, s->carry, size);
}

/* Adds bytes of one word to the carry.  A word longer than any number allowed is scanned where it overflows, to say what it is.
 */
static bool carry_add(struct scanner *s, const char *p, size_t size)
{
    const bool fits = s->carried + size <= CARRY;
    if (!fits) size = CARRY - s->carried;
    memcpy(s->carry + s->carried, p, size);
    s->carried += size;
    if (fits) return true;
    s->carry[s->carried++] = '\n';
    return scan_carry(s)
               ? scanner_fail(s, s->carry, "a word of more than %d characters; a row reads LABEL INDEX:VALUE ...", CARRY)
               : false;
}

static bool scan_piece(struct scanner *s, const char *p, size_t size)
{
    const char *const end = p + size;
    if (s->carried) {
        const char *space = p;
        while (space < end && !is_space(*space)) space++;
        const size_t head = (size_t)(space - p) + (space < end);
        if (!carry_add(s, p, head)) return false;
        if (space == end) return true;
        p += head;
        if (!scan_carry(s)) return false;
    }
    const char *tail = end; /* begins the word that this piece cuts */
    while (tail > p && !is_space(tail[-1])) tail--;
    if (!scan(s, p, (size_t)(tail - p))) return false;
    if (tail < end && *tail == '#') s->place = IN_COMMENT;
    if (s->place != IN_COMMENT) return carry_add(s, tail, (size_t)(end - tail));
    s->at += (uint64_t)(end - tail);
    return true;
}

static bool scan_text(struct scanner *s, struct text *t, size_t most)
{
    const char *piece;
    size_t size;
    int more;
    while ((more = text_next(t, &piece, &size, s->f)) > 0)
        for (size_t done = 0; done < size; done += most)
            if (!scan_piece(s, piece + done, size - done < most ? size - done : most)) return false;
    if (more < 0) return false;
    s->carry[s->carried++] = '\n'; /* a last line without its own */
    return scan_carry(s);
}

void libsvm_name(const char *path, char *name, size_t size)
{
    static const char *const suffix[] = {".bz2", ".xz", ".gz", ".lzma", ".zst", ".libsvm", ".txt", ".svm"};
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        const size_t length = strlen(name), cut = strlen(suffix[i]);
        if (length > cut && !strcmp(name + length - cut, suffix[i])) name[length - cut] = '\0';
    }
}

static bool read_text(const char *path, int64_t d, size_t most, char stored[65], struct dataset *out, struct fail *f)
{
    struct scanner s = {.path = path, .f = f, .d = d > 0 ? d : INDEX_MOST, .line = 1};
    memset(out, 0, sizeof *out);
    if (d < 0 || d > INDEX_MOST)
        return fail_set(f, "%s: d = %" PRId64 "; allowed are 0 (largest index) .. %d", path, d, INDEX_MOST);
    struct text *t = text_open(path, f);
    if (!t) return false;
    s.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    rows_begin(&s.rows, d);
    bool good = scan_text(&s, t, most);
    out->rows = rows_end(&s.rows);
    if (good && out->rows.count == 0)
        good = fail_set(f, "%s: holds no rows; allowed is one row `LABEL INDEX:VALUE ...` a line", path);
    if (good && out->rows.d == 0)
        good = fail_set(f, "%s: no row holds a feature, so their number is unknown; allowed is a file with features, or d given",
                        path);
    libsvm_name(path, out->name, sizeof out->name);
    text_sums(t, out->sha256, stored);
    freelocale(s.plain);
    text_close(t);
    if (!good) dataset_free(out);
    return good;
}

bool libsvm_read_stored(const char *path, int64_t d, char stored[65], struct dataset *out, struct fail *f)
{
    return read_text(path, d, SIZE_MAX / 2, stored, out, f);
}

bool libsvm_read_pieces(const char *path, int64_t d, size_t most, struct dataset *out, struct fail *f)
{
    char stored[65];
    return read_text(path, d, most, stored, out, f);
}

bool libsvm_read(const char *path, int64_t d, struct dataset *out, struct fail *f)
{
    return libsvm_read_pieces(path, d, SIZE_MAX / 2, out, f);
}
