#!/bin/bash
# check_fuzz.sh DIRECTORY SECONDS - the fuzzers of DIRECTORY (made by `make fuzz`), SECONDS each, from the inputs kept in tests/fuzz/corpus,
# JOBS at a time (as many as there are processors); READERS: some of them only.
#
# First the control: a planted mistake must be found.  What is found stays in DIRECTORY/found, what covered more in
# DIRECTORY/corpus; the corpus in the tree is only read.
set -u
here=$(cd "$(dirname "$0")" && pwd)
fuzz=$1 seconds=$2 jobs=${JOBS:-$(nproc)}
found=$fuzz/found
mkdir -p "$found"
failed=0

# The names that experiments are made of: plug-ins, keys, choices.
dictionary() {
    local root=$here/..
    {
        for file in "$root"/methods/*.c "$root"/sim/compressors/*.c "$root"/sim/problems/*.c "$root"/datasets/generate_*.c; do
            basename "$file" .c | sed 's/^generate_//; s/_/-/g'
        done
        sed -n -E 's/.*(REAL|REAL_POS|INTEGER|BOOLEAN|CHOICE|TEXT)\([A-Za-z_]+, ([A-Za-z_0-9]+),.*/\2 = /p' "$root"/methods/*.c "$root"/sim/*.c \
            "$root"/sim/*/*.c "$root"/datasets/*.c
        sed -n -E 's/.*CHOICE\([^"]*"[^"]*", "([^"]*)".*/\1/p' "$root"/methods/*.c "$root"/sim/*.c "$root"/sim/*/*.c | tr '|' '\n'
        printf '%s\n' '[experiment]' '[curve]' '[plot]' '[tune]' 'stepsize = ' '4x' '2^-1x..2^1x' 'theory' 'scaled(' 'natural('
    } | sort -u | sed 's/.*/"&"/'
}

# fuzzer NAME SECONDS: its log is DIRECTORY/NAME.log
fuzzer() {
    local dict=
    [ "$1" = experiment ] && dictionary >"$fuzz/dictionary" && dict=-dict=$fuzz/dictionary
    mkdir -p "$fuzz/corpus/$1"
    [ -d "$here/fuzz/corpus/$1" ] && cp -n "$here/fuzz/corpus/$1/"* "$fuzz/corpus/$1/"
    "$fuzz/tests/fuzz/fuzz_$1" -max_total_time="$2" -timeout=30 -rss_limit_mb=3000 -max_len=2048 -print_final_stats=1 $dict \
        -artifact_prefix="$found/$1-" "$fuzz/corpus/$1" >"$fuzz/$1.log" 2>&1
}
number() { grep -a "^stat::$2:" "$fuzz/$1.log" | tail -n 1 | tr -dc 0-9; }
edges() { grep -a -o 'cov: [0-9]*' "$fuzz/$1.log" | tail -n 1 | tr -dc 0-9; }
of() { grep -a -o '[0-9]* inline' "$fuzz/$1.log" | head -n 1 | tr -dc 0-9; }

mkdir -p "$fuzz/corpus/control"
printf '1 2:1\n' >"$fuzz/corpus/control/row"
if fuzzer control 120 || ! grep -a -q 'heap-buffer-overflow' "$fuzz/control.log"; then
    echo "control: the planted mistake was not found in $(number control number_of_executed_units) executions"
    failed=1
else
    echo "control: the planted mistake was found after $(number control number_of_executed_units) executions"
fi
rm -rf "$found"/control-* "$fuzz/corpus/control"

# try NAME: its fuzzer for SECONDS, and what came of it
try() {
    if fuzzer "$1" "$seconds"; then
        printf '%-10s %9d executions, %5d of %d edges, nothing found\n' "$1" "$(number "$1" number_of_executed_units)" "$(edges "$1")" "$(of "$1")"
    else
        echo "$1: FOUND after $(number "$1" number_of_executed_units) executions; see $fuzz/$1.log"
        grep -a -E 'SUMMARY|runtime error|it is not so|Test unit written|^gradwire: method' "$fuzz/$1.log" | head -n 5
        return 1
    fi
}
for name in ${READERS:-libsvm experiment words result}; do
    (($(jobs -rp | wc -l) < jobs)) || wait -n || failed=1
    try "$name" &
done
while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
exit $failed
