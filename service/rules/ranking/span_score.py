"""Ranking: how well the words beside a span, its form and its place on the page fit what a field asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from thresher.schemas.target import Field
from thresher.service.rules.fields.concepts import GENERAL, Concept, of_parent, spoken
from thresher.service.rules.fields.stems import stem, stems
from thresher.service.rules.fields.wording import likeness, plain, words_of
from thresher.service.rules.ranking.confirmed_totals import confirmed
from thresher.service.rules.ranking.party_side import side_score
from thresher.service.rules.ranking.position import place_score
from thresher.service.rules.receipts.receipt_totals import bought
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.span import Span

ENOUGH = 0.5  # least score of a span that may fill a field
_ROLE_WORDS = {
    "from": "start",
    "start": "start",
    "begin": "start",
    "first": "start",
    "since": "start",
    "to": "end",
    "end": "end",
    "until": "end",
    "last": "end",
    "expiry": "end",
}
_EMPTY = frozenset(
    [
        "the",
        "of",
        "and",
        "a",
        "an",
        "in",
        "on",
        "for",
        "as",
        "is",
        "to",
        "or",
        "by",
        "with",
        "if",
        "not",
        "null",
        "stated",
        "printed",
        "normalised",
        "number",
        "only",
        "value",
        "any",
        "this",
        "that",
        "it",
        "its",
        "per",
    ]
)
_BREAK = re.compile(r"(?<![Rr]eg)(?<!REG)[.;]\s+(?=[A-Z(])")  # "GST Reg. No" is one label
SUMMED = ("total", "net_total", "tax")  # concepts whose amounts others confirm
BOUGHT = 0.35  # points of a total that the things bought add up to
SECOND = 0.8  # worth of a label of the concept that serves as well
SECTION = 0.8  # worth of the words over a label: the heading of its part of the page
HEADER = 3.0  # of points that a mail's own headers lose: they tell of the mail, no more
WITHOUT = re.compile(
    r"\b(?:excl\w*|before|without|ohne|hors|ht|zonder|escl\w*|sin)\b"
)  # says that a total is not the whole
LESS = 0.4  # points that such words take from a total
TAIL = 64  # characters before a span in the same line that may be its label


@dataclass(frozen=True, slots=True)
class Beside:
    """Words near a span (plain), and how surely they speak of it (0..1)."""

    words: str
    weight: float


def ranked(layout: Layout, field: Field, concept: Concept | None, shape: str, spans: list[Span]) -> list[Span]:
    """The spans with their scores, best first; of equal ones the earlier."""
    scored = []
    sides = [beside_once(layout, span) for span in spans]
    sums = (
        confirmed(spans, [_nearest(near) for near in sides], concept.key) if concept and concept.key in SUMMED else {}
    )
    if concept and concept.key == "total" and (made := bought(layout)) is not None:
        sums[made] = max(sums.get(made, 0.0), BOUGHT)
    for span, near in zip(spans, sides, strict=True):
        told = _told(near, field, concept, shape, span)
        score = told + sums.get(amount_of(span), 0.0) + role_score(field, concept, span)
        score += place_score(layout, concept, shape, span) + side_score(layout, field, shape, span)
        score -= HEADER * _in_mail_header(layout, span)
        if concept and concept.key in ("total", "amount_due"):
            score -= LESS * bool(WITHOUT.search(_nearest(near)))
        scored.append(replace(span, score=round(score, 4), told=round(told, 4), label=_nearest(near)))
    return sorted(scored, key=lambda s: (-s.score, s.start, s.end))


def _told(near: list[Beside], field: Field, concept: Concept | None, shape: str, span: Span) -> float:
    """Points of the words beside a span; of a party that a contract introduces they say nothing against it."""
    told = 1.0 if span.hints.get("capacity") else label_score(near, field, concept, shape)
    listed = concept and concept.key == "party" and span.hints["after"] and span.hints["before"]
    return max(told, 0.0) if listed else told


def _nearest(near: list[Beside]) -> str:
    return max(near, key=lambda b: b.weight).words if near else ""


def beside_once(layout: Layout, span: Span) -> list[Beside]:
    """The same, worked out once for all fields."""
    key = ("beside", span.start, span.end, span.hints.get("from"))
    if key not in layout.memory:
        layout.memory[key] = list(beside(layout, span))
    found: list[Beside] = layout.memory[key]
    return found


def _in_mail_header(layout: Layout, span: Span) -> bool:
    part = layout.document.part_at(span.start) if layout.document.kind == "mail" else ""
    return bool(part) and str(part).startswith("header:")


def beside(layout: Layout, span: Span) -> list[Beside]:
    """What stands before, left of, above and after a span."""
    i = layout.at(span.hints.get("from", span.start))
    if i < 0:
        return []
    piece = layout.pieces[i]
    before = layout.text[piece.start : max(span.hints.get("from", span.start), piece.start)]
    near, own = _prefix(before)
    found = [Beside(near, 1.0)] if near else []
    found += _to_the_left(layout, i, 0.55 if own else 0.97)
    found += _over(layout, i, 0.45 if own else (0.6 if len(found) else 0.9))
    if len(before.strip()) < 30:
        found += _wrapped(layout, span, before)
    after = plain(layout.text[span.end : min(span.end + 24, piece.end)])
    return [*found, Beside(after, 0.4)] if after else found


def _prefix(before: str) -> tuple[str, bool]:
    cut = [m.end() for m in _BREAK.finditer(before)]
    words = plain(before[max([0, len(before) - TAIL, *cut]) :])
    return words, any(c.isalpha() for c in words) and len(words) > 2


def _has_letters(words: str) -> bool:
    return sum(c.isalpha() for c in words) >= 2


def _to_the_left(layout: Layout, i: int, weight: float) -> list[Beside]:
    found = []
    for j in layout.left(i):
        words = plain(layout.words(j)[-TAIL:])
        if _has_letters(words):
            found.append(Beside(words, weight))
            weight *= 0.6
        if len(found) == 2:
            break
    return [*found, *_section(layout, i, layout.pieces[i])]


def _section(layout: Layout, i: int, here: Piece) -> list[Beside]:
    """A heading that stands alone in its row over the labels to the left: "Seller" over "Name:" over "City:"."""
    label = next(iter(layout.left(i)), None)
    if label is None or layout.pieces[label].end - layout.pieces[label].start > 30:
        return []
    for r in range(here.row - 1, max(here.row - 8, -1), -1):
        row = layout.rows[r]
        alone = len(row) == 1 and layout.pieces[row[0]].page == here.page
        words = plain(layout.words(row[0])) if alone else ""
        if alone and 3 < len(words) < 40 and not any(c.isdigit() for c in words):
            return [Beside(words, SECTION)]
    return []


def _over(layout: Layout, i: int, weight: float) -> list[Beside]:
    found = []
    for steps, j in enumerate(layout.above(i)):
        words = plain(layout.words(j)[:TAIL])
        if _has_letters(words):
            found.append(Beside(words, weight * (0.85**steps)))
            weight *= 0.75
        if len(found) == 3:
            break
    return found


def _wrapped(layout: Layout, span: Span, before: str) -> list[Beside]:
    at = span.hints.get("from", span.start)
    i = layout.at(at)
    if i < 1 or layout.pieces[i - 1].end - layout.pieces[i - 1].start < 30:
        return []
    words = plain(layout.text[max(at - TAIL, layout.start) : at])
    del before
    return [Beside(words, 0.95)]


def label_score(near: list[Beside], field: Field, concept: Concept | None, shape: str) -> float:
    """How much better the words beside a span name this field than another thing of the same shape."""
    free = concept is None and shape in ("text", "word")
    own = max(
        (b.weight * own_words(b.words, field, concept) * (_share(b.words, field) if free else 1.0) for b in near),
        default=0.0,
    )
    rival = max((b.weight * _rival(b.words, concept, shape) for b in near), default=0.0)
    return own - 0.9 * max(0.0, rival - own)


def _share(label: str, field: Field) -> float:
    """How much of a label a field's own words are, from a half of it on all: a line that holds them, or figures, is none."""
    said = stems(label)
    if any(c.isdigit() for c in label):
        return 0.5
    return min(1.0, 2 * len(said & stems(field.name)) / len(said)) if said else 0.0


def own_words(label: str, field: Field, concept: Concept | None) -> float:
    """Likeness (0..1) of printed words to the field's own name, title, aliases, and its concept's labels."""
    phrases = _phrases(field)
    best = max((likeness(label, p) for p in phrases), default=0.0)
    if concept:
        said = spoken(label, (concept.shape,))
        best = max(best, said.get(concept.key, 0.0), SECOND * said.get(concept.also, 0.0))
    content = [
        w
        for w in words_of(of_parent(field) or field.name).split()
        if w not in _EMPTY and w not in _ROLE_WORDS and len(w) > 2
    ]
    if concept is None and any(w not in GENERAL for w in content):
        content = [w for w in content if w not in GENERAL]
    told = sum(likeness(label, w) > 0 or stem(w) in stems(label) for w in content) / len(content) if content else 0.0
    return max(best + 0.3 * told * bool(concept), 0.7 * told)


def _phrases(field: Field) -> tuple[str, ...]:
    name = of_parent(field) or " ".join(w for w in words_of(field.name).split())
    if of_parent(field):
        return (name, f"{name} {words_of(field.name)}")
    return tuple(p for p in (name, plain(field.name), plain(field.title), *(plain(a) for a in field.aliases)) if p)


_KIN = {
    "money": ("money", "number", "percent"),
    "number": ("number", "money", "percent"),
    "percent": ("percent", "number", "money"),
    "name": ("name", "address"),
    "identifier": ("identifier", "iban", "account"),
}
_PLACES = ("address", "buyer_address")


def _rival(label: str, concept: Concept | None, shape: str) -> float:
    kin = _KIN.get(shape, (shape,))
    mine = (concept.key, concept.also) if concept else ()
    mine = (*mine, *_PLACES) if concept and concept.key in _PLACES else mine
    return max((s for k, s in spoken(label, kin).items() if k not in mine), default=0.0)


def role_score(field: Field, concept: Concept | None, span: Span) -> float:
    """Whether the span is the end of a range that the field wants."""
    role = span.hints.get("role", "")
    wanted = (concept.role if concept else "") or next(
        (r for w, r in _ROLE_WORDS.items() if w in words_of(field.name).split()), ""
    )
    if not role:
        return 0.0
    if not wanted:
        return -0.15
    return 0.35 if role == wanted else -0.5
