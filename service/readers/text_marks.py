"""Write marks of the page in the canonical text: superscripts, subscripts, struck-through text, boxes, fractions.

All formats use the same notation, so a model and a person who checks evidence need to know only one:

    1,250¹   10⁶   x^(ab)   H₂O   x_(max)   ~~990.00~~   [x] Yes   [ ] No   (x) chosen   1/2
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

_SUPERSCRIPT = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_FIGURES = re.compile(r"[0-9+\-−=()]+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|ers?|re|ère|e|eme|ème|o|os|a|as|º|ª)\.?", re.IGNORECASE)
_COUNT = re.compile(r"(?<![\d.,])\d{1,3}$|\b[MDCLXVI]+$")  # a number before the letters of an ordinal
_SIGN = re.compile(r"(?:tm|sm|mc|md|[®©™℠*†‡§#¶°¹²³]+)", re.IGNORECASE)
_SHIFTED_MAX_CHARS = 12  # longer raised text is layout, not a superscript
_FRACTION = re.compile(r"(?:(?<=(\d))[  ]?)?(?<![⁰¹²³⁴⁵⁶⁷⁸⁹])([⁰¹²³⁴⁵⁶⁷⁸⁹]+)[ ]?[/⁄∕][ ]?([₀₁₂₃₄₅₆₇₈₉]+)")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
TICKED, OPEN, CHOSEN, UNCHOSEN = "[x]", "[ ]", "(x)", "( )"


class Mark(NamedTuple):
    """How a run of text is marked: struck through; raised (1), lowered (-1), or neither (0)."""

    struck: bool = False
    shift: int = 0


UNMARKED = Mark()


def superscript(text: str, before: str = "") -> str:
    """Return raised text in the notation of the canonical text; `before` is the text that precedes it.

    Letters of an ordinal (1st) and trade mark signs stay as they are: they change no amount.

    >>> superscript("1", "1,250"), superscript("6", "10"), superscript("-3"), superscript("th", "4"), superscript("ab", "x")
    ('¹', '⁶', '⁻³', 'th', '^(ab)')
    """
    bare = text.strip()
    if not bare or len(bare) > _SHIFTED_MAX_CHARS or _SIGN.fullmatch(bare):
        return text
    if bare.startswith("[") or bare.endswith("]"):  # set apart already
        return text
    if _ORDINAL.fullmatch(bare) and _COUNT.search(before):
        return text
    if bare == "n" or _FIGURES.fullmatch(bare):
        return text.translate(_SUPERSCRIPT)
    return text.replace(bare, _raised_text(bare) if before.strip() else bare, 1)


def subscript(text: str, before: str = "") -> str:
    """Return lowered text in the notation of the canonical text; `before` is the text that precedes it.

    >>> subscript("2", "H"), subscript("max", "x")
    ('₂', '_(max)')
    """
    bare = text.strip()
    if not bare or len(bare) > _SHIFTED_MAX_CHARS:
        return text
    if _FIGURES.fullmatch(bare):
        return text.translate(_SUBSCRIPT)
    return text.replace(bare, f"_({bare})" if before.strip() else bare, 1)


def _raised_text(text: str) -> str:
    """Write numbers separated by commas as superscripts (`1,2` as ¹˒²), anything else in brackets."""
    if re.fullmatch(r"[0-9]+(?:[,;] ?[0-9]+)+", text):
        return re.sub(r"[,;] ?", "˒", text).translate(_SUPERSCRIPT)
    return f"^({text.strip('()')})"


def struck(text: str) -> str:
    """Put struck-through text between marks; white space around it stays outside.

    >>> struck("990.00 ")
    '~~990.00~~ '
    """
    bare = text.strip()
    return text.replace(bare, f"~~{bare}~~", 1) if bare else text


def join_runs(runs: list[tuple[str, Mark]]) -> str:
    """Join the runs of one paragraph and write their marks; adjacent runs with the same marks are joined first.

    >>> join_runs([("EUR 1,250", UNMARKED), ("1", Mark(shift=1)), (" was ", UNMARKED), ("9", Mark(struck=True)), ("90", Mark(struck=True))])
    'EUR 1,250¹ was ~~990~~'
    >>> join_runs([("3", UNMARKED), ("1", Mark(shift=1)), ("/", UNMARKED), ("2", Mark(shift=-1)), (" in", UNMARKED)])
    '3 1/2 in'
    """
    if all(mark is UNMARKED for _, mark in runs):  # nearly always
        return "".join([text for text, _ in runs])
    text = ""
    for is_struck, same in groupby(runs, key=lambda run: run[1].struck):
        passage = ""
        for look, alike in groupby(same, key=lambda run: run[1]):
            piece = "".join(part for part, _ in alike)
            before = (text + passage).rpartition("\n")[2]
            passage += (
                superscript(piece, before) if look.shift > 0 else subscript(piece, before) if look.shift < 0 else piece
            )
        text += "\n".join(map(struck, passage.split("\n"))) if is_struck else passage
    return fractions(text)


def fractions(text: str) -> str:
    """Replace raised and lowered digits around a stroke by a plain fraction, after a blank where a number precedes.

    >>> fractions("Share ¹/₂, 3³⁄₄ inch")
    'Share 1/2, 3 3/4 inch'
    """
    if not ("/" in text or "⁄" in text or "∕" in text):
        return text
    return _FRACTION.sub(lambda m: f"{' ' if m[1] else ''}{m[2].translate(_PLAIN)}/{m[3].translate(_PLAIN)}", text)


def is_label(text: str, column: int) -> bool:
    """Whether a merged cell's text may be repeated in the rows that it covers: a short label, not an amount.

    An amount that is printed once counts once; repeating it would change the meaning.

    >>> is_label("North", 3), is_label("2024", 0), is_label("EUR 1,250.00", 2), is_label("1,250", 1)
    (True, True, False, False)
    """
    text = text.strip()
    if not text or len(text) > _LABEL_MAX_CHARS:
        return False
    return column == 0 or not _AMOUNT.fullmatch(text)


_LABEL_MAX_CHARS = 120
_AMOUNT = re.compile(r"[A-Z]{0,3}[ ]?[-+(]?\W{0,3}\d[\d\s.,'’%-]*\W{0,3}(?:[A-Z]{3})?\W*")
