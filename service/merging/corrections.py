"""Find which of several values a text itself declares to be the right one.

Only two kinds of passages do so:

* one that names both values and how they relate: "Liam Eklund, not Hugo Abara", "30 June replaces 1 May", "for 4711
  read 4712", "Beta Ltd (formerly Acme Ltd)";
* one that is a correction and names the field: "Correction to page 1: the account number is 4712". The field is named by
  a word of its name, or of the label before any of the values.

"Amended and restated", "as amended" and the like say nothing about single values. Of several corrections the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from thresher.service.merging import correction_words
from thresher.service.merging.correction_passages import Range, passages

# code points between a cue and a value: next to it, in the phrase, in the sentence
NEAR_CHARS, PHRASE_CHARS, SENTENCE_CHARS = 14, 40, 80
ANNOUNCED_MAX_CHARS = 200  # code points from the word that announces a correction to its value

_WORD = re.compile(r"[^\W\d_]{2,}")
_COMMON = frozenset(
    [
        "the",
        "of",
        "is",
        "are",
        "and",
        "for",
        "to",
        "by",
        "no",
        "nr",
        "on",
        "at",
        "in",
        "an",
        "as",
        "be",
        "was",
        "from",
        "with",
        "page",
        "line",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "von",
        "für",
        "und",
        "auf",
        "im",
        "ist",
        "zu",
        "zum",
        "zur",
        "le",
        "la",
        "les",
        "de",
        "du",
        "des",
        "un",
        "une",
        "et",
        "en",
        "el",
        "los",
        "las",
        "del",
        "al",
        "y",
        "il",
        "lo",
        "gli",
        "di",
        "e",
        "het",
        "een",
        "van",
        "op",
        "o",
        "os",
        "do",
        "da",
    ]
)
_LABEL = re.compile(r"(?:^|[\n\t|.;])([^\n\t|.;]{2,60}?)[ .…_]*(?:[:=|\t]|\s{2,}|\b(?:is|ist|est|es|è)\b)[\s|]*$")
_ABOVE = re.compile(r"(?:^|\n)([^\n]{2,60})\n[ \t]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One of the values: how it is written, and where it was found, as (Document, start, end)."""

    written: tuple[str, ...]
    places: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The values that no correction rejects, and the place of the last correction that names one of them right."""

    left: tuple[int, ...]  # indices of the remaining rivals
    winner: int
    document: int
    value: Range  # of the winner in that passage
    passage: Range


@dataclass(frozen=True, slots=True)
class _Event:
    """One passage that declares a value right, and the values it rejects."""

    winner: int
    losers: frozenset[int]
    document: int
    value: Range
    passage: Range


def find_correction(rivals: Sequence[Rival], texts: Sequence[str], name: str) -> Correction | None:
    """Return which rivals for a field called `name` the texts declare right; None where they say nothing."""
    words = [field_words(name) | _labels(r, texts) for r in rivals]
    events = [event for document, text in enumerate(texts) for event in _events(rivals, words, document, text)]
    if not events:
        return None
    out: set[int] = set()
    for event in sorted(events, key=lambda e: (e.document, e.value)):
        out = (out | event.losers) - {event.winner}
    last = next((e for e in reversed(events) if e.winner not in out), None)
    left = tuple(i for i in range(len(rivals)) if i not in out)
    if last is None or not left:
        return None
    return Correction(left=left, winner=last.winner, document=last.document, value=last.value, passage=last.passage)


def _events(rivals: Sequence[Rival], words: list[frozenset[str]], document: int, text: str) -> Iterator[_Event]:
    for start, end in passages(text):
        passage = text[start:end]
        seen = [(i, at) for i, r in enumerate(rivals) for at in _written(r, passage)]
        seen = [(i, at) for i, at in seen if not any(_inside(at, other) for _, other in seen)]
        for i, at in seen:
            others = frozenset(w for k, ws in enumerate(words) if k != i for w in ws) | words[i]
            losers = _beaten(passage, i, at, seen, others)
            if not losers and _announced(passage, at, others):
                losers = frozenset(range(len(rivals))) - {i}
            if losers:
                yield _Event(i, losers, document, (start + at[0], start + at[1]), (start, end))


def _beaten(
    passage: str, winner: int, at: Range, seen: list[tuple[int, Range]], words: frozenset[str]
) -> frozenset[int]:
    """Return the rivals that the passage names next to a value and says are replaced by it."""
    gate = bool(correction_words.ANNOUNCES.search(passage)) or _named(passage, at, words)
    return frozenset(
        i
        for i, other in seen
        if i != winner and not _between(at, other, seen) and _replaces(passage, at, other, gated=gate)
    )


def _between(a: Range, b: Range, seen: list[tuple[int, Range]]) -> bool:
    """Whether a third value stands between two, so that they do not relate to each other."""
    low, high = min(a[1], b[1]), max(a[0], b[0])
    return any(low <= start and end <= high for _, (start, end) in seen)


def _replaces(passage: str, new: Range, old: Range, *, gated: bool) -> bool:
    if new[1] <= old[0]:
        between = passage[new[1] : old[0]]
        return _joins(correction_words.REPLACES, between, SENTENCE_CHARS, SENTENCE_CHARS) or (
            gated and _joins(correction_words.NOT, between, PHRASE_CHARS, NEAR_CHARS)
        )
    between, before = passage[old[1] : new[0]], passage[max(0, old[0] - SENTENCE_CHARS) : old[0]]
    if _joins(correction_words.REPLACED, between, SENTENCE_CHARS, PHRASE_CHARS):
        return True
    if (
        gated
        and correction_words.NEGATED.search(before)
        and correction_words.BUT.match(between)
        and len(between) < PHRASE_CHARS
    ):
        return True
    if correction_words.FROM.search(before) and correction_words.TO.match(between) and len(between) < PHRASE_CHARS:
        return True
    if correction_words.FOR.search(before) and correction_words.READ.match(between) and len(between) < PHRASE_CHARS:
        return True
    return (
        bool(correction_words.STRUCK.search(before) and correction_words.WITH.search(between))
        and len(between) < SENTENCE_CHARS
    )


def _joins(cue: re.Pattern[str], between: str, left: int, right: int) -> bool:
    """Whether a cue stands between two values, not too far from either."""
    return any(m.start() <= left and len(between) - m.end() <= right for m in cue.finditer(between))


def _announced(passage: str, at: Range, words: frozenset[str]) -> bool:
    """Whether a value stands in a passage that is a correction and names its field, and is not the wrong value."""
    before, behind = passage[: at[0]], passage[at[1] : at[1] + NEAR_CHARS]
    if _is_wrong(before) or correction_words.REPLACED.match(passage, at[1] + 1):
        return False
    announced = [m for m in correction_words.ANNOUNCES.finditer(before) if at[0] - m.end() <= ANNOUNCED_MAX_CHARS]
    if announced:
        return _named(passage, at, words)
    if (bracket := re.match(r"\s*\(\s*", behind)) and correction_words.REVISED.match(behind[bracket.end() :]):
        return _named(passage, at, words)
    return any(_revises(before, m, words) for m in correction_words.REVISED.finditer(before))


def _is_wrong(before: str) -> bool:
    near = before[-SENTENCE_CHARS:]
    not_it = any(len(near) - m.end() <= NEAR_CHARS for m in correction_words.NOT.finditer(near))
    replaced = any(len(near) - m.end() <= PHRASE_CHARS for m in correction_words.REPLACES.finditer(near))
    return not_it or replaced or bool(correction_words.WRONG.search(near))


def _revises(before: str, cue: re.Match[str], words: frozenset[str]) -> bool:
    """Whether "revised" stands directly before the field's label, or in brackets after it, and the label before the value."""
    rest = before[cue.end() :]
    label = _WORD.findall(rest.casefold())
    if len(rest) > PHRASE_CHARS or "\n" in rest.strip():
        return False
    if before[: cue.start()].endswith("(") and rest.lstrip().startswith(")"):
        return _shares(_WORD.findall(before[-SENTENCE_CHARS : cue.start()].casefold())[-3:], words)
    return bool(label) and _shares(label[:1], words)


def _named(passage: str, at: Range, words: frozenset[str]) -> bool:
    """Whether the field is named before a value, with a colon, a verb or a cue between."""
    before = passage[max(0, at[0] - SENTENCE_CHARS) : at[0]]
    return bool(correction_words.SAYS.search(before) or _cue_is_near(before)) and _shares(
        _WORD.findall(before.casefold()), words
    )


def _cue_is_near(before: str) -> bool:
    return any(
        len(before) - m.end() <= PHRASE_CHARS
        for p in (correction_words.ANNOUNCES, correction_words.REVISED)
        for m in p.finditer(before)
    )


def _shares(said: list[str], words: frozenset[str]) -> bool:
    return any(s in words or any(len(w) > 4 and s.startswith(w[:5]) for w in words) for s in said if s not in _COMMON)


def _written(rival: Rival, passage: str) -> list[Range]:
    found = {m.span() for p in map(_pattern, rival.written) if p for m in p.finditer(passage)}
    return sorted(found)


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str] | None:
    """Return the pattern of a value across line breaks, never as a part of a longer word or figure.

    None if it is too long.
    """
    pieces = [re.escape(p) for p in written.split()]
    if not pieces or len(written) > ANNOUNCED_MAX_CHARS:
        return None
    return re.compile(r"(?<![^\W_])(?<!\d[.,])" + r"\s+".join(pieces) + r"(?![^\W_])(?![.,]\d)", re.IGNORECASE)


def _inside(a: Range, b: Range) -> bool:
    return a != b and b[0] <= a[0] and a[1] <= b[1]


def field_words(name: str) -> frozenset[str]:
    """Return the words of a field's name.

    >>> sorted(field_words("dueDate_of"))
    ['date', 'due']
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return frozenset(_WORD.findall(parted.casefold())) - _COMMON


def _labels(rival: Rival, texts: Sequence[str]) -> frozenset[str]:
    """Return the words of the labels of a value: "Account no.: 4711" in one line, cell by cell, or on the line above."""
    words: set[str] = set()
    for document, start, _ in rival.places:
        before = texts[document][max(0, start - SENTENCE_CHARS) : start] if document < len(texts) else ""
        label = _LABEL.search(before) or _ABOVE.search(before)
        if label and len(_WORD.findall(label[1])) <= 5:
            words.update(_WORD.findall(label[1].casefold()))
    return frozenset(words) - _COMMON
