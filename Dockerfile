# The agent alone in an image of some 2 MB: docker build -t sysmetrics .
# For other processors nothing is emulated, the compiler crosses over:
#   docker buildx build --platform linux/amd64,linux/arm64,linux/arm/v7,linux/arm/v6,linux/386,linux/riscv64 .
# Debian, not Alpine: it has compilers for the C in the feature tls for every one of these.
FROM --platform=$BUILDPLATFORM rust:1.95-slim-bookworm AS build
ARG TARGETARCH
ARG TARGETVARIANT
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src

# Docker's name of the processor, Rust's, and Debian's packages for the C in it: the feature tls, and the C library
# that .ci/musl.sh builds for some. With what they recommend, which are the headers.
# hadolint ignore=DL3008,DL3015
RUN case "$TARGETARCH/$TARGETVARIANT" in \
		amd64/*) target=x86_64-unknown-linux-musl gnu=x86_64-linux-gnu ;; \
		386/*) target=i686-unknown-linux-musl gnu=i686-linux-gnu ;; \
		arm64/*) target=aarch64-unknown-linux-musl gnu=aarch64-linux-gnu ;; \
		arm/v7) target=armv7-unknown-linux-musleabihf gnu= ;; \
		arm/v6) target=arm-unknown-linux-musleabihf gnu= ;; \
		riscv64/*) target=riscv64gc-unknown-linux-musl gnu= ;; \
		*) echo "no build for linux/$TARGETARCH/$TARGETVARIANT: see the list in the Dockerfile" >&2; exit 1 ;; \
	esac; \
	echo "$target" >/target; \
	packages=(clang curl make); \
	if [ -n "$gnu" ]; then packages=("gcc-${gnu/x86_64/x86-64}"); fi; \
	echo "${gnu:+export CC_${target//-/_}=$gnu-gcc}" >/compiler; \
	apt-get update; \
	apt-get install -y ca-certificates git "${packages[@]}"; \
	rm -rf /var/lib/apt/lists/*; \
	rustup component add rust-src; \
	rustup target add "$target"

COPY . .
# hadolint ignore=SC1091
RUN . /compiler; \
	path=$(.ci/static.sh "$(cat /target)" --locked --features tls); \
	case $path in */"$(cat /target)"/*) ;; *) echo "not for release: $path" >&2; exit 1 ;; esac; \
	mkdir /out; \
	mkdir -m 700 /out/state; \
	cp "$path" /out/sysmetrics

FROM scratch
LABEL org.opencontainers.image.title="sysmetrics" \
	org.opencontainers.image.description="A metrics agent for small Linux boxes" \
	org.opencontainers.image.licenses="MIT"
# Whom to trust where something is sent to https.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Spool and state of log files. A volume made from it gets its owner.
COPY --from=build --chown=65534:65534 /out/state /var/lib/sysmetrics
COPY --from=build /out/sysmetrics /sysmetrics
USER 65534:65534
VOLUME /var/lib/sysmetrics
EXPOSE 9101
# At the address that METRICS_CONFIG, EXPORTER_PORT and the like set; flags of the container's command it does
# not know.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/sysmetrics", "--health"]
ENTRYPOINT ["/sysmetrics"]
