#!/usr/bin/env bats
# The same bits everywhere, in short: make check-bits does all of it.  And that no digest changes without a reason.
bats_require_minimum_version 1.5.0

setup() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}"
    cd "$BATS_TEST_DIRNAME/.." || exit 1
}

@test "any number of threads, less of a CPU, -O0: the same bits; other arithmetic, other bits" {
    ! grep -q __asan_init "$GRADWIRE" || skip "a sanitizer's build is compiled by itself"
    run -0 tests/check_bits.sh quick
    echo "$output"
    [[ "${lines[-1]}" =~ ^([0-9]+)\ builds,\ ([0-9]+)\ digests\ equal,\ ([0-9]+)\ files\ byte\ for\ byte,\ ([0-9]+)\ controls\ differed ]]
    [ "${BASH_REMATCH[1]}" -ge 4 ]
    [ "${BASH_REMATCH[2]}" -ge 10000 ]
    [ "${BASH_REMATCH[4]}" -ge 5 ]
}

@test "every digest has its reason in CHANGES" {
    run -0 tests/bits/sealed.sh
    [ -z "$output" ]
}

@test "a digest without its reason is seen" {
    cp -r results/reference "$BATS_TEST_TMPDIR/copy"
    cd "$BATS_TEST_TMPDIR/copy"
    local sealed=$BATS_TEST_DIRNAME/bits/sealed.sh
    run -0 "$sealed" .
    # A digit of a digest; the reason added; the digit back, without a reason.
    cp logistic.digests good
    sed -i '100s/.$/z/' logistic.digests
    run -1 "$sealed" .
    [[ "$output" == *"logistic.digests is another"*"add: VERSION  logistic.digests:"* ]]
    [ "${#lines[@]}" = 1 ]
    echo "0.1.0  logistic.digests:$(sha256sum <logistic.digests | cut -c 1-16)  changed" >>CHANGES
    run -1 "$sealed" .
    [[ "$output" == *"a reason of more than a word: "*" changed" ]]
    sed -i '$s/changed/one digit, by hand/' CHANGES
    run -0 "$sealed" .
    cp good logistic.digests
    run -1 "$sealed" .
    # The old line again is a new line.
    local line
    line="0.1.0  $(grep -m 1 -o 'logistic.digests:[0-9a-f]*' CHANGES)  as it was before that"
    echo "$line" >>CHANGES
    run -0 "$sealed" .
    # No reason; no digests; no log.
    echo '0.1.0  quadratic.digests:0123456789abcdef' >>CHANGES
    run -1 "$sealed" .
    rm pairs.digests
    run -1 "$sealed" .
    [[ "$output" == *"pairs.ini: has no digests"* ]]
    rm CHANGES
    run -1 "$sealed" .
}

@test "a line of CHANGES that was committed stays as it is" {
    command -v git >/dev/null || skip "git is not here"
    cp -r results/reference "$BATS_TEST_TMPDIR/copy"
    cd "$BATS_TEST_TMPDIR/copy"
    git init -q .
    git -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false commit -q --allow-empty -m 0
    git add CHANGES
    git -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false commit -q -m 1
    echo '0.1.0  one more line here' >>CHANGES
    run -0 "$BATS_TEST_DIRNAME/bits/sealed.sh" .
    sed -i '2s/./&&/10' CHANGES
    run -1 "$BATS_TEST_DIRNAME/bits/sealed.sh" .
    [[ "$output" == *"a line that was committed is another"* ]]
}
