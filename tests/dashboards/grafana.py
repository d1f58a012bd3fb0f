"""What Grafana does with a dashboard file before it asks Prometheus."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
DASHBOARDS = ROOT / "deploy/grafana/dashboards"
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::(\w+))?\}|(\w+))")


def load():
    """The dashboards by their files' names."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def panels(dashboard):
    """All panels, those in collapsed rows too, without the rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def escaped(value):
    """A value as it goes into a regular expression within a PromQL string."""
    return re.sub(r"[\\^$*+?.()|{}\[\]]", lambda found: "\\\\" + found.group(0), value)


def value_of(variable, chosen):
    """What a variable becomes in a query: `chosen` is a value, a list of values or "$__all"."""
    several = variable.get("multi") or variable.get("includeAll")
    if chosen == "$__all":
        return variable["allValue"]
    if isinstance(chosen, list):
        values = [escaped(value) for value in chosen]
        return values[0] if len(values) == 1 else f"({'|'.join(values)})"
    return escaped(chosen) if several else chosen.replace("\\", "\\\\").replace("'", "\\\\'")


def rate_interval(step, scrape_interval):
    return max(step + scrape_interval, 4 * scrape_interval)


def interpolate(text, dashboard, chosen, step, scrape_interval, span):
    """`text` with the values of variables; a variable that is not there is an error."""
    known = variables(dashboard)
    special = {
        "__interval": f"{step}s",
        "__rate_interval": f"{rate_interval(step, scrape_interval)}s",
        "__range": f"{span}s",
        "__range_s": str(span),
    }

    def value(found):
        name = found.group(1) or found.group(3)
        if name in special:
            return special[name]
        return value_of(known[name], chosen[name])

    return VARIABLE.sub(value, text)
