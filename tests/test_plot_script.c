/* test_plot_script.c - scripts and pictures: the same bytes for the same data whatever the user's environment, and what happens
 * when gnuplot is missing or unhappy. */
#include "plot_kit.h"
#include "watched.h"
#include <locale.h>
#include <unistd.h>

static char *script_of(const struct record *file, const char *title, enum picture picture)
{
    struct settings s = settings_new(plot_fields, sizeof(struct plot_settings));
    struct fail f = {0};
    assert_true(plot_settings_word(&s, "x=rounds,bits", &f));
    assert_true(plot_settings_word(&s, "band=minmax", &f));
    struct figure *g = figure_new(s.data, file, 1, "test.h5", title, &f);
    if (g == NULL) print_error("%s\n", f.text);
    assert_non_null(g);
    char *script = figure_script(g, picture);
    figure_free(g);
    settings_free(&s);
    return script;
}

/* The SVG as a string. */
static char *svg_of(double scale, const char *title)
{
    struct record file;
    struct fail f = {0};
    uint8_t *svg = NULL;
    size_t size = 0;
    kit_marina_figure(&file, 300, scale);
    char *script = script_of(&file, title, PICTURE_SVG);
    if (!gnuplot_run(script, &svg, &size, &f)) fail_msg("%s", f.text);
    char *text = xcalloc(size + 1, 1);
    memcpy(text, svg, size);
    assert_int_equal(strlen(text), size);
    free(svg);
    free(script);
    record_free(&file);
    return text;
}

static void same_data_same_bytes(void **state)
{
    (void)state;
    char *a = svg_of(1, "A"), *b = svg_of(1, "A"), *other = svg_of(1.001, "A"), *renamed = svg_of(1, "B");
    assert_string_equal(a, b);
    assert_string_not_equal(a, other);   /* data do show  */
    assert_string_not_equal(a, renamed); /* so do titles  */
    assert_contains(a, "<svg");
    assert_contains(a, "</svg>");
    assert_contains(a, "MARINA, K = 10");
    assert_contains(a, "communication rounds");
    assert_contains(a, "[kbit]");
    assert_contains(a, "mushrooms: N = 8120, d = 113, n = 5");
    assert_contains(a, "DejaVu Sans");
    free(a);
    free(b);
    free(other);
    free(renamed);
}

/* A home with a gnuplot start-up file that would end gnuplot, and the variables that gnuplot reads. */
static void the_environment_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {
        "GNUTERM", "GNUPLOT_DEFAULT_GDFONT", "GDFONTPATH", "GNUPLOT_LIB", "LC_ALL", "LANG", "HOME", "COLUMNS"};
    enum { NAMES = sizeof names / sizeof *names };
    char *plain = svg_of(1, "A"), *before[NAMES], home[] = "/tmp/gradwire-home-XXXXXX";
    assert_non_null(mkdtemp(home));
    char *rc = xprintf("%s/.gnuplot", home);
    FILE *out = fopen(rc, "w");
    assert_non_null(out);
    fputs("set xlabel 'mine'\nexit status 3\n", out);
    fclose(out);
    for (int i = 0; i < NAMES; i++) {
        before[i] = getenv(names[i]) != NULL ? xstrdup(getenv(names[i])) : NULL;
        setenv(names[i], strcmp(names[i], "HOME") == 0 ? home : strcmp(names[i], "GNUTERM") == 0 ? "dumb" : "de_DE.UTF-8", 1);
    }
    char *odd = svg_of(1, "A");
    for (int i = 0; i < NAMES; i++) {
        if (before[i] != NULL)
            setenv(names[i], before[i], 1);
        else
            unsetenv(names[i]);
        free(before[i]);
    }
    assert_string_equal(plain, odd);
    unlink(rc);
    rmdir(home);
    free(rc);
    free(plain);
    free(odd);
}

static void a_locale_with_commas_does_not_matter(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8", "fr_FR.utf8",
                                         "ru_RU.UTF-8", "cs_CZ.UTF-8", NULL};
    const char *found = NULL;
    struct record file;
    kit_marina_figure(&file, 50, 1);
    char *plain = script_of(&file, "A", PICTURE_SVG);
    for (const char *const *c = commas; *c != NULL && found == NULL; c++) found = setlocale(LC_ALL, *c);
    char *german = found != NULL ? script_of(&file, "A", PICTURE_SVG) : NULL;
    setlocale(LC_ALL, "C");
    bool same = german != NULL && strcmp(plain, german) == 0;
    free(german);
    free(plain);
    record_free(&file);
    if (found == NULL) skip(); /* no locale of this machine has a decimal comma */
    assert_true(same);
}

static void texts_are_texts(void **state)
{
    (void)state;
    char *svg = svg_of(1, "it's `id` \"$HOME\" @x {a}_b^2 & <c> \\n \x01 \xff end");
    assert_contains(svg, "it's `id` \"$HOME\" @x {a}_b^2 &amp; &lt;c> \\n   ? end");
    assert_null(strchr(svg, '\x01'));
    free(svg);
}

static void png_is_png(void **state)
{
    (void)state;
    static const uint8_t magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    struct record file;
    struct fail f = {0};
    uint8_t *png = NULL;
    size_t size = 0;
    kit_marina_figure(&file, 300, 1);
    char *script = script_of(&file, "A", PICTURE_PNG);
    if (!gnuplot_run(script, &png, &size, &f)) fail_msg("%s", f.text);
    assert_true(size > 20000);
    assert_memory_equal(png, magic, sizeof magic);
    int width = png[16] << 24 | png[17] << 16 | png[18] << 8 | png[19];
    assert_int_equal(width, 2 * (84 + 22 + 800));
    free(png);
    free(script);
    record_free(&file);
}

static void long_curves_stay_small(void **state)
{
    (void)state;
    struct record file;
    kit_open(&file, "");
    kit_add(&file, &(struct kit_run){.method = "gd", .k = 1, .seed = 1, .rows = 100000, .y0 = 1, .rate = 0.9999});
    char *script = script_of(&file, "A", PICTURE_SVG);
    size_t lines = 0;
    for (const char *c = script; *c != '\0'; c++) lines += *c == '\n';
    assert_in_range(lines, 2 * 500, 2 * 2000 + 200); /* two panels */
    free(script);
    record_free(&file);
}

static void trouble_with_gnuplot_is_one_line(void **state)
{
    (void)state;
    if (under_valgrind()) skip(); /* there a program that is missing starts, and ends with status 127 */
    struct fail f = {0};
    uint8_t *picture = NULL;
    size_t size = 0;
    assert_false(gnuplot_run("set terminal svg\nplot no_such_thing\n", &picture, &size, &f));
    assert_contains(f.text, "gnuplot failed (exit status ");
    assert_contains(f.text, "no_such_thing");
    assert_int_equal(f.exit_status, 1);
    assert_null(picture);
    f = (struct fail){0};
    assert_false(gnuplot_run("x = 1\n", &picture, &size, &f));
    assert_contains(f.text, "gnuplot drew nothing");
    char *path = xstrdup(getenv("PATH"));
    f = (struct fail){0};
    setenv("PATH", "/nowhere", 1);
    assert_false(gnuplot_run("set terminal svg\nplot x\n", &picture, &size, &f));
    setenv("PATH", path, 1);
    free(path);
    assert_string_equal(f.text, "figures need gnuplot, which is not in PATH; install the package gnuplot-nox");
    assert_int_equal(f.exit_status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_data_same_bytes),
        cmocka_unit_test(the_environment_does_not_matter),
        cmocka_unit_test(a_locale_with_commas_does_not_matter),
        cmocka_unit_test(texts_are_texts),
        cmocka_unit_test(png_is_png),
        cmocka_unit_test(long_curves_stay_small),
        cmocka_unit_test(trouble_with_gnuplot_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
