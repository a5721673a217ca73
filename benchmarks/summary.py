#!/usr/bin/env python3
# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Reads the rounds of benchmarks/run, and prints medians of ours, of raw libzmq in C, and of their ratios."""
import json
import statistics
import sys


def main(rounds_path, summary_path):
    ours = {"mesh": [], "task p50": [], "task p99": []}
    raw = {"mesh": [], "task p50": [], "task p99": []}
    machine = None
    with open(rounds_path) as file:
        for line in file:
            record = json.loads(line)
            if record.get("what") == "raw-pubsub":
                raw["mesh"].append(record["events_per_second"])
            elif record.get("what") == "raw-taskrtt":
                raw["task p50"].append(record["p50_us"])
                raw["task p99"].append(record["p99_us"])
            elif record["bench"] == "mesh":
                machine = record["machine"]
                ours["mesh"].append(record["rows"][0]["per_second"])
            elif record["bench"] == "latency":
                task = next(row for row in record["rows"] if row["name"].startswith("task"))
                ours["task p50"].append(task["times_us"]["p50"])
                ours["task p99"].append(task["times_us"]["p99"])
    about = {
        "mesh": ("mirrored emit, 32 B, 1 to 1, tcp", "events/s", "higher", "raw PUB/SUB, three frames, C"),
        "task p50": ("task and its result, one in flight, p50", "µs", "lower", "raw PUSH/PULL both ways, C"),
        "task p99": ("the same, p99", "µs", "lower", "raw PUSH/PULL both ways, C"),
    }
    rows = []
    print(f"\n{machine['processor']}, {machine['cores']} cores, {machine['system']}, libzmq {machine['libzmq']}, "
          f"{machine['build']} build, medians of {len(ours['mesh'])} rounds\n")
    print(f"{'':42} {'weft':>12} {'raw libzmq':>12} {'ratio':>7}  unit, better")
    for key, (name, unit, better, baseline) in about.items():
        ratios = [a / b for a, b in zip(ours[key], raw[key])]
        row = {
            "id": key, "name": name, "unit": unit, "better": better, "denominator_name": baseline,
            "ours": statistics.median(ours[key]), "denominator": statistics.median(raw[key]),
            "ratio": round(statistics.median(ratios), 3), "runs": len(ratios),
        }
        rows.append(row)
        print(f"{name:42} {row['ours']:12,.0f} {row['denominator']:12,.0f} {row['ratio']:7.2f}  {unit}, {better}")
    with open(summary_path, "w") as file:
        json.dump({"machine": machine, "rows": rows}, file, indent=1)


main(*sys.argv[1:])
