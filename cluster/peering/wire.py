# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The bytes: control messages, batches and probes. No sockets, no state."""

import functools
import struct

import msgpack

VERSION = 1

HELLO, WELCOME, REJECT, PROBE_ACK, HEARTBEAT, ROSTER, SNAPSHOT_REQUEST, SNAPSHOT = range(1, 9)
FLUSH, FLUSHED, GOODBYE, REQUEST, REPLY, FETCH, REPAIR, PING, PONG, PING_REQUEST, BEGAN = range(9, 20)

CONTROL_LIMIT = 20 << 20
PUBLISHED_LIMIT = 2 << 20
ARGUMENTS_LIMIT = 1 << 20
BATCH_TARGET = 64 << 10
TEXT_LIMIT = 256
EXTRAS_LIMIT = 16 << 10
ROLES_LIMIT = 16
CURSORS_LIMIT = 1024

_BATCH = struct.Struct(">cB16sQIq")
_PROBE = struct.Struct(">c16sB16sQQ")


class Malformed(Exception):
    """Bytes from outside that are not what the document says."""


def ordered(value):
    """The value with the members of its maps in the order of their names, as writers write them."""
    if isinstance(value, dict):
        return {name: ordered(value[name]) for name in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [ordered(item) for item in value]
    return value


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def unpack(data):
    try:
        return msgpack.unpackb(data, raw=False, timestamp=0)
    except Exception as error:  # It raises a dozen kinds, ValueError and RecursionError among them.
        raise Malformed("no MessagePack: %s" % error) from error


def routing_id(node, link):
    return b"\x01" + node + struct.pack(">I", link)


def read_routing_id(data):
    """(node id, number of the link)"""
    if len(data) != 21 or data[:1] != b"\x01":
        raise Malformed("no routing id of a node")
    return data[1:17], struct.unpack(">I", data[17:])[0]


# Control messages

def control(kind, body):
    return b"WF" + bytes([VERSION, kind]) + pack(ordered(body))


def read_control(frame):
    """(version, kind, body) of a control message."""
    if len(frame) < 4 or frame[:2] != b"WF":
        raise Malformed("no control message")
    body = unpack(frame[4:])
    if not isinstance(body, dict):
        raise Malformed("the body is no map")
    return frame[2], frame[3], body


def number(body, name):
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 64:
        raise Malformed("%s is no number" % name)
    return value


def node_id(value):
    if not isinstance(value, bytes) or len(value) != 16:
        raise Malformed("no node id")
    return value


def array(body, name):
    value = body.get(name)
    if not isinstance(value, list):
        raise Malformed("%s is no array" % name)
    return value


def cursors(body, name):
    """{origin: sequence}"""
    result = {}
    if len(array(body, name)) > CURSORS_LIMIT:
        raise Malformed("%d cursors" % len(body[name]))
    for item in array(body, name):
        if not isinstance(item, list) or len(item) != 2:
            raise Malformed("no cursor")
        result[node_id(item[0])] = number({"sequence": item[1]}, "sequence")
    return result


def record(value):
    """A node's record, checked against the bounds of the document."""
    if not isinstance(value, dict):
        raise Malformed("the record is no map")
    node_id(value.get("i"))
    number(value, "s")
    number({"u": value.get("u", 0)}, "u")
    texts = [value.get("n"), value.get("c"), value.get("p")] + array(value, "o")
    if len(array(value, "o")) > ROLES_LIMIT:
        raise Malformed("too many roles")
    for text in texts:
        if not isinstance(text, str) or len(text.encode("utf-8")) > TEXT_LIMIT:
            raise Malformed("no name, address or role")
    if not value["c"].startswith("tcp://") or not value["p"].startswith("tcp://"):
        raise Malformed("an address that is none of TCP")
    versions = array(value, "v")
    if len(versions) != 2 or not all(isinstance(version, int) for version in versions):
        raise Malformed("no versions")
    if not isinstance(value.get("x"), dict) or len(pack(value["x"])) > EXTRAS_LIMIT:
        raise Malformed("no extras, or too many")
    return value


def history(body):
    """[(origin, sequence, microseconds since 1970, name, arguments as bytes)]"""
    result = []
    for item in array(body, "e"):
        if not isinstance(item, list) or len(item) != 5:
            raise Malformed("no event")
        origin, sequence, time, name, arguments = item
        if type(time) is not int or not isinstance(arguments, bytes) or not may_be_mirrored(name):
            raise Malformed("no event")
        result.append((node_id(origin), number({"sequence": sequence}, "sequence"), time, name, arguments))
    return result


def roster(body):
    """[(record, milliseconds since it was last heard)], without the records that are out of bounds."""
    result = []
    for item in array(body, "r"):
        if not isinstance(item, list) or len(item) != 2:
            raise Malformed("no entry of a roster")
        try:
            result.append((record(item[0]), number({"age": item[1]}, "age")))
        except Malformed:
            continue
    return result


def digest(records):
    """Of a roster: the FNV-1a of each record's id and revision, combined by exclusive or."""
    result = 0
    for one in records:
        value = 0xCBF29CE484222325
        for octet in one["i"] + struct.pack(">Q", one["s"]):
            value = (value ^ octet) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        result ^= value
    return result


# Published messages

class Batch:
    """Events of one origin with consecutive sequences, kept as they came: repair passes them on byte for byte."""

    def __init__(self, frame):
        if not isinstance(frame, bytes) or len(frame) < _BATCH.size:
            raise Malformed("the batch ends early")
        topic, version, self.origin, self.first, self.count, self.base = _BATCH.unpack_from(frame)
        if topic != b"e" or version != VERSION:
            raise Malformed("no batch of version %d" % VERSION)
        if not 1 <= self.count <= len(frame) or not 1 <= self.first <= (1 << 64) - self.count:
            raise Malformed("count or first sequence make no sense")
        self.frame = frame
        self.last = self.first + self.count - 1
        # The first event that can't be read, if any: it and the rest of the batch are missed.
        self.unreadable_from = None
        self._read = self._events()

    def take_events(self, after=0):
        """[(sequence, name, microseconds since 1970, arguments as bytes)] of the events after a sequence.

        Then only the frame is kept, for repair.
        """
        events, self._read = self._read, None
        return [event for event in (self._events() if events is None else events) if event[0] > after]

    def _events(self):
        reader = msgpack.Unpacker(raw=False, max_buffer_size=len(self.frame))
        reader.feed(memoryview(self.frame)[_BATCH.size:])
        events = []
        for sequence in range(self.first, self.last + 1):
            try:
                name, delta, arguments = reader.unpack(), reader.unpack(), reader.unpack()
                if type(delta) is not int or not isinstance(arguments, bytes) or not may_be_mirrored(name):
                    raise Malformed("no event")
            except Exception:  # msgpack raises a dozen kinds, OutOfData and UnicodeDecodeError among them.
                self.unreadable_from = sequence
                break
            events.append((sequence, name, self.base + delta, arguments))
        return events


@functools.lru_cache(maxsize=4096)
def may_be_mirrored(name):
    return (isinstance(name, str) and 1 <= len(name.encode("utf-8", "replace")) <= 200
            and name not in ("error", "new_listener", "*") and not name.endswith(":*") and not name.startswith("weft:")
            and all(ord(one) >= 32 and not 127 <= ord(one) < 160 for one in name))


def batch(origin, first, events):
    """A batch of [(name, microseconds since 1970, arguments as bytes)]."""
    base = events[0][1]
    parts = [_BATCH.pack(b"e", VERSION, origin, first, len(events), base)]
    for name, time, arguments in events:
        parts += [pack(name), pack(time - base), pack(arguments)]
    return b"".join(parts)


def probe(subscriber, origin, nonce, head):
    return _PROBE.pack(b"p", subscriber, VERSION, origin, nonce, head)


def read_probe(frame):
    """(subscriber, origin, nonce, head)"""
    if len(frame) != _PROBE.size:
        raise Malformed("no probe")
    _, subscriber, version, origin, nonce, head = _PROBE.unpack(frame)
    if version != VERSION:
        raise Malformed("no probe of version %d" % VERSION)
    return subscriber, origin, nonce, head
