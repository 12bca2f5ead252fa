# The test runner itself, on made-up programs: each way of not passing is counted.

setup() {
    suite=$BATS_TEST_TMPDIR
    runner=$BATS_TEST_DIRNAME/run.sh
}

# program NAME: an executable from standard input
program() {
    { echo '#!/bin/bash'; cat; } >"$suite/$1"
    chmod +x "$suite/$1"
}

# check NAME...: run them by the runner, apart from the bats around it
check() {
    cd "$suite" || return
    run env -u BATS_TEST_NAME -u BATS_TEST_FILENAME -u BATS_RUN_TMPDIR -u BATS_TMPDIR TIMEOUT="${TIMEOUT:-20}" "$runner" "${@/#/./}"
    last=${lines[-1]}
}

@test "a suite that passes" {
    program good <<<'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
    check good
    [ "$status" = 0 ]
    [ "$last" = "2 passed, 0 failed" ]
}

@test "a failed test is counted, and its words are shown" {
    program good <<<'echo 1..1; echo "ok 1 - a"'
    program bad <<<'echo 1..2; echo "ok 1 - a"; echo "not ok 2 - b"; echo "# 3 != 4"; echo "at line 17" >&2; exit 1'
    check good bad
    [ "$status" = 1 ]
    [ "$last" = "2 passed, 1 failed" ]
    [[ $output == *"# 3 != 4"* && $output == *"at line 17"* ]]
}

@test "a crash, after all it had planned" {
    program crash <<<'echo 1..1; echo "ok 1 - a"; kill -SEGV $$'
    check crash
    [ "$status" = 1 ]
    [ "$last" = "1 passed, 1 failed" ]
    [[ $output == *"crashed: signal 11"* ]]
}

@test "a program that stops half way with status 0" {
    program half <<<'echo 1..3; echo "ok 1 - a"; exit 0'
    check half
    [ "$status" = 1 ]
    [[ $output == *"planned 3 tests and reported 1"* ]]
}

@test "no tests, no plan, an error without a failed test, a failed test without an error" {
    program none <<<'echo 1..0'
    program silent <<<'exit 0'
    program error <<<'echo 1..1; echo "ok 1 - a"; exit 3'
    program lenient <<<'echo 1..1; echo "not ok 1 - a"; exit 0'
    check none silent error lenient
    [ "$status" = 1 ]
    [ "$last" = "1 passed, 5 failed" ]
    [[ $output == *"ran no test"* && $output == *"printed no plan"* ]]
    [[ $output == *"left with status 3 and no failed test"* && $output == *"left with status 0 after a failed test"* ]]
}

@test "a program that was not built" {
    program good <<<'echo 1..1; echo "ok 1 - a"'
    check good absent
    [ "$status" = 1 ]
    [ "$last" = "1 passed, 1 failed" ]
    [[ $output == *"was not built"* ]]
}

@test "a program that does not end" {
    program slow <<<'echo 1..1; sleep 60'
    TIMEOUT=1 check slow
    [ "$status" = 1 ]
    [[ $output == *"stopped after 1 s"* ]]
}

@test "skipped tests are counted as such, with their reason; nothing but skipped is not a success" {
    program skips <<<'echo 1..3; echo "ok 1 - a"; echo "not ok 2 # SKIP b"; echo "ok 3 c # skip no data here"'
    check skips
    [ "$status" = 0 ]
    [ "$last" = "1 passed, 0 failed, 2 skipped" ]
    [[ $output == *"no data here"* ]]
    program only <<<'echo 1..1; echo "ok 1 # skip a"'
    check only
    [ "$status" = 1 ]
    [ "$last" = "0 passed, 0 failed, 1 skipped" ]
}

@test "nothing at all is not a success" {
    check
    [ "$status" = 1 ]
    [ "$last" = "0 passed, 0 failed" ]
}

@test "bats files are run too" {
    printf '@test "a" { true; }\n@test "b" { false; }\n@test "c" { skip why; }\n' >"$suite/inner.bats"
    check inner.bats
    [ "$status" = 1 ]
    [ "$last" = "1 passed, 1 failed, 1 skipped" ]
}
