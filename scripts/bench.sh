#!/bin/sh
# Prints how long `liveness detect` looks for faces in one picture: median and worst, milliseconds.
# The first of 41 looks is left out, because it prepares the networks for this size.
set -eu
cd "$(dirname "$0")/.."
picture=${1:-assets/portraits/astronaut.jpg}
looks=41
cargo build --release
grep -m 1 'model name' /proc/cpuinfo 2>/dev/null || uname -mp
set --
i=0
while [ $i -lt $looks ]; do
  set -- "$@" "$picture"
  i=$((i + 1))
done
"${CARGO_TARGET_DIR:-target}/release/liveness" detect --json "$@" |
  sed -n 's/.*"ms":\([0-9.]*\).*/\1/p' | tail -n +2 | sort -n |
  awk -v picture="$picture" '{ ms[NR] = $1 }
    END { printf "detect %s: median %.1f ms, worst %.1f ms, %d looks\n", picture, ms[int((NR + 1) / 2)], ms[NR], NR }'
