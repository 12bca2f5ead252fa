#!/bin/bash
# setup.sh [run|test|bench|fuzz|bits|sanitizers] - see that what gradwire is built from and runs with is there; install what is not.
#
# Asks pkg-config and PATH first and calls no package manager, hence no network, when everything is there.  On Debian and
# its kin what is missing is installed by apt-get, as root or through sudo without a password; otherwise one line names
# the packages and the command, and the exit status is 2.  Optional packages (tests that need them are skipped) are tried
# once and never fatal.
set -u
for_what=${1:-run}
build=${BUILD:-build}
log=$build/setup.log

say() { printf 'gradwire: %s\n' "$*" >&2; }

# library PKG-CONFIG-NAME PACKAGE, program NAME PACKAGE, file PATH PACKAGE: note the package when the thing is not there.
missing=() optional=()
library() { pkg-config --exists "$1" 2>/dev/null || missing+=("$2"); }
program() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
file() { [ -e "$1" ] || missing+=("$2"); }
openmp() { printf '#include <omp.h>\n' | "$1" -fopenmp -E - >/dev/null 2>&1 || optional+=("$2"); }
helper() { command -v "$1" >/dev/null 2>&1 || optional+=("$2"); }
python() { /usr/bin/python3 -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)" 2>/dev/null || optional+=("$2"); }

look() {
    missing=() optional=()
    printf '#include <stdio.h>\n#include <omp.h>\n' | "${CC:-gcc}" -fopenmp -E - >/dev/null 2>&1 || missing+=(gcc libc6-dev)
    program make make
    program pkg-config pkg-config
    library gsl libgsl-dev
    library hdf5 libhdf5-dev
    library inih libinih-dev
    library libarchive libarchive-dev
    library zlib zlib1g-dev
    library nettle nettle-dev
    program gnuplot gnuplot-nox
    program curl curl
    file /etc/ssl/certs ca-certificates
    case $for_what in
    test)
        library cmocka libcmocka-dev
        program bats bats
        helper h5dump hdf5-tools
        helper bzip2 bzip2
        helper groff groff-base
        python h5py python3-h5py
        ;;
    bench) python scipy python3-scipy ;;
    bits)
        helper clang clang
        if command -v clang >/dev/null 2>&1; then openmp clang libomp-dev; else optional+=(libomp-dev); fi
        helper aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
        helper qemu-aarch64 qemu-user
        ;;
    sanitizers)
        program bats bats
        library cmocka libcmocka-dev
        program valgrind valgrind
        program clang clang
        openmp clang libomp-dev
        ;;
    fuzz)
        program clang clang
        printf 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }\n' |
            clang -fsanitize=fuzzer,address,undefined -fopenmp -x c -o /dev/null - >/dev/null 2>&1 || missing+=(libclang-rt-dev libomp-dev)
        ;;
    esac
}

# The words before apt-get that make us root, or failure when there is no way.
as_root=()
become_root() {
    [ "$(id -u)" = 0 ] && return 0
    sudo -n true 2>/dev/null && as_root=(sudo -n) && return 0
    return 1
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1 </dev/null; }
updated=no
update_once() {
    [ "$updated" = yes ] || apt update || true # a stale index may still do
    updated=yes
}
install() {
    update_once
    apt install -y --no-install-recommends "$@"
}

by_hand() {
    say "missing: ${missing[*]}; install with: apt-get install -y --no-install-recommends ${missing[*]}${1:+ ($1)}"
    exit 2
}

install_missing() {
    command -v apt-get >/dev/null 2>&1 || by_hand "or what your system calls them; apt-get is not here"
    become_root || by_hand "as root; sudo would ask for a password"
    say "installing ${missing[*]}"
    if ! install "${missing[@]}"; then
        tail -n 5 "$log" >&2
        by_hand "apt-get failed; $log holds its output"
    fi
}

# Tried once for each list: a machine without network is not asked again at every build.
install_optional() {
    local tried=$build/setup.optional
    [ "$(cat "$tried" 2>/dev/null)" = "${optional[*]}" ] && return
    if command -v apt-get >/dev/null 2>&1 && become_root; then
        say "installing ${optional[*]} (optional)"
        local package
        install "${optional[@]}" || for package in "${optional[@]}"; do install "$package" || say "without $package; what needs it is skipped"; done
    else
        say "optional and not here: ${optional[*]}; tests that need them are skipped"
    fi
    printf '%s\n' "${optional[*]}" >"$tried"
}

look
[ ${#missing[@]} -eq 0 ] && [ ${#optional[@]} -eq 0 ] && exit 0
mkdir -p "$build"
: >"$log"
if [ ${#missing[@]} -gt 0 ]; then
    install_missing
    hash -r
    wanted_optional=("${optional[@]+"${optional[@]}"}")
    look
    [ ${#missing[@]} -eq 0 ] || by_hand "apt-get was content, yet they are not found"
    optional=("${wanted_optional[@]+"${wanted_optional[@]}"}")
fi
[ ${#optional[@]} -eq 0 ] || install_optional
exit 0
