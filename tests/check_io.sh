#!/bin/bash
# check_io.sh [quick] - a system call that fails is said, and costs nothing.
#
# Every call that a command makes fails, once and from then on, with every error it can have; writes and reads fall short or are
# interrupted; files change, shrink, grow or vanish while they are read.  Either the outcome is that of a run where nothing failed,
# byte for byte, or the exit status is 1 (2 where a file that is read cannot be opened or is not what it should be), one line names
# the file and the cause, no temporary file is left, and every file holds what it held, or what was committed on the way.
. "$(dirname "$0")/faults/kit.sh"

declare -A errors=(
    [create]='EMFILE EACCES ENOSPC EROFS EINTR' [write]='ENOSPC EIO EDQUOT EINTR short' [fsync]='EIO ENOSPC EINTR'
    [rename]='EACCES EIO' [close]='EIO ENOSPC EINTR' [fchmod]='EIO' [mkdir]='ENOSPC EACCES' [unlink]='EIO' [flock]='ENOLCK'
    [open]='EMFILE EACCES EIO EINTR' [read]='EIO EINTR short' [stat]='EIO EACCES' [opendir]='EMFILE' [access]='EACCES EIO'
    [pipe]='EMFILE' [poll]='EINTR' [spawn]='EAGAIN ENOENT' [wait]='EINTR')
$quick && errors=([create]='ENOSPC' [write]='ENOSPC short' [fsync]='EIO' [rename]='EIO' [close]='EIO' [open]='EIO' [read]='EIO short' [stat]='EIO')
declare -A cause=(
    [EMFILE]='Too many open files' [EACCES]='Permission denied' [ENOSPC]='No space left on device' [EROFS]='Read-only file system'
    [EIO]='Input/output error' [EDQUOT]='Disk quota exceeded' [EAGAIN]='Resource temporarily unavailable' [EINTR]='Interrupted system call'
    [ENOENT]='not in PATH')

# names LINE PATH ...: does the message name one of the files that were struck?  A descriptor that is no file has no name.
names() {
    local path name
    for path in "${@:2}"; do
        name=${path##*/} name=${name%.tmp-[0-9]*}
        [[ -z $name || $1 == *"$name"* ]] && return
    done
    [[ ${2-} == pipe:* && $1 == *gnuplot* ]] || [[ $1 == *": written, but "* ]] # it was the directory that could not be forced to the disk
}

# judge CASE NUMBER OUTPUTS KIND ERROR: what became of one child
judge() {
    local at=$work/$1/sweep/$2 what="$1: $4 number $2: $5 $times" status said line lines struck_files file kept ok done
    read_word "$at.status" status
    said=$(<"$at.err")
    mapfile -t lines <"$at.err"
    mapfile -t struck_files < <(sed -n 's/^struck [^ ]* [^ ]* [^ ]* //p' "$at.log")
    read_word "$work/$1/status" done
    [ ${#struck_files[@]} = 0 ] || struck=$((struck + 1))
    if [ "$status" = "$done" ] && [ -s "$work/$1/err" ] && same "$at.err" "$work/$1/err"; then # refused as ever
        for file in $3; do check "$what: refused, but $file is another" same "$at/$file" "$work/$1/whole/$file"; done
        return
    fi
    ok=true # so far nothing but warnings
    for line in "${lines[@]}"; do # warnings that something will be tried again
        [[ $line == 'gradwire: '*'; the runs go on' ]] || { $ok || bad "$what: more than a line: $said"; ok=false; }
    done
    check "$what: status $status, it says: $said" [ "$status" -le 2 ]
    if [ "$status" = "$done" ] && $ok; then
        for file in $3; do check "$what: done, but $file is another" same "$at/$file" "$work/$1/whole/$file"; done
        check "$what: done, but it prints something else" same <(sed "s:$at:here:g" "$at.out") "$work/$1/out"
    else
        line=${lines[*]: -1}
        # That a file is not there or may not be opened is for the user to mend; anything else is not.
        check "$what: status $status: $line" [ "$status" = 1 -o "$5" = EACCES ]
        [[ $line == 'gradwire: '* ]] || bad "$what: no message of ours: $line"
        check "$what: does not name ${struck_files[*]}: $line" names "$line" "${struck_files[@]}"
        [[ ! -v cause[$5] || $line == *"${cause[$5]}"* ]] || bad "$what: does not say why: $line"
        for file in $3; do
            ok=false
            [ ! -e "$work/$1/from/$file" ] && [ ! -e "$at/$file" ] && ok=true
            for kept in "$work/$1/from/$file" "$work/$1/whole/$file" "$work/$1"/keep/*; do
                $ok && break
                same "$at/$file" "$kept" && ok=true
            done
            check "$what: failed, and $file is neither old nor new" $ok
        done
    fi
    [ "$4" = unlink ] || check "$what: a temporary file is left" not litter_in "$at"
}

# io_case NAME OUTPUTS WORD ...: NAME/from is what the command begins with
io_case() {
    local name=$1 outputs=$2 kind error times n log
    mkdir -p "$work/$name"/{whole,keep}
    cp -r "$work/$name/from/." "$work/$name/whole"
    log=$work/$name/log
    (cd "$work/$name/whole" && XDG_CACHE_HOME=$PWD INJECT_CLOCK=still INJECT_KEEP=../keep INJECT_LOG=$log faulty "${@:3}" >../out 2>../err)
    echo $? >"$work/$name/status"
    check "$name: done: $(cat "$work/$name/err")" [ ! -s "$work/$name/err" -o "$name" = old ]
    sed -i "s:$work/$name/whole:here:g" "$work/$name/out"
    for kind in "${!errors[@]}"; do
        grep -q "^made $kind " "$log" || continue
        for error in ${errors[$kind]}; do
            for times in 1 ever; do
                [ $error = EINTR ] && [ $times = ever ] && times=3
                INJECT=$kind INJECT_AS=$error INJECT_TIMES=$times INJECT_AT=1- INJECT_CLOCK=still sweep "$name/sweep" "$name/from" "${@:3}"
                for n in $(swept "$name/sweep"); do judge "$name" $n "$outputs" $kind $error; done
            done
        done
    done
}

small='[experiment]
dataset = ./rows.txt
clients = 3
problem = logistic
lambda = 0.01
rounds = 3
[curve]
method = marina
compressor = randk
k = 3'
rows() { awk 'BEGIN { for (i = 0; i < 40; i++) print (i % 3 ? 1 : -1), 1 + i % 5 ":1", 6 + i % 7 ":0." 1 + i % 9 }'; }
# from_with NAME [COMMAND]: the directory a command begins in
from_with() {
    mkdir -p "$work/$1/from"
    printf '%s\n' "$small" >"$work/$1/from/x.ini"
    rows >"$work/$1/from/rows.txt"
    (cd "$work/$1/from" && eval "${2-}")
}
go='-q -t 1'
run='"$GRADWIRE" run x.ini -q -o out.h5'

# --- files that change while they are read --------------------------------------------------------------------------------

# change_case NAME FILE WORD ...: FILE shrinks, grows, is rewritten or removed before a read of it; then the outcome is that of
# a file that did not change, or a message that names it.
change_case() {
    local name=$1 file=$2 effect n at said status seen=0
    (cd "$work/$name/from" && INJECT_LOG=../log faulty "${@:3}" >../out 2>../err)
    status=$?
    check "$name: done: $(cat "$work/$name/err")" [ $status = 0 ]
    for effect in shrink grow rewrite vanish; do
        INJECT=read INJECT_AS=$effect INJECT_AT=1- sweep "$name/sweep" "$name/from" "${@:3}"
        for n in $(swept "$name/sweep"); do
            at=$work/$name/sweep/$n
            grep -q "^struck .*/$file\$" "$at.log" || continue # another file
            struck=$((struck + 1))
            read_word "$at.status" status
            said=$(<"$at.err")
            if [ "$status" = 0 ]; then
                check "$name: $file, $effect at read $n: another outcome" same "$at.out" "$work/$name/out"
            else
                seen=$((seen + 1))
                check "$name: $file, $effect at read $n: status $status: $said" [ "$status" -le 2 ]
                [[ $said == 'gradwire: '*"$file"* && $said != *$'\n'* ]] || bad "$name: $file, $effect at read $n: $said"
                [ $effect = vanish ] && bad "$name: $file, removed at read $n, was there to be read: $said"
            fi
        done
    done
    check "$name: none of the changes was seen" [ $seen -gt 0 ]
}

# --- what only a real system does: permissions, a full disk ------------------------------------------------------------------

# said_in LINE WORD ...: one line of ours with these words
said_in() {
    local line=$1 word
    [[ $line == 'gradwire: '* && $line != *$'\n'* ]] || return
    for word in "${@:2}"; do [[ $line == *"$word"* ]] || return; done
}

# A directory in which nothing can be made, asked for by a user whom permissions hold.
read_only() {
    local as=() said
    if [ "$(id -u)" = 0 ]; then
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        "${as[@]}" true 2>/dev/null || { echo 'not checked: a read-only directory, as setpriv (util-linux) is not here'; return; }
    fi
    from_with ro "$run"
    chmod 755 "$work"
    cp "$program" "$work/ro/gradwire"
    cp "$work/ro/from/out.h5" "$work/ro/old.h5"
    chmod 555 "$work/ro/from"
    for words in 'run x.ini -q -o new.h5' 'run x.ini -q --force -o out.h5' 'run x.ini -q' 'tune x.ini -q -o new.h5' 'verify --update x.ini'; do
        said=$(cd "$work/ro/from" && "${as[@]}" "$work/ro/gradwire" $words 2>&1)
        check "ro: $words: status $?" [ $? != 0 ]
        check "ro: $words: $said" said_in "$said" 'Permission denied'
    done
    chmod 755 "$work/ro/from"
    check "ro: something was written" [ "$(ls "$work/ro/from")" = "$(printf 'out.h5\nrows.txt\nx.ini')" ]
    check "ro: the old result changed" same "$work/ro/from/out.h5" "$work/ro/old.h5"
    # It becomes read-only while the runs go on: the last commit decides, and what was committed stays.
    (cd "$work/ro/from" && mkdir later && chmod 777 later && cp x.ini rows.txt later)
    (cd "$work/ro/from/later" && exec "${as[@]}" "$work/ro/gradwire" run x.ini -q --commit 0 -o out.h5 rounds=30000000 2>err) &
    for _ in {1..1000}; do [ -e "$work/ro/from/later/out.h5" ] && break; sleep 0.01; done
    chmod 555 "$work/ro/from/later"
    kill -INT $!
    wait $!
    check "ro: status of a run whose directory was closed" [ $? = 1 ]
    # Which commit failed first, one on the way or the last, is chance.
    check "ro: $(cat "$work/ro/from/later/err")" grep -q '^gradwire: out.h5: cannot write: Permission denied; what was there before is unchanged$' "$work/ro/from/later/err"
    chmod 755 "$work/ro/from/later"
    check "ro: what was committed is gone" "$GRADWIRE" show "$work/ro/from/later/out.h5" >/dev/null
    check "ro: a temporary file is left" not litter_in "$work/ro/from/later"
}

a_directory() {
    local said
    from_with dir 'mkdir out.h5 out.svg data.txt'
    for words in 'run x.ini -q -o out.h5' 'run x.ini -q --force -o out.h5' 'resume out.h5' 'show out.h5' 'diff out.h5 out.h5' 'plot out.h5' \
        'data ./data.txt' 'run x.ini dataset=./data.txt -o y.h5' 'run data.txt'; do
        said=$(cd "$work/dir/from" && "$program" $words 2>&1)
        check "dir: $words" [ $? = 2 ]
        check "dir: $words: $said" said_in "$said" directory
    done
    rmdir "$work/dir/from/out.h5"
    said=$(cd "$work/dir/from" && "$program" run x.ini -q -o out.h5 && "$program" plot out.h5 2>&1)
    check "dir: plot onto a directory" [ $? = 1 ]
    check "dir: plot onto a directory: $said" said_in "$said" out.svg 'Is a directory'
}

# A file system of 64 KiB, in a name space of its own.
full_disk() {
    from_with full "$run; cp out.h5 whole.h5; $run -f seed=2"
    cp "$work/full/from/out.h5" "$work/full/old.h5"
    unshare -rm true 2>/dev/null || { echo 'not checked: a disk that is full, as there are no name spaces here'; return; }
    mkdir "$work/full/disk"
    export program work run
    unshare -rm bash -c '
        mount -t tmpfs -o size=64k none "$work/full/disk" && cd "$work/full/disk" && cp "$work"/full/from/{x.ini,rows.txt,out.h5} . || exit 3
        head -c 100000 /dev/zero >filler 2>/dev/null
        "$program" run x.ini -q --force -o out.h5 2>../err
        echo $? >../status
        ls >../ls
        cp out.h5 ..
        rm filler
        "$program" run x.ini -q --force -o out.h5 && cp out.h5 ../after.h5'
    check "full: a file system of its own" [ $? = 0 ]
    check "full: status" [ "$(cat full/status)" = 1 ]
    check "full: $(cat full/err)" said_in "$(cat full/err)" out.h5 'No space left on device' 'what was there before is unchanged'
    check "full: the old result changed" same full/out.h5 full/old.h5
    check "full: a temporary file is left" [ "$(tr '\n' ' ' <full/ls)" = 'filler out.h5 rows.txt x.ini ' ]
    check "full: with room again" same full/after.h5 full/from/whole.h5
}

# --- all of it --------------------------------------------------------------------------------------------------------------------

from_with run
io_case run out.h5 run x.ini $go -o out.h5
from_with old "$run"
$quick || io_case old out.h5 run x.ini $go -o out.h5 # which is refused
read_only
a_directory
full_disk
if ! $quick; then
    from_with again "$run seed=2"
    io_case again out.h5 run x.ini $go --commit 0 --force -o out.h5
    from_with results
    io_case results results/x.h5 run x.ini $go
    from_with resume 'INJECT=write INJECT_AS=kill INJECT_AT=3 INJECT_CLOCK=still faulty run x.ini -q -t 1 --commit 0 -o out.h5; rm -f *.tmp-*' 2>/dev/null
    io_case resume out.h5 resume out.h5 $go
    from_with optimum
    io_case optimum out.h5 run x.ini $go -o out.h5 optimum=yes
    from_with tune
    io_case tune 'out.h5 out-tuned.ini' tune x.ini $go -o out.h5 tune.multipliers=1,2
    from_with plot "$run; echo old >out.svg"
    io_case plot 'out.h5 out.svg out.png' plot out.h5
    from_with show "$run"
    io_case show out.h5 show out.h5
    from_with diff "$run; cp out.h5 b.h5"
    io_case diff 'out.h5 b.h5' diff out.h5 b.h5
    from_with diff "rm b.h5; $run -f seed=2 && mv out.h5 b.h5; $run"
    io_case diff 'out.h5 b.h5' diff out.h5 b.h5
    from_with update 'echo old >x.digests'
    io_case update x.digests verify --update -t 1 x.ini
    from_with verify '"$GRADWIRE" verify --update x.ini'
    io_case verify x.digests verify -t 1 x.ini
    from_with data
    io_case data rows.txt data ./rows.txt
    from_with gz 'gzip rows.txt'
    io_case gz rows.txt.gz data ./rows.txt.gz
    from_with bz2 'bzip2 rows.txt'
    io_case bz2 rows.txt.bz2 data ./rows.txt.bz2
    for case in data gz bz2; do
        rm -rf "$work/$case"
        from_with $case 'for i in {1..2000}; do cat rows.txt; done >more.txt; mv more.txt rows.txt'
        [ $case = gz ] && gzip $case/from/rows.txt
        [ $case = bz2 ] && bzip2 $case/from/rows.txt
        file=$(cd $case/from && ls rows*)
        change_case $case $file data ./$file
    done
    rm -rf "$work/show"
    from_with show "$run"
    change_case show out.h5 show out.h5
fi

# --- controls ------------------------------------------------------------------------------------------------------------------------
careless_run() { # writes that fail and fall short are believed
    errors=([write]='ENOSPC short')
    program=$careless
    from_with careless
    io_case careless out.h5 run x.ini $go -o out.h5
}
lying_disk() { # a write that was not made and says it was
    errors=([write]='lie')
    from_with lying
    io_case lying out.h5 run x.ini $go -o out.h5
}
control "a program that believes every write" careless_run
control "a disk that loses a write" lying_disk
finish check-io 'failing calls'
