# kit.sh - what the checks of tests/check_*.sh share; sourced by them.
#
# GRADWIRE: the program; FAULTS: the directory of inject.so and careless (make test-programs builds both).  A check prints
# nothing but what failed, counts itself, and has controls: the same check, of a program or a machine that is bad in the way
# it looks for, must fail.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
in_root() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$root" "$1" ;; esac; }
GRADWIRE=$(in_root "${GRADWIRE:-gradwire}")
FAULTS=$(in_root "${FAULTS:-${GRADWIRE_BUILD:-build}/faults}")
inject=$FAULTS/inject.so careless=$FAULTS/careless
for file in "$GRADWIRE" "$inject" "$careless"; do
    [ -x "$file" ] || { echo "$0: $file is not there; make test-programs builds it" >&2; exit 2; }
done
quick=false
[ "${1-}" = quick ] && quick=true
unset "${!INJECT@}" LD_PRELOAD GRADWIRE_DATA GRADWIRE_URL_BASE
export OMP_WAIT_POLICY=passive GRADWIRE_OFFLINE=1 LC_ALL=C
program=$GRADWIRE

work=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-faults.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export XDG_CACHE_HOME=$work/cache
cd "$work" || exit 2

checks=0 failures=0 controls=0 struck=0 # struck: how many calls were
bad() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}
# check WHAT COMMAND ...: the command must succeed
check() {
    checks=$((checks + 1))
    "${@:2}" || bad "$1"
}
not() { ! "$@"; }
same() { cmp -s "$1" "$2"; }

# control WHAT COMMAND ...: checks that must not all pass; what they say is shown when they do
control() {
    controls=$((controls + 1))
    if (
        failures=0
        "${@:2}"
        [ $failures = 0 ]
    ) >"$work/control" 2>&1; then
        bad "control: $1 goes unseen"
        cat "$work/control"
    elif ! grep -q '^FAILED: ' "$work/control"; then # it failed for another reason
        bad "control: $1"
        cat "$work/control"
    fi
}

# finish NAME STRUCK: what it calls a struck call
finish() {
    printf '%s: %d %s, %d checks, %d failed; %d controls\n' "$1" $struck "$2" $checks $failures $controls
    [ $failures = 0 ] && [ $checks -gt 0 ]
}

# faulty WORD ...: the program with the faults that the INJECT variables in front of it ask for
faulty() { LD_PRELOAD=$inject "$program" "$@"; }

# sweep DIR FROM WORD ...: the program once for every call, in children that work in DIR/1, DIR/2, ..., copies of FROM
sweep() {
    local into=$work/$1 from=$work/$2
    rm -rf "$into"
    mkdir -p "$into"
    INJECT_SWEEP=$into INJECT_FROM=$from LD_PRELOAD=$inject "$program" "${@:3}"
}
# The numbers of a sweep's children, in order.
swept() { (cd "$work/$1" && ls -d -- *.status | sed 's/\.status//' | sort -n); }

# The words of a file that is one line or empty, without starting a program.
read_word() { read -r "$2" <"$1" || true; }
renames_in() { # LOG VARIABLE: how many files had taken their names
    local line n=0
    while read -r line; do [[ $line == renamed* ]] && n=$((n + 1)); done <"$1"
    printf -v "$2" %d $n
}
litter_in() { compgen -G "$1/*.tmp-*" >/dev/null; }
