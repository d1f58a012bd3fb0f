"""Writes the dashboards: python3 deploy/grafana/generate [DIRECTORY]

DIRECTORY defaults to deploy/grafana/dashboards. Only Python's standard library is needed."""

import json
import pathlib
import sys

import agent
import box
import edge
import fleet

HERE = pathlib.Path(__file__).resolve().parent


def main(directory):
    for name, module in (("box", box), ("edge", edge), ("fleet", fleet), ("agent", agent)):
        text = json.dumps(module.DASHBOARD, indent=2, ensure_ascii=False)
        (directory / f"{name}.json").write_text(text + "\n")


main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "dashboards")
