#!/bin/bash
# check_crash.sh [quick] - SIGKILL costs nothing that was committed.
#
# The program is killed before every call that writes, for every method with all its kinds of rounds, and at random instants.
# Then the result file is absent or exactly what was committed last, `show` and h5dump open it, and `resume`, itself killed
# before every call, ends with the bytes of a run that was never stopped.  The clock stands still, so that there is a commit
# after every round.  WHAT="every_method random_instants commands download": some of these only; INSTANTS=300, SEED.
. "$(dirname "$0")/faults/kit.sh"

h5dump=$(command -v h5dump || true)
opens() { "$GRADWIRE" show "$1" >/dev/null 2>&1 && { [ -z "$h5dump" ] || h5dump -A "$1" >/dev/null 2>&1; }; }
# The rounds of all runs in a file together.
rounds_in() { "$GRADWIRE" show --csv "$1" 2>/dev/null | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "rounds") c = i } NR > 1 { n += $c } END { print n + 0 }'; }
go="-q -t 1 --commit 0"

# --- every call that writes -------------------------------------------------------------------------------------------

# killed SWEEP KEPT: every child but the last was killed, and its out.h5 is what was renamed last, KEPT/1, KEPT/2, ...; with nothing
# renamed it is KEPT/0, what there was before, or absent where that is.  $points: how many children there were.
killed() {
    local n status count last=0
    points=0
    for n in $(swept "$1"); do
        points=$((points + 1)) last=$n
        read_word "$work/$1/$n.status" status
        [ "$status" = 0 ] && continue
        renames_in "$work/$1/$n.log" count
        check "$1/$n: killed, not left with status $status" [ "$status" = 137 ]
        struck=$((struck + 1))
        if [ -e "$work/$2/$count" ]; then
            check "$1/$n: out.h5 is not what was committed as number $count" same "$work/$1/$n/out.h5" "$work/$2/$count"
        else
            check "$1/$n: a result file before the first commit" [ "$count" = 0 -a ! -e "$work/$1/$n/out.h5" ]
        fi
    done
    check "$1: the last child lives" [ "$(cat "$work/$1/$last.status")" = 0 ]
    check "$1: the last child ends with other bytes" same "$work/$1/$last/out.h5" "$work/$2/whole.h5"
}

# goes_on CASE IMAGE: a file with these bytes, and what a killed commit leaves beside it, opens and is resumed to the end.
goes_on() {
    local here=$work/$1/go
    rm -rf "$here"
    mkdir -p "$here"
    cp "$work/$1/keep/$2" "$here/out.h5"
    head -c 3000 "$here/out.h5" >"$here/out.h5.tmp-4000001"
    check "$1: commit $2 does not open" opens "$here/out.h5"
    (cd "$here" && "$program" resume out.h5 -q -t 2)
    check "$1: commit $2 resumed: status" [ $? = 0 ]
    check "$1: commit $2 resumed: other bytes" same "$here/out.h5" "$work/$1/keep/whole.h5"
    # A finished file is not written again, so what lies beside it stays.
    same "$work/$1/keep/$2" "$work/$1/keep/whole.h5" || check "$1: commit $2 resumed: a temporary file is left" not litter_in "$here"
}

# prepare CASE <EXPERIMENT: CASE/from has it, CASE/keep all that was committed and whole.h5; $commits: how often.
prepare() {
    mkdir -p "$work/$1"/{from,keep,plain}
    cat >"$work/$1/from/x.ini"
    cp "$work/$1/from/x.ini" "$work/$1/plain"
    (cd "$work/$1/plain" && INJECT_CLOCK=still INJECT_KEEP=../keep faulty run x.ini $go -o out.h5 &&
        "$GRADWIRE" run x.ini -q -t 2 -o whole.h5 && cp whole.h5 ../keep)
    check "$1: runs" [ $? = 0 ]
    check "$1: commits change the bytes" same "$work/$1/plain/out.h5" "$work/$1/plain/whole.h5"
    commits=$(ls "$work/$1/keep" | grep -c '^[0-9]')
}

kill_runs() { # CASE
    INJECT=disk INJECT_AS=kill INJECT_AT=1- INJECT_CLOCK=still sweep "$1/run" "$1/from" run x.ini $go -o out.h5
    killed "$1/run" "$1/keep"
}

# kill_resumes CASE IMAGE: a resume that goes on from there, killed before every call; it only ever adds rounds.
kill_resumes() {
    local here=$work/$1/resume image rounds before
    rm -rf "$here"
    mkdir -p "$here"/{from,keep,plain}
    cp "$work/$1/keep/$2" "$here/from/out.h5"
    cp "$work/$1/keep/$2" "$here/plain/out.h5"
    (cd "$here/plain" && INJECT_CLOCK=still INJECT_KEEP=../keep faulty resume out.h5 $go)
    check "$1: commit $2 resumed" [ $? = 0 ]
    before=$(rounds_in "$here/from/out.h5")
    for image in $(ls "$here/keep" | sort -n); do
        check "$1: from commit $2: commit $image of resume does not open" opens "$here/keep/$image"
        rounds=$(rounds_in "$here/keep/$image")
        check "$1: from commit $2: commit $image of resume has $rounds rounds after $before" [ "$rounds" -ge "$before" ]
        before=$rounds
    done
    cp "$work/$1/keep/$2" "$here/keep/0"
    cp "$work/$1/keep/whole.h5" "$here/keep"
    INJECT=disk INJECT_AS=kill INJECT_AT=1- INJECT_CLOCK=still sweep "$1/resume/sweep" "$1/resume/from" resume out.h5 $go
    killed "$1/resume/sweep" "$1/resume/keep"
}

# crash_case NAME <EXPERIMENT: the run killed before every call, every commit resumed, some of these killed before every call.
crash_case() {
    local image step=1 some
    prepare "$1"
    check "$1: a commit after every round ($commits)" [ "$commits" -ge "$(rounds_in "$work/$1/plain/whole.h5")" ]
    kill_runs "$1"
    check "$1: few calls ($points) for $commits commits" [ "$points" -gt $((6 * commits)) ]
    $quick && step=5
    for ((image = 1; image <= commits; image += step)); do goes_on "$1" $image; done
    some=$((commits / 3 + 1))
    $quick && some=$((commits - 4))
    for ((image = some; image < commits - 1; image += some)); do kill_resumes "$1" $image; done
    rm -rf "${work:?}/$1"
}

# --- the experiments: every method, with batches, participation, passes through blocks, a compressed broadcast -------------
rounds=5
problem='dataset = one-hot
rows = 60
clients = 5
problem = logistic
lambda = 0.01
record = every 2'

takes() { grep -q "^  $1 " <<<"$explained"; }
# curve LINE ...
curve() { printf '[curve]\nmethod = %s\n' "$method"; printf '%s\n' $compressor $more "$@"; }
experiment_of() {
    local method=$1 explained compressor= need more
    explained=$("$GRADWIRE" explain "$method" | sed -n '/^parameters$/,$p')
    need=$("$GRADWIRE" explain "$method" | sed -n 's/^  compressor  *//p')
    case $need in
    *unbiased*or*contractive* | "an unbiased"*) compressor='compressor=randk k=3' ;;
    *contractive*) compressor='compressor=topk k=3' ;;
    esac
    "$GRADWIRE" explain "$method" | grep -q '^  server_compressor' && compressor+=' server_compressor=topk server.k=2'
    # Some have a theorem for convex problems only, or none for so coarse a compressor.
    for more in '' regime=convex stepsize=0.01; do
        curves >"$work/try.ini"
        "$GRADWIRE" run "$work/try.ini" --dry-run >/dev/null 2>&1 && break
    done
    cat "$work/try.ini"
}
curves() {
    printf '[experiment]\n%s\nrounds = %d\n' "$problem" $rounds
    curve
    takes r && takes batch && curve r=3 batch=2
    $quick && return
    takes batch && curve batch=2
    takes r && curve r=2
    takes order && curve order=once blocks=3
    takes p && curve p=0.4
    true
}
methods() { "$GRADWIRE" list methods | sed -n 's/^  \([a-z][a-z0-9-]*\)  .*/\1/p'; }

# --- other commands that write --------------------------------------------------------------------------------------------

# command_case NAME OUTPUTS AGAIN WORD ...: killed anywhere, each of OUTPUTS is as it was in NAME/from, as it will be, or, where it
# is a result, one that was committed on the way; the command AGAIN then ends with the files of one that was not killed.
command_case() {
    local name=$1 outputs=$2 again=$3 n file status ok kept
    mkdir -p "$work/$name"/{from,whole,keep}
    cp -r "$work/$name/from/." "$work/$name/whole"
    (cd "$work/$name/whole" && XDG_CACHE_HOME=$PWD INJECT_CLOCK=still INJECT_KEEP=../keep faulty "${@:4}" >/dev/null 2>&1)
    check "$name: done" [ $? = 0 ]
    INJECT=disk INJECT_AS=kill INJECT_AT=1- INJECT_CLOCK=still sweep "$name/sweep" "$name/from" "${@:4}"
    for n in $(swept "$name/sweep"); do
        read_word "$work/$name/sweep/$n.status" status
        for file in $outputs; do
            ok=false
            for kept in "$work/$name/from/$file" "$work/$name/whole/$file" "$work/$name"/keep/*; do
                same "$work/$name/sweep/$n/$file" "$kept" && ok=true && break
            done
            [ ! -e "$work/$name/from/$file" ] && [ ! -e "$work/$name/sweep/$n/$file" ] && ok=true
            check "$name/$n (status $status): $file is neither old nor new" $ok
        done
        [ "$status" = 0 ] && continue
        struck=$((struck + 1))
        ok=true # a finished file is not written again, so what lies beside it stays
        for file in $outputs; do same "$work/$name/sweep/$n/$file" "$work/$name/whole/$file" || ok=false; done
        (cd "$work/$name/sweep/$n" && XDG_CACHE_HOME=$PWD eval "$again" >../again 2>&1)
        status=$?
        check "$name/$n: $again afterwards: $(cat "$work/$name/sweep/again")" [ $status = 0 ]
        for file in $outputs; do
            check "$name/$n: $again makes another $file" same "$work/$name/sweep/$n/$file" "$work/$name/whole/$file"
        done
        $ok || check "$name/$n: a temporary file is left" not litter_in "$work/$name/sweep/$n"
    done
    check "$name: few calls ($n)" [ "$n" -ge 6 ]
}

small="[experiment]
$problem
rounds = 3
[curve]
method = marina
compressor = randk
k = 3"
# from_with NAME [COMMAND]: the directory a command begins in, with the experiment
from_with() {
    mkdir -p "$work/$1/from"
    printf '%s\n' "$small" >"$work/$1/from/x.ini"
    (cd "$work/$1/from" && eval "${2-}")
}
commands() {
    from_with tune
    command_case tune 'out.h5 out-tuned.ini' 'if [ -e out.h5 ]; then "$GRADWIRE" tune out.h5 -q; else "$GRADWIRE" tune x.ini -q -o out.h5 tune.multipliers=1,2; fi' \
        tune x.ini $go -o out.h5 tune.multipliers=1,2
    from_with plot '"$GRADWIRE" run x.ini -q -o out.h5; echo old >out.svg'
    command_case plot 'out.h5 out.svg out.png' '"$GRADWIRE" plot out.h5' plot out.h5
    from_with update 'echo old >x.digests'
    command_case update x.digests '"$GRADWIRE" verify --update x.ini' verify --update -t 1 x.ini
    from_with optimum
    complete tune tune x.ini -q -t 1 -o out.h5 tune.multipliers=1,2
    complete plot plot out.h5
    complete update verify --update -t 1 x.ini
    complete optimum run x.ini -q -t 1 -o out.h5 optimum=yes
    command_case optimum out.h5 'if [ -e out.h5 ]; then "$GRADWIRE" resume out.h5 -q; else "$GRADWIRE" run x.ini -q -o out.h5 optimum=yes; fi' \
        run x.ini $go -o out.h5 optimum=yes
}
# A data set that is downloaded has its name in the cache only when it is whole.
download() {
    mkdir -p fetch/mirror fetch/from
    awk 'BEGIN { for (i = 0; i < 3089; i++) print i % 3 == 0, "1:" i + 1, "4:0.5" }' >fetch/mirror/svmguide1
    export GRADWIRE_URL_BASE=file://$work/fetch/mirror
    unset GRADWIRE_OFFLINE
    command_case fetch gradwire/svmguide1 '"$GRADWIRE" data svmguide1' data svmguide1
    unset GRADWIRE_URL_BASE
    export GRADWIRE_OFFLINE=1
}

# complete NAME WORD ...: the system counts as many calls that write as were struck; none goes by uncounted
complete() {
    local here=$work/complete counted
    command -v strace >/dev/null || { echo "not checked: that no call of $1 goes by uncounted, as strace is not here"; return; }
    rm -rf "$here" log trace
    cp -r "$work/$1/from" "$here"
    (cd "$here" && XDG_CACHE_HOME=$PWD strace -qq -o ../trace -e trace=?open,openat,?creat,write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,fsync,fdatasync,?rename,renameat,renameat2,ftruncate,truncate,fallocate,?mkdir,mkdirat,?unlink,unlinkat,fchmod,?chmod,fchmodat,?link,linkat,?symlink,symlinkat \
        "$program" "${@:2}" >/dev/null 2>&1)
    rm -rf "$here"
    cp -r "$work/$1/from" "$here"
    (cd "$here" && XDG_CACHE_HOME=$PWD INJECT_LOG=../log faulty "${@:2}" >/dev/null 2>&1)
    counted=$(awk '!/^[a-z]/ || /^write\([12],/ { next } /^(open|openat|creat)\(/ { if (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|^creat/) n["create"]++; next }
        { sub(/\(.*/, ""); sub(/^p?write(64)?$/, "write"); sub(/^fdata/, "f"); sub(/at2?$/, ""); n[$1]++ } END { for (k in n) print "made", k, n[k] }' trace | sort)
    check "$1: the system counts $(echo $counted)" [ "$counted" = "$(grep -E ' (create|write|fsync|rename|ftruncate|mkdir|unlink|fchmod) ' log | sort)" ]
    check "$1: something is written" [ -n "$counted" ]
}

# --- random instants ----------------------------------------------------------------------------------------------------------

# instants COUNT METHOD ...: COUNT times kill -9 after a random time, 2 threads, real clock; then go on from what is there and be
# killed again.  A run that was quicker does not count.
instants() {
    local count=$1 method k last begun took left here=$work/instants killed=0
    mkdir -p "$here/keep"
    {
        printf '[experiment]\n%s\nrounds = 300\n' "$problem"
        for method in "${@:2}"; do experiment_of "$method" | sed '1,/^rounds/d'; done
    } >"$here/x.ini"
    cd "$here" || return
    begun=${EPOCHREALTIME//[.,]/}
    "$GRADWIRE" run x.ini -q -t 2 -o whole.h5
    check "instants: runs" [ $? = 0 ]
    took=$((${EPOCHREALTIME//[.,]/} - begun + 20000))
    RANDOM=${SEED:-20240611}
    rm -f out.h5
    for ((k = 0; killed < count && k < 6 * count; k++)); do
        rm -rf keep log
        mkdir keep
        if [ -e out.h5 ]; then
            cp out.h5 keep/0
            INJECT_KEEP=keep INJECT_LOG=log LD_PRELOAD=$inject "$program" resume out.h5 -q -t 2 --commit 0 &
        else
            INJECT_KEEP=keep INJECT_LOG=log LD_PRELOAD=$inject "$program" run x.ini -q -t 2 --commit 0 -o out.h5 &
        fi
        took_here=$(((RANDOM * 32768 + RANDOM) % took))
        sleep "$(printf '%d.%06d' $((took_here / 1000000)) $((took_here % 1000000)))"
        kill -KILL $! 2>/dev/null
        { wait $!; } 2>/dev/null
        left=$?
        check "instant $k: status $left" [ $left = 137 -o $left = 0 ]
        [ $left = 137 ] && killed=$((killed + 1)) struck=$((struck + 1))
        last=0
        [ -e log ] && renames_in log last
        [ ! -e out.h5 ] && check "instant $k: what was committed is gone" [ $last = 0 -a ! -e keep/0 ] && continue
        check "instant $k: out.h5 does not open" opens out.h5
        # Between a rename and its line in the log is an instant, too: what is there may be newer, never older.
        if [ -e keep/$last ] && ! same out.h5 keep/$last; then
            check "instant $k: out.h5 is older than commit $last" [ "$(rounds_in out.h5)" -ge "$(rounds_in keep/$last)" ]
        fi
        cp out.h5 copy.h5
        "$GRADWIRE" resume copy.h5 -q -t 2
        check "instant $k: resumed: status" [ $? = 0 ]
        check "instant $k: resumed: other bytes" same copy.h5 whole.h5
        same out.h5 whole.h5 && rm -f out.h5 # begin again
    done
    check "instants: only $killed of $count were killed" [ $killed = "$count" ]
    cd "$work" || return
}

# --- controls: each is one thing that could be wrong, and must be seen ------------------------------------------------------------
controls() {
    small_case() {
        prepare "$1" <<<"$small"
        kill_runs "$1"
    }
    torn() { INJECT_TEAR=yes small_case torn; }
    in_place() { program=$careless small_case in-place; }
    older() { # a file that is a commit behind
        prepare older <<<"$small"
        cp older/keep/3 older/keep/2
        kill_runs older
    }
    other() { # a file that goes on to other bytes
        prepare other <<<"${small/rounds = 3/rounds = 3
seed = 2}"
        cp other/keep/2 other/image
        rm -rf other/{from,keep,plain}
        prepare other <<<"$small"
        cp other/image other/keep/2
        goes_on other 2
    }
    control "a file torn by a commit in place" torn
    control "a careless program that writes in place" in_place
    control "a file older than its last commit" older
    control "a run that goes on elsewhere" other
}

every_method() {
    for m in $rows_of_methods; do crash_case "$m" < <(experiment_of "$m"); done
}
random_instants() { instants "${INSTANTS:-300}" $rows_of_methods; }
rows_of_methods=$(methods)
check "methods are listed" [ "$(wc -l <<<"$rows_of_methods")" -ge 20 ]
if $quick; then
    rounds=3
    crash_case fedpaq < <(experiment_of fedpaq)
    from_with update 'echo old >x.digests'
    command_case update x.digests '"$GRADWIRE" verify --update x.ini' verify --update -t 1 x.ini
    instants 6 marina dasha-mvr
else
    for part in ${WHAT:-every_method random_instants commands download}; do $part; done
fi
controls
finish check-crash kills
