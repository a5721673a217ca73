# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Who is there: the members that a node knows, how it hears of them, and how it notices that they are gone."""

import random
import time

import zmq

from peering import wire

BEAT = 1.0
SUSPECT_AFTER = 3.0
DEAD_AFTER = 10.0
CALL_DEAD_EVERY = 10.0
FORGET_DEAD_AFTER = 600.0
FORGET_LEFT_AFTER = 10.0
LAST_EVENTS_WITHIN = 2.0
REDIAL_AFTER = 2.0
RESUBSCRIBE_EVERY = 30.0
MEMBERS_LIMIT = 256
PINGS_LIMIT = 256
ASKED_ABOUT_SUSPECTS = 3
ASK_EVERY = 2.0
ROTATION_NOTICE = 0.3


class Refused(Exception):
    """The mesh does not want this node."""


class Member:
    """Another node, and what has passed between it and this one."""

    def __init__(self, record, now):
        self.record = record
        self.id = record["i"]
        self.events = None          # This node's SUB for its events.
        self.link = None            # This node's DEALER to it,
        self.called_at = now        # when that was opened,
        self.is_welcomed = False    # and whether it has answered there.
        self.its_link = None        # The number of its own link to this node.
        self.resubscribed_at = now
        self.heard_at = now         # When a word last came from it,
        self.lived_at = now         # and when it last lived by what anybody says.
        self.is_dead = False
        self.nonce = random.getrandbits(64)
        self.is_acknowledged = False
        self.floor = None           # The head in its first probe; None: no probe has come.
        self.cursors = {}
        self.different_beats = 0
        self.flushes = []           # [(sequence, reply)]
        self.confirmed = 0          # How far it has said by FLUSHED that it has this node's stream.
        self.asked_at = 0.0         # When others were last asked whether they hear it.
        self.left_at = None         # When it said goodbye, and where its stream ends.
        self.last_head = 0

    @property
    def is_complete(self):
        return self.is_acknowledged and self.floor is not None


class Seed:
    """An address to join at."""

    def __init__(self):
        self.link = None            # None: it has answered.
        self.id = None              # Who was there.
        self.key = None             # Which key is tried, if there are keys,
        self.wrong = set()          # and which are not that of whoever is there.
        self.failures = 0           # How often in a row the handshake has failed here,
        self.refusal = None         # and why nobody here will ever let this node in, if that is so.


class Membership:
    """The part of a node that looks after its members."""

    def live(self):
        return [member for member in self.members.values() if not member.is_dead and member.left_at is None]

    def _roster(self, now):
        return [[self.record, 0]] + [[one.record, max(0, int((now - one.lived_at) * 1000))] for one in self.live()]

    def _learn(self, record, now):
        """Takes a record in; who is new is called. Returns the member, or None if it is none."""
        member = self.members.get(record["i"])
        if record["i"] == self.id or record["i"] in self.left:
            return None
        if member is not None:
            refutation = max(record.get("u", 0), member.record.get("u", 0))
            former = member.record
            if record["s"] > former["s"]:
                member.record = record
            member.record["u"] = refutation
            if member.record.get("k") != former.get("k"):
                self._call_again(member, now)
            return member
        if len(self.live()) + 1 >= MEMBERS_LIMIT:
            return None
        member = Member(record, now)
        try:
            self._open_link(record["c"], member)
            self.open_events(member)
        except zmq.ZMQError as error:
            self._close_all(member)
            raise wire.Malformed("an address that cannot be dialled: %s" % error) from error
        self.members[member.id] = member
        self.log("%s is at %s" % (record["n"], record["c"]))
        return member

    def _at_address_of(self, record):
        """Live members with another id at the same address; only one process can be there."""
        return [one for one in self.live() if one.id != record["i"]
                and (one.record["c"] == record["c"] or one.record["p"] == record["p"])]

    def _met(self, record, now):
        """Takes in who speaks for itself; who was at its address before is gone."""
        for former in self._at_address_of(record):
            self.log("%s is gone, its address is that of %s now" % (former.record["n"], record["n"]))
            self._forget(former)
        member = self._learn(record, now)
        if member is not None:
            self._heard(member, now)
        return member

    def _heard(self, member, now):
        member.heard_at = now
        self._lived(member, now, now)

    def _lived(self, member, when, now):
        """By what somebody says, a member lived then."""
        member.lived_at = max(member.lived_at, when)
        if member.is_dead and now - when < SUSPECT_AFTER:
            member.is_dead = False
            self.log("%s is back" % member.record["n"])
            self._call_again(member, now)

    def _call_again(self, member, now):
        """Opens both connections to a member anew."""
        self._open_link(member.record["c"], member)
        self._resubscribe(member, now)

    def _resubscribe(self, member, now):
        member.resubscribed_at = now
        self.open_events(member)

    def _close_all(self, member):
        for socket in (member.link, member.events):
            if socket is not None:
                self._close(socket)

    def _forget(self, member):
        self._close_all(member)
        del self.members[member.id]

    def _look_after_keys(self, now):
        """Whoever is not trusted any more is out, with all connections in both directions; and a key of one's own may be new."""
        if self.keys and self.keys.reload():
            self.log("somebody is not trusted any more")
            for member in list(self.members.values()):
                if not self.keys.trusts(member.record):
                    self.log("%s is not trusted any more" % member.record["n"])
                    self._forget(member)
            self.rebind()
        if self.keys and self.keys.take_new_key():
            self.log("this node has a new key: %s" % self.keys.public)
            self.record = dict(self.record, k=self.keys.public, s=self.record["s"] + 1)
            # The others learn of it while the old connections stand.
            for member in self.live():
                self._tell(member, wire.ROSTER, {"r": self._roster(now), "p": False})
            self._rotates_at = now + ROTATION_NOTICE

    def _rotate(self, now):
        """All sockets prove the new key."""
        self._rotates_at = None
        self.rebind()
        for member in self.live():
            self._call_again(member, now)

    def _take_roster(self, body, sender, now):
        for record, age in wire.roster(body):
            if self.keys and not (record["i"] == sender and self.keys.is_own_word(record, record["n"])):
                if not self.keys.trusts(record):
                    continue
                # Of third ones only who they are and where is taken over; the rest is for themselves to say.
                record.update(o=[], x={}, s=0)
            is_known = record["i"] in self.members
            if not is_known and (age >= DEAD_AFTER * 1000 or record["c"] == self.record["c"]
                                 or self._at_address_of(record)):
                continue
            try:
                member = self._learn(record, now)
            except wire.Malformed:
                continue
            if is_known and member is not None:
                self._lived(member, now - age / 1000, now)

    def _greeted(self, sender, user, link, body, reply, now):
        record = wire.record(body.get("n"))
        if record["i"] != sender:
            raise wire.Malformed("HELLO names another id than its link")

        def reject(reason, message):
            reply(wire.REJECT, {"c": reason, "m": message, "v": self.record["v"]})

        if body.get("t", self.id) != self.id:
            return reject("elsewhere", "another node is here")
        if self.keys and not self.keys.is_own_word(record, user):
            return reject("identity", "the key of %s stands for another name, or has not these roles" % user)
        if not record["v"][0] <= wire.VERSION <= record["v"][1]:
            return reject("version", "this node speaks version %d" % wire.VERSION)
        if sender in self.left:
            return reject("left", "this node has said goodbye")
        member = self._met(record, now)
        if member is None and sender != self.id:
            return reject("full", "there are %d members" % MEMBERS_LIMIT)
        reply(wire.WELCOME, {"n": self.record, "r": self._roster(now)})
        if member is not None and member.its_link != link:
            if member.its_link is not None and member.is_welcomed:
                # It has called anew, perhaps because it does not hear this node: does it?
                member.called_at, member.is_welcomed = now, False
                self._say_hello(member.link, member)
            member.its_link = link
        return None

    def _heartbeat(self, member, body, now):
        member.cursors = wire.cursors(body, "c")
        stands_still = self.streams.heartbeat(member.id, wire.number(body, "h"))
        if stands_still and now - member.resubscribed_at > RESUBSCRIBE_EVERY:
            self._resubscribe(member, now)
        for origin, cursor in member.cursors.items():
            stream = self.streams.by_origin.get(origin)
            one = self.members.get(origin)
            is_heard = one is not None and one.left_at is None and now - one.heard_at < SUSPECT_AFTER
            if stream and stream.cursor is not None and not is_heard:
                self.streams.exists(origin, cursor)
        mine = wire.digest([self.record] + [one.record for one in self.live()])
        member.different_beats = member.different_beats + 1 if wire.number(body, "d") != mine else 0
        if member.different_beats == 2:
            member.different_beats = 0
            self._tell(member, wire.ROSTER, {"r": self._roster(now), "p": True})

    def _pinged(self, number, refutation, reply):
        """Somebody doubts that this node lives. Only this node itself may answer that with a higher refutation."""
        if refutation > self.record["u"]:
            raise wire.Malformed("a refutation that this node has not had")
        self.record["u"] = max(self.record["u"], refutation + 1)
        reply(wire.PONG, {"k": number, "i": self.id, "u": self.record["u"], "a": 0})

    def _ping_for(self, number, origin, refutation, reply, now):
        """Somebody does not hear a member, and asks this node whether it does."""
        if origin == self.id:
            self._pinged(number, refutation, reply)
        member = self.members.get(origin)
        if member is None or member not in self.live():
            return
        age = now - member.lived_at
        if member.record.get("u", 0) > refutation and age < SUSPECT_AFTER:
            reply(wire.PONG, {"k": number, "i": origin, "u": member.record["u"], "a": max(0, int(age * 1000))})
            return
        self._pings = {key: ping for key, ping in self._pings.items() if ping[3] > now}
        if len(self._pings) < PINGS_LIMIT:
            own = random.getrandbits(64)
            self._pings[own] = (origin, reply, number, now + SUSPECT_AFTER)
            self._tell(member, wire.PING, {"k": own, "u": refutation})

    def _doubt(self, suspect, now):
        """Asks others whether they hear a member that this node does not hear."""
        suspect.asked_at = now
        others = [one for one in self.live() if one is not suspect and now - one.heard_at < SUSPECT_AFTER]
        number, refutation = random.getrandbits(64), suspect.record.get("u", 0)
        self._doubts = {key: doubt for key, doubt in self._doubts.items() if doubt[2] > now}
        self._doubts[number] = (suspect.id, refutation, now + DEAD_AFTER)
        for one in random.sample(others, min(len(others), ASKED_ABOUT_SUSPECTS)):
            self._tell(one, wire.PING_REQUEST, {"k": number, "i": suspect.id, "u": refutation})

    def _ponged(self, member, body, now):
        """A member answers to a PING that somebody else has asked for, or passes on an answer that this node has asked for."""
        doubt = self._doubts.get(wire.number(body, "k"))
        if doubt is not None:
            suspect = self.members.get(doubt[0])
            # An answer with the refutation that was asked about is an old one.
            if suspect and wire.node_id(body.get("i")) == suspect.id and wire.number(body, "u") > doubt[1]:
                suspect.record["u"] = max(suspect.record.get("u", 0), wire.number(body, "u"))
                self.vouched += 1
                self._lived(suspect, now - min(wire.number(body, "a") / 1000, DEAD_AFTER), now)
            return
        ping = self._pings.pop(wire.number(body, "k"), None)
        if ping is not None and ping[0] == member.id == wire.node_id(body.get("i")):
            member.record["u"] = max(member.record.get("u", 0), wire.number(body, "u"))
            ping[1](wire.PONG, {"k": ping[2], "i": member.id, "u": wire.number(body, "u"), "a": 0})

    def _goodbye(self, member, head, now):
        if member.left_at is None:
            member.left_at = now
            self.left[member.id] = now
            member.last_head = head
            self.log("%s has said goodbye" % member.record["n"])

    def _beat(self, now):
        self._look_after_keys(now)
        live_ids = {member.id for member in self.live()}
        for address, seed in self.seeds.items():
            # Whoever takes the place of one that is gone finds the mesh only by being called.
            is_gone = seed.link is None and seed.id != self.id and seed.id not in live_ids
            if is_gone or seed.link is not None and seed.refusal:
                self._call_seed(address)
            elif seed.link is not None:
                self._say_hello(seed.link)
        digest = wire.digest([self.record] + [member.record for member in self.live()])
        heartbeat = {"h": self.head, "c": self.streams.cursors(), "d": digest}
        for member in list(self.members.values()):
            if member.left_at is not None:
                self._see_off(member, now)
            elif member.is_dead:
                if now - member.lived_at > FORGET_DEAD_AFTER:
                    self._forget(member)
                elif now - member.called_at >= CALL_DEAD_EVERY:
                    self._open_link(member.record["c"], member)
            elif now - member.lived_at > DEAD_AFTER:
                member.is_dead = True
                self.log("%s is dead: nothing heard for %.0f s" % (member.record["n"], now - member.lived_at))
            else:
                self._tell(member, wire.HEARTBEAT, heartbeat)
                if not member.is_acknowledged:
                    self._probe(member)
                if now - member.heard_at > SUSPECT_AFTER and now - member.asked_at >= ASK_EVERY:
                    self._doubt(member, now)
                if now - member.heard_at > SUSPECT_AFTER and now - member.called_at > SUSPECT_AFTER:
                    self._call_again(member, now)
                elif not member.is_welcomed and now - member.called_at > REDIAL_AFTER:
                    self._open_link(member.record["c"], member)
                elif not member.is_welcomed:
                    self._say_hello(member.link, member)
        for origin, when in list(self.left.items()):
            if now - when > FORGET_LEFT_AFTER and origin not in self.members:
                del self.left[origin]

    def _see_off(self, member, now):
        """After a goodbye the rest of the stream may still come, for a while; then others are asked for it."""
        cursor = self.streams.stream(member.id).cursor
        if cursor is None or cursor >= member.last_head or now - member.left_at > LAST_EVENTS_WITHIN:
            if cursor is not None:
                self.streams.exists(member.id, member.last_head)
            self._forget(member)
