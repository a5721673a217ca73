# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What is left of a round, read from its directory: the handlers' log, the ledger, the stand-in, the run's own notes."""

import collections
import json
import os
import sqlite3

from soaking import handlers, messagepack

# Every change of a task's state, written by SQLite itself in the transaction that makes it. The ledger alone would
# show only the last outcome of a task; this shows each that was ever accepted.
AUDIT = """
    CREATE TABLE soak_audit (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, before TEXT, after TEXT, status BLOB);
    CREATE TRIGGER soak_accepted AFTER INSERT ON tasks BEGIN
        INSERT INTO soak_audit (id, before, after, status) VALUES (NEW.id, NULL, NEW.state, NEW.status);
    END;
    CREATE TRIGGER soak_changed AFTER UPDATE ON tasks WHEN NEW.state IN {finals} OR OLD.state IN {finals} BEGIN
        INSERT INTO soak_audit (id, before, after, status) VALUES (NEW.id, OLD.state, NEW.state, NEW.status);
    END;
    CREATE TRIGGER soak_removed AFTER DELETE ON tasks BEGIN
        INSERT INTO soak_audit (id, before, after, status) VALUES (OLD.id, OLD.state, NULL, OLD.status);
    END;
"""
FINALS = ("completed", "dead", "cancelled", "expired")

Row = collections.namedtuple("Row", "state status")
Change = collections.namedtuple("Change", "task before after status")


def audit(path):
    """Has SQLite write down every outcome from now on."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        finals = "(%s)" % ", ".join("'%s'" % state for state in FINALS)
        connection.executescript("BEGIN IMMEDIATE;" + AUDIT.replace("{finals}", finals) + "COMMIT;")
    finally:
        connection.close()


class Ledger:
    """Looks into the ledger's file while its coordinator lives, without writing."""

    def __init__(self, path):
        self._path = path
        self._connection = None

    def counts(self):
        """How many tasks are in each state, and how many reports wait; None when the file cannot be read now."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect("file:%s?mode=ro" % self._path, uri=True, timeout=2)
            states = dict(self._connection.execute("SELECT state, count(*) FROM tasks GROUP BY state"))
            reports = self._connection.execute("SELECT count(*) FROM reports").fetchone()[0]
            return states, reports
        except sqlite3.Error:
            self.close()
            return None

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Evidence:
    """Everything about one round."""

    def __init__(self, directory):
        self.directory = directory
        with open(os.path.join(directory, "round.json")) as file:
            self.notes = json.load(file)
        with open(os.path.join(directory, "submitted.txt")) as file:
            self.submitted = file.read().split()
        with open(os.path.join(directory, "platform.json")) as file:
            self.accounts = {account["id"]: account for account in json.load(file)}
        with open(os.path.join(directory, "tasks.jsonl"), "rb") as file:
            self.listed = {task["id"]: task for task in map(json.loads, file.read().splitlines())}
        self.runs = []
        self.unreadable = 0
        with open(os.path.join(directory, "handlers.txt"), "rb") as file:
            for line in file.read().decode("utf-8", "replace").splitlines():
                run = handlers.parse(line)
                if run is None:
                    self.unreadable += 1
                else:
                    self.runs.append(run)
        self._read_ledger(os.path.join(directory, "ledger.sqlite"))

    def _read_ledger(self, path):
        connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        try:
            self.integrity = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            self.tasks = {
                task: Row(state, messagepack.decode(status))
                for task, state, status in connection.execute("SELECT id, state, status FROM tasks")
            }
            self.reports = [row[0] for row in connection.execute("SELECT id FROM reports")]
            self.changes = [
                Change(task, before, after, messagepack.decode(status))
                for task, before, after, status in connection.execute(
                    "SELECT id, before, after, status FROM soak_audit ORDER BY n")
            ]
        finally:
            connection.close()
