"""Records set in sentences. A sentence that is cut at either end is read as far as it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tests.simulation.reader.cells import COUNT, DATE, FIGURE, SUM

TEXT = ".+?"


@dataclass(frozen=True, slots=True)
class Clause:
    """Words of a sentence and the value behind them."""

    words: str
    name: str
    pattern: str
    optional: bool = False


SENTENCES: dict[str, tuple[Clause, ...]] = {
    "statement": (
        Clause("On ", "booked", DATE),
        Clause(" ", "amount", SUM),
        Clause(" was booked for ", "description", TEXT),
        Clause(" under reference ", "reference", r"T\d{7}", optional=True),
        Clause("; the balance then stood at ", "balance", FIGURE, optional=True),
    ),
    "claims": (
        Clause("Claim ", "claim", r"C\d\d-\d{6}"),
        Clause(" of ", "claimant", TEXT),
        Clause(" concerns ", "cause", TEXT),
        Clause(", a loss of ", "loss_date", DATE),
        Clause("; it is ", "status", "Open|Closed|Reopened|Denied"),
        Clause(", with ", "paid", FIGURE),
        Clause(" paid and ", "reserve", FIGURE),
        Clause(" reserved", "", ""),
    ),
    "register": (
        Clause("Folio ", "folio", r"F\d{5}"),
        Clause(" stands in the name of ", "holder", TEXT),
        Clause(" of ", "address", r"(?:\d|Flat).*?"),
        Clause(", entered on ", "entered", DATE),
        Clause(" with ", "shares", COUNT),
        Clause(" shares of class ", "share_class", "Ordinary A|Ordinary B|Preference"),
    ),
}
_PHRASES = {
    "statement": re.compile(r" was booked for |\bbalance then stood at\b|\breference T\d{7}|^T\d{7}[.;]"),
    "claims": re.compile(r"; it is |\breserved\.$| concerns the |, a loss of "),
    "register": re.compile(r"\bentered on\b|\bshares of class\b|\bin the name of\b|^class (?:Ordinary|Preference)"),
}


def is_begun(kind: str, line: str) -> bool:
    """Whether a sentence of a record begins with a line."""
    return _begin(kind).match(line) is not None


def has_phrase(kind: str, line: str) -> bool:
    """Whether a line is a part of such a sentence."""
    return _PHRASES[kind].search(line) is not None


def is_whole(kind: str, text: str) -> bool:
    """Whether a sentence is there to its end."""
    return text.endswith(".") and _strict(kind).fullmatch(text) is not None


def read_sentence(kind: str, text: str) -> dict[str, str]:
    """Values by column of a sentence whose beginning is shown."""
    match = _strict(kind).fullmatch(text) or _cut(kind).fullmatch(text)
    return _found(match)


def read_rest(kind: str, text: str) -> dict[str, str]:
    """Values of a sentence whose beginning is not shown: as many as can be read."""
    for pattern in _rests(kind):
        if match := pattern.fullmatch(text):
            return _found(match)
    return {}


def _found(match: re.Match[str] | None) -> dict[str, str]:
    return {n: v.strip() for n, v in match.groupdict().items() if v and v.strip()} if match else {}


@cache
def _begin(kind: str) -> re.Pattern[str]:
    first = SENTENCES[kind][0]
    return re.compile(rf"{first.words}(?:{first.pattern})\b")


@cache
def _strict(kind: str) -> re.Pattern[str]:
    return re.compile(_whole(SENTENCES[kind]))


@cache
def _cut(kind: str) -> re.Pattern[str]:
    """A sentence that may break off anywhere; a figure or a code that breaks is not told."""
    pattern = r"\.?"
    for clause in reversed(SENTENCES[kind]):
        broken = "|".join(f"{re.escape(p)}$" for p in _prefixes(clause.words))
        if clause.pattern != TEXT:
            broken += rf"|{re.escape(clause.words)}\S.{{0,18}}$"
        if clause.optional:
            pattern = rf"(?:{_said(clause)}|{broken})?{pattern}"
        else:
            pattern = rf"(?:{_said(clause)}{pattern}|{broken})"
    return re.compile(pattern)


@cache
def _rests(kind: str) -> list[re.Pattern[str]]:
    """Patterns of what may be left of a sentence, the longest first."""
    clauses = SENTENCES[kind]
    found = []
    for i, clause in enumerate(clauses[1:], 1):
        after = _value(clause) + _whole(clauses[i + 1 :])
        before = next(c for c in reversed(clauses[:i]) if not c.optional)
        lost = rf"(?P<{before.name}>.+?)" if before.pattern == TEXT or before.name == "address" else ".{0,18}?"
        ends = "|".join(re.escape(s) for s in _suffixes(clause.words) if s.strip())
        found += [rf"(?:{ends}){after}"] if ends else []
        found += [after] if clause.pattern != TEXT else []
        found.append(lost + re.escape(clause.words) + after)
    last = next(c for c in reversed(clauses) if not c.optional)
    return [re.compile(p) for p in (*found, *([rf"(?P<{last.name}>.+)\."] if last.pattern == TEXT else []))]


def _whole(clauses: tuple[Clause, ...]) -> str:
    parts = [f"(?:{_said(c)})?" if c.optional else _said(c) for c in clauses]
    return "".join(parts) + r"\."


def _said(clause: Clause) -> str:
    return re.escape(clause.words) + _value(clause)


def _value(clause: Clause) -> str:
    return f"(?P<{clause.name}>{clause.pattern})" if clause.name else ""


def _prefixes(words: str) -> list[str]:
    """What a line may end with when it breaks off inside some words."""
    parts = words.strip().split(" ")
    lead = " " if words.startswith(" ") else ""
    return ["", *(lead + " ".join(parts[: i + 1]) for i in range(len(parts)))]


def _suffixes(words: str) -> list[str]:
    """What a line may begin with when it goes on inside some words."""
    parts = words.strip().split(" ")
    return [" ".join(parts[i:]) + " " for i in range(len(parts))]
