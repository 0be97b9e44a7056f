#!/bin/sh
# Installs the system packages that are missing, and only those (Debian, Ubuntu and their kin).
#   scripts/deps.sh build         to build and run
#   scripts/deps.sh build test    and to test
#   scripts/deps.sh vivid         for tests/vivid, on Debian
set -eu
cd "$(dirname "$0")/.."

# gcc, libc6-dev    compile and link; the second brings the camera's header, linux/videodev2.h
# libclang1         reads that header (bindgen); any version does, its own headers are not needed
# libx11-6, -xcursor1   the window loads them when it opens: no -dev package
build="gcc libc6-dev libclang1 libx11-6 libxcursor1"
# ffmpeg makes and reads the videos of the tests, xvfb is a display for the window's
test="ffmpeg xvfb xauth"
# qemu-system-x86 boots the machine with the camera; the others are in it, or make it
vivid="qemu-system-x86 busybox-static v4l-utils kmod cpio"

wanted=
for set in "$@"; do
  case $set in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    vivid) wanted="$wanted $vivid" ;;
    *) echo "usage: scripts/deps.sh [build] [test] [vivid]" >&2; exit 2 ;;
  esac
done

if ! command -v cargo >/dev/null; then
  echo "error: cargo is missing: install Rust from https://www.rust-lang.org/tools/install" >&2
  exit 1
fi
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
cargo=$(cargo --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$oldest" "$cargo" | sort -V | head -n 1)" != "$oldest" ]; then
  echo "error: Rust $cargo is too old, $oldest or later is needed:" \
    "https://www.rust-lang.org/tools/install" >&2
  exit 1
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "note: not a Debian or Ubuntu; what these of its packages hold must be there:$wanted" >&2
  exit 0
fi

# libclang1 is an alias for libclang1-NN of the release; another NN is as good.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=
for package in $wanted; do
  case $package in
    libclang1) pattern='libclang1(-[0-9]+)?' ;;
    *) pattern=$package ;;
  esac
  echo "$installed" | grep -Eqx "$pattern" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing" >&2
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
  echo "error: run as root: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
$sudo apt-get update -q
# shellcheck disable=SC2086 -- a list of words
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
