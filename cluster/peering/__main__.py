# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The command cluster/peer."""

import argparse
import os
import signal
import subprocess
import sys
import time

from console import find_weft
from peering import proof, selftest, text
from peering.keys import Keys, Unusable
from peering.members import DEAD_AFTER, Refused
from peering.node import Node

READ_AT_ONCE = 64 << 10
JOIN_WITHIN = 30.0


class Peer:
    """What the command does with its node: prints what comes, emits what it reads, and ends in time."""

    def __init__(self, arguments, keys):
        self.arguments = arguments
        self.lines = []
        self.printed = 0
        self.emitted = 0
        self.bad_lines = 0
        self.line_number = 0
        self.rest = b""
        self.is_reading = arguments.emit
        self.interrupted = False
        self.node = Node(arguments.name, arguments.join or ["tcp://127.0.0.1:7400"], arguments.bind, self.on_event,
                         self.on_gap, self.log, arguments.lose, keys)

    @staticmethod
    def log(message):
        print("peer: " + message, file=sys.stderr, flush=True)

    # What comes

    @property
    def is_full(self):
        return self.arguments.count is not None and self.printed >= self.arguments.count

    def on_event(self, event, is_history=False):
        if is_history and not self.arguments.history or self.is_full:
            return
        if text.fits(event.name, self.arguments.pattern):
            self.printed += 1
            self.lines.append(text.event(event))

    def on_gap(self, origin, first, last):
        self.lines.append(text.gap(self.node.id, origin, first, last, time.time_ns() // 1000))

    def print_lines(self):
        if self.lines:
            lines, self.lines = self.lines, []
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()

    # What goes

    def read(self):
        data = os.read(sys.stdin.fileno(), READ_AT_ONCE)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        if not data:
            self.is_reading = False
            lines.append(self.rest)
        for line in lines:
            self.line_number += bool(data) or bool(line)
            if line.strip():
                self.emit(line)

    def emit(self, line):
        try:
            self.node.emit(*text.read_line(line.decode("utf-8")))
            self.emitted += 1
        except ValueError as error:  # UnicodeDecodeError is one.
            self.bad_lines += 1
            self.log("line %d: %s" % (self.line_number, error))

    # The whole

    def run(self):
        arguments, node = self.arguments, self.node
        start = time.monotonic()
        while not node.is_joined:
            node.run_once(0.1)
            if self.interrupted:
                return self.end(130)
            if time.monotonic() - start > min(JOIN_WITHIN, arguments.timeout or JOIN_WITHIN):
                self.log("no member of the mesh has answered at %s: is a node running there?" % ", ".join(node.seeds))
                return self.end(69)
        self.log("ready, node %s at %s, %d peers" % (node.id.hex(), node.record["c"], len(node.live())))
        while not self.interrupted:
            self.print_lines()
            if not self.is_reading and (self.is_full or arguments.emit and arguments.count is None):
                return self.finish()
            if arguments.timeout is not None and time.monotonic() - start > arguments.timeout:
                return self.end(124)
            may_read = self.is_reading and not node.is_far_ahead
            if node.run_once(0.1, sys.stdin.fileno() if may_read else None):
                self.read()
        return self.end(130)

    def finish(self):
        """Waits until everybody has what this node emitted; who makes no progress for too long is not waited for."""
        node = self.node
        progress, since = None, time.monotonic()
        peers = node.live()
        while node.unconfirmed() and not self.interrupted:
            now = [(member.id, member.confirmed, member.cursors.get(node.id)) for member in node.live()]
            if now != progress:
                progress, since = now, time.monotonic()
            elif time.monotonic() - since > DEAD_AFTER:
                break
            node.run_once(0.1)
            self.print_lines()
        if self.arguments.emit:
            confirmed = sum(1 for member in peers if member.confirmed >= node.head)
            self.log("%d events emitted, confirmed by %d of %d peers" % (self.emitted, confirmed, len(peers)))
        if self.bad_lines:
            return self.end(65)
        return self.end(1 if node.unconfirmed() else 0)

    def end(self, status):
        self.print_lines()
        self.node.leave()
        streams = self.node.streams
        self.log("left after %d events printed; %d fetched, %d duplicates dropped, %d gaps%s" % (
            self.printed, streams.fetched, streams.duplicates, streams.gaps,
            ", %d lost on purpose" % self.node.lost if self.arguments.lose else ""))
        return status


def parse():
    parser = argparse.ArgumentParser(
        prog="cluster/peer", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A node of the mesh in Python, written from docs/wire-format.md: the example for other languages.\n"
                    "It prints the events that come as `weft listen --json` does, and emits what it reads.",
        epilog="Example (weft: the built command, .build/debug/weft):\n"
               "  weft coordinator --bind tcp://127.0.0.1:7400 --ledger memory &\n"
               "  cluster/peer 'order:*' --history --count 3 --join tcp://127.0.0.1:7400 &\n"
               "  seq 3 | sed 's/^/order:created /' | cluster/peer --emit --join tcp://127.0.0.1:7400\n\n"
               "A proof with three real nodes, with keys: cluster/peer --prove\n\n"
               "When its standard output is not read, this node stands still, and is a slow peer to the others.\n"
               "Exit codes: 0 done, 1 somebody who is there has not confirmed, 64 usage, 65 bad input lines,\n"
               "69 unreachable or no pyzmq, 77 refused, 78 keys that can't be used,\n"
               "124 timeout, 130 interrupted.")
    parser.add_argument("pattern", nargs="?", default="*", metavar="PATTERN",
                        help="which events to print: a name, a namespace (order:*) or everything (*)")
    parser.add_argument("--emit", action="store_true",
                        help="emit the lines of standard input (NAME JSON ..., or an object with name and arguments); "
                             "at their end, and when --count is reached, leave")
    parser.add_argument("--join", action="append", metavar="E",
                        help="a member to join; may be given several times; tcp://127.0.0.1:7400 if nothing is said")
    parser.add_argument("--bind", default="tcp://127.0.0.1:*", metavar="E",
                        help="where to bind: this port and the one after it; any on 127.0.0.1 if nothing is said")
    parser.add_argument("--key-file", metavar="FILE", help="this node's key, for a mesh with keys (docs/security.md)")
    parser.add_argument("--trust", metavar="DIR", help="the public keys of those whom this node trusts")
    parser.add_argument("--insecure", action="store_true",
                        help="allow links without keys beyond this machine, which anyone can read and join")
    parser.add_argument("--name", default="peer-%d" % os.getpid(), help="the stable name of this node")
    parser.add_argument("--count", type=int, help="leave after so many events were printed")
    parser.add_argument("--timeout", type=float, metavar="S", help="leave after so many seconds")
    parser.add_argument("--history", action="store_true", help="also print the newest events from before this joined")
    parser.add_argument("--lose", type=int, default=0, metavar="N",
                        help="lose every Nth batch on its way out, and on its way in, to see it repaired")
    parser.add_argument("--self-test", action="store_true",
                        help="see that this reads and writes the golden frames of docs/wire-format.md, and repairs")
    parser.add_argument("--prove", type=int, nargs="?", const=100000, metavar="N",
                        help="start a mesh with keys of three real nodes and this one, emit N events here and N there, and see "
                             "that everybody hears all of them once and in order; 100000 if nothing is said")
    arguments = parser.parse_args()
    if arguments.prove is not None and not 1 <= arguments.prove <= 10000000:
        parser.error("--prove takes 1 to 10000000")
    for endpoint in (arguments.join or []) + [arguments.bind]:
        host, separator, port = endpoint[len("tcp://"):].rpartition(":")
        if not endpoint.startswith("tcp://") or not separator or not (port.isdigit() or port == "*"):
            parser.error("%s is no endpoint like tcp://127.0.0.1:7400" % endpoint)
        if not host.startswith("127.") and not arguments.insecure and not arguments.key_file:
            parser.error("%s is beyond this machine, where anyone could read and join: say --key-file, or --insecure"
                         % endpoint)
    if (arguments.key_file is None) != (arguments.trust is None):
        parser.error("--key-file and --trust go together")
    return arguments


def prove(count):
    weft = find_weft(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    if weft is None:
        Peer.log("there is no weft yet; build it with: make build (or say WEFT=/path/to/weft)")
        return 69
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        return proof.Proof(weft, count, Peer.log).run()
    except KeyboardInterrupt:
        return 130
    except (proof.Failed, OSError, subprocess.CalledProcessError) as error:
        Peer.log(str(error))
        return 1


def main():
    try:
        arguments = parse()
    except SystemExit as end:
        return 64 if end.code else 0
    if arguments.self_test:
        return 1 if selftest.run() else 0
    if arguments.prove is not None:
        return prove(arguments.prove)
    peer = None

    def interrupt(*_):
        if peer is None or peer.interrupted:
            os._exit(130)
        peer.interrupted = True

    sys.stdout.reconfigure(encoding="utf-8")
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        keys = Keys(arguments.key_file, arguments.trust) if arguments.key_file else None
        if keys:
            arguments.name = keys.name
        peer = Peer(arguments, keys)
        return peer.run()
    except Unusable as error:
        print("peer: %s" % error, file=sys.stderr)
        return 78
    except Refused as error:
        print("peer: %s" % error, file=sys.stderr)
        return 77
    except BrokenPipeError:  # Nobody reads what this prints: that is an end like any other.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        peer.node.leave()
        return 0


if __name__ == "__main__":
    sys.exit(main())
