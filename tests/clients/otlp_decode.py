"""Prints what the official package (opentelemetry-proto) finds in a request on standard input, a line
for each metric and each point. The argument: protobuf or json.

Texts are printed as hex, so that lines are lines whatever they hold; doubles as their bits.
"""

import struct
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics


def text(s):
    return s.encode().hex() or "-"


def double(x):
    return "nan" if x != x else struct.pack(">d", x).hex()


def pairs(attributes):
    for a in attributes:
        assert a.value.WhichOneof("value") == "string_value", a
    return ",".join(f"{text(a.key)}={text(a.value.string_value)}" for a in attributes) or "-"


def value(kind, point):
    if point.flags:
        assert point.flags == metrics.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK, point
        return "gone"
    if kind in ("gauge", "sum"):
        which = point.WhichOneof("value")
        return f"int {point.as_int}" if which == "as_int" else f"double {double(point.as_double)}"
    if kind == "histogram":
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, point
        assert point.HasField("sum") and sum(point.bucket_counts) == point.count, point
        counts = ",".join(str(n) for n in point.bucket_counts)
        bounds = ",".join(double(x) for x in point.explicit_bounds) or "-"
        return f"{point.count} {double(point.sum)} {counts} {bounds}"
    quantiles = ",".join(f"{double(q.quantile)}={double(q.value)}" for q in point.quantile_values) or "-"
    return f"{point.count} {double(point.sum)} {quantiles}"


request = service.ExportMetricsServiceRequest()
if sys.argv[1] == "json":
    json_format.Parse(sys.stdin.buffer.read(), request)
else:
    request.ParseFromString(sys.stdin.buffer.read())
    # Nothing that the package does not know, and nothing in another form than its own.
    again = service.ExportMetricsServiceRequest()
    again.CopyFrom(request)
    again.DiscardUnknownFields()
    assert again.ByteSize() == request.ByteSize(), "unknown fields"
for resource in request.resource_metrics:
    for scope in resource.scope_metrics:
        print("scope", scope.scope.name, pairs(resource.resource.attributes))
        for metric in scope.metrics:
            kind = metric.WhichOneof("data")
            data = getattr(metric, kind)
            temporality = getattr(data, "aggregation_temporality", 0)
            monotonic = int(getattr(data, "is_monotonic", False))
            print("metric", text(metric.name), text(metric.description), metric.unit or "-", kind, temporality,
                  monotonic, pairs(metric.metadata))
            for point in data.data_points:
                print("point", pairs(point.attributes), point.start_time_unix_nano, point.time_unix_nano,
                      value(kind, point))
