"""The dashboard of all boxes."""

from panels import (HOT, ANY_RED, ANY_ORANGE, AT_90, AT_85, COLOR_CELL, RED, SPARK_CELL, choice_variable,
                    dashboard, from_on, lines, query_variable, row_link, section, share, stat, steps, table, words)
from query import FLEET, REAL_INTERFACES, both, broken, busy, cpus, fill, firing, memory_used, rate, temperatures, top

NAME = '{__name__=~"(sysmetrics|node)_uname_info"'
VARIABLES = [
    query_variable("job", "Job", f"label_values({NAME}}}, job)", several=True),
    query_variable("instance", "Boxes", f'label_values({NAME},job=~"$job"}}, instance)', several=True),
    choice_variable("silent", "Silent after", ["2m", "5m", "15m", "1h"], "5m"),
]

EACH = " by (job, instance)"
SEEN = both("time_seconds", box=FLEET)
# Seen in the last day, but not recently, whether scraped or pushed.
SILENT = f"group{EACH} (last_over_time({SEEN}[1d])) unless group{EACH} (last_over_time({SEEN}[$silent]))"
FULLEST = f"max{EACH} ({fill(FLEET)})"
REPORTING = f"group{EACH} ({both('uname_info', box=FLEET)})"
BUILDS = '{__name__=~"sysmetrics_build_info|node_exporter_build_info",' + FLEET + "}"


def worst():
    """The highest use of anything that can fill up on a box, from 0 to 1; more for boxes with an alert, or silent."""
    parts = {
        "cpu": busy(FLEET, EACH), "memory": memory_used(FLEET, EACH), "disk": FULLEST,
        "alert": f"1.2 * group{EACH} ({firing(FLEET)})", "silent": f"2 * ({SILENT})"
    }
    told = (f'label_replace({expression}, "of", "{what}", "", "")' for what, expression in parts.items())
    return f"max{EACH} ({' or '.join(told)})"


def overview():

    def boxes(expression):
        return f"count({expression}) or vector(0)"

    size = (4, 4)
    return section(None, [
        stat("Boxes reporting", "Boxes that sent or answered within the last minutes.", "none", boxes(REPORTING),
             size=size, decimals=0),
        stat(
            "Silent boxes", "Boxes that were there within the last day and say nothing now. The table of silent "
            "boxes names them: is their power on, their link up, their agent running?", "none", boxes(SILENT), ANY_RED,
            size=size, spark=False, decimals=0),
        stat("Alerts firing",
             "Alerts about these boxes: those of Prometheus' rules and those that the agents evaluate.", "none",
             boxes(firing(FLEET)), ANY_RED, size=size, decimals=0),
        stat("Disks nearly full", "File systems that are more than 90 % full. Sort the table below by Fullest disk.",
             "none", boxes(f"max by (job, instance, device) ({fill(FLEET)}) > 0.9"), ANY_ORANGE, size=size, decimals=0),
        stat("Memory short", "Boxes with more than 90 % of memory in use. Sort the table below by Memory.", "none",
             boxes(f"{memory_used(FLEET, EACH)} > 0.9"), ANY_ORANGE, size=size, decimals=0),
        stat(
            "Failing collectors",
            "Parts of agents that worked within the last day and now cannot read what they should: "
            "their metrics are missing, not zero. The table of them is below.", "none",
            boxes(f"({broken(FLEET)}) == 1"), ANY_ORANGE, size=size, spark=False, decimals=0),
    ])


def all_boxes():
    received, sent = (f"sum{EACH} ({rate(both(f'network_{way}_bytes_total', REAL_INTERFACES, box=FLEET))})"
                      for way in ("receive", "transmit"))
    queries = [
        worst(),
        busy(FLEET, EACH),
        memory_used(FLEET, EACH), f"sum{EACH} ({both('load5', box=FLEET)}) / {cpus(FLEET, EACH)}",
        f"8 * ({received} + {sent})", FULLEST, f"max{EACH} ({temperatures(FLEET)})",
        f"time() - max{EACH} ({both('boot_time_seconds', box=FLEET)})", f"count{EACH} ({firing(FLEET)})"
    ]

    def spark(field, heading, unit, *more):
        return (field, heading, ("unit", unit), SPARK_CELL, ("color", {"mode": "fixed", "fixedColor": "blue"}),
                ("custom.width", 140), *more)

    ratio = ("min", 0), ("max", 1), ("decimals", 0)
    columns = [
        ("Time", None),
        ("instance", "instance",
         ("links", [row_link("This box", "box"), row_link("What wears", "edge"), row_link("Its agent", "agent")])),
        ("Value #A", "Worst", *share(), ("custom.width", 110),
         ("mappings", from_on(1.1, "alert", RED, 1.5) + from_on(1.5, "silent", RED))),
        spark("Trend #B", "CPU", "percentunit", *ratio),
        spark("Trend #C", "Memory", "percentunit", *ratio),
        spark("Trend #D", "Load per CPU", "none", ("decimals", 2), ("min", 0)),
        spark("Trend #E", "Network", "bps", ("decimals", 1), ("min", 0)),
        ("Value #F", "Fullest disk", *share(), ("custom.width", 110)),
        ("Value #G", "Hottest", ("unit", "celsius"), ("decimals", 0), ("thresholds", HOT), COLOR_CELL, ("custom.width",
                                                                                                        90)),
        ("Value #H", "Uptime", ("unit", "s"), ("decimals", 1), ("custom.width", 100)),
        ("Value #I", "Alerts", ("unit", "none"), ("thresholds", ANY_RED), COLOR_CELL, ("custom.width", 80)),
        ("job", "job", ("custom.width", 100)),
    ]
    return section("Boxes, worst first", [
        table(
            "Boxes", "A row for each box. Worst is the fullest of CPU, memory and disks; boxes that went "
            "silent stand at the top. A click on a name leads to the box.", queries, columns,
            (24, 14), sort=("Worst", True), trends=(1, 2, 3, 4), maxDataPoints=60),
    ])


def silent_boxes():
    last_seen = f"time() - max{EACH} (max_over_time({SEEN}[1d])) unless group{EACH} (last_over_time({SEEN}[$silent]))"
    alerts = f"count by (job, instance, alertname, severity) ({firing(FLEET)})"
    box = ("instance", "instance", ("links", [row_link("This box", "box")]))
    agent = ("instance", "instance", ("links", [row_link("Its agent", "agent")]))
    return section("What needs a look", [
        table(
            "Silent boxes", "Boxes that were there within the last day but not for as long as Silent after says. "
            "Last seen is by the box's own clock.", [last_seen], [("Time", None), box,
                                                                  ("Value", "Last seen", ("unit", "s"), ("decimals", 0),
                                                                   ("thresholds", steps(base=RED)), COLOR_CELL),
                                                                  ("job", "job")],
            (8, 8), sort=("Last seen", True), noValue="none is silent"),
        table("Alerts firing", "What Prometheus' rules and the agents' own find wrong now.", [alerts],
              [("Time", None), box, ("alertname", "Alert"), ("severity", "Severity"),
               ("Value", "Series", ("unit", "none"), ("custom.width", 80)),
               ("job", "job")], (8, 8), sort=("Alert", False), noValue="no alert fires"),
        table(
            "Failing collectors",
            "What agents could read within the last day, and not at the last scrape. Their logs name the "
            "file and the error.", [f"max by (job, instance, collector) ({broken(FLEET)}) == 1"],
            [("Time", None), agent, ("collector", "Collector"),
             ("Value", "State", ("mappings", words({1: ("broke", RED)})), COLOR_CELL, ("custom.width", 80)),
             ("job", "job")], (8, 8), sort=("instance", False), noValue="all succeed"),
    ])


def compare():
    one = "{{instance}}"
    return section("Compare", [
        lines("Busiest CPUs", "The eight boxes with the highest share of CPU time in the whole range.", "percentunit",
              [(top(8, busy(FLEET, EACH)), one)], (12, 8), limits=AT_90, min=0, max=1, decimals=0, fill=0),
        lines("Least memory", "The eight boxes that use the largest share of their memory.", "percentunit",
              [(top(8, memory_used(FLEET, EACH)), one)], (12, 8), limits=AT_90, min=0, max=1, decimals=0, fill=0),
    ], [
        lines("Boxes over time",
              "How many boxes reported, by job. A step down is a site that lost its link, or its power.", "none",
              [(f"count by (job) ({REPORTING})", "{{job}}")], min=0, decimals=0, calcs=("min", "max", "lastNotNull")),
        lines("Hottest boxes", "The eight boxes with the hottest sensor.", "celsius", [(top(
            8, f"max{EACH} ({temperatures(FLEET)})"), one)], limits=AT_85, decimals=0, fill=0, noValue="no sensor"),
        table(
            "Versions", "Which versions of the agent run, and on how many boxes. More than two at a time for "
            "long: an update did not get everywhere.", [f"count by (version) ({BUILDS})"], [("Time", None),
                                                                                            ("version", "Version"),
                                                                                            ("Value", "Boxes",
                                                                                             ("unit", "none"),
                                                                                             ("custom.width", 80))],
            (8, 8), sort=("Boxes", True)),
    ], collapsed=True)


DASHBOARD = dashboard("fleet", "sysmetrics: Fleet",
                      "All boxes: a row for each, the worst first, and those that went silent.", VARIABLES,
                      [overview(), all_boxes(), silent_boxes(), compare()], time="now-3h")
