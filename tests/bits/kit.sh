# kit.sh - builds, runs and comparisons of tests/check_bits.sh; sourced by it.
#
# Everything happens in $bits, which check_bits.sh sets: tree/ is a copy of the sources as they are when the check begins, so that all builds are of the same;
# NAME/ is a build of it; reference/ holds the experiments and the digests that are expected.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
in_root() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$root" "$1" ;; esac; }
build=$(in_root "${GRADWIRE_BUILD:-build}")
GRADWIRE=$(in_root "${GRADWIRE:-gradwire}")
jobs=${JOBS:-$(nproc 2>/dev/null || echo 1)}
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD V GRADWIRE_DATA GLIBC_TUNABLES "${!OMP_@}"
export OMP_WAIT_POLICY=passive OMP_DYNAMIC=false GRADWIRE_OFFLINE=1 LC_ALL=C

builds=0 equal=0 files=0 controls=0 failures=0 skips=0
bad() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}
skip() {
    skips=$((skips + 1))
    printf 'skipped: %s\n' "$*"
}
# The CPU has every one of these features.
cpu_has() {
    local feature
    for feature; do grep -qsw "^flags.*[[:space:]]$feature" /proc/cpuinfo || return; done
}

# --- builds ---------------------------------------------------------------------------------------------------------------

copy_sources() { # TO
    mkdir -p "$1/tools" "$1/tests"
    cp -a "$root/Makefile" "$root/sim" "$root/datasets" "$root/methods" "$1/"
    # Methods were looked at when the program was built; once is enough.
    printf '#!/bin/sh\n' >"$1/tools/check_method.sh"
    chmod +x "$1/tools/check_method.sh"
    touch -r "$root/Makefile" "$1/tools/check_method.sh"
}

# compile NAME [MAKE-VARIABLE=VALUE ...]: $bits/NAME/gradwire; its objects stay when there is something in $keep.
compile() {
    local name=$1 out=$bits/$1
    shift
    [ "${tree-}" ] || rm -rf "$out"
    make -C "${tree:-$bits/tree}" --no-print-directory -s -j"$jobs" "BUILD=$out" "$@" "$out/gradwire" >"$out.log" 2>&1 </dev/null && {
        [ -n "${keep-}" ] || find "$out" -mindepth 1 ! -name gradwire -delete
        return
    }
    bad "$name is not built: $(grep -iE 'error|\*\*\*' "$out.log" | head -n 3)"
    return 1
}

# variant NAME FROM CONTROLS [MAKE-VARIABLE=VALUE ...]: the sources with some of controls/*.sed.  FROM, if any, is a build of the
# sources as they are, whose objects are used where nothing changed; those of $slice are compiled anew, with $flags behind the others.
variant() {
    local name=$1 from=$2 script file part tree=$bits/$1.tree out=$bits/$1
    rm -rf "$tree" "$out"
    copy_sources "$tree"
    if [ -n "$from" ]; then
        mkdir -p "$out"
        for part in sim datasets methods flags plugins.c plugins.o plugins.d prefix; do cp -a "$from/$part" "$out/"; done
    fi
    for script in $3; do
        script=$root/tests/bits/controls/$script.sed
        file=$(sed -n '1s/^# \([^:]*\):.*/\1/p' "$script")
        sed -i -f "$script" "$tree/$file"
        [[ $file != *.h ]] || (cd "$tree" && touch $(grep -l "^#include .*\b$(basename "$file")\"" sim/*.c sim/*/*.c)) # the objects are of another folder
        ! cmp -s "$tree/$file" "$root/$file" || { bad "$script: finds nothing to change in $file"; return 1; }
    done
    for file in ${slice-}; do
        (cd "$tree" && eval "$(sed -n 1p "$out/flags") ${flags-}" -w -c -o "$out/${file%.c}.o" "$file") >"$out.log" 2>&1 ||
            { bad "$name: $file is not compiled: $(head -n 3 "$out.log")"; return 1; }
    done
    shift 3
    compile "$name" "$@"
}

# --- the table --------------------------------------------------------------------------------------------------------------

# Minimisers are kept between runs: no build is given those of another.
own_cache() {
    rm -rf "${bits:?}/cache"
    export XDG_CACHE_HOME=$bits/cache
}
experiments=() # names of reference/*.ini; products comes last
header() {
    local e
    printf '%-34s' ''
    for e in "${experiments[@]}"; do printf ' %*s' ${#e} "$e"; done
    printf ' %5s %5s\n' runs files
}

# row NAME FILES COMMAND ...: does the program, as the command begins it, make every digest, and every byte of the FILES (a list of
# experiments) that reference/ holds?
row() {
    local name=$1 wanted=$2 e said runs=0 number same=0 line cells
    shift 2
    builds=$((builds + 1))
    own_cache
    printf -v cells '%-34s' "$name"
    local why=()
    for e in "${experiments[@]}"; do
        if said=$("$@" verify ${threads:+--threads $threads} "$bits/reference/$e.ini" 2>&1) && [[ ${said##*$'\n'} =~ ^([0-9]+)\ runs.*equal ]]; then # an emulator may warn first
            number=${BASH_REMATCH[1]}
            runs=$((runs + number))
        else
            number='!' why+=("$e: $said")
        fi
        printf -v line ' %*s' ${#e} "$number"
        cells+=$line
    done
    for e in $wanted; do
        result_of "$bits/x.h5" "$e" "$@" >/dev/null
        if cmp -s "$bits/x.h5" "$bits/reference/$e.h5"; then same=$((same + 1)); else why+=("$e.h5 differs"); fi
    done
    printf '%s %5d %5d\n' "$cells" $runs $same
    equal=$((equal + runs)) files=$((files + same))
    [ ${#why[@]} = 0 ] || bad "$name: ${why[0]}$([ ${#why[@]} -gt 1 ] && printf '; %s' "${why[@]:1}")"
}

# result_of FILE.h5 EXPERIMENT COMMAND ...: status 1 only says that a run diverged
result_of() {
    local to=$1 e=$2
    shift 2
    rm -f "$to"
    "$@" run -q ${threads:+--threads $threads} ${parallel:+--parallel $parallel} ${lanes:+--lanes $lanes} "$bits/reference/$e.ini" ${shorter-} -o "$to" 2>&1
    [ -s "$to" ]
}

# --- controls ---------------------------------------------------------------------------------------------------------------

# digests_of FOLDER COMMAND ...: FOLDER/*.ini are run, FOLDER/*.digests written
digests_of() {
    local into=$1
    shift
    own_cache
    "$@" verify --update "$into"/*.ini >"$into.said" 2>&1 || { cat "$into.said"; return 1; }
}
folder_of() { # NAME: a copy of the experiments
    rm -rf "${bits:?}/$1.runs"
    mkdir -p "$bits/$1.runs"
    for e in "${experiments[@]}"; do cp "$bits/reference/$e.ini" "$bits/$1.runs/"; done
    printf '%s' "$bits/$1.runs"
}
# differing A B: how many runs of the digests of folder A are otherwise in B, of how many
differing() {
    local e
    for e in "${experiments[@]}"; do
        awk '/^run / { name = $0; if (NR == FNR) order[++n] = name; next }
             NR == FNR { a[name] = a[name] $0; next } { b[name] = b[name] $0 }
             END { for (k = 1; k <= n; k++) bad += a[order[k]] != b[order[k]]; print bad + 0, n + 0 }' "$1/$e.digests" "$2/$e.digests"
    done | awk '{ bad += $1; all += $2 } END { print bad + 0, all + 0 }'
}

# control WHAT FOLDER EXPECTED: the digests of both folders must differ
control() {
    local differ all
    read -r differ all < <(differing "$3" "$2")
    controlled "$1" "$differ of $all runs differ" [ "$differ" -gt 0 ]
}
controlled() { # WHAT SEEN COMMAND ...
    local what=$1 seen=$2
    shift 2
    if "$@"; then
        controls=$((controls + 1))
        printf 'control: %-62s %s\n' "$what" "$seen"
    else
        bad "control: $what: goes unseen ($seen)"
    fi
}
