"""Holds the system calls that a binary makes against the list of the sandbox: tests/calls.py TARGET BINARY [QEMU...]

The agent is started with much that it can do, scraped in both dialects, pushed to, reloaded and ended, under
`qemu -strace`, which applies no filter, or without QEMU under strace. Each call behind the one that sets the filter
must be in src/base/sys/sandbox/calls.rs for this processor."""

import gzip
import http.server
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "src/base/sys/sandbox/calls.rs"
PATIENCE = 120
# What seccomp.rs judges by its arguments.
BY_ARGUMENT = {"mmap", "mmap2", "mprotect", "clone", "socket"}
# libc has no names of these.
NUMBERS = {
    "BASE + 403": "clock_gettime64", "BASE + 405": "clock_adjtime64", "BASE + 406": "clock_getres_time64",
    "BASE + 407": "clock_nanosleep_time64", "BASE + 413": "pselect6_time64", "BASE + 414": "ppoll_time64",
    "BASE + 417": "recvmmsg_time64", "BASE + 421": "rt_sigtimedwait_time64", "BASE + 422": "futex_time64",
    "4200": "pread64", "4201": "pwrite64", "4293": "fstatat64"
}
# Those that qemu has no name of, without where the numbers of MIPS begin.
UNNAMED = {"417": "recvmmsg_time64"}
SETTINGS = """
[server]
listen = ["127.0.0.1:{port}", "unix:{at}/socket"]
[metrics]
dialect = "{dialect}"
[statsd]
listen = "127.0.0.1:{statsd}"
[collectors]
units = true
process_groups = true
processes = true
systemd = true
ntp = true
chrony = true
[collectors.textfile]
directory = "{at}"
[collectors.boot]
state_file = "{at}/boot"
[tail]
state_file = "{at}/tail"
[[logs]]
path = "{at}/app.log"
from_start = true
rules = [{{ metric = "lines_total", pattern = "level" }}]
[scrape]
interval_secs = 1
[[scrape.targets]]
name = "peer"
url = "http://localhost:{peer}/metrics"
[alerting]
interval_secs = 1
webhook = ["http://127.0.0.1:{peer}/hook"]
[[alerts]]
name = "Always"
expr = "load1 >= 0"
[[export]]
type = "remote_write"
endpoint = "http://127.0.0.1:{peer}/write"
interval_secs = 1
spool = {{ dir = "{at}/spool" }}
"""


class Peer(http.server.BaseHTTPRequestHandler):
    """A target, a webhook and a receiver."""

    seen = set()

    def answer(self, body):
        Peer.seen.add(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(b"from_peer 1\n")

    def do_POST(self):
        self.answer(b"")

    def log_message(self, *_):
        pass


def allowed(target):
    """The names that the source lists for this processor."""
    arch = {"i686": "x86", "armv7": "arm", "riscv64gc": "riscv64", "mipsel": "mips"}
    known = {
        "target_arch": arch.get(target.split("-")[0], target.split("-")[0]),
        "target_env": "musl",
        "target_pointer_width": "64" if "64" in target.split("-")[0] else "32"
    }
    words = {"any": lambda *all: any(all), "all": lambda *every: min(every), "not_": lambda one: not one}
    names = set()
    pattern = r"(?:#\[cfg\((.*)\)\]\n)?(?:#\[rustfmt.*\n)?static \w+: &\[u16\] = &numbers\(\[([^\]]*)\]\)"
    for condition, calls in re.findall(pattern, SOURCE.read_text()):
        condition = re.sub(r'(target_\w+) = "(\w+)"', lambda m: str(known[m[1]] == m[2]), condition)
        if eval(condition.replace("not(", "not_(") or "True", words):
            calls = re.sub(r"//.*", "", calls)
            names |= {NUMBERS.get(call.strip(), call.strip().split("SYS_")[-1]) for call in calls.split(",")}
    # strace and qemu say newfstatat where libc says fstatat64, and the other way round.
    return names | BY_ARGUMENT | ({"newfstatat"} if "fstatat64" in names else set())


def made(trace):
    """The names of the calls behind the one that sets the filter."""
    parts = re.split(r"\bprctl\((?:22,2|PR_SET_SECCOMP),", trace, maxsplit=1)
    if len(parts) != 2:
        sys.exit("the filter was never set")
    found = re.findall(r"(?m)^\d+ +(?:Unknown syscall (\d+)|([a-z_]\w*)\()", parts[1])
    return {name or UNNAMED.get(number.removeprefix("4"), UNNAMED.get(number, number)) for number, name in found}


class Agent:
    """The agent, and what it is asked."""

    def __init__(self, binary, qemu, at, ports):
        self.at, self.ports, self.log = at, ports, open(at / "log", "wb")
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.settings("sysmetrics")
        trace = ["-strace", "-D", at / "trace"] if qemu else ["strace", "-D", "-f", "-o", at / "trace"]
        command = [*qemu, *trace, binary, "--config", at / "settings.toml"]
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log)

    def settings(self, dialect):
        text = SETTINGS.format(at=self.at, dialect=dialect, **self.ports)
        (self.at / "settings.toml").write_text(text)

    def ask(self, path, body=None, **headers):
        url = f"http://127.0.0.1:{self.ports['port']}{path}"
        with self.opener.open(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return answer.read()

    def has(self, *names):
        page = self.ask("/metrics")
        return all(name.encode() in page for name in names)

    def until(self, what, is_so):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if is_so():
                    return
            except OSError:
                pass  # it starts only
            time.sleep(0.2)
        self.process.kill()
        sys.exit(f"in vain: {what}\n{(self.at / 'log').read_text(errors='replace')[-2000:]}")

    def work(self):
        self.until("it answers", lambda: self.ask("/health"))
        if b"_load1" not in gzip.decompress(self.ask("/metrics", **{"Accept-Encoding": "gzip"})):
            sys.exit("no page as gzip")
        for path in ("/status", "/api/status", "/api/series"):
            self.ask(path)
        self.ask("/update", b'[{"name":"pushed","type":"gauge","value":7}]')
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"counted:1|c", ("127.0.0.1", self.ports["statsd"]))
        with socket.socket(socket.AF_UNIX) as local:
            local.connect(str(self.at / "socket"))
            local.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            local.settimeout(PATIENCE)
            local.recv(100)
        all_of_it = ("pushed", "counted", "from_file", "from_peer", "lines_total")
        self.until("all that came in is shown", lambda: self.has(*all_of_it))
        self.until("all that goes out arrives", lambda: {"/write", "/hook", "/metrics"} <= Peer.seen)
        self.settings("node_exporter")
        self.process.send_signal(signal.SIGHUP)
        self.until("the other dialect", lambda: self.has("node_load1"))
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def is_free(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def free_ports(*names):
    """A port for each name, below those that the kernel gives to connections: none is taken meanwhile."""
    return dict(zip(names, filter(is_free, random.sample(range(20_000, 30_000), 10_000))))


def main(target, binary, *qemu):
    peer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=peer.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as at:
        at = pathlib.Path(at)
        (at / "a.prom").write_text("from_file 1\n")
        (at / "app.log").write_text("level=error\n")
        agent = Agent(os.path.abspath(binary), qemu, at, free_ports("port", "statsd") | {"peer": peer.server_port})
        code = agent.work()
        calls = made((at / "trace").read_text(errors="replace"))
    if code and "i386" not in "".join(qemu):  # qemu-i386 faults as the last thread ends
        sys.exit(f"{target}: SIGTERM: exit {code}")
    missing = sorted(calls - allowed(target))
    if missing:
        sys.exit(f"{target}: calls that the sandbox does not allow: {', '.join(missing)}")
    print(f"{target}: {len(calls)} calls, all in the sandbox's list: {' '.join(sorted(calls))}")


main(*sys.argv[1:])
