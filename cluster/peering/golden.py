# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Holds the bytes of `wire` to the golden frames of the document."""

import os
import re

from peering import wire

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "wire-format.md")
KINDS = {
    "HELLO": wire.HELLO, "WELCOME": wire.WELCOME, "REJECT": wire.REJECT, "PROBE_ACK": wire.PROBE_ACK,
    "HEARTBEAT": wire.HEARTBEAT, "ROSTER": wire.ROSTER, "SNAPSHOT_REQUEST": wire.SNAPSHOT_REQUEST,
    "SNAPSHOT": wire.SNAPSHOT, "FLUSH": wire.FLUSH, "FLUSHED": wire.FLUSHED, "GOODBYE": wire.GOODBYE,
    "REQUEST": wire.REQUEST, "REPLY": wire.REPLY, "FETCH": wire.FETCH, "REPAIR": wire.REPAIR, "PING": wire.PING,
    "PONG": wire.PONG, "PING_REQUEST": wire.PING_REQUEST,
}


def check():
    """Prints what differs; returns how much does."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read().partition("\n## Golden frames\n")[2]
    frames = re.findall(r"^### (\w+)\n.*?^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
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
