# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A node of the mesh: its sockets, and what passes through them. One thread, no locks."""

import collections
import os
import random
import time

import zmq

from peering import wire
from peering.joining import SNAPSHOT_WITHIN, SNAPSHOTS_LIMIT, Event, Joining
from peering.keys import CONTROL, EVENTS
from peering.members import BEAT, Membership, Refused, Seed
from peering.streams import REPAIR_TARGET, WINDOW_LIMIT, Streams, Window

FLUSHES_LIMIT = 16
HISTORY_LIMIT = 100
HISTORY_BYTES = 8 << 20
REPAIR_BUDGET = 16 << 20
REPAIR_PERIOD = 0.25
AHEAD_LIMIT = 16 << 20
MESSAGES_A_ROUND = 1000


class Node(Membership, Joining):
    def __init__(self, name, seeds, bind, on_event, on_gap, log, lose=0, keys=None, clock=time.monotonic):
        self.id = os.urandom(16)
        self.clock = clock
        self.on_event, self.on_gap, self.log = on_event, on_gap, log
        self.keys = keys            # None: without security.
        self.lose = lose
        self.lost = 0
        self.malformed = 0
        self.skipped = 0
        self.members = {}
        self.left = {}              # Who has said goodbye, and when.
        self.streams = Streams()
        self.history = collections.deque()
        self.history_size = 0
        self.is_joined = False
        self.head = 0               # The last sequence published.
        self.window = Window()
        self._pending, self._pending_size = [], 0
        self._links = random.getrandbits(31)
        self._snapshot = None       # (number, when to ask somebody else)
        self._snapshot_attempts = 0
        self._waiting_for_snapshot = []
        self._monitors = {}         # What happens to the links to seeds.
        self._doubts = {}           # Asked of others: {number: (member, refutation, until when)}
        self.vouched = 0            # How often others have heard somebody whom this node did not.
        self._rotates_at = None     # When the sockets will prove a new key.
        self._pings = {}            # For others: {number: (member, reply, its number, until when)}
        self._repaired = collections.deque()
        self._next_beat = 0.0
        self._flush_beat = 0.0
        self._last_round = self.clock()
        self._sent, self._received = 0, 0
        self.context = zmq.Context()
        self.poller = zmq.Poller()
        if keys:
            self.doorman = self.context.socket(zmq.REP)
            self.doorman.bind("inproc://zeromq.zap.01")
            self.poller.register(self.doorman, zmq.POLLIN)
        self._open_servers()
        host, port = self._bind(bind)
        self.record = {
            "i": self.id, "n": name, "o": ["peer"], "c": "tcp://%s:%d" % (host, port),
            "p": "tcp://%s:%d" % (host, port + 1), "x": {}, "s": 1, "v": [wire.VERSION, wire.VERSION], "u": 0,
        }
        if keys:
            self.record["k"] = keys.public
        self.seeds = {address: Seed() for address in seeds}
        for address in seeds:
            self._call_seed(address)

    def _socket(self, kind, limit):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 1000)
        socket.setsockopt(zmq.MAXMSGSIZE, limit)
        socket.setsockopt(zmq.TCP_MAXRT, 6000)
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
        self.poller.register(socket, zmq.POLLIN)
        return socket

    def _open_servers(self):
        self.router = self._socket(zmq.ROUTER, wire.CONTROL_LIMIT)
        self.router.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self.publisher = self._socket(zmq.XPUB, wire.CONTROL_LIMIT)
        self.publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
        if self.keys:
            self.keys.secure_server(self.router, CONTROL)
            self.keys.secure_server(self.publisher, EVENTS)

    def rebind(self):
        """Ends all connections of others to this node; those whose keys are still trusted come again."""
        for socket in (self.router, self.publisher):
            self.poller.unregister(socket)
            socket.close(linger=0)
        self._open_servers()
        deadline = time.monotonic() + 5
        for socket, address in ((self.router, self.record["c"]), (self.publisher, self.record["p"])):
            while True:
                try:
                    socket.bind(address)
                    break
                except zmq.ZMQError:  # The former socket goes in its own time.
                    if time.monotonic() > deadline:
                        raise
                    zmq.select([], [], [], 0.01)

    def open_events(self, member):
        """Connects to a member's events. First its batches, then its probes: who sees the second has seen the first."""
        if member.events is not None:
            self._close(member.events)
        member.events = self._socket(zmq.SUB, wire.PUBLISHED_LIMIT)
        member.events.setsockopt(zmq.SUBSCRIBE, b"e")
        member.events.setsockopt(zmq.SUBSCRIBE, b"p" + self.id)
        if self.keys:
            self.keys.secure_client(member.events, member.record["k"])
        member.events.connect(member.record["p"])

    def _bind(self, endpoint):
        host, _, port = endpoint[len("tcp://"):].rpartition(":")
        # Below the ports that the system hands out to outgoing connections.
        ports = [int(port)] if port != "*" else random.sample(range(12000, 31000), 100)
        for attempt in ports:
            try:
                self.router.bind("tcp://%s:%d" % (host, attempt))
                try:
                    self.publisher.bind("tcp://%s:%d" % (host, attempt + 1))
                    return host, attempt
                except zmq.ZMQError:
                    self.router.unbind("tcp://%s:%d" % (host, attempt))
            except zmq.ZMQError as error:
                reason = error
        raise Refused("cannot bind %s and the port after it: %s" % (endpoint, reason))

    def _open_link(self, address, member=None, key=None):
        """A DEALER to somebody's ROUTER. The first word on it is HELLO."""
        self._links = (self._links + 1) & 0xFFFFFFFF
        link = self._socket(zmq.DEALER, wire.CONTROL_LIMIT)
        link.setsockopt(zmq.ROUTING_ID, wire.routing_id(self.id, self._links))
        if self.keys:
            self.keys.secure_client(link, member.record["k"] if member else key)
        if member is None:
            self._monitors[link] = link.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
                | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        link.connect(address)
        if member is None:
            self._say_hello(link)
            return link
        if member.link is not None:
            self._close(member.link)
        member.link, member.called_at, member.is_welcomed = link, self.clock(), False
        self._say_hello(link, member)
        return link

    def _close(self, socket):
        monitor = self._monitors.pop(socket, None)
        if monitor is not None:
            # In this order: with nobody at the other end, libzmq waits for ever to say that the monitor ends.
            socket.disable_monitor()
            monitor.close(linger=0)
        self.poller.unregister(socket)
        socket.close(linger=1000)

    def _say_hello(self, link, member=None):
        body = {"n": self.record}
        if member is not None:
            body["t"] = member.id
        self._send(link, wire.HELLO, body)

    @staticmethod
    def _send(link, kind, body):
        try:
            link.send(wire.control(kind, body), zmq.NOBLOCK)
        except zmq.Again:
            pass  # Whoever does not take its messages is silent, and so will be suspect.

    def _tell(self, member, kind, body):
        self._send(member.link, kind, body)

    # The loop

    def run_once(self, timeout, extra=None):
        """One round: what has come, what is due. Returns whether `extra` (a descriptor) can be read."""
        if extra is not None:
            self.poller.register(extra, zmq.POLLIN)
        ready = dict(self.poller.poll(0 if self._pending else int(timeout * 1000)))
        if extra is not None:
            self.poller.unregister(extra)
        now = self.clock()
        late = now - self._last_round - timeout
        if late > BEAT:  # This node did not run: that is not the others' silence.
            for member in self.members.values():
                member.heard_at, member.lived_at = member.heard_at + late, member.lived_at + late
        self._last_round = now
        if self.publisher in ready:
            self._drain(self.publisher, lambda parts: self._subscribed(parts[0]))
        if self.keys and self.doorman in ready:
            self.doorman.send_multipart(self.keys.answer(self.doorman.recv_multipart()))
        if self.router in ready:
            self._drain(self.router, lambda parts: self._asked(parts, now), has_user=True)
        for address, seed in self.seeds.items():
            if seed.link in ready:
                self._drain(seed.link, lambda parts: self._seed_said(address, parts, now))
        for member in list(self.members.values()):
            if member.events in ready:
                self._drain(member.events, lambda parts: self._published(member, parts, now))
            if member.link in ready:
                self._drain(member.link, lambda parts: self._member_said(member, parts, now))
        self.publish()
        self._tick(now)
        return extra in ready

    def _drain(self, socket, handle, has_user=False):
        for _ in range(MESSAGES_A_ROUND):
            try:
                parts = socket.recv_multipart(zmq.NOBLOCK, copy=not has_user)
                if has_user:  # Who has proved to send this comes first.
                    parts = [parts[-1].get("User-Id") if self.keys else None] + [part.bytes for part in parts]
            except zmq.ZMQError:  # Nothing more, or closed by what was just handled.
                return
            try:
                handle(parts)
            except wire.Malformed as error:
                self.malformed += 1
                self.log("dropped a message: %s" % error)

    def _tick(self, now):
        if now >= self._next_beat:
            self._next_beat = now + BEAT
            self._beat(now)
        if self._rotates_at is not None and now >= self._rotates_at:
            self._rotate(now)
        self._watch_seeds()
        if not self.is_joined:
            self._join(now)
        if self._waiting_for_snapshot:
            self._answer_snapshots(now)
        self._repair(now)

    def leave(self):
        """Says goodbye, and where this node's stream ends."""
        self.publish()
        for member in self.live():
            stream = self.streams.stream(member.id)
            if stream.cursor is not None:
                self._tell(member, wire.FLUSHED, {"s": stream.cursor, "x": stream.missed, "i": self.id})
            self._tell(member, wire.GOODBYE, {"h": self.head})
        self.context.destroy(linger=1000)

    # What goes

    def emit(self, name, arguments):
        """Adds an event to this node's stream; it leaves with the next round, or when a batch is full."""
        data = wire.pack(wire.ordered(arguments))
        if not wire.may_be_mirrored(name):
            raise ValueError("%r is no name for an event: 1 to 200 bytes without control characters, not weft:*, "
                             "error or new_listener" % name)
        if len(data) > wire.ARGUMENTS_LIMIT:
            raise ValueError("%d bytes of arguments are more than %d" % (len(data), wire.ARGUMENTS_LIMIT))
        size = len(data) + len(name) + 16
        if self._pending and self._pending_size + size > wire.BATCH_TARGET:
            self.publish()
        self._pending.append((name, time.time_ns() // 1000, data))
        self._pending_size += size

    def publish(self):
        if not self._pending:
            return
        batch = wire.Batch(wire.batch(self.id, self.head + 1, self._pending))
        self._pending, self._pending_size = [], 0
        self.head = batch.last
        self._remember(batch, 0)
        self.window.append(batch)
        while self.window.size > WINDOW_LIMIT:
            self.window.drop_oldest()
        self._sent += 1
        if self.lose and self._sent % self.lose == 0:
            self.lost += batch.count
            return
        try:
            self.publisher.send(batch.frame, zmq.NOBLOCK)
        except zmq.Again:
            pass  # Those who missed it will ask.

    @property
    def is_far_ahead(self):
        """Whether the slowest peer is so far behind that emitting more would cost it what it has missed."""
        behind = [member.cursors.get(self.id, 0) for member in self.live()]
        return bool(behind) and self.window.size_after(min(behind)) > AHEAD_LIMIT

    def unconfirmed(self):
        """Live members that have not confirmed all events so far; they are asked each second."""
        self.publish()
        rest = [member for member in self.live() if member.confirmed < self.head]
        now = self.clock()
        if rest and now >= self._flush_beat:
            self._flush_beat = now + BEAT
            for member in rest:
                self._tell(member, wire.FLUSH, {"s": self.head})
        return rest

    # What comes down the streams

    def _published(self, member, parts, now):
        frame = parts[0]
        if len(parts) != 1 or len(frame) > wire.PUBLISHED_LIMIT:
            raise wire.Malformed("no published message")
        if frame[:1] == b"p":
            self._probed(member, frame, now)
        elif frame[:1] == b"e":
            batch = wire.Batch(frame)
            if batch.origin != member.id:
                raise wire.Malformed("events of another origin than the one that publishes them")
            self._heard(member, now)
            self._received += 1
            if self.lose and self._received % self.lose == 0:
                self.lost += batch.count
                return
            self._deliver(self.streams.receive(batch))
        else:
            self.skipped += 1

    def _deliver(self, ready):
        for batch, cursor in ready:
            self._remember(batch, cursor, self.on_event)
            stream = self.streams.stream(batch.origin)
            member = self.members.get(batch.origin)
            if member is not None and member.flushes:
                self._answer_flushes(member, stream)

    def _remember(self, batch, after, hand_on=None):
        """Puts a batch's events into the history, and hands them on."""
        for sequence, name, at, arguments in batch.take_events(after):
            event = Event(batch.origin, sequence, at, name, arguments)
            if hand_on:
                hand_on(event)
            self.history.append(event)
            self.history_size += len(arguments)
        if batch.unreadable_from is not None and hand_on:
            self.malformed += 1
            self.on_gap(batch.origin, max(after + 1, batch.unreadable_from), batch.last)
        while len(self.history) > HISTORY_LIMIT or self.history_size > HISTORY_BYTES:
            self.history_size -= len(self.history.popleft().arguments)

    # Control messages

    def _asked(self, parts, now):
        """Something came in at the ROUTER, where others' DEALERs connect."""
        user, parts = parts[0], parts[1:]
        if len(parts) != 2:
            raise wire.Malformed("%d frames where one is sent" % (len(parts) - 1))
        sender, link = wire.read_routing_id(parts[0])

        def reply(kind, body):
            try:
                self.router.send_multipart([parts[0], wire.control(kind, body)], zmq.NOBLOCK)
            except zmq.ZMQError:
                pass

        version, kind, body = wire.read_control(parts[1])
        if kind == wire.HELLO:
            self._greeted(sender, user, link, body, reply, now)
        elif sender not in self.members:
            if kind == wire.HEARTBEAT and sender not in self.left:
                reply(wire.REJECT, {"c": "unknown", "m": "say HELLO first", "v": self.record["v"]})
        elif self.keys and self.members[sender].record["n"] != user:
            raise wire.Malformed("%s speaks as %s" % (user, self.members[sender].record["n"]))
        else:
            self._handle(self.members[sender], version, kind, body, reply, now)

    def _member_said(self, member, parts, now):
        """An answer came back on the link to a member."""
        version, kind, body = wire.read_control(b"".join(parts))
        if kind == wire.REJECT:
            reason = body.get("c")
            if reason == "unknown":
                self._say_hello(member.link, member)
            elif reason == "elsewhere":
                self.log("%s is gone, its address is somebody else's" % member.record["n"])
                self._forget(member)
            elif reason == "left":
                raise Refused("this node has said goodbye; it needs a new id")
            else:
                self.log("%s refuses this node: %s" % (member.record["n"], body.get("m")))
                self._forget(member)
            return
        if kind == wire.WELCOME:
            if wire.record(body.get("n"))["i"] != member.id:
                raise wire.Malformed("WELCOME from another node than the one called")
            member.is_welcomed = True
            self._welcomed(body, member.record["n"], now)
            return
        self._handle(member, version, kind, body, lambda kind, body: self._tell(member, kind, body), now)

    def _handle(self, member, version, kind, body, reply, now):
        if member.left_at is not None:
            return
        self._heard(member, now)
        if version != wire.VERSION:
            self.skipped += 1
        elif kind == wire.PROBE_ACK:
            member.is_acknowledged = member.is_acknowledged or wire.number(body, "k") == member.nonce
        elif kind == wire.HEARTBEAT:
            self._heartbeat(member, body, now)
        elif kind == wire.ROSTER:
            self._take_roster(body, member.id, now)
            if body.get("p") is True:
                self._tell(member, wire.ROSTER, {"r": self._roster(now), "p": False})
        elif kind == wire.SNAPSHOT_REQUEST:
            question = (wire.number(body, "k"), wire.cursors(body, "f"), reply, now + SNAPSHOT_WITHIN)
            if self.is_joined and len(self._waiting_for_snapshot) < SNAPSHOTS_LIMIT:
                self._waiting_for_snapshot.append(question)
            else:
                self._send_snapshot(question, False)
        elif kind == wire.SNAPSHOT:
            self._took_snapshot(member, body, now)
        elif kind == wire.FLUSH:
            sequence = wire.number(body, "s")
            others = [one for one in member.flushes if one[0] != sequence]  # It is repeated each second.
            member.flushes = (others + [(sequence, reply)])[-FLUSHES_LIMIT:]
            self._answer_flushes(member, self.streams.stream(member.id))
        elif kind == wire.FLUSHED:
            if body.get("i", member.id) == member.id:  # Else another process has begun at that address.
                member.confirmed = max(member.confirmed, wire.number(body, "s"))
        elif kind == wire.GOODBYE:
            self._goodbye(member, wire.number(body, "h"), now)
        elif kind == wire.REQUEST:
            reply(wire.REPLY, {"k": wire.number(body, "k"), "o": False,
                               "b": {"label": "noMethod", "message": "this node answers no calls"}})
        elif kind == wire.FETCH:
            self._fetch(body, reply, now)
        elif kind == wire.REPAIR:
            self._repaired_by(member, body, now)
        elif kind == wire.PING:
            self._pinged(wire.number(body, "k"), wire.number(body, "u"), reply)
        elif kind == wire.PING_REQUEST:
            self._ping_for(wire.number(body, "k"), wire.node_id(body.get("i")), wire.number(body, "u"), reply, now)
        elif kind == wire.PONG:
            self._ponged(member, body, now)
        elif kind not in (wire.REPLY, wire.BEGAN):
            self.skipped += 1

    def _answer_flushes(self, member, stream):
        rest = []
        for sequence, reply in member.flushes:
            if stream.cursor is not None and stream.cursor >= sequence:
                reply(wire.FLUSHED, {"s": sequence, "x": stream.missed, "i": self.id})
            else:
                rest.append((sequence, reply))
        member.flushes = rest

    # Repair

    def _fetch(self, body, reply, now):
        """Somebody asks for events that it missed, of whatever origin."""
        number, origin = wire.number(body, "k"), wire.node_id(body.get("i"))
        first, last = wire.number(body, "f"), wire.number(body, "l")
        while self._repaired and self._repaired[0][0] <= now - REPAIR_PERIOD:
            self._repaired.popleft()
        is_busy = sum(size for _, size in self._repaired) + REPAIR_TARGET > REPAIR_BUDGET
        start, frames = 0, []
        if not is_busy:
            find = self.window.find if origin == self.id else self.streams.window(origin).find
            start, frames = find(first, last)
            self._repaired.append((now, sum(len(frame) for frame in frames)))
        reply(wire.REPAIR, {"k": number, "i": origin, "f": start, "y": is_busy, "e": frames})

    def _repaired_by(self, member, body, now):
        batches = []
        for frame in wire.array(body, "e"):
            try:
                batches.append(wire.Batch(frame))
            except wire.Malformed:
                self.malformed += 1
                break
        self._deliver(self.streams.answered(
            member.id, wire.number(body, "k"), wire.node_id(body.get("i")), wire.number(body, "f"),
            body.get("y") is True, batches, now))
        self._repair(now)

    def _repair(self, now):
        live = {member.id: member for member in self.live()}

        def cursor_of(member, origin):
            return live[member].cursors.get(origin, 0)

        def may_return(origin):
            return origin in self.members and self.members[origin].is_dead

        for member, number, origin, first, last in self.streams.ask(now, live, cursor_of):
            self._tell(live[member], wire.FETCH, {"k": number, "i": origin, "f": first, "l": last})
        for origin, first, last, ready in self.streams.give_up(now, may_return):
            self.on_gap(origin, first, last)
            self._deliver(ready)
            if origin in live:
                self._answer_flushes(live[origin], self.streams.stream(origin))
