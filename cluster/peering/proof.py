# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Proves in one run that this peer is a node like any other: a mesh with keys of three `weft` processes and this one, in which
everybody hears every event of everybody else once and in order."""

import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from peering import wire
from peering.keys import Keys
from peering.node import Node

WEFT_NODES = ("boss", "alice", "bob")
PAYLOAD = 32
RATE = 20000
JOIN_WITHIN = 60.0
# For so long nobody may get any further.
PATIENCE = 30.0
EMITTED_A_ROUND = 500


class Failed(Exception):
    """The proof could not even be tried."""


class Tally:
    """What has been heard of one origin: the first eight bytes of each event are its index, from 0 up."""

    def __init__(self):
        self.next = self.repeated = self.skipped = self.misnumbered = self.missed = 0

    def heard(self, index, sequence):
        self.misnumbered += sequence != index + 1
        if index < self.next:
            self.repeated += 1
            return
        self.skipped += index - self.next
        self.next = index + 1


class WeftNode:
    """A process `weft lab-node`, which emits, checks what it hears, and says how things are once a second."""

    def __init__(self, weft, name, directory, endpoint, seed):
        self.name = name
        self.status = None
        self.log = os.path.join(directory, name + ".log")
        command = [weft, "lab-node", "--bind", endpoint, "--payload", str(PAYLOAD), "--log-level", "warning",
                   "--key-file", os.path.join(directory, name + ".key"), "--trust", os.path.join(directory, "trust")]
        environment = {key: text for key, text in os.environ.items() if not key.startswith(("WEFT_", "XPANDER_"))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command + (["--join", seed] if seed else []), stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, env=environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                self.status = json.loads(line)
            except ValueError:
                continue

    def say(self, *lines):
        try:
            self.process.stdin.write("".join(line + "\n" for line in lines).encode())
            self.process.stdin.flush()
        except OSError:
            self.check()

    def check(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise Failed("%s ended by itself with %d: %s" % (self.name, self.process.returncode, log.read()[-1000:]))

    def end(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Proof:
    def __init__(self, weft, count, log):
        self.weft, self.count, self.log = weft, count, log
        self.directory = tempfile.mkdtemp(prefix="weft-proof-")
        self.nodes = []
        self.peer = None
        self.tallies = {}
        self.emitted = 0

    def run(self):
        """Prints what was heard; returns the exit code."""
        try:
            self._start()
            began = time.monotonic()
            self._emit(began)
            seconds = time.monotonic() - began
            return self._report(seconds)
        finally:
            if self.peer is not None:
                self.peer.leave()
            for node in self.nodes:
                node.end()
            shutil.rmtree(self.directory)

    def _start(self):
        trust = os.path.join(self.directory, "trust")
        os.mkdir(trust, 0o700)
        for name in WEFT_NODES + ("snake",):
            subprocess.run([self.weft, "keys", "new", name, "--directory", self.directory], check=True,
                           stdout=subprocess.DEVNULL)
            shutil.copy(os.path.join(self.directory, name + ".pub"), trust)
        ports = self._free_ports(4 * len(WEFT_NODES))
        endpoints = ["tcp://127.0.0.1:%d" % (ports + 4 * index) for index in range(len(WEFT_NODES))]
        for name, endpoint in zip(WEFT_NODES, endpoints):
            self.nodes.append(WeftNode(self.weft, name, self.directory, endpoint, self.nodes and endpoints[0]))
        keys = Keys(os.path.join(self.directory, "snake.key"), trust)
        self.peer = Node(keys.name, endpoints[:1], "tcp://127.0.0.1:*", self._heard, self._missed, lambda _: None,
                         keys=keys)

        def is_whole():
            return self.peer.is_joined and len(self.peer.live()) == len(self.nodes) and all(
                node.status and sum(member["joined"] for member in node.status["members"]) == len(self.nodes) + 1
                for node in self.nodes)

        end = time.monotonic() + JOIN_WITHIN
        while not is_whole():
            self._go_on()
            if time.monotonic() > end:
                raise Failed("the nodes did not find each other within %.0f s" % JOIN_WITHIN)
        self.log("three nodes of Weft and this one have joined, with keys")

    @staticmethod
    def _free_ports(count):
        for _ in range(100):
            first = random.randrange(2000, 9000)
            try:
                for port in range(first, first + count):
                    with socket.socket() as one:
                        one.bind(("127.0.0.1", port))
                return first
            except OSError:
                continue
        raise Failed("there are not %d free ports in a row" % count)

    def _go_on(self):
        self.peer.run_once(0.02)
        for node in self.nodes:
            node.check()

    def _heard(self, event, is_history=False):
        tally = self.tallies.setdefault(event.origin.hex(), Tally())
        tally.heard(int.from_bytes(wire.unpack(event.arguments)[0][:8], "big"), event.sequence)

    def _missed(self, origin, first, last):
        self.tallies.setdefault(origin.hex(), Tally()).missed += last - first + 1

    def _shares(self):
        """How many events each is to emit, by name."""
        share = self.count // len(WEFT_NODES)
        shares = dict.fromkeys(WEFT_NODES, share)
        shares[WEFT_NODES[0]] += self.count - share * len(WEFT_NODES)
        return dict(shares, snake=self.count)

    def _emit(self, began):
        shares = self._shares()
        for node in self.nodes:
            node.say("until %d" % shares[node.name], "rate %d" % RATE)
        progress, since, said = None, began, began
        while True:
            for _ in range(EMITTED_A_ROUND):
                if self.emitted == self.count or self.peer.is_far_ahead:
                    break
                index = self.emitted.to_bytes(8, "big")
                self.peer.emit("lab:event", [index + bytes(PAYLOAD - len(index))])
                self.emitted += 1
            self._go_on()
            table = self._table()
            if all(heard == shares[origin] for (origin, _), heard in table.items()):
                return
            if any(heard > shares[origin] for (origin, _), heard in table.items()):
                return
            now = time.monotonic()
            if table != progress:
                progress, since = table, now
            elif now - since > PATIENCE:
                return
            if now - said > 5:
                said = now
                self.log("%d of %d events heard" % (sum(table.values()), 4 * 3 * self.count // 2))

    def _table(self):
        """{(origin, who heard it): how many}"""
        ids = {node.status["id"]: node.name for node in self.nodes}
        ids[self.peer.id.hex()] = "snake"
        table = {(origin, who): 0 for origin in ids.values() for who in ids.values() if origin != who}
        for node in self.nodes:
            for origin, tally in node.status["origins"].items():
                table[ids[origin], node.name] = tally["received"]
        for origin, tally in self.tallies.items():
            table[ids[origin], "snake"] = tally.next - tally.skipped
        return table

    def _report(self, seconds):
        shares, table = self._shares(), self._table()
        names = WEFT_NODES + ("snake",)
        print("events of     emitted  " + "  ".join("heard by %-6s" % name for name in names))
        for origin in names:
            print("%-10s %10d  %s" % (origin, shares[origin], "  ".join(
                "%15s" % table.get((origin, name), "-") for name in names)))
        wrong = ["%s heard %d of %d events of %s" % (who, heard, shares[origin], origin)
                 for (origin, who), heard in sorted(table.items()) if heard != shares[origin]]
        tallies = [(node.name, tally) for node in self.nodes for tally in node.status["origins"].values()]
        tallies += [("snake", vars(tally)) for tally in self.tallies.values()]
        for what in ("repeated", "skipped", "misnumbered", "missed"):
            wrong += ["%s: %d %s" % (who, tally[what], what) for who, tally in tallies if tally[what]]
        streams = self.peer.streams
        print("%d events in %.1f s, each heard by three others; none twice, none missing, all in order; the peer fetched %d" % (
            2 * self.count, seconds, streams.fetched) if not wrong else "NOT WELL: " + "; ".join(wrong))
        return 1 if wrong else 0
