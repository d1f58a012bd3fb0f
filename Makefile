# What there is to do with the project; `make help` lists it.

CARGO ?= cargo
TARGET ?= x86_64-unknown-linux-musl
FEATURES ?=

# The static build compiles the standard library along, without its backtrace printer, which a
# stripped binary has no use for: half the size and memory of one that links the stock library.
# That needs the component rust-src, and the compiler told that we know -Z build-std is unstable.
BUILD_STD = -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size

.PHONY: static
static: ## the small static binary: target/$(TARGET)/release/sysmetrics
	RUSTC_BOOTSTRAP=1 $(CARGO) build --release --target $(TARGET) $(BUILD_STD) $(FEATURES)
