#!/usr/bin/env bash
# Licences, duplicates, sources and advisories of all crates, by cargo-deny: .ci/deny.sh
# Where the list of advisories cannot be fetched, the rest is checked and that is said loudly.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/target/clients/bin:$PATH
cargo deny --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny
cargo deny --locked check licenses bans sources
if ! cargo deny --locked fetch db; then
	echo "!!! The list of advisories could not be fetched: they are not checked here." >&2
	[ -z "${GITHUB_ACTIONS-}" ] || exit 1
	exit 0
fi
cargo deny --locked check advisories
