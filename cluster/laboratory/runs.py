# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What is done to the nodes: the runs, each on a network of its own."""

import collections
import os
import time

from laboratory import network, nodes

# Delay and jitter in milliseconds each way, loss in percent of all frames.
Weather = collections.namedtuple("Weather", "loss delay jitter megabits")

LEFT, RIGHT = (1, 2), (3, 4, 5)
MEBI = 1 << 20


class Plan:
    """One run: the weather, what the nodes do, what is done to them, and what must hold then."""

    def __init__(self, name, title, weather, rate, steps, window=64 * MEBI, others=64 * MEBI, wants=()):
        self.name = name
        self.title = title
        self.weather = weather
        self.rate = rate
        self.steps = steps
        self.window = window
        self.others = others
        # What the judge asks beside what it always asks: "no-gaps", "gaps", "flow", "tail".
        self.wants = wants

    def __str__(self):
        return "%s: %s; %g %% loss, %g ± %g ms each way, %d events of 64 B a second from each of 5 nodes" % (
            self.name, self.title, self.weather.loss, self.weather.delay, self.weather.jitter, self.rate)


USUAL = Weather(1, 20, 5, 100)

PLANS = {
    "A": Plan("A", "a cut of 20 s between two groups", USUAL, 2000,
              [("spend", 5), ("cut", 20), ("spend", 10)], wants=("no-gaps",)),
    "B": Plan("B", "a cut of 20 s between two groups", Weather(5, 50, 20, 100), 200,
              [("spend", 5), ("cut", 20), ("spend", 10)], wants=("no-gaps",)),
    "C": Plan("C", "a cut of 15 s, longer than the window of 256 KiB", USUAL, 1000,
              [("spend", 3), ("cut", 15), ("spend", 3)], window=MEBI // 4, others=MEBI // 4, wants=("gaps",)),
    "D": Plan("D", "kill -STOP of one node for 30 s, windows of 8 MiB", USUAL, 2000,
              [("spend", 10), ("stop", 5, 30), ("spend", 5)], window=8 * MEBI, others=8 * MEBI, wants=("flow",)),
    "E": Plan("E", "kill -9 of one node while it emits and two cannot hear it", USUAL, 2000,
              [("spend", 5), ("sever", (5,), (1, 2)), ("spend", 2), ("kill", 5), ("spend", 3)], wants=("no-gaps", "tail")),
    "F": Plan("F", "a cut of 20 s, cables of 2 Mbit/s", Weather(1, 20, 5, 2), 100,
              [("spend", 5), ("cut", 20), ("spend", 5)], wants=("no-gaps",)),
}

QUICK = Plan("quick", "a cut of 8 s, kill -STOP of one node for 4 s, kill -9 of another", USUAL, 200,
             [("spend", 2), ("cut", 8), ("spend", 1), ("stop", 4, 4), ("spend", 1), ("sever", (5,), (1, 2)), ("spend", 1),
              ("kill", 5), ("spend", 1)], wants=("no-gaps", "tail"))

# How long joining, and coming to rest after the last fault, may take.
JOINING = 30
SETTLING = 60


class Run:
    """One run of a plan, and what came of it."""

    def __init__(self, plan, weft, seed, directory, has_keys, progress):
        self.plan = plan
        self.weft = weft
        self.seed = seed
        self.directory = directory
        self.has_keys = has_keys
        self.progress = progress
        # When what was done, by name; the last of each.
        self.times = {}
        self.counts = {}
        self.evidence = None

    def run(self):
        os.makedirs(self.directory, exist_ok=True)
        net = network.Network(self.plan.weather, 5, self.seed, self.directory)
        cluster = nodes.Cluster(net, self.weft, ["--window", str(self.plan.window), "--others-windows",
                                                 str(self.plan.others), "--log-level", "info"], self.directory,
                                self.has_keys)
        stuck = []
        try:
            net.start()
            self._go(net, cluster)
        finally:
            try:
                stuck = cluster.close()
            finally:
                net.close()
        self.evidence["stuck"] = stuck
        return self.evidence

    def _go(self, net, cluster):
        self.progress("run %s: joining" % self.plan.name)
        began = time.time()
        cluster.start(JOINING)
        self.times["joined"] = time.time()
        cluster.spend(1)
        self.times["emitting"] = time.time()
        cluster.tell("rate %d" % self.plan.rate)
        for step in self.plan.steps:
            self.progress("run %s: %s" % (self.plan.name, " ".join(str(part) for part in step)))
            getattr(self, "_" + step[0])(net, cluster, *step[1:])
        self.times["quiet"] = time.time()
        cluster.tell("rate 0")
        self.progress("run %s: coming to rest" % self.plan.name)
        at_rest = max(self.times.get(name, 0) for name in ("healed", "went-on", "killed")) + SETTLING
        # Not before everyone has said how much it has emitted in all.
        cluster.spend(0.5)
        cluster.tell("how")
        cluster.spend(0.5)
        settled = cluster.wait(lambda: self._is_settled(cluster), max(1, at_rest - time.time()))
        self.times["settled"] = time.time()
        # Nothing may come after the end either.
        cluster.spend(1)
        cluster.tell("how")
        cluster.spend(0.3)
        self.counts = net.counts()
        self.evidence = {
            "run": self.plan.name, "title": "%s%s" % (self.plan, "; with keys" if self.has_keys else ""), "rate": self.plan.rate, "wants": list(self.plan.wants),
            "window": self.plan.window, "others": self.plan.others, "joining": self.times["joined"] - began,
            "times": self.times, "network": self.counts, "settled": settled, "groups": [LEFT, RIGHT],
            "nodes": [{"name": node.name, "number": node.number, "killed": node.is_killed, "statuses": node.statuses,
                       "resident": node.resident} for node in cluster.nodes],
        }

    def _is_settled(self, cluster):
        """Every live node has got as far as every origin went; of a dead one, as far as the others."""
        live = cluster.live
        for origin in cluster.nodes:
            heads = {(node.last["origins"].get(origin.last["id"]) or {}).get("next", 0) for node in live if node is not origin}
            if not origin.is_killed:
                heads.add(origin.last["emitted"])
            if len(heads) > 1:
                return False
        return True

    # The steps.

    def _spend(self, _net, cluster, seconds):
        cluster.spend(seconds)

    def _cut(self, net, cluster, seconds):
        net.cut(LEFT, RIGHT)
        self.times["cut"] = time.time()
        cluster.spend(seconds)
        net.heal()
        self.times["healed"] = time.time()

    def _sever(self, net, _cluster, left, right):
        """A cut that is for good."""
        net.cut(left, right)

    def _stop(self, _net, cluster, number, seconds):
        cluster.node(number).stop()
        self.times["stopped"] = time.time()
        cluster.spend(seconds)
        cluster.node(number).go_on()
        self.times["went-on"] = time.time()

    def _kill(self, _net, cluster, number):
        cluster.node(number).kill()
        self.times["killed"] = time.time()
