"""Find what a contract says about a subject: whole sentences under its heading, or nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from thresher.schemas.document import BlockKind
from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.span import Span

TEXT_MIN_CHARS = 500  # characters of the shortest text with clauses
SECTION_MIN_POINTS = 0.9  # points of a heading from which the whole section is the clause
CLAUSE_MAX_CHARS = 1600  # characters of the longest clause
MAX_SENTENCES = 3  # most sentences of a section that is only partly about the clause
_WORDS = re.compile(r"\b(?:in|with) (?:the |its |their |his |her )(?:\w+['’]s? )?(?:own )?words\b", re.IGNORECASE)
_NUMBER = (
    r"(?:(?:section|article|clause|§)\s*)?(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVXL]{1,5}\.|[A-Z]\.|\([a-z0-9]{1,3}\))"
)
_BEGINS = re.compile(rf"^\s*(?P<number>{_NUMBER})(?=\s)[\s:.–—-]*", re.IGNORECASE)
_INNER = re.compile(
    r"^[“\"]?(?P<title>[A-Z][\w’'&/-]*+(?:[ ,;/-]++(?:[A-Z][\w’'&/-]*+|of|and|or|to|for|on|in|the|by|with|upon|&)){0,8}(?:[ ,;/-]+/)?)[”\"]?\s?[.:–—](?:\s|$)"
)
_STOP = re.compile(r"(?<=[a-z0-9)\]”\"’%])[.;](?=\s+[A-Z(“\"\[§]|\s*$)")
_RECITAL = re.compile(r"\s*(?:WHEREAS|NOW,? THEREFORE|RECITALS)\b")
_PAGE = re.compile(r"^\W*(?:page\s*)?\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A kind of clause with its names, headings and wording."""

    key: str
    names: tuple[str, ...]
    headings: tuple[str, ...]
    says: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered paragraph: the range `[start, end)` of its words, its title, and the title of the one above."""

    start: int
    end: int
    title: str = ""  # plain
    over: str = ""  # plain


@cache
def clauses() -> dict[str, Clause]:
    """Return all kinds of clauses by key."""
    raw = tomllib.loads(files("thresher.service.rules.contracts").joinpath("clauses.toml").read_text(encoding="utf-8"))
    return {key: _clause(key, entry) for key, entry in raw.items()}


def _clause(key: str, entry: dict[str, list[str]]) -> Clause:
    says = re.compile("|".join(f"(?:{s})" for s in entry["says"]), re.IGNORECASE | re.DOTALL)
    names, headings = (tuple(map(plain, entry[k])) for k in ("names", "headings"))
    return Clause(key=key, names=names, headings=tuple(dict.fromkeys((*headings, *names))), says=says)


def wants_exact_words(field: Field) -> bool:
    """Whether a field requests a document's exact words.

    >>> wants_exact_words(Field(path="/renewal", kind="text", description="How it is renewed, in the contract's words"))
    True
    """
    return field.kind == "text" and bool(_WORDS.search(field.description))


def clause_of(field: Field) -> Clause | None:
    """Return the kind of clause that a field requests, by its name, or by its description if that names one."""
    if field.kind != "text" or field.in_list or field.choices:
        return None
    name, description = words_of(field.name), plain(field.description)
    for clause in clauses().values():
        by_name = name in clause.names or plain(field.title) in clause.names
        if by_name and (wants_exact_words(field) or any(n in description for n in clause.names)):
            return clause
    named = (c for c in clauses().values() if any(" " in n and n in description for n in c.names))
    return next(named, None) if wants_exact_words(field) else None


def find_clauses(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield the clause that a field requests; hints: clause (points for heading and wording)."""
    clause = clause_of(field)
    if clause:
        yield from find_clause_text(layout, clause)


def find_clause_text(layout: Layout, clause: Clause) -> Iterator[Span]:
    """Yield what the text says of a kind of clause; hints: clause (points)."""
    if len(layout.text) < TEXT_MIN_CHARS:
        return
    headed = any(_title_points(s.title, clause) or _title_points(s.over, clause) for s in sections(layout))
    for section in sections(layout):
        title, over = _title_points(section.title, clause), _title_points(section.over, clause)
        body = layout.text[section.start : section.end]
        says = bool(clause.says.search(body)) if title >= SECTION_MIN_POINTS or title or over or not headed else False
        if title >= SECTION_MIN_POINTS and body.strip() and (says or not section.over):
            yield from cut_passage(layout, section.start, section.end, SECTION_MIN_POINTS + 0.2 * says)
        elif says:
            yield from _sentences(layout, section, clause, max(title, over))


def _title_points(title: str, clause: Clause) -> float:
    if not title:
        return 0.0
    if title in clause.headings:
        return 1.0
    return 0.6 if any(f" {h} " in f" {title} " for h in clause.headings) else 0.0


def _sentences(layout: Layout, section: Section, clause: Clause, heading: float) -> Iterator[Span]:
    """Yield neighbouring sentences of a section with the clause's wording."""
    bounds = [
        section.start,
        *(section.start + m.end() for m in _STOP.finditer(layout.text[section.start : section.end])),
        section.end,
    ]
    said = [
        (a, b)
        for a, b in pairwise(bounds)
        if clause.says.search(layout.text[a:b]) and not _RECITAL.match(layout.text, a)
    ]
    if said and said[0][1] - said[0][0] <= CLAUSE_MAX_CHARS:
        end = said[0][1]
        for a, b in said[1:MAX_SENTENCES]:
            if a == end and b - said[0][0] <= CLAUSE_MAX_CHARS:
                end = b
        yield from cut_passage(layout, said[0][0], end, 0.55 + 0.3 * heading)


def cut_passage(layout: Layout, start: int, end: int, points: float) -> Iterator[Span]:
    """Yield the words of `[start, end)`, cut at a sentence if there are too many; hints: clause (points)."""
    end = _cut(layout.text, start, end)
    body = layout.text[start:end]
    start += len(body) - len(body.lstrip(" \t\n.:;–—-"))
    text = layout.text[start:end].rstrip()
    if sum(c.isalpha() for c in text) > 30:
        yield Span(
            start=start, end=start + len(text), text=text, value=" ".join(text.split()), hints={"clause": points}
        )


def _cut(text: str, start: int, end: int) -> int:
    if end - start <= CLAUSE_MAX_CHARS:
        return end
    stops = [m.end() for m in _STOP.finditer(text, start, start + CLAUSE_MAX_CHARS)]
    return stops[-1] if stops else start + CLAUSE_MAX_CHARS


def sections(layout: Layout) -> list[Section]:
    """Return the numbered paragraphs of the text, in order, with their titles."""
    if "sections" not in layout.memory:
        layout.memory["sections"] = list(_sections(layout))
    found: list[Section] = layout.memory["sections"]
    return found


def _sections(layout: Layout) -> Iterator[Section]:
    heads = list(_heads(layout))
    over = ""
    for i, (at, body, title, top) in enumerate(heads):
        end = heads[i + 1][0] if i + 1 < len(heads) else layout.end
        if top:
            over = title
        yield Section(start=body, end=max(end, body), title=title, over=over)
        del at


def _heads(layout: Layout) -> Iterator[tuple[int, int, str, bool]]:
    """Yield (start, start of the words, title, is first level) of each numbered or headed paragraph."""
    headings = {s for s, _, kind, _ in layout.document.blocks if kind == BlockKind.HEADING}
    at = layout.start
    for line in layout.text[layout.start : layout.end].split("\n"):
        found = _head(line, heading=at in headings)
        if found and not _PAGE.match(line):
            skip, title, top = found
            yield at, at + skip, title, top
        at += len(line) + 1


def _head(line: str, *, heading: bool) -> tuple[int, str, bool] | None:
    number = _BEGINS.match(line)
    rest = line[number.end() :] if number else line.strip()
    lead = len(line) - len(rest) if number else 0
    inner = _INNER.match(rest) if number else None
    if inner and len(rest) > inner.end() + 3:
        return lead + inner.end(), plain(inner["title"]), False
    short = 2 < len(rest) < 80 and not rest.rstrip().endswith((",", ";"))
    titled = short and (rest.isupper() or _title_case(rest))
    if (number or heading or rest.isupper()) and titled:
        deep = bool(number and number["number"].rstrip(".").count("."))
        return len(line), plain(rest), not deep
    return (lead, "", False) if number and rest else None


def _title_case(text: str) -> bool:
    words = re.findall(r"[^\W\d_]{4,}", text)
    return bool(words) and sum(w[0].isupper() for w in words) >= 0.8 * len(words) and len(words) < 9
