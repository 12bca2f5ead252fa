#!/bin/bash
# sysroot.sh DIRECTORY - the libraries that gradwire is built from, for arm64, in a folder of their own.
#
# Packages of the same distribution are fetched and unpacked by a private apt and dpkg-deb: nothing of the system is changed, and
# nobody has to be root.  Exit 1, and a word why, where that cannot be done; done once, DIRECTORY is used again.
set -u
to=$1
[ -e "$to/complete" ] && exit
for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null || { echo "$tool is not here"; exit 1; }
done
packages=(libc6-dev libgomp1 libhdf5-dev libgsl-dev libinih-dev libarchive-dev zlib1g-dev nettle-dev)
apt=$(mktemp -d "${TMPDIR:-/tmp}/gradwire-apt.XXXXXX") || exit 1
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$to"
: >"$apt/status"

apt() {
    apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o Dir::State="$apt/state" \
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Acquire::Retries=2 "$@" >>"$apt/log" 2>&1 </dev/null
}
apt update # what fails may be a source that is not needed
if ! apt install --no-install-recommends --download-only "${packages[@]}"; then
    grep '^E:' "$apt/log" | tail -n 1 | grep . || echo "apt-get brings no packages for arm64"
    exit 1
fi
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$to" || { echo "$package cannot be unpacked"; exit 1; }
done
rm -rf "$to/etc" "$to/usr/share/doc" "$to/usr/share/man"
find "$to" -depth -name '*.d' -exec rm -rf {} + # make takes such names in its BUILD for lists of what depends on what
: >"$to/complete"
