# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Events as lines: as `weft listen --json` prints them, and as `weft emit -` reads them."""

import base64
import datetime
import json
import math

from peering import wire

_DECODER = json.JSONDecoder()
_EPOCH = datetime.datetime(1970, 1, 1)


def fits(name, pattern):
    return pattern == "*" or name == pattern or pattern.endswith(":*") and name.startswith(pattern[:-1])


def event(one):
    try:
        arguments = wire.unpack(one.arguments)
    except wire.Malformed:
        arguments = None
    return _line(one.name, arguments, one.origin, one.sequence, one.time)


def gap(own, origin, first, last, at):
    """What a node says itself when events of a stream are missed for good."""
    return _line("weft:gap", [origin.hex(), first, last], own, None, at)


def _line(name, arguments, origin, sequence, at):
    def dump(value):
        fields = {"name": name, "arguments": value, "origin": origin.hex(), "sequence": sequence, "time": time(at)}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)

    try:
        return dump(arguments)
    except ValueError:  # A number that JSON does not have.
        return dump(_without_strange_numbers(arguments))
    except (TypeError, RecursionError):  # Keys that are no text, or a depth that nobody needs.
        return dump(None)


def time(microseconds):
    try:
        return (_EPOCH + datetime.timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        return None


def _plain(value):
    """What JSON has no form for: bytes, dates, and extensions that nobody knows."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "nanoseconds"):
        return time(value.seconds * 1000000 + value.nanoseconds // 1000)
    return None


def _without_strange_numbers(value):
    if isinstance(value, list):
        return [_without_strange_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_strange_numbers(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_line(line):
    """(name, arguments) of NAME JSON ..., or of an object with name and arguments."""
    line = line.strip()
    if line.startswith("{"):
        value = _json(line)
        if not isinstance(value.get("name"), str) or not isinstance(value.get("arguments", []), list):
            raise ValueError("an object needs a name, and arguments that are an array")
        return value["name"], value.get("arguments", [])
    name, _, rest = line.partition(" ")
    arguments, rest = [], rest.lstrip()
    while rest:
        try:
            value, end = _DECODER.raw_decode(rest)
        except (ValueError, RecursionError) as error:
            raise ValueError("argument %d is not JSON: %s (a string needs its quotes)" % (len(arguments) + 1, error))
        arguments.append(_sized(value))
        rest = rest[end:].lstrip()
    return name, arguments


def _json(line):
    try:
        return _sized(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON: %s" % error)


def _sized(value):
    """A whole number of more than 64 bits is a double."""
    if isinstance(value, int) and not -1 << 63 <= value < 1 << 64:
        return float(value)
    if isinstance(value, list):
        return [_sized(item) for item in value]
    if isinstance(value, dict):
        return {name: _sized(item) for name, item in value.items()}
    return value
