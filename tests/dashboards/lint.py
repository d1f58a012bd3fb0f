"""What must hold for every dashboard and Grafana's types do not say: python3 tests/dashboards/lint.py

Needs only Python's standard library."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import grafana

# Of packages/grafana-data/src/valueFormats: those that the dashboards use.
UNITS = {
    "none", "short", "percentunit", "bytes", "Bps", "bps", "pps", "cps", "reqps", "s", "celsius", "hertz", "dB", "dBm", "watt",
}
# Of packages/grafana-data/src/transformations/fieldReducer.ts.
REDUCERS = {"lastNotNull", "mean", "max", "min"}
BUILT_IN = {"__rate_interval", "__range", "__url_time_range", "__data", "__all"}
COLORS = {"green", "yellow", "orange", "red", "blue", "purple"}

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def strings(value):
    """All strings within a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def check_words(where, panel):
    if not panel.get("title", "").strip():
        fault(where, "no title")
    if len(panel.get("description", "")) < 40 or panel["description"][-1] not in ".?":
        fault(where, "no description that says what it means and what to do")
    defaults = panel["fieldConfig"]["defaults"]
    units = [defaults.get("unit")]
    for override in panel["fieldConfig"]["overrides"]:
        units += [p["value"] for p in override["properties"] if p["id"] == "unit"]
    for unit in units:
        if unit not in UNITS:
            fault(where, f"unit {unit!r} is none of {sorted(UNITS)}")
    is_number = panel["options"].get("textMode") != "name" and not defaults["mappings"]
    if panel["type"] in ("timeseries", "stat") and is_number and "decimals" not in defaults:
        fault(where, "no decimals")
    for color in re.findall(r'"color": "([^"]*)"', json.dumps(panel)):
        if color not in COLORS:
            fault(where, f"color {color!r}")


def check_form(where, panel):
    options = panel["options"]
    calcs = options.get("legend", {}).get("calcs", []) + options.get("reduceOptions", {}).get("calcs", [])
    if panel["type"] == "timeseries" and not options["legend"]["calcs"]:
        fault(where, "a legend without figures")
    for calc in calcs:
        if calc not in REDUCERS:
            fault(where, f"no such calculation: {calc!r}")
    values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    if values[0] is not None or values[1:] != sorted(values[1:]):
        fault(where, "thresholds that do not ascend from null")
    refs = [target["refId"] for target in panel["targets"]]
    if not refs or len(refs) != len(set(refs)):
        fault(where, "no query, or one name for two")
    for target in panel["targets"]:
        if panel["type"] == "timeseries" and not target.get("legendFormat"):
            fault(where, f"query {target['refId']} without a legend")
        if target["range"] and "[1d]" in target["expr"]:
            fault(where, f"query {target['refId']} looks through a day at each of its points")
        if target["instant"] == target["range"]:
            fault(where, f"query {target['refId']} is both or neither of instant and range")


def check_table(where, panel):
    """Columns that are named in overrides, sorting and links are there."""
    renamed = panel["transformations"][-1]["options"]
    headings = {renamed["renameByName"].get(name, name) for name in renamed["indexByName"]}
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] not in headings:
            fault(where, f"an override for {override['matcher']['options']!r}, which is no column")
    for sort in panel["options"]["sortBy"]:
        if sort["displayName"] not in headings:
            fault(where, f"sorted by {sort['displayName']!r}, which is no column")
    for name in re.findall(r"\$\{__data\.fields\.(\w+)\}", json.dumps(panel)):
        if name not in headings:
            fault(where, f"a link with {name!r}, which is no column")
    for target in panel["targets"]:
        suffix = f" #{target['refId']}" if len(panel["targets"]) > 1 else ""
        field = f"{'Trend' if target['range'] else 'Value'}{suffix}"
        if field not in renamed["indexByName"] and field not in renamed["excludeByName"]:
            fault(where, f"no column for {field}")


def check_sparklines(where, panel):
    """Only queries over time become sparklines: of a single row Grafana would make one, too."""
    trends = [target["refId"] for target in panel["targets"] if target["range"]]
    made = [step for step in panel["transformations"] if step["id"] == "timeSeriesTable"]
    if [step["filter"]["options"] for step in made] != ([f"/^(?:{'|'.join(trends)})$/"] if trends else []):
        fault(where, f"sparklines are made of {made}, not of {trends}")


def check_places(name, dashboard):
    ids = []
    groups = [dashboard["panels"]] + [panel["panels"] for panel in dashboard["panels"] if panel["type"] == "row"]
    for group in groups:
        taken = {}
        for panel in group:
            ids.append(panel["id"])
            place = panel["gridPos"]
            if place["x"] < 0 or place["x"] + place["w"] > 24 or place["w"] < 1 or place["h"] < 1:
                fault(f"{name}/{panel['title']}", f"is outside of the 24 columns: {place}")
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    if (x, y) in taken:
                        fault(f"{name}/{panel['title']}", f"covers {taken[x, y]}")
                    taken[x, y] = panel["title"]
    if len(ids) != len(set(ids)):
        fault(name, "two panels with one id")
    count = sum(panel["type"] != "stat" for panel in grafana.panels(dashboard))
    if count > 32:
        fault(name, f"{count} panels besides the figures at the top are too many")


def check_variables(name, dashboard):
    known = set(grafana.variables(dashboard))
    used = set()
    for text in strings(dashboard):
        for braces, _, plain in grafana.VARIABLE.findall(text):
            used.add(braces or plain)
        used |= set(re.findall(r"\$\{(__data)\.", text))
    for variable in sorted(used - known - BUILT_IN):
        fault(name, f"${variable} is used and does not exist")
    for variable in sorted(known - used):
        fault(name, f"${variable} is there and not used")
    for variable in dashboard["templating"]["list"]:
        if not variable.get("label"):
            fault(name, f"${variable['name']} has no label")


def check_links(name, dashboard, uids):
    urls = [link["url"] for link in dashboard["links"]]
    urls += [text for panel in grafana.panels(dashboard) for text in strings(panel) if text.startswith("/d/")]
    if len({url.split("?")[0] for url in urls}) < 2:
        fault(name, "no links to both other dashboards")
    for url in urls:
        uid, _, query = url.removeprefix("/d/").partition("?")
        if uid not in uids:
            fault(name, f"{url} leads nowhere: {uid} is none of {sorted(uids)}")
            continue
        there = grafana.variables(uids[uid])
        named = re.findall(r"\$\{(\w+):queryparam\}", query) + re.findall(r"var-(\w+)=", query)
        for variable in named:
            if variable not in there:
                fault(name, f"{url} sets {variable}, which {uid} does not have")
    for link in dashboard["links"]:
        if not link["keepTime"]:
            fault(name, f"the link {link['title']} forgets the time range")


def check_datasource(name, value):
    """Every data source is the variable's."""
    if isinstance(value, dict):
        source = value.get("datasource", grafana.DATASOURCE)
        if source != grafana.DATASOURCE:
            fault(name, f"a data source that is not the variable's: {source}")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check_datasource(name, inner)


def check_generated():
    """The committed files are what the generator writes."""
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-B", grafana.ROOT / "deploy/grafana/generate", made]
        subprocess.run(command, check=True)
        written = {path.name: path.read_text() for path in pathlib.Path(made).iterdir()}
    committed = {path.name: path.read_text() for path in grafana.DASHBOARDS.glob("*")}
    if written != committed:
        fault("deploy/grafana/dashboards", "not what the generator writes: python3 deploy/grafana/generate")


def main():
    dashboards = grafana.load()
    uids = {dashboard["uid"]: dashboard for dashboard in dashboards.values()}
    if len(uids) != 4:
        fault("dashboards", f"four with uids of their own are expected: {sorted(uids)}")
    check_generated()
    count = 0
    for name, dashboard in dashboards.items():
        check_places(name, dashboard)
        check_variables(name, dashboard)
        check_links(name, dashboard, uids)
        check_datasource(name, dashboard)
        for panel in grafana.panels(dashboard):
            count += 1
            where = f"{name}/{panel.get('title')}"
            check_words(where, panel)
            check_form(where, panel)
            if panel["type"] == "table":
                check_table(where, panel)
                check_sparklines(where, panel)
    print("\n".join(faults))
    print(f"lint: {count} panels, {len(faults)} faults")
    sys.exit(1 if faults else 0)


main()
