"""Reads, changes and writes each file of a folder with fhir.resources, and prints the median time in nanoseconds."""

import importlib
import json
import pathlib
import statistics
import sys
import time

SECONDS = 3


def measure(path):
    kind = path.stem
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    text = path.read_text(encoding="utf-8")

    def once():
        read = model.model_validate_json(text)
        read.language = "en"
        return read.model_dump_json()

    assert json.loads(once())["resourceType"] == kind
    times = []
    end = time.perf_counter() + SECONDS
    while len(times) < 5 or time.perf_counter() < end:
        begun = time.perf_counter_ns()
        once()
        times.append(time.perf_counter_ns() - begun)
    return statistics.median(times)


print(json.dumps({path.stem: measure(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json"))}))
