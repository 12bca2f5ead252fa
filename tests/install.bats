# make install and uninstall, into a staging directory.

setup() {
    cd "$BATS_TEST_DIRNAME/.." || return
    stage=$BATS_TEST_TMPDIR/stage
    prefix=${PREFIX:-/usr/local}
    # The build under test is installed as it is: the same directory and variables, so nothing is built again.
    build=${GRADWIRE_BUILD:-build}
}

make_() { env -u GRADWIRE make V=1 --no-print-directory "BUILD=$build" "$@"; }

@test "install puts program, manual, experiments and licence in place; uninstall takes them back" {
    run make_ install DESTDIR="$stage"
    [ "$status" = 0 ]
    echo "$output"
    [[ $output != *" -c "* ]] # nothing was compiled
    for file in bin/gradwire share/man/man1/gradwire.1 share/doc/gradwire/LICENSE; do [ -f "$stage$prefix/$file" ]; done
    [ "$(ls "$stage$prefix/share/gradwire/plots" | wc -l)" = "$(ls plots/*.ini | wc -l)" ]
    "$stage$prefix/bin/gradwire" --version | grep -q '^gradwire '
    "$stage$prefix/bin/gradwire" help --man | cmp - "$stage$prefix/share/man/man1/gradwire.1"
    make_ uninstall DESTDIR="$stage" >/dev/null
    [ -z "$(find "$stage" -type f)" ]
}
