# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""How a node joins, and helps others to: seeds, probes, and the snapshot with which everything begins."""

import collections
import random

import zmq
import zmq.utils.monitor

from peering import wire
from peering.members import BEAT, SUSPECT_AFTER, Refused

SNAPSHOT_WITHIN = 10.0
SNAPSHOTS_LIMIT = 64
SNAPSHOT_ATTEMPTS = 3
# How often a handshake fails before the key is taken for another's: once may be a server that just went.
FAILURES_OF_A_KEY = 2
# How often somebody without keys is hung up on before it believes that keys are wanted.
HANG_UPS = 4
# libzmq's ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH.
MECHANISM_MISMATCH = 0x11000002

Event = collections.namedtuple("Event", "origin sequence time name arguments")


class Joining:
    """The part of a node that joins the mesh."""

    def _seed_said(self, address, parts, now):
        _, kind, body = wire.read_control(b"".join(parts))
        seed = self.seeds[address]
        if kind == wire.REJECT:
            if not self.members and all(one.link is None or one is seed for one in self.seeds.values()):
                raise Refused("%s refuses this node: %s" % (address, body.get("m")))
            self.log("%s refuses this node: %s" % (address, body.get("m")))
        if kind == wire.WELCOME:
            seed.id = wire.record(body.get("n"))["i"]
            self._close(seed.link)
            seed.link = None
            self._welcomed(body, self.keys and self.keys.name_of(seed.key), now)

    def _call_seed(self, address):
        """Opens the link to a seed, anew if there is one; with keys, to the next one that may be there."""
        seed = self.seeds[address]
        if seed.link is not None:
            self._close(seed.link)
        if self.keys:
            candidates = self.keys.candidates()
            if not candidates:
                raise Refused("the trust directory names nobody")
            if seed.wrong >= set(candidates):
                seed.wrong.clear()
            seed.key = next(key for key in candidates if key not in seed.wrong)
        seed.link = self._open_link(address, key=seed.key)
        seed.failures = 0

    def _watch_seeds(self):
        """Looks at what becomes of the handshakes at the seeds; once all of them refuse this node, it ends."""
        for address, seed in self.seeds.items():
            monitor = self._monitors.get(seed.link)
            while monitor is not None and monitor.poll(0):
                event = zmq.utils.monitor.recv_monitor_message(monitor)
                if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                    seed.refusal = "%s at %s does not trust this node's key (%s, %s): its file must be in the trust directory there" % (
                        self.keys.name_of(seed.key), address, self.keys.name, self.keys.public)
                elif event["event"] == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL and event["value"] == MECHANISM_MISMATCH:
                    seed.refusal = "the node at %s %s" % (
                        address, "has no keys, and this one talks only to nodes that have" if self.keys else
                        "talks only to nodes with keys (--key-file FILE, --trust DIR)")
                elif event["event"] in (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL):
                    seed.failures += 1
                else:
                    continue
                if self.keys and seed.failures >= FAILURES_OF_A_KEY:
                    # Whose key it is not hangs up: it is another's.
                    seed.wrong.add(seed.key)
                    if seed.wrong >= set(self.keys.candidates()):
                        seed.refusal = "whoever listens at %s has none of the keys in the trust directory" % address
                    self._call_seed(address)
                    break
                if not self.keys and seed.failures >= HANG_UPS:
                    seed.refusal = "whoever listens at %s hangs up: it talks only to nodes with keys " \
                        "(--key-file FILE, --trust DIR), or is no node of Weft" % address
        if not self.is_joined and not self.members and self.seeds and all(seed.refusal for seed in self.seeds.values()):
            raise Refused("; ".join(seed.refusal for seed in self.seeds.values()))

    def _welcomed(self, body, user, now):
        record = wire.record(body.get("n"))
        if self.keys and not self.keys.is_own_word(record, user):
            raise wire.Malformed("%s answers as %s" % (user, record["n"]))
        self._met(record, now)
        self._take_roster(body, record["i"], now)

    def _subscribed(self, message):
        """Somebody has subscribed to its probes: it hears this node from now on."""
        if len(message) == 18 and message[:2] == b"\x01p" and message[2:] in self.members:
            self._probe(self.members[message[2:]])

    def _probe(self, member):
        self.publish()
        try:
            self.publisher.send(wire.probe(member.id, self.id, member.nonce, self.head), zmq.NOBLOCK)
        except zmq.Again:
            pass

    def _probed(self, member, frame, now):
        subscriber, origin, nonce, head = wire.read_probe(frame)
        if subscriber != self.id or origin != member.id:
            return
        self._heard(member, now)
        if member.floor is None:
            member.floor = head
            if self.is_joined:
                self._deliver(self.streams.begin(origin, head))
        self.streams.exists(origin, head)
        self._tell(member, wire.PROBE_ACK, {"k": nonce})

    def _join(self, now):
        """Goes on with joining: all pairs complete, then a snapshot."""
        heard = [member for member in self.live() if now - member.heard_at < SUSPECT_AFTER]
        is_alone = not self.members and all(seed.id == self.id for seed in self.seeds.values())
        if not is_alone and not heard or not all(member.is_complete for member in heard):
            return
        if self._snapshot is None or now >= self._snapshot[1]:
            if is_alone or self._snapshot_attempts >= SNAPSHOT_ATTEMPTS:
                self._begin({})  # Nobody is there who could know more.
                return
            self._snapshot_attempts += 1
            number = random.getrandbits(32)
            self._snapshot = (number, now + SNAPSHOT_WITHIN + BEAT)
            floors = [[one.id, one.floor] for one in heard]
            known = {seed.id for seed in self.seeds.values()} if self._snapshot_attempts == 1 else ()
            member = random.choice([one for one in heard if one.id in known] or heard)
            self._tell(member, wire.SNAPSHOT_REQUEST, {"k": number, "f": floors})

    def _took_snapshot(self, member, body, now):
        if self.is_joined or self._snapshot is None or self._snapshot[0] != wire.number(body, "k"):
            return
        if body.get("y") is not True:
            self._snapshot = (None, now)
            return
        cursors = wire.cursors(body, "c")
        for item in wire.history(body):
            event = Event(*item)
            self.history.append(event)
            self.history_size += len(event.arguments)
            self.on_event(event, is_history=True)
        self._begin(cursors)

    def _begin(self, cursors):
        """Joined: the streams begin after the snapshot's cursors, or where their publishers' probes said."""
        self.is_joined = True
        cursors.pop(self.id, None)
        for member in self.members.values():
            if member.floor is not None:
                cursors.setdefault(member.id, member.floor)
        for origin, cursor in cursors.items():
            self._deliver(self.streams.begin(origin, cursor))

    def _send_snapshot(self, question, is_ready):
        events, cursors = [], []
        if is_ready:
            events = [[event.origin, event.sequence, event.time, event.name, event.arguments] for event in self.history]
            cursors = self.streams.cursors() + [[self.id, self.head]]
        question[2](wire.SNAPSHOT, {"k": question[0], "y": is_ready, "e": events, "c": cursors})

    def _answer_snapshots(self, now):
        self.publish()
        have = {origin: cursor for origin, cursor in self.streams.cursors() + [[self.id, self.head]]}
        rest = []
        for question in self._waiting_for_snapshot:
            # Who this node does not hear itself cannot be waited for.
            if now >= question[3] or all(have.get(origin, floor) >= floor for origin, floor in question[1].items()):
                self._send_snapshot(question, True)
            else:
                rest.append(question)
        self._waiting_for_snapshot = rest
