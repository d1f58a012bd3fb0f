#!/usr/bin/env bash
# The files that other programs read: GitHub's workflows and forms against their schemas and for
# holes, the Dockerfile for its pitfalls. The checkers are in target/clients (.ci/install.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=target/clients/bin
for tool in check-jsonschema hadolint zizmor; do
	[ -x $bin/$tool ] || { echo "$tool is missing: .ci/install.sh" >&2; exit 1; }
done

# schema <name> <file...>
schema() { $bin/check-jsonschema --builtin-schema "$@"; }
schema vendor.github-workflows .github/workflows/*.yml
schema custom.github-workflows-require-timeout .github/workflows/*.yml
schema vendor.dependabot .github/dependabot.yml
schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
$bin/zizmor --offline --no-progress --quiet .github
$bin/hadolint Dockerfile
