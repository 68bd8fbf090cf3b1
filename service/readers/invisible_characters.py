"""Remove characters that are not displayed, in every format, and report them where they carry text.

Tag characters repeat ASCII invisibly; long runs of zero-width characters and of variation selectors can carry bits: a
model would read what a person cannot see. Joiners stay in emoji and in words of scripts that need them, and selectors
stay after a character whose form they select. Marks of direction and soft hyphens go too, since they part figures that a
person sees as one number; what an override shows backwards is written as it is shown.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import replace

from thresher.schemas.columns import Blocks
from thresher.schemas.document import Document
from thresher.service.readers.hidden_text import HiddenPassages

_ZERO = "\u200b\u2060-\u2064\ufeff\u180e\u034f\u206a-\u206f\u115f\u1160\u17b4\u17b5\uffa0\u3164"
_TAGS, _SELECTORS = "\U000e0000-\U000e007f", "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ANY = re.compile(f"[{_ZERO}{_TAGS}{_SELECTORS}\u200c\u200d]")
_RUN = re.compile(f"[{_ZERO}{_TAGS}{_SELECTORS}\u200c\u200d]+")
_MARKS = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\u00ad(?![ \t]*(?:\n|\\Z))"
)  # a soft hyphen at a line's end is seen
_OVERRIDDEN = re.compile("\u202e([^\u202a-\u202e\n]*)")  # from right to left, to the next control or the line's end
_RIGHT_TO_LEFT = re.compile("([\u0590-\u05ff\u0600-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+)")
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{4,6}\U000e007f")
_JOINING = re.compile(  # scripts whose words are written with joiners: Arabic, Syriac, N'Ko, Mandaic, Indic, Tibetan …
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\u1b00-\u1bff\ua800-\uabff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff]"
)
_PICTURE = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\ufe0f]")
_SELECTED = re.compile(
    "[#*0-9\u00a9\u00ae\u2000-\u32ff\u3400-\u9fff\uf900-\ufaff\u1800-\u18af\U0001f000-\U0001faff\U00020000-\U0003ffff\u1000-\u109f]"
)
_HIDDEN_BITS_MIN_CHARS = 16  # characters of two kinds in a row: enough for two bytes


def is_blank(text: str) -> bool:
    r"""Whether text displays nothing and carries nothing, like the padding of mails.

    >>> is_blank("\u034f \u200c "), is_blank("a\u200b"), is_blank("\u200b\u200c" * 40)
    (True, False, False)
    """
    return not _ANY.sub("", text).strip("\u00ad\u061c\u200e\u200f\u2007 \t\n\xa0") and not any(
        map(_hidden_content, _RUN.findall(text))
    )


def without_invisible(document: Document, *, show_hidden: bool = False) -> Document:
    """Remove characters that are not displayed, and move all offsets of the Document accordingly."""
    if document.text.isascii():
        return document
    document = replace(document, text=_OVERRIDDEN.sub(_as_displayed, document.text))
    cuts = [match.span() for match in _MARKS.finditer(document.text)]
    hidden = HiddenPassages()
    if not show_hidden:
        cuts += _without_width(document.text, hidden)
    if not cuts:
        return document
    notes = [*document.notes, *hidden.notes(document)]
    return replace(_cut(document, sorted(cuts)), notes=notes)


def _as_displayed(override: re.Match[str]) -> str:
    """Return the text behind an override as a person reads it: what is not of a script from right to left, turned round."""
    runs = _RIGHT_TO_LEFT.split(override[1])
    return "\u202e" + "".join(run if i % 2 else run[::-1] for i, run in enumerate(runs))


def _without_width(text: str, hidden: HiddenPassages) -> list[tuple[int, int]]:
    """Return the ranges of characters without width that are not displayed, each of one character."""
    cuts: list[tuple[int, int]] = []
    if _ANY.search(text) is None:
        return cuts
    flags = [match.span() for match in _FLAG.finditer(text)]
    for run in _RUN.finditer(text):
        if any(a <= run.start() < b for a, b in flags):
            continue
        removed = [i for i in range(run.start(), run.end()) if not _belongs(text, i)]
        if removed:
            cuts += [(i, i + 1) for i in removed]
            if reason := _hidden_content(run[0]):
                hidden.add(run.start(), reason)
    return cuts


def _belongs(text: str, i: int) -> bool:
    """Whether a character without width is part of how a word or emoji is written."""
    char, before, after = text[i], text[i - 1 : i], text[i + 1 : i + 2]
    if char in "\u200c\u200d":
        joins = bool(_JOINING.match(before)) and (bool(_JOINING.match(after)) or not after.isalnum())
        return joins or (char == "\u200d" and bool(_PICTURE.match(before)) and bool(_PICTURE.match(after)))
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    if before.isascii() and before.isdigit():
        return is_selector and after == "\u20e3"  # of a key with a figure on it
    return is_selector and bool(_SELECTED.match(before))


def _hidden_content(run: str) -> str:
    """Return what a run of characters without width seems to carry; empty where it is padding."""
    if any("\U000e0020" <= c <= "\U000e007e" for c in run):
        return "text in tag characters"
    selectors = sum("\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef" for c in run)
    if selectors > 3:
        return "bytes in variation selectors"
    return "bits in characters without width" if len(run) >= _HIDDEN_BITS_MIN_CHARS and len(set(run)) > 1 else ""


def _with_text(blocks: Blocks, start: array[int], end: array[int]) -> Blocks:
    """Return Blocks at their new ranges, without those of which nothing is left."""
    left = Blocks()
    for a, b, (_, _, kind, level) in zip(start, end, blocks, strict=True):
        if a < b:
            left.add(a, b, kind, level)
    return left


def _cut(document: Document, cuts: list[tuple[int, int]]) -> Document:
    """Return the Document without some single characters."""
    at = [a for a, _ in cuts]
    removed = set(at)

    def moved(offsets: array[int]) -> array[int]:
        return array(offsets.typecode, (o - bisect_left(at, o) for o in offsets))

    text = "".join(c for i, c in enumerate(document.text) if i not in removed)
    tables = [replace(t, start=moved(t.start), end=moved(t.end)) for t in document.tables]
    return replace(
        document,
        text=text,
        blocks=_with_text(document.blocks, moved(document.blocks.start), moved(document.blocks.end)),
        lines=replace(document.lines, start=moved(document.lines.start), end=moved(document.lines.end)),
        words=replace(document.words, start=moved(document.words.start), end=moved(document.words.end)),
        pages=replace(document.pages, start=moved(document.pages.start)),
        tables=tables,
        part_starts=moved(document.part_starts),
        _breaks=None,
        _tables=None,
    )
