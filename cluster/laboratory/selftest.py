# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Sees that the judge finds what is wrong: evidence in which all is well, doctored in one place at a time."""

import copy

from laboratory import judge

RATE, BEGIN, STOPPED, WENT_ON, QUIET, END = 100, 1000, 1010, 1040, 1050, 1060


def run():
    missed = []
    for name, evidence, expected in cases():
        codes = {finding.code for finding in judge.judge(evidence).findings}
        is_found = codes == expected
        print("%s %s" % ("ok     " if is_found else "MISSED ", name + ": " + (", ".join(sorted(codes)) or "nothing found")))
        if not is_found:
            missed.append(name)
    print("self-test: " + ("every doctored case was found" if not missed else "not found: " + ", ".join(missed)))
    return 1 if missed else 0


def cases():
    yield "all is well", well(), set()
    yield "all is well with gaps", with_gaps(well("gaps")), set()
    for key, code in (("repeated", "again"), ("skipped", "hole"), ("misnumbered", "misnumbered"),
                      ("misplaced", "misplaced")):
        evidence = well()
        heard(evidence, 1, 2)[key] = 1
        yield "again" if code == "again" else code, evidence, {code}

    evidence = well()
    final(evidence, 3)["unreadable"] = 1
    yield "unreadable", evidence, {"unreadable"}

    evidence = well()
    heard(evidence, 4, 1)["next"] -= 1
    heard(evidence, 4, 1)["received"] -= 1
    yield "the last event is missing", evidence, {"missing"}

    evidence = well()
    heard(evidence, 4, 1)["received"] -= 1
    yield "one came less than was due", evidence, {"sum"}

    yield "a gap where none may be", with_gaps(well("no-gaps")), {"gap"}
    yield "no gap where there must be one", well("gaps"), {"no-gap"}

    evidence = with_gaps(well("gaps"))
    heard(evidence, 1, 3)["gaps"][0][1] -= 1
    yield "a gap announced one too short", evidence, {"sum"}

    evidence = with_gaps(well("gaps"))
    heard(evidence, 1, 2).update(received=heard(evidence, 1, 2)["next"] - 5, missed=5, gaps=[[10, 14]])
    yield "a gap within a group", evidence, {"gap"}

    evidence = well()
    evidence["nodes"][4]["killed"] = True
    evidence["times"]["killed"] = 1045
    yield "a dead one's stream, all alike", copy.deepcopy(evidence), set()
    evidence["wants"] = ["tail"]
    yield "a dead one's stream that needed no repair", copy.deepcopy(evidence), {"idle"}
    final(evidence, 2)["counters"]["repairedByOthers"] = 1
    yield "a dead one's stream that did", copy.deepcopy(evidence), set()
    heard(evidence, 1, 5)["next"] -= 1
    heard(evidence, 1, 5)["received"] -= 1
    yield "survivors apart", evidence, {"apart"}

    evidence = well()
    for status in evidence["nodes"][0]["statuses"]:
        if status["time"] > STOPPED + 10:
            heard_of(status, 2)["received"] = min(heard_of(status, 2)["received"], 1000)
    for node in (1,):
        heard(evidence, node, 2).update(received=heard(evidence, 3, 2)["received"])
    yield "the others stall for a while", evidence, {"stalled"}

    evidence = well()
    evidence["nodes"][0]["resident"].append((1030, 900 << 20))
    yield "too much memory", evidence, {"memory"}

    evidence = well()
    evidence["nodes"][0]["statuses"][5]["memory"]["ownWindow"] = evidence["window"] + (1 << 20)
    yield "a window over its bound", evidence, {"memory"}

    for key in ("lost", "delayed", "overtaken", "cut"):
        evidence = well()
        evidence["network"][key] = 0
        yield "a network that is not bad: nothing %s" % key, evidence, {"idle"}

    evidence = well()
    evidence["nodes"][4]["statuses"] = ticking(5)
    yield "a stopped node that went on", evidence, {"idle"}

    evidence = well()
    evidence["stuck"] = ["node-1"]
    yield "a node that would not end", evidence, {"stuck"}

    evidence = well()
    evidence["nodes"][0]["statuses"] = []
    yield "a node that said nothing", evidence, {"idle"}


def well(wants="flow"):
    """Five nodes at a steady rate; the fifth is stopped for a while, and then makes up for it."""
    return {
        "run": "self-test", "title": "self-test", "rate": RATE, "wants": [wants], "window": 8 << 20, "others": 8 << 20,
        "joining": 1.0, "settled": True, "groups": [[1, 2], [3, 4, 5]], "stuck": [],
        "times": {"joined": 998, "emitting": BEGIN, "cut": 1041, "healed": 1044, "stopped": STOPPED, "went-on": WENT_ON,
                  "quiet": QUIET, "settled": 1052},
        "network": {"lost": 10, "cut": 10, "passed": 1000, "delayed": 1010, "overtaken": 5, "late": 0, "worst_late_ms": 0.0},
        "nodes": [{"name": "node-%d" % number, "number": number, "killed": False, "resident": [(999, 50 << 20), (1050, 80 << 20)],
                   "statuses": [status for status in ticking(number)
                                if number != 5 or not STOPPED < status["time"] < WENT_ON]} for number in range(1, 6)],
    }


def ticking(number):
    return [status_at(number, time) for time in range(BEGIN - 1, END + 1)]


def status_at(number, time):
    return {
        "id": "id-%d" % number, "name": "node-%d" % number, "time": time, "emitted": emitted(number, time), "unreadable": 0,
        "origins": {"id-%d" % origin: {
            "received": emitted(origin, time), "next": emitted(origin, time), "repeated": 0, "skipped": 0, "misnumbered": 0,
            "missed": 0, "misplaced": 0, "gaps": []} for origin in range(1, 6) if origin != number and emitted(origin, time)},
        "memory": dict.fromkeys(("ownWindow", "receivedWindows", "ahead", "outbox", "delivery"), 1000),
        "counters": {"fetches": 3},
    }


def emitted(number, time):
    seconds = max(0, min(time, QUIET) - BEGIN)
    if number == 5:
        seconds -= max(0, min(time, WENT_ON) - STOPPED)
    return int(seconds * RATE)


def with_gaps(evidence):
    for time in evidence["nodes"][0]["statuses"][-1:]:
        heard_of(time, 3).update(received=heard_of(time, 3)["next"] - 7, missed=7, gaps=[[100, 104], [200, 201]])
    return evidence


def final(evidence, number):
    return evidence["nodes"][number - 1]["statuses"][-1]


def heard(evidence, number, origin):
    return heard_of(final(evidence, number), origin)


def heard_of(status, origin):
    return status["origins"]["id-%d" % origin]
