"""Which value a text itself says is the right one, and what only looks as if it said so."""

from __future__ import annotations

import re

import pytest

from thresher.service.merging import correction_words
from thresher.service.merging.corrections import Rival, find_correction


def rivals_in(text: str, *values: str) -> list[Rival]:
    """Each value, found where it first stands."""
    return [
        Rival(written=(v,), places=tuple((0, m.start(), m.end()) for m in list(re.finditer(re.escape(v), text))[:1]))
        for v in values
    ]


def winner(text: str, name: str, *values: str) -> str | None:
    """The value that the text says is right, where it leaves only one."""
    found = find_correction(rivals_in(text, *values), [text], name)
    return values[found.winner] if found and len(found.left) == 1 else None


OLD, NEW = "4711", "4712"
HEAD = "Account number: 4711\nHolder: Ada Ito\n\nSome text that says little.\n\n"


SEEN = [
    "Correction to page 1: Account number is 4712, not 4711.",
    "Correction: the account number is 4712.",
    "Erratum\nPage 1, account number: 4712",
    "The account number should read 4712.",
    "For 4711 read 4712.",
    "The account number is 4712 instead of 4711.",
    "Account number (corrected): 4712",
    "Corrected account number: 4712",
    "Revised account number 4712",
    "Account 4712 replaces account 4711.",
    "This account 4712 supersedes the account with the number 4711.",
    "The number was changed from 4711 to 4712 by letter.",
    "Section 2 is amended by deleting 4711 and inserting 4712 in its place.",
    "The words '4711' are replaced by '4712'.",
    "4712 (formerly 4711)",
    "Correction\tAccount number\t4712\nOn 01 Apr a row\t12\t4711",
    "Berichtigung zu Seite 1: Account number lautet 4712, nicht 4711.",
    "Die berichtigte Account number ist 4712.",
    "Rectificatif : au lieu de 4711, lire account number 4712.",
    "Rectificatif à la page 1 : account number 4712 et non 4711.",
    "Fe de erratas: account number: 4712 en lugar de 4711.",
    "Rettifica: account number è 4712 anziché 4711.",
]


@pytest.mark.parametrize("words", SEEN)
def test_a_human_sees_the_correction(words: str) -> None:
    """The later value is right because the passage says so, in many forms."""
    assert winner(HEAD + words, "account", OLD, NEW) == NEW


@pytest.mark.parametrize(
    "words",
    [
        "Account number: 4712",
        "The amended and restated agreement on account number 4712 was signed.",
        "Corrections Department, account number 4712",
        "This agreement, as amended, names 4712.",
        "We do not correct errors. The account number 4712 was paid.",
        "4711, not 4712, was paid out to the lender.",
        "The account number was erroneously given as 4712.",
        "Correction to page 1: the holder is Eva Ito.\n\nAccount number: 4712",
        "Payments are to be made to 4712 rather than by cheque.",
    ],
)
def test_what_only_looks_like_a_correction_decides_nothing(words: str) -> None:
    """Words of correction that speak of something else leave the choice to the rule."""
    assert winner(HEAD + words, "account", OLD, NEW) != NEW


def test_a_later_correction_corrects_an_earlier_one() -> None:
    """Of two corrections the last counts, even where it goes back."""
    text = HEAD + "Correction: account number is 4712, not 4711.\n\nCorrection: account number is 4713, not 4712."
    assert winner(text, "account", OLD, NEW, "4713") == "4713"
    back = HEAD + "Correction: account number is 4712, not 4711.\n\nCorrection: account number is 4711, not 4712."
    assert winner(back, "account", OLD, NEW) == OLD


def test_one_that_is_not_spoken_of_stays_in_the_choice() -> None:
    """A sentence that relates two values says nothing of a third."""
    text = HEAD + "Beta Ltd (formerly Acme Ltd) and Gamma Ltd met."
    found = find_correction(rivals_in(text, "Acme Ltd", "Beta Ltd", "Gamma Ltd"), [text], "company")
    assert found is not None
    assert (found.left, found.winner) == ((1, 2), 1)


def test_long_texts_are_searched_as_short_ones_are() -> None:
    """The faster form of the cues finds what the plain one does, in any case and with letters that grow when lowered."""
    for odd in ("", "İ"):
        text = odd + "\n".join([*SEEN, *(s.upper() for s in SEEN), "Filler of no meaning. " * 40] * 20)
        assert len(text) > correction_words.LONG_TEXT_CHARS
        assert list(correction_words.cue_ranges(text)) == [m.span() for m in correction_words.CUES.finditer(text)]
