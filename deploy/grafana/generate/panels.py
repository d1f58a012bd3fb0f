"""The parts of a Grafana dashboard, with the properties that all panels share."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Panels have this version's format: newer ones convert them on load.
PLUGIN_VERSION = "10.4.0"
SCHEMA_VERSION = 38

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"


def steps(*pairs, base=GREEN):
    """Colours from a value upwards: steps((0.8, ORANGE), (0.9, RED))."""
    first = [{"color": base, "value": None}]
    return {"mode": "absolute", "steps": first + [{"color": c, "value": v} for v, c in pairs]}


FULL = steps((0.8, ORANGE), (0.9, RED))
HOT = steps((70, ORANGE), (85, RED))
ANY_RED, ANY_ORANGE = steps((1, RED)), steps((1, ORANGE))
# The position of the dashed line.
AT_90, AT_85 = steps((0.9, RED)), steps((85, RED))


def words(mapping):
    """Words instead of values: words({0: ("down", RED)})."""
    options = {
        str(value): {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(mapping.items())
    }
    return [{"type": "value", "options": options}]


def from_on(value, text, color, to=None):
    """A word instead of every number from `value` upwards."""
    result = {"text": text, "color": color, "index": 0}
    return [{"type": "range", "options": {"from": value, "to": to, "result": result}}]


def override(name, *properties, by="byName"):
    """override("Used", ("unit", "percentunit"))"""
    return {
        "matcher": {"id": by, "options": name}, "properties": [{"id": key, "value": value} for key, value in properties]
    }


def colored(name, color):
    return override(name, ("color", {"mode": "fixed", "fixedColor": color}))


def _targets(queries, table):
    made = []
    for index, query in enumerate(queries):
        target = {"refId": _name(index), "datasource": DATASOURCE, "editorMode": "code", "expr": query[0]}
        if table == "instant" or (table == "mixed" and query[1] != "trend"):
            target.update(format="table", instant=True, range=False)
        elif table == "mixed":
            target.update(format="time_series", instant=False, range=True)
        else:
            target.update(format="time_series", instant=table == "latest", range=table != "latest",
                          legendFormat=query[1])
        made.append(target)
    return made


def _panel(kind, title, description, unit, queries, size, table=None, **config):
    defaults = {
        "unit": unit, "color": config.pop("color", {"mode": "palette-classic"}),
        "thresholds": config.pop("thresholds", None) or steps(), "mappings": config.pop("mappings", [])
    }
    for key in ("decimals", "min", "max", "noValue"):
        if config.get(key) is not None:
            defaults[key] = config[key]
    if config.get("custom"):
        defaults["custom"] = config["custom"]
    panel = {
        "type": kind, "title": title, "description": description, "datasource": DATASOURCE,
        "pluginVersion": PLUGIN_VERSION, "gridPos": {"x": 0, "y": 0, "w": size[0],
                                                     "h": size[1]}, "targets": _targets(queries, table),
        "fieldConfig": {"defaults": defaults, "overrides": config.get("overrides", [])}, "options": config["options"]
    }
    for key in ("transformations", "links", "interval", "maxDataPoints"):
        if config.get(key):
            panel[key] = config[key]
    return panel


def stat(title, description, unit, query, thresholds=None, name=None, text=None, size=(3, 4), spark=True, **more):
    """One large number with the line behind it; `text` says whether the series' name is written."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "",
                          "values": False}, "orientation": "auto", "textMode": text or "value", "colorMode": "value",
        "graphMode": "area" if spark else "none", "justifyMode": "auto", "showPercentChange": False, "wideLayout": True
    }
    return _panel("stat", title, description, unit, [(query, name or title)], size, None if spark else "latest",
                  options=options, thresholds=thresholds, color={"mode": "thresholds"}, **more)


def lines(title, description, unit, queries, size=(8, 8), stack=False, limits=None,
          calcs=("mean", "max", "lastNotNull"), fill=10, **more):
    """Lines over time, with a table of each line's figures below."""
    style = {"mode": "dashed" if limits else "off"}
    custom = {
        "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 60 if stack else fill,
        "gradientMode": "none", "showPoints": "never", "spanNulls": False, "axisPlacement": "auto", "axisLabel": "",
        "stacking": {"mode": "normal" if stack else "none", "group": "A"}, "scaleDistribution": {"type": "linear"},
        "thresholdsStyle": style, "hideFrom": {"legend": False, "tooltip": False, "viz": False}
    }
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": list(calcs)},
        "tooltip": {"mode": "multi", "sort": "desc"}
    }
    return _panel("timeseries", title, description, unit, queries, size, options=options, thresholds=limits,
                  custom=custom, **more)


def mirrored(title, description, unit, above, below, size=(8, 8), **more):
    """Lines above zero for what comes in, below zero for what goes out; legends of `below` end in
    " out" or " written"."""
    down = override("/ (out|written)$/", ("custom.transform", "negative-Y"), by="byRegexp")
    return lines(title, description, unit, [above, below], size, overrides=[down], **more)


def table(title, description, queries, columns, size=(24, 8), sort=None, trends=(), unit="short", **more):
    """A row for each set of labels. `columns` are (name of the field, heading or None for hidden,
    properties); `trends` are the numbers of the queries that become sparklines."""
    queries = [(query, "trend" if index in trends else "") for index, query in enumerate(queries)]
    shown = [column for column in columns if column[1] is not None]
    organize = {
        "excludeByName": {name: True
                          for name, heading, *_ in columns
                          if heading is None}, "indexByName": {column[0]: index
                                                               for index, column in enumerate(shown)},
        "renameByName": {name: heading
                         for name, heading, *_ in shown if heading != name}
    }
    transformations = [_sparklines(trends)] if trends else []
    if len(queries) > 1:
        transformations.append({"id": "merge", "options": {}})
    transformations.append({"id": "organize", "options": organize})
    overrides = [override(heading, *properties) for _, heading, *properties in shown if properties]
    options = {
        "frameIndex": 0, "showHeader": True, "cellHeight": "sm",
        "sortBy": [{"displayName": sort[0], "desc": sort[1]}] if sort else []
    }
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}
    return _panel("table", title, description, unit, queries, size, "mixed" if trends else "instant", options=options,
                  custom=custom, overrides=overrides, transformations=transformations, color={"mode": "thresholds"},
                  **more)


def _sparklines(trends):
    """Makes a row of each series. It is limited to these queries, because it would treat the result of another
    query that is a single row, such as of the only box, as a series, too."""
    names = "|".join(_name(index) for index in trends)
    return {"id": "timeSeriesTable", "filter": {"id": "byRefId", "options": f"/^(?:{names})$/"}, "options": {}}


def _name(index):
    return chr(ord("A") + index)


GAUGE_CELL = ("custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"})
COLOR_CELL = ("custom.cellOptions", {"type": "color-text"})
BACKGROUND_CELL = ("custom.cellOptions", {"type": "color-background", "mode": "basic"})
SPARK_CELL = ("custom.cellOptions", {
    "type": "sparkline", "drawStyle": "line", "lineWidth": 1, "fillOpacity": 15, "showPoints": "never",
    "hideValue": False
})


def share():
    """Properties of a column that says how full something is."""
    return [("unit", "percentunit"), ("decimals", 0), ("min", 0), ("max", 1), ("thresholds", FULL), GAUGE_CELL]


# The paths of the dashboards, and the variables that each accepts.
UIDS = {
    "box": "sysmetrics-box", "edge": "sysmetrics-edge", "fleet": "sysmetrics-fleet", "agent": "sysmetrics-agent"
}


def row_link(title, to):
    """A link from a row of a table that has the columns job and instance."""
    url = (f"/d/{UIDS[to]}?${{datasource:queryparam}}&var-job=${{__data.fields.job}}"
           "&var-instance=${__data.fields.instance}&${__url_time_range}")
    return {"title": title, "url": url, "targetBlank": False}


def _link(to, title, tooltip, variables):
    query = "&".join(f"${{{name}:queryparam}}" for name in variables)
    return {
        "type": "link", "title": title, "tooltip": tooltip, "url": f"/d/{UIDS[to]}?{query}", "icon": "dashboard",
        "keepTime": True, "includeVars": False, "targetBlank": False, "asDropdown": False, "tags": []
    }


def links(here):
    """Links to the other dashboards, at the top, with the variables that both have."""
    one_box = ["datasource", "job", "instance"]
    known = {
        "fleet": ("Fleet", "All boxes", ["datasource",
                                         "job"]), "box": ("Box", "This box: CPU, memory, disks, network", one_box),
        "edge": ("Edge", "This box: flash, power, clock, units, sensors", one_box),
        "agent": ("Agent", "The agent on this box: what it takes in, sends out and costs", one_box)
    }
    variables = ["datasource"] if here == "fleet" else None
    return [_link(to, title, tip, variables or its) for to, (title, tip, its) in known.items() if to != here]


def datasource_variable():
    return {
        "type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "",
        "hide": 0, "refresh": 1, "multi": False, "includeAll": False, "skipUrlSync": False, "options": []
    }


def query_variable(name, label, query, several=False):
    """A list of a label's values; `several` lets more than one be chosen, by default all."""
    variable = {
        "type": "query", "name": name, "label": label, "datasource": DATASOURCE, "regex": "", "hide": 0,
        "query": {"query": query, "refId": "StandardVariableQuery"}, "refresh": 2, "sort": 7, "multi": several,
        "includeAll": several, "skipUrlSync": False, "options": []
    }
    if several:
        variable["allValue"] = ".*"
        variable["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return variable


def choice_variable(name, label, choices, chosen):
    options = [{"text": choice, "value": choice, "selected": choice == chosen} for choice in choices]
    return {
        "type": "custom", "name": name, "label": label, "query": ",".join(choices), "hide": 0, "multi": False,
        "includeAll": False, "skipUrlSync": False, "options": options,
        "current": {"selected": True, "text": chosen, "value": chosen}
    }


def _place(rows, y):
    """Gives each panel its place: rows of panels below each other."""
    for row in rows:
        x = 0
        for panel in row:
            panel["gridPos"].update(x=x, y=y)
            x += panel["gridPos"]["w"]
        y += max(panel["gridPos"]["h"] for panel in row)
    return y


def section(title, *rows, collapsed=False):
    """A headline with rows of panels below it."""
    return title, rows, collapsed


def _laid_out(sections):
    panels, y = [], 0
    for title, rows, collapsed in sections:
        inside = [panel for row in rows for panel in row]
        if title is None:
            y = _place(rows, y)
            panels += inside
            continue
        head = {
            "type": "row", "title": title, "collapsed": collapsed, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}
        }
        panels.append(head)
        end = _place(rows, y + 1)
        if collapsed:
            head["panels"] = inside
            y += 1
        else:
            panels += inside
            y = end
    return panels


def _number(panels):
    number = 0
    for panel in panels:
        for each in [panel, *panel.get("panels", [])]:
            number += 1
            each["id"] = number


def dashboard(name, title, description, variables, sections, time="now-6h"):
    panels = _laid_out(sections)
    _number(panels)
    return {
        "uid": UIDS[name], "title": title, "description": description, "tags": ["sysmetrics"],
        "schemaVersion": SCHEMA_VERSION, "version": 1, "editable": True, "graphTooltip": 1, "timezone": "browser",
        "refresh": "1m", "time": {"from": time, "to": "now"}, "timepicker": {}, "annotations": {"list": []},
        "links": links(name), "templating": {"list": [datasource_variable(), *variables]}, "panels": panels
    }
