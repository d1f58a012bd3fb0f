"""The dashboard of what wears out and fails in small boxes: flash, power, clocks, units, sensors, memory, radio, links.

A subject is a function that returns a section, and its place in DASHBOARD at the end. What a box lacks is an empty
panel, which says so."""

from panels import (ANY_ORANGE, ANY_RED, AT_90, COLOR_CELL, GREEN, ORANGE, RED, dashboard, lines, override,
                    query_variable, section, share, stat, steps, table, words)
from query import BOX, REAL_DISKS, both, rate, top

VARIABLES = [
    query_variable("job", "Job", "label_values(sysmetrics_build_info, job)"),
    query_variable("instance", "Box", 'label_values(sysmetrics_build_info{job="$job"}, instance)'),
]

# The state of spare blocks, as eMMC and UFS report it.
SPARE = words({1: ("enough", GREEN), 2: ("80 % used", ORANGE), 3: ("90 % used", RED)})
FIX = words({0: ("unknown", ORANGE), 1: ("none", RED), 2: ("2D", GREEN), 3: ("3D", GREEN)})


def own(name, extra=""):
    """A metric that only the agent has, in a form that `top` accepts; `name` may be a regular expression."""
    matchers = ",".join(part for part in (BOX, extra) if part)
    return f'{{__name__=~"sysmetrics_{name}",{matchers}}}'


def overview():
    offsets = f"{own('chrony_last_offset_seconds')} or {both('timex_offset_seconds')}"
    on_battery = own("nut_status", 'flag="OB"')
    # A slice also counts what is below it.
    kills = own("slice_oom_kills_total", 'slice!~".*-.*"')
    return section(None, [
        stat(
            "Flash life used", "The most worn flash by its own estimate, in steps of a tenth. Above 90 % plan to replace "
            "it; SD cards and raw flash tell none.", "percentunit",
            f"max({own('(mmc|ufs)_life_time_used_ratio')})", steps((0.8, ORANGE), (0.9, RED), base=GREEN),
            decimals=0, min=0, noValue="not told", spark=False),
        stat(
            "Last end", "Whether the run before this one ended with a shutdown. Unclean: the supply failed, the kernel "
            "crashed or a watchdog bit. Needs a state file for the collector boot.", "none",
            f"max({own('boot_previous_unclean')})", ANY_ORANGE, noValue="not kept", spark=False,
            mappings=words({0: ("shutdown", GREEN), 1: ("unclean", ORANGE)})),
        stat(
            "Starts in a day", "How often the box was started within 24 hours. If nobody asked for it, look at the "
            "supply and at the cause of the reset.", "none", f"max(increase({own('boots_total')}[1d]))",
            steps((2, ORANGE), (4, RED)), decimals=0, noValue="not kept", spark=False),
        stat(
            "Supply", "Whether a Raspberry Pi's supply was too weak within the last two seconds. A stronger supply or "
            "a shorter cable helps; cards are damaged by it.", "none", f"max({own('raspberrypi_undervoltage')})",
            ANY_RED, noValue="no Raspberry Pi", spark=False,
            mappings=words({0: ("enough", GREEN), 1: ("too weak", RED)})),
        stat(
            "UPS", "Whether the box runs from the battery of an uninterruptible supply. How long it lasts is told "
            "below.", "none", f"max({on_battery})", ANY_RED,
            noValue="no UPS", spark=False, mappings=words({0: ("on line", GREEN), 1: ("on battery", RED)})),
        stat(
            "Clock off by", "How far the clock is off, as chronyd or the kernel knows it. Above a second logs and "
            "samples get wrong times.", "s", f"max(abs({offsets}))", steps((0.1, ORANGE), (1, RED)), decimals=1,
            noValue="not told"),
        stat(
            "Killed for memory", "Processes that were killed within 24 hours because their unit or the box had no "
            "memory left. Of units; see the memory of each below.", "none",
            f"sum(increase({kills}[1d]))", ANY_ORANGE,
            decimals=0, noValue="not told", spark=False),
        stat(
            "Crash records", "Records of crashes of the kernel that were kept in /sys/fs/pstore. Read them, then "
            "remove them.", "none", f"max({own('boot_crash_records')})", ANY_RED, decimals=0, noValue="not kept",
            spark=False),
    ])


def flash():
    life, kinds = "(mmc|ufs)_life_time_used_ratio", ('type="a"', 'type="b"')
    worn = [f"max by (device) ({own(life, kind)})" for kind in kinds]
    columns = [
        ("Time", None),
        ("device", "Device"),
        ("Value #A", "Life used, A", *share()),
        ("Value #B", "Life used, B", *share()),
        ("Value #C", "Spare blocks", ("mappings", SPARE), COLOR_CELL, ("custom.width", 120)),
    ]
    errors = own("ext4_errors|sysmetrics_(ext4_emergency_readonly|f2fs_checkpoint_error|f2fs_superblock_needs_fsck)")
    return section("Flash", [
        table(
            "Wear of eMMC and UFS", "What the devices estimate of themselves, in steps of a tenth. A and B are two kinds "
            "of memory in one device. Spare blocks replace those that fail: when few are left, replace the device.",
            [*worn, f"max by (device) ({own('(mmc|ufs)_pre_eol_code')})"], columns, (8, 8), sort=("Device", False)),
        lines(
            "Written to disks", "Bytes a second, by device. Flash wears by what is written: 1 MB/s is 86 GB a day, which "
            "small cards bear for months only. Units below tell who writes.", "Bps",
            [(top(5, rate(both("disk_written_bytes_total", REAL_DISKS))), "{{device}}")], min=0, decimals=1),
        lines(
            "Errors of file systems", "Errors that ext4 noted in its super block, and what F2FS says of itself. fsck "
            "clears them; more that come are a device that fails.", "none",
            [(errors, "{{device}} {{__name__}}")],
            min=0, decimals=0, calcs=("max", "lastNotNull")),
    ], [
        lines(
            "Reads of raw flash", "Bits that were corrected, and reads that could not be corrected, a second. Corrected "
            "bits that grow are a worn block; a read that fails has lost data.", "cps",
            [(top(8, rate(own("mtd_corrected_bitflips_total"))), "{{device}} {{name}} corrected"),
             (top(8, rate(own("mtd_ecc_failures_total"))), "{{device}} {{name}} failed")],
            (12, 8), min=0, decimals=3, calcs=("mean", "max")),
        lines(
            "Blocks of raw flash", "Blocks that are bad, and those that UBI keeps to replace more. With none left the "
            "device becomes read-only at the next one.", "none",
            [(own("ubi_bad_eraseblocks"), "{{device}} bad"),
             (own("ubi_reserved_for_bad_eraseblocks"), "{{device}} kept")],
            (12, 8), min=0, decimals=0, calcs=("min", "max", "lastNotNull")),
    ])


def power():
    low = f"{rate(own('raspberrypi_undervoltage_low_samples_total'))} / " \
          f"{rate(own('raspberrypi_undervoltage_samples_total'))}"
    columns = [
        ("Time", None),
        ("name", "Watchdog"),
        ("Value #A", "Resets after", ("unit", "s"), ("decimals", 0)),
        ("Value #B", "Time left", ("unit", "s"), ("decimals", 0)),
    ]
    return section("Starts and power", [
        stat(
            "Cause of the last reset", "What a watchdog device says of why the box was reset, if it knows: overheat, a "
            "weak supply, or that nobody fed it.", "none", f"max by (cause) ({own('boot_reset_cause')})",
            name="{{cause}}", text="name", size=(4, 8), noValue="not told", spark=False),
        table(
            "Watchdogs", "Time after which a watchdog resets a box that hangs, and what is left of it now. No time "
            "left: it is not running, and nothing resets the box.",
            [f"max by (name) ({both('watchdog_timeout_seconds')})", f"max by (name) ({both('watchdog_timeleft_seconds')})"],
            columns, (6, 8), sort=("Watchdog", False)),
        lines(
            "Supply too weak", "Share of the looks at a Raspberry Pi's supply, one every two seconds, that found it too "
            "weak. Anything but 0 wants a stronger supply or a shorter cable.", "percentunit", [(low, "too weak")],
            (6, 8), min=0, max=1, decimals=1, calcs=("mean", "max")),
        lines(
            "UPS", "Charge of the battery, load, and the time that the battery lasts with this load. A time that falls "
            "from month to month is a battery that ages.", "percentunit",
            [(own("nut_battery_charge_ratio"), "{{ups}} charge"), (own("nut_load_ratio"), "{{ups}} load"),
             (own("nut_battery_runtime_seconds"), "{{ups}} lasts")],
            (8, 8), min=0, decimals=0, calcs=("min", "max", "lastNotNull"), noValue="no UPS",
            overrides=[override("/ lasts$/", ("unit", "s"), ("custom.axisPlacement", "right"), by="byRegexp")]),
    ])


def time():
    return section("Time", [
        stat(
            "Stratum", "How many steps the clock that chronyd follows is away from a reference; 0 means that nobody is "
            "followed.", "none", f"max({own('chrony_stratum')})", steps((1, GREEN), (10, ORANGE), base=RED),
            size=(3, 8), decimals=0, noValue="no chronyd", spark=False),
        stat(
            "Clock set in a day", "How often the wall clock was set by more than a correction within 24 hours. The first "
            "time after a start without a battery is ordinary.", "none", f"sum(increase({own('clock_jumps_total')}[1d]))",
            steps((2, ORANGE)), size=(3, 8), decimals=0, spark=False),
        lines(
            "Offset", "How far the clock is off: as the kernel corrects it, as chronyd measured it last and for long, and "
            "as a GPS receiver sees it.", "s",
            [(both("timex_offset_seconds"), "kernel"), (own("chrony_last_offset_seconds"), "chronyd, last"),
             (own("chrony_rms_offset_seconds"), "chronyd, mean"), (own("gpsd_time_offset_seconds"), "{{device}}")],
            (7, 8), decimals=3),
        lines(
            "Possible error", "How wrong the clock may be at most. It grows while no time server answers, and falls "
            "with the next answer.", "s",
            [(both("timex_maxerror_seconds"), "kernel"), (own("chrony_root_dispersion_seconds"), "chronyd")],
            (5, 8), min=0, decimals=3, calcs=("max", "lastNotNull")),
        stat(
            "GPS fix", "Whether the receiver knows where it is: without a fix its time is worth nothing. Look at the "
            "antenna and at what is above it.", "none", f"max({own('gpsd_mode')})", size=(2, 8), noValue="no gpsd",
            spark=False, mappings=FIX),
        lines(
            "Satellites", "Satellites that the receiver sees, and those that the fix is made of. Fewer than four make no "
            "fix in three dimensions.", "none",
            [(own("gpsd_satellites_seen"), "{{device}} seen"), (own("gpsd_satellites_used"), "{{device}} used")],
            (4, 8), min=0, decimals=0, calcs=("min", "lastNotNull")),
    ])


def units():

    def of(label, name):
        return f"sum by ({label}) ({rate(own(name))})"

    waiting = f"sum by (unit, resource) ({rate(own('unit_pressure_waiting_seconds_total'))})"
    return section("Units and groups of processes", [
        lines(
            "CPU of units", "What the eight busiest units and containers take, 100 % being one CPU. Needs the collector "
            "units.", "percentunit", [(top(8, of("unit", "unit_cpu_seconds_total")), "{{unit}}")], min=0, decimals=1,
            calcs=("mean", "max")),
        lines(
            "Memory of units", "Working set of the eight largest units: memory that the kernel cannot take back. One that "
            "only ever grows leaks.", "bytes", [(top(8, own("unit_memory_working_set_bytes")), "{{unit}}")], min=0,
            decimals=1, calcs=("max", "lastNotNull")),
        lines(
            "Waiting of units", "Share of time in which a task of the unit waited for a CPU, a disk or memory: the eight "
            "that wait most. Needs collector.units.pressure.", "percentunit",
            [(top(8, waiting), "{{unit}} {{resource}}")], min=0, decimals=1, calcs=("mean", "max")),
    ], [
        lines(
            "Written by units", "Bytes a second that units write to devices; the eight that write most. These are the "
            "ones that wear flash.", "Bps", [(top(8, of("unit", "unit_io_written_bytes_total")), "{{unit}}")], min=0,
            decimals=1, calcs=("mean", "max")),
        lines(
            "CPU of groups", "What groups of processes take, 100 % being one CPU, the eight busiest. Needs the collector "
            "process_groups.", "percentunit", [(top(8, of("group", "process_group_cpu_seconds_total")), "{{group}}")],
            min=0, decimals=1, calcs=("mean", "max")),
        lines(
            "Memory of groups", "Resident memory of groups of processes, the eight largest. Pages that processes share "
            "count for each of them.", "bytes", [(top(8, own("process_group_resident_bytes")), "{{group}}")], min=0,
            decimals=1, calcs=("max", "lastNotNull")),
    ])


def sensors():
    others = "sysmetrics_iio_(temperature_celsius|humidity_ratio|age_seconds)"
    rest = f'{{__name__=~"sysmetrics_iio_.+",__name__!~"{others}",{BOX}}}'
    columns = [
        ("Time", None), ("job", None), ("instance", None),
        ("__name__", "Quantity"), ("chip", "Chip"), ("channel", "Channel", ("custom.width", 90)),
        ("device", "Device", ("custom.width", 120)), ("Value", "Value", ("custom.width", 100)),
    ]
    return section("Sensors", [
        lines(
            "Temperatures outside", "Sensors on 1-wire and of the industrial I/O framework, the eight warmest of each. A "
            "line that ends is a sensor that does not answer.", "celsius",
            [(top(8, own("w1_temperature_celsius")), "{{sensor}}"),
             (top(8, own("iio_temperature_celsius")), "{{chip}} {{channel}}")], decimals=1,
            calcs=("min", "max", "lastNotNull"), noValue="no sensor"),
        lines(
            "Humidity", "Relative humidity. In a box above 80 % water may condense as it cools.", "percentunit",
            [(top(8, own("iio_humidity_ratio")), "{{chip}} {{channel}}")], min=0, max=1, decimals=0,
            calcs=("min", "max", "lastNotNull"), noValue="no sensor"),
        table("Other quantities", "What other sensors of the industrial I/O framework measure now, in the unit that the name "
              "ends with: light, pressure, voltage, motion.", [rest], columns, (8, 8), sort=("Quantity", False)),
    ])


def memory():
    zram = [(own(f"zram_{name}_bytes"), f"{{{{device}}}} {label}")
            for name, label in (("original", "holds"), ("memory_used", "takes"))]
    return section("Compressed memory and fragmentation", [
        lines(
            "Compressed memory", "What zram holds, and the memory that it takes for it. A good one takes a third; one that "
            "takes nearly as much does not help.", "bytes", zram, (12, 8), min=0, decimals=1,
            calcs=("max", "lastNotNull")),
        lines(
            "Fragmentation", "Share of the free memory that lies in pieces smaller than 64 KiB, which drivers ask for. "
            "Near 100 % network drivers fail though memory is free. Needs the collector buddyinfo.", "percentunit",
            [(own("buddyinfo_unusable_ratio", 'size="4"'), "node {{node}} {{zone}}")],
            (12, 8), limits=AT_90, min=0, max=1, decimals=0, calcs=("mean", "max", "lastNotNull")),
    ])


def radio():
    channel = "wifi_link_channel_{}_seconds_total"
    busy = f"{rate(own(channel.format('busy')))} / {rate(own(channel.format('active')))}"
    levels = own("(modem_(rssi|rsrp|rscp)_dbm)")
    return section("Radio", [
        lines(
            "Wi-Fi signal", "How well each interface receives its access point; of an access point see the stations. Below "
            "-75 dBm links are slow and break. Needs the collector wifi_link.", "dBm",
            [(own("wifi_link_signal_dbm"), "{{interface}}"), (own("wifi_link_channel_noise_dbm"), "{{interface}} noise")],
            decimals=0, calcs=("min", "mean", "lastNotNull"), noValue="no Wi-Fi"),
        lines(
            "Wi-Fi stations and channel", "Stations that the interface talks to, and the share of the time in which its "
            "channel is busy. Above 80 % choose another channel.", "none",
            [(own("wifi_link_stations"), "{{interface}} stations"), (busy, "{{interface}} busy")], min=0, decimals=0,
            calcs=("mean", "max", "lastNotNull"), noValue="no Wi-Fi",
            overrides=[override("/ busy$/", ("unit", "percentunit"), ("custom.axisPlacement", "right"), by="byRegexp")]),
        lines(
            "Modem signal", "Strength of what LTE, 5G and older modems receive. RSRP below -115 dBm is weak. Measured "
            "only if collector.modemmanager.signal-interval is set; needs ModemManager.", "dBm",
            [(levels, "{{port}} {{technology}}")], decimals=0, calcs=("min", "mean", "lastNotNull"), noValue="no modem"),
    ])


def links():
    light = f"{own('hwmon_power_watts')} and on (chip, sensor) {own('hwmon_sensor_label', 'label=~`(RX|TX)_power`')}"
    return section("Links", [
        lines(
            "Leases and connections", "Leases of DHCP servers that have not run out, when the first of them does, and connections "
            "that are followed. Needs the collector dhcp_leases; connections by zone need conntrack_zones.", "none",
            [(f"sum by (family) ({own('dhcp_leases')})", "leases, {{family}}"),
             (own("conntrack_zone_entries"), "connections, zone {{zone}}"),
             (f"min by (file) ({own('dhcp_leases_next_expiry_timestamp_seconds')}) - time()", "until a lease of {{file}} ends")],
            min=0, decimals=0, calcs=("min", "max", "lastNotNull"),
            overrides=[override("/^until/", ("unit", "s"), ("custom.axisPlacement", "right"), by="byRegexp")]),
        lines(
            "DSL", "Signal over noise beyond what the line needs: below 6 dB it breaks now and then. Seconds with errors are "
            "counted each hour. Needs the collector dsl.", "dB",
            [(own("dsl_snr_margin_decibels"), "{{direction}} margin"),
             (f"sum by (end) (increase({own('dsl_errored_seconds_total')}[1h]))", "errored seconds, {{end}}")], min=0,
            decimals=1, calcs=("min", "max", "lastNotNull"), noValue="no DSL",
            overrides=[override("/^errored/", ("unit", "none"), ("custom.axisPlacement", "right"), by="byRegexp")]),
        lines(
            "Power and light", "Power over Ethernet that all ports give, and light of SFP modules, in watts. No light is "
            "0. Needs the collector poe; SFP is part of hwmon.", "watt",
            [(own("poe_(consumption|budget)_watts"), "{{__name__}}"), (light, "{{chip}} {{sensor}}")], min=0, decimals=1,
            calcs=("min", "max", "lastNotNull"), noValue="neither"),
    ])


def between():
    return section("Between two scrapes", [
        lines(
            "Stalls", "How often tasks waited too long for a CPU, for I/O or for memory, a minute, as the kernel told at "
            "once. Needs [pressure] stalls.", "none",
            [(f"60 * {rate(own('pressure_stalls_total'))}", "{{resource}} {{kind}} {{stall}}")], min=0, decimals=1,
            calcs=("mean", "max")),
        lines(
            "Peaks", "The busiest second of the last minute: share of all CPUs that was used, and most memory that was not "
            "available. The means above do not show these. Needs [peaks].", "percentunit",
            [(own("peak_cpu_usage_ratio"), "CPU"), (own("peak_memory_used_bytes"), "memory")], min=0, decimals=1,
            calcs=("mean", "max"),
            overrides=[override("memory", ("unit", "bytes"), ("custom.axisPlacement", "right"))]),
        lines(
            "Messages of the kernel", "Lines of the kernel's log a minute, from errors to what no box survives; read them "
            "with dmesg. Needs the collector kernel_log.", "none",
            [(f"60 * {rate(own('kernel_log_messages_total', 'level=~`emerg|alert|crit|err|warning`'))}", "{{level}}")],
            min=0, decimals=1, calcs=("mean", "max")),
    ])


DASHBOARD = dashboard(
    "edge", "sysmetrics: Edge", "What wears and fails in small boxes: flash, power, clocks, units, sensors, radio, links.", VARIABLES,
    [overview(), flash(),
     power(), time(), units(),
     sensors(), memory(), radio(), links(), between()])
