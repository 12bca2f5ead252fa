# bench_kit.sh - what the shell benches share: where they work, processor time of a command, medians, lines of results/bench.csv.
# Sourced; sets gradwire, repeats, work, csv.
set -u
export LC_ALL=C
gradwire=${GRADWIRE:-./gradwire}
repeats=${REPEATS:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-bench.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
csv=${GRADWIRE_BENCH:-results/bench.csv}
mkdir -p "$(dirname "$csv")"
have_scipy=yes
/usr/bin/python3 -c 'import scipy' 2>/dev/null || have_scipy=no

# cpu COMMAND...: user and system seconds that it takes, on stdout; what it says is shown if it fails
cpu() {
    local TIMEFORMAT='%U %S' spent
    spent=$( { time "$@" >"$work/log" 2>&1; } 2>&1) || { cat "$work/log" >&2; return 1; }
    awk '{ print $1 + $2 }' <<<"$spent"
}
# wall COMMAND...: seconds by the clock
wall() {
    local from=$EPOCHREALTIME
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.6f\n", to - from }'
}

# The files below hold one number a line, one line a repeat.
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
least() { sort -g "$1" | head -n 1; }
# ratio A B: median of the repeats' ratios a/b
ratio() {
    paste "$1" "$2" | awk '{ print $1 / $2 }' >"$work/ratios"
    median "$work/ratios"
}
# line BENCH CASE UNIT FILE [RATIO]: appends to results/bench.csv
line() { printf '%s,%s,%s,%s,%s,%s\n' "$1" "$2" "$3" "$(least "$4")" "$(median "$4")" "${5:-}" >>"$csv"; }
