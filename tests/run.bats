#!/usr/bin/env bats
# gradwire run: what it refuses (one line, status 2, nothing written), what it writes, and that only the experiment decides the bytes.
bats_require_minimum_version 1.5.0

setup() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}" GRADWIRE_OFFLINE=1
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || exit 1
}

head='[experiment]
dataset = one-hot
rows = 60
features = 12
groups = 4
clients = 4
problem = marina-loss
rounds = 8'
good="$head
method = marina
compressor = randk
k = 2"

file() { printf '%s\n' "$2" >"$1"; }

is_one_line() {
    [ -z "$output" ] || { echo "printed: $output"; false; }
    [[ "$stderr" == "gradwire: $1"* && "$stderr" == *"${2-}"* ]] || { echo "not \"gradwire: $1...${2-}...\": $stderr"; false; }
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] || { echo "more than a line: $stderr"; false; }
}

# refused TEXT PLACE NEEDLE [ARGUMENT ...]: x.ini holds TEXT; nothing may change in the directory
refused() {
    local text=$1 place=$2 needle=$3
    shift 3
    file x.ini "$text"
    local before=$(ls -lA --time-style=full-iso . results 2>&1)
    run -2 --separate-stderr "$GRADWIRE" run x.ini "$@"
    is_one_line "$place" "$needle"
    [ "$(ls -lA --time-style=full-iso . results 2>&1)" = "$before" ] || { echo "something was written"; false; }
}

@test "an indented key is refused; a long title is remembered as it is, whatever it holds" {
    refused "$good
  seed = 3" 'x.ini:12: ' 'begin at the left margin'
    refused "$good
  [plot]" 'x.ini:12: ' 'begin at the left margin'
    # Words that would read as a key stand wherever the line might be broken.
    local title="$(printf 'a k = 5 b%.0s ' {1..19})"
    file x.ini "$good
title = $title
  a $title"
    run -0 "$GRADWIRE" run x.ini -q -o a.h5
    "$GRADWIRE" show a.h5 --experiment >again.ini
    [ "$(awk 'length > 198' again.ini)" = "" ]
    run -0 "$GRADWIRE" run again.ini -q -o b.h5
    cmp a.h5 b.h5
    ! grep -q '^ *k = 5' again.ini
}

@test "files that are no experiments" {
    refused '' 'x.ini: ' 'holds no experiment'
    refused '[experiment]' 'x.ini: ' 'holds no experiment'
    refused "$head
rounds = 9" 'x.ini:9: ' 'rounds is given twice; the first is at x.ini:8'
    refused "$head
[cruve]
k = 1" 'x.ini:10: ' 'unknown section [cruve]'
    refused "method = gd" 'x.ini:1: ' 'a key before any section'
    refused "$head
title = $(printf 'a%.0s' {1..300})" 'x.ini:9: ' 'the line has 308 characters; allowed: 198'
    run -2 --separate-stderr "$GRADWIRE" run absent.ini
    is_one_line 'absent.ini: ' 'No such file'
    run -2 --separate-stderr "$GRADWIRE" run .
    is_one_line '.: ' 'Is a directory'
    head -c 20000 /bin/ls >x.ini
    run -2 --separate-stderr "$GRADWIRE" run x.ini
    is_one_line 'x.ini: ' 'plain text'
    run -2 --separate-stderr "$GRADWIRE" run
    is_one_line 'run: a word is missing'
}

@test "names: the nearest is named, and all that are allowed" {
    refused "$head
method = marnia" 'x.ini:9: ' 'unknown method "marnia"; did you mean marina?; allowed: adiana, agd, dasha, '
    refused "$head
method = marina
compressor = rankd" 'x.ini:10: ' 'did you mean randk?'
    refused "${head/marina-loss/marina-los}
method = gd" 'x.ini:7: ' 'unknown problem "marina-los"; did you mean marina-loss?'
    refused "[experiment]
dataset = mushroms
problem = logistic
method = gd" 'x.ini:2: ' "did you mean 'mushrooms'?"
    refused "$head
method = gd
round = 3" 'x.ini:10: ' 'unknown key "round"; did you mean rounds?'
}

@test "keys: nobody's, two plug-ins', missing ones" {
    refused "$head
method = gd
k = 3" 'x.ini:10: ' 'k is a key of none'
    refused "$head
method = marina
compressor = bernoulli
p = 0.3" 'x.ini:11: ' 'p is a key of both the method and the compressor; write method.p or compressor.p'
    run -0 "$GRADWIRE" run x.ini p=0.3 -q --dry-run method=diana
    file x.ini "$head
method = marina
compressor = bernoulli
method.p = 0.25
compressor.p = 0.75"
    run -0 "$GRADWIRE" run x.ini --dry-run
    [[ "$output" == *"p=0.25 (user)"*"p=0.75 (user)"* ]]
    refused "$head" 'x.ini:2: ' 'no method is set'
    refused "[experiment]
method = gd" 'x.ini:2: ' 'no problem is set'
    refused "$head
method = marina" 'x.ini:9: ' 'method marina needs a compressor'
}

@test "values: wrong kinds, out of range, grids that are too large" {
    refused "$good
seed = one" 'x.ini:12: ' 'seed = one; allowed: >= 0'
    refused "$good
gamma = -1" 'x.ini:12: ' 'gamma = -1; allowed: > 0'
    refused "$good
split = random" 'x.ini:12: ' 'split = random; allowed: contiguous, shuffled, sorted'
    refused "$good
record = every 0" 'x.ini:12: ' 'allowed: every N (N >= 1), max N (N >= 2), log'
    refused "$good
seed = 3..1" 'x.ini:12: ' 'is not a range'
    refused "$good
seed = 1, 2," 'x.ini:12: ' 'an empty place in the list'
    refused "$good
seed = 1..2000
gamma = 2^-500..2^500" 'x.ini:12: ' 'the grid has more than 1000000 combinations'
}

@test "parts that do not fit" {
    refused "$good" 'command line: run "marina randk": ' 'allowed: 1 <= k <= 12' k=13
    refused "$head
method = marina
compressor = topk" 'x.ini:10: ' 'needs an unbiased compressor, which topk is not'
    refused "$head
method = ef21
compressor = randk" 'x.ini:10: ' 'needs a contractive compressor, which randk is not'
    refused "$good" 'command line: clients = 61' 'allowed are 1 .. 60' clients=61
    printf '1 1:1\n2 1:2\n3 2:1\n' >three.txt
    refused "[experiment]
dataset = ./three.txt
clients = 2
method = gd
problem = logistic" 'x.ini:2: ' 'more than two values'
}

@test "the command line" {
    refused "$good" 'run: --threads 0: ' '' --threads 0
    refused "$good" 'run: --threads two: ' '' --threads two
    refused "$good" '--parallel x; allowed: auto, runs, clients' '' --parallel x
    refused "$good" 'run: --lanes 65: a whole number from 1 to 64 is needed' '' --lanes 65
    refused "$good" 'run: --commit -1: ' '' --commit -1
    refused "$good" 'run: unknown option --thread' '' --threadz 3
    refused "$good" '"rounds" is not key=value' '' rounds
    refused "$good" 'command line: ' 'rounds = 0; allowed: >= 1' rounds=0
    refused "$good" 'command line: ' 'unknown parameter "xx"; did you mean "x"?' plot.xx=bits
    refused "$good" 'command line: ' 'x = bots; did you mean "bits"?' plot.x=bots
    refused "$good
[plot]
y = f
colour = k
wdth = 3" 'x.ini:15: ' 'did you mean "width"?'
    refused "$good
[plot]
colour = k
y = f, grad" 'x.ini:14: ' 'y = grad; did you mean'
}

@test "where the result goes" {
    refused "$good" '.: is a directory' '' -o .
    refused "$good" '/dev/null: is no regular file' '' -o /dev/null --force
    refused "$good" 'absent/out.h5: cannot write into absent' '' -o absent/out.h5
    refused "$good" '-o: ' '' -o ''
    echo precious >out.h5
    refused "$good" 'out.h5: exists and is not written over' '' -o out.h5
    [ "$(cat out.h5)" = precious ]
    touch results
    refused "$good" 'results/x.h5: results is not a directory' ''
    rm results
    run -0 --separate-stderr "$GRADWIRE" run x.ini
    [ "$output" = "results/x.h5: 1 run done" ]
    [ "$(ls results)" = x.h5 ]
    refused "$good" 'results/x.h5: exists' ''
    run -0 "$GRADWIRE" run x.ini --force -q -o out.h5
    cmp out.h5 results/x.h5
    rm -r results
    refused "$head
method = marnia" 'x.ini:9: ' 'marnia' # results/ is not made for it
}

@test "what is said, and what a diverged run is" {
    file x.ini "$good"
    run -0 --separate-stderr "$GRADWIRE" run x.ini seed=1..3 -o a.h5 -t 1
    [ "$output" = "a.h5: 3 runs done" ]
    [ "$(printf '%s\n' "$stderr" | grep -c '^\[[123]/3\] marina randk seed=[123]: done after 8 rounds, ')" -eq 3 ]
    run -0 --separate-stderr "$GRADWIRE" run x.ini seed=1..3 -o b.h5 -q
    [ -z "$output$stderr" ]
    cmp a.h5 b.h5
    run -0 --separate-stderr "$GRADWIRE" run x.ini seed=1..3 --dry-run
    [ "$(printf '%s\n' "$output" | grep -c ': 8 rounds;')" -eq 3 ]
    [ ! -e results ]
    file y.ini '[experiment]
problem = quadratic
rounds = 1000
method = gd
stepsize = theory, 1e30'
    run -1 --separate-stderr "$GRADWIRE" run y.ini -o d.h5
    [ "$output" = "d.h5: 1 run done, 1 diverged" ]
    [[ "$stderr" == *"gd stepsize=1e30: diverged after "* ]]
    run -0 "$GRADWIRE" show d.h5
}

@test "lists, ranges, sections and comments as they come" {
    printf '\xef\xbb\xbf; made elsewhere\r\n[curve] ; one\r\nmethod = marina,\r\n   diana ; both\r\ncompressor = randk\r\nk = 1..3\r\nstepsize = 2^-1x..2^1x\r\n[curve]\r\nmethod = gd\r\n[experiment]\r\nproblem = quadratic\r\ndim = 10 ; small\r\nrounds = 3\r\nseed = 1, 2\r\n' >x.ini
    run -0 --separate-stderr "$GRADWIRE" run x.ini --dry-run
    [ "$(printf '%s\n' "$output" | grep -c ': 3 rounds;')" -eq 38 ]
    [[ "$output" == *"000  marina randk k=1 stepsize=2^-1x seed=1: 3 rounds;"* ]]
    [[ "$output" == *"035  diana randk k=3 stepsize=2^1x seed=2: 3 rounds;"*"036  gd seed=1: 3 rounds;"* ]]
}

@test "the file holds the experiment, and that makes the same file" {
    file x.ini "[experiment]
k = 2, 3
seed = 2..3
method = diana, marina
title = $(printf 'word %.0s' {1..30})
  $(printf 'more %.0s' {1..30})
[curve]
clients = 3, 4
compressor = randk
[experiment]
dataset = one-hot
rows = 60
problem = logistic
[plot]
x = bits"
    run -0 "$GRADWIRE" run x.ini rounds=5 data_seed=4 plot.y=f -q -o a.h5
    "$GRADWIRE" show -e a.h5 >again.ini
    grep -q '^rounds = 5$' again.ini
    grep -q '^value_bits = 64$' again.ini
    grep -q '^y = f$' again.ini
    run -0 "$GRADWIRE" run again.ini -q -o b.h5
    cmp a.h5 b.h5
    run -0 "$GRADWIRE" run again.ini rounds=6 -q -o c.h5
    run -1 cmp -s a.h5 c.h5
}

# Every method, four problems, both kinds of parallelism: what must not matter does not, what must does.
matrix='[experiment]
rounds = 30
seed = 1..2
clients = 7
record = max 20
[curve]
dataset = one-hot
rows = 203
features = 17
groups = 5
remainder = spread
problem = marina-loss, logistic-nonconvex
method = gd, agd, qgd, diana, marina, dasha
compressor = randk, permk, natural(bernoulli), qsgd
bias = yes
[curve]
dataset = gaussian-linear
rows = 100
features = 11
problem = least-squares
method = ef21
compressor = topk, sign, scaled(randk)
k = 3
split = shuffled
[curve]
problem = quadratic
dim = 300
method = ef21
compressor = scaled(natural(randk))
k = 9
[curve]
problem = quadratic
method = diana
compressor = natural-dithering, terngrad, lazy, cyclic
value_bits = 32'

@test "the same bytes: threads, ways to share work, commits, again" {
    file m.ini "$matrix"
    export OMP_WAIT_POLICY=passive # more threads than cores: do not spin
    run -0 "$GRADWIRE" run m.ini -q -o 1.h5 --threads 1
    for how in '--threads 2' '--threads 3' '--threads 5' '--threads 1 --commit 0' '--threads 2 --commit 0' '--threads 2 --parallel clients' \
        '--threads 3 --parallel clients' '--threads 5 --parallel runs' '--threads 1' '--threads 1 --lanes 1' '--threads 2 --lanes 3'; do
        rm -f other.h5
        run -0 "$GRADWIRE" run m.ini -q -o other.h5 $how
        cmp 1.h5 other.h5 || { echo "differs with $how"; false; }
    done
    for what in 'seed=1,3' 'data_seed=2' 'rounds=31' 'record=max~21'; do
        rm -f other.h5
        run -0 "$GRADWIRE" run m.ini -q -o other.h5 "${what/\~/ }"
        run -1 cmp -s 1.h5 other.h5
    done
    run -1 "$GRADWIRE" diff 1.h5 other.h5
}

@test "the same bytes: directory, file name, locale, environment, time of day" {
    file m.ini "$good"
    run -0 "$GRADWIRE" run m.ini -q -o 1.h5 seed=1..2
    mkdir -p deep/er
    cp m.ini deep/er/other.ini
    (cd deep/er && LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Tokyo GSL_RNG_SEED=77 GSL_RNG_TYPE=taus \
        OMP_NUM_THREADS=3 OMP_SCHEDULE=static,1 OMP_DYNAMIC=true OMP_WAIT_POLICY=passive HDF5_DRIVER=core POSIXLY_CORRECT=1 \
        HOME=/nonexistent GRADWIRE_DATA=/nonexistent "$GRADWIRE" run other.ini -q -o 2.h5 seed=1..2)
    cmp 1.h5 deep/er/2.h5
    sleep 1.1
    (umask 077 && "$GRADWIRE" run m.ini -q -o 3.h5 seed=1..2 </dev/null)
    cmp 1.h5 3.h5
    run -1 grep -aq "$PWD" 1.h5
}

@test "a file that cannot be written: status 1, one line, the old one whole" {
    file x.ini "$good"
    run -1 --separate-stderr bash -c 'ulimit -f 8; exec "$GRADWIRE" run x.ini -q -o out.h5'
    is_one_line 'out.h5: cannot write: ' 'File too large'
    [ "$(ls)" = x.ini ]
    run -0 "$GRADWIRE" run x.ini -q -o out.h5
    cp out.h5 old.h5
    run -1 --separate-stderr bash -c 'ulimit -f 8; exec "$GRADWIRE" run x.ini seed=2 --force -q -o out.h5'
    is_one_line 'out.h5: cannot write: ' 'what was there before is unchanged'
    cmp out.h5 old.h5
    [ "$(ls | wc -l)" -eq 3 ]
    # On the way too: one warning, the runs go on, and the last commit decides.
    run -1 --separate-stderr bash -c 'ulimit -f 8; exec "$GRADWIRE" run x.ini rounds=3000 --commit 0 --force -q -o out.h5'
    [[ "$stderr" == *"gradwire: out.h5: cannot write: File too large; what was there before is unchanged" ]]
    [ "$(printf '%s\n' "$stderr" | wc -l)" -le 2 ]
    cmp out.h5 old.h5
    [ "$(ls | wc -l)" -eq 3 ]
    run -0 "$GRADWIRE" run x.ini seed=2 --force -q -o out.h5
    run -1 cmp -s out.h5 old.h5
}

@test "live lines fit the terminal, in width and in number" {
    script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "no script (util-linux) or no pseudo-terminal here"
    file x.ini "$good"
    export TERM=xterm
    script -qec 'stty cols 40 rows 4; exec "$GRADWIRE" run x.ini rounds=150000 record=log seed=1..6 -t 6 -o y.h5' /dev/null </dev/null >out
    tr -d '\r' <out | sed 's/\x1b\[[0-9]*[AJ]/\n/g' | grep '^\[[0-6]/6\]' >lines
    [ "$(grep -c ': done after 150000 rounds' lines)" -eq 6 ]
    [ "$(grep -vc ': done' lines)" -ge 4 ] || skip "the runs were over before they were drawn twice"
    # A live line is cut where the terminal would fold it.
    [ "$(grep -v ': done' lines | awk '{ if (length > most) most = length } END { print most }')" = 39 ]
    # The cursor goes up by as many lines as were drawn: at most one less than the terminal has.
    [ "$(grep -ao $'\x1b\\[[0-9]*A' out | tr -dc '0-9\n' | awk '$1 > most { most = $1 } END { print (most >= 1 && most <= 3) }')" -eq 1 ]
}
