"""Selectors that find a metric under both names: the agent's own and node_exporter's."""

import re

SELECTOR = re.compile(r"\{__name__[^{}]*\}")
IDLE = 'mode="idle"'

# The selector of the dashboards of one box, and that of the dashboard of all boxes.
BOX = 'job="$job",instance="$instance"'
FLEET = 'job=~"$job",instance=~"$instance"'

# File systems that are always full or in memory: they do not describe a disk.
# Below these folders are the repeated mounts of containers and packages.
REAL_FILESYSTEMS = ('fstype!~"tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|iso9660|fuse.lxcfs",'
                    'mountpoint!~"/(etc|run|snap|var/lib/docker|var/lib/containers)/.+"')
# Without partitions, whose bytes are also counted by their disk, and without disks in memory or in a file.
REAL_DISKS = ('device!~"(z?ram|loop|fd|sr)[0-9]+|(h|s|v|xv)d[a-z]+[0-9]+|nvme[0-9]+n[0-9]+p[0-9]+|'
              'mmcblk[0-9]+(p|boot)[0-9]+"')
# The loopback device, and one end of each container's link: the other end counts the same bytes. The
# label is called interface in the agent's own names and device in node_exporter's.
VIRTUAL = "lo|veth.*|cali.*|fw(br|ln|pr).*|ifb.*|dummy.*"
REAL_INTERFACES = f'interface!~"{VIRTUAL}",device!~"{VIRTUAL}"'


def both(name, extra="", node=None, box=BOX):
    """The metric `name` of either dialect; `node` is node_exporter's name if it differs."""
    names = f"(sysmetrics|node)_{name}" if node is None else f"sysmetrics_{name}|node_{node}"
    return f'{{__name__=~"{names}",{_join(box, extra)}}}'


def one(name, extra="", box=BOX):
    """The metric of exactly this name."""
    return f"{name}{{{_join(box, extra)}}}"


def process(name, box=BOX):
    """A metric of the agent's own process: those of its targets have the label target."""
    return one(f"process_{name}", 'target=""', box)


def rate(selector, interval="$__rate_interval"):
    return f"rate({selector}[{interval}])"


def top(count, expression):
    """The `count` series that are the highest over the whole time range, or at its end if that cannot be
    determined. `topk` alone chooses again at each point, and lines would come and go."""
    if "[$__rate_interval]" in expression:
        whole = expression.replace("[$__rate_interval]", "[$__range] @ end()")
    elif SELECTOR.fullmatch(expression):
        whole = f"max_over_time({expression}[$__range] @ end())"
    else:
        whole = SELECTOR.sub(r"\g<0> @ end()", expression)
    return f"{expression} and topk({count}, {whole})"


def _join(*matchers):
    return ",".join(matcher for matcher in matchers if matcher)


def busy(box, by=""):
    """The share of CPU time in use, without idle time and waiting for disks."""
    working = rate(both("cpu_seconds_total", 'mode!~"idle|iowait"', box=box))
    return f"sum{by} ({working}) / sum{by} ({rate(both('cpu_seconds_total', box=box))})"


def memory_used(box, by=""):
    available = both("memory_available_bytes", node="memory_MemAvailable_bytes", box=box)
    total = both("memory_total_bytes", node="memory_MemTotal_bytes", box=box)
    return f"1 - sum{by} ({available}) / sum{by} ({total})"


def fill(box):
    """How full each file system is, from 0 to 1."""
    available = both("filesystem_avail_bytes", REAL_FILESYSTEMS, box=box)
    return f"1 - {available} / {both('filesystem_size_bytes', REAL_FILESYSTEMS, box=box)}"


def cpus(box, by=""):
    return f"count{by} ({both('cpu_seconds_total', IDLE, box=box)})"


def temperatures(box):
    """The temperature of every sensor, in degrees Celsius."""
    names = "(sysmetrics|node)_hwmon_temp_celsius|sysmetrics_thermal_zone_celsius|node_thermal_zone_temp"
    return f'{{__name__=~"{names}",{box}}}'


def collectors(box):
    """Whether each collector succeeded at the last scrape."""
    return f'{{__name__=~"sysmetrics_collector_success|node_scrape_collector_success",{box}}}'


def broken(box):
    """1 for each collector that fails and worked within the last day, 0 for one that never worked: then
    the machine lacks what it reads."""
    return f"max_over_time({collectors(box)}[1d]) and {collectors(box)} == 0"


def firing(box):
    """Alerts that fire: those of Prometheus' rules and those that the agent evaluates itself."""
    return f'{{__name__=~"ALERTS|sysmetrics_alerts",alertstate="firing",{box}}}'
