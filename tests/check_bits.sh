#!/bin/bash
# check_bits.sh [quick] - the same bits from every compiler, at every -O level, on every CPU, with any number of threads.
#
# All runs of results/reference/ and of tests/bits/products.ini (every method with every compressor on every problem) are made by
# every build: their digests must be those of results/reference/, and the result files the same byte for byte; nothing of a file is
# left out.  The controls are builds and experiments whose digests must differ.  quick: the program that is there, and what
# follows from compiling a few of its files otherwise.  GRADWIRE, GRADWIRE_BUILD: the program and its objects; the long form builds
# its own in GRADWIRE_BUILD/bits.  WHAT: some of its parts, threads gcc clang emulated aarch64 controls; all of them if empty.
. "$(dirname "$0")/bits/kit.sh"
quick=false parts=' threads gcc clang emulated aarch64 controls ' what=" ${WHAT:-threads gcc clang emulated aarch64 controls} "
for part in $what; do [[ $parts == *" $part "* ]] || { echo "check_bits.sh: WHAT=$part; allowed:$parts" >&2; exit 2; }; done
wanted() { [[ $what == *" $1 "* ]]; }
[ "${1-}" = quick ] && quick=true
if $quick; then
    bits=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-bits.XXXXXX") || exit 2
    trap 'rm -rf "$bits"' EXIT
    trap 'exit 130' INT TERM
else
    bits=$build/bits
    mkdir -p "$bits"
    find "$bits" -mindepth 1 -maxdepth 1 ! -name sysroot -exec rm -rf {} +
    copy_sources "$bits/tree"
fi
begun=$SECONDS
masks='-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD,-AVX2,-FMA,-AVX,-SSE4_2'
engine='sim/real.c sim/vec.c sim/linear.c sim/linear_lanes.c sim/margin.c sim/words.c sim/words_cut.c sim/sell.c sim/sell_lanes.c sim/channel.c sim/measure.c' # what quick compiles at -O0

# --- what is expected: the digests that were recorded; those of the products and the result files by the first build -------------
mkdir -p "$bits/reference"
rm -f "$bits"/reference/*
cp "$root"/results/reference/*.ini "$root"/results/reference/*.digests "$root/tests/bits/products.ini" "$bits/reference/"
for e in "$bits"/reference/*.ini; do
    e=$(basename "$e" .ini)
    [ "$e" = products ] || experiments+=("$e")
done
recorded=("${experiments[@]}")
experiments+=(products)

expect() { # COMMAND ...
    local sum e
    own_cache
    "$@" verify --update "$bits/reference/products.ini" >/dev/null || bad "products cannot be run"
    sum=$(sha256sum <"$bits/reference/products.digests" | cut -c 1-16)
    grep -o 'products.digests:[0-9a-f]*' "$root/results/reference/CHANGES" | tail -n 1 | grep -qx "products.digests:$sum" ||
        bad "products: the digests have the sha256 $sum...; results/reference/CHANGES has another"
    for e in $byte_for_byte; do threads=1 lanes=1 result_of "$bits/reference/$e.h5" "$e" "$@" >/dev/null || bad "$e cannot be run"; done
}

# --- rows that a program makes by itself: threads, and a CPU that seems to have less ---------------------------------------------
threads_of() { # NAME COMMAND ...
    local threads parallel name=$1
    shift
    for parallel in runs clients; do
        for threads in $numbers; do row "$name, $threads threads over $parallel" "$byte_for_byte" "$@"; done
    done
}
lanes_of() { # NAME COMMAND ...
    local lanes name=$1
    shift
    for lanes in $widths; do row "$name, $lanes runs side by side" "$byte_for_byte" "$@"; done
}
masked() { # NAME COMMAND ...
    local name=$1
    shift
    row "$name, no AVX-512 seen" "$byte_for_byte" env GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL "$@"
    row "$name, no AVX, FMA, SSE 4.2" "$byte_for_byte" env "GLIBC_TUNABLES=glibc.cpu.hwcaps=$masks" "$@"
}

# --- controls ---------------------------------------------------------------------------------------------------------------------

# control_build WHAT NAME: a variant that was built
control_build() {
    digests_of "$(folder_of "$2")" "$bits/$2/gradwire" && control "$1" "$bits/$2.runs" "$bits/reference"
}

# The program says which run, column and round is the first to differ; the same is found by hand.
names_the_first() { # NAME of a variant whose digests are in NAME.runs
    local e=logistic said run column round
    own_cache
    said=$("$bits/$1/gradwire" verify "$bits/reference/$e.ini" 2>&1) && return 1
    read -r run column round < <(diff --unchanged-line-format= --old-line-format='%dn %L' --new-line-format= \
        "$bits/reference/$e.digests" "$bits/$1.runs/$e.digests" | awk -v digests="$bits/reference/$e.digests" '
        BEGIN { while ((getline line < digests) > 0) { n++; if (line ~ /^run /) now = n; of[n] = now } }
        !run { run = of[$1] } of[$1] == run && $2 == "column" && !column { column = $3 } of[$1] == run && $2 == "round" && round == "" { round = $3 }
        END { print run, column, round }')
    run=$(sed -n "${run}p" "$bits/reference/$e.digests")
    [[ $said == "gradwire: $bits/reference/$e.ini: $run differs: first column $column, first round $round" ]] || { echo "$said"; return 1; }
}

another_seed() { # COMMAND ...
    local folder e
    folder=$(folder_of seed)
    for e in "$folder"/*.ini; do
        awk '/^\[/ { shared = /experiment/ } shared && /^seed *=/ { next } { print } /^\[experiment/ { print "seed = 77" }' "$e" >"$e.new"
        mv "$e.new" "$e"
    done
    digests_of "$folder" "$@" && control 'another seed' "$folder" "$bits/reference"
}

# A digit of the last run's last row but one.
tampered() { # COMMAND ...
    local folder said
    own_cache
    folder=$(folder_of tampered)
    cp "$bits/reference/sampled.digests" "$folder/"
    awk '{ line[NR] = $0 } /^run / { run = $0 } /^round / { before = last; last = NR }
         END { d = substr(line[before], length(line[before])); sub(/.$/, d == "0" ? "1" : "0", line[before]); for (k = 1; k <= NR; k++) print line[k] }' \
        "$bits/reference/sampled.digests" >"$folder/sampled.digests"
    said=$("$@" verify "$folder/sampled.ini" 2>&1) && return 1
    [[ $said == "gradwire: $folder/sampled.ini: $(grep '^run ' "$folder/sampled.digests" | tail -n 1) differs: no column, first round 110" ]] || {
        echo "$said"
        return 1
    }
}

lanes_matter() { # PROGRAM: with the control lanes_differ
    local e=sampled lanes
    for lanes in 1 8; do threads=1 result_of "$bits/lanes-$lanes.h5" $e "$1" || return; done
    ! cmp -s "$bits/lanes-1.h5" "$bits/lanes-8.h5"
}

threads_matter() { # PROGRAM: with the control order_of_threads
    local e=sampled threads parallel=clients
    for threads in 1 2; do result_of "$bits/threads-$threads.h5" $e "$1" || return; done
    ! cmp -s "$bits/threads-1.h5" "$bits/threads-2.h5"
}

# Functions that are compiled for several CPUs (sim/wide.h) are chosen by what the CPU says itself, not by what glibc is told: only
# another CPU chooses others.  Where just these contract, an emulated CPU without FMA and this one differ.
clones_matter() { # FROM [MAKE-VARIABLE=VALUE ...]
    local from=$1
    shift
    flags=-ffp-contract=fast slice='sim/real.c sim/margin.c sim/linear_lanes.c' variant clones "$from" '' "$@" && contraction_refused clones
    flags=-ffp-contract=fast slice='sim/real.c sim/margin.c sim/linear_lanes.c' variant clones-unsound "$from" unsound "$@" || return
    digests_of "$(folder_of clones)" "$bits/clones-unsound/gradwire" && control 'contraction in the clones for wide vectors' "$bits/clones.runs" "$bits/reference"
    if command -v qemu-x86_64 >/dev/null; then
        digests_of "$(folder_of nehalem)" qemu-x86_64 -cpu Nehalem "$bits/clones-unsound/gradwire" &&
            control 'the same on an emulated Nehalem (so its clones are others)' "$bits/nehalem.runs" "$bits/clones.runs"
    fi
}

# The same program with libm's exp, seeing all of the CPU and less of it.
masks_matter() { # PROGRAM
    if ! cpu_has fma avx2; then
        skip "control of the masks: this CPU has no FMA"
        return
    fi
    digests_of "$(folder_of less)" env "GLIBC_TUNABLES=glibc.cpu.hwcaps=$masks" "$1" &&
        control "libm's exp, FMA masked or not (so masking selects other code)" "$bits/less.runs" "$bits/exp_of_libm.runs"
}

fused() { cpu_has fma avx2 bmi2 || { skip "contraction to FMA: this CPU has none"; return 1; }; }

contraction_refused() { # NAME COMMAND ...
    local name=$1 said status
    shift
    own_cache
    said=$("$@" "$bits/$name/gradwire" verify "$bits/reference/logistic.ini" 2>&1)
    status=$?
    controlled "$name: does not start" 'it says why' [ $status = 1 -a "${said#*does not round}" != "$said" ]
}
# contraction NAME COMMAND ...: of two builds that do not round as they should, NAME and NAME-unsound, the first refuses to run; the
# second, which does not look, has other digests
contraction() {
    local name=$1
    shift
    contraction_refused "$name" "$@"
    digests_of "$(folder_of "$name")" "$@" "$bits/$name-unsound/gradwire" && control "$name: with that refusal taken out" "$bits/$name.runs" "$bits/reference"
}

# controls_of FROM [MAKE-VARIABLE=VALUE ...]: FROM is the build whose objects are used where nothing changed
controls_of() {
    local from=$1
    shift
    variant exp_of_libm "$from" exp_of_libm "$@" && control_build "libm's exp for ours" exp_of_libm && masks_matter "$bits/exp_of_libm/gradwire" &&
        controlled 'verify names the first run, column and round' 'those that diff finds' names_the_first exp_of_libm
    if ! $quick; then
        variant one_bit "$from" one_bit "$@" && control_build 'the last bit of one coefficient of exp' one_bit
    fi
    variant order_of_clients "$from" order_of_clients "$@" && control_build 'another order of clients' order_of_clients
    variant side_by_side "$from" 'order_of_threads lanes_differ' "$@" || return
    controlled 'a sum that the number of threads orders' '1 and 2 threads differ' threads_matter "$bits/side_by_side/gradwire"
    controlled 'a mistake in runs side by side' '1 and 8 of them differ' lanes_matter "$bits/side_by_side/gradwire"
    another_seed "$program"
    controlled 'a digit of a recorded digest is another' 'verify names run and round' tampered "$program"
}

finish() {
    printf '%d builds, %d digests equal, %d files byte for byte, %d controls differed' $builds $equal $files $controls
    [ $skips = 0 ] || printf ', %d skipped' $skips
    [ $failures = 0 ] || printf ', %d FAILED' $failures
    [ "$what" = "$parts" ] || printf ', only%s' "${what% }"
    $quick || printf ' (%d s)' $((SECONDS - begun))
    printf '\n'
    $quick || [ $failures != 0 ] || find "$bits" -mindepth 1 -maxdepth 1 ! -name sysroot -exec rm -rf {} +
    [ $failures = 0 ] && [ $equal -gt 0 ] && { [ $controls -gt 0 ] || ! wanted controls; }
    exit
}

# --- quick: the program that is there, and a few of its files compiled otherwise ---------------------------------------------------
if $quick; then
    program=$GRADWIRE byte_for_byte='feedback sampled' shorter=rounds=6
    cc=$(sed -n '1s/ -I\. .*//p' "$build/flags")
    expect "$program"
    header
    threads=2 parallel=runs lanes=3 row "as built, 2 threads over runs" "$byte_for_byte" "$program"
    threads=7 parallel=clients row "as built, 7 threads over clients" "$byte_for_byte" "$program"
    [ "$(uname -m)" != x86_64 ] || row "as built, no AVX, FMA, SSE 4.2" "$byte_for_byte" env "GLIBC_TUNABLES=glibc.cpu.hwcaps=$masks" "$program"
    slice=$engine flags=-O0 variant O0 "$build" '' "CC=$cc" && row "the engine at -O0" "$byte_for_byte" "$bits/O0/gradwire"
    if fused; then
        for unsound in '' unsound; do
            flags='-march=x86-64-v3 -ffp-contract=fast' slice='sim/real.c sim/vec.c' variant fused${unsound:+-unsound} "$build" "$unsound" "CC=$cc"
        done
        contraction fused
    fi
    controls_of "$build" "CC=$cc"
    finish
fi

# --- all of it ----------------------------------------------------------------------------------------------------------------------
byte_for_byte=${recorded[*]} numbers='1 2 3 4 7 16' widths='1 2 3 4 5 6 7 8 12 64' x86=no
[ "$(uname -m)" = x86_64 ] && x86=yes
compilers=()
wanted gcc && compilers+=(gcc)
if ! wanted clang; then
    :
elif printf '#include <omp.h>\nint main(void) { return omp_get_num_procs() < 1; }\n' | clang -fopenmp -x c -o "$bits/omp" - >"$bits/omp.log" 2>&1; then
    compilers+=(clang)
else
    skip "clang ($(command -v clang >/dev/null && echo "it has no OpenMP" || echo "it is not here"))"
fi
# What a CPU must have to run a level.
declare -A level=([x86-64]='sse2' [x86-64-v2]='sse4_2 popcnt' [x86-64-v3]='avx2 bmi2 fma' [x86-64-v4]='avx512f avx512bw avx512cd avx512dq avx512vl')
keep=yes compile default CC=gcc OPT=-O3 || finish
program=$bits/default/gradwire
expect "$program"
header
row "gcc -O3" "$byte_for_byte" "$program"
if wanted threads; then
    threads_of "gcc -O3" "$program"
    lanes_of "gcc -O3" "$program"
    [ $x86 = no ] || masked "gcc -O3" "$program"
fi

for cc in "${compilers[@]}"; do
    for opt in -O0 -O2 -O3; do
        for march in x86-64 x86-64-v2 x86-64-v3 x86-64-v4; do
            name=$cc$opt-$march
            if [ $x86 = no ] || ! cpu_has ${level[$march]}; then
                skip "$cc $opt -march=$march (this CPU cannot run it)"
            elif compile "$name" "CC=$cc" "OPT=$opt -march=$march"; then
                row "$cc $opt $march" "$byte_for_byte" "$bits/$name/gradwire"
            fi
        done
    done
done
if wanted gcc; then
    [ $x86 = no ] || { compile gcc-narrow CC=gcc 'OPT=-O3 -DGRADWIRE_NARROW' && row "gcc -O3, no clones" "$byte_for_byte" "$bits/gcc-narrow/gradwire"; }
    compile gcc-lto CC=gcc 'OPT=-O3 -flto' AR=gcc-ar && row "gcc -O3 -flto" "$byte_for_byte" "$bits/gcc-lto/gradwire"
fi
clang=$bits/clang-O3-x86-64/gradwire
if [ -x "$clang" ]; then # its OpenMP is another one
    numbers='1 3 16' threads_of "clang -O3" "$clang"
    masked "clang -O3" "$clang"
fi

# --- other CPUs, by qemu: its floating point is another implementation of IEEE 754 -----------------------------------------------------
if ! wanted emulated; then
    :
elif ! command -v qemu-x86_64 >/dev/null; then
    skip "emulated x86-64 CPUs (qemu-x86_64 is not here)"
elif [ $x86 = yes ]; then
    for cpu in Nehalem Haswell; do row "gcc -O3, emulated $cpu" "logistic sampled" qemu-x86_64 -cpu $cpu "$program"; done
    [ ! -x "$bits/gcc-O3-x86-64-v3/gradwire" ] ||
        row "gcc -O3 x86-64-v3, emulated max" logistic qemu-x86_64 -cpu max "$bits/gcc-O3-x86-64-v3/gradwire"
fi

sysroot=$bits/sysroot arm=(qemu-aarch64 -L "$bits/sysroot")
cross() { # compile or variant, with their words
    PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot \
        "$@" "CC=aarch64-linux-gnu-gcc --sysroot=$sysroot" AR=aarch64-linux-gnu-ar PKGS='gsl hdf5-serial inih libarchive zlib nettle'
}
contracting='-std=c11 -ffp-contract=fast -fno-trapping-math -fno-math-errno'
if ! wanted aarch64; then
    :
elif ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
    skip "aarch64 (aarch64-linux-gnu-gcc or qemu-aarch64 is not here)"
elif ! why=$("$root/tests/bits/sysroot.sh" "$sysroot"); then
    skip "aarch64 ($why)"
else
    for opt in -O0 -O2 -O3; do
        keep=$opt cross compile "aarch64$opt" "OPT=$opt" && row "aarch64 gcc $opt" "$byte_for_byte" "${arm[@]}" "$bits/aarch64$opt/gradwire"
    done
    threads=7 parallel=runs row "aarch64 gcc -O3, 7 threads" "$byte_for_byte" "${arm[@]}" "$bits/aarch64-O3/gradwire"
    keep=yes cross variant aarch64-fused '' '' "EXACT=$contracting" &&
        cross variant aarch64-fused-unsound "$bits/aarch64-fused" unsound "EXACT=$contracting"
    contraction aarch64-fused "${arm[@]}"
    cross variant aarch64-nan "$bits/aarch64-O3" nan_of_cpu && digests_of "$(folder_of aarch64-nan)" "${arm[@]}" "$bits/aarch64-nan/gradwire" &&
        control 'aarch64: a NaN is as the CPU makes it' "$bits/aarch64-nan.runs" "$bits/reference"
fi

wanted controls || finish
if fused; then
    fused=(CC=gcc 'OPT=-O3 -march=x86-64-v3' "EXACT=$contracting")
    keep=yes variant fused '' '' "${fused[@]}" && variant fused-unsound "$bits/fused" unsound "${fused[@]}"
    contraction fused
    [ $x86 = no ] || clones_matter "$bits/default" CC=gcc OPT=-O3
fi
fast=(CC=gcc OPT=-O3 'EXACT=-std=c11 -ffast-math')
keep=yes variant fast-math '' '' "${fast[@]}" && variant fast-math-unsound "$bits/fast-math" unsound "${fast[@]}"
contraction fast-math
controls_of "$bits/default" CC=gcc OPT=-O3
finish
