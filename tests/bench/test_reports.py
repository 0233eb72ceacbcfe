#!/usr/bin/env python3
"""What the benchmark says about figures: which goals hold, whether a proof saves what it has to, and that a document is
written anew where it should be and nowhere else. The figures here are made up."""

import argparse
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import cases as all_cases  # noqa: E402
import fusing  # noqa: E402
import goals  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import savings  # noqa: E402

ROUNDS = (1.1, 1.0, 1.05, 1.2)


def entry(nanoseconds):
    return {"ns": [nanoseconds * factor for factor in ROUNDS]}


def case(name, **forms):
    of = next(case for case in all_cases.CASES if case.name == name)
    forms = {form: entry(ns) if not isinstance(ns, str) else {"reason": ns} for form, ns in forms.items()}
    return {"name": name, "title": of.title, "group": of.group, "hand_is_floor": of.hand_is_floor, "bytes": {"core": 100},
            "instructions": {"core": 19.0, "floor": 18.0}, "engines": {"wasmtime": forms}}


def tool(seconds, processor=None, peak=1):
    return {"seconds": [2 * seconds, seconds], "processor": [processor or seconds], "peak": peak, "output": 10}


def part(word):
    return {"date": word, "machine": {"processor": "p", "cores": 2, "load": 0.1, "system": "s"},
            "versions": {"meld": word, "wasmtime": "50"}, "rounds": 4, "missing": []}


def results(word="first", validate=0.2):
    every = dict.fromkeys(fusing.inputs.KINDS)
    hello = {"meld": tool(0.1, peak=20), "meld --validate": tool(0.21, peak=20), "wasm-tools validate": tool(validate),
             "meld-cli": tool(3.1)}
    scaling = [{"kind": kind, "item": "item", "items": count, "bytes": 5, "tools": {"meld": tool(count / 1000)}}
               for kind in every for count in (1_000, 10_000)]
    program = {"name": "json", "title": "Json (crate)", "like": "", "n": 1, "calls": 10, "bytes": {"core": 5},
               "engines": {"wasmtime": {"unfused": entry(9e6), "core": entry(6e6), "floor": entry(5e6)}}}
    start = {form: {"compile": 1.0, "instantiate": 0.1 if form != "unfused" else 1.0} for form in ("unfused", "component", "core")}
    return {
        "parts": {name: part(word) for name in run.PARTS},
        "cases": [case("number", unfused=5, core=1.0, component=1, floor=1.0),
                  case("string_16", unfused=30, core=12, simd=14, component=12, hand=13.0, floor=1.0),
                  case("method", unfused=400, core=3.6, component=4, floor=1.0, hand="refused")],
        "programs": [program, {"name": "image", "title": "Image", "reason": "cargo is not there"}],
        "fusing": [{"what": "componentize-js hello", "bytes": 10, "tools": hello},
                   {"what": "componentize-py hello", "reason": "there is no npm"}],
        "scaling": scaling, "start": {**start, "items": 100},
    }


class Goals(unittest.TestCase):
    def test_calls(self):
        said = {cells[0]: missed for cells, missed in goals.call_rows(results())}
        self.assertEqual(said["u32 → u32"], [])
        self.assertIn("19 (18 floor)", goals.call_goals(results()))
        self.assertEqual(said["string, 16 bytes"], [])
        self.assertEqual(said["string, 16 bytes, `--features=+simd`"], ["by hand", "unfused"])
        self.assertEqual(said["method on a borrowed resource"], ["floor", "by hand is not there", "unfused"])

    def test_a_limit_itself_holds(self):
        row = goals.call_row("t", {"core": entry(1.05), "floor": entry(1.0)}, "core", {"floor": 1.05})
        self.assertEqual(row[1], [])
        row = goals.call_row("t", {"core": entry(1.06), "floor": entry(1.0)}, "core", {"floor": 1.05})
        self.assertEqual(row[1], ["floor"])

    def test_fusing(self):
        said = {cells[0]: missed for cells, missed in goals.fusing_rows(results())}
        self.assertEqual([missed for missed in said.values() if missed], [])
        self.assertGreater(len(said), 5)
        said = {cells[0]: missed for cells, missed in goals.fusing_rows(results(validate=0.15))}
        self.assertEqual(said["componentize-js hello: fusing ÷ `wasm-tools validate`"], ["by the clock", "by processor time"])

    def test_either_time_may_miss(self):
        found = results()
        found["fusing"][0]["tools"]["meld"]["processor"] = [0.15]
        said = {cells[0]: missed for cells, missed in goals.fusing_rows(found)}
        self.assertEqual(said["componentize-js hello: fusing ÷ `wasm-tools validate`"], ["by processor time"])
        self.assertEqual(said["componentize-js hello: meld-cli ÷ fusing"], ["by processor time"])

    def test_peak(self):
        found = results()
        found["fusing"][0]["tools"]["meld --validate"]["peak"] = 26
        missed = [cells[0] for cells, missed in goals.fusing_rows(found) if missed]
        self.assertEqual(missed, ["componentize-js hello: peak memory ÷ input, with `--validate` or without"])

    def test_what_is_not_there_is_no_goal(self):
        found = {**results(), "fusing": [], "scaling": [], "start": None}
        self.assertEqual(list(goals.fusing_rows(found)), [])
        hold, all_of_them = goals.count(found)
        self.assertEqual((hold, all_of_them), (2, 4))


class Savings(unittest.TestCase):
    @staticmethod
    def row(without, again=(1.0, 1.0, 1.0, 1.0), at_least=1.3, **more):
        times = {"core": {"ns": [1.0] * 4}, "again": {"ns": list(again)}, "without": {"ns": list(without)}}
        return savings.Row("case", 100, 200, times, at_least, **more)

    def test_saves(self):
        self.assertEqual(list(self.row((1.5, 1.4, 1.6, 1.4)).faults()), [])

    def test_too_little(self):
        self.assertEqual(len(list(self.row((1.29, 1.4, 1.6, 1.4)).faults())), 1)

    def test_not_in_all_rounds(self):
        self.assertEqual(len(list(self.row((1.04, 1.04, 0.9, 0.9), at_least=0.9).faults())), 1)

    def test_noise(self):
        self.assertEqual(len(list(self.row((1.5, 1.4, 1.6, 1.4), again=(1.7, 1.6, 1.8, 1.7)).faults())), 1)

    def test_bytes(self):
        self.assertEqual(list(savings.Row("case", 100, 200, bytes_at_least=100).faults()), [])
        self.assertEqual(len(list(savings.Row("case", 100, 199, bytes_at_least=100).faults())), 1)
        self.assertEqual(len(list(savings.Row("case", 200, 100, bytes_at_least=100).faults())), 1)

    def test_nothing_to_judge_by(self):
        self.assertEqual(len(list(savings.Saving("p", "words").faults())), 1)
        shown = savings.Row("case", 100, 99)
        self.assertEqual(len(list(savings.Saving("p", "words", [shown]).faults())), 1)

    def test_every_proof_says_what_it_has_to_save(self):
        self.assertEqual(set(savings.read_proofs()), set(savings.EXPECTED))
        for name, expected in savings.EXPECTED.items():
            self.assertTrue(expected.times or expected.bytes, name)
            for case_name in savings.cases_of(expected):
                self.assertIsNotNone(savings.case_named(case_name))


def written(found, folder, document, readme=None, only=None):
    options = argparse.Namespace(folder=folder, document=document, readme=readme, part=only)
    with contextlib.redirect_stdout(io.StringIO()):
        run.write(found, options)
    return document.read_text()


class Documents(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.document = self.folder / "page" / "performance.md"
        self.document.parent.mkdir()
        self.document.write_text((ROOT / "docs/performance.md").read_text())

    def test_the_page_has_a_place_for_all(self):
        page = (ROOT / "docs/performance.md").read_text()
        for name in (*run.texts_and_charts(results())[0], "savings"):
            self.assertEqual(page.count(f"<!-- {name} -->\n"), 1, name)
            self.assertEqual(page.count(f"<!-- end of {name} -->"), 1, name)

    def test_all_is_written(self):
        page = written(results("today"), self.folder, self.document)
        self.assertEqual(page.count("Measured on today"), 3)
        texts, charts = run.texts_and_charts(results("today"))
        for text in texts.values():
            self.assertIn(text, page)
        self.assertEqual(set(charts), {"calls.svg", "programs.svg"})
        for name in charts:
            self.assertEqual((self.document.parent / name).read_text(), charts[name])
        self.assertEqual(written(results("today"), self.folder, self.document), page)

    def test_readme(self):
        readme = self.folder / "README.md"
        readme.write_text((ROOT / "README.md").read_text())
        written(results(), self.folder, self.document, readme)
        page = readme.read_text()
        self.assertIn("| string, 16 bytes | 30.0 | 12.0 | not measured | not measured |", page)
        self.assertIn("1 of them, take 33% less time in wasmtime when", page)
        self.assertIn("takes 100 ms of processor time: `wasm-tools validate` takes 2.00 times as long, and meld-cli takes 31 times as long.", page)

    def test_a_slower_program_is_said(self):
        found = results()["programs"][:1]
        found[0]["engines"]["wasmtime"]["core"] = entry(9.9e6)
        self.assertEqual(report.less_time(found, "wasmtime"), "10% more time in wasmtime")
        found.append({"engines": {"wasmtime": {"unfused": entry(10e6), "core": entry(5e6)}}})
        self.assertEqual(report.less_time(found, "wasmtime"), "from 10% more to 50% less time in wasmtime")

    def test_headings_have_a_line_before_them(self):
        page = written(results(), self.folder, self.document)
        for text in (page, (self.folder / "performance.md").read_text()):
            lines = text.splitlines()
            for i, line in enumerate(lines[1:], 1):
                if line.startswith(("#", "|---")):
                    before = lines[i - 1]
                    self.assertTrue(before.startswith("|") if line.startswith("|") else before == "" or before.startswith("<!--"),
                                    (before, line))

    def test_a_part_leaves_the_others(self):
        first = results("first")
        before = written(first, self.folder, self.document)
        later = json.loads(json.dumps(first))
        later["parts"]["programs"] = part("later")
        later["programs"][0]["engines"]["wasmtime"]["core"] = entry(7e6)
        later["cases"][0]["engines"]["wasmtime"]["core"] = entry(77)  # of the folder, and older than the document
        after = written(later, self.folder, self.document, only="programs")
        self.assertEqual(after.count("Measured on first"), 2)
        self.assertEqual(after.count("Measured on later"), 1)
        cut = [text.split("<!-- programs -->")[0] + text.split("<!-- end of programs -->")[1] for text in (before, after)]
        self.assertEqual(*cut)
        self.assertNotEqual((self.folder / "programs.svg").read_text(), run.chart.program_chart(first))
        self.assertEqual((self.document.parent / "programs.svg").read_text(), run.chart.program_chart(later))
        self.assertEqual((self.document.parent / "calls.svg").read_text(), run.chart.chart(first))

    def test_earlier_results_are_kept(self):
        (self.folder / "results.json").write_text(json.dumps(results("first")))
        options = argparse.Namespace(folder=self.folder, part="fusing")
        self.assertEqual(run.earlier_results(options)["parts"]["calls"]["date"], "first")
        options.part = None
        self.assertEqual(run.earlier_results(options), run.empty_results())

    def test_only_one_part(self):
        only = {**run.empty_results(), "parts": {"calls": part("now")}, "cases": results()["cases"]}
        self.assertEqual(set(run.texts_and_charts(only)[0]), {"goals of calls", "calls"})

    def test_what_is_left_out_is_said(self):
        page = report.program_part(results())
        self.assertIn("left out: cargo is not there", page)
        self.assertIn("left out: there is no npm", report.fusing_part(results()))

    def test_charts_are_xml(self):
        for drawn in run.texts_and_charts(results())[1].values():
            xml.etree.ElementTree.fromstring(drawn)


if __name__ == "__main__":
    unittest.main(verbosity=1)
