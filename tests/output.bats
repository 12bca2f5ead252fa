#!/usr/bin/env bats
# What is written where one seldom looks: progress on a terminal, CSV that needs quotes, log axes, broken titles, every explanation.
bats_require_minimum_version 1.5.0

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}" GRADWIRE_OFFLINE=1
    cd "$BATS_FILE_TMPDIR" || exit 1
    printf '%s\n' '[experiment]' 'problem = quadratic' 'dim = 20' 'rounds = 1000' 'record = every 10' 'method = gd, marina' \
        'compressor = randk' 'k = 3' 'title = A title that is much longer than what fits on one line of a figure, so it is broken' >p.ini
    "$GRADWIRE" run p.ini -q -o p.h5
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

# script_of WORD...: the script of the figure
script_of() { "$GRADWIRE" plot p.h5 --script "$@"; }
# on_terminal TERM WORD...: what a terminal is sent
on_terminal() {
    local term=$1
    shift
    TERM=$term timeout 60 script -qec "$GRADWIRE $*" typescript </dev/null >/dev/null
    tr -d '\r' <typescript
}

@test "on a terminal the runs that go on are shown, and taken away again" {
    command -v script >/dev/null || skip "script is not here"
    printf '%s\n' '[experiment]' 'problem = quadratic' 'dim = 2000' 'clients = 8' 'rounds = 4000' 'record = every 1000' 'method = gd' \
        'seed = 1..2' >long.ini
    on_terminal xterm run long.ini -t 2 -o long.h5 -f >seen
    cat seen
    grep -Eq '^\[0/2\] gd seed=[12]: round [0-9]+ of 4000, ([0-9.]+ (s|min|h)|\?) left, \|grad f\|\^2 [0-9.e+-]+' seen
    grep -q $'\033\[[12]A\033\[J' seen # up, and what is below is erased
    grep -Eq '\[2/2\] gd seed=[12]: done after 4000 rounds' seen
    # nothing of the kind without a terminal that can, nor with -q, nor into a file
    for how in 'dumb -f' 'xterm -f -q'; do
        on_terminal $how run long.ini -t 2 -o long.h5 >seen || true
        run -1 grep -q -e 'left, |grad' -e $'\033' seen
    done
    "$GRADWIRE" run long.ini -t 2 -o long.h5 -f 2>seen
    run -1 grep -q -e 'left, |grad' -e $'\033' seen
}

@test "CSV quotes what needs it" {
    printf '+1 1:1\n-1 2:1\n' | tee 'a"1' >'a 2'
    printf '%s\n' '[experiment]' 'dataset = ./a"1, ./a 2' 'problem = logistic' 'lambda = 0.1' 'method = gd' 'rounds = 2' 'clients = 2' >q.ini
    "$GRADWIRE" run q.ini -q -o q.h5
    run -0 "$GRADWIRE" show q.h5 --csv
    [[ "${lines[1]}" == '000,"gd dataset=./a""1",done,2,'* ]]
    [[ "${lines[2]}" == '001,gd dataset=./a 2,done,2,'* ]]
}

@test "a logarithmic x axis begins at the first cost above zero" {
    script_of x=rounds,bits logx=yes >log
    script_of x=rounds,bits >plain
    [ "$(grep -c '^set logscale x' log)" -eq 2 ]
    [ "$(grep -c '^set logscale x' plain)" -eq 0 ]
    grep -qxF 'set xrange [10:1000]' log
    grep -qxF 'set xrange [0:1000]' plain
    grep -q "^set xtics ('10^{1}' 1e1 0, '' 2e1 1, .*'10^{2}' 1e2 0, .*'10^{3}' 1e3 0)" log
    # the point at 0 is not drawn, the others are
    [ "$(awk '$1 == "$line_0_0" { on = 1; next } on && /^EOD/ { exit } on' plain | head -n 1 | cut -d ' ' -f 1)" = 0 ]
    [ "$(awk '$1 == "$line_0_0" { on = 1; next } on && /^EOD/ { exit } on' log | awk '!($1 > 0)' | wc -l)" -eq 0 ]
    run -2 --separate-stderr "$GRADWIRE" plot p.h5 --script ymin=-1
    [[ "$stderr" == *"ymin must be > 0 on a logarithmic axis"* ]]
    script_of logy=no ymin=-1 ymax=3 | grep -qxF 'set yrange [-1:3]'
    script_of ymin=1e-3 ymax=10 | grep -qxF 'set yrange [0.001:10]'
}

@test "a long title is broken once, near its middle; a legend stands where it is asked for" {
    script_of >below
    [ "$(grep -c "^set label 'A title\|^set label '.*so it is broken'" below)" -eq 2 ]
    script_of width=2000 | grep -qF "'A title that is much longer than what fits on one line of a figure, so it is broken'"
    script_of legend=right width=900 height=500 >right
    grep -q '^set terminal svg size 900,500 ' right
    grep -q "^set label 'MARINA' at screen 0\.9" right
    grep -q "^set label 'MARINA' at screen 0\.[0-9]*,0\.0" below
    script_of legend=none >none
    run -1 grep -q "'MARINA'" none
    script_of markers=0 >unmarked
    run -1 grep -q 'with points' unmarked
    grep -q 'with points' below
}

@test "axes say what is counted" {
    script_of x=bits,values,oracle,epochs,time y=bits_up clients=max start=uncounted direction=both network=ring >labels
    for label in 'bits sent and received by a client (largest), start free [Mbit]' \
        'values sent and received by a client (largest), start free' 'sample gradients of a client (largest), start free' \
        'passes over the data, start free' 'modelled time [s]: ring all-reduce, 1 ms, 100 Mbit/s'; do
        grep -qF "set xlabel '$label'" labels
    done
    grep -qF "set ylabel 'bits up'" labels
    script_of x=values,bits,oracle direction=down accounting=values32 y=mean_client_grad_norm_sq,dist_sq >labels
    for label in 'values received by a client' 'bits received by a client, 32 a value [kbit]' 'sample gradients of a client'; do
        grep -qF "set xlabel '$label'" labels
    done
    grep -qF "set ylabel 'mean of ‖∇f_{i}(x^{k})‖^{2}'" labels
    run -2 --separate-stderr "$GRADWIRE" plot p.h5 --script x=miles
    [[ "$stderr" == *"x = miles; "*"allowed: "* ]] || { echo "$stderr"; false; }
}

@test "sections and their keys have explanations" {
    for section in experiment plot tune; do
        run -0 "$GRADWIRE" explain $section
        [[ "${lines[0]}" == "$section, "* ]]
        for line in "${lines[@]}"; do [ "${#line}" -le 100 ]; done
    done
    run -0 "$GRADWIRE" explain tune
    for key in parameter multipliers criterion budget level; do [[ "$output" == *$'\n'"  $key "* ]]; done
    for name in a9a rcv1 splice; do # pinned by their sum or not, of two classes
        run -0 "$GRADWIRE" explain $name
        [[ "${lines[0]}" == "$name, a data set"* ]]
    done
}

@test "results of which only one has an array, or a group, differ" {
    "$GRADWIRE" run p.ini -q -o with.h5 && "$GRADWIRE" run p.ini optimum=no -q -o without.h5
    for order in 'with.h5 without.h5' 'without.h5 with.h5'; do
        run -1 --separate-stderr "$GRADWIRE" diff $order
        [[ "$output" == *": array f_gap: only in with.h5"* ]]
        [[ "${lines[-1]}" == "different: "*" differences" ]]
        run -1 --separate-stderr "$GRADWIRE" diff $order --tolerance 0.5
        [[ "$output" == *": array f_gap: only in with.h5"* ]]
    done
    run -0 "$GRADWIRE" diff p.h5 with.h5
    [ "$output" = equal ]
}
