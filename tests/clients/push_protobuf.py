"""Pushes metrics as protocol buffers, encoded by the official runtime (PyPI protobuf), as Go's and Rust's
clients do: push_protobuf.py ADDRESS JOB [gzip|chunked]"""
import gzip
import http.client
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import encoder

F = descriptor_pb2.FieldDescriptorProto
TYPES = {
    "string": F.TYPE_STRING, "double": F.TYPE_DOUBLE, "uint64": F.TYPE_UINT64, "int64": F.TYPE_INT64,
    "sint32": F.TYPE_SINT32, "sint64": F.TYPE_SINT64, "int32": F.TYPE_INT32, "uint32": F.TYPE_UINT32,
}
# io/prometheus/client/metrics.proto; an asterisk is repeated.
MESSAGES = {
    "LabelPair": "name:string:1 value:string:2",
    "Timestamp": "seconds:int64:1 nanos:int32:2",
    "Exemplar": "label:LabelPair*:1 value:double:2 timestamp:Timestamp:3",
    "Gauge": "value:double:1",
    "Counter": "value:double:1 exemplar:Exemplar:2 created_timestamp:Timestamp:3",
    "Quantile": "quantile:double:1 value:double:2",
    "Summary": "sample_count:uint64:1 sample_sum:double:2 quantile:Quantile*:3 created_timestamp:Timestamp:4",
    "Untyped": "value:double:1",
    "BucketSpan": "offset:sint32:1 length:uint32:2",
    "Bucket": "cumulative_count:uint64:1 upper_bound:double:2 exemplar:Exemplar:3 cumulative_count_float:double:4",
    "Histogram": "sample_count:uint64:1 sample_sum:double:2 bucket:Bucket*:3 sample_count_float:double:4 "
    "schema:sint32:5 zero_threshold:double:6 zero_count:uint64:7 zero_count_float:double:8 "
    "positive_span:BucketSpan*:12 positive_delta:sint64*:13 created_timestamp:Timestamp:15",
    "Metric": "label:LabelPair*:1 gauge:Gauge:2 counter:Counter:3 summary:Summary:4 untyped:Untyped:5 "
    "timestamp_ms:int64:6 histogram:Histogram:7",
    "MetricFamily": "name:string:1 help:string:2 type:MetricType:3 metric:Metric*:4 unit:string:5",
}
KINDS = ["COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM"]
PACKAGE = "io.prometheus.client"


def classes():
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package=PACKAGE, syntax="proto2")
    kinds = file.enum_type.add(name="MetricType")
    for number, name in enumerate(KINDS):
        kinds.value.add(name=name, number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            field, kind, number = field.split(":")
            label = F.LABEL_REPEATED if kind.endswith("*") else F.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            made = message.field.add(name=field, number=int(number), label=label)
            if kind in TYPES:
                made.type = TYPES[kind]
            else:
                made.type = F.TYPE_ENUM if kind == "MetricType" else F.TYPE_MESSAGE
                made.type_name = f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    of = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
    return {name: of(name) for name in MESSAGES}


def families(m):
    label = lambda **all: [m["LabelPair"](name=name, value=value) for name, value in all.items()]
    moment = m["Timestamp"](seconds=1700000000)
    exemplar = m["Exemplar"](label=label(trace="x"), value=1, timestamp=moment)
    bucket = lambda bound, count: m["Bucket"](upper_bound=bound, cumulative_count=count, exemplar=exemplar)
    family = lambda name, kind, *metrics, **more: m["MetricFamily"](name=name, type=kind, metric=metrics, **more)
    metric = lambda labels=(), **value: m["Metric"](label=labels, **value)
    counter = m["Counter"](value=3, exemplar=exemplar, created_timestamp=moment)
    summary = m["Summary"](sample_count=2, sample_sum=5, quantile=[m["Quantile"](quantile=0.5, value=2)])
    histogram = m["Histogram"](sample_count=3, sample_sum=4.5, created_timestamp=moment)
    histogram.bucket.extend([bucket(0.5, 1), bucket(2.5, 2)])
    native = m["Histogram"](sample_count=5, sample_sum=9, schema=3, zero_threshold=1e-9, zero_count=1)
    native.positive_span.extend([m["BucketSpan"](offset=0, length=2)])
    native.positive_delta.extend([1, 2])
    return [
        family("pb_total", 0, metric(label(l='q"\\\n é'), counter=counter), help="A \\ of\nlines.", unit="x"),
        family("pb_down_total", 0, metric(counter=m["Counter"](value=-2))),
        family("pb_gauge", 1, metric(gauge=m["Gauge"](value=float("-inf"))), metric(label(l="0"), gauge=m["Gauge"]())),
        family("pb_summary", 2, metric(summary=summary)),
        family("pb_untyped", 3, metric(untyped=m["Untyped"](value=float("nan")))),
        family("pb_hist", 4, metric(label(l="a"), histogram=histogram), metric(label(l="b"), histogram=native)),
    ]


def main():
    address, job, *how = sys.argv[1:]
    body = b""
    for family in families(classes()):
        message = family.SerializeToString()
        body += encoder._VarintBytes(len(message)) + message
    kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    headers = {"Content-Type": kind}
    if "gzip" in how:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    connection = http.client.HTTPConnection(address)
    chunks = iter([body[:100], body[100:]])
    whole = {"body": chunks, "encode_chunked": True} if "chunked" in how else {"body": body}
    if "chunked" in how:
        headers["Transfer-Encoding"] = "chunked"
    connection.request("PUT", f"/metrics/job/{job}", headers=headers, **whole)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"{answer.status}: {text}")


main()
