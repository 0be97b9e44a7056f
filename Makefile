# Installs what the system must bring, then calls cargo. `make help` lists the targets.
.PHONY: help deps demo dist test test-sanitizer test-vivid lint bench soak

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

deps: ## install the missing system packages (Debian, Ubuntu)
	@scripts/deps.sh build test

demo: ## build, then run the challenge on the simulated subject
	@scripts/deps.sh build
	cargo demo

# Functions with the same code become one, where Rust brings the linker that can do that.
LLD = $(wildcard $(shell rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld)
FOLD = -C link-arg=-Wl,--icf=all
# Where this machine keeps the libraries' sources is nobody's business, and 40 KB in what panics say. As a
# setting, beside others of the user's; cargo leaves it out where there are RUSTFLAGS.
SOURCES = $${CARGO_HOME:-$$HOME/.cargo}/registry/src
BARE = build.rustflags=[$$(printf '"--remap-path-prefix=%s=", ' "$(SOURCES)"/*/ "$(CURDIR)"/)]
HOST = $$(rustc -vV | sed -n 's/^host: //p')
dist: ## build the program to hand out, target/dist/liveness: smaller, and longer to build
	@scripts/deps.sh build
	@cargo fetch --target "$(HOST)"
	cargo rustc --config "$(BARE)" --profile dist --bin liveness -- $(if $(LLD),$(FOLD))
	@ls -l "$${CARGO_TARGET_DIR:-target}/dist/liveness"

# In the profile of `demo`: the dependencies take most of the time and are then built once, and
# the networks run at full speed.
test: deps ## run the tests
	cargo test --release

# Apart from the others: it takes minutes, and a kernel of 70 MB.
test-vivid: ## run the program against a real camera driver, in an emulated machine (Debian)
	@scripts/deps.sh build vivid
	cargo build --release --bin liveness
	tests/vivid/run.sh

# Apart from the others: another profile, of the kernels and their tests alone.
test-sanitizer: ## run the kernels' tests under AddressSanitizer, where Rust brings it
	@scripts/deps.sh build
	tests/sanitizer/run.sh

lint: ## check format and lints
	cargo fmt --check
	cargo lint

bench: ## time each stage (benches/peers.py: next to other programs)
	@scripts/deps.sh build
	cargo bench --bench stages

# The variable has glibc give back what was needed to draw somebody, so that memory can be judged.
soak: ## play a kiosk's day in virtual time, a million frames: an hour or two
	@scripts/deps.sh build
	MALLOC_MMAP_THRESHOLD_=131072 cargo run --release -- soak
