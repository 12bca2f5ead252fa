#!/bin/bash
# bench_rr.sh - milliseconds that a pass through the data takes with each of the methods on reshuffled data and those they are
# compared with (Sadiev et al. 2022: 20 clients, rows sorted by label, ten steps a pass, Rand-K with K = floor(0.02 d)), one
# thread; then Q-RR beside the same method in numpy and scipy (tests/peers/rr_scipy.py).
#
# The processor times of a short and of a long run are subtracted, so that start-up, reading and smoothness constants cancel.  All
# take turns, REPEATS times, and medians are printed.
: "${REPEATS:=3}"
# shellcheck source=tests/bench_kit.sh
. "$(dirname "$0")/bench_kit.sh"
peer=(/usr/bin/python3 tests/peers/rr_scipy.py --gamma 0.02)
[ $have_scipy = yes ] || echo "python3-scipy is not here: gradwire alone"

cat >"$work/bench.ini" <<'END'
[experiment]
clients    = 20
split      = sorted
remainder  = last
problem    = logistic
ridge      = full
lambda     = 1e-4
compressor = randk
END

# a method, rounds a pass, and its words; BATCH stands for a tenth of a client's rows
methods() {
    cat <<'END'
qsgd 10 stepsize=0.02 batch=BATCH
diana-sgd 10 stepsize=0.02 batch=BATCH
q-rr 10 stepsize=0.02
diana-rr 10 stepsize=0.02
diana-rr-1s 10 stepsize=0.02
q-nastya 1 stepsize=0.001 server_stepsize=0.02
diana-nastya 1 stepsize=0.001 server_stepsize=0.02
fedcom 1 stepsize=0.001 server_stepsize=1 batch=BATCH
fedpaq 1 stepsize=0.001 batch=BATCH
END
}
# a data set, K, BATCH, passes of a long run, passes of the peer in each of its forms
datasets() {
    cat <<'END'
mushrooms 2 40 600 40 8
a9a 2 162 240 30 2
w8a 6 248 140 25 1
END
}

# gradwire_seconds ROUNDS WORD...: processor time, on stdout
gradwire_seconds() {
    local rounds=$1
    shift
    cpu "$gradwire" run "$work/bench.ini" "rounds=$rounds" "$@" -o "$work/bench.h5" --force --threads 1 --quiet
}

# pass NAME ROUNDS_A_PASS PASSES WORD...: appends to $work/NAME the seconds of a pass
pass() {
    local name=$1 a_pass=$2 passes=$3 short long
    shift 3
    short=$(gradwire_seconds $((2 * a_pass)) "$@") && long=$(gradwire_seconds $((passes * a_pass)) "$@") || return 1
    awk -v s="$short" -v l="$long" -v n=$((passes - 2)) 'BEGIN { print (l - s) * 1000 / n }' >>"$work/$name"
}

# once DATASET K BATCH PASSES CSR_PASSES DENSE_PASSES
once() {
    local method a_pass words out path
    while read -r method a_pass words; do
        # shellcheck disable=SC2086 # words is a list
        pass "$method.$1" "$a_pass" "$4" "dataset=$1" "k=$2" "method=$method" "record=every 1000000000" ${words//BATCH/$3} || return 1
    done < <(methods)
    pass "watched.$1" 10 $(($4 / 4)) "dataset=$1" "k=$2" method=q-rr stepsize=0.02 "record=every 1" || return 1
    [ $have_scipy = yes ] || return 0
    path=$("$gradwire" data "$1" --path)
    out=$("${peer[@]}" "$path" --k "$2" --epochs "$5") && awk '{ print $1 * 1000 }' <<<"$out" >>"$work/csr.$1" || return 1
    out=$("${peer[@]}" "$path" --k "$2" --epochs "$6" --form dense) && awk '{ print $1 * 1000 }' <<<"$out" >>"$work/dense.$1"
}

found=()
while read -r name rest; do
    if ! "$gradwire" data "$name" --path >/dev/null 2>&1; then
        echo "$name: not here"
        continue
    fi
    found+=("$name")
    # shellcheck disable=SC2086 # rest is a list
    for ((i = 0; i < repeats; i++)); do once "$name" $rest || exit 1; done
done < <(datasets)
[ ${#found[@]} -gt 0 ] || { echo "none of these data sets is here; \`gradwire data mushrooms\` says why"; exit 1; }

echo "a pass through the data, n = 20, ten steps, Rand-K with K = floor(0.02 d), one thread; ms, median of $repeats in turn"
printf '%-14s' method
printf '%12s' "${found[@]}"
echo
while read -r method _; do
    printf '%-14s' "$method"
    for name in "${found[@]}"; do
        ms=$(median "$work/$method.$name")
        printf '%12.3f' "$ms"
        line 'data pass' "$method, $name" ms "$work/$method.$name"
    done
    echo
done < <(methods)
if [ $have_scipy = yes ]; then
    cat <<'END'

Q-RR beside numpy and scipy.  CSR: every block a prebuilt sparse matrix.  Dense: dense arrays, and f after every step, which is what the
released scripts do; gradwire with f (and |grad f|^2) after every step is on the right.  Ratios: median of the repeats' ratios
END
    printf '%-10s %9s %10s %6s %10s %6s %14s %6s\n' dataset gradwire CSR ratio dense ratio 'gradwire, f' ratio
    for name in "${found[@]}"; do
        printf '%-10s %9.3f %10.2f %6.0f %10.1f %6.0f %14.3f %6.0f\n' "$name" "$(median "$work/q-rr.$name")" \
            "$(median "$work/csr.$name")" "$(ratio "$work/csr.$name" "$work/q-rr.$name")" \
            "$(median "$work/dense.$name")" "$(ratio "$work/dense.$name" "$work/q-rr.$name")" \
            "$(median "$work/watched.$name")" "$(ratio "$work/dense.$name" "$work/watched.$name")"
        for what in csr dense; do line "Q-RR data pass, scipy, $what" "$name" ms "$work/$what.$name" "$(ratio "$work/$what.$name" "$work/q-rr.$name")"; done
        line 'Q-RR data pass with f after every step' "$name" ms "$work/watched.$name"
    done
fi
