# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The curves beside the table: throughput by payload and by fan-out, latency percentiles, and what an offered load gets."""
import os

import plot
from sources import Invalid, best_of_queues

PAYLOADS = [16, 32, 64, 256, 1024, 4096, 16384, 65536]
FANS = [1, 2, 4, 8]
LOADS = [0.02, 0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2]


def attempt(what, function):
    """A point that can't be measured is left out, and said."""
    try:
        found = function()
    except Invalid as reason:
        print(f"  curve {what}: INVALID: {reason}", flush=True)
        return None
    print(f"  curve {what}", flush=True)
    return found


def mesh(bench, *arguments):
    return bench.bench("mesh", "--duration", bench.seconds / 2, *arguments)[0]


def measure(bench):
    """Every point once: a curve is looked at as a whole."""
    found = {"payload": [], "fan_out": [], "load": [], "percentiles": {}}
    for size in PAYLOADS:
        events = max(4_000, min(1_000_000, 200_000_000 // (size + 64)))
        point = attempt(f"payload {size}", lambda: {
            "bytes": size, "weft": mesh(bench, "--payload", size)["per_second"],
            "raw": best_of_queues(bench, "--events", events, "--bytes", size)["per_second"],
            "batched": best_of_queues(
                bench, "--events", events * 2, "--bytes", size, "--batch", max(1, min(256, 65536 // (size + 18))), bounded=64)["per_second"],
        })
        if point:
            found["payload"].append(point)
    for fan in FANS:
        point = attempt(f"fan-out {fan}", lambda: {
            "receivers": fan, "weft": mesh(bench, "--receivers", fan)["per_second"],
            "raw": best_of_queues(bench, "--events", 600_000 // fan, "--subscribers", fan)["per_second"],
        })
        if point:
            found["fan_out"].append(point)
    best = max([point["weft"] for point in found["payload"] if point["bytes"] == 32] or [1_000_000])
    for share in LOADS:
        rate = int(best * share)
        row = attempt(f"offered {rate}", lambda: mesh(bench, "--rate", rate))
        if row:
            found["load"].append({"offered": rate, "delivered": row["per_second"], "times_us": row["times_us"]})
    for rate in (1_000, 100_000, 1_000_000):
        row = attempt(f"events at {rate} a second", lambda: mesh(bench, "--rate", rate))
        if row:
            found["percentiles"][f"events, {plot.number(rate)}/s"] = row["times_us"]["percentiles"]
    for rate in (1_000, 20_000):
        row = attempt(f"tasks at {rate} a second", lambda: bench.bench(
            "dispatch", "--workers", 1, "--slots", 1024, "--only", "memory", "--rate", rate, "--duration", bench.seconds)[0])
        if row:
            found["percentiles"][f"tasks, {plot.number(rate)}/s"] = row["times_us"]["percentiles"]
    return found


def nines(percentile):
    """Where a percentile is drawn: equal steps for 90, 99, 99.9 …"""
    return 1 / max(1e-6, 1 - percentile / 100)


def draw(found, base):
    """Writes the plots beside a result and returns their names."""
    written = []

    def write(name, svg):
        path = f"{base}-{name}.svg"
        with open(path, "w") as file:
            file.write(svg)
        written.append(os.path.basename(path))

    if found["payload"]:
        write("payload", plot.lines(
            "Mirrored events a second, by payload (1 → 1, tcp)", "bytes of payload", "events received a second",
            [("Weft", [(p["bytes"], p["weft"]) for p in found["payload"]]),
             ("raw libzmq, one event a message", [(p["bytes"], p["raw"]) for p in found["payload"]]),
             ("raw libzmq in C, batched by hand", [(p["bytes"], p["batched"]) for p in found["payload"]])],
            x_ticks=[(size, plot.number(size) if size < 1024 else f"{size // 1024} Ki") for size in PAYLOADS]))
    if found["fan_out"]:
        write("fan-out", plot.lines(
            "Mirrored events a second, by receivers (32 B, tcp)", "receiving processes", "events a second, each receiver",
            [("Weft", [(p["receivers"], p["weft"]) for p in found["fan_out"]]),
             ("raw libzmq, one event a message", [(p["receivers"], p["raw"]) for p in found["fan_out"]])],
            x_ticks=[(fan, str(fan)) for fan in FANS]))
    if found["load"]:
        write("load", plot.lines(
            "What an offered load gets (events of 32 B, 1 → 1)", "events offered a second", "events received a second",
            [("received", [(p["offered"], p["delivered"]) for p in found["load"]]),
             ("offered", [(p["offered"], p["offered"]) for p in found["load"]])], log_x=False, log_y=False))
        write("load-latency", plot.lines(
            "How late events are, by offered load (32 B, 1 → 1)", "events offered a second", "µs from when an event was due",
            [(name, [(p["offered"], p["times_us"][key]) for p in found["load"]])
             for name, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p99_9"))], log_x=False))
    if found["percentiles"]:
        write("latency", plot.lines(
            "How late events and tasks are, at fixed rates", "percentile", "µs from when one was due",
            [(name, [(nines(p), max(t, 0.1)) for p, t in times if p <= 99.99 and t > 0])
             for name, times in found["percentiles"].items()],
            x_ticks=[(nines(p), f"{p:g} %") for p in (0, 50, 90, 99, 99.9, 99.99)]))
    return written
