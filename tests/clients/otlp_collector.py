"""An OTLP collector of official parts: HTTP with protobuf and JSON (opentelemetry-proto), gRPC (grpcio).

    otlp_collector.py DIR [--token T] [--cert PEM --key PEM [--client-ca PEM]]

Writes DIR/ports ("http grpc") when it listens, a JSON object for every point into DIR/points, one for
every request into DIR/requests. DIR/mode says how to answer, as one line:
    ok | status CODE [RETRY_AFTER] | partial N | long N | slow SECONDS | dead | half | torn | grpc CODE [RETRY_AFTER_MS]
long: N bytes are said of what was taken; half: not even the status; torn: taken, and no more than the
status is said; over gRPC beside very long trailers.
"""

import argparse
import gzip
import json
import ssl
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics

CUMULATIVE, DELTA = 2, 1
lock = threading.Lock()


def value_of(any_value):
    return getattr(any_value, any_value.WhichOneof("value") or "string_value")


def pairs(attributes):
    found = {a.key: value_of(a.value) for a in attributes}
    assert len(found) == len(attributes), "an attribute twice"
    return found


def number(x):
    return x if x == x and abs(x) != float("inf") else repr(x)


def samples(kind, metric):
    """Each point as what text exposition makes of it: suffix, more labels, value."""
    data = getattr(metric, kind)
    for point in data.data_points:
        rows = []
        gone = point.flags & metrics.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
        if kind in ("sum", "gauge"):
            which = point.WhichOneof("value")
            assert gone or which, metric.name
            rows = [("", {}, getattr(point, which) if which else None)]
        elif kind == "histogram":
            assert gone or len(point.bucket_counts) == len(point.explicit_bounds) + 1, metric.name
            assert gone or sum(point.bucket_counts) == point.count, metric.name
            total = 0
            for bound, count in zip(list(point.explicit_bounds) + [float("inf")], point.bucket_counts):
                total += count
                rows.append(("_bucket", {"le": bound}, total))
            rows += [("_sum", {}, point.sum), ("_count", {}, point.count)]
        elif kind == "summary":
            rows = [("", {"quantile": q.quantile}, q.value) for q in point.quantile_values]
            rows += [("_sum", {}, point.sum), ("_count", {}, point.count)]
        if kind in ("sum", "histogram"):
            assert data.aggregation_temporality in (CUMULATIVE, DELTA), metric.name
        yield point, gone, rows


class Collector:
    def __init__(self, args):
        self.dir, self.token = Path(args.dir), args.token
        self.points = open(self.dir / "points", "a", buffering=1)
        self.requests = open(self.dir / "requests", "a", buffering=1)

    def mode(self):
        try:
            return (self.dir / "mode").read_text().split() or ["ok"]
        except FileNotFoundError:
            return ["ok"]

    def note(self, **what):
        with lock:
            print(json.dumps({"at": time.time(), **what}), file=self.requests)

    def take(self, request):
        lines = []
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    kind = metric.WhichOneof("data")
                    data = getattr(metric, kind)
                    common = {
                        "name": metric.name, "kind": kind, "unit": metric.unit,
                        "resource": pairs(resource.resource.attributes), "scope": scope.scope.name,
                        "type": pairs(metric.metadata).get("prometheus.type"),
                        "monotonic": kind == "sum" and data.is_monotonic,
                        "temporality": getattr(data, "aggregation_temporality", 0),
                    }
                    for point, gone, rows in samples(kind, metric):
                        labels = pairs(point.attributes)
                        shown = [[s, {k: number(v) for k, v in more.items()}, v if v is None else number(v)]
                                 for s, more, v in rows]
                        lines.append(json.dumps({
                            **common, "labels": labels, "rows": shown, "gone": bool(gone),
                            "time": point.time_unix_nano, "start": point.start_time_unix_nano}))
        with lock:
            self.points.write("".join(line + "\n" for line in lines))
        return len(lines)


def say(response, mode):
    if mode[0] == "partial":
        response.partial_success.rejected_data_points = int(mode[1])
        response.partial_success.error_message = "some are bad"
    if mode[0] == "long":
        response.partial_success.error_message = "x" * int(mode[1])


def http_handler(collector):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args):
            pass

        def answer(self, status, body=b"", content="application/x-protobuf", more=()):
            self.send_response(status)
            for name, value in more:
                self.send_header(name, value)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            mode = collector.mode()
            collector.note(path=self.path, headers=dict(self.headers.items()), mode=mode, port=self.client_address[1])
            if collector.token and self.headers.get("Authorization") != f"Bearer {collector.token}":
                return self.answer(401)
            if mode[0] == "dead":
                self.close_connection = True
                return None
            if mode[0] == "half":
                self.wfile.write(b"HTTP/1.1 20")
                self.close_connection = True
                return None
            if mode[0] == "slow":
                time.sleep(float(mode[1]))
            if mode[0] == "status":
                return self.answer(int(mode[1]), more=[("Retry-After", mode[2])] if len(mode) > 2 else ())
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            content = self.headers.get("Content-Type")
            request, response = service.ExportMetricsServiceRequest(), service.ExportMetricsServiceResponse()
            if content == "application/json":
                json_format.Parse(body.decode(), request)
            else:
                assert content == "application/x-protobuf", content
                request.ParseFromString(body)
            assert request.resource_metrics, "an empty envelope"
            collector.take(request)
            if mode[0] == "torn":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
                self.close_connection = True
                return None
            say(response, mode)
            if content == "application/json":
                return self.answer(200, json_format.MessageToJson(response).encode(), content)
            return self.answer(200, response.SerializeToString())

    return Handler


def grpc_handler(collector):
    def export(request, context):
        mode = collector.mode()
        metadata = {k: v for k, v in context.invocation_metadata() if isinstance(v, str)}
        collector.note(path="grpc", headers=metadata, mode=mode, peer=context.peer())
        if collector.token and metadata.get("authorization") != f"Bearer {collector.token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        if mode[0] == "slow":
            time.sleep(float(mode[1]))
        if mode[0] == "grpc":
            code = next(c for c in grpc.StatusCode if c.value[0] == int(mode[1]))
            if len(mode) > 2:
                context.set_trailing_metadata((("grpc-status-details-bin", retry_info(code, int(mode[2]))),))
            context.abort(code, "not now")
        collector.take(request)
        response = service.ExportMetricsServiceResponse()
        say(response, mode)
        if mode[0] == "torn":
            context.set_trailing_metadata((("x-long", "c" * 21_000),))
        return response

    name = "opentelemetry.proto.collector.metrics.v1.MetricsService"
    unary = grpc.unary_unary_rpc_method_handler(
        export, service.ExportMetricsServiceRequest.FromString, service.ExportMetricsServiceResponse.SerializeToString)
    return grpc.method_handlers_generic_handler(name, {"Export": unary})


def retry_info(code, millis):
    """google.rpc.Status with a google.rpc.RetryInfo, written by hand: the package is not needed for it."""
    def field(number, kind, data):
        return bytes([number << 3 | kind]) + data

    def block(number, data):
        return field(number, 2, bytes([len(data)]) + data)

    def varint(n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    duration = field(1, 0, varint(millis // 1000)) + field(2, 0, varint(millis % 1000 * 1_000_000))
    any_ = block(1, b"type.googleapis.com/google.rpc.RetryInfo") + block(2, block(1, duration))
    return field(1, 0, varint(code.value[0])) + block(3, any_)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--token")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    args = parser.parse_args()
    collector = Collector(args)
    http = ThreadingHTTPServer(("127.0.0.1", 0), http_handler(collector))
    http.daemon_threads = True
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc_handler(collector),))
    if args.cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(args.cert, args.key)
        chain = (Path(args.key).read_bytes(), Path(args.cert).read_bytes())
        client_ca = None
        if args.client_ca:
            context.load_verify_locations(args.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
            client_ca = Path(args.client_ca).read_bytes()
        http.socket = context.wrap_socket(http.socket, server_side=True)
        credentials = grpc.ssl_server_credentials([chain], client_ca, bool(client_ca))
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    threading.Thread(target=http.serve_forever, daemon=True).start()
    ports = Path(args.dir) / "ports.new"
    ports.write_text(f"{http.server_address[1]} {port}")
    ports.rename(Path(args.dir) / "ports")
    sys.stdin.read()  # until the test is gone


main()
