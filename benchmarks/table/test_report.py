# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What the table says follows from the figures: run by `benchmarks/run --self-test`."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import plot  # noqa: E402
import report  # noqa: E402
import rows as table  # noqa: E402
from sources import SOURCES  # noqa: E402


def rate(ours, theirs):
    return {"a": {"per_second": ours}, "b": {"per_second": theirs}}


FASTER = table.higher("x", "", "", ("a", "per_second"), ("b", "per_second"), 2, 4)
SOONER = table.Row("y", "", "", "µs", "lower", [table.Part(("a", "per_second"), ("b", "per_second"), 2, 1)])


class Report(unittest.TestCase):
    def test_a_row_is_judged_at_its_worse_quartile(self):
        rounds = [rate(ratio, 1) for ratio in (5, 5, 5, 3, 3)]
        row = report.evaluate(FASTER, rounds, {})
        self.assertEqual((row["ratio"], row["quartiles"], row["met"], row["runs"]), (5, [3, 5], "floor", 5))

    def test_where_less_is_better_the_higher_quartile_is_the_worse(self):
        row = report.evaluate(SOONER, [rate(value, 1) for value in (0.5, 0.5, 0.5, 3, 3)], {})
        self.assertEqual((row["ratio"], row["met"]), (0.5, "no"))

    def test_a_ratio_is_of_figures_of_the_same_round(self):
        row = report.evaluate(FASTER, [rate(10, 2), rate(100, 20), rate(4, 1)], {})
        self.assertEqual(row["quartiles"], [4.5, 5])

    def test_a_row_is_as_good_as_its_worst_part(self):
        row = table.Row("z", "", "", "", "higher", [
            table.Part(("a", "per_second"), None, 1, 2, "good"), table.Part(("b", "per_second"), None, 1, 2, "bad")])
        found = report.evaluate(row, [rate(3, 0.5)], {})
        self.assertEqual((found["worst_part"], found["met"], found["ours"]), ("bad", "no", 0.5))

    def test_what_was_skipped_is_said_and_not_met(self):
        row = report.evaluate(FASTER, [{"a": {"per_second": 7}}], {"b": "no such peer"})
        self.assertEqual((row["ours"], row["ratio"], row["met"], row["skipped"]), (7, None, "no", "no such peer"))
        self.assertIn("not measured", report.text([row]))

    def test_rows_that_moved_by_more_than_15_percent_are_unstable(self):
        rows = [dict(report.evaluate(FASTER, [rate(ratio, 1)], {}), id=str(ratio)) for ratio in (3.5, 5)]
        report.mark_unstable(rows, {"rows": [{"id": "3.5", "ratio": 3}, {"id": "5", "ratio": 4.6}]})
        self.assertEqual([row["unstable"] for row in rows], [True, False])
        self.assertIn("unstable (was 3)", report.text(rows))

    def test_comparing_says_what_is_better_and_what_worse(self):
        after = [report.evaluate(FASTER, [rate(3, 1)], {}), report.evaluate(SOONER, [rate(3, 1)], {})]
        before = {"rows": [{"id": "x", "ratio": 2}, {"id": "y", "ratio": 2}]}
        text = report.compare(before, {"rows": after})
        self.assertRegex(text, r"x .*\+50% +better")
        self.assertRegex(text, r"y .*\+50% +worse")


class Table(unittest.TestCase):
    def test_every_figure_has_a_source(self):
        for name in table.sources(table.ROWS):
            self.assertIn(name, SOURCES)

    def test_rows_are_chosen_by_id_or_by_its_beginning(self):
        self.assertEqual([row.id for row in table.selected(["mesh-32"])], ["mesh-32", "mesh-32-raw"])
        self.assertTrue(all(row.id.startswith("task-") for row in table.selected(["task"])))
        with self.assertRaises(SystemExit):
            table.selected(["mash"])

    def test_floors_are_easier_than_aims(self):
        for row in table.ROWS:
            for part in row.parts:
                self.assertLess(*((part.floor, part.aim) if row.better == "higher" else (part.aim, part.floor)))


class Plot(unittest.TestCase):
    def test_a_plot_is_well_formed_and_holds_its_points(self):
        import xml.dom.minidom
        svg = plot.lines("a < b", "x", "y", [("one", [(1, 10), (100, 1000)]), ("two", [(1, 20)])])
        document = xml.dom.minidom.parseString(svg)
        self.assertEqual(len(document.getElementsByTagName("circle")), 3)


if __name__ == "__main__":
    unittest.main()
