"""Writes the dashboards: python3 deploy/grafana/generate [DIRECTORY]

DIRECTORY is deploy/grafana/dashboards if it is not given. Only Python's standard library is needed."""

import json
import pathlib
import sys

import agent
import box
import fleet

HERE = pathlib.Path(__file__).resolve().parent


def main(directory):
    for name, dashboard in (("box", box.DASHBOARD), ("fleet", fleet.DASHBOARD), ("agent", agent.DASHBOARD)):
        text = json.dumps(dashboard, indent=2, ensure_ascii=False)
        (directory / f"{name}.json").write_text(text + "\n")


main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "dashboards")
