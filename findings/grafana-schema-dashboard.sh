#!/bin/sh
# @grafana/schema 10.4.19 (npm) with TypeScript 5.4.5: a dashboard that satisfies the type `Dashboard` under `tsc --strict`
# may still be nonsense. The type knows the frame (title, gridPos, fieldConfig.defaults.unit is any string), but a panel's
# `options` and `fieldConfig.defaults.custom`, a query, and a transformation are open records, whatever the panel's `type` says.
# The types of a time series' options and custom fields are in the same package, and nothing joins them to the panel.
#
# Seen: legend.displayMode "lst", an option and a custom field that do not exist, `exprr` for `expr`, an unknown
#       transformation: accepted. `gridpos` for `gridPos`: error TS2561. The same wrong options against the type
#       TimeSeries.Options of the package: error.
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund typescript@5.4.5 @grafana/schema@10.4.19 >/dev/null || exit 2

panel='type: "timeseries", title: "t", options: { legend: { displayMode: "lst" }, noSuchOption: 1 },
  fieldConfig: { defaults: { custom: { lineWidht: "wide" } }, overrides: [] },
  targets: [{ exprr: "up" }], transformations: [{ id: "noSuchTransformation", options: {} }],'
frame() {
	printf 'import type { Dashboard } from "@grafana/schema";\nexport const d: Dashboard = { title: "x", schemaVersion: 38, panels: [{ %s }] };\n' "$1"
}
frame "$panel gridPos: { x: 0, y: 0, w: 12, h: 8 }" >nonsense.ts
frame "$panel gridpos: { x: 0, y: 0, w: 12, h: 8 }" >frame.ts
cat >options.ts <<'END'
import type { Options } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
export const o: Partial<Options> = { legend: { displayMode: "lst" }, noSuchOption: 1 };
END

changed=0
# check <file> <accepted|refused>
check() {
	if said=$(npx tsc --noEmit --strict --skipLibCheck --target es2020 --module esnext --moduleResolution node "$1"); then
		found=accepted
	else
		found=refused
	fi
	printf '%s: %s\n' "$1" "$found"
	[ -z "$said" ] || printf '  %s\n' "$said" | head -n 2
	[ "$found" = "$2" ] || changed=1
}
check nonsense.ts accepted
check frame.ts refused
check options.ts refused
exit $changed
