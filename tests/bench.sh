#!/bin/bash
# bench.sh - the processor time of one MARINA round (Rand-K, K = 10, n = 5, theory stepsize, one thread) on the data sets that are
# here: a run alone, a run of eight seeds that go side by side, the same round in numpy and scipy with prebuilt sparse matrices, and
# one sample after another in Python (tests/peers/marina_scipy.py).
#
# The times of a short and of a long run are subtracted, so that start-up, reading and smoothness constants cancel.  All take turns,
# REPEATS times, so that a slow moment of the machine meets each of them.
# shellcheck source=tests/bench_kit.sh
. "$(dirname "$0")/bench_kit.sh"
peer=(/usr/bin/python3 tests/peers/marina_scipy.py)
[ $have_scipy = yes ] || echo "python3-scipy is not here: gradwire alone"

cat >"$work/bench.ini" <<'END'
[experiment]
bias       = yes
clients    = 5
problem    = marina-loss
method     = marina
compressor = randk
k          = 10
record     = every 1000000000
END

rounds_of() { # ROUNDS WORD...
    local rounds=$1
    shift
    cpu "$gradwire" run "$work/bench.ini" "rounds=$rounds" "$@" -o "$work/bench.h5" --force --threads 1 --quiet
}
# per_round FILE SHORT LONG RUNS WORD...: appends to $work/FILE the milliseconds of a round of one run
per_round() {
    local file=$1 short=$2 long=$3 runs=$4 a b
    shift 4
    a=$(rounds_of "$short" "$@") && b=$(rounds_of "$long" "$@") || return 1
    awk -v a="$a" -v b="$b" -v n=$(((long - short) * runs)) 'BEGIN { print (b - a) * 1000 / n }' >>"$work/$file"
}
peer_round() { # FILE DATASET WORD...
    local file=$1 path out
    path=$("$gradwire" data "$2" --path) && shift 2 && out=$("${peer[@]}" "$path" "$@") || return 1
    awk '{ print $1 * 1000 }' <<<"$out" >>"$work/$file"
}
# once DATASET SHORT LONG SCIPY_ROUNDS LOOP_ROUNDS
once() {
    per_round "alone.$1" "$2" "$3" 1 "dataset=$1" && per_round "sweep.$1" "$(($2 / 2))" "$(($3 / 2))" 8 "dataset=$1" seed=1..8 || return 1
    [ $have_scipy = no ] || { peer_round "scipy.$1" "$1" --rounds "$4" && peer_round "loop.$1" "$1" --rounds "$5" --form loop; }
}
row() {
    local f=$work/alone.$1 s=$work/sweep.$1 p=$work/scipy.$1 l=$work/loop.$1
    printf '%-11s %8.4f %8.4f %8.4f %6.2f' "$1" "$(least "$f")" "$(median "$f")" "$(median "$s")" "$(ratio "$f" "$s")"
    line 'MARINA round' "$1" ms "$f"
    line 'MARINA round, eight runs side by side' "$1" ms "$s" "$(ratio "$f" "$s")"
    if [ $have_scipy = yes ]; then
        printf ' %9.3f %7.1f %8.1f %10.1f %7.0f' "$(median "$p")" "$(ratio "$p" "$f")" "$(ratio "$p" "$s")" "$(median "$l")" \
            "$(ratio "$l" "$f")"
        line 'MARINA round, scipy' "$1" ms "$p" "$(ratio "$p" "$f")"
        line 'MARINA round, Python loop over samples' "$1" ms "$l" "$(ratio "$l" "$f")"
    fi
    echo
}

echo "one MARINA round, Rand-K with K = 10, n = 5, one thread; ms of processor time, $repeats repeats in turn; x: the peer's time over"
echo "that of a run alone or in the sweep, median of the repeats' ratios"
printf '%-11s %17s %15s %26s %18s\n' '' 'gradwire alone' 'in a sweep of 8' 'numpy/scipy' 'loop in Python'
printf '%-11s %8s %8s %8s %6s %9s %7s %8s %10s %7s\n' dataset min median median x median 'x alone' 'x sweep' median 'x alone'
found=0
while read -r name rest; do
    "$gradwire" data "$name" --path >/dev/null 2>&1 || { echo "$name        not here"; continue; }
    # shellcheck disable=SC2086 # rest is a list
    for ((i = 0; i < repeats; i++)); do once "$name" $rest || exit 1; done
    row "$name"
    found=$((found + 1))
done <<'END'
mushrooms 200 4200 600 1
phishing 200 2200 300 1
a9a 100 1100 200 1
w8a 100 700 150 1
END
[ $found -gt 0 ] || { echo "none of these data sets is here; \`gradwire data mushrooms\` says why"; exit 1; }
