#!/usr/bin/env bash
# Makes the documents anew in a temporary directory and compares; checks the manual page's roff.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v mandoc >/dev/null || { echo "mandoc is missing: apt-get install mandoc" >&2; exit 1; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"${CARGO:-cargo}" run --quiet --features tls --example docs -- "$made"
bad=0
while read -r file; do
	diff -u "$file" "$made/$file" || bad=1
done < <(cd "$made" && find . -type f | sort)
[ $bad = 0 ] || { echo "the documents are not those of the tables: make docs" >&2; exit 1; }
mandoc -Tlint -W warning docs/sysmetrics.1
echo "the documents are those of the tables"
