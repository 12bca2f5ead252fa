#!/usr/bin/env bats
# gradwire plot: from result files and figure files to pictures; what is refused, and how.
bats_require_minimum_version 1.5.0

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}"
    cd "$BATS_FILE_TMPDIR"
    mkdir results
    cat >toy.ini <<'EOF'
[experiment]
title   = Two methods on quadratics
problem = quadratic
clients = 3
rounds  = 60
seed    = 1, 2
[curve]
method     = diana, qgd
compressor = randk
k          = 5
[plot]
x = rounds, bits
y = grad_norm_sq
EOF
    "$GRADWIRE" run -q toy.ini
    sed 's/^k .*/k = 20/' toy.ini >other.ini
    "$GRADWIRE" run -q other.ini
}

setup() {
    cp -r "$BATS_FILE_TMPDIR"/. "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR"
}

# The last `run` was refused with STATUS and one line, which contains TEXT.
refused() {
    [ "$status" -eq "$1" ]
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    [[ "$stderr" == "gradwire: "* ]]
    [[ "$stderr" == *"$2"* ]]
}

@test "a result file becomes an SVG and a PNG beside it" {
    run -0 --separate-stderr "$GRADWIRE" plot results/toy.h5
    [ "$output" = $'results/toy.svg\nresults/toy.png' ]
    [ -z "$stderr" ]
    head -c 8 results/toy.png | cmp - <(printf '\x89PNG\r\n\x1a\n')
    grep -q 'Two methods on quadratics' results/toy.svg
    grep -q 'DIANA' results/toy.svg
    grep -q 'QGD' results/toy.svg
    [ -z "$(find . -name '*.tmp*')" ]
}

@test "the same data give the same SVG, whatever the environment; other settings another" {
    "$GRADWIRE" plot results/toy.h5 -o a.svg
    printf 'set xlabel "mine"\nexit status 3\n' >.gnuplot
    HOME="$PWD" GNUTERM=dumb LC_ALL=de_DE.UTF-8 GNUPLOT_LIB=/ "$GRADWIRE" plot results/toy.h5 -o b.svg
    (mkdir elsewhere && cp results/toy.h5 elsewhere/x.h5 && cd elsewhere && "$GRADWIRE" plot x.h5 -o ../c.svg)
    cmp a.svg b.svg
    cmp a.svg c.svg
    "$GRADWIRE" plot results/toy.h5 -o d.svg accounting=values32
    run -1 cmp -s a.svg d.svg
    "$GRADWIRE" plot results/other.h5 -o e.svg
    run -1 cmp -s a.svg e.svg
}

@test "settings override [plot]; -o and --format choose the pictures" {
    run -0 "$GRADWIRE" plot results/toy.h5 x=time network=ring plot.title=Other -o t.svg
    [ "$output" = t.svg ]
    grep -q 'modelled time \[.*s\]: ring all-reduce, 1 ms, 100 Mbit/s' t.svg
    grep -q Other t.svg
    run -1 grep -q 'communication rounds' t.svg
    run -0 "$GRADWIRE" plot results/toy.h5 --format png
    [ "$output" = results/toy.png ]
    [ ! -e results/toy.svg ]
    run -0 "$GRADWIRE" plot results/toy.h5 --format both -o u.png
    [ -s u.svg ] && [ -s u.png ]
}

@test "a figure file restyles a result without running it, and combines several" {
    printf '[experiment]\ntitle = Restyled\n[plot]\nx = epochs\n' >toy.ini
    run -0 "$GRADWIRE" plot toy.ini --format svg
    [ "$output" = results/toy.svg ]
    grep -q Restyled results/toy.svg
    grep -q 'passes over the data' results/toy.svg
    printf '[plot]\nresults = results/toy.h5,\n  results/other.h5\ncolour = k\nlabel = {method} {k}\n' >both.ini
    run -0 "$GRADWIRE" plot both.ini --format svg
    [ "$output" = results/both.svg ]
    for entry in 'DIANA 5' 'QGD 5' 'DIANA 20' 'QGD 20'; do grep -q "$entry" results/both.svg; done
    sed -i 's/{k}/{gamma}/' both.ini # 0.123456789 is more than a reader wants
    run -0 "$GRADWIRE" plot both.ini --format svg
    grep -Eq 'DIANA [0-9.]{3,8}<' results/both.svg
    run -0 "$GRADWIRE" plot results/toy.h5 results/other.h5 -o both.svg
    grep -q 'DIANA, K = 20' both.svg
}

@test "--script prints what gnuplot would be given" {
    "$GRADWIRE" plot results/toy.h5 --script >script.gp
    [ ! -e results/toy.svg ]
    "$GRADWIRE" plot results/toy.h5 -o a.svg
    LC_ALL=C gnuplot -d script.gp >b.svg 2>/dev/null
    cmp a.svg b.svg
}

@test "without gnuplot there is one clear line and no picture" {
    mkdir bin
    run -1 --separate-stderr /usr/bin/env PATH="$PWD/bin" "$GRADWIRE" plot results/toy.h5
    refused 1 "install the package gnuplot-nox"
    [ ! -e results/toy.svg ]
}

@test "what is wrong is refused in one line" {
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 makers=3
    refused 2 'did you mean "markers"'
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 y=accurcy
    refused 2 'no column "accurcy"'
    [[ "$stderr" == *"it has: round, f, "* ]]
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 x=seconds
    refused 2 "allowed: rounds, bits, values, oracle, epochs, time"
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 colour=flavour
    refused 2 'no run has an attribute "flavour"'
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 -o results/toy.h5
    refused 2 "ends in .svg or .png"
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 --format gif
    refused 2 "allowed: svg, png, both"
    run --separate-stderr "$GRADWIRE" plot results/none.h5
    refused 2 "results/none.h5"
    run --separate-stderr "$GRADWIRE" plot toy.ini other.ini
    refused 2 "stands alone"
    run --separate-stderr "$GRADWIRE" plot x=bits
    refused 2 "no file to plot"
    printf 'not HDF5' >bad.h5
    run --separate-stderr "$GRADWIRE" plot bad.h5
    refused 2 "bad.h5"
    printf '[plot]\nx = rounds\nbudgt = common\n' >bad.ini
    run --separate-stderr "$GRADWIRE" plot bad.ini
    refused 2 "bad.ini:3: "
    run --separate-stderr "$GRADWIRE" plot results/toy.h5 -o nowhere/a.svg
    refused 1 "nowhere"
    cmp results/toy.h5 "$BATS_FILE_TMPDIR/results/toy.h5"
}

@test "run refuses a wrong [plot] section before anything runs" {
    sed 's/^x = .*/x = rouns/' toy.ini >wrong.ini
    run --separate-stderr "$GRADWIRE" run wrong.ini
    refused 2 'did you mean "rounds"'
    [ ! -e results/wrong.h5 ]
}
