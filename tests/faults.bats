#!/usr/bin/env bats
# What the machine may do to a program, in short: make check-crash, check-io and check-memory do all of it.
bats_require_minimum_version 1.5.0

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}"
    cd "$BATS_TEST_DIRNAME/.." || exit 1
}

# quick WHAT: the short form of a check, with its controls
quick() {
    ! grep -qE "__(asan|tsan)_init" "$GRADWIRE" || skip "a sanitizer wants to be first in the process"
    run -0 "$BATS_TEST_DIRNAME/check_$1.sh" quick
    echo "$output"
    [[ "${lines[-1]}" == "check-$1: "*" checks, 0 failed; "[1-9]* ]]
}

@test "killed at any write, nothing that was committed is lost" { quick crash; }

@test "a system call that fails is said, and costs nothing" { quick io; }

@test "memory that is not there is said, and costs nothing" { quick memory; }
