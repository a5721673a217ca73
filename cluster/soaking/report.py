# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Says in numbers what a round was like."""

import collections
import datetime
import statistics

from soaking.checker import CODES


def lines(name, evidence, judgement):
    """The report of one round."""
    notes = evidence.notes
    kills = notes["kills"]
    workers = [kill for kill in kills if kill["node"] != "coordinator"]
    coordinators = [kill for kill in kills if kill["node"] == "coordinator"]
    ends = _ends(evidence)
    completed = sum(1 for row in evidence.tasks.values() if row.state == "completed")
    runs = sum(count * tasks for count, tasks in judgement.repeats.items())
    again = sum(tasks for count, tasks in judgement.repeats.items() if count > 1)
    updates = notes.get("statistics", {}).get("updates", {})
    requests = notes.get("statistics", {}).get("requests", {})
    streams = notes.get("statistics", {}).get("sse", {})
    during = sum(1 for end in ends.values() if end <= notes["started"] + notes["seconds"])
    yield "round %s: %.0f s, then %.1f s until all was settled" % (name, notes["seconds"], notes.get("settling", 0))
    yield "  tasks      %d submitted, %d completed (%.1f a second while it was broken), %d lost, %d completed twice" % (
        len(evidence.submitted), completed, during / max(notes["seconds"], 0.001), len(judgement.lost),
        len(judgement.twice))
    yield "  handlers   %d runs; %d tasks ran more than once (%s), %d runs beside another of the same task, %d cut off" % (
        runs, again, ", ".join("%d times: %d" % pair for pair in sorted(judgement.repeats.items()) if pair[0] > 1)
        or "none", judgement.overlaps, judgement.cut)
    yield "  kills      %d of workers (%d with their handlers, %d while paused), %d of the coordinator; %d left out" % (
        len(workers), sum("with" in kill["what"] for kill in workers), sum(kill["paused"] for kill in workers),
        len(coordinators), notes["skipped"])
    if kills:
        yield "  in flight  at each kill: busy slots %s of %d; leased or running in the ledger %s" % (
            _range([kill["busy"] for kill in kills]), kills[0]["slots"],
            _range([kill["held"] for kill in kills if kill["held"] is not None]))
    yield "  faults     %d, %d outages, %d pauses, %d drains; %s requests hit, %s streams opened, %s final updates of %s repeated" % (
        notes["faults"], notes["outages"], notes["pauses"], notes["drains"], requests.get("faulted"), streams.get("connections"),
        updates.get("repeated"), updates.get("final"))
    yield "  recovery   worker killed → what it ran completed: %s" % _times(_held_again(workers, ends))
    yield "             coordinator killed → next completion: %s" % _times(_next(coordinators, notes["starts"], ends))


def findings(judgement, most=20):
    """What is wrong, by kind, with the first of each kind in words."""
    by_code = collections.defaultdict(list)
    for finding in judgement.findings:
        by_code[finding.code].append(finding)
    for code, found in sorted(by_code.items(), key=lambda item: list(CODES).index(item[0])):
        yield "  %s: %d (%s)" % (code, len(found), CODES[code])
        for finding in found[:most]:
            yield "    %s%s" % (finding.task + ": " if finding.task else "", finding.text)
        if len(found) > most:
            yield "    … and %d more" % (len(found) - most)


def _ends(evidence):
    """When the platform took each task's end, in seconds since 1970."""
    ends = {}
    for task, account in evidence.accounts.items():
        for update in account.get("updates", []):
            if update.get("status") == "completed" and not update.get("repeat") and not update.get("conflict"):
                ends[task] = _seconds(update["time"])
                break
    return ends


def _held_again(kills, ends):
    for kill in kills:
        times = [ends[task] - kill["time"] for task in kill["tasks"] if ends.get(task, 0) > kill["time"]]
        if times:
            yield max(times)


def _next(kills, starts, ends):
    """From each kill to the first completion that the next coordinator has brought about."""
    ordered = sorted(ends.values())
    for kill in kills:
        back = [start["time"] for start in starts if start["node"] == "coordinator" and start["time"] > kill["time"]]
        later = [end for end in ordered if back and end > min(back)]
        if later:
            yield later[0] - kill["time"]


def _seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _times(values):
    values = list(values)
    if not values:
        return "none"
    return "median %.1f s, max %.1f s (%d)" % (statistics.median(values), max(values), len(values))


def _range(values):
    if not values:
        return "unknown"
    return "%d to %d, median %d" % (min(values), max(values), statistics.median(values))
