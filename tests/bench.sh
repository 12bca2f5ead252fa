#!/bin/bash
# bench.sh - the time of one MARINA round (Rand-K, K = 10, n = 5, theory stepsize, one thread) on the data sets that are here:
# gradwire beside the same round in numpy and scipy (tests/peers/marina_scipy.py).
#
# The wall time of a short and of a long run are subtracted, so that start-up, reading and smoothness constants cancel.  The two
# programs take turns, REPEATS times, so that a slow moment of the machine meets both.  Writes results/bench.csv.
set -u
export LC_ALL=C
gradwire=${GRADWIRE:-./gradwire}
repeats=${REPEATS:-5}
peer=(/usr/bin/python3 tests/peers/marina_scipy.py)
work=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-bench.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p results
csv=results/bench.csv

have_peer=yes
/usr/bin/python3 -c 'import scipy' 2>/dev/null || have_peer=no
[ $have_peer = yes ] || echo "python3-scipy is not here: gradwire alone"

# gradwire_seconds DATASET ROUNDS: wall time, on stdout; leaves the gradient norm in $work/norm
gradwire_seconds() {
    local from=$EPOCHREALTIME
    "$gradwire" run "$work/bench.ini" "dataset=$1" "rounds=$2" -o "$work/bench.h5" --force --threads 1 >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; return 1; }
    awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.6f\n", to - from }'
}

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

# one DATASET SHORT LONG PEER_ROUNDS: appends to $work/DATASET "gradwire peer" in seconds per round
one() {
    local short long theirs=nan
    short=$(gradwire_seconds "$1" "$2") && long=$(gradwire_seconds "$1" "$3") || return 1
    [ $have_peer = no ] || theirs=$("${peer[@]}" "$("$gradwire" data "$1" --path)" --rounds "$4") || return 1
    awk -v s="$short" -v l="$long" -v n=$(($3 - $2)) -v theirs="${theirs%% *}" 'BEGIN { print (l - s) / n, theirs }' >>"$work/$1"
}

median='function median(v, n,   i, j, t) {
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}'
row() {
    awk -v name="$1" -v csv="$csv" "$median"'
        { ours[NR] = $1; theirs[NR] = $2; ratio[NR] = $2 / $1 }
        END {
            mo = median(ours, NR); mt = median(theirs, NR); mr = median(ratio, NR)
            peer = theirs[1] != "nan"
            printf "%-12s %9.3f %9.3f", name, ours[1] * 1e3, mo * 1e3
            if (peer) printf " %11.3f %9.3f %8.1f", theirs[1] * 1e3, mt * 1e3, mr
            print ""
            printf "%s,%d,%.9f,%.9f", name, NR, ours[1], mo >> csv
            if (peer) printf ",%.9f,%.9f,%.3f\n", theirs[1], mt, mr >> csv
            else print ",,," >> csv
        }' "$work/$1"
}

echo 'dataset,repeats,gradwire_min_s,gradwire_median_s,scipy_min_s,scipy_median_s,ratio_median' >$csv
echo "one MARINA round, Rand-K with K = 10, n = 5, one thread; ms, $repeats repeats in turn; ratio: median of the repeats' ratios"
printf '%-12s %19s %21s\n%-12s %9s %9s %11s %9s %8s\n' '' gradwire 'numpy/scipy' dataset min median min median ratio
found=0
while read -r name short long theirs; do
    "$gradwire" data "$name" --path >/dev/null 2>&1 || { echo "$name        not here"; continue; }
    for ((i = 0; i < repeats; i++)); do one "$name" "$short" "$long" "$theirs" || exit 1; done
    row "$name"
    found=$((found + 1))
done <<'END'
mushrooms 200 4200 1000
phishing 200 3200 600
a9a 100 1600 400
w8a 100 1100 300
END
[ $found -gt 0 ] || { echo "none of these data sets is here; \`gradwire data mushrooms\` says why"; exit 1; }
echo "written to $csv"
