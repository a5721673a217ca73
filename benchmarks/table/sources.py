# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What can be measured: each source runs something once and returns its figures by name.

Sources named c-… are the baselines in C, peer-… other systems, weft-… this build. A source that can't run here raises
Absent; one whose run is invalid raises subprocess.CalledProcessError or Invalid, and the run counts for nothing.
"""
import json
import os
import random
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
BIN = os.path.join(HERE, "bin")


class Absent(Exception):
    """Something optional is not there."""


class Invalid(Exception):
    """A run that counts for nothing."""


class Bench:
    """How long to measure, and what is running meanwhile."""

    def __init__(self, weft, quick=False, peers=True):
        self.weft = weft
        self.quick = quick
        self.peers = peers
        self.seconds = 0.5 if quick else 1.5
        self.servers = {}
        self.absent = {}
        self.prepared = {}
        self.versions = {}
        self.rows_per_task = None
        self.folder = tempfile.mkdtemp(prefix="weft-bench-")

    def close(self):
        for process in self.servers.values():
            process[0].stdin.close()
            process[0].wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def events(self, full):
        """So many, or fewer when it must be quick."""
        return full // 4 if self.quick else full

    def run(self, *arguments, timeout=120, env=None):
        """Runs a program that prints one JSON object."""
        done = subprocess.run(
            [str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
            env=dict(os.environ, **(env or {})), text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["said nothing"])[-1]
            raise Invalid(f"{os.path.basename(str(arguments[0]))} {' '.join(map(str, arguments[1:]))}: {last}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def c(self, program, *arguments):
        return self.run(os.path.join(BIN, f"raw-{program}"), *arguments)

    def bench(self, *arguments, timeout=180, env=None):
        """Runs `weft bench` without its own baseline and returns its rows."""
        return self.run(self.weft, "bench", *arguments, "--no-baseline", "--json", timeout=timeout, env=env)["rows"]

    def peer(self, name):
        """Installs a peer, once."""
        if not self.peers:
            raise Absent("peers were left out")
        if name not in self.prepared:
            script = os.path.join(HERE, "peers", name)
            done = subprocess.run([script, "setup"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.prepared[name] = None if done.returncode == 0 else (done.stderr.strip() or "setup failed").splitlines()[-1]
            if done.returncode == 0 and done.stdout.strip():
                self.versions[name] = ", ".join(" ".join(line.split()) for line in done.stdout.strip().splitlines())
        if self.prepared[name] is not None:
            raise Absent(self.prepared[name])
        return os.path.join(HERE, "peers", name)

    def server(self, name, *how):
        """Starts a peer's server, once, and returns its port."""
        script = self.peer(name)
        key = (name, *how)
        if key not in self.servers:
            process = subprocess.Popen(
                [script, "serve", *how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            line = process.stdout.readline()
            if not line:
                raise Absent(f"{name}'s server did not start")
            self.servers[key] = (process, json.loads(line)["port"])
        return self.servers[key][1]

    def sse_port(self):
        """The local server of event streams, in C, started once."""
        if "sse" not in self.servers:
            process = subprocess.Popen(
                [os.path.join(BIN, "raw-sse"), "serve", "--events", str(self.sse_events), "--bytes", "256"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.servers["sse"] = (Killed(process), json.loads(process.stdout.readline())["port"])
        return self.servers["sse"][1]

    @property
    def sse_events(self):
        return self.events(2_000_000)


class Killed:
    """A process that ends when it is told to, not with its input."""

    def __init__(self, process):
        self.process = process
        self.stdin = self

    def close(self):
        self.process.kill()

    def wait(self, _):
        self.process.wait()


SOURCES = {}


def source(name):
    def register(function):
        SOURCES[name] = function
        return function
    return register


def best_of_queues(bench, *arguments, program="pubsub", bounded=10000):
    """The better of an unbounded queue and a bounded one that blocks."""
    rates = {hwm: bench.c(program, *arguments, "--hwm", hwm)["per_second"] for hwm in (0, bounded)}
    return {"per_second": max(rates.values()), "unbounded": rates[0], "bounded": rates[bounded]}


# Local

@source("c-local")
def _(bench):
    return bench.c("local", bench.events(20_000_000))


@source("peer-pyee-local")
def _(bench):
    return bench.run(bench.peer("pyee"), "local", bench.events(40_000))


@source("weft-local")
def _(bench):
    rows = bench.bench("local", "--duration", bench.seconds / 2)
    return {"emit_sync": rows[0]["per_second"], "emit": rows[2]["per_second"]}


# Mesh

def raw_pubsub(bytes_, events, batch=1):
    hwm = 64 if batch > 1 else 10000
    return lambda bench: best_of_queues(
        bench, "--events", bench.events(events), "--bytes", bytes_, "--batch", batch, bounded=hwm)


SOURCES["c-pubsub-32"] = raw_pubsub(32, 2_000_000)
SOURCES["c-pubsub-256"] = raw_pubsub(256, 1_000_000)
SOURCES["c-pubsub-1k"] = raw_pubsub(1024, 400_000)
SOURCES["c-batched-32"] = raw_pubsub(32, 10_000_000, batch=256)


@source("c-1to4")
def _(bench):
    return best_of_queues(bench, "--events", bench.events(500_000), "--subscribers", 4)


@source("c-4x4")
def _(bench):
    return best_of_queues(bench, "--events", bench.events(150_000), "--nodes", 4, program="alltoall")


@source("c-curve")
def _(bench):
    return best_of_queues(bench, "--events", bench.events(400_000), "--curve")


def mesh(*arguments):
    def measure(bench):
        row = bench.bench("mesh", "--duration", bench.seconds, *arguments)[0]
        return {"per_second": row["per_second"]}
    return measure


SOURCES["weft-mesh-32"] = mesh("--payload", 32)
SOURCES["weft-mesh-typed"] = mesh("--payload", 32, "--shape", "typed")
SOURCES["weft-mesh-codable"] = mesh("--shape", "codable")
SOURCES["weft-mesh-256"] = mesh("--payload", 256)
SOURCES["weft-mesh-1k"] = mesh("--payload", 1024)
SOURCES["weft-mesh-1to4"] = mesh("--payload", 32, "--receivers", 4)
SOURCES["weft-mesh-4x4"] = mesh("--payload", 32, "--nodes", 4)
SOURCES["weft-mesh-curve"] = mesh("--payload", 32, "--curve")


@source("peer-pyee-mesh")
def _(bench):
    return bench.run(bench.peer("pyee"), "mesh", bench.events(100_000))


@source("peer-nats-pubsub")
def _(bench):
    port = bench.server("nats")
    return bench.run(os.path.join(BIN, "peer-nats"), "pubsub", "--port", port, "--events", bench.events(2_000_000))


@source("peer-redis-pubsub")
def _(bench):
    port = bench.server("redis")
    return bench.run(os.path.join(BIN, "peer-redis"), "pubsub", "--port", port, "--events", bench.events(1_000_000))


# Round trips

@source("c-rtt-pubsub")
def _(bench):
    return bench.c("rtt", "--pubsub", "--count", bench.events(20_000))


@source("c-rtt-tasks")
def _(bench):
    return bench.c("rtt", "--count", bench.events(20_000))


@source("weft-rtt-events")
def _(bench):
    times = bench.bench("latency", "--only", "events", "--duration", bench.seconds)[0]["times_us"]
    return {"p50_us": times["p50"], "p99_us": times["p99"]}


@source("weft-rtt-tasks")
def _(bench):
    times = bench.bench("latency", "--only", "tasks", "--duration", bench.seconds)[0]["times_us"]
    return {"p50_us": times["p50"], "p99_us": times["p99"]}


@source("peer-js-rtt")
def _(bench):
    port = bench.server("nats")
    return bench.run(
        os.path.join(BIN, "peer-nats"), "tasks", "--port", port, "--rtt", "--tasks", bench.events(6_000))


@source("peer-celery-rtt")
def _(bench):
    port = bench.server("redis")
    return bench.run(bench.peer("celery"), "rtt", port, bench.events(400))


# Tasks

WORKERS = (1, 2, 4)


def raw_tasks(workers, slots, tasks):
    return lambda bench: bench.c("tasks", "--workers", workers, "--slots", slots, "--tasks", bench.events(tasks))


def weft_tasks(workers, slots):
    def measure(bench):
        row = bench.bench(
            "dispatch", "--workers", workers, "--slots", slots, "--only", "memory", "--duration", bench.seconds)[0]
        return {"per_second": row["per_second"]}
    return measure


def js_tasks(workers):
    return lambda bench: bench.run(
        os.path.join(BIN, "peer-nats"), "tasks", "--port", bench.server("nats"), "--workers", workers, "--tasks",
        bench.events(60_000))


def streams_tasks(workers):
    return lambda bench: bench.run(
        os.path.join(BIN, "peer-redis"), "tasks", "--port", bench.server("redis"), "--workers", workers, "--tasks",
        bench.events(150_000))


for count in WORKERS:
    SOURCES[f"c-tasks-1024/{count}"] = raw_tasks(count, 1024, 1_500_000)
    SOURCES[f"c-tasks-8/{count}"] = raw_tasks(count, 8, 200_000)
    SOURCES[f"weft-tasks-1024/{count}"] = weft_tasks(count, 1024)
    SOURCES[f"weft-tasks-8/{count}"] = weft_tasks(count, 8)
    SOURCES[f"peer-js-tasks/{count}"] = js_tasks(count)
    SOURCES[f"peer-streams-tasks/{count}"] = streams_tasks(count)


@source("weft-tasks-full")
def _(bench):
    row = bench.bench(
        "dispatch", "--workers", 1, "--slots", 1024, "--only", "full", "--duration", bench.seconds, "--ledger",
        os.path.join(bench.folder, "weft.ledger"))[0]
    bench.rows_per_task = row["rows_per_task"]
    return {"per_second": row["per_second"], "rows_per_task": row["rows_per_task"],
            "rows_per_transaction": row["rows_per_transaction"]}


@source("c-sqlite-full")
def _(bench):
    path = os.path.join(bench.folder, "raw.ledger")
    if not bench.rows_per_task:
        SOURCES["weft-tasks-full"](bench)
    try:
        sizes = bench.run(bench.weft, "bench", "ledger", path, "--payload", 64)
        # As many changes as a task of ours makes, rounded down, which is in favour of C: it is accepted and ends, and some
        # of what comes between is not written.
        all_bytes, stages = sizes["status_bytes"], max(2, int(bench.rows_per_task))
        status_bytes = all_bytes[:1] + all_bytes[1:-1][:stages - 2] + all_bytes[-1:]
        status = ",".join(str(size) for size in status_bytes)
        done = bench.c("sqlite", path, sizes["task_bytes"], status, "--changes", bench.events(200_000))
    finally:
        for suffix in ("", "-wal", "-shm", ".lock"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
    return {"per_second": done["per_second"] / len(status_bytes), "changes_per_task": len(status_bytes)}


@source("peer-streams-full")
def _(bench):
    return bench.run(
        os.path.join(BIN, "peer-redis"), "tasks", "--port", bench.server("redis", "always"), "--workers", 1, "--tasks",
        bench.events(60_000))


# Server-Sent Events

@source("c-sse")
def _(bench):
    return bench.c("sse", "read", "--port", bench.sse_port(), "--events", bench.sse_events)


@source("weft-sse")
def _(bench):
    row = bench.bench("sse", "--port", bench.sse_port(), "--events", bench.sse_events)[0]
    return {"per_second": row["per_second"]}


# Counts

def allocations(bench, events, *arguments):
    """Heap allocations of the sending and of the receiving process, over its whole life."""
    folder = tempfile.mkdtemp(dir=bench.folder)
    bench.bench(
        "mesh", "--count", events, *arguments,
        env={"LD_PRELOAD": os.path.join(BIN, "allocations.so"), "ALLOCATIONS": folder})
    counts = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        command = content[:4096].split(b"\0")[0].decode()
        role = "receiver" if "bench peer" in command else "sender" if "bench mesh" in command else None
        if role:
            counts[role] = int.from_bytes(content[4096:4104], "little")
    return counts


@source("weft-alloc")
def _(bench, waste=0):
    few, many = 200_000, 600_000
    shape = ("--payload", 32, "--shape", "typed", "--waste", waste)
    low, high = allocations(bench, few, *shape), allocations(bench, many, *shape)
    return {role: (high[role] - low[role]) / (many - few) for role in ("sender", "receiver")}


def cpu_seconds(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0


@source("weft-idle")
def _(bench):
    """A coordinator and four workers with nothing to do: what one worker costs."""
    endpoint = f"tcp://127.0.0.1:{random.randrange(12_000, 30_000, 8)}"
    nodes = []

    def start(*arguments):
        process = subprocess.Popen(
            [bench.weft, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        nodes.append(process)
        for line in process.stderr:
            if "ready" in line:
                return process
        raise Invalid(f"weft {arguments[0]} did not get ready")

    try:
        start("coordinator", "--bind", endpoint, "--ledger", "memory")
        workers = [
            start("worker", "--exec", "true", "--join", endpoint, "--name", f"idle-{number}") for number in range(4)]
        time.sleep(2)  # what joining costs shall be over
        before = [cpu_seconds(worker.pid) for worker in workers]
        began = time.monotonic()
        time.sleep(3 if bench.quick else 8)
        seconds = time.monotonic() - began
        spent = [(cpu_seconds(worker.pid) - start_) / seconds * 1e3 for worker, start_ in zip(workers, before)]
        return {
            "cpu_ms": sum(spent) / len(spent), "rss_mib": max(resident_mib(worker.pid) for worker in workers)}
    finally:
        for process in reversed(nodes):
            process.terminate()
        for process in nodes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            process.stderr.close()
