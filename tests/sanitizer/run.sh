#!/bin/sh
# The tests of src/nn/kernels under AddressSanitizer, by themselves: with the whole crate tract would be
# instrumented as well, which takes twenty minutes. The compiler of a stable Rust has the sanitizer, but offers
# it to none but its own developers; RUSTC_BOOTSTRAP makes it take us for one.
# What it does not see are the masked loads of AVX: those are tested against what they must give.
set -eu
here=$(dirname "$0")
host=$(rustc -vV | sed -n 's/^host: //p')
libraries=$(rustc --print sysroot)/lib/rustlib/$host/lib
if ! ls "$libraries"/librustc-*_rt.asan.a >/dev/null 2>&1; then
  echo "left out: this Rust brings no AddressSanitizer for $host"
  exit 0
fi
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../../target}/sanitizer \
  RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address \
  cargo test --locked --manifest-path "$here/Cargo.toml" --lib --target "$host"
