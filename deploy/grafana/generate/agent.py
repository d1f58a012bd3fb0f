"""The dashboard of one agent: what it takes in, sends out and costs."""

from panels import (BLUE, ANY_ORANGE, COLOR_CELL, GREEN, ORANGE, RED, dashboard, lines, override, query_variable,
                    section, stat, steps, table, words)
from query import BOX, broken, one, process, rate, top

BUILD = '{__name__=~"sysmetrics_build_info|node_exporter_build_info"'
VARIABLES = [
    query_variable("job", "Job", f"label_values({BUILD}}}, job)"),
    query_variable("instance", "Box", f'label_values({BUILD},job="$job"}}, instance)'),
]

DURATION = '{__name__=~"sysmetrics_scrape_duration_seconds|node_scrape_collector_duration_seconds",' + BOX + "}"


def own(name, extra=""):
    """One of the agent's own metrics, for which node_exporter has no name."""
    return one(f"sysmetrics_{name}", extra)


def added(by, *names, over="rate", span="$__rate_interval"):
    """The increase of counters, summed by a label; one line for each counter, named by the label kind."""
    parts = (f'label_replace(sum by ({by}) ({over}({own(name)}[{span}])), "kind", "{kind}", "", "")'
             for name, kind in names)
    return " or ".join(parts)


def overview():
    build = f"group by (version) ({BUILD},{BOX}}})"
    return section(None, [
        stat("Version", "The version of the agent that runs. The dashboard Fleet counts the boxes of each.", "none",
             build, name="{{version}}", text="name", spark=False),
        stat(
            "Runs for", "Time since the agent was started. If it is short and nobody restarted it, the service "
            "manager's log says why it ended.", "s", f"time() - max({process('start_time_seconds')})",
            steps((600, GREEN), base=ORANGE), decimals=1, spark=False),
        stat(
            "Restarts in a day", "How often the agent was started again within 24 hours. Crashes, the watchdog or a "
            "memory limit: see the service manager's log.", "none",
            f"max(changes({process('start_time_seconds')}[1d]))", steps((2, ORANGE),
                                                                        (5, RED)), decimals=0, spark=False),
        stat("CPU", "What the agent takes of one CPU. Ordinarily well below 1 %.", "percentunit",
             f"sum({rate(process('cpu_seconds_total'))})", steps((0.05, ORANGE), (0.2, RED)), decimals=2, min=0),
        stat("Memory", "Resident memory of the agent. It grows with what others push and with targets, up to "
             "their limits.", "bytes", f"sum({process('resident_memory_bytes')})", decimals=1, min=0),
        stat(
            "Open files", "How many of its file descriptors the agent uses. Near 100 % it cannot accept "
            "connections: raise LimitNOFILE, or find who keeps connections open.", "percentunit",
            f"max({process('open_fds')} / {process('max_fds')})", steps((0.5, ORANGE),
                                                                        (0.8, RED)), decimals=1, min=0, max=1),
        stat("Time of a scrape", "What all collectors together take in one scrape. Ordinarily a few milliseconds.", "s",
             f"sum({DURATION})", steps((0.5, ORANGE), (2, RED)), decimals=1),
        stat(
            "Failing collectors",
            "Collectors that worked within the last day and now cannot read what they should. Their "
            "metrics are missing, not zero. The table below names them.", "none",
            f"count(({broken(BOX)}) == 1) or vector(0)", ANY_ORANGE, spark=False, decimals=0),
    ])


def cost():
    requests = f"sum by (path, code) ({rate(own('http_requests_total'))})"
    lost = [(rate(own(f"http_connections_{what}_total")), label)
            for what, label in (("refused", "refused"), ("evicted", "closed to make room"), ("timed_out", "too slow"))]
    return section("Collectors and server", [
        lines(
            "Duration by collector",
            "Time of each collector in a scrape; the eight slowest. One that grows reads a file that "
            "the kernel answers slowly: a hung mount, a dying disk, a slow sensor.", "s",
            [(top(8, DURATION), "{{collector}}")], min=0, decimals=2, fill=0),
        table(
            "Collectors that fail",
            "What the last scrape could not read. Broke: it worked within the last day; the log names the file and the "
            "error. Not here: the machine does not have what it reads; switch the collector off.",
            [f"max by (collector) ({broken(BOX)})"],
            [("Time", None), ("collector", "Collector"),
             ("Value", "State", ("mappings", words({0: ("not here", BLUE), 1: ("broke", RED)})), COLOR_CELL)],
            (4, 8), sort=("State", True), noValue="all succeed"),
        lines(
            "Read errors", "Files and sensors that could not be read, by collector and errno; the sample is left "
            "out. EACCES: the agent's user may not read it. EIO: the device is broken. ENOENT: it "
            "went away.", "cps",
            [(f"sum by (collector, errno) ({rate(own('collector_read_errors_total'))})", "{{collector}} {{errno}}")],
            (6, 8), min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
        lines("CPU of the agent", "Share of one CPU that the agent takes, over time, and what of it scrapes take.",
              "percentunit", [(rate(process("cpu_seconds_total")), "all"),
                              (rate(own("scrape_duration_seconds_total")), "scrapes")],
              (6, 8), min=0, decimals=2, calcs=("mean", "max")),
    ], [
        lines(
            "Requests", "Requests that were answered, by path and status. 4xx on a push path is a client that "
            "does something wrong.", "reqps", [(requests, "{{path}} {{code}}")], min=0, decimals=2,
            calcs=("mean", "max")),
        lines(
            "Connections lost",
            "Connections that were refused or closed by the agent. More than now and then: too many "
            "clients, or one that reads too slowly.", "cps", lost, min=0, decimals=2, calcs=("mean", "max")),
        lines("Memory and connections", "Resident memory, and connections that are open (right axis).", "bytes",
              [(process("resident_memory_bytes"), "memory"),
               (own("http_connections"), "connections")], min=0, decimals=1,
              overrides=[override("connections", ("unit", "none"), ("custom.axisPlacement", "right"),
                                  ("decimals", 0))]),
    ])


def exports():
    names = [
        "last_success_timestamp_seconds", "spool_frames", "spool_bytes", "spool_age_seconds", "queue_bytes",
        "spool_failing"
    ]
    gauges = [f"max by (export) ({own('export_' + name)})" for name in names]
    gauges[0] = f"time() - {gauges[0]}"
    columns = [
        ("Time", None),
        ("export", "Export"),
        ("Value #A", "Last arrived", ("unit", "s"), ("decimals", 0), ("thresholds", steps((120, ORANGE),
                                                                                          (600, RED))), COLOR_CELL),
        ("Value #B", "Frames waiting", ("unit", "none"), ("thresholds", steps((10, ORANGE), (1000, RED))), COLOR_CELL),
        ("Value #D", "Oldest", ("unit", "s"), ("decimals", 0), ("thresholds", steps((120, ORANGE),
                                                                                    (3600, RED))), COLOR_CELL),
        ("Value #C", "On disk", ("unit", "bytes"), ("decimals", 1)),
        ("Value #E", "In memory", ("unit", "bytes"), ("decimals", 1)),
        ("Value #F", "Disk", ("mappings", words({0: ("works", GREEN),
                                                 1: ("fails", RED)})), COLOR_CELL, ("custom.width", 80)),
    ]
    return section("Exports and spool", [
        table(
            "Exports", "One row for each export. Last arrived grows, or is empty: the link is down or the receiver "
            "refuses; what waits is kept and sent later. Disk fails: the spool's directory cannot be "
            "used and frames wait in memory only.", gauges, columns,
            (12, 8), sort=("Oldest", True), noValue="no export"),
        lines("Samples sent", "Samples a second that arrived, by export.", "cps",
              [(f"sum by (export) ({rate(own('export_samples_total'))})", "{{export}}")],
              (6, 8), min=0, decimals=1, noValue="no export"),
        lines(
            "Failures", "Tries that failed, by reason. connect, resolve, timeout: the network. unauthorized: the "
            "token. refused: the receiver does not want it at all.", "cps",
            [(f"sum by (export, reason) ({rate(own('export_failure_total'))})", "{{export}} {{reason}}")],
            (6, 8), min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
    ], [
        lines("Backlog", "Frames that wait, on disk or under way. It falls by itself when the link is back.", "none",
              [(own("export_spool_frames"), "{{export}}")], min=0, decimals=0, noValue="no export"),
        lines(
            "Samples dropped",
            "Samples that will never arrive, by reason. full, age: the link was down for longer than "
            "the spool holds; raise spool.max_bytes. refused, invalid: the receiver does not take "
            "them.", "cps", [(f"sum by (export, reason) ({rate(own('export_dropped_total'))})", "{{export}} {{reason}}")
                             ], min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
        lines("Bytes sent and written",
              "Bytes a second on the wire, and bytes forced to the spool's disk, by which flash wears.", "Bps", [
                  (rate(own("export_sent_bytes_total")), "{{export}} sent"),
                  (rate(own("export_spool_synced_bytes_total")), "{{export}} written")
              ], min=0, decimals=1, noValue="no export"),
    ])


def targets():
    queries = [
        f"max by (target) ({own('target_up')})", f"max by (target) ({own('target_scrape_duration_seconds')})",
        f"max by (target) ({own('target_samples')})"
    ]
    columns = [("Time", None), ("target", "Target"),
               ("Value #A", "State", ("mappings", words({0: ("down", RED),
                                                         1: ("up", GREEN)})), COLOR_CELL, ("custom.width", 80)),
               ("Value #B", "Duration", ("unit", "s"), ("decimals", 1)), ("Value #C", "Samples", ("unit", "none"))]
    return section("Targets", [
        table(
            "Targets", "Endpoints that the agent asks. Down: the program does not run, or its address or token "
            "is wrong; errors by reason are beside.", queries, columns, sort=("State", False), size=(8, 8),
            noValue="no target"),
        lines(
            "Errors of targets",
            "Requests that brought nothing, by reason. connect: nobody listens. timeout: too slow. "
            "status: not 200.", "cps", [
                (f"sum by (target, reason) ({rate(own('target_errors_total'))})", "{{target}} {{reason}}")
            ], min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
        lines(
            "Refused samples of targets",
            "Samples that were not taken, by reason. series: more than scrape.max_series. "
            "series_twice: the target says the same thing twice.", "cps", [
                (f"sum by (target, reason) ({rate(own('target_samples_refused_total'))})", "{{target}} {{reason}}")
            ], min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
    ], collapsed=True)


def pushes():
    kept = [(own("push_series"), "series"), (own("push_families"), "metrics"),
            (own("push_groups"), "Pushgateway groups")]
    statsd = [(rate(own("statsd_datagrams_total")), "datagrams"), (rate(own("statsd_lines_total")), "lines"),
              (rate(own("statsd_datagrams_dropped_total")), "datagrams dropped"),
              (f"sum by (reason) ({rate(own('statsd_lines_refused_total'))})", "refused: {{reason}}")]
    return section("Pushes", [
        lines(
            "Pushed series", "Series and metrics of other programs that live now. If they only grow, some label has "
            "ever new values; the limits are push.max_series and push.max_families.", "none", kept, min=0, decimals=0),
        lines(
            "Pushed samples", "Samples a second that were accepted, and those refused, by reason. Refused: the answer "
            "to the push says what is wrong; series and families mean a limit.", "cps",
            [(rate(own("push_accepted_total")), "accepted"),
             (f"sum by (reason) ({rate(own('push_refused_total'))})", "refused: {{reason}}")], min=0, decimals=2),
        lines(
            "statsd", "Datagrams and lines a second. Dropped: more came than the agent could read. Refused: "
            "lines that are not statsd.", "cps", statsd, min=0, decimals=2, calcs=("mean", "max"),
            noValue="statsd is off"),
    ], collapsed=True)


def logs():
    read = [(f"sum by (path) ({rate(own(f'tail_{what}_total'))})", f"{{{{path}}}} {label}")
            for what, label in (("lines", "lines"), ("matches", "matches"))]
    faults = added("path", ("tail_lines_cut_total", "cut"), ("tail_truncations_total", "emptied"),
                   ("tail_rotations_missed_total", "rotation missed"))
    refused = [(f"sum by (reason) ({rate(own('tail_refused_total'))})", "no effect: {{reason}}"),
               (faults, "{{kind}} {{path}}")]
    return section("Log files", [
        lines(
            "Lines read", "Lines and matches a second, by path. A path without lines though its program runs: it "
            "was rotated to another name, or the agent may not read it.", "cps", read,
            (12, 8), min=0, decimals=2, noValue="no log file"),
        lines(
            "Faults of log files",
            "Matches without effect, by reason, and lines that were cut or lost. number: what the "
            "rule takes for a number is none. rotation missed: files turn faster than "
            "tail.poll_interval.", "cps", refused, (12, 8), min=0, decimals=2, calcs=("mean", "max"), noValue="none"),
    ], collapsed=True)


def alerts():
    by = "by (alertname, alertstate)"
    told = added("destination", ("alert_notifications_total", "told"), ("alert_notifications_failed_total", "failed"),
                 ("alert_notifications_dropped_total", "dropped"), over="increase", span="1h")
    return section("Alerts", [
        table("Alerts of the agent", "Alerts that are pending or firing, by the agent's own rules.",
              [f"count {by} ({own('alerts')})"], [("Time", None), ("alertname", "Alert"),
                                                  ("alertstate", "State", ("custom.width", 90)),
                                                  ("Value", "Series", ("unit", "none"), ("custom.width", 80))],
              (8, 8), sort=("State", False), noValue="no alert"),
        lines(
            "Notifications in an hour", "Messages that arrived, failed or were dropped within the hour before, by "
            "destination. Failed: it will be tried again. Dropped: that destination never hears of it.", "none", [
                (told, "{{kind}} {{destination}}")
            ], min=0, decimals=1, calcs=("max", "lastNotNull"), noValue="no destination"),
        lines(
            "Notifications waiting",
            "Alerts that wait to be sent to a destination. If it stays above zero, the destination "
            "cannot be reached.", "none", [(own("alert_notifications_waiting"), "{{destination}}")], min=0, decimals=0,
            noValue="no destination"),
    ], collapsed=True)


DASHBOARD = dashboard(
    "agent", "sysmetrics: Agent", "The agent on one box: what it takes in, what it sends out, what it costs.",
    VARIABLES, [overview(), cost(), exports(), targets(),
                pushes(), logs(), alerts()])
