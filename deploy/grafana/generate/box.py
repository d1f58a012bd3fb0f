"""The dashboard of one box."""

from panels import (FULL, HOT, ANY_RED, ANY_ORANGE, AT_90, AT_85, BLUE, COLOR_CELL, GREEN, ORANGE, RED, YELLOW, colored,
                    dashboard, from_on, lines, mirrored, override, query_variable, section, share, stat, steps, table,
                    words)
from query import (BOX, REAL_DISKS, REAL_FILESYSTEMS, REAL_INTERFACES, both, busy, cpus, fill, firing, memory_used,
                   rate, temperatures, top)

VARIABLES = [
    query_variable("job", "Job", 'label_values({__name__=~"(sysmetrics|node)_uname_info"}, job)'),
    query_variable("instance", "Box", 'label_values({__name__=~"(sysmetrics|node)_uname_info",job="$job"}, instance)'),
]

NOT_IDLE = 'mode!="idle"'
# 1 if it is read-only, plus 2 if it cannot be queried.
STATES = words({0: ("writable", GREEN), 1: ("read-only", ORANGE), 2: ("no answer", RED), 3: ("no answer", RED)})


def overview():
    up = f"max(up{{{BOX}}} or {both('load1')} * 0 + 1)"
    boot = both("boot_time_seconds")
    return section(None, [
        stat(
            "State", "Whether the box answers Prometheus, or sends by itself. If it is down: is it powered, "
            "is the network between here and there up, does the agent run?", "none", up, noValue="silent", spark=False,
            mappings=words({0: ("down", RED), 1: ("up", GREEN)})),
        stat(
            "Uptime", "Time since the box was started. Orange after a reboot less than ten minutes ago: if "
            "nobody asked for it, look for power loss, a watchdog or a kernel panic.", "s", f"time() - max({boot})",
            steps((600, GREEN), base=ORANGE), decimals=1, spark=False),
        stat(
            "CPU busy", "Share of all CPUs' time that is spent on work. Waiting for disks does not count. If it "
            "stays above 90 %, look at the modes below for what takes it.", "percentunit", busy(BOX),
            steps((0.75, ORANGE), (0.9, RED)), min=0, max=1, decimals=0),
        stat(
            "Memory used", "Share of memory that programs could not get any more: total less what the kernel calls "
            "available. Above 90 % the OOM killer is near: see which program grows.", "percentunit", memory_used(BOX),
            FULL, min=0, max=1, decimals=0),
        stat(
            "Load per CPU", "Load average of 5 minutes, per CPU. Above 1 tasks wait, for a CPU or for a disk: "
            "pressure tells for which.", "none", f"sum({both('load5')}) / {cpus(BOX)}", steps(
                (1, ORANGE), (2, RED)), min=0, decimals=2),
        stat(
            "Fullest file system", "The file system with the least room, and how full it is. The table of file systems "
            "tells when it will be full.", "percentunit", f"topk(1, {fill(BOX)})", FULL, name="{{mountpoint}}",
            text="value_and_name", min=0, max=1, decimals=0, spark=False),
        stat(
            "Hottest sensor", "The highest temperature of all sensors. Most chips slow down between 85 and 100 °C; "
            "disks should stay below 55 °C.", "celsius", f"max({temperatures(BOX)})", HOT, decimals=0,
            noValue="no sensor"),
        stat(
            "Alerts firing", "Alerts about this box: those of Prometheus' rules and those that the agent evaluates. "
            "The dashboard Agent lists the agent's.", "none", f"count({firing(BOX)}) or vector(0)", ANY_RED,
            decimals=0),
    ])


def processor():
    working = f"sum by (mode) ({rate(both('cpu_seconds_total', NOT_IDLE))})"
    modes = f"{working} / on () group_left () sum({rate(both('cpu_seconds_total'))})"
    waiting = [(rate(both(f"pressure_{what}_waiting_seconds_total")), f"{label}: some")
               for what, label in (("cpu", "CPU"), ("io", "disk"), ("memory", "memory"))]
    stalled = [(rate(both(f"pressure_{what}_stalled_seconds_total")), f"{label}: all")
               for what, label in (("io", "disk"), ("memory", "memory"), ("irq", "interrupts"))]
    return section("CPU and load", [
        lines(
            "CPU by mode", "What the CPUs spend their time on, as a share of all of them. Much iowait is a slow "
            "disk; steal is a host that has no time for this virtual machine; much softirq is "
            "network traffic.", "percentunit", [(modes, "{{mode}}")],
            (12, 8), stack=True, min=0, max=1, decimals=1, overrides=[
                colored("user", BLUE),
                colored("system", ORANGE),
                colored("iowait", RED),
                colored("steal", "purple"),
                colored("nice", GREEN),
                colored("softirq", YELLOW)
            ]),
        lines(
            "Load", "Tasks that run or wait, for a CPU or for a disk. More than the number of CPUs for long "
            "means that work piles up.", "none", [(both("load1"), "1 minute"), (both("load5"), "5 minutes"),
                                                  (both("load15"), "15 minutes"), (cpus(BOX), "CPUs")],
            (6, 8), min=0, decimals=2, overrides=[
                override("CPUs", ("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}), ("custom.fillOpacity", 0),
                         ("color", {"mode": "fixed", "fixedColor": RED}))
            ]),
        lines(
            "Pressure", "Share of time in which some, or all, tasks waited for a CPU, a disk or memory. It says "
            "what is short better than load does. Memory above a few per cent means thrashing: free "
            "some, or add it.", "percentunit", waiting + stalled, (6, 8), min=0, decimals=1, calcs=("mean", "max")),
    ])


def memory():
    total = both("memory_total_bytes", node="memory_MemTotal_bytes")
    free = both("memory_free_bytes", node="memory_MemFree_bytes")
    cache = [
        both("memory_buffers_bytes", node="memory_Buffers_bytes"),
        both("memory_cached_bytes", node="memory_Cached_bytes"),
        both("memory_sreclaimable_bytes", node="memory_SReclaimable_bytes")
    ]
    swap_total = both("memory_swap_total_bytes", node="memory_SwapTotal_bytes")
    swap_free = both("memory_swap_free_bytes", node="memory_SwapFree_bytes")
    return section("Memory", [
        lines(
            "Memory", "Where memory goes. Cache is given up when programs need it, so a large one is good; "
            "used that only ever grows is a leak.", "bytes", [(f"{total} - {free} - {' - '.join(cache)}", "used"),
                                                              (" + ".join(cache), "cache"), (free, "free"),
                                                              (total, "total")],
            (12, 8), stack=True, min=0, decimals=1, overrides=[
                colored("used", BLUE),
                colored("cache", YELLOW),
                colored("free", GREEN),
                override("total", ("custom.stacking", {"mode": "none", "group": "A"}), ("custom.fillOpacity", 0),
                         ("color", {"mode": "fixed", "fixedColor": RED}))
            ]),
        lines("Swap", "Swap that is in use, and how much there is. Some use is harmless; traffic beside it is "
              "not.", "bytes", [(f"{swap_total} - {swap_free}", "used"), (swap_total, "total")],
              (6, 8), min=0, decimals=1),
        lines(
            "Paging", "Pages a second that came back from a disk, because memory is short. Major faults also "
            "count programs that start. A killed process was shot by the OOM killer: its memory "
            "limit or the box is too small.", "cps", [(rate(both("vmstat_pswpin")), "swapped in"),
                                                      (rate(both("vmstat_pswpout")), "swapped out"),
                                                      (rate(both("vmstat_pgmajfault")), "major faults"),
                                                      (rate(both("vmstat_oom_kill")), "killed processes")],
            (6, 8), min=0, decimals=1, calcs=("mean", "max")),
    ])


def disks():

    def latency(what, done):
        times = rate(both(f"disk_{what}_time_seconds_total", REAL_DISKS))
        return top(5, f"{times} / ({rate(both(f'disk_{done}_completed_total', REAL_DISKS))} > 0)")

    return section("Disks", [
        mirrored("Disk traffic", "Bytes a second: read above zero, written below. The five busiest devices.", "Bps",
                 (top(5, rate(both("disk_read_bytes_total", REAL_DISKS))), "{{device}} read"),
                 (top(5, rate(both("disk_written_bytes_total", REAL_DISKS))), "{{device}} written"), decimals=1),
        lines(
            "Disk busy", "Share of time with a request under way. SSDs serve many at once: 100 % is busy, not yet "
            "full. On SD cards and eMMC it is also the sign of one that wears out.", "percentunit",
            [(top(8, rate(both("disk_io_time_seconds_total", REAL_DISKS))), "{{device}}")], limits=steps(
                (0.95, RED)), min=0, decimals=1),
        lines(
            "Disk latency", "Mean time of a request, waiting included. Up to 1 ms is ordinary for an SSD, 20 ms for "
            "a rotating disk. If it grows while traffic does not, suspect the disk: look at its "
            "SMART values.", "s", [(latency("read", "reads"), "{{device}} read"),
                                   (latency("write", "writes"), "{{device}} write")], min=0, decimals=1,
            calcs=("mean", "max")),
    ])


def filesystems():
    by = "by (mountpoint, device, fstype)"
    available = both("filesystem_avail_bytes", REAL_FILESYSTEMS)
    inodes = both("filesystem_files", REAL_FILESYSTEMS)
    read_only = both("filesystem_readonly", REAL_FILESYSTEMS)
    no_answer = both("filesystem_device_error", REAL_FILESYSTEMS)
    # The line through the last six hours, as in predict_linear; a disk that does not fill counts as a year.
    full_in = f"clamp_max({available} / clamp_min(-deriv({available}[6h]), 1), 31536000)"
    queries = [
        f"max {by} ({both('filesystem_size_bytes', REAL_FILESYSTEMS)})", f"max {by} ({available})",
        f"max {by} ({fill(BOX)})", f"max {by} (1 - {both('filesystem_files_free', REAL_FILESYSTEMS)} / ({inodes} > 0))",
        f"min {by} ({full_in})", f"max {by} ({read_only} + 2 * {no_answer})"
    ]
    columns = [
        ("Time", None),
        ("mountpoint", "Mounted at"),
        ("Value #C", "Used", *share(), ("custom.width", 120)),
        ("Value #E", "Full in", ("unit", "s"), ("decimals", 1), COLOR_CELL, ("custom.width", 90),
         ("thresholds", steps((86400, ORANGE), (604800, GREEN),
                              base=RED)), ("mappings", from_on(31535999, "not filling", GREEN))),
        ("Value #B", "Available", ("unit", "bytes"), ("decimals", 1), ("custom.width", 90)),
        ("Value #A", "Size", ("unit", "bytes"), ("decimals", 1), ("custom.width", 90)),
        ("Value #D", "Inodes used", *share(), ("custom.width", 100)),
        ("Value #F", "State", ("mappings", STATES), COLOR_CELL, ("custom.width", 100)),
        ("fstype", "Type", ("custom.width", 70)),
        ("device", "Device"),
    ]
    return section("File systems", [
        table(
            "File systems", "How full each is, and when it will be at the speed of the last six hours. Full in red: "
            "free some today. Inodes used up look like a full disk though bytes are left: look for "
            "folders of tiny files. Read-only without reason is what the kernel does after errors: "
            "see dmesg. No answer: the server or the device of the mount hangs or is gone.", queries, columns,
            (16, 8), sort=("Used", True)),
        lines("Filling", "How full the file systems were over time; the eight fullest.", "percentunit", [
            (top(8, f"max by (mountpoint) ({fill(BOX)})"), "{{mountpoint}}")
        ], limits=AT_90, min=0, max=1, decimals=0, calcs=("min", "max", "lastNotNull")),
    ])


def network():

    def packets(what, node):
        return rate(both(f"network_{what}_total", REAL_INTERFACES, node and f"network_{node}_total"))

    sent, received = (rate(both(f"network_{way}_bytes_total", REAL_INTERFACES)) for way in ("transmit", "receive"))
    errors = f"{packets('receive_errors', 'receive_errs')} + {packets('transmit_errors', 'transmit_errs')}"
    drops = f"{packets('receive_drop', None)} + {packets('transmit_drop', None)}"
    return section("Network", [
        mirrored(
            "Traffic", "Bits a second: received above zero, sent below. The five busiest interfaces, without "
            "loopback and containers' links.", "bps", (top(5, f"8 * {received}"), "{{interface}}{{device}} in"),
            (top(5, f"8 * {sent}"), "{{interface}}{{device}} out"), (12, 8), decimals=1),
        lines(
            "Errors and drops", "Packets a second that were damaged, or dropped for want of room. Errors: cable, port, "
            "duplex or driver. Drops: more traffic than the box can take, or packets that nobody "
            "wanted.", "pps", [(top(5, errors), "{{interface}}{{device}} errors"),
                               (top(5, drops), "{{interface}}{{device}} drops")],
            (6, 8), min=0, decimals=2, calcs=("mean", "max")),
        lines(
            "TCP and UDP trouble", "Segments sent again: loss on the way. Refused connections: a server that does not "
            "accept fast enough. UDP errors: mostly receivers that are too slow.", "cps",
            [(rate(both("netstat_tcp_retrans_segs", node="netstat_Tcp_RetransSegs")), "TCP sent again"),
             (rate(both("netstat_tcp_ext_listen_drops", node="netstat_TcpExt_ListenDrops")), "TCP connections refused"),
             (rate(both("netstat_udp_in_errors", node="netstat_Udp_InErrors")), "UDP receive errors")],
            (6, 8), min=0, decimals=2, calcs=("mean", "max")),
    ])


def hardware():
    zones = both("thermal_zone_celsius", node="thermal_zone_temp")
    cooling = f"{both('cooling_device_cur_state')} / ({both('cooling_device_max_state')} > 0)"
    throttles = 'sum(rate({__name__=~"node_cpu_(core|package)_throttles_total",' + BOX + '}[$__rate_interval]))'
    frequencies = [(f"{which}({both('cpu_scaling_frequency_hertz')})", label)
                   for which, label in (("max", "fastest CPU"), ("avg", "mean"), ("min", "slowest CPU"))]
    return section("Temperatures", [
        lines(
            "Temperatures", "Sensors of the chips, the board and the drives; the eight hottest of each kind. A slow "
            "rise over weeks is dust; a fast one is a fan.", "celsius",
            [(top(8, zones), "{{type}} {{zone}}"), (top(8, both("hwmon_temp_celsius")), "{{chip}} {{sensor}}")],
            (12, 8), limits=AT_85, decimals=1, calcs=("min", "max", "lastNotNull"), noValue="no sensor"),
        lines(
            "Cooling and throttling", "How far each cooling device is driven: 100 % of a fan is all it can, 100 % of a "
            "processor is slowed down as far as it goes. Slowed down: times a second that the CPU "
            "throttled itself because of heat (node_exporter's names only).", "percentunit",
            [(top(8, cooling), "{{type}} {{name}}"),
             (throttles, "slowed down")], (6, 8), min=0, decimals=0, calcs=("mean", "max"), noValue="no cooling device",
            overrides=[override("slowed down", ("unit", "cps"), ("custom.axisPlacement", "right"))]),
        lines(
            "CPU frequency", "What the driver set. If the fastest CPU stays at the lowest while the box is busy, it "
            "is throttled by heat or by power.", "hertz", frequencies, (6, 8), min=0, decimals=2, noValue="not told"),
    ])


def details():
    tables = [(f"{both('conntrack_entries', node='nf_conntrack_entries')} / "
               f"{both('conntrack_entries_limit', node='nf_conntrack_entries_limit')}", "connections tracked"),
              (f"{both('file_handles_allocated', node='filefd_allocated')} / "
               f"{both('file_handles_limit', node='filefd_maximum')}", "open files")]
    sockets = [(f"sum({both('sockstat_tcp6?_inuse', node='sockstat_TCP6?_inuse')})", "TCP"),
               (both("sockstat_tcp_tw", node="sockstat_TCP_tw"), "TCP, waiting to end"),
               (both("sockstat_tcp_orphan", node="sockstat_TCP_orphan"), "TCP, orphans"),
               (f"sum({both('sockstat_udp6?_inuse', node='sockstat_UDP6?_inuse')})", "UDP")]
    return section("Kernel, sockets and clock", [
        lines(
            "Kernel tables", "How full the kernel's tables are. At 100 % new connections or files are refused: raise "
            "nf_conntrack_max or fs.file-max, or find who leaks.", "percentunit", tables, limits=steps(
                (0.8, RED)), min=0, decimals=1),
        lines(
            "Sockets", "Sockets by kind. Orphans that grow are connections whose program is gone but whose peer "
            "does not answer; UDP that grows is a leak.", "none", sockets, min=0, decimals=0),
        lines(
            "Tasks", "Threads that run or could run, and threads that wait for a disk. Many that wait for "
            "long is a disk or a network mount that hangs.", "none",
            [(both("processes_running", node="procs_running"), "running"),
             (both("processes_blocked", node="procs_blocked"), "waiting for a disk")], min=0, decimals=0),
    ], [
        lines(
            "Kernel activity", "Context switches, interrupts and new processes a second. A jump without more work is a "
            "program that polls, or a device that misbehaves.",
            "cps", [(rate(both("context_switches_total")), "context switches"),
                    (rate(both("interrupts_total", node="intr_total")), "interrupts"),
                    (rate(both("forks_total")), "forks")], min=0, decimals=0),
        lines(
            "Clock offset", "How far the clock is off, as the kernel's time discipline knows it. Above a second, "
            "logs and samples get wrong times: is the time service running?", "s",
            [(both("timex_offset_seconds"), "offset"),
             (both("timex_estimated_error_seconds"), "estimated error")], decimals=3),
        stat(
            "Clock synchronised", "Whether a time service keeps the clock right. If not, start one; a box without a "
            "battery for its clock has a wrong time after each start.", "none", f"max({both('timex_sync_status')})",
            steps((1, GREEN), base=RED), size=(4, 8), mappings=words({0: ("no", RED), 1: ("yes", GREEN)}), spark=False),
        stat(
            "Links down", "Interfaces that are switched on but have no link: a cable that is not plugged in, or a "
            "peer that is off.", "none", f"count({both('network_carrier', REAL_INTERFACES)} == 0) or vector(0)",
            ANY_ORANGE, size=(4, 8), decimals=0),
    ], collapsed=True)


DASHBOARD = dashboard(
    "box", "sysmetrics: Box", "One host: CPU, memory, disks, network, temperatures.", VARIABLES,
    [overview(), processor(),
     memory(), disks(), filesystems(),
     network(), hardware(), details()])
