#!/usr/bin/env bats
# gradwire data: the catalogue, finding, downloading from a file:// mirror, checking, describing.
bats_require_minimum_version 1.5.0

setup() {
    GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}"
    real="${GRADWIRE_DATA:-}"
    mkdir -p "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/mirror"
    export GRADWIRE_DATA="$BATS_TEST_TMPDIR/data"
    export XDG_CACHE_HOME="$BATS_TEST_TMPDIR/cache"
    export GRADWIRE_URL_BASE="file://$BATS_TEST_TMPDIR/mirror"
    unset GRADWIRE_OFFLINE
}

# svmguide1 ROWS: a file of that many rows and 4 features, labels 0 and 1
svmguide1() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print i % 3 == 0, "1:" i + 1, "4:0.5" }'; }

real_file() {
    [ -n "$real" ] && [ -r "$real/$1" ] || skip "GRADWIRE_DATA has no $1"
}

lines_are_one() {
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    [[ "$stderr" == "gradwire: "* ]]
}

@test "the catalogue is listed, with where each file is" {
    svmguide1 3089 >"$GRADWIRE_DATA/svmguide1"
    run -0 "$GRADWIRE" data
    [[ "${lines[0]}" == name*rows*features*here*sha256* ]]
    for name in mushrooms a9a a9a.t w8a w8a.t phishing a1a w7a australian splice real-sim covtype ijcnn1 gisette rcv1 madelon; do
        [[ "$output" == *$'\n'"$name "* ]]
    done
    [[ "$output" =~ svmguide1\ +3089\ +4\ +GRADWIRE_DATA ]]
    [[ "$output" =~ mushrooms\ +8124\ +112\ +-\ +pinned ]]
    [[ "$output" == *"one-hot"* ]]
}

@test "mushrooms is described" {
    real_file mushrooms
    ln -s "$real/mushrooms" "$GRADWIRE_DATA/mushrooms"
    run -0 "$GRADWIRE" data mushrooms
    [[ "$output" == *"path      $GRADWIRE_DATA/mushrooms"* ]]
    [[ "$output" == *"rows      8124"* ]]
    [[ "$output" == *"features  112"* ]]
    [[ "$output" == *"nonzeros  170604 (each 1)"* ]]
    [[ "$output" == *"labels    1: 3916, 2: 4208"* ]]
    [[ "$output" == *"sha256    f39a4eb628dc61a7d43760815b061c9e497aa728ce1ad8bde57a09ef6043b538 (pinned, agrees)"* ]]
}

@test "compressed copies of a pinned file are taken, changed ones are not" {
    real_file a1a
    for tool in gzip bzip2 xz; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    for pair in gzip:gz bzip2:bz2 xz:xz; do
        rm -f "$GRADWIRE_DATA"/*
        ${pair%:*} -c "$real/a1a" >"$GRADWIRE_DATA/a1a.${pair#*:}"
        run -0 "$GRADWIRE" data a1a
        [[ "$output" == *"features  123"* ]]
        [[ "$output" == *"labels    -1: 1210, 1: 395"* ]]
        sed '7s/:1 /:2 /' "$real/a1a" | ${pair%:*} -c >"$GRADWIRE_DATA/a1a.${pair#*:}"
        run -2 --separate-stderr "$GRADWIRE" data a1a
        lines_are_one
        [[ "$stderr" == *"eb54c45f1bdb51286f803dd092eb8202b44637a858fc6c4e533a2d64a0d94b4e"* ]]
    done
}

@test "a download is checked, cached and found again" {
    command -v curl >/dev/null || skip "curl is not installed"
    svmguide1 3089 >"$BATS_TEST_TMPDIR/mirror/svmguide1"
    run -0 --separate-stderr "$GRADWIRE" data --path svmguide1
    [ "$output" = "$XDG_CACHE_HOME/gradwire/svmguide1" ]
    [[ "$stderr" == *"downloading svmguide1 from file://"* ]]
    [ "$(ls -A "$XDG_CACHE_HOME/gradwire")" = svmguide1 ]
    rm "$BATS_TEST_TMPDIR/mirror/svmguide1"
    run -0 --separate-stderr "$GRADWIRE" data svmguide1
    [ -z "$stderr" ]
    [[ "$output" == *"labels    0: 2059, 1: 1030"* ]]
    [[ "$output" == *"(not pinned: checked by shape)"* ]]
    run -0 "$GRADWIRE" data
    [[ "$output" =~ svmguide1\ +3089\ +4\ +cache ]]
}

@test "a compressed download stays compressed in the cache" {
    command -v curl >/dev/null && command -v bzip2 >/dev/null || skip "curl or bzip2 is not installed"
    awk 'BEGIN { for (i = 0; i < 49990; i++) print i % 2, "1:1 22:-0.25" }' | bzip2 >"$BATS_TEST_TMPDIR/mirror/ijcnn1.bz2"
    run -0 --separate-stderr "$GRADWIRE" data --path ijcnn1
    [ "$output" = "$XDG_CACHE_HOME/gradwire/ijcnn1.bz2" ]
    cmp "$output" "$BATS_TEST_TMPDIR/mirror/ijcnn1.bz2"
}

@test "a wrong download is refused and leaves nothing" {
    command -v curl >/dev/null || skip "curl is not installed"
    svmguide1 3088 >"$BATS_TEST_TMPDIR/mirror/svmguide1"
    run -2 --separate-stderr "$GRADWIRE" data svmguide1
    [[ "$stderr" == *"3088 rows, not 3089"* ]]
    [ -z "$(ls -A "$XDG_CACHE_HOME/gradwire")" ]
    [ -z "$output" ]
}

@test "offline, nothing is downloaded and the line says how to provide the file" {
    svmguide1 3089 >"$BATS_TEST_TMPDIR/mirror/svmguide1"
    run -2 --separate-stderr "$GRADWIRE" data --offline svmguide1
    lines_are_one
    [[ "$stderr" == *"neither in GRADWIRE_DATA ($GRADWIRE_DATA) nor in the cache ($XDG_CACHE_HOME/gradwire)"*"provide it"* ]]
    [ ! -e "$XDG_CACHE_HOME/gradwire" ]
    GRADWIRE_OFFLINE=1 run -2 --separate-stderr "$GRADWIRE" data svmguide1
    lines_are_one
}

@test "without curl the line says so" {
    [ -z "${GRADWIRE_VALGRIND-}" ] || skip "valgrind starts programs in its own way"
    mkdir "$BATS_TEST_TMPDIR/bin"
    PATH="$BATS_TEST_TMPDIR/bin" run -2 "$GRADWIRE" data svmguide1
    [[ "$output" == *"the program curl is not installed"* ]]
}

@test "a file of one's own by its path, plain, piped and compressed" {
    printf '1 1:1\r\n2 3:0.5 # two\r\n2\r\n' >"$BATS_TEST_TMPDIR/own.txt"
    run -0 "$GRADWIRE" data "$BATS_TEST_TMPDIR/own.txt"
    [[ "$output" == *"rows      3"*"features  3"*"nonzeros  2"*"labels    1: 1, 2: 2"*"(a file of your own)"* ]]
    run -0 bash -c "gzip -c '$BATS_TEST_TMPDIR/own.txt' | '$GRADWIRE' data /dev/stdin"
    [[ "$output" == *"labels    1: 1, 2: 2"* ]]
}

@test "bad files: one line with file, line and column, status 2" {
    local own="$BATS_TEST_TMPDIR/own.txt"
    for bad in '0:1=1:3: index 0' '3:1 2:1=1:7: index 2 after 3' '2:1 2:1=1:7: index 2 twice' '2:nan=1:5: value' '2:1 3=1:8: '; do
        printf '1 %s\n' "${bad%%=*}" >"$own"
        run -2 --separate-stderr "$GRADWIRE" data "$own"
        lines_are_one
        [[ "$stderr" == "gradwire: $own:${bad#*=}"* ]]
    done
    : >"$own"
    run -2 --separate-stderr "$GRADWIRE" data "$own"
    [[ "$stderr" == *"holds no rows"* ]]
    run -2 --separate-stderr "$GRADWIRE" data "$BATS_TEST_TMPDIR/"
    [[ "$stderr" == *"is a directory"* ]]
    run -2 --separate-stderr "$GRADWIRE" data ./absent
    [[ "$stderr" == *"./absent: No such file"* ]]
}

@test "unknown names: one line each, the nearest named, the others still shown" {
    svmguide1 3089 >"$GRADWIRE_DATA/svmguide1"
    run -2 --separate-stderr "$GRADWIRE" data mushrom svmguide1 a9q
    [[ "$stderr" == *"unknown data set 'mushrom' (did you mean 'mushrooms'?)"* ]]
    [[ "$stderr" == *"'a9q'"* ]]
    [[ "$output" == *"rows      3089"* ]]
}

@test "a generator is no file" {
    run -0 "$GRADWIRE" data one-hot
    [[ "$output" == *"made from a seed"* ]]
    run -2 "$GRADWIRE" data --path one-hot
    run -2 "$GRADWIRE" data --path
}
