"""Puts every query of every panel and variable to real servers after a minute of scraping: each must return data.

    python3 tests/dashboards/queries.py BINARY

BINARY is sysmetrics. Debian's Prometheus, a newer one and VictoriaMetrics (target/peers) scrape agents of both
dialects and Debian's node_exporter, on this machine and on the stored one of fixtures/box, which has the hardware
that this one may lack. Faults that panels are about are made: a box that goes silent, a link that is down."""

import json
import math
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import grafana
import machines

WATCHERS = {
    "prometheus-2": "/usr/bin/prometheus",
    "prometheus-3": machines.PEERS / "prometheus",
    "victoria-metrics": machines.PEERS / "victoria-metrics",
}
MINUTE = 60
# When boxes go silent, and for how long they must be to be called so: shorter than the dashboard's choices, so that
# a minute is enough.
SILENT_FROM, SILENT = 25, "20s"
PATIENCE = 240
# What a machine may lack: then the stored one must have it.
HARDWARE = re.compile("hwmon|thermal|cooling_device|throttles|scaling_frequency|conntrack|pressure")
# Lines of one panel on a machine with 29 interfaces: more is a wall.
MOST_LINES = 16

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
faults = []


def ask(port, path, **query):
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    try:
        with opener.open(url, timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return {"error": error.read().decode(errors="replace")}


class Series(list):
    """What a query found; `error` is what the server said instead."""

    error = ""


def found(port, expr, target, span, step):
    """The series with a value that is a number."""
    now = time.time()
    if target["instant"]:
        data = ask(port, "query", query=expr, time=now)
    else:
        # VictoriaMetrics shows the newest samples a little later, and without them has none at the end of a range
        # whose steps are as long as the scrapes are apart. By default it leaves out the last 30 s itself.
        end = now - machines.SCRAPE_INTERVAL
        data = ask(port, "query_range", query=expr, start=end - span, end=end, step=step)
    series = Series()
    series.error = data.get("error", "")
    for each in data.get("result", []):
        values = [value for _, value in each.get("values") or [each["value"]]]
        if any(math.isfinite(float(value)) for value in values):
            series.append(each)
    return series


def dialects(expr):
    """In which dialects a query can find something: by the names in it."""
    own, node = "sysmetrics_" in expr, "node_" in expr
    either = "(sysmetrics|node)" in expr or "process_" in expr or "ALERTS" in expr or own == node
    return {"own": own or either, "node": node or either}


# The boxes of each kind: this machine, then stored ones.
BOXES = {
    "own": ["live", "board"],
    "node": ["node-live", "node-board"],
    "real": ["real-live", "real-board", "newer-board"],
}
# What only boxes with a fault show: on the stored machine two files go bad, and mounts cannot be asked.
FAULTS = re.compile("max_over_time.*collector_success|read_errors")


# What the dashboard Edge shows: no one machine has all of it.
EDGE_BOXES = ["board", "live", "daemons"]


def job_of(box):
    return next((job for job, boxes in machines.JOBS.items() if box in boxes), "edge")


class Tried:
    """One server, and the settings that Grafana has for it."""

    def __init__(self, name, port, span=3600):
        self.name, self.port, self.span, self.step = name, port, span, machines.SCRAPE_INTERVAL

    def series(self, dashboard, target, chosen):
        expr = grafana.interpolate(target["expr"], dashboard, chosen, self.step, machines.SCRAPE_INTERVAL, self.span)
        return found(self.port, expr, target, self.span, self.step)

    def fault(self, where, what):
        faults.append(f"{self.name}: {where}: {what}")

    def one_box(self, name, dashboard):
        """Box, Edge and Agent: for every dialect one of its boxes has data, and this machine, if it is not about hardware."""
        for panel in grafana.panels(dashboard):
            for target in panel["targets"]:
                expr, where = target["expr"], f"{name}/{panel['title']} {target['refId']}"
                for kind, boxes in BOXES.items():
                    if not dialects(expr)["own" if kind == "own" else "node"] or (name == "edge" and kind != "own"):
                        continue
                    is_fault = FAULTS.search(expr) and "vector(0)" not in expr
                    candidates = boxes[1:] if is_fault else boxes if HARDWARE.search(expr) else boxes[:1]
                    candidates = EDGE_BOXES if name == "edge" else candidates
                    results = [
                        self.series(dashboard, target, {"job": job_of(box), "instance": box}) for box in candidates
                    ]
                    errors = {result.error for result in results if result.error}
                    if errors or not any(results):
                        self.fault(where, f"no data for {candidates}: {target['expr']} {errors or ''}")

    def walls(self, name, dashboard):
        for panel in grafana.panels(dashboard):
            if panel["type"] == "timeseries":
                chosen = {"job": "sysmetrics", "instance": "many"}
                lines = sum(len(self.series(dashboard, target, chosen)) for target in panel["targets"])
                if lines > MOST_LINES:
                    self.fault(f"{name}/{panel['title']}", f"{lines} lines are a wall")

    def fleet(self, dashboard):
        boxes = [box for boxes in machines.JOBS.values() for box in boxes] + ["pushed"]
        chosen = {
            "all": {"job": "$__all", "instance": "$__all", "silent": SILENT},
            "several": {"job": [*machines.JOBS, "pushed"], "instance": boxes, "silent": SILENT},
        }
        for panel in grafana.panels(dashboard):
            for target in panel["targets"]:
                for how, choice in chosen.items():
                    series = self.series(dashboard, target, choice)
                    if not series:
                        self.fault(
                            f"fleet/{panel['title']} {target['refId']}",
                            f"no data for {how}: {target['expr']} {series.error}",
                        )
                    self.rows(panel, target, series, boxes)

    def rows(self, panel, target, series, boxes):
        """What the tables of all boxes must show, whether boxes are scraped or push."""
        seen = {each["metric"].get("instance") for each in series}
        if panel["title"] == "Silent boxes" and panel["type"] == "table" and seen != {"silent", "pushed"}:
            self.fault("fleet/Silent boxes", f"shows {seen}")
        if panel["title"] == "Silent boxes" and panel["type"] == "stat":
            values = [each["value"][1] for each in series]
            if values != ["2"]:
                self.fault("fleet/Silent boxes", f"counts {values}")
        if panel["title"] == "Failing collectors" and panel["type"] == "table":
            # What a machine never had is no failure, though node_exporter calls it one.
            broke = {each["metric"]["collector"] for each in series} - {"loadavg", "memory", "meminfo"}
            if seen != {"board", "node-board", "real-board", "newer-board"} or broke:
                self.fault("fleet/Failing collectors", f"shows {seen} {broke}")
        if panel["title"] == "Boxes" and panel["type"] == "table":
            labels = [sorted(each["metric"]) for each in series]
            if any(label != ["instance", "job"] for label in labels):
                self.fault(
                    f"fleet/Boxes {target['refId']}", f"rows are merged by job and instance alone, not {labels[0]}"
                )
            if target["refId"] == "A":
                if seen != set(boxes):
                    self.fault("fleet/Boxes", f"has rows for {seen}")
                silent = {each["metric"]["instance"] for each in series if float(each["value"][1]) >= 1.5}
                if silent != {"silent", "pushed"}:
                    self.fault("fleet/Boxes", f"silent at the top are {silent}")

    def variables(self, name, dashboard):
        chosen = {"job": "sysmetrics", "instance": "live"}
        if name == "fleet":
            chosen = {"job": "$__all", "instance": "$__all", "silent": SILENT}
        for variable in dashboard["templating"]["list"]:
            if variable["type"] != "query":
                continue
            query = variable["query"]["query"]
            parts = re.fullmatch(r"label_values\((.+),\s*([a-zA-Z_]\w*)\)", query)
            selector = grafana.interpolate(parts[1], dashboard, chosen, self.step, machines.SCRAPE_INTERVAL, self.span)
            values = ask(
                self.port,
                f"label/{parts[2]}/values",
                **{"match[]": selector, "start": time.time() - self.span, "end": time.time()},
            )
            expected = set(machines.JOBS) if variable["name"] == "job" else {"live", "board", "silent"}
            if name == "edge" and variable["name"] == "job":
                expected = {"sysmetrics", "edge"}
            if not expected <= set(values):
                self.fault(f"{name}/${variable['name']}", f"{query} gives {values}")


def number(port, expr):
    result = ask(port, "query", query=expr, time=time.time()).get("result", [])
    return float(result[0]["value"][1]) if result else 0


def until(processes, what, is_so):
    start = time.monotonic()
    while not is_so():
        processes.check()
        if time.monotonic() - start > PATIENCE:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.5)


def try_to(function):
    try:
        return function()
    except OSError:
        return False  # it starts only


def scraped(processes, ports, boxes, seconds):
    """Waits until every server has scraped each of the boxes for so long."""
    samples = seconds // machines.SCRAPE_INTERVAL + 1
    names = "|".join(boxes)
    expr = f'count(count_over_time(up{{instance=~"{names}"}}[10m]) >= {samples})'
    for name in WATCHERS:
        until(
            processes,
            f"{name} scrapes {names} for {seconds} s",
            lambda name=name: try_to(lambda: number(ports[name], expr) == len(boxes)),
        )


def run(binary, directory):
    boxes = [box for boxes in machines.JOBS.values() for box in boxes]
    names = [*boxes, *WATCHERS, "pushed", "statsd", "dead"]
    ports = machines.free_ports(names)
    processes = machines.Processes(directory)
    try:
        machines.start_boxes(processes, binary, ports, WATCHERS)
        machines.start_watchers(processes, ports, WATCHERS)
        with machines.Work(directory, ports):
            scraped(processes, ports, boxes, SILENT_FROM)
            for name in WATCHERS:
                until(
                    processes,
                    f"{name} hears of the box that pushes",
                    lambda name=name: number(ports[name], 'count({__name__="sysmetrics_load1",instance="pushed"})')
                    == 1,
                )
            for name in ("silent", "pushed"):
                processes.stop(name)
            machines.break_board(directory)
            lively = [box for box in boxes if box != "silent"]
            scraped(processes, ports, lively, MINUTE)
            processes.check()
            return try_all(ports)
    finally:
        processes.stop_all()


def try_all(ports):
    count = 0
    for server in WATCHERS:
        tried = Tried(server, ports[server])
        for name, dashboard in grafana.load().items():
            tried.variables(name, dashboard)
            if name == "fleet":
                tried.fleet(dashboard)
            else:
                tried.one_box(name, dashboard)
                tried.walls(name, dashboard)
            count += sum(len(panel["targets"]) for panel in grafana.panels(dashboard))
    return count


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    start = time.monotonic()
    directory = pathlib.Path(tempfile.mkdtemp())
    try:
        count = run(binary, directory)
    finally:
        shutil.rmtree(directory)
    print("\n".join(faults))
    print(f"queries: {count} on {len(WATCHERS)} servers, {len(faults)} faults, {time.monotonic() - start:.0f} s")
    sys.exit(1 if faults else 0)


main()
