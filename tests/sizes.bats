#!/usr/bin/env bats
# Sizes that lie: refused in one line, before the memory is taken that they would need.
bats_require_minimum_version 1.5.0

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}" GRADWIRE_OFFLINE=1
    cd "$BATS_FILE_TMPDIR" || exit 1
    printf '%s\n' '[experiment]' 'problem = quadratic' 'dim = 8' 'rounds = 3' 'method = gd' >q.ini
    printf '%s\n' '[experiment]' 'problem = logistic' 'clients = 2' 'rounds = 3' 'method = gd' >l.ini
    printf '1 1:1\n-1 2147483647:1\n' >wide.svm
    printf '1 1:1\n-1 2147483648:1\n' >wider.svm
    printf '1 1:1\n-1 99999999999999999999:1\n' >widest.svm
    printf '1 1:1\n-1 2:1e309\n' >large.svm
    printf '1e309 1:1\n-1 2:1\n' >label.svm
    printf '1 1:1\n-1 2:3\n' >small.svm
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

# refused NEEDLE WORD...: with 600 MB, libraries included
refused() {
    local needle=$1
    shift
    run -2 --separate-stderr bash -c 'ulimit -v 600000; exec timeout 20 "$GRADWIRE" run "$@" -t 1 -o out.h5' - "$@"
    [ -z "$output" ] || { echo "printed: $output"; return 1; }
    [[ "$stderr" == "gradwire: "*"$needle"* ]] || { echo "not \"$needle\": $stderr"; return 1; }
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    [ ! -e out.h5 ]
}

@test "more clients than memory holds" {
    refused 'clients = 1000000000 and dim = 8 take at least 128 GB of memory; this machine has' q.ini clients=1000000000
    refused 'clients = 1000000 and dim = 1000000 take at least' q.ini clients=1000000 dim=1000000 heterogeneity=1
    refused 'clients = 1000000000 on small, which has 2 rows; allowed are 1 .. 2' l.ini dataset=./small.svm clients=1000000000
    refused 'allowed: >= 1 and <= 1000000000' q.ini clients=1000000001
}

@test "more features than memory holds" {
    refused 'dim = 2000000000 take at least 64 GB of memory; this machine has' q.ini dim=2000000000
    refused 'd = 2147483647 take at least 68.7 GB of memory; this machine has' l.ini dataset=./wide.svm
    refused "wider.svm:2:4: index '2147483648' is too large; allowed are 1 .. 2147483647" l.ini dataset=./wider.svm
    refused "widest.svm:2:4: index '99999999999999999999' is too large" l.ini dataset=./widest.svm
    refused 'dimension = 2147483648; allowed:' l.ini dataset=./small.svm dimension=2147483648
}

@test "more rows, vectors and samples than memory holds" {
    refused '100000 rows of 10000 numbers take at least 12 GB of memory' l.ini dataset=gaussian-linear rows=100000 features=10000 \
        problem=least-squares
    refused '100000000 rows of 1000000 numbers; allowed are at most 1073741824' l.ini dataset=gaussian-linear rows=100000000 \
        features=1000000 problem=least-squares
    refused 'lists and batches take at least 1.6' q.ini method=diana compressor=randk clients=20000 dim=10000
    refused 'lists and batches take at least' q.ini method=qsgd compressor=randk noise=1 batch=1000000000
}

@test "data and vectors of which each alone has room" {
    refused 'n = 1 clients, d = 8000000 and the method'"'"'s lists and batches take at least 0.64 GB' q.ini dim=8000000 rotate=no \
        method=diana compressor=randk clients=1
}

@test "numbers beyond all reals" {
    refused "large.svm:2:6: value '1e309' is too large; allowed are numbers up to 1.797e308" l.ini dataset=./large.svm
    refused "label.svm:1:1: label '1e309' is too large" l.ini dataset=./label.svm
    refused 'gamma = 1e309; allowed:' q.ini gamma=1e309
    refused 'seed lists more than 100000 values' q.ini seed=1..99999999999
    refused 'the grid has more than 1000000 combinations' q.ini seed=1..100000 data_seed=1..100
}

@test "the control: with as much memory, what is small runs" {
    bash -c 'ulimit -v 600000; "$GRADWIRE" run q.ini -q -t 1 -o q.h5 && "$GRADWIRE" run l.ini dataset=./small.svm -q -t 1 -o l.h5'
    rm q.h5 l.h5
}
