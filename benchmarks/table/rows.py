# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The table: what each row compares, and what it must reach.

A row has one part or several; a part names our figure and its denominator, each as (source, figure), and its floor and
aim as ratios. Without a denominator floor and aim are about our figure itself. A row is as good as its worst part.
"""
from dataclasses import dataclass, field
from typing import Optional


@dataclass
class Part:
    ours: tuple
    denominator: Optional[tuple]
    floor: float
    aim: float
    name: str = ""


@dataclass
class Row:
    id: str
    what: str
    against: str
    unit: str
    better: str
    parts: list = field(default_factory=list)
    slow: bool = False


def higher(id_, what, against, ours, denominator, floor, aim, unit="events/s"):
    return Row(id_, what, against, unit, "higher", [Part(ours, denominator, floor, aim)])


def by_workers(id_, what, against, ours, denominator, floor, aim):
    parts = [
        Part((f"{ours}/{n}", "per_second"), (f"{denominator}/{n}", "per_second"), floor, aim,
             f"{n} worker{'s' if n > 1 else ''}")
        for n in (1, 2, 4)]
    return Row(id_, what, against, "tasks/s", "higher", parts)


RATE = "per_second"
THREE = "raw libzmq PUB/SUB, three frames"

ROWS = [
    higher("local-name", "local emitSync, typed key, 1 listener, history on", "the same work in C",
           ("weft-local", "emit_sync"), ("c-local", RATE), 0.35, 0.7, "emits/s"),
    higher("local-await", "local emit awaiting 1 async listener", "pyee on asyncio with history",
           ("weft-local", "emit"), ("peer-pyee-local", RATE), 30, 100, "emits/s"),
    higher("mesh-32", "mirrored emit, 32 B, 1 → 1", "C, 256 events batched per libzmq message",
           ("weft-mesh-32", RATE), ("c-batched-32", RATE), 0.40, 0.7),
    higher("mesh-32-raw", "mirrored emit, 32 B, 1 → 1", THREE,
           ("weft-mesh-32", RATE), ("c-pubsub-32", RATE), 2.0, 5.0),
    higher("mesh-typed", "typed (String, Int) of 32 B, decoded", THREE,
           ("weft-mesh-typed", RATE), ("c-pubsub-32", RATE), 1.5, 3.0),
    higher("mesh-codable", "a Codable struct of six fields", "pyee mirrored with pyzmq and JSON",
           ("weft-mesh-codable", RATE), ("peer-pyee-mesh", RATE), 10, 20),
    higher("mesh-256", "mirrored emit, 256 B, 1 → 1", THREE,
           ("weft-mesh-256", RATE), ("c-pubsub-256", RATE), 1.5, 3.0),
    higher("mesh-1k", "mirrored emit, 1 KiB, 1 → 1", THREE,
           ("weft-mesh-1k", RATE), ("c-pubsub-1k", RATE), 1.2, 2.5),
    higher("mesh-1to4", "mirrored emit, 32 B, 1 → 4, each", THREE + ", 1 → 4",
           ("weft-mesh-1to4", RATE), ("c-1to4", RATE), 2.0, 5.0),
    higher("mesh-4x4", "four nodes emitting at once, all deliveries", "the same in raw libzmq",
           ("weft-mesh-4x4", RATE), ("c-4x4", RATE), 1.5, 2.5),
    higher("mesh-curve", "mirrored emit, 32 B, with CURVE", THREE + ", CURVE",
           ("weft-mesh-curve", RATE), ("c-curve", RATE), 4.0, 8.0),
    higher("mesh-nats", "mirrored emit, 32 B, 1 → 1", "NATS core",
           ("weft-mesh-32", RATE), ("peer-nats-pubsub", RATE), 2, 4),
    higher("mesh-redis", "mirrored emit, 32 B, 1 → 1", "Redis pub/sub, 256 pipelined",
           ("weft-mesh-32", RATE), ("peer-redis-pubsub", RATE), 3, 5),
    Row("mesh-rtt", "mirrored round trip, idle, p50", "raw libzmq PUB/SUB ping-pong", "µs", "lower",
        [Part(("weft-rtt-events", "p50_us"), ("c-rtt-pubsub", "p50_us"), 2.0, 1.3)]),
    by_workers("task-1024", "dispatch, no-op, in memory, 1,024 slots a worker", "raw PUSH/PULL, the same window",
               "weft-tasks-1024", "c-tasks-1024", 0.25, 0.5),
    by_workers("task-8", "the same, 8 slots a worker", "raw PUSH/PULL, the same window",
               "weft-tasks-8", "c-tasks-8", 0.4, 0.7),
    by_workers("task-js", "dispatch, 1,024 slots", "JetStream work queue in memory",
               "weft-tasks-1024", "peer-js-tasks", 4, 12),
    by_workers("task-streams", "dispatch, 1,024 slots", "Redis Streams without AOF",
               "weft-tasks-1024", "peer-streams-tasks", 2, 5),
    higher("task-full", "dispatch, SQLite FULL, 1 worker", "bare C rows, our schema and writes, 256 per transaction",
           ("weft-tasks-full", RATE), ("c-sqlite-full", RATE), 0.4, 0.7, "tasks/s"),
    higher("task-full-redis", "dispatch, SQLite FULL, 1 worker", "Redis Streams, appendfsync always",
           ("weft-tasks-full", RATE), ("peer-streams-full", RATE), 1.5, 3, "tasks/s"),
    Row("task-rtt", "task round trip, one in flight", "two raw PUSH/PULL hops", "µs", "lower",
        [Part(("weft-rtt-tasks", "p50_us"), ("c-rtt-tasks", "p50_us"), 2.5, 1.5, "p50"),
         Part(("weft-rtt-tasks", "p99_us"), ("c-rtt-tasks", "p99_us"), 3, 2, "p99")]),
    Row("task-rtt-js", "task round trip, one in flight, p50", "JetStream", "µs", "lower",
        [Part(("weft-rtt-tasks", "p50_us"), ("peer-js-rtt", "p50_us"), 1.0, 0.6)]),
    Row("task-rtt-celery", "task round trip, one in flight, p50", "Celery on Redis", "µs", "lower",
        [Part(("weft-rtt-tasks", "p50_us"), ("peer-celery-rtt", "p50_us"), 0.1, 0.05)]),
    higher("sse", "events of 256 B parsed from a local server", "libcurl with a C parser",
           ("weft-sse", RATE), ("c-sse", RATE), 0.15, 0.4),
    Row("alloc", "heap allocations per mirrored event, typed", "–", "allocations", "lower",
        [Part(("weft-alloc", "sender"), None, 2, 1, "sender"), Part(("weft-alloc", "receiver"), None, 2, 1, "receiver")]),
    Row("idle", "a worker in an idle mesh of 5", "–", "ms/s, MiB", "lower",
        [Part(("weft-idle", "cpu_ms"), None, 5, 2, "CPU, ms a second"), Part(("weft-idle", "rss_mib"), None, 64, 32, "resident MiB")]),
]


def selected(ids):
    """The rows with these ids, all without any; a prefix such as `mesh` will do."""
    if not ids:
        return ROWS
    chosen = [row for row in ROWS if any(row.id == i or row.id.startswith(i + "-") for i in ids)]
    for i in ids:
        if not any(row.id == i or row.id.startswith(i + "-") for row in ROWS):
            raise SystemExit(f"benchmarks/run: no row {i}; there are: {' '.join(row.id for row in ROWS)}")
    return chosen


def sources(rows):
    """What these rows need, baseline and ours side by side."""
    order = []
    for row in rows:
        for part in row.parts:
            for figure in (part.denominator, part.ours):
                if figure and figure[0] not in order:
                    order.append(figure[0])
    return order
