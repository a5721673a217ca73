# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Judges what a run has left: every event once and in order, every gap announced exactly."""

import bisect
import collections
import statistics

Finding = collections.namedtuple("Finding", "code text")

# What the codes mean, for the list of findings.
CODES = {
    "again": "events that came twice or too late",
    "hole": "events that did not come and were not announced as missed",
    "misnumbered": "events whose number in the stream is not the one of their index",
    "misplaced": "gaps announced at the wrong place",
    "unreadable": "events that could not be read",
    "missing": "streams whose end has not come in time",
    "gap": "events announced as missed where nothing may be missed",
    "sum": "streams where what came and what was announced as missed do not add up",
    "no-gap": "nothing was missed where the cut was longer than the window: the run proves nothing",
    "apart": "survivors that do not agree about how far the dead one got",
    "stalled": "the others delivered less while one was stopped",
    "memory": "more memory than the bounds allow",
    "idle": "the run did not do what it is there for",
    "stuck": "nodes that did not end when they were asked to",
}

MEBI = 1 << 20
# What the sockets of the event stream hold at most, beside the node's own: 64 messages of 64 KiB, on either side, for
# each of four peers.
PIPES = 2 * 4 * 64 * (64 << 10)
# The bounds of what waits: outbox, delivery queue, and what is ahead of a hole.
OUTBOX, DELIVERY, AHEAD = 16 * MEBI, 16 * MEBI, 64 * MEBI
# One batch may be over each bound: it closes at 64 KiB.
BATCH = 128 << 10
# Of the steps by which the rate is compared, in seconds; and the share that must be left.
STEP, SHARE = 5.0, 0.9


class Judgement:
    """The findings, and the numbers to print."""

    def __init__(self):
        self.findings = []
        self.numbers = {}

    def find(self, code, text):
        self.findings.append(Finding(code, text))


def judge(evidence):
    judgement = Judgement()
    nodes = evidence["nodes"]
    if not all(node["statuses"] for node in nodes):
        judgement.find("idle", "not every node has said anything")
        return judgement
    _streams(evidence, judgement)
    _network(evidence, judgement)
    _memory(evidence, judgement)
    if "stopped" in evidence["times"]:
        _flow(evidence, judgement)
    for name in evidence.get("stuck", []):
        judgement.find("stuck", name)
    return judgement


def last(node):
    return node["statuses"][-1]


def tally(node, origin):
    empty = dict.fromkeys(("received", "next", "repeated", "skipped", "misnumbered", "missed", "misplaced"), 0)
    return last(node)["origins"].get(last(origin)["id"]) or dict(empty, gaps=[])


def _streams(evidence, judgement):
    nodes = evidence["nodes"]
    wants = evidence["wants"]
    total = collections.Counter()
    for node in nodes:
        if node["killed"]:
            continue
        if last(node)["unreadable"]:
            judgement.find("unreadable", "%s: %d" % (node["name"], last(node)["unreadable"]))
        for origin in nodes:
            if origin is node:
                continue
            where = "%s of %s" % (node["name"], origin["name"])
            heard = tally(node, origin)
            emitted = heard["next"] if origin["killed"] else last(origin)["emitted"]
            for code, key in (("again", "repeated"), ("hole", "skipped"), ("misnumbered", "misnumbered"),
                              ("misplaced", "misplaced")):
                if heard[key]:
                    judgement.find(code, "%s: %d" % (where, heard[key]))
            if heard["next"] != emitted:
                judgement.find("missing", "%s: got to %d of %d" % (where, heard["next"], emitted))
            announced = sum(end - first + 1 for first, end in heard["gaps"])
            if heard["received"] + announced != heard["next"] or announced != heard["missed"]:
                judgement.find("sum", "%s: %d came, %d announced as missed, %d due" % (
                    where, heard["received"], announced, heard["next"]))
            crossed = _side(evidence, node) != _side(evidence, origin)
            if heard["missed"] and ("no-gaps" in wants or "gaps" in wants and not crossed):
                judgement.find("gap", "%s: %d in %d runs" % (where, heard["missed"], len(heard["gaps"])))
            total.update(emitted=emitted, heard=heard["received"], missed=heard["missed"], runs=len(heard["gaps"]))
    judgement.numbers.update(total)
    if "gaps" in wants and not total["missed"]:
        judgement.find("no-gap", "no stream has a gap")
    for origin in nodes:
        if origin["killed"]:
            ends = {node["name"]: tally(node, origin)["next"] for node in nodes if not node["killed"]}
            if len(set(ends.values())) > 1:
                judgement.find("apart", "%s: %s" % (origin["name"], ends))
            if not min(ends.values()):
                judgement.find("idle", "%s was killed before it had emitted" % origin["name"])
    times = evidence["times"]
    judgement.numbers["rates"] = {
        node["name"]: _rate(node, times["emitting"], times["killed"] if node["killed"] else times["quiet"]) for node in nodes}
    if "tail" in wants and not any(last(node)["counters"].get("repairedByOthers") for node in nodes if not node["killed"]):
        judgement.find("idle", "no survivor had anything from another but the dead one")
    if not all(judgement.numbers["rates"].values()):
        judgement.find("idle", "not every node has emitted")
    if "healed" in times:
        judgement.numbers["caught_up"] = _caught_up(evidence, times["healed"])
    if "went-on" in times:
        judgement.numbers["resumed"] = _caught_up(evidence, times["went-on"])


def _side(evidence, node):
    return 0 if node["number"] in evidence["groups"][0] else 1


def _rate(node, begin, end):
    """Events emitted a second, by the node's own account, while it had its process to itself."""
    points = [(status["time"], status["emitted"]) for status in node["statuses"] if begin <= status["time"] <= end]
    seconds = sum(later[0] - sooner[0] for sooner, later in zip(points, points[1:]) if later[0] - sooner[0] < 3)
    return (points[-1][1] - points[0][1]) / seconds if len(points) > 1 and seconds > 0 else 0


def _caught_up(evidence, moment):
    """How long after a moment the last node had everything that had been emitted by then; None when one has not."""
    worst = 0.0
    for origin in evidence["nodes"]:
        emitted = max([status["emitted"] for status in origin["statuses"] if status["time"] <= moment] or [0])
        for node in evidence["nodes"]:
            if node is origin or node["killed"]:
                continue
            reached = [status["time"] for status in node["statuses"] if status["time"] >= moment
                       and status["origins"].get(last(origin)["id"], {}).get("next", 0) >= emitted]
            if not reached and not origin["killed"]:
                return None
            worst = max([worst] + [reached[0] - moment] if reached else [worst])
    return worst


def _network(evidence, judgement):
    counts = evidence["network"]
    for key, word in (("lost", "lost"), ("delayed", "delayed"), ("overtaken", "overtaken by another")):
        if not counts[key]:
            judgement.find("idle", "no frame was %s" % word)
    if "cut" in evidence["times"] and not counts["cut"]:
        judgement.find("idle", "no frame met the cut")


def _memory(evidence, judgement):
    bound = evidence["window"] + evidence["others"] + AHEAD + OUTBOX + DELIVERY + PIPES
    judgement.numbers["memory_bound"] = bound
    growth = {}
    for node in evidence["nodes"]:
        before = [size for moment, size in node["resident"] if moment <= evidence["times"]["emitting"]]
        if before:
            growth[node["name"]] = max(size for _, size in node["resident"]) - before[-1]
            if growth[node["name"]] > bound:
                judgement.find("memory", "%s: grew by %.0f MiB; the bounds come to %.0f" % (
                    node["name"], growth[node["name"]] / MEBI, bound / MEBI))
        limits = {"ownWindow": evidence["window"], "receivedWindows": evidence["others"], "ahead": AHEAD, "outbox": OUTBOX,
                  "delivery": DELIVERY}
        for key, limit in limits.items():
            most = max(status["memory"][key] for status in node["statuses"])
            if most > limit + BATCH:
                judgement.find("memory", "%s: %s has %d bytes; its bound is %d" % (node["name"], key, most, limit))
    judgement.numbers["grown"] = growth


def _flow(evidence, judgement):
    """What the others deliver of each other's events, before and while one was stopped."""
    times = evidence["times"]
    stopped = next((node for node in evidence["nodes"] if _is_silent(node, times["stopped"], times["went-on"])), None)
    if stopped is None:
        judgement.find("idle", "no node fell silent when it was stopped")
        return
    others = [node for node in evidence["nodes"] if node is not stopped and not node["killed"]]
    series = []
    for node in others:
        ids = {last(origin)["id"] for origin in others if origin is not node}
        series.append([(status["time"], sum(tally["received"] for origin, tally in status["origins"].items() if origin in ids))
                       for status in node["statuses"]])

    def delivered(begin, end):
        return sum(_at(points, end) - _at(points, begin) for points in series) / (end - begin)

    before = statistics.median(delivered(at, at + 1) for at in _steps(times["emitting"] + 2, times["stopped"], 1)) \
        if times["stopped"] - times["emitting"] >= 4 else None
    during = [delivered(at, at + STEP) for at in _steps(times["stopped"], times["went-on"], STEP)]
    if before is None or not during:
        if "flow" in evidence["wants"]:
            judgement.find("idle", "the run is too short to tell what was delivered before and while a node was stopped")
        return
    worst = min(delivered(at, at + 1) for at in _steps(times["stopped"], times["went-on"], 1))
    judgement.numbers.update(before=before, during=min(during), worst_second=worst)
    if "flow" in evidence["wants"] and worst < SHARE * before:
        judgement.find("stalled", "%.0f in the worst second, and %.0f a second before" % (worst, before))


def _is_silent(node, begin, end):
    return not any(begin + 1 < status["time"] < end - 1 for status in node["statuses"])


def _steps(begin, end, step):
    while begin + step <= end:
        yield begin
        begin += step


def _at(points, moment):
    """A series' value at a moment, between the two points around it."""
    place = bisect.bisect(points, (moment, float("inf")))
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (sooner, less), (later, more) = points[place - 1], points[place]
    return less + (more - less) * (moment - sooner) / (later - sooner) if later > sooner else more
