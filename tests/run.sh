#!/bin/bash
# run.sh PROGRAM|FILE.bats ... - run test programs that speak TAP and count what they say.
#
# Ends with "N passed, N failed" (and ", N skipped" if any).  A program also fails as a whole, once, when it is missing, crashes or
# runs out of time, leaves with an error without naming a failed test, prints no plan, fewer or more results than planned, or no
# result at all.  Exit 1 when anything failed or nothing passed.  Two programs at a time; TIMEOUT seconds each.
set -u
jobs=${JOBS:-2}
limit=${TIMEOUT:-150}
[[ $jobs =~ ^[1-9][0-9]*$ ]] || jobs=2
((jobs > 2)) && jobs=2

out=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-tests.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
# Tests neither see nor change what the user has downloaded.
export XDG_CACHE_HOME=$out/cache CMOCKA_MESSAGE_OUTPUT=TAP
mkdir -p "$XDG_CACHE_HOME"
# A test that calls make starts afresh.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD V

# run_one NUMBER PROGRAM: leaves NUMBER.out, NUMBER.err, NUMBER.status, NUMBER.count ("passed failed skipped seconds").
run_one() {
    local base=$out/$1 program=$2 status start=$SECONDS
    local command=("$program")
    [[ $program == *.bats ]] && command=(bats --tap "$program")
    if [[ $program != *.bats && ! -x $program ]]; then
        echo "was not built" >"$base.err"
        : >"$base.out"
        status=127
    else
        timeout --kill-after=5 "$limit" "${command[@]}" >"$base.out" 2>"$base.err" </dev/null
        status=$?
    fi
    judge "$base" "$status" $((SECONDS - start)) >"$base.count"
}

# What the TAP in BASE.out and the exit status amount to.  Why a program failed as a whole goes to BASE.why.
judge() {
    LC_ALL=C awk -v status="$2" -v seconds="$3" -v why="$1.why" -v limit="$limit" '
        /^1\.\.[0-9]+/ { planned += substr($1, 4); plans++ }
        /^(not )?ok( |$)/ {
            if (tolower($0) ~ /# skip/) skipped++
            else if ($1 == "ok") passed++
            else failed++
        }
        function whole(reason) { print reason > why; failed++ }
        END {
            seen = passed + failed + skipped
            if (status == 124 || status == 137) whole("stopped after " limit " s")
            else if (status == 127 && seen == 0) whole("could not be run")
            else if (status > 128) whole("crashed: signal " (status - 128))
            else if (!plans) whole("printed no plan (1..N)")
            else if (seen == 0) whole("ran no test")
            else if (seen != planned) whole("planned " planned " tests and reported " seen)
            else if (status != 0 && !failed) whole("left with status " status " and no failed test")
            else if (status == 0 && failed) whole("left with status 0 after a failed test")
            print passed + 0, failed + 0, skipped + 0, seconds
        }' "$1.out"
}

# Nobody waits for one line per test: one per program, and everything that a failing one said.
show() {
    local name passed failed skipped seconds text
    name=$(basename "$2")
    read -r passed failed skipped seconds <"$out/$1.count"
    text="$passed passed"
    ((failed > 0)) && text+=", $failed FAILED"
    ((skipped > 0)) && text+=", $skipped skipped"
    printf '  %-28s %-36s %3d s\n' "$name" "$text" "$seconds"
}
show_failure() {
    local name
    name=$(basename "$2")
    printf '\n--- %s%s\n' "$name" "$([ -e "$out/$1.why" ] && printf ': %s' "$(cat "$out/$1.why")")"
    # Of a long output only the results that are not ok and what follows each.
    awk '/^ok|^1\.\./ { on = 0 } /^not ok/ && !/# [Ss][Kk][Ii][Pp]/ { on = 1 } on' "$out/$1.out" | head -n 150
    grep -v '^\[ *\(RUN\|OK\|PASSED\)' "$out/$1.err" | tail -n 60
}
show_skips() { # why, each reason once
    cat "$out"/*.out | grep -iE '^(not )?ok.*# skip' | sed -E 's/.*# [Ss][Kk][Ii][Pp] ?(test)?[ :]*//' | sort | uniq -c |
        while read -r n reason; do printf '  skipped %d: %s\n' "$n" "${reason:-without a reason}"; done
}

programs=("$@")
running=0
for i in "${!programs[@]}"; do
    if ((running >= jobs)); then
        wait -n
        running=$((running - 1))
    fi
    { run_one "$i" "${programs[$i]}"; show "$i" "${programs[$i]}"; } &
    running=$((running + 1))
done
wait

passed=0 failed=0 skipped=0
for i in "${!programs[@]}"; do
    p=0 f=1 s=0
    [ -s "$out/$i.count" ] && read -r p f s _ <"$out/$i.count"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    ((f > 0)) && show_failure "$i" "${programs[$i]}"
done
((skipped > 0)) && show_skips
if ((skipped > 0)); then
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
    printf '%d passed, %d failed\n' "$passed" "$failed"
fi
((failed == 0 && passed > 0))
