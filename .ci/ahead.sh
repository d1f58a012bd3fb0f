#!/usr/bin/env bash
# Builds what later steps of .ci/run need, while others wait: .ci/ahead.sh <target...>
# What fails here fails there, and is told there.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# One after the other: the tests have the other processor, and a build takes a gigabyte.
for target in "$@"; do .ci/static.sh "$target"; done
.ci/static.sh "$1" --features tls
.ci/install.sh
