#!/bin/bash
# check_memory.sh [quick] - memory that is not there is said, and costs nothing.
#
# In every subcommand the n-th request for memory fails, for every n, from the program as from its libraries, once and from then on.
# Either the outcome is that of a run where nothing failed, byte for byte, or the exit status is 1, the last line says that memory
# was short, and every file holds what it held or what was committed.  quick: some of the stacks from which memory is asked for.
# WHAT="printing data running reading limits": some of these only.
. "$(dirname "$0")/faults/kit.sh"

# What says that memory was short: ours, HDF5's, libgomp's, the system's.
short_of_memory='[Mm]emory|[Aa]llocat|no room|NOSPACE'

# judge CASE NUMBER OUTPUTS: what became of one child
judge() {
    local at=$work/$1/sweep/$2 what="$1: request $2 $times" status said line file kept ok done refused
    read_word "$at.status" status
    read_word "$work/$1/status" done
    struck=$((struck + 1))
    said=
    [ -s "$at.err" ] && said=$(<"$at.err")
    checks=$((checks + 1))
    refused=$(<"$work/$1/err") # what it says when nothing fails
    if [ "$status" = "$done" ] && [ "$said" = "$refused" ]; then
        same "$at.out" "$work/$1/out" || same <(sed "s:$at:here:g" "$at.out") "$work/$1/out" || bad "$what: done, but it prints something else; $(grep struck "$at.log")"
        for file in $3; do same "$at/$file" "$work/$1/whole/$file" || bad "$what: done, but $file is another; $(grep struck "$at.log")"; done
    else
        line=${said##*$'\n'}
        [ "$status" = 1 ] && [[ $line =~ $short_of_memory ]] || bad "$what: status $status: $line; $(grep -m 1 struck "$at.log")"
        [[ $line == gradwire:* || $line == libgomp:* ]] || bad "$what: no message of ours: $line"
        for file in $3; do
            ok=false
            [ ! -e "$work/$1/from/$file" ] && [ ! -e "$at/$file" ] && continue
            for kept in "$work/$1/from/$file" "$work/$1/whole/$file" "$work/$1"/keep/*; do same "$at/$file" "$kept" && ok=true && break; done
            $ok || bad "$what: failed, and $file is neither old nor new"
        done
    fi
    litter_in "$at" && bad "$what: a temporary file is left"
}

# The first two requests from every stack; quick: the first from every twentieth.
different_stacks() { awk '{ if (quick == "true" ? n[$2]++ == 0 && k++ % 20 == 0 : n[$2]++ < 2) print $1 }' quick=$quick "$1" | paste -sd,; }

# memory_case NAME OUTPUTS WORD ...: NAME/from is what the command begins with
memory_case() {
    local name=$1 outputs=$2 times n at
    mkdir -p "$work/$name"/{from,whole,keep}
    cp -r "$work/$name/from/." "$work/$name/whole"
    (cd "$work/$name/whole" && XDG_CACHE_HOME=$PWD INJECT=memory INJECT_STACKS=../stacks INJECT_CLOCK=still INJECT_KEEP=../keep INJECT_LOG=../log \
        faulty "${@:3}" >../out 2>../err)
    echo $? >"$work/$name/status"
    check "$name: done: $(cat "$work/$name/err")" [ ! -s "$work/$name/err" -o "$name" = explain-nothing ]
    sed -i "s:$work/$name/whole:here:g" "$work/$name/out"
    for times in 1 ever; do
        at=1-
        $quick && at=$(different_stacks "$work/$name/stacks")
        [ $times = ever ] && at=$(different_stacks "$work/$name/stacks")
        INJECT=memory INJECT_TIMES=$times INJECT_AT=$at INJECT_CLOCK=still sweep "$name/sweep" "$name/from" "${@:3}"
        for n in $(swept "$name/sweep"); do judge "$name" $n "$outputs"; done
        $quick && break
    done
    rm -rf "${work:?}/$name/sweep"
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

printing() {
    memory_case help '' help
    memory_case manual '' help --man
    memory_case usage '' run --help
    memory_case version '' version
    for kind in '' methods compressors problems datasets figures; do
        mkdir -p list$kind/from
        cp -r "$root/plots" list$kind/from/ 2>/dev/null
        memory_case list$kind '' list $kind
    done
    for name in marina randk logistic one-hot mushrooms experiment plot tune nothing; do memory_case explain-$name '' explain $name; done
}

data() {
    from_with data
    memory_case data '' data ./rows.txt
    memory_case catalogue '' data
    from_with gz 'gzip rows.txt'
    memory_case gz '' data ./rows.txt.gz
    from_with bz2 'bzip2 rows.txt'
    memory_case bz2 '' data ./rows.txt.bz2
}

running() {
    from_with run "$run seed=2"
    memory_case run out.h5 run x.ini $go --commit 0 --force -o out.h5
    from_with dry
    memory_case dry '' run x.ini --dry-run
    from_with optimum
    memory_case optimum out.h5 run x.ini $go -o out.h5 optimum=yes
    from_with resume '(INJECT=write INJECT_AS=kill INJECT_AT=3 INJECT_CLOCK=still faulty run x.ini -q -t 1 --commit 0 -o out.h5); rm -f *.tmp-*' 2>/dev/null
    memory_case resume out.h5 resume out.h5 $go
    from_with tune
    memory_case tune 'out.h5 out-tuned.ini' tune x.ini $go -o out.h5 tune.multipliers=1,2
}

reading() {
    for option in '' --trace --attributes --experiment --csv; do
        from_with show$option "$run"
        memory_case show$option '' show out.h5 $option
    done
    from_with diff "$run -f seed=2 && mv out.h5 b.h5; $run"
    memory_case diff '' diff out.h5 b.h5
    from_with plot "$run"
    memory_case plot 'out.svg' plot out.h5 --format svg
    from_with script "$run"
    memory_case script '' plot out.h5 --script
    from_with verify '"$GRADWIRE" verify --update x.ini >/dev/null'
    memory_case verify '' verify -t 1 x.ini
}

# --- limits that the system sets (ulimit -v): memory for stacks and for threads too ---------------------------------------

# From where the program can be loaded to where it has all it needs.
limits() {
    local kb status said refused=0 done=0 at=limits
    mkdir -p $at
    printf '[experiment]\nproblem = quadratic\ndim = 2000\nclients = 300\nmethod = marina\ncompressor = randk\nrounds = 2\n' >$at/x.ini
    for ((kb = 30000; kb < 2000000; kb += 499)); do
        (ulimit -v $kb && exec "$program" version) >/dev/null 2>&1 || continue
        said=$(ulimit -v $kb && cd $at && exec "$program" run x.ini -q -f -t 2 --parallel clients -o out.h5 2>&1)
        status=$?
        if [ $status = 0 ]; then
            done=$((done + 1))
            [ $done -gt 3 ] && break
        else
            refused=$((refused + 1))
            check "with $kb KiB: status $status: $said" [ $status = 1 ]
            [[ $said =~ $short_of_memory || $said == *'Resource temporarily unavailable'* ]] || bad "with $kb KiB: $said"
        fi
    done
    check "limits: only $refused refused" [ $refused -ge 3 ]
    check "limits: none was enough" [ $done -gt 0 ]
}

# --- controls --------------------------------------------------------------------------------------------------------------------
careless_run() { # it believes that memory is always there, and its libraries do, too
    program=$careless quick=true
    from_with careless
    memory_case careless out.h5 run x.ini $go -o out.h5
}

if $quick; then
    from_with run
    memory_case run out.h5 run x.ini $go -o out.h5
else
    for part in ${WHAT:-printing data running reading limits}; do $part; done
fi
control "a program that believes that memory is there" careless_run
finish check-memory 'refused requests'
