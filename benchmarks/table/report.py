# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""Turns rounds into rows: medians, quartiles, what is met; and writes them as a table, as JSON and as Markdown."""
import os
import statistics


HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNSTABLE = 0.15


def quartiles(values):
    if len(values) < 2:
        return [values[0], values[0]]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return [first, third]


def met(part, better, quartile):
    def holds(goal):
        return quartile >= goal if better == "higher" else quartile <= goal
    return "aim" if holds(part.aim) else "floor" if holds(part.floor) else "no"


def rounded(value):
    return None if value is None else float(f"{value:.4g}")


def evaluate_part(row, part, rounds):
    """One part's figures over the rounds in which both sides were measured."""
    ours, theirs, ratios = [], [], []
    for figures in rounds:
        own = figures.get(part.ours[0], {}).get(part.ours[1])
        if own is None:
            continue
        other = 1.0
        if part.denominator:
            other = figures.get(part.denominator[0], {}).get(part.denominator[1])
            if not other:
                continue
        ours.append(own)
        theirs.append(other)
        ratios.append(own / other)
    found = {
        "ours": None, "denominator": None, "ratio": None, "quartiles": None, "floor": part.floor, "aim": part.aim,
        "met": "no", "runs": len(ratios),
    }
    if part.name:
        found["name"] = part.name
    if not ratios:
        own = [figures[part.ours[0]][part.ours[1]] for figures in rounds if part.ours[1] in figures.get(part.ours[0], {})]
        found["ours"] = rounded(statistics.median(own)) if own else None
        return found
    low, high = quartiles(ratios)
    found.update(
        ours=rounded(statistics.median(ours)),
        denominator=rounded(statistics.median(theirs)) if part.denominator else None,
        ratio=rounded(statistics.median(ratios)), quartiles=[rounded(low), rounded(high)],
        met=met(part, row.better, low if row.better == "higher" else high))
    return found


def evaluate(row, rounds, absent):
    """A row is as good as its worst part."""
    parts = [evaluate_part(row, part, rounds) for part in row.parts]
    rank = {"no": 0, "floor": 1, "aim": 2}

    def standing(part):
        if part["ratio"] is None:
            return (-1, 0)
        share = part["ratio"] / part["floor"] if row.better == "higher" else part["floor"] / max(part["ratio"], 1e-12)
        return (rank[part["met"]], share)

    worst = min(parts, key=standing)
    found = {"id": row.id, "what": row.what, "against": row.against, "unit": row.unit, "better": row.better}
    found.update({key: value for key, value in worst.items() if key != "name"})
    if len(parts) > 1:
        found["worst_part"] = worst["name"]
        found["parts"] = parts
    missing = sorted({
        absent[figure[0]] for part in row.parts for figure in (part.denominator, part.ours)
        if figure and figure[0] in absent})
    if missing:
        found["skipped"] = "; ".join(missing)
    return found


def mark_unstable(rows, earlier):
    """Marks rows whose medians differ from an earlier result of the same machine by more than 15 %."""
    before = {row["id"]: row for row in earlier["rows"]}
    for row in rows:
        old = before.get(row["id"], {}).get("ratio")
        if not old or not row["ratio"]:
            continue
        row["before"] = old
        row["unstable"] = abs(row["ratio"] - old) / old > UNSTABLE


def short(value):
    if value is None:
        return "–"
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 1e4:
        return f"{value / 1e3:.0f} k"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def goal(row, value):
    return ("≥ " if row["better"] == "higher" else "≤ ") + f"{value:g}"


HEAD = ["id", "ours", "denominator", "unit", "ratio", "quartiles", "floor", "aim", "met"]


def cells(row, part=None):
    shown = part or row
    span = "–" if not shown["quartiles"] else "–".join(f"{value:.3g}" for value in shown["quartiles"])
    verdict = shown["met"] if shown["ratio"] is not None else "not measured"
    if not part and row.get("unstable"):
        verdict += f", unstable (was {row['before']:.3g})"
    name = f"  {part['name']}" if part else row["id"]
    return [name, short(shown["ours"]), short(shown["denominator"]), row["unit"],
            "–" if shown["ratio"] is None or shown["denominator"] is None else f"{shown['ratio']:.3g}", span,
            goal(row, shown["floor"]), goal(row, shown["aim"]), verdict]


def lines(rows):
    found = [HEAD]
    for row in rows:
        if "parts" in row:
            found.append([row["id"], "", "", row["unit"], "", "", "", "", cells(row)[-1]])
            found += [cells(row, part) for part in row["parts"]]
        else:
            found.append(cells(row))
    return found


def text(rows):
    """The table for a terminal."""
    found = lines(rows)
    widths = [max(len(line[column]) for line in found) for column in range(len(HEAD))]
    out = []
    for line in found:
        out.append("  ".join(
            cell.ljust(width) if column in (0, 3, 8) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))).rstrip())
    skipped = {row["skipped"] for row in rows if row.get("skipped")}
    return "\n".join(out + [f"skipped: {reason}" for reason in sorted(skipped)])


def machine_lines(machine):
    facts = [f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}"]
    facts.append(", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items())))
    return facts


def notes():
    """The explanations in benchmarks/notes.md, by the id in their heading."""
    found, current = {}, None
    path = os.path.join(HERE, "notes.md")
    if not os.path.exists(path):
        return found
    with open(path) as file:
        for line in file:
            if line.startswith("## "):
                current = line[3:].strip()
                found[current] = []
            elif current:
                found[current].append(line.rstrip("\n"))
    return {name: "\n".join(body).strip() for name, body in found.items()}


def markdown(result, plots):
    rows = result["rows"]
    out = [f"# {result['date']}: what was measured", ""]
    out += [line + "  " for line in machine_lines(result["machine"])]
    out += ["", f"Commit {result['commit']}, {result['rounds']} rounds, each with baselines, peers and this build in turn. "
            f"{result['load']}", "",
            "A ratio is ours over the denominator, the median of the rounds; *met* is judged at the worse quartile.", ""]
    found = lines(rows)
    what = {row["id"]: f"{row['what']}; against {row['against']}" for row in rows}
    out.append("| " + " | ".join(HEAD[:1] + ["what"] + HEAD[1:]) + " |")
    out.append("| " + " | ".join(["---"] * (len(HEAD) + 1)) + " |")
    for line in found[1:]:
        out.append("| " + " | ".join([line[0].replace("  ", "↳ ", 1), what.get(line[0], ""), *line[1:]]) + " |")
    skipped = {row["skipped"] for row in rows if row.get("skipped")}
    if skipped:
        out += [""] + [f"Skipped: {reason}." for reason in sorted(skipped)]
    for name in plots:
        out += ["", f"![{name}]({name})"]
    explained = notes()
    behind = [row for row in rows if row["met"] != "aim" and row["ratio"] is not None and row["id"] in explained]
    if behind:
        out += ["", "## Where the time goes", ""]
        for row in behind:
            out += [f"**{row['id']}** ({row['met']}): {explained[row['id']]}", ""]
    return "\n".join(out).rstrip() + "\n"


def compare(old, new):
    """Two results side by side."""
    before = {row["id"]: row for row in old["rows"]}
    found = [["id", "before", "after", "change", ""]]
    for row in new["rows"]:
        first, second = before.get(row["id"], {}).get("ratio"), row["ratio"]
        if not first or not second:
            continue
        change = (second - first) / first
        better = change > 0 if row["better"] == "higher" else change < 0
        word = "" if abs(change) <= UNSTABLE else "better" if better else "worse"
        found.append([row["id"], f"{first:.3g}", f"{second:.3g}", f"{change:+.0%}", word])
    widths = [max(len(line[column]) for line in found) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in found)


