#!/bin/bash
# bench_threads.sh - what a second thread gives: to eight runs, and to one large run; on the machine as it is, and while two other
# processes compute.  By the clock; one and two threads take turns, REPEATS times.
# shellcheck source=tests/bench_kit.sh
. "$(dirname "$0")/bench_kit.sh"

cat >"$work/runs.ini" <<'END'
[experiment]
dataset    = gaussian-logistic
rows       = 8000
features   = 60
clients    = 5
problem    = marina-loss
smoothness = rows
method     = marina
compressor = randk
k          = 10
rounds     = 600
seed       = 1..16
END
sed -e 's/^rows .*/rows = 160000/' -e 's/^rounds .*/rounds = 40/' -e 's/^seed .*/seed = 1/' -e 's/^clients .*/clients = 20/' \
    -e 's/^features .*/features = 130/' "$work/runs.ini" >"$work/large.ini"

run() { wall "$gradwire" run "$work/$1.ini" "$3" -o "$work/bench.h5" --force --quiet --threads "$2"; }
# one EXPERIMENT LOAD THREADS ROUNDS: the rounds alone, without the start
one() {
    local all start
    all=$(run "$1" "$3" "rounds=$4") && start=$(run "$1" "$3" rounds=1) || return 1
    awk -v a="$all" -v s="$start" 'BEGIN { print a - s }' >>"$work/$1.$2.$3"
}

others=()
compute() { while :; do :; done; }
loaded() {
    if [ "$1" = loaded ]; then
        for _ in 1 2; do
            compute &
            others+=($!)
        done
    else
        [ ${#others[@]} -eq 0 ] || kill "${others[@]}" 2>/dev/null
        wait 2>/dev/null
        others=()
    fi
}
trap 'loaded no; rm -rf "$work"' EXIT

printf '%-34s %10s %10s %14s\n' 'seconds by the clock' '1 thread' '2 threads' '1 over 2'
for load in as-it-is loaded; do
    loaded $load
    for what in 'runs 600' 'large 40'; do
        read -r name rounds <<<"$what"
        for ((i = 0; i < repeats; i++)); do one "$name" $load 1 "$rounds" && one "$name" $load 2 "$rounds" || exit 1; done
        a=$work/$name.$load.1 b=$work/$name.$load.2
        case $name in runs) title='sixteen runs' ;; *) title='one large run' ;; esac
        [ $load = loaded ] && title="$title, two other processes"
        printf '%-34s %10.3f %10.3f %14.2f\n' "$title" "$(median "$a")" "$(median "$b")" "$(ratio "$a" "$b")"
        line 'two threads' "$title" s "$b" "$(ratio "$a" "$b")"
    done
    loaded no
done
