# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Holds the bytes to the golden frames of the document, and order and repair to what they promise."""

import os
import random
import re
import time

from peering import wire
from peering.node import Node
from peering.streams import Streams

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "wire-format.md")
KINDS = {
    "HELLO": wire.HELLO, "WELCOME": wire.WELCOME, "REJECT": wire.REJECT, "PROBE_ACK": wire.PROBE_ACK,
    "HEARTBEAT": wire.HEARTBEAT, "ROSTER": wire.ROSTER, "SNAPSHOT_REQUEST": wire.SNAPSHOT_REQUEST,
    "SNAPSHOT": wire.SNAPSHOT, "FLUSH": wire.FLUSH, "FLUSHED": wire.FLUSHED, "GOODBYE": wire.GOODBYE,
    "REQUEST": wire.REQUEST, "REPLY": wire.REPLY, "FETCH": wire.FETCH, "REPAIR": wire.REPAIR, "PING": wire.PING,
    "PONG": wire.PONG, "PING_REQUEST": wire.PING_REQUEST, "BEGAN": wire.BEGAN,
}


def run():
    """Prints what is wrong; returns how much is."""
    return check_frames() + check_streams() + check_members()


def check_frames():
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read().partition("\n## Golden frames\n")[2]
    frames = re.findall(r"^### (\w+)[^\n]*\n.*?^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    problems = ["%s has no golden frame" % name for name in sorted(set(KINDS) - {name for name, _ in frames})]
    for name, digits in frames:
        frame = bytes.fromhex("".join(digits.split()))
        try:
            if again(name, frame) != frame:
                problems.append("%s is written otherwise" % name)
        except wire.Malformed as error:
            problems.append("%s can't be read: %s" % (name, error))
    for problem in problems:
        print("differs: " + problem)
    print("%d golden frames, %d differ" % (len(frames), len(problems)))
    return len(problems)


def again(name, frame):
    """The frame, read and written again; None for one that is not known here."""
    if name == "PROBE":
        return wire.probe(*wire.read_probe(frame))
    if name == "BATCH":
        batch = wire.Batch(frame)
        return wire.batch(batch.origin, batch.first, [event[1:] for event in batch.take_events()])
    if name == "ROUTING_ID":
        return wire.routing_id(*wire.read_routing_id(frame))
    version, kind, body = wire.read_control(frame)
    if version != wire.VERSION or kind != KINDS.get(name):
        return None
    if "n" in body:
        wire.record(body["n"])
    for member in set(body) & set("cf") if kind in (wire.HEARTBEAT, wire.SNAPSHOT, wire.SNAPSHOT_REQUEST) else ():
        wire.cursors(body, member)
    if kind in (wire.WELCOME, wire.ROSTER):
        wire.roster(body)
    return wire.control(kind, body)


def check_streams():
    """One stream: what comes twice, a hole that is filled, and one that is a gap at last."""
    origin, other = b"o" * 16, b"x" * 16
    streams, problems = Streams(), []

    def batch(first, last):
        return wire.Batch(wire.batch(origin, first, [("tick", 0, wire.pack([n])) for n in range(first, last + 1)]))

    def expect(what, found, expected):
        if found != expected:
            problems.append(what)
            print("differs: %s: %r and not %r" % (what, found, expected))

    def sequences(ready):
        return [event[0] for batch, after in ready for event in batch.take_events(after)]

    def ask(now, *live):
        questions = streams.ask(now, live, lambda member, _: 100 if member == other else 0)
        return [(member, first, last) for member, _, _, first, last in questions]

    expect("nothing before it begins", sequences(streams.receive(batch(1, 4))), [])
    expect("it begins after the cursor", sequences(streams.begin(origin, 2)), [3, 4])
    expect("what came before is dropped", sequences(streams.receive(batch(3, 4))), [])
    expect("what is beyond a hole waits", sequences(streams.receive(batch(7, 8))), [])
    expect("the origin is asked first", ask(0, other, origin), [(origin, 5, 6)])
    expect("one question at a time", ask(0.5, other, origin), [])
    expect("then another, when it does not answer", ask(1, other, origin), [(other, 5, 6)])
    expect("each event once", sequences(streams.answered(other, 2, origin, 5, False, [batch(4, 6)], 1)), [5, 6, 7, 8])
    expect("what is held is passed on", streams.window(origin).find(6, 7), (6, [batch(4, 6).frame, batch(7, 8).frame]))
    streams.exists(origin, 12)
    expect("what will not come is asked for", ask(2, origin), [(origin, 9, 12)])
    ready = streams.answered(origin, 3, origin, 10, False, [batch(10, 12)], 2)
    expect("what the origin still has waits", sequences(ready), [])
    expect("nobody else has it", ask(2, origin), [])
    expect("patience", streams.give_up(4, lambda _: False), [])
    gaps = streams.give_up(5, lambda _: False)
    expect("the gap, exactly", [gap[:3] for gap in gaps], [(origin, 9, 9)])
    expect("what comes after it", [sequences(gap[3]) for gap in gaps], [[10, 11, 12]])
    print("streams: %s" % ("as promised" if not problems else "%d differ" % len(problems)))
    return len(problems)


class Deaf(Node):
    """A node that does not hear one of the others."""

    deaf_to = None

    def _published(self, member, parts, now):
        if member.id != self.deaf_to:
            super()._published(member, parts, now)

    def _handle(self, member, version, kind, body, reply, now):
        if member.id != self.deaf_to:
            super()._handle(member, version, kind, body, reply, now)

    def _member_said(self, member, parts, now):
        if member.id != self.deaf_to:
            super()._member_said(member, parts, now)


def check_members():
    """Three nodes, of which one does not hear another: that one lives as long as the third says so, and no longer."""
    problems = []
    start = time.monotonic()

    def clock():
        return start + (time.monotonic() - start) * 10

    said = []
    nodes = []
    for kind, name in ((Node, "first"), (Node, "second"), (Deaf, "third")):
        seeds = [nodes[0].record["c"]] if nodes else []
        nodes.append(kind(name, seeds, "tcp://127.0.0.1:*", lambda *_: None, lambda *_: None, said.append, clock=clock))
        if not seeds:
            nodes[0].seeds = {}
            nodes[0].is_joined = True

    def run(until, seconds):
        end = clock() + seconds
        while clock() < end and not until():
            for node in random.sample(nodes, len(nodes)):
                node.run_once(0.001)
        return until()

    first, second, third = nodes
    if not run(lambda: all(node.is_joined and len(node.live()) == 2 for node in nodes), 30):
        problems.append("three nodes find each other")
    third.deaf_to = first.id
    # Longer than silence is borne.
    run(lambda: False, 25)
    if len(third.live()) != 2 or not third.vouched:
        problems.append("whom others hear is alive")
    if any("first is dead" in line for line in said):
        problems.append("nobody is called dead who lives")
    nodes.remove(first)
    first.context.destroy(linger=0)
    if not run(lambda: [one.id for one in third.live()] == [second.id], 30):
        problems.append("whom nobody hears is dead")
    for node in nodes:
        node.context.destroy(linger=0)
    for problem in problems:
        print("differs: " + problem)
    print("members: %s" % ("as promised" if not problems else "%d differ" % len(problems)))
    return len(problems)
