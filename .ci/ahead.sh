#!/usr/bin/env bash
# Builds what later steps of .ci/run need, while others wait: .ci/ahead.sh <target...>
# What fails here fails there, and is told there.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
printf '%s\n' "$@" | xargs -P 2 -n 1 .ci/static.sh
.ci/static.sh "$1" --features tls
.ci/install.sh
