"""The review page in a real browser, over invented Results: frames, keys, hostile text, access, size."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.browser import Seen, chromium, in_thread, until, violations
from tests.review_fixture import BIDI, HOSTILE, Made, collection, fixture
from thresher.service.server.pages.page_assembly import PARTS, page

pytest.importorskip("fastapi")
PAGE_MAX_BYTES = 60_000  # of script and style as sent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, list[Made]]]:
    """The pages over the invented Results."""
    documents = collection()
    with in_thread(fixture(documents)) as base:
        yield base, documents


@pytest.fixture
def opened(browser: Any, served: tuple[str, list[Made]]) -> Iterator[Any]:
    """An empty tab that is watched: nothing may ask another host, break the policy, or fail."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    tab = context.new_page()
    seen = Seen(served[0])
    seen.watch(tab)
    yield tab
    context.close()
    assert (seen.foreign, seen.reports, seen.faults) == ([], [], [])


def shown(tab: Any, base: str, number: int) -> None:
    """Open a document and wait for its first field."""
    tab.goto(f"{base}/review/demo/{number}")
    tab.wait_for_selector(".card.selected .body")


def current(tab: Any) -> str:
    """The name of the chosen field."""
    return str(tab.locator(".selected .head .name").inner_text())


def saved(tab: Any, number: int) -> None:
    """Wait until so many fields are decided and the service has answered each decision."""
    until(tab, f"review.done.length === {number} && !Object.values(review.sending).some(Boolean)")


@pytest.mark.parametrize("scale", [1, 2])
def test_a_frame_lies_on_its_value(opened: Any, served: tuple[str, list[Made]], scale: int) -> None:
    """At 100 % and 200 % the frame is less than 2 pixels off the printed box, measured on the picture itself."""
    shown(opened, served[0], 0)
    opened.evaluate(f"view.zoom = {scale}; layOut(); framePlaces(review.fields.get(review.current))")
    until(opened, "[...document.images].every(i => !i.src || i.complete)")
    around = opened.locator(".chosen").first.bounding_box()
    opened.evaluate("document.querySelectorAll('.paper svg').forEach(s => s.style.visibility = 'hidden')")
    clip = {k: around[k] + d for k, d in (("x", -8), ("y", -8), ("width", 16), ("height", 16))}
    picture = Image.open(io.BytesIO(opened.screenshot(clip=clip))).convert("L").point(lambda v: 255 * (v < 245))
    found = picture.getbbox()
    assert found is not None
    edges = [found[0] - 8, found[1] - 8, found[2] - 8 - around["width"], found[3] - 8 - around["height"]]
    assert max(map(abs, edges)) < 2, edges


def test_a_right_value_takes_one_key_and_a_wrong_one_itself_and_two(
    opened: Any, served: tuple[str, list[Made]]
) -> None:
    """`a` accepts and goes to the next doubtful field; `e`, the value as typed, Enter corrects; `u` takes back."""
    shown(opened, served[0], 6)
    assert current(opened) == "Vendor"
    for key in ("a", "a", "e"):
        opened.keyboard.press(key)
    opened.keyboard.type("1.234,56")
    opened.keyboard.press("Enter")
    saved(opened, 3)
    events = served[1][6].events
    assert [(e["path"], e["action"], e["new"]) for e in events] == [
        ("/vendor", "accept", None),
        ("/due", "absent", None),
        ("/total", "edit", "1.234,56"),
    ]
    assert "row 4" in current(opened)
    opened.keyboard.press("a")
    opened.wait_for_selector("#accept-document:focus")
    opened.keyboard.press("u")
    saved(opened, 3)
    opened.keyboard.press("Shift+A")
    until(opened, "review.number === 7 || review.number === 8 || review.number === 9")
    assert served[1][6].review is not None
    assert served[1][6].review["state"] == "accepted"


def test_what_was_typed_outlives_refusals_leaving_and_loading_again(
    opened: Any, served: tuple[str, list[Made]]
) -> None:
    """An ambiguous number stays in the editor with what it could be; a draft is still there after the page is loaded again."""
    shown(opened, served[0], 9)
    for key in ("j", "j", "e"):
        opened.keyboard.press(key)
    opened.keyboard.type("1.234")
    opened.keyboard.press("Enter")
    opened.wait_for_selector(".selected [role=alert]")
    assert opened.locator("[data-editor]").input_value() == "1.234"
    assert "type it with its decimals" in opened.locator(".selected [role=alert]").inner_text()
    opened.reload()
    opened.wait_for_selector(".card.selected .body")
    for key in ("j", "j"):
        opened.keyboard.press(key)
    assert opened.locator("[data-editor]").input_value() == "1.234"
    served[1][9].events.append({"by": "Maria"})  # somebody else was faster
    opened.locator("[data-editor]").fill("99,10")
    opened.keyboard.press("Enter")
    until(opened, "!!document.querySelector('.selected [role=alert]')?.textContent.includes('Maria')")
    assert opened.locator("[data-editor]").input_value() == "99,10"
    opened.locator("[data-editor]").press("Enter")
    saved(opened, 1)
    assert served[1][9].events[-1]["new"] == "99,10"


def test_keys_can_be_turned_off(opened: Any, served: tuple[str, list[Made]]) -> None:
    """Without single keys nothing happens at a letter; the buttons still work, and the choice is kept."""
    shown(opened, served[0], 10)
    opened.keyboard.press("?")
    opened.get_by_label("Use single keys").uncheck()
    opened.keyboard.press("Escape")
    opened.reload()
    opened.wait_for_selector(".card.selected .body")
    opened.keyboard.press("a")
    opened.get_by_role("button", name="Accept", exact=True).click()
    saved(opened, 1)
    assert len(served[1][10].events) == 1


def test_hostile_text_is_shown_as_text_and_never_runs(opened: Any, served: tuple[str, list[Made]]) -> None:
    """Markup, scripts and controls of direction in names, values, quotes, codes and notes stay letters."""
    opened.goto(f"{served[0]}/review/demo")
    opened.wait_for_selector(".documents")
    opened.get_by_role("link", name="<img").click()
    opened.wait_for_selector(".card.selected .body")
    for key in ("j", "j", "j", "k", "1"):
        opened.keyboard.press(key)
    opened.evaluate("showHistory()")
    opened.wait_for_selector("dialog[open]")
    text = opened.locator("body").inner_text()
    assert HOSTILE in text
    assert "U+202E" in text
    assert not any(c in opened.evaluate("document.body.textContent") for c in BIDI if c in "\u202e\u2066")
    assert opened.evaluate("window.hacked") is None
    assert opened.evaluate("document.querySelectorAll('main img[onerror], main script, dialog script').length") == 0


def test_a_hovered_box_lights_its_field_and_a_click_chooses_it(opened: Any, served: tuple[str, list[Made]]) -> None:
    """Boxes lead to fields, as fields lead to boxes."""
    shown(opened, served[0], 11)
    box = opened.locator('rect[data-path="/number"]')
    box.hover()
    assert opened.locator('.card[data-path="/number"]').get_attribute("class").split().count("lit") == 1
    box.click()
    assert current(opened) == "Invoice number"


def test_a_row_is_removed_restored_and_added(opened: Any, served: tuple[str, list[Made]]) -> None:
    """A whole row leaves by one button and comes back by it; an empty one is added behind the last."""
    shown(opened, served[0], 13)
    opened.get_by_role("button", name="Remove row 2", exact=True).click()
    opened.wait_for_selector("tr.gone")
    opened.get_by_role("button", name="Restore row 2", exact=True).click()
    until(opened, "!document.querySelector('tr.gone')")
    opened.get_by_role("button", name="Add a row").click()
    opened.wait_for_selector("[data-editor]:focus")
    assert opened.evaluate("review.current") == "/lines/12/item"


def test_a_mail_shows_the_passage_and_a_missing_page_says_so(opened: Any, served: tuple[str, list[Made]]) -> None:
    """Text evidence is marked in the text; a page whose picture fails tells why, and the values stay."""
    shown(opened, served[0], 2)
    opened.wait_for_selector("mark.chosen")
    assert opened.locator("mark.chosen").inner_text() == "86.50"
    shown(opened, served[0], 4)
    opened.wait_for_selector(".missing")
    assert "can not be shown" in opened.locator(".missing").inner_text()


def test_axe_finds_nothing(browser: Any, served: tuple[str, list[Made]]) -> None:
    """The list, and a document with its editor open: no violation, in the dark no colour too weak. `bench/pages.py` looks at all."""
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    tab.goto(f"{served[0]}/review/demo")
    tab.wait_for_selector(".documents")
    found = violations(tab)
    shown(tab, served[0], 12)
    for key in "jje":
        tab.keyboard.press(key)
    found += violations(tab)
    tab.evaluate("switchTheme()")
    found += violations(tab, "color-contrast")
    context.close()
    assert found == []


def test_the_pages_are_small() -> None:
    """Script and style of the review page together stay under 60 KB as sent; the other pages are smaller."""
    assert all(page(name).code_bytes <= PAGE_MAX_BYTES for name in PARTS), {n: page(n).code_bytes for n in PARTS}
