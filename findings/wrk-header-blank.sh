#!/bin/sh
# wrk 4.1.0 (Debian 12, wrk 4.1.0-3+b2): -H takes a header only if a blank follows the colon. `-H Accept-Encoding:gzip`
# is dropped without a word and with exit status 0, though RFC 9112 section 5 makes that blank optional and curl and ab send
# such a header. A benchmark of compressed answers then measures plain ones, one of `Connection:close` keeps its connections.
#
# Seen: -H 'X-One:1'   ->  no X-One in the request
#       -H 'X-Two: 2'  ->  X-Two: 2
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download wrk=4.1.0-3+b2 libluajit-5.1-2 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name 'libluajit-5.1.so.2')")
export LD_LIBRARY_PATH
python3 - "$dir/usr/bin/wrk" <<'END'
import http.server
import subprocess
import sys
import threading

heads = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        heads.append(dict(self.headers))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
done = subprocess.run(
    [sys.argv[1], "-t1", "-c1", "-d1s", "-H", "X-One:1", "-H", "X-Two: 2", url], capture_output=True, text=True
)
one, two = heads[0].get("X-One"), heads[0].get("X-Two")
print(f"exit {done.returncode}, stderr {done.stderr!r}, X-One {one!r}, X-Two {two!r}")
sys.exit(0 if (done.returncode, done.stderr, one, two) == (0, "", None, "2") else 1)
END
