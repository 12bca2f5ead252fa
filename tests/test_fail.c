/* test_fail.c - error messages, near names, memory that does not fail quietly. */
#include "../sim/fail.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the above first */
#include <cmocka.h>

static void the_first_message_wins(void **state)
{
    (void)state;
    struct fail f = {0};
    assert_false(fail_set(&f, "a.ini:%d: line one\nline two", 3));
    assert_false(fail_run(&f, "later"));
    assert_string_equal(f.text, "a.ini:3: line one line two");
    assert_int_equal(f.exit_status, 2);
    struct fail g = {0};
    fail_run(&g, "disk full");
    assert_int_equal(g.exit_status, 1);
    struct fail h = {0};
    char *endless = xprintf("%5000d", 1);
    fail_set(&h, "%s", endless);
    assert_int_equal(strlen(h.text), sizeof h.text - 1);
    free(endless);
    assert_false(fail_set(NULL, "nobody listens"));
}

static void near_names_are_found(void **state)
{
    (void)state;
    const char *const names[] = {"marina", "vr-marina", "diana", "dasha", "ef21", NULL};
    assert_string_equal(nearest_name("marian", names), "marina");
    assert_string_equal(nearest_name("dianna", names), "diana");
    assert_string_equal(nearest_name("dahsa", names), "dasha");
    assert_string_equal(nearest_name("ef12", names), "ef21");
    assert_string_equal(nearest_name("vrmarina", names), "vr-marina");
    assert_string_equal(nearest_name("mari", names), "marina");
    assert_string_equal(nearest_name("diana", names), "diana");
    assert_null(nearest_name("adam", names));
    assert_null(nearest_name("maxim", names)); /* three letters of six are wrong */
    assert_null(nearest_name("scaffold", names));
    assert_null(nearest_name("", names));
    char endless[3000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(nearest_name(endless, names));
}

/* Out of memory: status 1 and one line, seen from outside. */
static int status_of(void (*what)(void), char *line, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        what();
        _exit(77);
    }
    close(ends[1]);
    ssize_t got, total = 0;
    while ((got = read(ends[0], line + total, size - 1 - (size_t)total)) > 0) total += got;
    line[total] = '\0';
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static volatile size_t huge = SIZE_MAX / 4;
static void ask_malloc(void)
{
    free(xmalloc(huge));
}
static void ask_calloc(void)
{
    free(xcalloc(huge, 16));
}
static void ask_realloc(void)
{
    free(xrealloc(NULL, huge));
}
static void ask_aligned(void)
{
    free(xaligned(huge * 4));
}
static void ask_little(void)
{
    free(xmalloc(10));
}

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#endif
static void out_of_memory_is_one_line(void **state)
{
    (void)state;
#if defined __SANITIZE_ADDRESS__ || SANITIZED
    skip(); /* the sanitizer answers such requests itself */
#endif
    void (*const ask[])(void) = {ask_malloc, ask_calloc, ask_realloc, ask_aligned};
    char line[256];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(status_of(ask[i], line, sizeof line), 1);
        assert_ptr_equal(strstr(line, "gradwire: out of memory"), line);
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    }
    assert_int_equal(status_of(ask_little, line, sizeof line), 77);
    assert_string_equal(line, "");
}

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 300; bytes++) {
        char *p = xaligned(bytes), *q = xcalloc(bytes, 1);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < bytes; i++) assert_true(p[i] == 0 && q[i] == 0);
        free(p);
        free(q);
    }
    char *text = xprintf("%s-%d", "k", 5), *copy = xstrdup(text);
    assert_string_equal(copy, "k-5");
    free(text);
    free(copy);
    free(xmalloc(0));
    free(xrealloc(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_wins),
        cmocka_unit_test(near_names_are_found),
        cmocka_unit_test(out_of_memory_is_one_line),
        cmocka_unit_test(memory_is_zeroed_and_aligned),
    };
    return cmocka_run_group_tests_name("fail", tests, NULL, NULL);
}
