#!/bin/sh
# protobuf 6.33.0 with opentelemetry-proto 1.38.0 (both PyPI, both official): json_format of protobuf is not the JSON of OTLP, though
# it reads one without an error. OTLP writes traceId and spanId in hexadecimal, and enums as numbers only; its specification says so
# (opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding"), the libraries do not. Protobuf's mapping has bytes in
# base64: as each hexadecimal digit is one of base64 too, an exemplar's trace id of 16 bytes is read as 24 other bytes, and the
# exemplar points to a trace that is nowhere. In the other direction an enum is written as a name, which OTLP forbids.
#
# Seen: "traceId":"00112233445566778899aabbccddeeff"  ->  24 bytes, d34d75db6df7e38e79ebaefbf3cf7d69a6db71c75d79e7df
#       "aggregationTemporality":2                    ->  written as "AGGREGATION_TEMPORALITY_CUMULATIVE"
#       a message with the 16 bytes of that id        ->  "traceId":"ABEiM0RVZneImaq7zN3u/w=="
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env" || exit 2
"$dir/env/bin/pip" install --quiet --disable-pip-version-check protobuf==6.33.0 opentelemetry-proto==1.38.0 || exit 2
"$dir/env/bin/python3" - <<'END'
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

trace_id = "00112233445566778899aabbccddeeff"
text = {
    "name": "jobs",
    "sum": {
        "aggregationTemporality": 2,
        "isMonotonic": True,
        "dataPoints": [
            {
                "timeUnixNano": "1700000000000000000",
                "asInt": "7",
                "exemplars": [{"timeUnixNano": "1700000000000000000", "asInt": "1", "traceId": trace_id}],
            }
        ],
    },
}
metric = json_format.Parse(json.dumps(text), Metric())
exemplar = metric.sum.data_points[0].exemplars[0]
print("read:   ", len(exemplar.trace_id), "bytes,", exemplar.trace_id.hex())
changed = exemplar.trace_id.hex() != "d34d75db6df7e38e79ebaefbf3cf7d69a6db71c75d79e7df"
exemplar.trace_id = bytes.fromhex(trace_id)
written = json_format.MessageToDict(metric)["sum"]
id_written = written["dataPoints"][0]["exemplars"][0]["traceId"]
print("written:", id_written, written["aggregationTemporality"])
changed |= id_written != "ABEiM0RVZneImaq7zN3u/w=="
changed |= written["aggregationTemporality"] != "AGGREGATION_TEMPORALITY_CUMULATIVE"
sys.exit("changed: protobuf reads or writes the JSON of OTLP in another way" if changed else 0)
END
