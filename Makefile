# What there is to do with the project; `make` lists it.

CARGO ?= cargo
, := ,
# What the static binary is for, and what releases are for.
TARGET ?= x86_64-unknown-linux-musl
TARGETS ?= x86_64-unknown-linux-musl i686-unknown-linux-musl aarch64-unknown-linux-musl
# More arguments for cargo, such as --no-default-features --features exporter.
FEATURES ?=
# Arguments for `make run`.
ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BINARY ?= $(or $(CARGO_TARGET_DIR),target)/$(TARGET)/release/sysmetrics
# What cargo needs to build the standard library along (with RUSTC_BOOTSTRAP=1), if it can be done.
BUILD_STD = $(shell .ci/static.sh --std)
export CARGO FUZZ_SECONDS

# Crates of their own, besides the program's.
CRATES = $(wildcard bench/Cargo.toml bench/library/Cargo.toml fuzz/Cargo.toml)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## ?/\1 /' | \
		while read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

.PHONY: build run
build: ## the program for this machine: target/release/sysmetrics
	$(CARGO) build --release $(FEATURES)
run: ## serve on 127.0.0.1:9101, or as ARGS say
	$(CARGO) run --release $(FEATURES) -- $(or $(ARGS),--listen 127.0.0.1:9101)

.PHONY: test test-library test-tiny e2e golden fuzz fuzz-seeds
test: ## install what is missing, then every test: units, twins, golden, the peers
	.ci/install.sh tests
	$(CARGO) test --no-fail-fast $(or $(FEATURES),--features recorder$(,)tls$(,)grpc)
test-library: ## those of the library, without the program; how many crates it brings; other systems
	$(CARGO) test --no-default-features --features recorder,metrics-util
	.ci/crates.sh
	.ci/portable.sh
	$(CARGO) test --features recorder --test recorder_serving
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps --no-default-features --features recorder
test-tiny: ## the same with the reference front tiny_http
	$(CARGO) test --features tiny_http
e2e: ## what leaves, against real receivers, with TLS and gRPC
	$(CARGO) test --features tls,grpc --lib courier::
	$(CARGO) test --features tls,grpc --test tls --test grpc --test e2e
golden: ## accept today's output as the expected one: read the diff before committing
	GOLDEN=rewrite $(CARGO) test --test golden
fuzz-seeds: ## where fuzzing starts from: the stored machines, the examples, what clients send
	$(CARGO) test --quiet --test fuzz -- --ignored write_seeds
fuzz: fuzz-seeds ## fuzz every parser of foreign bytes, FUZZ_SECONDS (60) in total
	.ci/fuzz.sh

.PHONY: static static-all static-check size dist
static: ## the small static binary: target/TARGET/release/sysmetrics
	.ci/static.sh $(TARGET) $(FEATURES)
static-all: ## the same for every one of TARGETS
	for target in $(TARGETS); do .ci/static.sh $$target $(FEATURES) || exit; done
static-check: ## run them all on the machine of fixtures/box: each tells the same
	.ci/static-check.sh $(TARGETS)
size: ## table of the static builds; fails where one is over its budget
	@.ci/size.sh $(TARGETS)
dist: ## what a release consists of: dist/
	.ci/dist.sh $(TARGETS)

.PHONY: page docs docs-check
page: ## pack the status page for the program: src/status/page.html.gz
	gzip -9nc src/status/page.html >src/status/page.html.gz
docs: page ## make docs/ and the README's tables from the program's tables
	$(CARGO) run --quiet --example docs -- .
docs-check: ## fail where they are not what `make docs` makes
	@.ci/docs-check.sh

.PHONY: lint deploy-check check
lint: ## format, clippy for every set of features, shellcheck
	for crate in Cargo.toml $(CRATES); do $(CARGO) fmt --check --manifest-path $$crate || exit; done
	$(CARGO) clippy --quiet --all-targets -- -D warnings
	$(CARGO) clippy --quiet --all-targets --no-default-features --features exporter -- -D warnings
	$(CARGO) clippy --quiet --all-targets --no-default-features --features recorder -- -D warnings
	$(CARGO) clippy --quiet --all-targets --features recorder,tiny_http -- -D warnings
	$(CARGO) clippy --quiet --all-targets --features tls,grpc -- -D warnings
	shellcheck .ci/run .ci/*.sh tests/*.sh bench/library/*.sh
deploy-check: ## try out services, alerts and example configurations with their real tools
	tests/deploy.sh "$$(.ci/static.sh $(TARGET))"
check: ## all of this, as CI does it: installs Debian packages
	.ci/run

.PHONY: install clean
$(BINARY):
	.ci/static.sh $(TARGET) $(FEATURES)
install: $(BINARY) ## the static binary and its manual page to DESTDIR, PREFIX (/usr/local)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/sysmetrics
	install -D -m 644 docs/sysmetrics.1 $(DESTDIR)$(PREFIX)/share/man/man1/sysmetrics.1
clean: ## forget what was built
	$(CARGO) clean
	rm -rf dist $(CRATES:Cargo.toml=target)

# make bench, make budgets and more
-include bench/bench.mk
