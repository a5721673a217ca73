# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The real nodes: one process each, which emits, checks what it hears, and says how things are once a second."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

from laboratory.network import Broken, run

PAGE = os.sysconf("SC_PAGE_SIZE")


class Node:
    """One process `weft lab-node` on a machine of its own."""

    def __init__(self, network, number, weft, arguments, directory):
        self.number = number
        self.name = "node-%d" % number
        self.log = os.path.join(directory, self.name + ".log")
        self.statuses = []
        # (time, bytes) of what the process has in memory.
        self.resident = []
        self.is_stopped = False
        self.is_killed = False
        self._file = open(os.path.join(directory, self.name + ".jsonl"), "w")
        seeds = [network.endpoint(other) for other in range(1, number)]
        command = [weft, "lab-node", "--name", self.name, "--bind", network.endpoint(number)]
        for seed in seeds:
            command += ["--join", seed]
        environment = {name: text for name, text in os.environ.items() if not name.startswith(("WEFT_", "XPANDER_"))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                network.command(number, command + arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=environment, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def last(self):
        """The newest status; None before the first."""
        return self.statuses[-1] if self.statuses else None

    @property
    def is_live(self):
        return not self.is_stopped and not self.is_killed

    def ask(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            self.check()

    def check(self):
        """A node that has ended by itself is a finding that nothing comes after."""
        if not self.is_killed and self.process.poll() is not None:
            with open(self.log, "rb") as log:
                said = log.read()[-1000:].decode("utf-8", "replace")
            raise Broken("%s ended by itself with %s: %s" % (self.name, self.process.returncode, said))

    def measure(self):
        if self.process.poll() is None:
            try:
                with open("/proc/%d/statm" % self.process.pid) as file:
                    self.resident.append((time.time(), int(file.read().split()[1]) * PAGE))
            except (OSError, IndexError):
                pass

    def stop(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)
        self.is_stopped = False

    def kill(self):
        self.is_killed = True
        self.process.kill()
        self.process.wait()

    def leave(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass

    def end(self, seconds):
        """Waits for the end that was asked for; returns whether it came."""
        came = True
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            came = False
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self._file.close()
        self.process.stdout.close()
        return came

    def _read(self):
        for line in self.process.stdout:
            try:
                status = json.loads(line)
            except ValueError:
                continue
            self.statuses.append(status)
            self._file.write(line.decode("utf-8", "replace"))


class Cluster:
    """All nodes, and waiting for what they say."""

    def __init__(self, network, weft, arguments, directory, has_keys):
        self.network = network
        self.nodes = []
        self._has_keys = has_keys
        self._weft = weft
        self._arguments = arguments
        self._directory = directory

    @property
    def live(self):
        return [node for node in self.nodes if node.is_live]

    def node(self, number):
        return self.nodes[number - 1]

    def start(self, seconds):
        numbers = range(1, self.network.count + 1)
        links = dict.fromkeys(numbers, ["--insecure"])
        if self._has_keys:
            trust = os.path.join(self._directory, "trust")
            os.mkdir(trust)
            for number in numbers:
                key = os.path.join(self._directory, "node-%d.key" % number)
                run([self._weft, "keys", "new", "node-%d" % number, "--directory", self._directory])
                shutil.copy(key[:-4] + ".pub", trust)
                links[number] = ["--key-file", key, "--trust", trust]
        for number in numbers:
            self.nodes.append(
                Node(self.network, number, self._weft, links[number] + self._arguments, self._directory))
        if not self.wait(self._all_joined, seconds):
            raise Broken("the nodes did not find each other within %d s" % seconds)

    def _all_joined(self):
        return all(node.last is not None and len(node.last["members"]) == len(self.nodes)
                   and all(member["joined"] for member in node.last["members"]) for node in self.nodes)

    def wait(self, condition, seconds):
        """Until something holds, at most so long; meanwhile nobody may end. Returns whether it held."""
        end = time.monotonic() + seconds
        asked = 0
        while True:
            if condition():
                return True
            now = time.monotonic()
            if now >= end:
                return False
            if now - asked > 0.5:
                asked = now
                for node in self.nodes:
                    node.check()
                    node.measure()
            time.sleep(min(0.05, max(0.0, end - now)))

    def spend(self, seconds):
        self.wait(lambda: False, seconds)

    def tell(self, line):
        for node in self.live:
            node.ask(line)

    def close(self):
        for node in self.nodes:
            if node.is_stopped and not node.is_killed:
                node.go_on()
            node.leave()
        return [node.name for node in self.nodes if not node.end(10) and not node.is_killed]
