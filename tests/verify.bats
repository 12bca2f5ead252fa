#!/usr/bin/env bats
# gradwire verify: the reference experiments, bit for bit; and that a difference is found and named.
bats_require_minimum_version 1.5.0

setup() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}" GRADWIRE_OFFLINE=1
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || exit 1
    printf '%s\n' '[experiment]' 'problem = quadratic' 'dim = 20' 'rounds = 30' 'record = every 10' 'compressor = randk' 'method = gd, marina' \
        'seed = 1..2' >a.ini
}

is_one_line() {
    [ -z "$output" ] || { echo "printed: $output"; false; }
    [[ "$stderr" == "gradwire: $1"* && "$stderr" == *"${2-}"* ]] || { echo "not \"gradwire: $1...${2-}...\": $stderr"; false; }
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
}

# change PATTERN: in the copy of the digests, the last digit of the first line that begins so; PATTERN has slashes escaped
change() { awk -v p="$1" '!done && index($0, p) == 1 { c = substr($0, length($0)); sub(/.$/, c == "0" ? "1" : "0"); done = 1 } 1' good >a.digests; }

@test "the reference experiments give the digests that were recorded" {
    cd "$BATS_TEST_DIRNAME/.."
    run -0 --separate-stderr "$GRADWIRE" verify
    [[ "$output" == *" runs of "*" experiments: equal to their digests, bit for bit" ]]
    [ -z "$stderr" ]
}

@test "together they use every method, compressor, problem, generator and split" {
    cd "$BATS_TEST_DIRNAME/../results/reference"
    grep -v '^;' *.ini >"$BATS_TEST_TMPDIR/all"
    local kind name seen=0
    for kind in methods compressors problems; do
        for name in $("$GRADWIRE" list $kind | awk '/^  [a-z]/ { print $1 }'); do
            grep -qE ":(method|compressor|problem) *=(.*[ ,(])?$name([ ,()]|$)" "$BATS_TEST_TMPDIR/all" || { echo "no $name"; false; }
            seen=$((seen + 1))
        done
    done
    [ "$seen" -ge 26 ] || { echo "only $seen plug-ins"; false; }
    for name in one-hot gaussian-logistic gaussian-linear contiguous shuffled sorted drop spread last rows spectral full half yes; do
        grep -qE "=.*\b$name\b" "$BATS_TEST_TMPDIR/all" || { echo "no $name"; false; }
    done
}

@test "every change of a digest has its reason in CHANGES" {
    cd "$BATS_TEST_DIRNAME/../results/reference"
    for file in *.ini; do [ -s "${file%.ini}.digests" ]; done
    [ -s CHANGES ]
    run -1 grep -nvE '^[0-9]+\.[0-9]+\.[0-9]+ +[^ ]' CHANGES
}

@test "equal digests: status 0, on any number of threads" {
    run -0 --separate-stderr "$GRADWIRE" verify --update a.ini
    [ "$output" = "4 runs of 1 experiments: digests written" ]
    [ "$(grep -c '^run ' a.digests)" -eq 4 ]
    [ "$(grep -c '^round ' a.digests)" -eq 16 ]
    cp a.digests good
    for threads in 1 2 5; do
        run -0 --separate-stderr "$GRADWIRE" verify a.ini --threads $threads
        [ "$output" = "4 runs of 1 experiments: equal to their digests, bit for bit" ]
        run -0 "$GRADWIRE" verify --update -t $threads a.ini
        cmp a.digests good
    done
    [ "$(ls)" = $'a.digests\na.ini\ngood' ]
}

@test "a difference: status 1, the run, the column and the round" {
    "$GRADWIRE" verify --update a.ini
    cp a.digests good
    change 'round 20 '
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run gd seed=1 differs: ' 'round 20'
    change 'column grad_norm_sq '
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run gd seed=1 differs: first column grad_norm_sq'
    # Only the last run, from its second row on.
    awk '/^run / { last = $0 ~ /marina randk seed=2/ } last && (/^round [123]/ || /^column f /) { sub(/.$/, "x") } 1' good >a.digests
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run marina randk seed=2 differs: first column f, first round 10'
    # Rows or runs that only one side has.
    grep -v '^round 30 ' good >a.digests
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run gd seed=1 differs: ' 'round 30'
    sed '/^run marina randk seed=2/,$d' good >a.digests
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run marina randk seed=2 is not in the digests'
    { cat good; printf 'run dasha randk\nround 0 12345678\n'; } >a.digests
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run dasha randk is no longer made'
    : >a.digests
    run -1 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.ini: run gd seed=1 is not in the digests'
    cp good a.digests
    run -0 "$GRADWIRE" verify a.ini
}

@test "another experiment has other digests" {
    "$GRADWIRE" verify --update a.ini
    for change in 's/^dim = 20/dim = 21/' 's/^seed = 1..2/seed = 3..4/' 's/^rounds = 30/rounds = 40/' 's/^problem = quadratic/&\ndata_seed = 2/'; do
        sed "$change" a.ini >b.ini
        cp a.digests b.digests
        run -1 --separate-stderr "$GRADWIRE" verify b.ini
        is_one_line 'b.ini: run gd seed=' ''
    done
}

@test "what cannot be verified" {
    run -2 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.digests: cannot open: No such file or directory; `gradwire verify --update` makes digests'
    mkdir a.digests
    run -2 --separate-stderr "$GRADWIRE" verify a.ini
    is_one_line 'a.digests: cannot read'
    rmdir a.digests
    run -2 --separate-stderr "$GRADWIRE" verify absent.ini
    is_one_line 'absent.ini: cannot open'
    run -2 --separate-stderr "$GRADWIRE" verify
    is_one_line 'results/reference holds no experiments'
    run -2 --separate-stderr "$GRADWIRE" verify a.ini --threads 0
    is_one_line 'verify: --threads 0: '
    echo 'methd = gd' >>a.ini
    run -2 --separate-stderr "$GRADWIRE" verify --update a.ini
    is_one_line 'a.ini:9: unknown key "methd"; did you mean method?'
    [ "$(ls)" = a.ini ]
}
