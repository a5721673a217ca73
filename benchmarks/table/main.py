# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Measures rows alternately, and writes what came out; called by benchmarks/run."""
import argparse
import datetime
import glob
import json
import os
import subprocess
import sys
import time

import curves
import machine
import report
import rows as table
from sources import HERE, ROOT, SOURCES, Absent, Bench, Invalid


def arguments():
    parser = argparse.ArgumentParser(prog="benchmarks/run")
    parser.add_argument("--rows", default="", help="only these, by id or its beginning: mesh-32,task-8 or mesh")
    parser.add_argument("--rounds", type=int, help="how many (5; with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--no-peers", action="store_true", help="leave out NATS, Redis, Celery and pyee")
    parser.add_argument("--no-plots", action="store_true", help="leave out the curves")
    parser.add_argument("--out", help="where results go, without suffix (benchmarks/results/DATE)")
    parser.add_argument("--against", help="an earlier result to compare with (the latest of this machine)")
    parser.add_argument("--check", action="store_true", help="fail when a row that needs no quiet machine misses its floor")
    parser.add_argument("--self-test", action="store_true", help="show that the table can say no, and stop")
    parser.add_argument("--weft", default=os.path.join(ROOT, ".build-release/release/weft"))
    return parser.parse_args()


def measure(bench, rows, rounds):
    """Every source once in each round, baselines next to what they are compared with."""
    found = []
    for number in range(rounds):
        figures = {}
        for name in table.sources(rows):
            if name in bench.absent:
                continue
            # A run that is invalid is repeated once, in case the machine had a bad moment.
            for attempt in (1, 2):
                began = time.monotonic()
                try:
                    figures[name] = SOURCES[name](bench)
                except Absent as reason:
                    bench.absent[name] = str(reason)
                    print(f"  {name}: skipped: {reason}", flush=True)
                except (Invalid, subprocess.TimeoutExpired) as reason:
                    print(f"  {name}: INVALID: {reason}", flush=True)
                    bench.invalid.append(f"{name}: {reason}")
                    if attempt == 1:
                        continue
                else:
                    shown = " ".join(
                        f"{key} {report.short(value)}" for key, value in figures[name].items()
                        if isinstance(value, (int, float)) and not isinstance(value, bool) and key in SHOWN)
                    print(f"  round {number + 1} of {rounds}  {name:22} {shown}  ({time.monotonic() - began:.1f} s)", flush=True)
                break
        found.append(figures)
    return found


SHOWN = {
    "per_second", "emit", "emit_sync", "p50_us", "p99_us", "sender", "receiver", "cpu_ms", "rss_mib", "unbounded", "bounded",
}


def latest(of, besides):
    """The latest result of the same machine."""
    for path in sorted(glob.glob(os.path.join(HERE, "results", "*.json")), reverse=True):
        if os.path.abspath(path) == besides:
            continue
        with open(path) as file:
            result = json.load(file)
        same = all(result["machine"].get(key) == of[key] for key in ("processor", "cores", "memory_gib"))
        if same and not result.get("quick"):
            return path, result
    return None, None


def self_test(asked):
    """The table's own tests, and a listener that makes three arrays for each event: `alloc` must notice."""
    subprocess.run([sys.executable, os.path.join(HERE, "table", "test_report.py")], check=True)
    bench = Bench(asked.weft, quick=True, peers=False)
    row, = table.selected(["alloc"])
    try:
        found = {waste: report.evaluate(row, [{"weft-alloc": SOURCES["weft-alloc"](bench, waste=waste)}], {})["met"] for waste in (0, 3)}
    finally:
        bench.close()
    if found[0] == "no" or found[3] != "no":
        sys.exit(f"benchmarks/run: alloc is met {found[0]}, and with three arrays more an event {found[3]}")
    print("benchmarks/run: three arrays more an event are noticed")


def main():
    asked = arguments()
    if asked.self_test:
        return self_test(asked)
    rows = table.selected([row for row in asked.rows.split(",") if row])
    rounds = asked.rounds or (1 if asked.quick else 5)
    load = machine.load()
    bench = Bench(asked.weft, quick=asked.quick, peers=not asked.no_peers)
    bench.invalid = []
    began = time.monotonic()
    try:
        figures = measure(bench, rows, rounds)
        drawn = {} if asked.no_plots or asked.quick or asked.rows else curves.measure(bench)
    finally:
        bench.close()
    found = [report.evaluate(row, figures, bench.absent) for row in rows]
    date = datetime.datetime.now(datetime.timezone.utc)
    result = {
        "date": date.strftime("%Y-%m-%d %H:%M UTC"),
        "commit": machine.said("git", "-C", ROOT, "rev-parse", "--short", "HEAD") or "unknown",
        "machine": machine.describe(bench.versions), "load": load, "rounds": rounds, "quick": asked.quick,
        "seconds": round(time.monotonic() - began), "invalid_runs": bench.invalid, "rows": found,
        "rounds_figures": figures, "curves": drawn,
    }
    whole = not asked.rows
    base = asked.out or os.path.join(
        HERE, "results" if whole and not asked.quick else "bin",
        date.strftime("%Y-%m-%d-%H%M") if whole and not asked.quick else "latest")
    path = os.path.abspath(base + ".json")
    if asked.against:
        with open(asked.against) as file:
            earlier_path, earlier = asked.against, json.load(file)
    else:
        earlier_path, earlier = latest(result["machine"], path)
    if earlier and not asked.quick:
        report.mark_unstable(found, earlier)
        result["compared_with"] = os.path.basename(earlier_path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    plots = curves.draw(drawn, base) if drawn else []
    with open(path, "w") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")
    with open(base + ".md", "w") as file:
        file.write(report.markdown(result, plots))
    print()
    for line in report.machine_lines(result["machine"]):
        print(line)
    print(load)
    print()
    print(report.text(found))
    if bench.invalid:
        print(f"\n{len(bench.invalid)} runs were invalid and count for nothing:")
        for reason in bench.invalid:
            print(f"  {reason}")
    print(f"\n{os.path.relpath(path)}  ({result['seconds']} s)")
    if asked.check:
        steady = {"alloc"}
        for row in found:
            if row["id"] in steady and row["met"] == "no":
                sys.exit(f"benchmarks/run: {row['id']} does not hold: {row['ratio']} is not {report.goal(row, row['floor'])}")


main()
