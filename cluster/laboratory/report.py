# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Says in numbers what a run was like."""

from laboratory.judge import CODES, MEBI, last

# A machine that gives less than this share of the rate is said to be too slow for it.
ENOUGH = 0.95


def lines(evidence, judgement):
    numbers, counts, times = judgement.numbers, evidence["network"], evidence["times"]
    yield "run %s" % evidence["title"]
    passed = counts["passed"] + counts["lost"] + counts["cut"]
    yield "  network    %d frames: %d lost (%.1f %% of those that met no cut), %d cut, %d overtaken by others;" \
        " %d left more than 2 ms late, the worst %.0f ms" % (
            passed, counts["lost"], 100 * counts["lost"] / max(1, counts["lost"] + counts["passed"]), counts["cut"],
            counts["overtaken"], counts["late"], counts["worst_late_ms"])
    rates = numbers.get("rates", {})
    if rates:
        yield "  emitted    %s a second; joined in %.1f s" % (
            ", ".join("%.0f" % rate for _, rate in sorted(rates.items())), evidence["joining"])
        if min(rates.values()) < ENOUGH * evidence["rate"]:
            yield "  TOO BUSY   this machine did not give the %d a second asked for; what follows holds for what it gave" % \
                evidence["rate"]
    if "heard" in numbers:
        yield "  heard      %d of %d events; %d announced as missed, in %d runs" % (
            numbers["heard"], numbers["emitted"], numbers["missed"], numbers["runs"])
    for key, word in (("caught_up", "the heal"), ("resumed", "the stopped node went on")):
        if key in numbers:
            yield "  caught up  %s after %s everyone had what had been emitted by then" % (
                "never" if numbers[key] is None else "%.1f s" % numbers[key], word)
    yield "  at rest    %s%.1f s after the last event%s" % (
        "" if evidence["settled"] else "NOT ", times["settled"] - times["quiet"],
        ", %.1f s after the heal" % (times["settled"] - times["healed"]) if "healed" in times else "")
    if "before" in numbers:
        yield "  flow       %.0f a second between the others before the stop; while it lasted %.2f of that in the worst 5 s," \
            " %.2f in the worst second" % (numbers["before"], numbers["during"] / max(1, numbers["before"]),
                                           numbers["worst_second"] / max(1, numbers["before"]))
    totals = {}
    for node in evidence["nodes"]:
        for name, count in last(node)["counters"].items():
            if isinstance(count, int) and count:
                totals[name] = totals.get(name, 0) + count
    yield "  counters   %s" % (", ".join("%s %d" % pair for pair in sorted(totals.items())) or "none")
    if numbers.get("grown"):
        yield "  memory     grew by %s MiB; the bounds come to %.0f" % (
            ", ".join("%.0f" % (size / MEBI) for _, size in sorted(numbers["grown"].items())),
            numbers["memory_bound"] / MEBI)


def findings(judgement, most=10):
    for code in CODES:
        found = [finding for finding in judgement.findings if finding.code == code]
        if found:
            yield "  %s: %d (%s)" % (code, len(found), CODES[code])
            for finding in found[:most]:
                yield "    " + finding.text
            if len(found) > most:
                yield "    … and %d more" % (len(found) - most)


def summary(evidence, judgement):
    """The run as one object."""
    return {
        "run": evidence["run"], "title": evidence["title"], "well": not judgement.findings,
        "findings": [finding._asdict() for finding in judgement.findings], "numbers": judgement.numbers,
        "network": evidence["network"], "settled": evidence["settled"], "times": evidence["times"],
        "nodes": [{"name": node["name"], "killed": node["killed"], "last": last(node) if node["statuses"] else None,
                   "resident": max([size for _, size in node["resident"]] or [0])} for node in evidence["nodes"]],
    }
