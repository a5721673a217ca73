# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A secure mesh: this node's key, whom it trusts, and who has proved to be whom. See docs/security.md."""

import datetime
import json
import os

import zmq
from zmq.utils import z85

CONTROL, EVENTS = b"weft.control", b"weft.events"


class Unusable(Exception):
    """A key file or a trust directory that can't be used."""


class Keys:
    def __init__(self, key_file, trust):
        self._directory = trust
        try:
            mode = os.stat(key_file)
            if mode.st_mode & 0o077 or mode.st_uid != os.geteuid():
                raise Unusable("%s is not one's own, or others can read it: chmod 600 it" % key_file)
            with open(key_file, encoding="utf-8") as file:
                own = json.load(file)
            self.name, self.public = str(own["name"]), str(own["public"])
            self._secret = own["secret"].encode("ascii")
            if zmq.curve_public(self._secret).decode() != self.public:
                raise Unusable("%s: its public key does not belong to its secret one" % key_file)
            self.trusted = self._read()
        except OSError as error:
            raise Unusable(str(error)) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # What is wrong is said without what is there: it may be the secret.
            raise Unusable("%s is not an object with name, public and secret" % key_file) from error

    # Whom this node trusts

    def _read(self):
        """{name: (keys, roles)}; a file that makes no sense is left out."""
        now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S")
        trusted = {}
        for file in sorted(os.listdir(self._directory)):
            if not file.endswith(".pub") or file.startswith("."):
                continue
            try:
                with open(os.path.join(self._directory, file), encoding="utf-8") as opened:
                    entry = json.load(opened)
                keys = {one["key"] for one in entry["keys"] if one.get("until") is None or one["until"] > now}
                trusted[file[:-len(".pub")]] = (keys, set(entry.get("roles", [])))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        return trusted

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
