# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A secure mesh: this node's key, whom it trusts, and who has proved to be whom. See docs/security.md."""

import datetime
import json
import os
import stat

import zmq
from zmq.utils import z85

CONTROL, EVENTS = b"weft.control", b"weft.events"


class Unusable(Exception):
    """A key file or a trust directory that can't be used."""


SMALL = 16 << 10


class Keys:
    def __init__(self, key_file, trust):
        self._key_file, self._directory = key_file, trust
        self.trusted = {}
        try:
            self._stamp = self._stamp_now()
            self.name, self.public, self._secret = self._read_own()
            self.trusted = self._read()
        except OSError as error:
            raise Unusable(str(error)) from error

    # This node's own key

    def _stamp_now(self):
        status = os.stat(self._key_file)
        return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode

    def _read_own(self):
        """(name, public key, secret key)"""
        # Not blocking: somebody may have put a pipe there.
        descriptor = os.open(self._key_file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
                raise Unusable("%s is no file of one's own, or others can read it: chmod 600 it" % self._key_file)
            own = json.loads(os.read(descriptor, SMALL).decode("utf-8"))
            name, public, secret = str(own["name"]), str(own["public"]), own["secret"].encode("ascii")
            if zmq.curve_public(secret).decode() != public:
                raise Unusable("%s: its public key does not belong to its secret one" % self._key_file)
            return name, public, secret
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # What is wrong is said without what is there: it may be the secret.
            raise Unusable("%s is not an object with name, public and secret" % self._key_file) from error
        finally:
            os.close(descriptor)

    def take_new_key(self):
        """Looks at the key file again. Returns whether it holds another key now, which the sockets prove from here on."""
        try:
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return False
            name, public, secret = self._read_own()
        except (OSError, Unusable):
            return False  # It may be in the middle of being replaced.
        if name != self.name:
            return False
        is_new = public != self.public
        self._stamp, self.public, self._secret = stamp, public, secret
        return is_new

    # Whom this node trusts

    def _read(self):
        """{name: (keys, roles)}; a file that makes no sense says what it said before."""
        now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S")
        trusted = {}
        for file in sorted(os.listdir(self._directory)):
            if not file.endswith(".pub") or file.startswith("."):
                continue
            try:
                entry = self._read_entry(os.path.join(self._directory, file))
                keys = {one["key"] for one in entry["keys"] if one.get("until") is None or one["until"] > now}
                trusted[file[:-len(".pub")]] = (keys, set(entry.get("roles", [])))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                if file[:-len(".pub")] in self.trusted:
                    trusted[file[:-len(".pub")]] = self.trusted[file[:-len(".pub")]]
        return trusted

    @staticmethod
    def _read_entry(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o002 or status.st_size > SMALL:
                raise ValueError("no file that only its owner changes, or too large")
            return json.loads(os.read(descriptor, SMALL).decode("utf-8"))
        finally:
            os.close(descriptor)

    def reload(self):
        """Looks at the directory again. Returns whether somebody who was trusted is not any more."""
        before = self.trusted
        try:
            self.trusted = self._read()
        except OSError:
            return False
        return any(not keys <= self.trusted.get(name, (set(),))[0] for name, (keys, _) in before.items())

    def name_of(self, key):
        return next((name for name, (keys, _) in self.trusted.items() if key in keys), None)

    def candidates(self):
        """All keys that may be behind a seed's address, this node's own last."""
        return sorted((key for keys, _ in self.trusted.values() for key in keys), key=lambda key: key == self.public)

    def trusts(self, record):
        return record.get("k") in self.trusted.get(record["n"], ((), ()))[0]

    def is_own_word(self, record, user):
        """Whether who has proved to be `user` may say this record of itself."""
        roles = self.trusted.get(user, ((), set()))[1]
        return record["n"] == user and self.trusts(record) and set(record["o"]) <= roles | {"peer"}

    # Sockets

    def secure_server(self, socket, domain):
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)
        socket.setsockopt(zmq.ZAP_DOMAIN, domain)

    def secure_client(self, socket, key):
        socket.setsockopt(zmq.CURVE_SERVERKEY, key.encode("ascii"))
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.public.encode("ascii"))
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)

    def answer(self, parts):
        """The answer to libzmq, which asks whether to let somebody in (ZAP, RFC 27)."""
        name = None
        if len(parts) == 7 and parts[2] in (CONTROL, EVENTS) and parts[5] == b"CURVE" and len(parts[6]) == 32:
            name = self.name_of(z85.encode(parts[6]).decode("ascii"))
        verdict = [b"400", b"not trusted", b""] if name is None else [b"200", b"OK", name.encode("utf-8")]
        return [b"1.0", parts[1] if len(parts) > 1 else b""] + verdict + [b""]
