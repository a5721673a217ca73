# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The bad network: a namespace for each node, a bridge in one more, and between them cables that delay."""

import json
import os
import random
import select
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 7400

# Makes the namespaces that it is told, one a line, and takes them away when its standard input ends, whatever has become
# of who started it.
CARETAKER = """
trap '' INT TERM HUP
while read -r namespace; do
    set -- "$@" "$namespace"
    if said=$(ip netns add "$namespace" 2>&1); then echo made; else echo ${said:-it failed and said nothing}; fi
done
for namespace; do
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
done
for namespace; do ip netns del "$namespace" 2>/dev/null; done
exit 0
"""


class NoNamespaces(Exception):
    """This system lets nobody make network namespaces: the laboratory can't be."""


class Broken(Exception):
    """The laboratory itself does not work."""


class Network:
    """The namespaces, the cables and the rules; everything is gone when it is closed, or when this program is."""

    def __init__(self, weather, count, seed, directory):
        self.weather = weather
        self.count = count
        self.seed = seed
        self.directory = directory
        name = "weft-lab-%d-%04x" % (os.getpid(), random.SystemRandom().randrange(1 << 16))
        self.middle = name + "-net"
        self.namespaces = ["%s-%d" % (name, number) for number in range(1, count + 1)]
        self._caretaker = None
        self._relay = None

    def address(self, number):
        return "10.77.0.%d" % number

    def endpoint(self, number):
        return "tcp://%s:%d" % (self.address(number), PORT)

    def start(self):
        if shutil.which("ip") is None:
            raise Broken("there is no ip; on Debian or Ubuntu: apt-get install iproute2 nftables")
        self._caretaker = subprocess.Popen(["sh", "-c", CARETAKER, "lab-caretaker"], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, start_new_session=True)
        for number, namespace in enumerate([self.middle] + self.namespaces):
            try:
                said = ask(self._caretaker, namespace)
            except EOFError:
                raise Broken("ip netns add does not end") from None
            if said != "made":
                raise (Broken if number else NoNamespaces)("ip netns add: " + said)
        for tool in ("nft", "tc", "cc"):
            if shutil.which(tool) is None:
                raise Broken("there is no %s; on Debian or Ubuntu: apt-get install iproute2 nftables build-essential" % tool)
        self._lay_cables()
        self._set_rules()

    def _lay_cables(self):
        relay = os.path.join(self.directory, "relay")
        run(["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", relay, os.path.join(HERE, "relay.c")])
        run(["ip", "-n", self.middle, "link", "add", "bridge", "type", "bridge"])
        run(["ip", "-n", self.middle, "link", "set", "bridge", "addrgenmode", "none", "up"])
        cables = ["/run/netns/%s:cable,/run/netns/%s:port%d" % (namespace, self.middle, number)
                  for number, namespace in enumerate(self.namespaces, 1)]
        with open(os.path.join(self.directory, "relay.log"), "ab") as log:
            self._relay = subprocess.Popen(
                [relay, str(int(self.weather.delay * 1000)), str(int(self.weather.jitter * 1000)), str(self.seed)] + cables,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        if self._relay_says() != "ready":
            raise Broken("the relay did not start; see %s" % os.path.join(self.directory, "relay.log"))
        for number, namespace in enumerate(self.namespaces, 1):
            run(["ip", "-n", self.middle, "link", "set", "port%d" % number, "addrgenmode", "none", "master", "bridge", "up"])
            run(["ip", "-n", namespace, "-batch", "-"], """link set lo up
link set cable addrgenmode none txqueuelen 10000
address add %s/24 dev cable
link set cable up
""" % self.address(number))
            run(["tc", "-n", namespace, "qdisc", "add", "dev", "cable", "root", "tbf", "rate", "%dmbit" % self.weather.megabits,
                 "burst", "256k", "latency", "200ms"])

    def _set_rules(self):
        self._rule("""table bridge lab {
    counter lost { }
    counter cut { }
    counter passed { }
    chain cuts { }
    chain forward {
        type filter hook forward priority 0; policy accept;
        jump cuts
        numgen random mod 10000 < %d counter name "lost" drop
        counter name "passed"
    }
}
""" % round(self.weather.loss * 100))

    def cut(self, left, right):
        """Lets nothing pass between two groups of nodes."""
        left, right = (", ".join('"port%d"' % number for number in group) for group in (left, right))
        rule = 'add rule bridge lab cuts iifname { %s } oifname { %s } counter name "cut" drop\n'
        self._rule(rule % (left, right) + rule % (right, left))

    def heal(self):
        self._rule("flush chain bridge lab cuts\n")

    def counts(self):
        """What the rules and the relay have done so far."""
        said = run(["ip", "netns", "exec", self.middle, "nft", "-j", "list", "counters"]).stdout
        counts = {entry["counter"]["name"]: entry["counter"]["packets"]
                  for entry in json.loads(said)["nftables"] if "counter" in entry}
        counts.update(json.loads(self._relay_says("say")))
        return counts

    def command(self, number, arguments):
        """A command as it runs on a node's machine."""
        return ["ip", "netns", "exec", self.namespaces[number - 1]] + arguments

    def close(self):
        if self._relay is not None:
            self._relay.stdin.close()
            try:
                self._relay.wait(5)
            except subprocess.TimeoutExpired:
                self._relay.kill()
                self._relay.wait()
        if self._caretaker is not None:
            self._caretaker.stdin.close()
            self._caretaker.wait(30)
        self._relay = self._caretaker = None

    def _rule(self, text):
        run(["ip", "netns", "exec", self.middle, "nft", "-f", "-"], text)

    def _relay_says(self, line=None):
        try:
            return ask(self._relay, line)
        except EOFError:
            raise Broken("the relay does not answer; see %s" % os.path.join(self.directory, "relay.log")) from None


def ask(process, line, seconds=10):
    """Says a line to a process, unless there is none to say, and returns the line that it answers."""
    if line is not None:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
    said = b""
    end = time.monotonic() + seconds
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
        some = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not some:
            raise EOFError
        said += some
    return said.decode("utf-8", "replace").strip()


def run(command, text=None, check=True):
    """Runs a tool that must not fail."""
    done = subprocess.run(command, input=None if text is None else text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL if text is None else None, timeout=60, check=False)
    if check and done.returncode != 0:
        raise Broken("%s: %s" % (" ".join(command), done.stderr.decode("utf-8", "replace").strip()))
    return done
