"""Checks the dashboards against Grafana's own types, with the TypeScript compiler: python3 tests/dashboards/schema.py

Needs node, npm and, the first time, the registry: the packages stay in target/grafana-schema. The oldest release
that the dashboards are for is checked in full. Of a newer one everything but options that it added: a panel
without them gets their defaults."""

import copy
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "target" / "grafana-schema"
TYPESCRIPT = "5.4.5"
# The release, and what of a panel's options a file must have.
RELEASES = {"10.4.19": "T", "13.2.3": "Partial<T>"}
IMPORT = 'import type { DashboardFile } from "./types";\n'
SETTINGS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": [],
    },
    "include": ["*.ts"],
}


def npm(directory, *packages):
    names = [package.rsplit("@", 1) for package in packages]
    manifests = [(directory / "node_modules" / name / "package.json", version) for name, version in names]
    if all(path.exists() and json.loads(path.read_text())["version"] == version for path, version in manifests):
        return
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "package.json").write_text('{"private": true}\n')
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--no-package-lock",
        "--silent",
        *packages,
    ]
    try:
        subprocess.run(command, cwd=directory, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{' '.join(packages)}: {error}\nneeds apt-get install nodejs npm, and npm's registry")


# Faults that the types must find, each put into a dashboard of its own: else the check checks nothing.
def faults(good):
    first = next(index for index, panel in enumerate(good["panels"]) if panel["type"] == "timeseries")
    rows = next(index for index, panel in enumerate(good["panels"]) if panel["type"] == "table")
    places = {
        "unknown key of a panel": (first, "legend", {}),
        "unknown option": (first, "options.legends", {}),
        "option of another kind": (first, "options.legend.calcs", "mean"),
        "word that is none of the choices": (first, "fieldConfig.defaults.custom.drawStyle", "lines"),
        "unknown key of a field": (first, "fieldConfig.defaults.units", "s"),
        "word in the place of a number": (first, "fieldConfig.defaults.decimals", "2"),
        "unknown type of panel": (first, "type", "graph"),
        "override of nothing": (rows, "fieldConfig.overrides.0.properties.0.id", "custom.cellOption"),
        "override of another kind": (rows, "fieldConfig.overrides.0.properties.0.value", {"kind": 1}),
        "unknown transformation": (rows, "transformations.0.id", "joined"),
        "query without an expression": (first, "targets.0.expr", None),
    }
    for name, (index, path, value) in places.items():
        bad = copy.deepcopy(good)
        *steps, last = path.split(".")
        place = bad["panels"][index]
        for step in steps:
            place = place[int(step) if isinstance(place, list) else step]
        place[last] = value
        yield name, bad


def faults_file(good):
    """Every line must fail, or the compiler complains that one did not."""
    return IMPORT + "".join(
        f"// @ts-expect-error {name}\nexport const bad{number}: DashboardFile = {json.dumps(bad)};\n"
        for number, (name, bad) in enumerate(faults(good))
    )


def check(release, required, dashboards):
    directory = TARGET / release
    npm(directory, f"@grafana/schema@{release}")
    for old in directory.glob("*.ts"):
        old.unlink()
    (directory / "tsconfig.json").write_text(json.dumps(SETTINGS))
    (directory / "release.ts").write_text(f"export type Complete<T> = {required};\n")
    (directory / "types.ts").write_text((HERE / "types.ts").read_text())
    for path in dashboards:
        text = f"{IMPORT}export const dashboard: DashboardFile = {path.read_text()};\n"
        (directory / f"{path.stem}.ts").write_text(text)
        if path.stem == "box":
            (directory / "faults.ts").write_text(faults_file(json.loads(path.read_text())))
    compiler = TARGET / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(["node", compiler, "-p", directory], capture_output=True, text=True)
    print(f"schema {release}: {'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode:
        print(done.stdout + done.stderr)
        print("a fault in faults.ts is one that the types did not find")
    return done.returncode == 0


def main():
    dashboards = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
    if len(dashboards) < 3:
        sys.exit("no dashboards in deploy/grafana/dashboards: python3 deploy/grafana/generate")
    npm(TARGET, f"typescript@{TYPESCRIPT}")
    if not all([check(release, required, dashboards) for release, required in RELEASES.items()]):
        sys.exit(1)


os.environ.setdefault("npm_config_update_notifier", "false")
main()
