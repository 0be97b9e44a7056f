#!/bin/bash
# The real program against a real V4L2 driver: boots a Debian kernel with `vivid` in an emulated machine and
# runs guest.sh in it. Exit code 0: every case was there and passed.
#
#   tests/vivid/run.sh [PROGRAM]          default: target/release/liveness
#   CPU=max tests/vivid/run.sh            with AVX2; else the processor has nothing beyond SSE3, so that a
#                                         wider instruction where none may be ends the program
#   NO_DRIVER=1 tests/vivid/run.sh        without vivid: must fail, or the test tests nothing
#
# Needs Debian: scripts/deps.sh vivid. Emulated (TCG), since few places where tests run let a guest use KVM.
set -euo pipefail
cd "$(dirname "$0")/../.."

PROGRAM=${1:-target/release/liveness}
CPU=${CPU:-qemu64}
# Thrice what it takes on two busy cores.
LIMIT_S=${LIMIT_S:-360}
CACHE=target/vivid
GUEST=tests/vivid/guest.sh

# The package of the kernel that Debian has now.
newest() {
  apt-cache depends linux-image-amd64 2>/dev/null |
    sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# Fetches the kernel that Debian has now, once, and unpacks what is needed of it: the kernel itself and its
# media drivers. Says where it lies. The cloud kernel, which machines without cameras have, lacks vivid.
kernel() {
  local package folder
  package=$(newest)
  if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
    # A machine that has all the packages may have no lists of them.
    apt-get update -q >&2
    package=$(newest)
  fi
  if [ -z "$package" ]; then
    echo "error: apt knows no kernel: run apt-get update; is this Debian on amd64?" >&2
    return 1
  fi
  folder=$CACHE/$package
  if [ ! -e "$folder/done" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && apt-get download -q "$package" >&2)
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -x -C "$folder" --wildcards \
      './boot/vmlinuz-*' './lib/modules/*/modules.*' './lib/modules/*/kernel/drivers/media'
    rm "$folder"/*.deb
    depmod -b "$folder" "$(ls "$folder/lib/modules")"
    touch "$folder/done"
  fi
  echo "$folder"
}

# Puts a program into a folder under a name, with the libraries it loads: `program ROOT PATH NAME`.
program() {
  local library
  cp -L "$2" "$1/bin/$3"
  for library in $(ldd "$2" | grep -o '/[^ ]*'); do
    mkdir -p "$1${library%/*}"
    cp -L "$library" "$1$library"
  done
}

# Copies vivid and what it needs into a folder, numbered in the order in which they load.
modules() {
  local root=$1 folder=$2 number=10 module
  [ -z "${NO_DRIVER:-}" ] || return 0
  modprobe -d "$folder" -S "$(ls "$folder/lib/modules")" --show-depends vivid |
    while read -r _ module _; do
      cp "$module" "$root/modules/$number-${module##*/}"
      number=$((number + 1))
    done
}

# Makes the guest's disk, which lies in memory: `ramdisk KERNEL_FOLDER FILE`.
ramdisk() {
  local root
  root=$(mktemp -d)
  chmod 755 "$root" # one case is run by somebody who is not root
  mkdir "$root"/{bin,dev,modules,proc,sys,tmp}
  cp /bin/busybox "$root/bin/"
  program "$root" "$PROGRAM" liveness
  program "$root" "$(command -v v4l2-ctl)" v4l2-ctl
  modules "$root" "$1"
  install -m 755 "$GUEST" "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$2"
  rm -rf "$root"
}

# Boots it, and shows our lines as they come: `boot KERNEL_FOLDER RAMDISK CONSOLE`.
boot() {
  timeout -k 5 "$LIMIT_S" qemu-system-x86_64 -accel tcg -cpu "$CPU" -smp 2 -m 1024 \
    -kernel "$1"/boot/vmlinuz-* -initrd "$2" -append "console=ttyS0 quiet panic=-1" \
    -display none -monitor none -serial stdio -net none -no-reboot </dev/null 2>&1 |
    tr -d '\r' | tee "$3" | grep --line-buffered '^vivid: '
}

# Whether each case of the guest has passed, by its lines on the console.
judge() {
  local console=$1 name bad=0
  for name in $(sed -n 's/^case_\([a-z_]*\)() .*/\1/p' "$GUEST"); do
    if ! grep -q "^vivid: PASS $name: " "$console"; then
      echo "failed: $name" >&2
      bad=1
    fi
  done
  ! grep -q '^vivid: FAIL' "$console" || bad=1
  if [ $bad != 0 ]; then
    echo "the end of the console, of which all is in $console:" >&2
    tail -n 30 "$console" >&2
  fi
  return $bad
}

mkdir -p "$CACHE"
folder=$(kernel)
ramdisk "$folder" "$CACHE/ramdisk"
# What it ends with is of no interest: judge reads what it has said.
boot "$folder" "$CACHE/ramdisk" "$CACHE/console" || true
judge "$CACHE/console"
echo "vivid: all passed in $SECONDS s, on $(ls "$folder/lib/modules"), processor $CPU"
