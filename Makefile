# What there is to do with the project; `make` lists it.

CARGO ?= cargo
, := ,
# What the static binary is for, and what releases are for.
TARGET ?= x86_64-unknown-linux-musl
TARGETS ?= $(addsuffix -unknown-linux-musl,x86_64 i686 aarch64 riscv64gc mipsel mips) \
	$(addsuffix -unknown-linux-musleabihf,armv7 arm)
# More arguments for cargo, such as --no-default-features --features exporter.
FEATURES ?=
# Arguments for `make run`.
ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
INSTALLED = $(DESTDIR)$(PREFIX)
BINARY ?= $(or $(CARGO_TARGET_DIR),target)/$(TARGET)/release/sysmetrics
# What cargo needs to build the standard library along (with RUSTC_BOOTSTRAP=1), if it can be done.
BUILD_STD = $(shell .ci/static.sh --std)
# Most tests wait for a process or a clock: more of them than there are processors.
RUST_TEST_THREADS ?= 4
export CARGO FUZZ_SECONDS RUST_TEST_THREADS

# The tests that go through the front.
TINY = http_answers http_listen http_protocol operation_hotplug operation_log operation_process \
	operation_reload push_gateway push_json settings statsd
# Crates of their own, besides the program's.
CRATES = $(wildcard bench/Cargo.toml bench/library/Cargo.toml fuzz/Cargo.toml)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## ?/\1 /' | \
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
test-tiny: ## what the reference front tiny_http has to do with
	$(CARGO) test --features tiny_http --lib serve::
	$(CARGO) test --features tiny_http $(TINY:%=--test %)
e2e: ## what leaves, against real receivers, with TLS and gRPC
	$(CARGO) test --features tls,grpc --lib workers::
	$(CARGO) test --features tls,grpc --test tls --test grpc --test e2e
golden: ## accept today's output as the expected one: read the diff before committing
	GOLDEN=rewrite $(CARGO) test --test golden
fuzz-seeds: ## where fuzzing starts from: the stored machines, the examples, what clients send
	$(CARGO) test --quiet --test fuzz -- --ignored write_seeds
fuzz: fuzz-seeds ## fuzz every parser of foreign bytes, FUZZ_SECONDS (60) in total
	.ci/fuzz.sh

.PHONY: static static-all static-ahead static-check size dist
static: ## the small static binary: target/TARGET/release/sysmetrics
	.ci/static.sh $(TARGET) $(FEATURES)
static-all: ## the same for every one of TARGETS
	for target in $(TARGETS); do .ci/static.sh $$target $(FEATURES) || exit; done
static-ahead:
	.ci/ahead.sh $(TARGETS)
static-check: ## run them all on the machine of fixtures/box: each tells the same
	.ci/static-check.sh $(TARGETS)
size: ## table of the static builds; fails where one is over its budget
	@.ci/size.sh $(TARGETS)
dist: ## what a release consists of: dist/ with archives, packages, checksums, bill of materials
	.ci/dist.sh $(TARGETS)

.PHONY: page docs docs-check
page: ## pack the status page for the program, without its comments: src/outputs/status/page.html.gz
	sed -e 's/^ *//' -e '/^\/\/ /d' src/outputs/status/page.html | gzip -9nc >src/outputs/status/page.html.gz
docs: page ## make the reference, the manual page and the table of collectors from the program
	$(CARGO) run --quiet --features tls --example docs -- .
docs-check: ## fail where they are not what `make docs` makes
	@.ci/docs-check.sh

.PHONY: dashboards
dashboards: ## write Grafana's dashboards: deploy/grafana/dashboards
	python3 -B deploy/grafana/generate

.PHONY: lint files deny deploy-check dashboards-check packages-check containers-check check
lint: ## format, clippy for every set of features, shellcheck
	for crate in Cargo.toml $(CRATES); do $(CARGO) fmt --check --manifest-path $$crate || exit; done
	$(CARGO) clippy --quiet --all-targets -- -D warnings
	$(CARGO) clippy --quiet --all-targets --no-default-features --features exporter -- -D warnings
	$(CARGO) clippy --quiet --all-targets --no-default-features --features recorder -- -D warnings
	$(CARGO) clippy --quiet --all-targets --features recorder,tiny_http -- -D warnings
	$(CARGO) clippy --quiet --all-targets --features tls,grpc -- -D warnings
	shellcheck -x .ci/run .ci/*.sh tests/*.sh bench/library/*.sh deploy/replace-node-exporter
	shellcheck -s sh packaging/deb/p* packaging/rpm/* packaging/openwrt/p*
files: ## workflows, forms and the Dockerfile, with the programs that know them
	.ci/files.sh
deny: ## licences, duplicates, sources and advisories of all crates
	.ci/deny.sh
deploy-check: ## try out services, alerts and example configurations with their real tools
	tests/deploy.sh "$$(.ci/static.sh $(TARGET))"
dashboards-check: ## put every query of the dashboards to Prometheus, check them against Grafana's types
	tests/dashboards.sh "$$(.ci/static.sh $(TARGET))"
packages-check: ## build all packages; install, upgrade, remove and purge them in a Debian of their own (as root)
	tests/packages.sh "$$(.ci/static.sh $(TARGET))"
containers-check: ## build the image and run both compose files, with real peers in an engine of their own (as root)
	tests/containers.sh "$$(.ci/static.sh $(TARGET) --features tls)"
check: ## all of this, as CI does it: installs Debian packages
	.ci/run

.PHONY: install uninstall clean
$(BINARY):
	.ci/static.sh $(TARGET) $(FEATURES)
install: $(BINARY) ## the static binary, its manual page and completions to DESTDIR, PREFIX (/usr/local)
	install -D -m 755 $(BINARY) $(INSTALLED)/bin/sysmetrics
	install -D -m 644 docs/sysmetrics.1 $(INSTALLED)/share/man/man1/sysmetrics.1
	install -D -m 644 docs/completions/sysmetrics.bash $(INSTALLED)/share/bash-completion/completions/sysmetrics
	install -D -m 644 docs/completions/_sysmetrics $(INSTALLED)/share/zsh/site-functions/_sysmetrics
	install -D -m 644 docs/completions/sysmetrics.fish $(INSTALLED)/share/fish/vendor_completions.d/sysmetrics.fish
uninstall: ## take away what install put there
	rm -f $(INSTALLED)/bin/sysmetrics $(INSTALLED)/share/man/man1/sysmetrics.1 \
		$(INSTALLED)/share/bash-completion/completions/sysmetrics \
		$(INSTALLED)/share/zsh/site-functions/_sysmetrics $(INSTALLED)/share/fish/vendor_completions.d/sysmetrics.fish
clean: ## forget what was built
	$(CARGO) clean
	rm -rf dist $(CRATES:Cargo.toml=target)

# make bench, make budgets and more
-include bench/bench.mk
