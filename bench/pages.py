"""Measure the review page in a real Chromium over a real PDF of 100 pages: `python -m bench.pages [--rounds 10]`.

Time from opening to the first doubtful field with its page visible; time of a page's picture, none of them drawn before;
how far frames are off the ink at 100 % and 200 %; bytes of script and style; what axe finds on every page in both themes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.browser import Seen, chromium, in_thread, until, violations
from tests.pdf_maker import Page, Pdf, lines, text
from tests.review_fixture import collection, fixture
from thresher.service.server.pages.page_assembly import PARTS, page

PAGES, ROWS = 100, 40  # of the PDF, and lines on each page
FIRST, SECOND = 60, 80  # pages of the two values that disagree
SCALE = 1.5  # pixels a point of the pictures
TARGET = {
    "title": "PriceList",
    "type": "object",
    "properties": {"title": {"type": "string"}, "valid_until": {"type": "string", "title": "Valid until"}},
    "required": ["title", "valid_until"],
}
READY = """() => {
  const card = document.querySelector('.card.selected .body');
  const frame = document.querySelector('.paper .chosen');
  const image = frame?.closest('.paper').querySelector('img');
  if (!card || !frame || !image?.complete || !image.naturalWidth) return 0;
  const place = frame.getBoundingClientRect();
  return place.top > 0 && place.bottom < innerHeight ? performance.now() : 0;
}"""


def price_list() -> bytes:
    """A PDF of text on every page; the same fact stands on two pages with two values."""
    made = []
    for n in range(1, PAGES + 1):
        rows = [f"{n:03}-{i:02} Oar, ash, {i} feet, varnished twice {n * i + 0.5:10.2f}" for i in range(ROWS)]
        content = text(72, 750, "Price list 2026" if n == 1 else f"Page {n}") + lines(72, 720, rows, 15)
        if n in {FIRST, SECOND}:
            content += text(72, 90, f"Valid until {'3 April 2027' if n == FIRST else '5 May 2027'}")
        made.append(Page(content))
    return Pdf().write(made)


def results(folder: Path) -> Path:
    """Extract the PDF with a model that answers by what stands in the text; return the folder of Results."""
    said = [
        {"when": "3 April 2027", "say": {"title": None, "valid_until": "3 April 2027"}},
        {"when": "5 May 2027", "say": {"title": None, "valid_until": "5 May 2027"}},
        {"when": "Price list 2026", "say": {"title": "Price list 2026", "valid_until": None}},
        {"when": "", "say": {"title": None, "valid_until": None}},
    ]
    (folder / "script.json").write_text(json.dumps({"answers": said}))
    (folder / "target.json").write_text(json.dumps(TARGET))
    (folder / "prices.pdf").write_bytes(price_list())
    chosen = ["--model", f"scripted:{folder / 'script.json'}", "--stance", "recall", "--out", folder / "out"]
    run("extract", folder / "prices.pdf", "--target", folder / "target.json", *chosen)
    return folder / "out"


def run(*words: object) -> None:
    """Run a command of thresher; a Result that is not complete is no fault."""
    done = subprocess.run([sys.executable, "-m", "thresher.service.cli.main", *map(str, words)], check=False)
    assert done.returncode in {0, 1}, done.returncode


@contextmanager
def reviewing(folder: Path) -> Iterator[str]:
    """Run `thresher review` over a folder; yield the address that it prints."""
    words = [sys.executable, "-m", "thresher.service.cli.main", "review", str(folder), "--port", "0", "--as", "Bench"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        line = next(said for said in process.stderr if " at http" in said)
        yield line.partition(" at ")[2].partition(",")[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def base_of(address: str) -> str:
    """Return an address without its token."""
    return address.partition("/?")[0]


def opening_times(browser: Any, address: str, rounds: int) -> list[float]:
    """Milliseconds from opening to the first doubtful field and its page visible, each with an empty cache."""
    found = []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1360, "height": 860})
        context.request.get(address)
        tab = context.new_page()
        tab.goto(f"{base_of(address)}/review/folder/0", wait_until="commit")
        while not (moment := tab.evaluate(READY)):
            time.sleep(0.005)
        found.append(moment)
        context.close()
    return found


def picture_times(address: str) -> list[float]:
    """Milliseconds of pictures that nobody asked for before, one after the other."""
    found = []
    headers = {"Authorization": f"Bearer {address.partition('token=')[2]}"}
    with httpx.Client(base_url=base_of(address), headers=headers, trust_env=False, timeout=60) as client:
        for n in range(1, 31):
            begun = time.perf_counter()
            answer = client.get("/v1/reviews/folder/0/picture", params={"page": n, "scale": SCALE})
            assert answer.status_code == 200, answer.text
            found.append(1000 * (time.perf_counter() - begun))
    return found


def ink_outside(browser: Any, address: str, zoom: int) -> float:
    """Pixels by which the ink of the framed value stands out of its frame."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    context.request.get(address)
    tab = context.new_page()
    tab.goto(f"{base_of(address)}/review/folder/0")
    tab.wait_for_selector(".paper .chosen")
    tab.evaluate(f"view.zoom = {zoom}; layOut(); framePlaces(review.fields.get(review.current))")
    until(tab, "[...document.images].every(i => !i.src || (i.complete && i.naturalWidth))")
    tab.wait_for_timeout(300)
    around = tab.locator(".chosen").first.bounding_box()
    tab.evaluate("document.querySelectorAll('.paper svg').forEach(s => s.style.visibility = 'hidden')")
    reach, aside = 5 * zoom, 2 * zoom  # less than the gaps to the words beside it
    more = (("x", -aside), ("y", -reach), ("width", 2 * aside), ("height", 2 * reach))
    clip = {k: around[k] + d for k, d in more}
    shot = Image.open(io.BytesIO(tab.screenshot(clip=clip))).convert("L").point(lambda v: 255 * (v < 160))
    context.close()
    box = shot.getbbox()
    assert box is not None, "no ink in the frame"
    across, down = aside + around["width"], reach + around["height"]
    return float(max(aside - box[0], reach - box[1], box[2] - across, box[3] - down, 0))


def axe_everywhere(browser: Any) -> dict[str, int]:
    """Violations by page and theme, over the invented Results."""
    found = {}
    with in_thread(fixture(collection())) as base:
        for theme in ("light", "dark"):
            for name, address, keys in STATES:
                context = browser.new_context(color_scheme=theme, bypass_csp=True)
                tab = context.new_page()
                tab.goto(base + address)
                tab.wait_for_timeout(700)
                for key in keys:
                    tab.keyboard.press(key)
                faults = violations(tab)
                found[f"{name}, {theme}"] = len(faults)
                print(*faults, sep="\n", end="\n" if faults else "")
                context.close()
    return found


STATES = [
    ("list", "/review/demo", ""),
    ("document", "/review/demo/0", ""),
    ("conflict", "/review/demo/0", "jj"),
    ("editor", "/review/demo/0", "jje"),
    ("table row", "/review/demo/0", "jjjjjjjjj"),
    ("checked", "/review/demo/10", "aaaa"),
    ("hostile", "/review/demo/1", ""),
    ("mail", "/review/demo/2", ""),
    ("long list", "/review/demo/3", "jjjj"),
    ("missing page", "/review/demo/4", ""),
    ("in another's hands", "/review/demo/7", ""),
    ("help", "/review/demo/0", "?"),
    ("login", "/login", ""),
    ("upload", "/", ""),
    ("reference", "/docs", ""),
]


def quartiles(found: list[float]) -> str:
    """The median with the least and the most."""
    return f"median {statistics.median(found):.0f} ms (least {min(found):.0f}, most {max(found):.0f}, n = {len(found)})"


def main() -> None:
    """Measure, and print a line each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--no-axe", action="store_true")
    chosen = asked.parse_args()
    for name in PARTS:
        made = page(name)
        print(f"script and style of {name}: {made.code_bytes:,} bytes as sent")
    with tempfile.TemporaryDirectory() as held, chromium() as browser:
        out = results(Path(held))
        with reviewing(out) as address:
            watched = browser.new_page()
            seen = Seen(base_of(address))
            seen.watch(watched)
            watched.goto(address)
            watched.goto(f"{base_of(address)}/review/folder/0")
            watched.wait_for_selector(".paper .chosen")
            watched.close()
            print("first doubtful field and its page:", quartiles(opening_times(browser, address, chosen.rounds)))
            print("a page's picture:", quartiles(picture_times(address)))
            for zoom in (1, 2):
                print(f"ink outside its frame at {zoom}00 %: {ink_outside(browser, address, zoom):.1f} px")
            print(f"requests elsewhere {len(seen.foreign)}, reports {len(seen.reports)}, faults {len(seen.faults)}")
        if not chosen.no_axe:
            found = axe_everywhere(browser)
            print(
                f"axe: {sum(found.values())} violations on {len(found)} pages and themes",
                found if any(found.values()) else "",
            )


if __name__ == "__main__":
    os.environ.pop("CI", None)
    main()
