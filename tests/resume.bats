#!/usr/bin/env bats
# gradwire resume: whatever stopped a run and however often, the file ends with the bytes of a run that never stopped.
bats_require_minimum_version 1.5.0

experiment='[experiment]
dataset = one-hot
rows = 600
clients = 6
problem = marina-loss
rounds = 8000
seed = 1..2
record = every 20
[curve]
method = marina, dasha
compressor = randk
k = 5
[curve]
method = ef21
compressor = topk
k = 2
[curve]
method = agd'

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}" GRADWIRE_OFFLINE=1
    cd "$BATS_FILE_TMPDIR" || exit 1
    printf '%s\n' "$experiment" >x.ini
    # How long it takes here and now, in milliseconds, and a program that has hardly anything to do: the moments to stop it are parts
    # of what lies between.
    local begun=$EPOCHREALTIME
    "$GRADWIRE" run x.ini --dry-run >dry
    export START=$(((${EPOCHREALTIME//[.,]/} - ${begun//[.,]/}) / 1000))
    begun=$EPOCHREALTIME
    "$GRADWIRE" run x.ini -q -o whole.h5 -t 2
    export WHOLE=$(((${EPOCHREALTIME//[.,]/} - ${begun//[.,]/}) / 1000))
    "$GRADWIRE" run x.ini -q -o short.h5 rounds=20
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || exit 1
    cp "$BATS_FILE_TMPDIR"/{x.ini,whole.h5,short.h5} .
}

teardown() {
    [ -z "${running-}" ] || kill -KILL "$running" 2>/dev/null || true
}

is_one_line() {
    [ -z "$output" ] || { echo "printed: $output"; false; }
    [[ "$stderr" == "gradwire: $1"* && "$stderr" == *"${2-}"* ]] || { echo "not \"gradwire: $1...${2-}...\": $stderr"; false; }
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] || { echo "more than a line: $stderr"; false; }
}

# start COMMAND ...: in the background, its messages in err; stop SIGNAL PERCENT|now: sends it after such a part of the time that all
# takes; status in $left
start() {
    "$GRADWIRE" "$@" >/dev/null 2>err </dev/null 3>&- &
    running=$!
}
stop() {
    local wait=0
    [ "$2" = now ] || wait=$((START + (WHOLE - START) * $2 / 100))
    sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
    kill -"$1" "$running" 2>/dev/null || true
    left=0
    wait "$running" || left=$?
    running=
}
wait_for_file() {
    for _ in {1..3000}; do
        [ -e "$1" ] && return
        sleep 0.01
    done
    echo "no $1 after 30 s"
    false
}

@test "SIGINT at several moments: status 1, one line that says how to go on, the same bytes" {
    local interrupted=0
    for percent in 1 8 15 30 50; do
        rm -f out.h5
        start run x.ini -q -o out.h5 -t 2
        stop INT $percent
        if [ "$left" -eq 130 ]; then # before the first round: nothing is there, nothing is written
            [ ! -e out.h5 ]
            continue
        fi
        [ "$left" -eq 1 ] || [ "$left" -eq 0 ]
        if [ "$left" -eq 1 ]; then
            interrupted=$((interrupted + 1))
            [[ "$(cat err)" == "gradwire: interrupted with "*" of 8 runs unfinished; go on with: gradwire resume out.h5" ]]
            [ "$(wc -l <err)" -eq 1 ]
            run -1 cmp -s out.h5 whole.h5
            run -0 "$GRADWIRE" show out.h5
            [[ "$output" == *interrupted* ]]
        fi
        run -0 --separate-stderr "$GRADWIRE" resume out.h5 -t 3
        [ "$output" = "out.h5: 8 runs done" ]
        cmp out.h5 whole.h5
    done
    [ "$interrupted" -ge 1 ]
    [ "$(ls | wc -l)" -eq 5 ] # no temporary file is left
}

@test "SIGINT in the middle of resuming, again and again; SIGTERM as SIGINT" {
    start run x.ini -q -o out.h5 -t 1
    stop TERM 8
    [ "$left" -eq 1 ]
    local times=0 name=INT
    for _ in {1..30}; do
        start resume out.h5 -q -t $((times % 3 + 1))
        stop $name 7
        case $left in
        0) break ;;
        1) times=$((times + 1)) ;;
        143 | 130) ;; # before it began: the file is as it was
        *) false ;;
        esac
        [ $name = INT ] && name=TERM || name=INT
    done
    [ "$times" -ge 1 ]
    run -0 "$GRADWIRE" resume out.h5 -q
    cmp out.h5 whole.h5
}

@test "SIGKILL at several moments: the last commit is whole, and goes on to the same bytes" {
    local killed=0
    for percent in 0 5 10 20 40; do
        rm -f out.h5*
        start run x.ini -q -o out.h5 --commit 0 -t 2
        wait_for_file out.h5
        stop KILL $percent
        [ "$left" -eq 137 ] || [ "$left" -eq 0 ]
        [ "$left" -eq 137 ] && killed=$((killed + 1))
        run -0 "$GRADWIRE" show out.h5
        run -0 "$GRADWIRE" resume out.h5 -q
        cmp out.h5 whole.h5
    done
    [ "$killed" -ge 1 ]
}

@test "SIGKILL again and again until it is done" {
    local killed=0
    start run x.ini -q -o out.h5 --commit 0 -t 1
    wait_for_file out.h5
    stop KILL 6
    [ "$left" -eq 137 ]
    for _ in {1..40}; do
        start resume out.h5 -q --commit 0 -t 2
        stop KILL 12
        [ "$left" -eq 0 ] && break
        [ "$left" -eq 137 ]
        killed=$((killed + 1))
    done
    [ "$killed" -ge 1 ]
    run -0 "$GRADWIRE" resume out.h5 -q
    cmp out.h5 whole.h5
}

# One run alone is written without a copy of it.
@test "one run, interrupted, killed and resumed as it goes" {
    local interrupted=0 killed=0 signal
    sed '/^seed/d; /^\[curve\]/,$d' x.ini >one.ini
    printf '%s\n' '[curve]' 'method = dasha' 'compressor = randk' 'k = 5' 'rounds = 10000' >>one.ini
    "$GRADWIRE" run one.ini -q -o one.h5 -t 1
    for signal in INT KILL TERM; do
        rm -f out.h5
        start run one.ini -q -o out.h5 --commit 0 -t 1
        wait_for_file out.h5
        for _ in {1..6}; do
            stop $signal 3
            case $left in
            0) break ;;
            1) interrupted=$((interrupted + 1)) ;;
            137) killed=$((killed + 1)) ;;
            130 | 143) ;; # before it began: the file is as it was
            *) false ;;
            esac
            run -0 "$GRADWIRE" show out.h5
            start resume out.h5 -q --commit 0 -t 1
        done
        [ -z "$running" ] || wait "$running"
        running=
        run -0 "$GRADWIRE" resume out.h5 -q
        cmp out.h5 one.h5
    done
    [ "$interrupted" -ge 1 ]
    [ "$killed" -ge 1 ]
}

@test "runs that are all shorter than the time between commits are committed too" {
    [ -z "${GRADWIRE_VALGRIND-}" ] || skip "under valgrind a run takes longer than that time"
    # 600 runs of some ten milliseconds: the file is there long before the last of them.
    start run x.ini -q -o out.h5 --commit 1 -t 1 --lanes 1 rounds=2000 seed=1..150
    wait_for_file out.h5
    stop KILL now
    [ "$left" -eq 137 ]
    run -0 "$GRADWIRE" show out.h5
    [[ "$output" == *done* && "$output" == *interrupted* ]]
}

# Until the process stands still, or is over.
wait_for_stop() {
    for _ in {1..5000}; do
        [[ "$(cat "/proc/$running/stat" 2>/dev/null || echo ') Z ')" == *') '[TZ]' '* ]] && return
        sleep 0.002
    done
    echo "it neither stopped nor ended in 10 s"
    false
}

@test "a second SIGINT does not wait for the round" {
    # A round takes some tenths of a second.  The first signal has been taken when the process stands still, the second is there
    # when it goes on: between them it computes for no longer than two `kill` are apart.
    local dim=20000
    [ -z "${GRADWIRE_VALGRIND-}" ] || dim=700
    printf '[experiment]\nproblem = quadratic\ndim = %d\nclients = 3000\nmethod = gd\nrounds = 400\n' $dim >slow.ini
    for _ in {1..5}; do
        rm -f out.h5
        start run slow.ini -q -o out.h5 --commit 0 -t 1
        wait_for_file out.h5
        { kill -INT "$running" && kill -STOP "$running"; } 2>/dev/null || true
        wait_for_stop
        kill -INT "$running" 2>/dev/null || true
        stop CONT now
        [ "$left" -eq 130 ] && break # by the signal
        [ "$left" -eq 1 ]            # the round was over first
    done
    [ "$left" -eq 130 ]
    [ ! -s err ]
    run -0 "$GRADWIRE" show out.h5
    [[ "$output" == *interrupted* ]]
    # The control: one signal lets it finish the round and say so.
    cp out.h5 old.h5
    start resume out.h5 -q --commit 0 -t 1
    for _ in {1..3000}; do # until a round more is in the file
        cmp -s out.h5 old.h5 || break
        sleep 0.01
    done
    kill -INT "$running"
    kill -STOP "$running"
    wait_for_stop
    stop CONT now
    [ "$left" -eq 1 ]
    [[ "$(cat err)" == "gradwire: interrupted with 1 of 1 runs unfinished; "* ]]
}

@test "a finished file is left as it is, in content and on disk" {
    local before=$(stat -c '%i %y' whole.h5)
    run -0 --separate-stderr "$GRADWIRE" resume whole.h5
    [ "$output" = "whole.h5: 8 runs done" ]
    [ -z "$stderr" ]
    [ "$(stat -c '%i %y' whole.h5)" = "$before" ]
    cmp whole.h5 "$BATS_FILE_TMPDIR/whole.h5"
    printf '[experiment]\nproblem = quadratic\nmethod = gd\nstepsize = 1e30\n' >d.ini
    run -1 "$GRADWIRE" run d.ini -q -o d.h5
    cp d.h5 old.h5
    run -1 "$GRADWIRE" resume d.h5
    cmp d.h5 old.h5
}

@test "what is no result, or damaged" {
    check() {
        local copy=$BATS_TEST_TMPDIR/copy
        cp "$1" "$copy"
        run -2 --separate-stderr "$GRADWIRE" resume "$1"
        is_one_line "$1: " "$2"
        cmp "$1" "$copy"
    }
    check x.ini 'not a gradwire result'
    : >empty.h5
    check empty.h5 'not a gradwire result'
    local size=$(stat -c %s short.h5) at
    for at in 1 7 8 500 $((size / 2)) $((size - 81)) $((size - 1)); do
        head -c $at short.h5 >cut.h5
        check cut.h5 ''
    done
    for at in 0 9 200 $((size / 3)) $((size / 2)) $((size - 82)) $((size - 60)) $((size - 1)); do
        cp short.h5 flip.h5
        byte=$(od -An -tu1 -j $at -N 1 short.h5)
        printf "\\$(printf %o $((byte ^ 4)))" | dd of=flip.h5 bs=1 seek=$at conv=notrunc status=none
        run -1 cmp -s short.h5 flip.h5
        check flip.h5 ''
    done
    run -2 --separate-stderr "$GRADWIRE" resume absent.h5
    is_one_line 'absent.h5: ' 'No such file'
    run -2 --separate-stderr "$GRADWIRE" resume .
    is_one_line '.: ' 'a directory'
    run -2 --separate-stderr "$GRADWIRE" resume
    is_one_line 'resume: a word is missing'
    run -2 --separate-stderr "$GRADWIRE" resume short.h5 rounds=30
    is_one_line 'resume: too many words'
    run -2 --separate-stderr "$GRADWIRE" resume short.h5 --threads 0
    is_one_line 'resume: --threads 0: '
    [ "$(ls | wc -l)" -eq 6 ] # x.ini, three results, two damaged ones
}

@test "other data than it was begun on" {
    awk 'BEGIN { for (i = 0; i < 300; i++) print (i % 3 ? 1 : -1), 1 + i % 5 ":1", 6 + i % 7 ":0." 1 + i % 9 }' >rows.txt
    printf '[experiment]\ndataset = ./rows.txt\nclients = 4\nproblem = logistic\nmethod = diana\ncompressor = randk\nrounds = 60000\n' >own.ini
    "$GRADWIRE" run own.ini -q -o finished.h5 rounds=30
    start run own.ini -q -o out.h5 --commit 0
    wait_for_file out.h5
    stop INT 0
    [ "$left" -eq 1 ]
    cp rows.txt kept.txt
    sed -i '7s/^-1 /1 /' rows.txt
    run -1 cmp -s rows.txt kept.txt
    for file in out.h5 finished.h5; do
        cp $file old.h5
        run -2 --separate-stderr "$GRADWIRE" resume $file
        is_one_line "$file: was begun on other data than "
        cmp $file old.h5
    done
    rm rows.txt
    run -2 --separate-stderr "$GRADWIRE" resume out.h5
    is_one_line "out.h5:" "./rows.txt: No such file"
    cp kept.txt rows.txt
    start resume out.h5 -q
    stop INT 5
    [ "$left" -eq 0 ] || [ "$left" -eq 1 ] || [ "$left" -eq 130 ] # it goes on, or has by then
    run -0 "$GRADWIRE" resume finished.h5 -q
}

@test "a full disk costs nothing that was committed" {
    start run x.ini -q -o out.h5 -t 2
    stop INT 8
    [ "$left" -eq 1 ]
    cp out.h5 old.h5
    run -1 --separate-stderr bash -c 'ulimit -f 16; exec "$GRADWIRE" resume out.h5 -q'
    stderr=${stderr#*; the runs go on$'\n'} # of a commit on the way, where that takes long enough for one
    is_one_line 'out.h5: cannot write: ' 'what was there before is unchanged'
    cmp out.h5 old.h5
    [ "$(ls | wc -l)" -eq 6 ]
    run -0 "$GRADWIRE" resume out.h5 -q
    cmp out.h5 whole.h5
}
