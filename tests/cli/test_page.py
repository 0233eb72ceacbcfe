#!/usr/bin/env python3
"""The page of `meld inspect --format=html`, as it is and as a browser shows it.

    MELD=build/release/meld python tests/cli/test_page.py

Pictures of the pages are left in the folder `pages` of the build. What needs a browser is skipped where there is none.
"""

import html.parser
import os
import pathlib
import re
import sys
import unittest

import chromium
import test_inspect
from test_inspect import COMPONENT, HOSTILE, MODULE, example, facts, inspect, parse, worlds

PICTURES = pathlib.Path(os.environ.get("MELD_BUILD", "build/release")) / "pages"
REAL = pathlib.Path(os.environ.get("MELD_REAL", pathlib.Path.home() / ".cache/meld-real"))
WITHOUT_END = {"meta", "path", "rect", "i"}

# Each answers with what is wrong.
TEXT_IN_NODES = """[...document.querySelectorAll('details')].flatMap(details => {
    details.open = true;
    return [...details.querySelectorAll('.node')].flatMap(node => {
        const room = node.querySelector('rect').getBBox();
        return [...node.querySelectorAll('text')].filter(text => {
            const box = text.getBBox();
            return box.x + box.width > room.width || box.y < room.y || box.y + box.height > room.height;
        }).map(text => text.textContent);
    });
})"""
BOXES_IN_BOXES = """[...document.querySelectorAll('#sizes li.shown')].filter(box => {
    const outer = (box.parentElement.closest('li') ?? document.getElementById('sizes')).getBoundingClientRect();
    const inner = box.getBoundingClientRect(), text = box.querySelector('span').getBoundingClientRect();
    return inner.left < outer.left - 1 || inner.top < outer.top - 1 || inner.right > outer.right + 1 ||
        inner.bottom > outer.bottom + 1 || text.right > inner.right + 1 ||
        (text.height > 0 && text.bottom > inner.bottom + 1);
}).map(box => box.title)"""
BOXES_OVER_BOXES = """[...document.querySelectorAll('#sizes ul')].flatMap(list => {
    const boxes = [...list.children].filter(box => box.classList.contains('shown'))
        .map(box => ({title: box.title, ...box.getBoundingClientRect().toJSON()}));
    return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1).map(b => a.title + ' and ' + b.title));
}).slice(0, 20)"""
NODES_OVER_NODES = """[...document.querySelectorAll('svg')].flatMap(svg => {
    const places = [...svg.querySelectorAll('.node')].map(node => node.getAttribute('transform'));
    return places.filter((place, i) => places.indexOf(place) !== i);
})"""


def composition(count):
    """Each instance is given functions of two before it."""
    lines = ["(component $all (component $first (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))",
             '(func $f (canon lift (core func $i "f"))) (export "f" (func $f)))',
             '(component $other (import "left" (func $l)) (import "right" (func)) (export "f" (func $l)))',
             "(instance $i0 (instantiate $first))"]
    for i in range(1, count):
        lines.append(f'(instance $service-{i} (instantiate $other (with "left" (func {name(i // 2)} "f"))'
                     f' (with "right" (func {name(i // 3)} "f"))))')
    lines.append(f'(export "run" (func {name(count - 1)} "f")))')
    return parse("\n".join(lines))


def name(i):
    return f"$service-{i}" if i else "$i0"


class Reader(html.parser.HTMLParser):
    """Finds tags that are not closed, and all that runs or loads something."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in WITHOUT_END:
            self.open.append(tag)
        self.wrong += [f"{tag} {key}" for key, _ in attributes if key.startswith("on") or key in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if tag in WITHOUT_END:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


class Source(unittest.TestCase):
    def read(self, data):
        page = inspect(data, "html")
        reader = Reader()
        reader.feed(page)
        self.assertEqual((reader.wrong, reader.open), ([], []))
        return page, reader

    def test_is_whole(self):
        for whole, data in [*worlds(), ("empty", COMPONENT), ("core", MODULE), ("100", composition(100))]:
            with self.subTest(whole):
                page, _ = self.read(data)
                self.assertNotRegex(page, r"url\(['\"]?http|@import|//[a-z]+\.[a-z]")

    def test_names_are_no_markup(self):
        page, reader = self.read(test_inspect.Hostile().component())
        self.assertNotIn("img", reader.tags)
        self.assertEqual(reader.tags.count("script"), 1)
        self.assertNotIn(HOSTILE[:20], page)
        self.assertIn("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;", page)

    def test_what_is_small_is_gathered(self):
        functions = "".join(f'(func $f{i} (drop (i32.const {i})))' for i in range(5000))
        page, _ = self.read(parse(f"(module {functions} (func $large {'nop ' * 20000}))"))
        self.assertLess(page.count("data-size="), 700)
        self.assertRegex(page, r"What has less than [\d,]+ bytes is gathered")
        self.assertIn("5,000 other functions", page)
        self.assertEqual(sum(map(int, re.findall(r"<li class=(?:function|other) data-size=(\d+)[^>]*func", page))),
                         facts(parse(f"(module {functions} (func $large {'nop ' * 20000}))"))["core_modules"][0]["code_size"])

    def test_the_first_of_very_many_are_drawn(self):
        page, _ = self.read(composition(1500))
        self.assertEqual(page.count('class="node '), 600 + 2 + 3)  # and those of the two components in it
        self.assertIn("The first 600 of 1501 boxes are drawn", page)


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class Shown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PICTURES.mkdir(parents=True, exist_ok=True)
        cls.browser = cls.enterClassContext(chromium.Chromium())

    def show(self, title, data, dark=False, size=(1280, 900)):
        path = PICTURES / f"{title}.html"
        path.write_text(inspect(data, "html"))
        page = self.browser.open(path, dark, size)
        self.addCleanup(page.close)
        page.photograph(PICTURES / f"{title}-{'dark' if dark else 'light'}-{size[0]}.png")
        return page

    def check(self, page):
        for wrong in (TEXT_IN_NODES, BOXES_IN_BOXES, BOXES_OVER_BOXES, NODES_OVER_NODES):
            self.assertEqual(page.ask(wrong), [])
            page.settle()
        self.assertTrue(page.ask("document.documentElement.scrollWidth <= innerWidth"))
        self.assertEqual(page.complaints(), [])
        self.assertEqual([url[:5] for url in page.requests()], ["file:"])

    def test_example(self):
        for dark in (False, True):
            for size in ((1280, 900), (400, 800)):
                with self.subTest(dark=dark, size=size):
                    self.check(self.show("three-components", example(), dark, size))

    def test_every_instance_is_there(self):
        cases = {"composition": composition(100), **{whole: data for whole, data in worlds() if whole != "three-components"}}
        for whole, data in cases.items():
            with self.subTest(whole):
                page = self.show(whole, data, whole == "composition")
                self.check(page)
                instances = [i for i in facts(data)["instances"] if i["of"]]
                self.assertEqual(page.ask("document.querySelectorAll('.node.instance, .node.core').length"), len(instances))

    def test_hostile_names(self):
        page = self.show("hostile", test_inspect.Hostile().component())
        self.check(page)
        self.assertEqual(page.ask("document.querySelectorAll('img, iframe, script').length"), 1)

    def test_core_module(self):
        self.check(self.show("core", MODULE))

    def test_a_box_is_looked_into_and_left(self):
        page = self.show("zoom", example())
        self.assertEqual(page.ask("document.querySelectorAll('#way button').length"), 0)
        page.ask("document.querySelector('#sizes li.module > span').click()")
        self.assertEqual(page.ask("[...document.querySelectorAll('#way button')].map(b => b.textContent)"),
                         ['component "app"', 'component 0 "counting"', 'core module 0 "code"'])
        self.assertEqual(page.ask(BOXES_OVER_BOXES), [])
        self.assertGreater(page.ask("document.querySelector('#sizes li.module').clientWidth"), 1000)
        page.photograph(PICTURES / "zoom-inside.png")
        page.ask("document.querySelector('#way button').click()")
        self.assertEqual(page.ask("document.querySelectorAll('#way button').length"), 0)
        self.check(page)

    def test_what_a_node_is_connected_with_lights_up(self):
        page = self.show("light", example())
        page.ask("document.querySelector('.node.instance').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))")
        self.assertEqual(page.ask("[...document.querySelectorAll('.node.lit text:not(.kind)')].map(t => t.textContent)"),
                         ["counting", "greeting"])
        self.assertEqual(page.ask("document.querySelectorAll('.edge.lit').length"), 1)
        before = page.ask("document.querySelector('.graph svg').clientWidth")
        page.ask("document.querySelector('[data-zoom=\"1.25\"]').click()")
        self.assertAlmostEqual(page.ask("document.querySelector('.graph svg').clientWidth"), before * 1.25, delta=2)
        self.check(page)

    def test_large_ones(self):
        found = [path for path in (REAL / f"{n}.wasm" for n in ("js_hello", "words-python", "greeting-quickjs")) if path.exists()]
        if not found:
            self.skipTest(f"there are no real inputs in {REAL}")
        for path in found:
            with self.subTest(path.name):
                page = self.show(path.stem, path.read_bytes(), dark=path.stem == "greeting-quickjs")
                self.check(page)
                self.assertLess(page.ask("document.querySelectorAll('*').length"), 20000)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
