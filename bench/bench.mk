# Measuring: see bench/README.md. Included by the Makefile, which has CARGO, TARGET and BUILD_STD.

BENCH_TARGET_DIR = $(abspath $(or $(CARGO_TARGET_DIR),target))
# Each build of the program gets a directory of its own: their files have the same name.
bench_program = $(BENCH_TARGET_DIR)/$(1)$(TARGET)/release/sysmetrics
BENCH = $(BENCH_TARGET_DIR)/bench/$(TARGET)/release/sysmetrics-bench
BENCH_CARGO = cd bench && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$(BENCH_TARGET_DIR)/bench \
	$(CARGO) build --locked --target $(TARGET) $(BUILD_STD)
BENCH_ENV = AGENT=$(call bench_program,) BARE=$(call bench_program,bare/) \
	TINY=$(if $(wildcard src/serve/tiny.rs),$(call bench_program,tiny_http/)) \
	PIN=$(PIN) PEERS=$(PEERS) RECORD=$(abspath bench/record) DATE=$$(date -u +%F) \
	COMMIT=$$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown) \
	RUSTC_VERSION="$$(rustc --version)"

# What callgrind looks at: a machine of the fixtures, so that counts can be compared.
PROFILE_SCRAPES = 100
PROFILE_FIXTURE = $(abspath fixtures/box)
PROFILE_DIALECT = sysmetrics
PROFILE_ENCODING = plain
# Or what leaves: `frames` of one way, `page`, `frame`, `otlp`, `remote_write` or `influx`.
PROFILE_WHAT = scrapes
PROFILE_WAY = otlp
profile_scrapes = scrapes $(PROFILE_FIXTURE) $(PROFILE_DIALECT) $(PROFILE_ENCODING) $(PROFILE_SCRAPES)
profile_frames = frames $(PROFILE_FIXTURE) $(PROFILE_WAY) $(PROFILE_SCRAPES)

.PHONY: bench bench-quick bench-library budgets profile bench-build bench-programs bench-tiny

bench: bench-programs bench-tiny bench-build ## measure against targets and peers (PEERS=dir: a newer node_exporter); recorded in bench/record
	$(BENCH_ENV) $(BENCH) run

bench-quick: bench-programs bench-tiny bench-build ## the same within half a minute, not recorded
	$(BENCH_ENV) $(BENCH) quick

budgets: bench-programs bench-build ## fail if size, threads, allocations, system calls or descriptors are over budget
	$(BENCH_ENV) $(BENCH) budgets

# What it prints stands in bench/record under the day, the commit and "library".
bench-library: ## the library face against metrics-exporter-prometheus: some ten minutes; recorded
	cd bench/library && env -u CARGO_TARGET_DIR $(CARGO) build --locked --release
	bench/library/record.sh bench/library/target/release/sysmetrics-bench-library bench/record

bench-build:
	$(BENCH_CARGO) --release

bench-programs:
	$(MAKE) static CARGO_TARGET_DIR=$(BENCH_TARGET_DIR) FEATURES="--no-default-features --features exporter"
	install -D $(call bench_program,) $(call bench_program,bare/)
	$(MAKE) static CARGO_TARGET_DIR=$(BENCH_TARGET_DIR) FEATURES=

bench-tiny:
ifneq ($(wildcard src/serve/tiny.rs),)
	$(MAKE) static CARGO_TARGET_DIR=$(BENCH_TARGET_DIR)/tiny_http FEATURES="--features tiny_http"
else
	@echo "SKIPPED: the tiny_http front, there is no src/serve/tiny.rs yet" >&2
endif

profile: ## instructions of a scrape by file, function and line (callgrind)
	$(BENCH_CARGO) --profile profiling
	valgrind --tool=callgrind --callgrind-out-file=$(BENCH_TARGET_DIR)/callgrind.out \
		--collect-atstart=no --toggle-collect='*inside*steady*' \
		$(BENCH_TARGET_DIR)/bench/$(TARGET)/profiling/sysmetrics-bench \
		$(profile_$(PROFILE_WHAT))
	$(BENCH_TARGET_DIR)/bench/$(TARGET)/profiling/sysmetrics-bench \
		profile $(BENCH_TARGET_DIR)/callgrind.out $(PROFILE_SCRAPES)
