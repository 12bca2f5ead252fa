#!/usr/bin/env bats
# What judges the tests, judged: make coverage sees what is not reached, make check-mutants sees a slip.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.." || exit 1
}

# count: a small program in which one function of three, and one outcome of a condition, is not reached
count() {
    command -v gcov >/dev/null && command -v perl >/dev/null || skip "gcov and perl are not both here"
    mkdir -p "$BATS_TEST_TMPDIR/tree/sim" && cd "$BATS_TEST_TMPDIR/tree" || return
    printf '%s\n' 'static int used(int x)' '{' '    if (x > 0 && x < 9) return 1;' '    return 0;' '}' \
        'static int unused(int x)' '{' '    if (x)' '        return 1;' '    return 0;' '}' \
        '_Noreturn void abort(void);' 'static void ends(void)' '{' '    abort();' '}' \
        'int main(int n, char **v)' '{' '    (void)v;' '    if (n > 7) return unused(n);' '    if (used(n)) ends();' '    return 0;' '}' >sim/a.c
    gcc -O0 --coverage -c -o sim/a.o sim/a.c
    gcc -c -o dump.o "$BATS_TEST_DIRNAME/coverage/dump.c"
    gcc --coverage -Wl,--wrap=abort,--wrap=_exit,--wrap=execv -o a sim/a.o dump.o
    run -134 ./a
    gcov -t -b -c sim/a.gcno >counts
}
judge() { run "$1" "$BATS_TEST_DIRNAME/coverage/summarise.pl" exceptions "$2" "$3" <counts; }

@test "coverage: what is not reached lowers it, and is named" {
    count
    : >exceptions
    MISSING=1 judge -1 98 90
    echo "$output"
    [[ "$output" == *"sim/a.c:6: line "*"static int unused"* ]]
    [[ "$output" == *"sim/a.c:3: 2 of 4 branches"* ]]
    [[ "$output" == *"sim/a.c:20: line 1 of 2 branches"* || "$output" == *"sim/a.c:20: 1 of 2 branches"* ]]
    [[ "$output" != *"sim/a.c:15:"* ]] # it ended in abort()
    [[ "$output" == *"% of the lines, wanted 98 %"* && "$output" == *"% of the branches, wanted 90 %"* ]]
    judge -0 50 30
}

@test "coverage: an exception counts for what it names, and must be needed" {
    count
    printf '%s\n' '# why' 'sim/a.c:unused: never called' 'sim/*.c:/n > 7|x > 0|used\(n\)/: never so' 'sim/a.c:/^    return 0/: not here' >exceptions
    judge -0 100 100
    echo 'sim/a.c:/v;/: it is reached' >>exceptions
    judge -1 50 30
    [[ "$output" == *"exceptions:5: sim/a.c:/v;/: nothing is missing there"* ]]
    printf '%s\n' 'sim/b.c:nobody: no such file' >exceptions
    judge -1 50 30
    [[ "$output" == *"exceptions:1: sim/b.c:nobody: nothing is missing there"* ]]
    echo 'sim/a.c:unused' >exceptions
    judge -2 50 30
    [[ "$output" == *"neither FILE:FUNCTION: reason"* ]]
}

@test "mutants: slips in methods and compressors are noticed, a comment is not" {
    ! grep -q -e __asan_init -e __gcov_dump "${GRADWIRE:-./gradwire}" || skip "not with a sanitizer, nor when lines are counted"
    command -v perl >/dev/null || skip "perl is not here"
    [ -e "${GRADWIRE_BUILD:-build}/tests/test_formulas.o" ] || skip "the test programs are not built"
    run -0 tests/check_mutants.sh quick
    echo "$output"
    [[ "${lines[0]}" == "1.."* && "$output" != *"not ok"* ]]
}
