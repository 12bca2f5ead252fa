#!/bin/bash
# check_mutants.sh [quick] - slips in a method or a compressor are noticed by the tests.
#
# tests/mutants/mutate.pl makes the slips, one at a time.  Each is compiled, linked before the library as it is, and tried: first the
# test programs that name the plug-in and take up to SOON seconds, then `gradwire verify` (all digests of results/reference), and
# with FULL=1 the slower programs.  A program that fails, crashes or takes far longer than it should kills the mutant; what the compiler refuses for
# its types is not counted.  tests/mutants/equivalent names the mutants that are no slips, with the reason; an entry that is killed,
# or is no mutant any more, is an error.
#
# GRADWIRE_BUILD: a build with its test programs.  Every EVERY-th mutant from the OFFSET-th is tried; FULL=1: all.  FILES: only
# these sources.  JOBS at a time.  WANTED %: of the mutants, to be killed.  The list of what happened is left in BUILD/mutants/.
# quick: those of tests/mutants/quick, each by the program that it names, and the controls; speaks TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
cd "$root" || exit 2
build=${GRADWIRE_BUILD:-build}
mutate=tests/mutants/mutate.pl
every=${EVERY:-8} offset=${OFFSET:-0}
[ -n "${FULL:-}" ] && every=1 offset=0
soon=${SOON:-4}
wanted=${WANTED:-95}
# Public data sets are not asked for: what kills a mutant is the same everywhere.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD V GRADWIRE_DATA
export LC_ALL=C GRADWIRE_OFFLINE=1 XDG_CACHE_HOME=/dev/null OMP_NUM_THREADS=2

# --- one mutant ------------------------------------------------------------------------------------------------------------------
read -r compile <"$build/flags" || exit 2
libs="$(pkg-config --libs cmocka gsl hdf5 inih libarchive zlib nettle) -lm"
types='-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=discarded-qualifiers -Werror=return-type
       -Werror=implicit-function-declaration -Werror=conversion -Werror=float-conversion'

# compile_mutant SOURCE FILE OBJECT: SOURCE stands in the place of FILE
compile_mutant() {
    # shellcheck disable=SC2086
    $compile -O1 -g0 -I"$(dirname "$2")" $types -c -o "$3" -x c - < <(
        echo "# 1 \"$2\""
        cat "$1"
    ) 2>"$3.said"
}
# All test programs and the program itself as one, so that a mutant is linked once: OUT/base.o is all but the plug-ins.
prepare() {
    local t objects=$out/objects
    [ "$out/base.o" -nt "$build/libgradwire.a" ] || rm -rf "${out:?}/times"
    [ -d "$out/times" ] && [ -z "$(find "$build/tests" -name 'test_*.o' -newer "$out/base.o")" ] && return
    rm -rf "$objects" && mkdir -p "$out/times" "$objects" || return
    {
        echo '#include <string.h>'
        for t in "${tests[@]}" verify; do echo "int main_$t(int, char **);"; done
        echo 'int main(int count, char **word) { char *verify[] = {"gradwire", "verify", "--threads", "1", 0}; (void)count;'
        echo 'if (!strcmp(word[1], "verify")) return main_verify(4, verify);'
        for t in "${tests[@]}"; do echo "if (!strcmp(word[1], \"$t\")) return main_$t(1, word);"; done
        echo 'return 2; }'
    } >"$objects/driver.c"
    "${compile%% *}" -O1 -c -o "$objects/driver.o" "$objects/driver.c" || return
    for t in "${tests[@]}"; do
        objcopy --strip-debug --redefine-sym main="main_$t" --keep-global-symbol="main_$t" "$build/tests/$t.o" "$objects/$t.o" || return
    done
    # shellcheck disable=SC2046
    objcopy --strip-debug --redefine-sym main=main_verify "$build/sim/main.o" "$objects/verify.o" &&
        ld -r -S -o "$out/base.new" "$objects"/*.o "$build"/plugins.o "$build"/datasets/*.o "$build"/sim/problems/*.o \
            $(find "$build/sim" -maxdepth 1 -name '*.o' ! -name main.o ! -name malloc.o) && mv "$out/base.new" "$out/base.o"
}
# link_mutant OBJECT...: leaves $work/program; without an object, the program as it is
link_mutant() {
    # shellcheck disable=SC2086
    ${compile%% *} -fopenmp ${LDFLAGS:-} -Wl,-s -o "$work/program" "$@" "$out/base.o" "$build/libgradwire.a" $libs ${LDLIBS:-} 2>"$work/program.said"
}
# passes NAME SECONDS: of the processor; one that waits for ever is stopped, too
passes() {
    (ulimit -v 16000000 -c 0 -t "$2" && exec timeout --kill-after=2 $((20 * $2)) "$work/program" "$1" </dev/null >"$work/program.out" 2>&1)
}

# --- what may kill it ------------------------------------------------------------------------------------------------------------
# name_programs FILE...: "FILE PROGRAM" for each test program whose source, or a header that it includes, names the plug-in; or that
# tries every one
name_programs() {
    # shellcheck disable=SC2016
    perl -e '
        sub text { open my $in, "<", $_[0] or return ""; local $/; return scalar <$in> }
        for my $test (split " ", shift) {
            my $text = text("tests/$test.c");
            $text .= text("tests/$1") while $text =~ /^#include "([a-z_]*\.h)"/gm && !$seen{$test}{$1}++;
            $said{$test} = $text;
        }
        for my $file (@ARGV) {
            my ($kind, $name) = $file =~ m{(\w+)/(\w+)\.c$};
            $name =~ tr/_/-/;
            my $all = $every{$kind} //= { map { $_ => 1 } grep { $said{$_} =~ /\b$kind\[|every_method\.h/ } keys %said };
            for (sort keys %said) {
                print "$file $_\n" if $all->{$_} || (index($said{$_}, $name) >= 0 && $said{$_} =~ /(?<![\w-])$name(?![\w-])/);
            }
        }' "${tests[*]}" "$@"
}
# time_of PROGRAM: what it takes of the processor as it is, in milliseconds; it has to pass, unless it is slow and takes longer
time_of() {
    local file=$out/times/$1 status TIMEFORMAT='%U %S'
    if [ ! -s "$file" ]; then
        { time passes "$1" $((soon + 1)); } 2>"$work/time"
        status=$?
        case $status in 124 | 137 | 152) echo "$soon 0" >"$work/time" ;; esac # stopped: it was slow
        awk -v soon="$soon" -v status=$status '{ t = 1000 * ($1 + $2) } END { if (status && t < 1000 * soon) exit 1; printf "%d\n", status ? 1e6 : t }' \
            "$work/time" >"$file" || {
            echo "mutants: $1 fails as it is" >&2
            tail -n 5 "$work/program.out" >&2
            rm -f "$file"
            return 1
        }
    fi
    cat "$file"
}

# judge [equivalent]: $work/program; sets who ("" when it survives); killers: how many mutants of this file each program killed
declare -A killers took
attempt() {
    local limit=$((took[$1] * 4 / 1000 + 3))
    passes "$1" $((limit < 300 ? limit : 300)) 2>/dev/null || who=$1
}
judge() {
    local p slow=()
    who=
    while read -r _ _ p; do
        if ((took[$p] > soon * 1000)); then slow+=("$p"); continue; fi
        attempt "$p"
        [ -n "$who" ] && break
    done < <(for p in "${programs[@]}"; do echo "${killers[$p]:-0} ${took[$p]} $p"; done | sort -k1,1nr -k2,2n)
    [ -z "$who" ] && attempt verify
    if [ -z "$who$1" ] && [ -n "${FULL:-}" ]; then
        for p in "${slow[@]+"${slow[@]}"}"; do
            attempt "$p"
            [ -n "$who" ] && break
        done
    fi
    [ -n "$who" ] && killers[$who]=$((${killers[$who]:-0} + 1))
}
ready() { # FILE: programs and their times
    local p
    mapfile -t programs < <(awk -v f="$1" '$1 == f { print $2 }' "$out/programs")
    [ ${#programs[@]} -gt 0 ] || { echo "mutants: no test names $1" >&2; exit 2; }
    for p in "${programs[@]}" verify; do took[$p]=$(time_of "$p") || exit 2; done
}

# entries FILE: blocks of "SOURCE, - old, + new, word: text" as lines with tabs
entries() {
    awk -F '\n' 'function squeeze(s) { gsub(/[ \t]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s }
        /^#/ || /^$/ { next }
        /^- / { old = squeeze(substr($0, 3)); next }
        /^\+( |$)/ { new = squeeze(substr($0, 3)); next }
        /^[a-z]+: / { if (file == "" || old == "") { print "mutants: " FILENAME ":" FNR ": no mutant before this" > "/dev/stderr"; exit 2 }
            print file "\t" old "\t" new "\t" $0; next }
        { file = $0; old = new = "" }' "$1"
}

# --- a worker: all that is to be tried of one file -------------------------------------------------------------------------------
if [ "${1-}" = --file ]; then
    file=$2 out=$3 work=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-mutants.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    result=$out/of/${file//\//+}
    : >"$result.new"
    ready "$file"
    while IFS=$'\t' read -r _ number line kind state old new; do
        $mutate "$file" "$number" >"$work/mutant.c"
        who='' what=refused
        if compile_mutant "$work/mutant.c" "$file" "$work/mutant.o"; then
            if link_mutant "$work/mutant.o"; then judge "${state#-}"; else who=linker; fi
            what=${who:+killed}
            what=${what:-survived}
            [ "$state" = equivalent ] && what=${who:+not-}equivalent
        fi
        printf '%s\t%s\t%s:%s\t%s\t%s\t%s\n' "$what" "${who:--}" "$file" "$line" "$kind" "$old" "$new" >>"$result.new"
    done < <(awk -F '\t' -v f="$file" '$1 == f' "$out/list")
    mv "$result.new" "$result"
    exit 0
fi

out=$build/mutants
mkdir -p "$out/of"
# --- the controls: a comment more changes nothing; a step that does nothing is noticed --------------------------------------------
work=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-mutants.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
tests=() # but test_plugin, which has plug-ins of its own
for t in tests/test_*.c; do [ "$t" != tests/test_plugin.c ] && [ -e "$build/${t%.c}.o" ] && tests+=("$(basename "$t" .c)"); done
prepare || { echo "mutants: the test programs cannot be put together" >&2; exit 2; }
commented() { # FILE: a mutant in a comment only
    { cat "$1"; echo '/* changed */'; } >"$work/mutant.c"
    compile_mutant "$work/mutant.c" "$1" "$work/mutant.o" && link_mutant "$work/mutant.o" && passes verify 60
}
wrecked() { # FILE FUNCTION: its body is gone
    awk -v name="$2" '$0 ~ "^static void " name "\\(" { print; getline; print "{"; skip = 1; next } skip && /^}/ { skip = 0 } !skip' "$1" >"$work/mutant.c"
    ! cmp -s "$work/mutant.c" "$1" && compile_mutant "$work/mutant.c" "$1" "$work/mutant.o" &&
        link_mutant "$work/mutant.o" && ! passes verify 60
}
controls() {
    commented methods/marina.c && commented sim/compressors/randk.c && wrecked methods/marina.c server_step && wrecked sim/compressors/qsgd.c quantise
}

if [ "${1-}" = quick ]; then
    entries tests/mutants/quick >"$work/quick" || exit 2
    echo "1..$(($(wc -l <"$work/quick") + 2))"
    k=2 failed=0
    if controls; then echo "ok 1 - a comment more changes nothing, a step that does nothing is noticed"; else echo "not ok 1 - controls"; failed=1; fi
    as_it_is() {
        local p
        link_mutant || return
        while read -r p; do passes "$p" 60 || { echo "# $p"; return 1; }; done < <(sed 's/.*by: //' "$work/quick" | sort -u)
    }
    if as_it_is; then echo "ok 2 - without a slip all pass"; else echo "not ok 2 - without a slip not all pass"; failed=1; fi
    while IFS=$'\t' read -r file old new by; do
        k=$((k + 1))
        program=${by#by: }
        number=$($mutate "$file" | awk -F '\t' -v o="$old" -v n="$new" '$4 == o && $5 == n { print $1; exit }')
        if [ -z "$number" ]; then
            echo "not ok $k - $file: no such mutant: $new"
        elif $mutate "$file" "$number" >"$work/mutant.c" && compile_mutant "$work/mutant.c" "$file" "$work/mutant.o" &&
            link_mutant "$work/mutant.o" && ! passes "$program" 60; then
            echo "ok $k - $file: $program kills $new"
            continue
        else
            echo "not ok $k - $file: $program lets through $new"
            sed 's/^/# /' "$work"/*.said
        fi
        failed=1
    done <"$work/quick"
    exit $failed
fi

# --- all, or every so many ---------------------------------------------------------------------------------------------------------
controls || { echo "mutants: the controls fail"; exit 1; }
echo "controls: a comment more changes nothing; a step that does nothing is noticed"
entries tests/mutants/equivalent >"$work/equivalent" || exit 2
sources=${FILES:-$(echo methods/*.c sim/compressors/*.c)}
for file in $sources; do $mutate "$file" | sed "s|^|$file\t|"; done |
    awk -F '\t' -v OFS='\t' -v equivalent="$work/equivalent" -v unused="$work/unused" -v all="${FILES:+no}" '
        BEGIN { while ((getline line < equivalent) > 0) { split(line, e, "\t"); count++; file[count] = e[1]; old[count] = e[2]; new[count] = e[3]; at[e[2] "\t" e[3]] = at[e[2] "\t" e[3]] " " count } }
        function is_equivalent(    n, k, list, pattern, found) {
            n = split(at[$5 "\t" $6], list, " ")
            for (k = 1; k <= n; k++) {
                pattern = file[list[k]]
                gsub(/\./, "\\.", pattern); gsub(/\*/, "[^/]*", pattern)
                if ($1 ~ ("^" pattern "$")) found = used[list[k]] = 1
            }
            return found + 0 }
        { print $1, $2, $3, $4, is_equivalent() ? "equivalent" : "-", $5, $6 }
        END { for (k = 1; k <= count; k++) if (!(k in used) && all == "") print file[k] ": " old[k] " => " new[k] > unused }' >"$work/all"
# Of each file every so many, beginning at a place of its own: the same whatever other files there are.
awk -F '\t' -v e="$every" -v o="$offset" '
    BEGIN { for (k = 32; k < 127; k++) code[sprintf("%c", k)] = k }
    $1 != file { file = $1; count = 0; for (k = 1; k <= length(file); k++) count += code[substr(file, k, 1)] }
    count++ % e == o % e' "$work/all" >"$out/list"
echo "$(wc -l <"$work/all") mutants of $(wc -w <<<"$sources") files; $(wc -l <"$out/list") of them now"
rm -f "$out"/of/*
# baselines first, one at a time: what is timed beside others takes longer
link_mutant || exit 2
# shellcheck disable=SC2086
name_programs $sources >"$out/programs" || exit 2
awk '{ print $2 } END { print "verify" }' "$out/programs" | sort -u | while read -r p; do time_of "$p" >/dev/null || exit 2; done || exit 2
cut -f 1 "$out/list" | uniq -c | sort -k1,1nr | awk '{ print $2 }' | xargs -r -I FILE -P "${JOBS:-1}" "$here/check_mutants.sh" --file FILE "$out" || exit 2
cat "$out"/of/* >"$out/results"
failed=0
complain() {
    echo "mutants: $*"
    failed=1
}
if [ -s "$work/unused" ]; then
    sed 's/^/  no such mutant: /' "$work/unused"
    complain "tests/mutants/equivalent names what is no mutant"
fi
awk -F '\t' '$1 == "not-equivalent" { print "  " $3 ": killed by " $2 ": " $6; bad = 1 } END { exit !bad }' "$out/results" && complain "tests/mutants/equivalent names mutants that are killed"
grep '^survived' "$out/results" | awk -F '\t' '{ printf "  survived: %s: %s\n    - %s\n    + %s\n", $3, $4, $5, $6 }'
awk -F '\t' -v wanted="$wanted" '
    { count[$1]++ }
    $1 == "killed" && $2 == "verify" { by_verify++ }
    END {
        tried = count["killed"] + count["survived"]
        if (!tried) { print "none was tried"; exit 1 }
        all = 100 * count["killed"] / tried
        printf "%d refused by the compiler, %d equivalent; of %d others killed %d (%.1f %%): %d (%.1f %%) by a test program, %d by their digests alone; %d survived\n",
            count["refused"], count["equivalent"], tried, count["killed"], all, count["killed"] - by_verify, 100 * (count["killed"] - by_verify) / tried,
            by_verify, count["survived"]
        exit all < wanted }' "$out/results" || complain "fewer than $wanted % were killed"
exit $failed
