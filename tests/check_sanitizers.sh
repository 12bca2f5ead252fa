#!/bin/bash
# check_sanitizers.sh - the test suite as the tools see it that watch memory and threads.
#
#   address    AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer: all test programs and all files for bats that run
#              gradwire, the inputs kept for the fuzzers, and check_io.sh with all its failing calls
#   memcheck   valgrind: the same test programs and files for bats, of the build that users have
#   threads    ThreadSanitizer with LLVM's OpenMP, whose archer tells it what waits for what: all that has several threads, and
#              every method with its runs and with its clients side by side
#
# WHAT="address memcheck threads": some of them only.  The builds go to BUILD/asan and BUILD/tsan.  Each tool must first see mistakes made
# on purpose (tests/faults/sick.c, careless.c, and gradwire without the locks of sim/schedule.c).
data=${GRADWIRE_DATA-}
. "$(dirname "$0")/faults/kit.sh"
build=$(in_root "${GRADWIRE_BUILD:-build}")
export GRADWIRE_OFFLINE OMP_WAIT_POLICY TIMEOUT=${TIMEOUT:-7200}
# Not of gradwire itself: runner.bats and setup.bats are about scripts, install.bats and readme.bats about make, check_cheats.sh about
# the compiler; peer*.bats time numpy.  faults.bats preloads a library of its own and sizes.bats limits the address space, of which
# these tools take terabytes.
ours='cli.bats data.bats plot.bats record.bats refusals.bats resume.bats run.bats tune.bats verify.bats'

# seen PROGRAM WORD ...: for controls; what a tool has seen ends in its own status
seen() { [ "$("$@" >/dev/null 2>&1; echo $?)" != "$marked" ] || bad "$2 was seen"; }

# suite TOOL DIR PROGRAM ...: by the runner of `make test`, with the program DIR/gradwire
suite() {
    local tool=$1 here=$2 passed
    (cd "$root" && unset GRADWIRE_OFFLINE && export ${data:+"GRADWIRE_DATA=$data"} && GRADWIRE=$here/gradwire GRADWIRE_BUILD=$here tests/run.sh "${@:3}") | tee "$work/suite"
    check "$tool: the test suite" [ "${PIPESTATUS[0]}" = 0 ]
    passed=$(sed -n '$s/^\([0-9]*\) passed.*/\1/p' "$work/suite")
    struck=$((struck + passed))
}
programs_in() { find "$1"/tests -maxdepth 1 -name 'test_*' -type f -executable | sort; }
bats_files() { printf "$root/tests/%s\n" "$@"; }

# build_with DIR VARIABLE=VALUE|TARGET ...
build_with() {
    make -s -C "$root" -j"$(nproc)" BUILD="$1" "${@:2}"
    check "$1: builds" [ $? = 0 ]
}

address() {
    local here=$build/asan flags='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' word
    build_with "$here" CC=gcc OPT=-O1 CFLAGS="$flags" LDFLAGS=-static-libasan all test-programs
    marked=66
    export ASAN_OPTIONS=detect_leaks=1:exitcode=66 UBSAN_OPTIONS=print_stacktrace=1:exitcode=66 
    # HDF5 1.10 loses memory of its own over damaged files (test_record_damage: no object of ours is left open)
    echo leak:libhdf5_serial >leaks
    export LSAN_OPTIONS=exitcode=66:suppressions=$PWD/leaks:print_suppressions=0
    gcc -O0 -g -fopenmp $flags -o sick "$root/tests/faults/sick.c"
    for word in lose overstep undefined; do control "AddressSanitizer and its kin: $word" seen ./sick $word; done
    from_small leak
    careless_run() { (cd leak && seen "$here/faults/careless" run x.ini -q -o out.h5; [ $failures = 0 ]) || bad "a leak of the program"; }
    control "LeakSanitizer: what careless.c keeps" careless_run
    suite AddressSanitizer "$here" $(programs_in "$here") "$here"/tests/fuzz/replay_* $(bats_files $ours)
    # Where system calls fail, too: linked in statically the sanitizers leave the first place in the process to another library.
    GRADWIRE=$here/gradwire FAULTS=$here/faults "$root/tests/check_io.sh"
    check "AddressSanitizer where system calls fail" [ $? = 0 ]
    unset ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
}

memcheck() {
    command -v valgrind >/dev/null || { echo 'not checked: valgrind is not here'; return; }
    local here=$work/valgrind file word
    make -s -C "$root" BUILD="$build" test-programs
    check "$build: builds" [ $? = 0 ]
    mkdir -p "$here/tests"
    # As above.
    printf '{\n    hdf5\n    Memcheck:Leak\n    ...\n    obj:*/libhdf5_serial.so*\n}\n' >"$here/suppressed"
    watch() { # PROGRAM FILE
        printf '#!/bin/sh\nOMP_WAIT_POLICY=passive exec %s -q --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --suppressions=%s --error-exitcode=66 --child-silent-after-fork=yes "%s" "$@"\n' \
            "$(command -v valgrind)" "$here/suppressed" "$1" >"$2"
        chmod +x "$2"
    }
    marked=66
    "${CC:-gcc}" -O0 -g -fopenmp -o sick "$root/tests/faults/sick.c"
    watch "$work/sick" "$work/watched"
    for word in lose overstep unset; do control "valgrind: $word" seen ./watched $word; done
    from_small lost
    watch "$careless" "$work/watched"
    careless_run() { (cd lost && seen "$work/watched" run x.ini -q -o out.h5; [ $failures = 0 ]) || bad "a leak of the program"; }
    control "valgrind: what careless.c keeps" careless_run
    watch "$GRADWIRE" "$here/gradwire"
    for file in $(programs_in "$build"); do watch "$file" "$here/tests/${file##*/}"; done
    export GRADWIRE_VALGRIND=yes
    suite valgrind "$here" $(programs_in "$here") $(bats_files $ours)
    unset GRADWIRE_VALGRIND
}

# A gradwire that publishes and commits without its locks.
without_locks() { # DIR
    sed -E 's/omp_(un)?set_lock\(&s->lock\[[a-z]+\]\);/;/' "$root/sim/schedule.c" >"$1/without_locks.c"
    ! cmp -s "$root/sim/schedule.c" "$1/without_locks.c" &&
        (cd "$root" && clang -I. -Isim -D_GNU_SOURCE -DH5_USE_110_API $(pkg-config --cflags hdf5) -std=c11 -ffp-contract=off -O1 -g -fopenmp \
            -fsanitize=thread -o "$1/without_locks" "$1/without_locks.c" "$1/sim/main.o" "$1/libgradwire.a" \
            $(pkg-config --libs gsl hdf5 inih libarchive zlib nettle) -lm)
}

# experiment_with METHOD: y.ini, with participation and batches where it has them, and the compressor that it needs
experiment_with() {
    local chance compressor regime
    for chance in 'r=3 batch=2' 'batch=2' 'r=3' ''; do
        for compressor in 'compressor=randk k=3' 'compressor=topk k=3' 'compressor=topk k=3 server_compressor=topk server.k=2' ''; do
            for regime in '' 'regime=convex' 'stepsize=0.01'; do
                { sed '/^\[curve\]/,$d' x.ini; printf '%s\n' '[curve]' "method=$1" $compressor $chance $regime; } >y.ini
                "$GRADWIRE" run y.ini --dry-run >/dev/null 2>&1 && return
            done
        done
    done
    return 1
}

threads() {
    local here=$build/tsan method how all status file many=()
    if ! clang -O0 -g -fsanitize=thread -fopenmp -o sick "$root/tests/faults/sick.c" 2>/dev/null ||
        ! ARCHER_OPTIONS=verbose=1 ./sick none 2>&1 | grep -q '^Archer detected'; then
        echo 'not checked: threads, as clang with LLVM OpenMP and its archer (libomp-dev) is not here'
        return
    fi
    marked=66
    # A commit holds one lock a run; the runtime's own search for deadlocks ends itself at 64.
    export TSAN_OPTIONS=ignore_noninstrumented_modules=1:detect_deadlocks=0:exitcode=66
    ./sick none
    check "threads that wait for each other: $?" [ $? = 0 ]
    control "ThreadSanitizer: a race" seen ./sick race
    blind() { ARCHER_OPTIONS=enable=0 seen ./sick none; }
    control "ThreadSanitizer without archer: it knows nothing of OpenMP" blind
    for file in $(cd "$root/tests" && grep -l threads test_*.c); do many+=("$here/tests/${file%.c}"); done
    build_with "$here" CC=clang OPT=-O1 CFLAGS=-fsanitize=thread all "${many[@]}"
    from_small tsan
    cd tsan || return
    check "gradwire without locks is built" without_locks "$here"
    locks() { seen "$here/without_locks" run x.ini -q -f -t 4 --commit 0 seed=1..8 rounds=2000 -o out.h5; }
    control "ThreadSanitizer: a commit that does not wait for who publishes" locks
    all=$("$GRADWIRE" list methods | sed -n 's/^  \([a-z][a-z0-9-]*\)  .*/\1/p')
    check "methods are listed" [ "$(wc -l <<<"$all")" -ge 20 ]
    for method in $all; do
        check "threads: $method: an experiment" experiment_with "$method"
        for how in runs clients; do
            "$here/gradwire" run y.ini -q -f -t 4 --commit 0 --parallel $how seed=1..6 rounds=20 -o $how.h5 2>err
            status=$?
            check "threads: $method, over $how: status $status: $(head -n 12 err)" [ $status = 0 ]
            struck=$((struck + 1))
        done
        check "threads: $method: bytes" same runs.h5 clients.h5
    done
    cd "$work" || return
    # Before main() it writes a file of its own, which tests that limit the size of files would spoil.
    mkdir small && printf '#!/bin/sh\nTMPDIR=/dev/null exec "%s" "$@"\n' "$here/gradwire" >small/gradwire && chmod +x small/gradwire
    suite ThreadSanitizer "$work/small" "${many[@]}" $(bats_files run.bats resume.bats tune.bats verify.bats)
    unset TSAN_OPTIONS
}

# from_small NAME: a directory with an experiment
from_small() {
    mkdir -p "$1"
    printf '%s\n' '[experiment]' 'dataset = one-hot' 'rows = 60' 'clients = 5' 'problem = logistic' 'lambda = 0.01' 'rounds = 3' '[curve]' 'method = marina' \
        'compressor = randk' 'k = 3' >"$1/x.ini"
}

for part in ${WHAT:-address memcheck threads}; do $part; done
finish check-sanitizers 'watched tests'
