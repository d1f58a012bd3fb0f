"""The boxes, and those who watch them, that the queries of the dashboards are tried on."""

import http.server
import os
import pathlib
import random
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import grafana

SCRAPE_INTERVAL = 5
PEERS = grafana.ROOT / "target/peers/usr/bin"


def is_free(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def free_ports(names):
    """A port for each name, below those that the kernel gives to connections: none is taken meanwhile."""
    return dict(zip(names, filter(is_free, random.sample(range(20_000, 30_000), 10_000))))


class Processes:
    """The programs that were started; all of them end with it."""

    def __init__(self, directory):
        self.directory = directory
        self.running = {}

    def start(self, name, *command):
        log = open(self.directory / f"{name}.log", "wb")
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self.running[name] = subprocess.Popen(
            [str(word) for word in command],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=self.directory,
        )

    def stop(self, name):
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop_all(self):
        for name in list(self.running):
            self.stop(name)

    def check(self):
        for name, process in self.running.items():
            if process.poll() is not None:
                log = (self.directory / f"{name}.log").read_text(errors="replace")
                raise SystemExit(f"{name} ended with {process.returncode}:\n{log[-2000:]}")


class Neighbour(http.server.BaseHTTPRequestHandler):
    """A target that says one thing twice, and a webhook that takes everything."""

    page = b'# TYPE app_requests_total counter\napp_requests_total{code="200"} 5\napp_ready 1\napp_ready 1\n'

    def do_GET(self):
        page = self.page
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Daemons(Neighbour):
    """What an agent tells of daemons, radio, links and earlier starts, which no stored machine has."""

    told = b"""# TYPE sysmetrics_boots_total counter
sysmetrics_boots_total 7
# TYPE sysmetrics_clock_jumps_total counter
sysmetrics_clock_jumps_total{direction="forward"} 1
sysmetrics_build_info{version="0"} 1
sysmetrics_uname_info{nodename="daemons"} 1
sysmetrics_boot_previous_unclean 1
sysmetrics_raspberrypi_undervoltage_low_samples_total 1
sysmetrics_raspberrypi_undervoltage_samples_total 9
sysmetrics_nut_status{ups="rack",flag="OB"} 1
sysmetrics_nut_battery_charge_ratio{ups="rack"} 0.9
sysmetrics_nut_load_ratio{ups="rack"} 0.2
sysmetrics_nut_battery_runtime_seconds{ups="rack"} 900
sysmetrics_chrony_stratum 2
sysmetrics_chrony_last_offset_seconds -0.002
sysmetrics_chrony_rms_offset_seconds 0.001
sysmetrics_chrony_root_dispersion_seconds 0.01
sysmetrics_gpsd_mode{device="/dev/ttyS0"} 3
sysmetrics_gpsd_satellites_seen{device="/dev/ttyS0"} 9
sysmetrics_gpsd_satellites_used{device="/dev/ttyS0"} 6
sysmetrics_gpsd_time_offset_seconds{device="/dev/ttyS0"} 0.1
sysmetrics_wifi_link_signal_dbm{interface="wlan0"} -61
sysmetrics_wifi_link_channel_noise_dbm{interface="wlan0"} -95
sysmetrics_wifi_link_stations{interface="wlan0"} 1
sysmetrics_wifi_link_channel_busy_seconds_total{interface="wlan0"} 90
sysmetrics_modem_rsrp_dbm{port="cdc-wdm0",model="EM7455",technology="lte"} -101
sysmetrics_dhcp_leases{file="/tmp/dhcp.leases",interface="",family="ipv4"} 7
sysmetrics_dhcp_leases_next_expiry_timestamp_seconds{file="/tmp/dhcp.leases",interface="",family="ipv4"} 4102444801
sysmetrics_conntrack_zone_entries{zone="0"} 120
sysmetrics_dsl_snr_margin_decibels{direction="down"} 7.5
sysmetrics_dsl_errored_seconds_total{end="near",kind="es"} 3
sysmetrics_poe_consumption_watts 12.5
sysmetrics_poe_budget_watts 60
sysmetrics_pressure_stalls_total{resource="memory",kind="some",stall="200ms",window="2s"} 4
sysmetrics_peak_cpu_usage_ratio 0.7
sysmetrics_peak_memory_used_bytes 1000000
sysmetrics_kernel_log_messages_total{level="err"} 2
"""

    @property
    def page(self):
        # What is divided by has to grow.
        active = f'sysmetrics_wifi_link_channel_active_seconds_total{{interface="wlan0"}} {time.time()}\n'
        return self.told + active.encode()


def neighbour(handler=Neighbour):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def everything(directory, ports, neighbour_port, receiver_port):
    """The settings of an agent that does all that the dashboard Agent shows, with a fault in each."""
    dead_port = ports["dead"]
    return f"""
[server]
listen = "127.0.0.1:{ports['live']}"
[statsd]
listen = "127.0.0.1:{ports['statsd']}"
[tail]
state_file = ""
poll_interval = 1
[[logs]]
path = "{directory}/app.log"
from_start = true
rules = [
	{{ metric = "log_lines_total", pattern = 'level=(?P<level>\\w+)', labels = {{ level = "$level" }} }},
	{{ metric = "log_items", pattern = 'items=(?P<n>\\S+)', type = "gauge", value = "$n" }},
]
[scrape]
interval_secs = {SCRAPE_INTERVAL}
[[scrape.targets]]
name = "neighbour"
url = "http://127.0.0.1:{neighbour_port}/metrics"
[[scrape.targets]]
name = "dead"
url = "http://127.0.0.1:{dead_port}/metrics"
[alerting]
interval_secs = {SCRAPE_INTERVAL}
webhook = ["http://127.0.0.1:{neighbour_port}/hook"]
alertmanager = "http://127.0.0.1:{dead_port}"
[[alerts]]
name = "AlwaysThere"
expr = "load1 >= 0"
{export('central', receiver_port, '/api/v1/write')}
# No more than that, so that it does not count as a box of its own.
include = ["sysmetrics_vmstat_*"]
{export('lost', dead_port, '/api/v1/write')}
spool = {{ dir = "{directory}/spool" }}
"""


def export(name, port, path):
    return f"""
[[export]]
type = "remote_write"
name = "{name}"
endpoint = "http://127.0.0.1:{port}{path}"
interval_secs = {SCRAPE_INTERVAL}
timeout_secs = 2
"""


def start_boxes(processes, binary, ports, watchers):
    """Agents of both dialects, and Debian's node_exporter, each on this machine and on a stored one."""
    directory = processes.directory
    settings = directory / "live.toml"
    settings.write_text(everything(directory, ports, neighbour(), ports[next(iter(watchers))]))
    processes.start("live", binary, "--config", settings)

    pushed = directory / "pushed.toml"
    exports = "".join(export(name, ports[name], "/api/v1/write") for name in watchers)
    pushed.write_text(
        f'[server]\nlisten = "127.0.0.1:{ports["pushed"]}"\n[agent]\ninstance = "pushed"\njob = "pushed"\n{exports}'
    )
    processes.start("pushed", binary, "--config", pushed)

    def stored(machine):
        tree = directory / machine
        if not tree.exists():
            shutil.copytree(grafana.ROOT / "fixtures" / machine, tree, symlinks=True)
        return [f"--path.procfs={tree}/proc", f"--path.sysfs={tree}/sys"]

    empty = directory / "empty.toml"
    empty.write_text("")
    node = shutil.which("prometheus-node-exporter")
    if node is None:
        raise SystemExit("prometheus-node-exporter is missing: apt-get install prometheus-node-exporter")
    # With what is off by default and shown of small boxes.
    more = ["--collector.units", "--collector.units.pressure", "--collector.process_groups", "--collector.buddyinfo"]
    plain = {"board": stored("box") + more, "many": stored("many"), "silent": []}
    dialect = {"node-live": [], "node-board": stored("box")}
    real = {"real-live": [], "real-board": stored("box"), "newer-board": stored("box")}
    for name, arguments in (plain | dialect | real).items():
        listen = f"--web.listen-address=127.0.0.1:{ports[name]}"
        if name in real:
            program = PEERS / "prometheus-node-exporter" if name.startswith("newer") else node
            processes.start(name, program, listen, *arguments)
        else:
            words = ["--dialect", "node_exporter"] if name in dialect else []
            processes.start(name, binary, "--config", empty, listen, *words, *arguments)


JOBS = {
    "sysmetrics": ["live", "board", "many", "silent"],
    "node": ["node-live", "node-board", "real-live", "real-board", "newer-board"],
}

RULES = """
groups:
  - name: test
    interval: 5s
    rules:
      - alert: BoxDown
        expr: up == 0
        labels: { severity: critical }
"""


def break_board(directory):
    """Collectors that worked fail from now on: files are written over, as agents keep them open."""
    (directory / "box/proc/meminfo").write_text("")
    (directory / "box/proc/loadavg").write_text("broken\n")


def start_watchers(processes, ports, watchers):
    directory = processes.directory
    ports = ports | {"daemons": neighbour(Daemons)}
    jobs = "".join(
        f"  - job_name: {job}\n    static_configs:\n"
        + "".join(
            f"      - targets: ['127.0.0.1:{ports[box]}']\n        labels: {{ instance: {box} }}\n" for box in boxes
        )
        for job, boxes in (JOBS | {"edge": ["daemons"]}).items()
    )
    (directory / "rules.yml").write_text(RULES)
    scrape = f"global:\n  scrape_interval: {SCRAPE_INTERVAL}s\nscrape_configs:\n{jobs}"
    (directory / "scrape.yml").write_text(scrape)
    (directory / "prometheus.yml").write_text(f"rule_files: [{directory}/rules.yml]\n{scrape}")
    for name, program in watchers.items():
        if not pathlib.Path(shutil.which(program) or program).exists():
            raise SystemExit(f"{program} is missing: .ci/install.sh tests")
        listen = f"127.0.0.1:{ports[name]}"
        if "victoria" in name:
            processes.start(
                name,
                program,
                f"-httpListenAddr={listen}",
                f"-storageDataPath={directory}/{name}",
                "-loggerLevel=ERROR",
                f"-promscrape.config={directory}/scrape.yml",
                "-search.latencyOffset=1s",
                "-retentionPeriod=2d",
            )
        else:
            processes.start(
                name,
                program,
                f"--web.listen-address={listen}",
                f"--config.file={directory}/prometheus.yml",
                f"--storage.tsdb.path={directory}/{name}",
                "--web.enable-remote-write-receiver",
                "--log.level=warn",
            )


class Work:
    """Does what the boxes are to see, again and again: pushes, statsd and log lines, and a disk that is used."""

    def __init__(self, directory, ports):
        self.directory, self.ports = directory, ports
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        # Beside the build, as the directory for temporary files may be in memory.
        self.scratch = grafana.ROOT / "target" / f"dashboards-scratch-{os.getpid()}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.scratch.unlink(missing_ok=True)

    def run(self):
        statsd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self.stopped.wait(1):
            try:
                body = b'[{"name":"queue_depth","type":"gauge","value":7},{"name":"no name","type":"gauge","value":7}]'
                opener.open(f"http://127.0.0.1:{self.ports['live']}/update", body, timeout=5).read()
                statsd.sendto(b"jobs:1|c\nnothing\n", ("127.0.0.1", self.ports["statsd"]))
            except OSError:
                continue  # it starts only, or is slow
            with open(self.directory / "app.log", "a") as log:
                log.write("level=error items=3\nitems=many\n")
            self.use_disk()

    def use_disk(self):
        with open(self.scratch, "wb") as file:
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self.scratch.read_bytes()
