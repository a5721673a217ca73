# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Reads MessagePack, as the ledger's blobs are written; dates become seconds since 1970."""

import struct


class Damaged(Exception):
    """The bytes are no MessagePack."""


def decode(data):
    """The one value that `data` holds."""
    try:
        value, end = _read(bytes(data), 0)
    except (struct.error, IndexError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise Damaged("bytes end early or make no sense: %s" % error) from error
    if end != len(data):
        raise Damaged("%d bytes after the value" % (len(data) - end))
    return value


_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
    0xD3: ">q",
}
_BYTES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}
_TEXTS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_ARRAYS = {0xDC: ">H", 0xDD: ">I"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}
_EXTENSIONS = {0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}


def _number(data, at, form):
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def _take(data, at, count):
    if at + count > len(data):
        raise IndexError("%d bytes wanted, %d left" % (count, len(data) - at))
    return data[at:at + count], at + count


def _array(data, at, count):
    items = []
    for _ in range(count):
        item, at = _read(data, at)
        items.append(item)
    return items, at


def _map(data, at, count):
    members = {}
    for _ in range(count):
        key, at = _read(data, at)
        members[key], at = _read(data, at)
    return members, at


def _extension(data, at, count):
    kind, at = _number(data, at, ">b")
    body, at = _take(data, at, count)
    if kind != -1:
        return (kind, body), at
    if count == 4:
        return float(struct.unpack(">I", body)[0]), at
    if count == 8:
        both = struct.unpack(">Q", body)[0]
        return (both & 0x3FFFFFFFF) + (both >> 34) / 1e9, at
    nanoseconds, seconds = struct.unpack(">Iq", body)
    return seconds + nanoseconds / 1e9, at


def _read(data, at):
    kind, at = data[at], at + 1
    if kind <= 0x7F:
        return kind, at
    if kind >= 0xE0:
        return kind - 256, at
    if kind <= 0x8F:
        return _map(data, at, kind & 0x0F)
    if kind <= 0x9F:
        return _array(data, at, kind & 0x0F)
    if kind <= 0xBF:
        text, at = _take(data, at, kind & 0x1F)
        return text.decode("utf-8"), at
    if kind == 0xC0:
        return None, at
    if kind in (0xC2, 0xC3):
        return kind == 0xC3, at
    if kind in _NUMBERS:
        return _number(data, at, _NUMBERS[kind])
    if kind in _BYTES:
        count, at = _number(data, at, _BYTES[kind])
        return _take(data, at, count)
    if kind in _TEXTS:
        count, at = _number(data, at, _TEXTS[kind])
        text, at = _take(data, at, count)
        return text.decode("utf-8"), at
    if kind in _ARRAYS:
        count, at = _number(data, at, _ARRAYS[kind])
        return _array(data, at, count)
    if kind in _MAPS:
        count, at = _number(data, at, _MAPS[kind])
        return _map(data, at, count)
    if kind in _EXTENSIONS:
        count, at = _number(data, at, _EXTENSIONS[kind])
        return _extension(data, at, count)
    if 0xD4 <= kind <= 0xD8:
        return _extension(data, at, 1 << (kind - 0xD4))
    raise Damaged("0x%02x begins no value" % kind)


def encode(value):
    """The value as MessagePack; for the self-test, which makes ledgers of its own."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value <= 0x7F else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        text = value.encode("utf-8")
        return b"\xdb" + struct.pack(">I", len(text)) + text
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        parts = [encode(key) + encode(item) for key, item in value.items()]
        return b"\xdf" + struct.pack(">I", len(parts)) + b"".join(parts)
    raise TypeError("%r" % (value,))
