/* test_plot_look.c - legends, colours, ticks, and the settings that choose them. */
#include "plot_kit.h"

/* The message with which a figure is refused. */
static const char *refusal(const struct record *file, const char *word)
{
    static struct fail f;
    f = (struct fail){0};
    struct settings s = settings_of(word);
    assert_null(figure_new(s.data, file, 1, "test.h5", NULL, &f));
    settings_free(&s);
    return f.text;
}

static void legends_say_what_differs(void **state)
{
    (void)state;
    static const char *const expected[] = {"MARINA, K = 1", "MARINA, K = 5", "MARINA, K = 10",
                                           "DIANA, K = 1",  "DIANA, K = 5",  "DIANA, K = 10"};
    struct record file;
    kit_marina_figure(&file, 10, 1);
    struct settings s = settings_of("x=rounds"), t = settings_of("label={method}: K={k}, {compressor}");
    struct figure *g = figure_of(&s, &file), *h = figure_of(&t, &file);
    for (int i = 0; i < 6; i++) assert_string_equal(g->curve[i].legend, expected[i]);
    assert_string_equal(h->curve[1].legend, "MARINA: K=5, Rand-K");
    assert_string_equal(g->subtitle, "mushrooms: N = 8120, d = 113, n = 5");
    figure_free(g);
    figure_free(h);
    record_free(&file);

    kit_open(&file, "");
    group_int(kit_problem(&file, "/problem-2", "one-hot"), "generated", 1);
    kit_add(&file,
            &(struct kit_run){
                .method = "gd", .compressor = "none", .k = 1, .rows = 3, .y0 = 1, .rate = 0.5, .varied = "stepsize=2x seed=1"});
    kit_add(&file,
            &(struct kit_run){
                .method = "gd", .compressor = "none", .k = 1, .rows = 3, .y0 = 1, .rate = 0.5, .varied = "stepsize=4x seed=1"});
    kit_add(
        &file,
        &(struct kit_run){
            .method = "gd", .k = 1, .rows = 3, .y0 = 1, .rate = 0.5, .varied = "stepsize=4x seed=1", .problem = "/problem-2"});
    kit_add(&file, &(struct kit_run){.method = "gd", .k = 1, .rows = 0, .status = "interrupted"}); /* never begun */
    g = figure_of(&s, &file);
    assert_int_equal(g->curves, 3);
    assert_string_equal(g->curve[0].legend, "stepsize = 2x");
    assert_string_equal(g->curve[2].legend, "Rand-K, stepsize = 4x");
    assert_string_equal(g->subtitle, "mushrooms: N = 8120, d = 113, n = 5; one-hot (generated): N = 8120, d = 113, n = 5");
    figure_free(g);
    settings_free(&s);
    settings_free(&t);
    record_free(&file);
}

/* As papers print them: most in capitals, some not. */
static void methods_have_their_names(void **state)
{
    (void)state;
    static const char *const name[][2] = {{"vr-marina", "VR-MARINA"},
                                          {"fedcomgate", "FedCOMGATE"},
                                          {"fedsteph", "FedSTEPH"},
                                          {"diana-published", "DIANA as published"},
                                          {"unheard-of", "UNHEARD-OF"}};
    enum { NAMES = sizeof name / sizeof *name };
    struct record file;
    kit_open(&file, "");
    for (int i = 0; i < NAMES; i++)
        kit_add(&file, &(struct kit_run){.method = name[i][0], .k = 1, .rows = 3, .y0 = 1, .rate = 0.5});
    struct settings s = settings_of("x=rounds");
    struct figure *g = figure_of(&s, &file);
    for (int i = 0; i < NAMES; i++) assert_string_equal(g->curve[i].legend, name[i][1]);
    figure_free(g);
    settings_free(&s);
    record_free(&file);
}

static void kit_methods(struct record *file, const char *const *method, int methods)
{
    kit_open(file, "");
    for (int i = 0; i < methods; i++)
        kit_add(file, &(struct kit_run){.method = method[i], .k = 1, .rows = 3, .y0 = 1, .rate = 0.5});
}

/* Methods that are drawn together each have a colour of their own, the one they have alone; of two with the same colour (QGD and
 * Q-RR) the second gives way. */
static void relatives_keep_their_colours(void **state)
{
    (void)state;
    static const char *const family[][7] = {{"ef", "ef21", "ef21-pp", "ef21-bc", "gd", "diana"},
                                            {"fedavg", "scaffold", "fedpaq", "fedcom", "fedcomgate", "q-nastya", "diana-nastya"},
                                            {"qgd", "q-rr"}};
    static const int methods[] = {6, 7, 2}, moved[] = {0, 0, 1};
    struct settings s = settings_of("x=rounds");
    for (int k = 0; k < 3; k++) {
        struct record together, alone;
        kit_methods(&together, family[k], methods[k]);
        struct figure *g = figure_of(&s, &together);
        int gave_way = 0;
        for (int i = 0; i < methods[k]; i++) {
            for (int j = 0; j < i; j++) assert_int_not_equal(g->curve[j].colour, g->curve[i].colour);
            kit_methods(&alone, family[k] + i, 1);
            struct figure *h = figure_of(&s, &alone);
            gave_way += g->curve[i].colour != h->curve[0].colour;
            figure_free(h);
            record_free(&alone);
        }
        assert_int_equal(gave_way, moved[k]);
        figure_free(g);
        record_free(&together);
    }
    settings_free(&s);
}

/* MARINA has no `sampling`: it keeps the first dash, and its legend does not speak of it. */
static void a_look_may_follow_what_some_curves_lack(void **state)
{
    (void)state;
    static const char *const legend[] = {"MARINA", "PP-MARINA, sampling = with", "PP-MARINA, sampling = without"};
    struct record file;
    kit_open(&file, "");
    kit_add(&file, &(struct kit_run){.method = "marina", .k = 1, .rows = 3, .y0 = 1, .rate = 0.5});
    for (int i = 0; i < 2; i++)
        kit_add(&file, &(struct kit_run){.method = "pp-marina",
                                         .k = 1,
                                         .rows = 3,
                                         .y0 = 1,
                                         .rate = 0.5,
                                         .varied = i ? "sampling=without" : "sampling=with"});
    struct settings s = settings_of("dash=sampling", "colour=k");
    struct figure *g = figure_of(&s, &file);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(g->curve[i].legend, legend[i]);
        assert_int_equal(g->curve[i].dash, i);
        assert_int_equal(g->curve[i].colour, g->curve[0].colour);
    }
    figure_free(g);
    settings_free(&s);
    record_free(&file);
}

static void looks_follow_the_settings(void **state)
{
    (void)state;
    struct record file;
    kit_marina_figure(&file, 10, 1);
    struct settings s = settings_of("x=rounds"), k = settings_of("colour=k", "dash=method", "marker=k");
    struct figure *g = figure_of(&s, &file), *h = figure_of(&k, &file);
    for (int i = 0; i < 6; i++) {
        const struct curve *a = &g->curve[i], *b = &h->curve[i];
        assert_string_equal(style_colour[a->colour], i < 3 ? "#D55E00" : "#0072B2"); /* the method's, in every figure */
        assert_int_equal(a->dash, g->curve[i % 3].dash);
        assert_int_equal(b->colour, h->curve[i % 3].colour);
        assert_int_equal(b->dash, i < 3 ? 0 : 1);
        assert_int_equal(b->marker, b->colour);
        for (int j = 0; j < i; j++) {
            assert_false(g->curve[j].colour == a->colour && g->curve[j].dash == a->dash);
            assert_false(h->curve[j].colour == b->colour && h->curve[j].dash == b->dash);
        }
    }
    figure_free(g);
    figure_free(h);
    /* Where the settings leave curves alike, dashes tell them apart. */
    struct settings colour = settings_of("colour=k");
    g = figure_of(&colour, &file);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++)
            assert_false(g->curve[j].colour == g->curve[i].colour && g->curve[j].dash == g->curve[i].dash &&
                         g->curve[j].marker == g->curve[i].marker);
    figure_free(g);
    settings_free(&colour);
    settings_free(&s);
    settings_free(&k);
    record_free(&file);
}

static void labels_of(struct axis *a, char *out, size_t size)
{
    axis_ticks(a, 3);
    *out = '\0';
    for (size_t i = 0; i < a->ticks; i++)
        if (a->tick[i].label[0] != '\0') snprintf(out + strlen(out), size - strlen(out), "%s ", a->tick[i].label);
    axis_free(a);
}

static void ticks_are_where_a_reader_expects_them(void **state)
{
    (void)state;
    char out[400];
    labels_of(&(struct axis){.log = true, .low = 3e-6, .high = 0.11}, out, sizeof out);
    assert_string_equal(out, "10^{-5} 10^{-4} 10^{-3} 10^{-2} 10^{-1} ");
    labels_of(&(struct axis){.log = true, .low = 0.03, .high = 0.6}, out, sizeof out);
    assert_string_equal(out, "5·10^{-2} 10^{-1} 2·10^{-1} 5·10^{-1} ");
    labels_of(&(struct axis){.log = true, .low = 1e-30, .high = 1}, out, sizeof out);
    assert_string_equal(out, "10^{-30} 10^{-25} 10^{-20} 10^{-15} 10^{-10} 10^{-5} 10^{0} ");
    struct axis a = {.low = 0, .high = 12.2e6};
    labels_of(&a, out, sizeof out);
    assert_string_equal(out, "0 2 4 6 8 10 12 ");
    assert_int_equal(a.exponent, 6);
    labels_of(&(struct axis){.low = -0.25, .high = 0.8}, out, sizeof out);
    assert_string_equal(out, "-200 0 200 400 600 800 "); /* of 10^-3 */
}

/* --- settings --------------------------------------------------------------------------------------------------------------- */
static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    struct record file;
    struct fail f = {0};
    kit_marina_figure(&file, 5, 1);
    assert_contains(refusal(&file, "y=grad_nrm_sq"),
                    "no column \"grad_nrm_sq\"; did you mean \"grad_norm_sq\"?; it has: round, grad_norm_sq");
    assert_contains(refusal(&file, "x=round"),
                    "x = round; did you mean \"rounds\"?; allowed: rounds, bits, values, oracle, epochs, time");
    assert_contains(refusal(&file, "x=,"), "x is empty");
    assert_contains(refusal(&file, "xmax=1,2"), "xmax has 2 items, x has 1");
    assert_contains(refusal(&file, "xmax=-1"), "xmax = -1; allowed: auto");
    assert_contains(refusal(&file, "colour=kk"), "no run has an attribute \"kk\"");
    assert_contains(refusal(&file, "label={nothing}"), "no run has an attribute \"nothing\"");
    assert_contains(refusal(&file, "ymax=1e-15"), "the y axis is empty");
    struct settings s = settings_of(NULL);
    assert_true(field_table_is_complete(plot_fields, sizeof(struct plot_settings)));
    assert_false(plot_settings_word(&s, "color=k", &f));
    assert_contains(f.text, "did you mean \"colour\"?");
    f = (struct fail){0};
    assert_true(plot_settings_check(s.data, &f));
    assert_true(plot_settings_word(&s, "y=grad", &f));
    assert_false(plot_settings_check(s.data, &f));
    assert_contains(f.text, "y = grad;");
    settings_free(&s);
    record_free(&file);
}

static void the_plot_section_is_read(void **state)
{
    (void)state;
    struct settings s = settings_of(NULL);
    struct fail f = {0};
    char *title = NULL;
    const char *text =
        "; comment\n[experiment]\ntitle = A figure\nk = 1, 2\n[curve]\nnonsense\n[plot]\nx = rounds,\n  bits\nmarkers = 3\n";
    assert_true(plot_settings_read(&s, "a.ini", text, &title, &f));
    const struct plot_settings *p = s.data;
    assert_string_equal(title, "A figure");
    assert_string_equal(p->x, "rounds, bits");
    assert_int_equal(p->markers, 3);
    free(title);
    assert_false(plot_settings_read(&s, "a.ini", "[plot]\nx = bits\nmakers = 3\n", NULL, &f));
    assert_contains(f.text, "a.ini:3: unknown parameter \"makers\"; did you mean \"markers\"?");
    f = (struct fail){0};
    assert_false(plot_settings_read(&s, "a.ini", "[plot]\n\nwhat\n", NULL, &f));
    assert_contains(f.text, "a.ini:3: ");
    f = (struct fail){0};
    char *line = xprintf("[plot]\ntitle = %0300d\n", 0);
    assert_false(plot_settings_read(&s, "a.ini", line, NULL, &f));
    assert_contains(f.text, "a.ini:2: the line has 308 characters; allowed: ");
    free(line);
    settings_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legends_say_what_differs),     cmocka_unit_test(methods_have_their_names),
        cmocka_unit_test(relatives_keep_their_colours), cmocka_unit_test(a_look_may_follow_what_some_curves_lack),
        cmocka_unit_test(looks_follow_the_settings),    cmocka_unit_test(ticks_are_where_a_reader_expects_them),
        cmocka_unit_test(what_is_wrong_is_refused),     cmocka_unit_test(the_plot_section_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
