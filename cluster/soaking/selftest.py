# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Shows that the checker can fail: hands it evidence with one thing wrong at a time."""

import copy
import json
import os
import shutil
import sqlite3
import tempfile

from soaking import checker, evidence, messagepack, report

COUNT = 30


class Forgery:
    """The evidence of a round that never was: all well, until it is doctored."""

    def __init__(self):
        self.submitted = ["s0-off-%06d-0.100" % number for number in range(1, COUNT + 1)]
        self.log = []
        self.ledger = {}
        self.history = []
        self.reports = []
        self.accounts = []
        self.listed = None
        self.notes = {
            "kills": [
                {"what": node + "/1", "node": node, "at": 2.0, "time": 1000.0, "busy": 12, "slots": 40, "held": 20,
                 "tasks": self.submitted[:2], "paused": False} for node in ("worker-1", "coordinator")
            ],
            "starts": [], "pauses": 1, "drains": 1, "faults": 3, "outages": 0, "skipped": 0, "falls": [], "settled": True, "started": 990.0,
            "seconds": 20.0, "settling": 1.0,
            "statistics": {"updates": {}, "requests": {}, "sse": {}},
        }
        for number, task in enumerate(self.submitted):
            self.history.append((task, None, self.status("queued", 0)))
            # Every fifth was lost with its worker once.
            if number % 5 == 0:
                self.run(task, 1, 100 + number, ends=False)
            attempt = 2 if number % 5 == 0 else 1
            self.run(task, attempt, 500 + number)
            self.complete(task, attempt, 500 + number)

    @staticmethod
    def status(state, attempt, outcome=None):
        status = {"s": state, "a": attempt, "at": 995.5, "w": b"0123456789abcdef"}
        if outcome is not None:
            status["o"] = outcome
        return status

    def run(self, task, attempt, pid, ends=True):
        self.log.append("begin %s %d %d worker-1/1" % (task, attempt, pid))
        if ends:
            self.log.append("end %s %d %d worker-1/1" % (task, attempt, pid))

    def complete(self, task, attempt, pid):
        result = "%s %d %d" % (task, attempt, pid)
        self.end(task, self.status("completed", attempt, {"k": "completed", "v": result}))
        self.accounts.append({
            "id": task, "status": "completed", "result": result,
            "updates": [self.update("executing", None), self.update("completed", result)],
        })

    def end(self, task, status):
        before = self.ledger[task]["s"] if task in self.ledger else "running"
        self.ledger[task] = status
        self.history.append((task, before, status))

    @staticmethod
    def update(status, result, **more):
        return dict({"time": "1970-01-01T00:16:43.000000Z", "status": status, "result": result, "repeat": False,
                     "conflict": False}, **more)

    def account(self, task):
        return next(account for account in self.accounts if account["id"] == task)

    def judge(self):
        """Writes it all down as a real run does, a real ledger with it, and has it judged."""
        directory = tempfile.mkdtemp(prefix="weft-soak-")
        try:
            self._write(directory)
            found = evidence.Evidence(directory)
            judgement = checker.judge(found)
            # The report must cope with whatever was found.
            list(report.lines("off", found, judgement))
            list(report.findings(judgement))
            return judgement
        finally:
            shutil.rmtree(directory)

    def _write(self, directory):
        def write(name, text):
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)

        write("submitted.txt", "\n".join(self.submitted) + "\n")
        write("handlers.txt", "\n".join(self.log) + "\n")
        write("platform.json", json.dumps(self.accounts))
        listed = [{"id": task, "state": status["s"]} for task, status in self.ledger.items()] \
            if self.listed is None else self.listed
        write("tasks.jsonl", "".join(json.dumps(task) + "\n" for task in listed))
        write("round.json", json.dumps(self.notes))
        path = os.path.join(directory, "ledger.sqlite")
        connection = sqlite3.connect(path)
        connection.executescript("""
            CREATE TABLE tasks (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
                status BLOB NOT NULL);
            CREATE TABLE reports (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, item BLOB NOT NULL);
            """)
        connection.commit()
        evidence.audit(path)
        for task, before, status in self.history:
            data = messagepack.encode(status)
            if before is None:
                connection.execute("INSERT INTO tasks (id, state, status) VALUES (?, ?, ?)", (task, status["s"], data))
            else:
                connection.execute("UPDATE tasks SET state = ?, status = ? WHERE id = ?", (status["s"], data, task))
        for task in [row[0] for row in connection.execute("SELECT id FROM tasks")]:
            if task not in self.ledger:
                connection.execute("DELETE FROM tasks WHERE id = ?", (task,))
        for item in self.reports:
            connection.execute("INSERT INTO reports (id, item) VALUES (?, ?)", (item, b"\xc0"))
        connection.commit()
        connection.close()


def lost_everywhere(forgery, task):
    """The coordinator was killed before it had written the task, and the platform never sent it again."""
    forgery.history = [entry for entry in forgery.history if entry[0] != task]
    del forgery.ledger[task]
    forgery.log = [line for line in forgery.log if task not in line]
    account = forgery.account(task)
    account.update(status="pending", result=None, updates=[])


def never_finished(forgery, task):
    """The ledger has it, and nobody runs it."""
    forgery.end(task, forgery.status("queued", 1))
    forgery.history = [entry for entry in forgery.history if entry[0] != task or entry[2]["s"] == "queued"]
    forgery.account(task).update(status="executing", result=None, updates=[forgery.update("executing", None)])


def dead_letter(forgery, task):
    """It was given up."""
    failure = {"k": "failed", "m": "its worker was lost 3 times"}
    forgery.history = [entry for entry in forgery.history if entry[0] != task or entry[1] is None]
    del forgery.ledger[task]
    forgery.end(task, forgery.status("dead", 3, failure))
    forgery.account(task).update(status="error", result=failure["m"],
                                 updates=[forgery.update("error", failure["m"])])


def forgotten_by_the_platform(forgery, task):
    """The platform was never told of the end, though the ledger has it."""
    forgery.account(task).update(status="executing", result=None, updates=[forgery.update("executing", None)])


def two_outcomes(forgery, task):
    """A late result of a superseded attempt was accepted over the first one."""
    forgery.run(task, 3, 999)
    result = "%s 3 999" % task
    forgery.end(task, forgery.status("completed", 3, {"k": "completed", "v": result}))
    forgery.account(task)["result"] = result


def two_finals(forgery, task):
    """The platform was told two different ends."""
    forgery.account(task)["updates"].append(forgery.update("error", "the worker was lost", conflict=True))


def other_result(forgery, task):
    """The platform has another result than the ledger."""
    forgery.account(task)["result"] = "%s 1 777" % task


def listed_wrong(forgery, task):
    """The command says otherwise than the ledger."""
    forgery.listed = [{"id": name, "state": "running" if name == task else "completed"} for name in forgery.submitted]


def attempt_twice(forgery, task):
    """An attempt's number was used again after a restart."""
    forgery.log.insert(0, "begin %s 1 4711 worker-2/1" % task)


def unfounded(forgery, task):
    """A task is called completed though no handler has ended it."""
    forgery.log = [line for line in forgery.log if not line.startswith("end " + task)]


def stale_accepted(forgery, task):
    """The result of one attempt was taken for another's."""
    forgery.history = [
        (name, before, dict(status, a=7) if name == task and status["s"] == "completed" else status)
        for name, before, status in forgery.history
    ]


def revived(forgery, task):
    """An ended task was dealt again."""
    end = forgery.ledger[task]
    forgery.end(task, forgery.status("running", 4))
    forgery.end(task, end)


def removed(forgery, task):
    """The ledger has forgotten a task."""
    del forgery.ledger[task]


def unreported(forgery, task):
    """A report waits for ever."""
    forgery.reports.append(task + "/final")


def ghost(forgery, _):
    """A task that nobody has submitted was run."""
    forgery.run("s0-off-999999-0.100", 1, 4712)


def fell(forgery, _):
    """A process has trapped."""
    forgery.notes["falls"].append("worker-1/3 ended by itself with -5 at 7.1 s")


def unsettled(forgery, _):
    """The cluster never came to rest."""
    forgery.notes["settled"] = False


def quiet(forgery, _):
    """A kill hit an idle cluster."""
    forgery.notes["kills"][0]["busy"] = 3


def coordinator_spared(forgery, _):
    """The coordinator was never killed."""
    del forgery.notes["kills"][1]


def half_a_line(forgery, _):
    """The log of the handlers is damaged."""
    forgery.log.append("begin s0-off-0000")


CASES = [
    (lost_everywhere, "lost"), (never_finished, "lost"), (dead_letter, "dead-letter"),
    (forgotten_by_the_platform, "lost"), (two_outcomes, "completed-twice"), (two_finals, "two-finals"),
    (other_result, "results-differ"), (listed_wrong, "listed-wrong"), (attempt_twice, "attempt-twice"),
    (unfounded, "unfounded"), (stale_accepted, "unfounded"), (revived, "revived"), (removed, "removed"), (unreported, "unreported"),
    (ghost, "ghost"), (fell, "fell"), (unsettled, "unsettled"), (quiet, "quiet"),
    (coordinator_spared, "too-few"), (half_a_line, "damaged"),
]


def run():
    """Judges the good evidence and every doctored one; 0 when each is judged as it must be."""
    failures = 0
    good = Forgery()
    findings = copy.deepcopy(good).judge().findings
    failures += _say(not findings, "evidence in good order: nothing found", findings)
    task = good.submitted[7]
    for doctor, code in CASES:
        forgery = copy.deepcopy(good)
        doctor(forgery, task)
        findings = forgery.judge().findings
        of_task = [finding for finding in findings if finding.code == code
                   and (finding.task is None or finding.task.startswith((task, "s0-off-999999")))]
        strays = [finding for finding in findings if finding.task in good.submitted and finding.task != task]
        failures += _say(bool(of_task) and not strays, "%s: %s" % (code, doctor.__doc__), findings)
    print("self-test: %s" % ("%d cases went wrong" % failures if failures else "every doctored case was found"))
    return 1 if failures else 0


def _say(is_good, text, findings):
    print("%s  %s" % ("ok    " if is_good else "FAILED", text))
    if not is_good:
        for finding in findings:
            print("        %s" % (finding,))
    return 0 if is_good else 1
