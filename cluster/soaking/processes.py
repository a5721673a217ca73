# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The real processes of one cluster: a stand-in platform, a coordinator and workers."""

import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time

from soaking import plan

HANDLER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "handler")


class NotReady(Exception):
    """A process did not start."""


class Node:
    """One of the cluster's places: a process, and those that were there before it was killed."""

    def __init__(self, name, arguments, environment, directory):
        self.name = name
        self.log = os.path.join(directory, name + ".log")
        self.starts = 0
        self.process = None
        self.is_paused = False
        # When it was asked to leave; None while it was not.
        self.leaving_since = None
        self._arguments = arguments
        self._environment = environment

    @property
    def incarnation(self):
        """This process among all that were here, as the handlers' log names it."""
        return "%s/%d" % (self.name, self.starts)

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        self.starts += 1
        self.is_paused = False
        self.leaving_since = None
        environment = {name: text for name, text in os.environ.items()
                       if not name.startswith(("WEFT_", "XPANDER_", "SOAK_"))}
        environment.update(self._environment)
        environment["SOAK_WORKER"] = self.incarnation
        with open(self.log, "ab") as log:
            log.write(("--- start %d of %s\n" % (self.starts, self.name)).encode())
            log.flush()
            # Standard input stays open as long as this program lives, and its end ends the node.
            self.process = subprocess.Popen(
                self._arguments + ["--exit-with-input"], stdin=subprocess.PIPE, stdout=log, stderr=log,
                env=environment, start_new_session=True)

    def said(self):
        """What this process has logged, without those before it."""
        with open(self.log, "rb") as log:
            return log.read().decode("utf-8", "replace").rpartition("--- start ")[2]

    @property
    def left_well(self):
        """Whether it ended as it was asked to; before it was ready, the signal just ends it."""
        return self.leaving_since is not None and (
            self.process.returncode == 0
            or self.process.returncode in (130, -signal.SIGTERM) and ": ready" not in self.said())

    def ready_line(self, seconds=30):
        """Waits for the line that says that the node is ready."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.said().splitlines():
                if ": ready" in line:
                    return line
            if not self.is_alive:
                raise NotReady("%s ended with %s: %s" % (self.name, self.process.returncode, self.said()[-1000:]))
            time.sleep(0.02)
        raise NotReady("%s was not ready within %d s; see %s" % (self.name, seconds, self.log))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def signal(self, number):
        if self.is_alive:
            os.kill(self.process.pid, number)

    def pause(self):
        self.signal(signal.SIGSTOP)
        self.is_paused = True

    def go_on(self):
        self.signal(signal.SIGCONT)
        self.is_paused = False

    def leave(self):
        """Asks the node to finish and leave."""
        self.leaving_since = time.monotonic()
        self.signal(signal.SIGTERM)

    def stop(self, seconds):
        """Asks the node to end, and kills it when it does not; returns its status, or None when it was killed."""
        if self.process is None:
            return 0
        # A second signal would abort.
        if self.leaving_since is None:
            self.leave()
        try:
            status = self.process.wait(seconds)
            self.process.stdin.close()
            return status
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class Cluster:
    """The processes of one round."""

    def __init__(self, weft, directory, redelivers, workers, slots):
        self.weft = weft
        self.directory = directory
        self.ledger = os.path.join(directory, "ledger.sqlite")
        self.handler_log = os.path.join(directory, "handlers.txt")
        self.platform = Node(
            "platform", [weft, "platform", "--listen", "127.0.0.1:0", "--redeliver", "on" if redelivers else "off"],
            {}, directory)
        self.url = None
        # An address of its own, where the system has more than one for itself: what listens at a dead node's port must
        # not be somebody else's cluster.
        host = "127.%d.%d.%d" % tuple(random.SystemRandom().randrange(1, 255) for _ in range(3)) \
            if sys.platform == "linux" else "127.0.0.1"
        self.endpoint = "tcp://%s:%d" % (host, free_ports(host, 4))
        self.coordinator = None
        self.workers = [
            Node("worker-%d" % (number + 1),
                 [weft, "worker", "--join", self.endpoint, "--bind", "tcp://%s:*" % host, "--slots", str(slots), "--exec",
                  "exec " + shlex.quote(HANDLER)],
                 {"WEFT_NAME": "worker-%d" % (number + 1), "SOAK_LOG": self.handler_log}, directory)
            for number in range(workers)
        ]

    @property
    def nodes(self):
        return [self.platform] + ([self.coordinator] if self.coordinator else []) + self.workers

    def start(self):
        open(self.handler_log, "ab").close()
        self.platform.start()
        line = self.platform.ready_line()
        self.url = next(word.rstrip(",") for word in line.split() if word.startswith("http://"))
        settings = os.path.join(self.directory, "coordinator.json")
        with open(settings, "w") as file:
            # Workers are killed on purpose here: a task that cost several of them is not suspected of it, so a dead
            # letter is always a finding.
            json.dump({"tasks": {"lease": "%gs" % plan.LEASE, "reclaim_grace": "%gs" % (plan.LEASE + 1),
                                 "retry": {"worker_losses": 1000}}}, file)
        arguments = [self.weft, "coordinator", "--bind", self.endpoint, "--ledger", self.ledger, "--config", settings,
                     "--stream-idle", "5", "--log-level", "info"]
        self.coordinator = Node("coordinator", arguments, {
            "XPANDER_BASE_URL": self.url, "XPANDER_API_KEY": "soak", "XPANDER_ORGANIZATION_ID": "soak",
            "XPANDER_AGENT_ID": "soak",
        }, self.directory)
        self.coordinator.start()
        self.coordinator.ready_line()
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            worker.ready_line()

    def list_tasks(self):
        """What the coordinator says of every task, as people ask it; for this the cluster must be at rest."""
        return subprocess.run(
            [self.weft, "tasks", "ls", "--bind", self.endpoint.rpartition(":")[0] + ":*", "--limit", "0", "--json", "--join", self.endpoint], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120, check=False)

    def kill(self):
        """Leaves nothing behind."""
        for node in reversed(self.nodes):
            if node.is_alive:
                node.kill()


def kill_handler(pid):
    """Kills a handler with its group, unless its id belongs to somebody else by now."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            if HANDLER.encode() not in file.read():
                return False
        os.killpg(pid, signal.SIGKILL)
        return True
    except OSError:
        return False


def free_ports(host, count):
    """The first of so many ports in a row that are free now, below those that the system hands out."""
    for _ in range(1000):
        first = random.SystemRandom().randrange(20000, 32000 - count)
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind((host, port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise NotReady("no %d free ports in a row between 20000 and 32000" % count)
