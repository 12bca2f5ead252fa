#!/bin/bash
# check_coverage.sh BUILD - how much of sim/, methods/ and datasets/ the tests reach; BUILD is compiled to count (make coverage).
#
# Runs the suite with that build: the test programs, the replays of fuzzing inputs and the .bats with its binary, without public data
# sets, so that the outcome is the same everywhere.  What ends in abort() or _exit() is counted, too (tests/coverage/dump.c).  Left
# out are what compiles a gradwire of its own; what makes system calls fail, those that write the counts, too; and the long
# statistical tests, for they reach nothing that others do not, and a program that counts is ten times slower.
# At least LEAST_LINES % of the lines and LEAST_BRANCHES % of the branches of sim/ and methods/, but for tests/coverage/exceptions.
# AGAIN=1: judge what the last time counted.  MISSING=1: list what is not reached.
set -u
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
lines=${LEAST_LINES:-98} branches=${LEAST_BRANCHES:-90}
unset GRADWIRE_DATA
status=0
if [ -z "${AGAIN:-}" ]; then
    find "$build" -name '*.gcda' -delete
    suite=()
    for file in tests/test_*.c; do
        case $file in *rates* | *theorems* | *_law.c | *peers* | *reference*) ;; *) suite+=("$build/${file%.c}") ;; esac
    done
    for file in tests/fuzz/fuzz_*.c; do
        file=$build/tests/fuzz/replay_$(basename "${file#*fuzz_}" .c)
        [ -x "$file" ] && suite+=("$file")
    done
    for file in tests/*.bats; do
        case $file in */install.bats | */setup.bats | */runner.bats | */suite.bats | */bits.bats | */readme.bats | */faults.bats) ;; *) suite+=("$file") ;; esac
    done
    GRADWIRE=$build/gradwire GRADWIRE_BUILD=$build TIMEOUT=${TIMEOUT:-1800} tests/run.sh "${suite[@]}" ||
        echo "(what fails here has reached less; a program that counts is slow, and some tests wait only so long: make test judges)"
fi
find "$build/sim" "$build/methods" "$build/datasets" -name '*.gcno' | sort | xargs gcov -t -b -c 2>/dev/null |
    tests/coverage/summarise.pl tests/coverage/exceptions "$lines" "$branches" || status=1
exit $status
