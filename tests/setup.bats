# tools/setup.sh with made-up package managers: what it asks for, and what it leaves alone.

setup() {
    script=$BATS_TEST_DIRNAME/../tools/setup.sh
    bin=$BATS_TEST_TMPDIR/bin
    mkdir -p "$bin"
    cd "$BATS_TEST_TMPDIR" || return
    for tool in bash env cat mkdir tail id; do ln -s "$(command -v $tool)" "$bin/$tool"; done
    for tool in gcc make gnuplot curl bats h5dump bzip2 groff; do fake $tool <<<'exit 0'; done
    fake pkg-config <<<'! grep -qsx "$2" "'"$PWD"'/absent"'
    fake apt-get <<<'echo "$*" >>"'"$PWD"'/calls"; case "$*" in *install*) exec >/dev/null; : >"'"$PWD"'/absent" ;; esac'
    fake sudo <<<'exit 1'
    ln -s "$(command -v grep)" "$bin/grep"
    export BUILD=$PWD/build
}

fake() {
    rm -f "$bin/$1"
    { echo "#!$(command -v bash)"; cat; } >"$bin/$1"
    chmod +x "$bin/$1"
}

user() { fake id <<<"echo $1"; }
setup_sh() { run env PATH="$bin" "$bin/bash" "$script" "$@"; }

@test "everything there: no package manager, no words" {
    user 0
    setup_sh run
    [ "$status" = 0 ]
    [ -z "$output" ]
    [ ! -e calls ]
    [ ! -e build ]
}

@test "as root what is missing is installed, without questions or recommendations" {
    user 0
    printf 'gsl\ninih\n' >absent
    setup_sh run
    [ "$status" = 0 ]
    grep -q ' update$' calls
    grep -q -- 'install -y --no-install-recommends libgsl-dev libinih-dev$' calls
    run grep -q cmocka calls
    [ "$status" = 1 ]
}

@test "tests need more than a run" {
    user 0
    echo cmocka >absent
    setup_sh run
    [ "$status" = 0 ]
    [ ! -e calls ]
    setup_sh test
    [ "$status" = 0 ]
    grep -q 'install .* libcmocka-dev$' calls
}

@test "no root and no sudo: one line with the packages and the command, status 2" {
    user 1000
    printf 'gsl\nhdf5\n' >absent
    rm "$bin/gnuplot"
    setup_sh run
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 1 ]
    [[ $output == *"apt-get install -y --no-install-recommends libgsl-dev libhdf5-dev gnuplot-nox"* ]]
    [ ! -e calls ]
}

@test "sudo without a password is used" {
    user 1000
    fake sudo <<<'shift; "$@"'
    fake true <<<'exit 0'
    echo nettle >absent
    setup_sh run
    [ "$status" = 0 ]
    grep -q 'install .*nettle-dev' calls
}

@test "a system without apt-get is told what is missing" {
    user 0
    rm "$bin/apt-get"
    echo gsl >absent
    setup_sh run
    [ "$status" = 2 ]
    [[ $output == *libgsl-dev* ]]
}

@test "apt-get that fails is an error, and so is one that installs nothing" {
    user 0
    echo gsl >absent
    fake apt-get <<<'echo "E: no such thing"; exit 100'
    setup_sh run
    [ "$status" = 2 ]
    [[ $output == *"E: no such thing"* && $output == *libgsl-dev* ]]
    fake apt-get <<<'exit 0'
    setup_sh run
    [ "$status" = 2 ]
    [[ $output == *"not found"* ]]
}

@test "optional packages are tried once and never fatal" {
    user 0
    rm "$bin/h5dump"
    fake apt-get <<<'echo "$*" >>"'"$PWD"'/calls"; exit 100'
    setup_sh test
    [ "$status" = 0 ]
    grep -q 'hdf5-tools' calls
    rm calls
    setup_sh test
    [ "$status" = 0 ]
    [ ! -e calls ]
}
