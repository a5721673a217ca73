# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Judges the evidence of a round: every task completed, none twice."""

import collections

from soaking.evidence import FINALS

Finding = collections.namedtuple("Finding", "code task text")

# What the codes mean, for the list of findings.
CODES = {
    "lost": "tasks that were accepted and never completed",
    "dead-letter": "tasks that were given up",
    "completed-twice": "tasks with more than one accepted outcome in the ledger",
    "two-finals": "tasks with different final updates at the platform",
    "results-differ": "tasks whose result at the platform is not the ledger's",
    "listed-wrong": "tasks of which weft tasks ls says something else than the ledger",
    "unfounded": "outcomes that no handler's run stands behind",
    "attempt-twice": "attempts that were run more than once, so that fencing cannot tell them apart",
    "revived": "tasks that changed after their end",
    "removed": "tasks that were removed from the ledger",
    "unreported": "reports that the platform has not taken",
    "ghost": "tasks that nobody submitted",
    "fell": "processes that ended by themselves or would not end",
    "damaged": "evidence that cannot be read",
    "quiet": "kills that hit too little to prove anything",
    "too-few": "fewer tasks or kills than the run must have",
    "unsettled": "the cluster did not come to rest",
}


class Judgement:
    """The findings, and the numbers to print."""

    def __init__(self):
        self.findings = []
        self.repeats = collections.Counter()
        self.overlaps = 0
        self.cut = 0
        self.lost = set()
        self.twice = set()

    def find(self, code, task, text):
        self.findings.append(Finding(code, task, text))
        if code in ("lost", "dead-letter"):
            self.lost.add(task)
        if code in ("completed-twice", "two-finals"):
            self.twice.add(task)


def judge(evidence):
    """Looks at everything; the order of the findings is the order of the tasks."""
    judgement = Judgement()
    runs = _runs(evidence, judgement)
    changes = collections.defaultdict(list)
    for change in evidence.changes:
        changes[change.task].append(change)
    for task in evidence.submitted:
        _judge_ledger(task, evidence, changes[task], judgement)
        _judge_platform(task, evidence, judgement)
        _judge_result(task, evidence, runs[task], judgement)
    _judge_strangers(evidence, judgement)
    _judge_run(evidence, judgement)
    return judgement


def _runs(evidence, judgement):
    """What the handlers say, by task; counts what ran more than once."""
    runs = collections.defaultdict(list)
    open_runs = collections.defaultdict(set)
    for run in evidence.runs:
        runs[run.task].append(run)
        key = (run.attempt, run.pid, run.worker)
        if run.kind == "begin":
            # Whoever has begun and not ended runs, as far as the log can tell.
            if open_runs[run.task]:
                judgement.overlaps += 1
            open_runs[run.task].add(key)
        else:
            judgement.cut += run.kind == "cut"
            open_runs[run.task].discard(key)
    for task, events in runs.items():
        begun = collections.Counter(run.attempt for run in events if run.kind == "begin")
        judgement.repeats[sum(begun.values())] += 1
        for attempt, count in sorted(begun.items()):
            if count > 1:
                where = ", ".join(sorted(run.worker for run in events
                                         if run.kind == "begin" and run.attempt == attempt))
                judgement.find("attempt-twice", task, "attempt %d was begun %d times: by %s" % (attempt, count, where))
    if evidence.unreadable:
        judgement.find("damaged", None, "%d lines of the handlers' log cannot be read" % evidence.unreadable)
    return runs


def _judge_ledger(task, evidence, changes, judgement):
    row = evidence.tasks.get(task)
    account = evidence.accounts.get(task)
    status = account.get("status") if account else "nothing"
    if row is None:
        judgement.find("lost", task, "the ledger has no such task; the platform says %s" % status)
    elif row.state == "dead":
        failure = (row.status.get("o") or {}).get("m")
        judgement.find("dead-letter", task, "given up after attempt %s, %s workers lost: %s"
                       % (row.status.get("a"), row.status.get("wl", 0), failure))
    elif row.state != "completed":
        judgement.find("lost", task, "the ledger says %s, attempt %s; the platform says %s"
                       % (row.state, row.status.get("a"), status))
    listed = evidence.listed.get(task)
    if row is not None and (listed is None or listed.get("state") != row.state):
        judgement.find("listed-wrong", task, "the ledger says %s, weft tasks ls %s"
                       % (row.state, listed.get("state") if listed else "nothing"))
    outcomes = []
    for change in changes:
        if change.after is None:
            judgement.find("removed", task, "the ledger had it as %s and has removed it" % change.before)
        elif change.after in FINALS:
            outcome = (change.after, change.status.get("a"), change.status.get("o"))
            if outcome not in outcomes:
                outcomes.append(outcome)
        elif change.before in FINALS:
            judgement.find("revived", task, "went from %s back to %s" % (change.before, change.after))
    if len(outcomes) > 1:
        said = "; ".join("%s by attempt %s: %s" % (state, attempt, _result(outcome))
                         for state, attempt, outcome in outcomes)
        judgement.find("completed-twice", task, "%d outcomes were accepted: %s" % (len(outcomes), said))
    if row is not None and row.state in FINALS and not outcomes:
        judgement.find("damaged", task, "the ledger says %s, but its end was never written down" % row.state)


def _judge_platform(task, evidence, judgement):
    account = evidence.accounts.get(task)
    if account is None:
        judgement.find("lost", task, "the stand-in has no such task")
        return
    row = evidence.tasks.get(task)
    # What the ledger lacks, or has not completed, is found there.
    if account.get("status") != "completed" and row is not None and row.state == "completed":
        judgement.find("lost", task, "the ledger says completed, and the platform %s" % account.get("status"))
    updates = account.get("updates", [])
    finals = []
    for update in updates:
        if update.get("status") in ("completed", "error", "failed", "stopped"):
            final = (update.get("status"), update.get("result"))
            if final not in finals:
                finals.append(final)
    if len(finals) > 1 or any(update.get("conflict") for update in updates):
        judgement.find("two-finals", task, "final updates: %s" % "; ".join("%s %r" % final for final in finals))


def _judge_result(task, evidence, runs, judgement):
    """The result names the run that made it, so that the outcome can be held against the handlers' own log."""
    row = evidence.tasks.get(task)
    if row is None or row.state != "completed":
        return
    result = _result(row.status.get("o"))
    account = evidence.accounts.get(task) or {}
    if account.get("status") == "completed" and account.get("result") != result:
        judgement.find("results-differ", task, "the ledger has %r, the platform %r" % (result, account.get("result")))
    parts = result.split() if isinstance(result, str) else []
    if len(parts) != 3 or parts[0] != task or not parts[1].isdigit() or not parts[2].isdigit():
        judgement.find("unfounded", task, "the result %r is none of this task's handler" % (result,))
        return
    attempt, pid = int(parts[1]), int(parts[2])
    if attempt != row.status.get("a"):
        judgement.find("unfounded", task, "the result is of attempt %d, the ledger accepted it for attempt %s"
                       % (attempt, row.status.get("a")))
    if not any(run.kind == "end" and run.attempt == attempt and run.pid == pid for run in runs):
        judgement.find("unfounded", task, "no handler says that it ended attempt %d with pid %d" % (attempt, pid))


def _judge_strangers(evidence, judgement):
    known = set(evidence.submitted)
    for task in sorted(set(evidence.tasks) - known):
        judgement.find("ghost", task, "is in the ledger, and nobody submitted it")
    for task in sorted(set(run.task for run in evidence.runs) - known):
        judgement.find("ghost", task, "was run, and nobody submitted it")
    for report in evidence.reports:
        judgement.find("unreported", report, "is still in the ledger's outbox")
    if evidence.integrity != "ok":
        judgement.find("damaged", None, "SQLite says of the ledger: %s" % evidence.integrity)


def _judge_run(evidence, judgement):
    notes = evidence.notes
    for fall in notes.get("falls", []):
        judgement.find("fell", None, fall)
    if not notes.get("settled", False):
        judgement.find("unsettled", None, notes.get("unsettled", "it was not waited for"))
    for kill in notes.get("kills", []):
        if kill["busy"] * 10 < kill["slots"]:
            judgement.find("quiet", None, "%s at %.1f s: %d of %d slots busy"
                           % (kill["what"], kill["at"], kill["busy"], kill["slots"]))
    if notes["seconds"] >= 10 and not any(kill["node"] == "coordinator" for kill in notes["kills"]):
        judgement.find("too-few", None, "the coordinator was never killed")
    skipped, kills = notes.get("skipped", 0), len(notes.get("kills", []))
    if skipped > kills / 2:
        judgement.find("too-few", None, "%d of %d kills were left out because nearly nothing ran"
                       % (skipped, skipped + kills))


def _result(outcome):
    return outcome.get("v", outcome.get("m")) if isinstance(outcome, dict) else outcome
