"""Furniture: lines that are no part of a record. Heads and feet of pages, titles of columns, sums, facts, notices."""

from __future__ import annotations

import re
from functools import cache

from tests.simulation.generator.kinds import KINDS
from tests.simulation.generator.nouns import Fact
from tests.simulation.reader.cells import COUNT, DATE, FIGURE, pieces, read_count, read_date, read_sum

_RULE = re.compile(r"[-=_|+:~\s]{3,}")
_PAGE = re.compile(r"\bPage \d+ of \d+\b")
_SUMS = re.compile(
    r"\bTotal for [A-Z]\w+ \d{4}|\bSub-total\b|\b[Cc]arried forward\b|\b[Bb]rought forward\b|\bÜbertrag\b"
)
_GROUP = re.compile(r"(?:Branch|Section) \w+")
_HEADS = (
    "STATEMENT OF ACCOUNT",
    "LIST OF CLAIMS",
    "REGISTER OF MEMBERS",
    "TRANSCRIPT OF PROCEEDINGS",
    "PRINT-OUT OF MAIL",
)
_CORRECTION = re.compile(r"Correction to page 1: (?P<label>[^:]+?) is (?P<new>.+), not (?P<old>.+)\.")


def is_furniture(line: str) -> bool:
    """Whether a line is no record and no part of one, whatever it looks like."""
    text = line.strip()
    return bool(
        _RULE.fullmatch(text)
        or _PAGE.search(text)
        or text.lstrip("#* |").startswith(_HEADS)
        or _GROUP.fullmatch(text.strip("| ;\t"))
        or _SUMS.search(text)
        or text.startswith("Correction to page")
        or _labelled(text) is not None
        or _is_titles(text)
    )


def facts_in(text: str, kind: str) -> dict[str, object]:
    """Single facts by name, as the text states them; a correction counts more than what it corrects."""
    found: dict[str, object] = {}
    corrected: dict[str, object] = {}
    for line in text.split("\n"):
        if ":" not in line and "\t" not in line and "|" not in line and "  " not in line:
            continue
        if (match := _CORRECTION.search(line)) and (fact := _facts(kind).get(match["label"])):
            corrected[fact.name] = _value(fact, match["new"])
        elif (labelled := _labelled(line)) and (fact := _facts(kind).get(labelled[0])):
            found.setdefault(fact.name, _value(fact, labelled[1]))
    return {**found, **corrected}


def _labelled(line: str) -> tuple[str, str] | None:
    """(label, value) of a line that states a fact."""
    parts = pieces(line)
    if len(parts) == 2 and parts[0].rstrip(":") in _labels():
        return parts[0].rstrip(":"), parts[1]
    label, colon, value = line.strip().strip("|").strip().partition(":")
    return (label.strip(), value.strip(" |")) if colon and label.strip() in _labels() else None


def _value(fact: Fact, text: str) -> object:
    pattern = {"date": DATE, "money": FIGURE, "count": COUNT}.get(fact.kind)
    if pattern is None:
        return text.strip()
    match = re.search(pattern, text)
    if match is None:
        return None
    return {"date": read_date, "money": read_sum, "count": read_count}[fact.kind](match[0])


def _is_titles(line: str) -> bool:
    parts = pieces(line)
    return len(parts) >= 2 and sum(p in _titles() for p in parts) >= len(parts) - 1


@cache
def _titles() -> frozenset[str]:
    return frozenset(t for k in KINDS.values() for c in k.columns for t in c.titles)


@cache
def _labels() -> frozenset[str]:
    return frozenset(label for k in KINDS.values() for f in k.facts for label in f.labels)


@cache
def _facts(kind: str) -> dict[str, Fact]:
    return {label: f for f in KINDS[kind].facts for label in f.labels}
