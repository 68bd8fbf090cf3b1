"""Scripts: lines that an engine found and could not read are told from those that it read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.ocr.base import PrintedLine, PrintedWord
from thresher.service.ocr.scripts import UNREADABLE_MIN_SHARE, line_score, page_score, unread_lines, unread_share
from thresher.service.ocr.word_boxes import RecognisedLine


def spelling(text: str, sure: float = 0.95) -> RecognisedLine:
    """A line as recognised."""
    columns = tuple(None if c.isspace() else i for i, c in enumerate(text))
    return RecognisedLine(text, columns, (sure,) * len(text), float(len(text)))


READ = [("Invoice number 4711", 11.0), ("Total amount due 1,204.50", 14.0), ("Payment within thirty days", 15.0)]
# what the engine makes of Cyrillic, Hebrew and Armenian
FOREIGN = [("    4711", 12.0), ("Bceo κ oae 1 204,50", 13.0), ("    ", 17.0), ("2h h 4711", 12.0)]


def test_a_page_that_was_read_loses_no_line() -> None:
    """Nor do short lines of few letters: prices, page numbers, signs."""
    lines = [*READ, ("7", 0.8), ("£", 2.0)]
    assert unread_lines([spelling(text) for text, _ in lines], [a for _, a in lines]) == [False] * 5


def test_a_page_in_another_script_is_not_read() -> None:
    """Whatever confidence the few letters have that came out."""
    found = unread_lines([spelling(text) for text, _ in FOREIGN], [a for _, a in FOREIGN])
    assert sum(found) >= 3


GREEK = [("Tιμολγι αριμ 4711", 8.1, 0.91), ("μερμνα κδσ 12.03.2024", 10.2, 0.9), ("ρ ν εταιρεα ααυλ", 10.5, 0.79)]
CAPITALS = [("TIMOΛOTIO APIOMOΣ 4711", 9.6, 0.94), ("KAΘAPH A三IA 1.250,00 EYPΩ", 10.0, 0.95), ("EKΔOΣHΣ", 5.0, 0.99)]
HEBREW = [
    ("4711 n n nn", 7.8, 0.85),
    ("12.03.2024", 5.9, 0.99),
    ("7 7' ı77 ", 7.7, 0.71),
    ("1,250 7 D", 6.9, 0.92),
    ("'77 1,550 ı7n7 7 70", 8.6, 0.82),
    ('n"azn 7y atn', 4.8, 0.67),
]


@pytest.mark.parametrize("lines", [GREEK, CAPITALS, HEBREW], ids=["Greek", "capitals", "Hebrew"])
def test_letters_that_look_alike_are_no_reading(lines: list[tuple[str, float, float]]) -> None:
    """As engines of Latin and Chinese make them of other scripts, and are sure of: so much is lost that the page says so."""
    aspects = [aspect for _, aspect, _ in lines]
    lost = unread_lines([spelling(text, sure) for text, _, sure in lines], aspects)
    assert sum(aspect for aspect, gone in zip(aspects, lost, strict=True) if gone) >= UNREADABLE_MIN_SHARE * sum(
        aspects
    )


def test_greek_that_was_read_is_kept() -> None:
    """By an engine that knows it: small letters have accents, capitals are all Greek; and formulas in Latin text."""
    lines = [
        ("Τιμολόγιο αριθμός 4711", 8.1),
        ("ΣΥΝΟΛΙΚΟ ΠΟΣΟ 1.550,00 ΕΥΡΩ", 10.7),
        ("Πληρωμή εντός τριάντα ημερών", 12.0),
        ("where α and β are angles, Δmax the largest", 18.0),
    ]
    assert unread_lines([spelling(text) for text, _ in lines], [a for _, a in lines]) == [False] * 4


def test_a_page_in_two_scripts_keeps_what_was_read() -> None:
    """A contract in two languages, column by column."""
    lines = [*READ, *READ, FOREIGN[0], FOREIGN[2]]
    found = unread_lines([spelling(text) for text, _ in lines], [a for _, a in lines])
    assert found == [False] * 6 + [True] * 2


CODES = [
    ("EZ10HD05 - 24", 4.6, 0.96),
    ("INV NO: P0S01/00012379", 10.1, 0.92),
    ("Bi1l#:V001-540417", 5.1, 0.96),
    ("*" * 9, 20.5, 0.55),
]


def test_codes_on_a_page_that_was_read_are_kept() -> None:
    """Letters around figures are a reading of Hebrew only where the page is in no known script; a line of signs is one."""
    lines = [*((text, aspect, 0.95) for text, aspect in READ * 4), *CODES]
    assert not any(unread_lines([spelling(text, sure) for text, _, sure in lines], [a for _, a, _ in lines]))


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0.1, 60), st.floats(0, 1)), max_size=12))
def test_scores_stay_between_0_and_1(lines: list[tuple[str, float, float]]) -> None:
    """Whatever came out."""
    spelled = [spelling(text, sure) for text, _, sure in lines]
    aspects = [a for _, a, _ in lines]
    assert all(0 <= line_score(one, a) <= 1 for one, a in zip(spelled, aspects, strict=True))
    whole = page_score(spelled, aspects)
    assert whole is None or 0 <= whole <= 1
    assert len(unread_lines(spelled, aspects)) == len(lines)


@pytest.mark.parametrize(("lost", "noted"), [(0, False), (1, False), (5, True)])
def test_the_share_of_lines_without_words(lost: int, noted: bool) -> None:  # noqa: FBT001 - of a table
    """One stray line of ten is no reason to call a page unreadable."""
    word = PrintedWord("x", (0, 0, 100, 10), 0.9)
    lines = [PrintedLine((word,), (0, 0, 100, 10))] * (10 - lost) + [PrintedLine((), (0, 0, 100, 10))] * lost
    assert (unread_share(lines) >= UNREADABLE_MIN_SHARE) is noted
    assert unread_share([]) == 0
