"""What a receiver has of what it was sent, as lines: name, labels as sorted JSON, time in ms, value.

    read_back.py victoria URL | prometheus URL | influx URL DATABASE | points FILE

Tabs between them. Values are as Python writes them, "nan" for what is stale or not a number.
"""

import json
import sys
import urllib.parse
import urllib.request


def fetch(url, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=60) as answer:
        return answer.read().decode()


def tell(name, labels, time, value):
    print(name, json.dumps(labels, sort_keys=True), int(time), repr(float(value)), sep="\t")


def victoria(url):
    fetch(url + "/internal/force_flush")
    query = urllib.parse.urlencode({"match[]": '{__name__!=""}', "reduce_mem_usage": "1"})
    for line in fetch(f"{url}/api/v1/export?{query}").splitlines():
        series = json.loads(line)
        labels = series["metric"]
        name = labels.pop("__name__")
        for time, value in zip(series["timestamps"], series["values"]):
            tell(name, labels, time, "nan" if value is None else value)


def prometheus(url):
    query = urllib.parse.urlencode({"query": '{__name__!=""}[1d]'})
    answer = json.loads(fetch(f"{url}/api/v1/query", query.encode()))
    for series in answer["data"]["result"]:
        labels = series["metric"]
        name = labels.pop("__name__")
        for time, value in series["values"]:
            tell(name, labels, round(time * 1000), value)


def influx(url, database):
    query = urllib.parse.urlencode({"db": database, "epoch": "ms", "q": "SELECT * FROM /.*/ GROUP BY *"})
    answer = json.loads(fetch(f"{url}/query?{query}"))
    for result in answer["results"]:
        assert "error" not in result, result
        for series in result.get("series", []):
            labels = {k: v for k, v in series.get("tags", {}).items() if v}
            columns = series["columns"]
            for row in series["values"]:
                time = row[columns.index("time")]
                for column, value in zip(columns, row):
                    if column != "time" and value is not None:
                        tell(series["name"] + "\x1f" + column, labels, time, value)


def points(path):
    for line in open(path):
        point = json.loads(line)
        assert point["time"] % 1_000_000 == 0, point
        for suffix, more, value in point["rows"]:
            written = {k: bound(v) for k, v in more.items()}
            value = "nan" if point["gone"] or value is None else value
            tell(point["name"] + suffix, {**point["labels"], **written}, point["time"] // 1_000_000, value)


def bound(value):
    if value == "inf":
        return "+Inf"
    return str(int(value)) if float(value).is_integer() else str(value)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
