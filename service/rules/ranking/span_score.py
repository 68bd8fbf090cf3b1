"""Score how well the label, form and position of a span fit what a field requests."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import lru_cache
from itertools import islice

from thresher.schemas.target import Field
from thresher.service.rules.confidence.acceptance import is_hopeless
from thresher.service.rules.fields.concepts import (
    GENERAL_WORDS,
    Concept,
    concepts_of_label,
    parent_name,
    without_figures,
)
from thresher.service.rules.fields.stems import stem, stems
from thresher.service.rules.fields.wording import likeness, plain, words_of
from thresher.service.rules.ranking.confirmed_totals import confirmation_points
from thresher.service.rules.ranking.party_side import side_score
from thresher.service.rules.ranking.position import position_score
from thresher.service.rules.receipts.receipt_totals import sum_of_items
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.span import Span

MIN_SCORE = 0.5  # least score of a span that can fill a field
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
_STOP_WORDS = frozenset(
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
_TWO_LETTERS = re.compile(r"[a-z][^a-z]*[a-z]")
SUMMED_CONCEPTS = ("total", "net_total", "tax")  # concepts whose amounts other amounts may confirm
ITEM_SUM_POINTS = 0.35  # points of a total that equals the sum of the items
ALSO_FACTOR = 0.8  # factor for a label of the concept in `also`
SECTION_WEIGHT = 0.8  # weight of the words above a label: the heading of its part of the page
MAIL_HEADER_PENALTY = 3.0  # points subtracted in a mail's headers, which describe only the mail
EXCLUSION_WORDS = re.compile(
    r"\b(?:excl\w*|before|without|ohne|hors|ht|zonder|escl\w*|sin)\b"
)  # words that exclude something from a total
EXCLUSION_PENALTY = 0.4  # points subtracted for such words next to a total
BEFORE_MAX_CHARS = 200  # characters before a span in its line that are looked at; a line may have millions
LABEL_MAX_CHARS = 64  # characters before a span in its line that may be its label


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """Words near a span (plain), and how surely they label it (0..1)."""

    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The words near a span, and the number of their kind: of one kind are those that differ in figures only."""

    words: tuple[NearbyWords, ...]
    nearest: str  # the words that label the span most surely, "" where there are none
    kind: int


def ranked(layout: Layout, field: Field, concept: Concept | None, shape: str, spans: list[Span]) -> list[Span]:
    """Return the spans with their scores, best first, of equal ones the earlier; without those that no score can help."""
    scored = []
    sides = [nearby_words(layout, span) for span in spans]
    sums = (
        confirmation_points(spans, [near.nearest for near in sides], concept.key)
        if concept and concept.key in SUMMED_CONCEPTS
        else {}
    )
    if concept and concept.key == "total" and (made := sum_of_items(layout)) is not None:
        sums[made] = max(sums.get(made, 0.0), ITEM_SUM_POINTS)
    labels, role = LabelScore(field, concept, shape), _wanted_role(field, concept)
    for span, near in zip(spans, sides, strict=True):
        label_points = _label_points(near, labels, concept, span)
        if is_hopeless(shape, span, round(label_points, 4), confirmed=amount_of(span) in sums):
            continue
        score = label_points + sums.get(amount_of(span), 0.0) + role_score(role, span)
        score += position_score(layout, concept, shape, span) + side_score(layout, field, shape, span)
        score -= MAIL_HEADER_PENALTY * _in_mail_header(layout, span)
        if concept and concept.key in ("total", "amount_due"):
            score -= EXCLUSION_PENALTY * bool(EXCLUSION_WORDS.search(near.nearest))
        scored.append(replace(span, score=round(score, 4), label_points=round(label_points, 4), label=near.nearest))
    return sorted(scored, key=lambda s: (-s.score, s.start, s.end))


def _label_points(near: Surroundings, labels: LabelScore, concept: Concept | None, span: Span) -> float:
    """Return the label points of a span; for a party that a contract introduces, they are never negative."""
    points = 1.0 if span.hints.get("capacity") else labels.of(near)
    listed = concept and concept.key == "party" and span.hints["after"] and span.hints["before"]
    return max(points, 0.0) if listed else points


def nearby_words(layout: Layout, span: Span) -> Surroundings:
    """Return the same as `uncached_nearby_words`, computed once for all fields."""
    key = ("beside", span.start, span.end, span.hints.get("from"))
    if key not in layout.memory:
        layout.memory[key] = _interned(layout, tuple(uncached_nearby_words(layout, span)))
    found: Surroundings = layout.memory[key]
    return found


def _interned(layout: Layout, words: tuple[NearbyWords, ...]) -> Surroundings:
    kinds = layout.memory.setdefault("kinds of surroundings", {})
    alike = tuple((without_figures(near.words), near.weight) for near in words)
    nearest = max(words, key=lambda b: b.weight).words if words else ""
    return Surroundings(words, nearest, kinds.setdefault(alike, len(kinds)))


def _in_mail_header(layout: Layout, span: Span) -> bool:
    part = layout.document.part_at(span.start) if layout.document.kind == "mail" else ""
    return bool(part) and str(part).startswith("header:")


def uncached_nearby_words(layout: Layout, span: Span) -> list[NearbyWords]:
    """Return the words before, left of, above and after a span."""
    i = layout.at(span.hints.get("from", span.start))
    if i < 0:
        return []
    piece = layout.pieces[i]
    at = max(span.hints.get("from", span.start), piece.start)
    before = layout.text[max(piece.start, at - BEFORE_MAX_CHARS) : at]
    near, own = _prefix(before)
    found = [NearbyWords(near, 1.0)] if near else []
    found += _to_the_left(layout, i, 0.55 if own else 0.97)
    found += _above(layout, i, 0.45 if own else (0.6 if len(found) else 0.9))
    if len(before.strip()) < 30:
        found += _line_before(layout, span, before)
    after = plain(layout.text[span.end : min(span.end + 24, piece.end)])
    return [*found, NearbyWords(after, 0.4)] if after else found


def _prefix(before: str) -> tuple[str, bool]:
    cut = [m.end() for m in _BREAK.finditer(before)]
    words = plain(before[max([0, len(before) - LABEL_MAX_CHARS, *cut]) :])
    return words, any(c.isalpha() for c in words) and len(words) > 2


def _has_letters(words: str) -> bool:
    return bool(_TWO_LETTERS.search(words))


def _to_the_left(layout: Layout, i: int, weight: float) -> list[NearbyWords]:
    here = layout.pieces[i]
    columns, words = _lettered(layout, here.row)
    last = bisect_left(columns, here.column)
    near = reversed(words[max(last - 2, 0) : last])
    found = [NearbyWords(said, weight * 0.6**n) for n, said in enumerate(near)]
    return [*found, *_section_heading(layout, i, here)]


def _lettered(layout: Layout, r: int) -> tuple[list[int], list[str]]:
    """Return the columns of the pieces of a row whose ends have letters, and these words; computed once."""
    if ("lettered", r) not in layout.memory:
        ends = ((c, plain(layout.text_of(i, -LABEL_MAX_CHARS))) for c, i in enumerate(layout.rows[r]))
        known = [(c, words) for c, words in ends if _has_letters(words)]
        layout.memory["lettered", r] = [c for c, _ in known], [words for _, words in known]
    found: tuple[list[int], list[str]] = layout.memory["lettered", r]
    return found


def _section_heading(layout: Layout, i: int, here: Piece) -> list[NearbyWords]:
    """Return a heading alone in its row above the labels to the left: "Seller" above "Name:" above "City:"."""
    label = next(iter(layout.left(i)), None)
    if label is None or layout.pieces[label].end - layout.pieces[label].start > 30:
        return []
    for r in range(here.row - 1, max(here.row - 8, -1), -1):
        row = layout.rows[r]
        alone = len(row) == 1 and layout.pieces[row[0]].page == here.page
        words = plain(layout.words(row[0])) if alone else ""
        if alone and 3 < len(words) < 40 and not any(c.isdigit() for c in words):
            return [NearbyWords(words, SECTION_WEIGHT)]
    return []


def _above(layout: Layout, i: int, weight: float) -> list[NearbyWords]:
    found = []
    for steps, words in _words_above(layout, i):
        found.append(NearbyWords(words, weight * (0.85**steps)))
        weight *= 0.75
    return found


def _words_above(layout: Layout, i: int) -> list[tuple[int, str]]:
    """Return how many rows with a piece above piece i lie between, and the words, of the nearest three with letters."""
    if ("above", i) not in layout.memory:
        some = ((n, plain(layout.text_of(j, LABEL_MAX_CHARS))) for n, j in enumerate(layout.above(i)))
        layout.memory["above", i] = list(islice((x for x in some if _has_letters(x[1])), 3))
    found: list[tuple[int, str]] = layout.memory["above", i]
    return found


def _line_before(layout: Layout, span: Span, before: str) -> list[NearbyWords]:
    at = span.hints.get("from", span.start)
    i = layout.at(at)
    if i < 1 or layout.pieces[i - 1].end - layout.pieces[i - 1].start < 30:
        return []
    words = plain(layout.text[max(at - LABEL_MAX_CHARS, layout.start) : at])
    del before
    return [NearbyWords(words, 0.95)]


@dataclass(slots=True)
class LabelScore:
    """Score the words next to spans for one field; words of one kind are scored once, unless the field's name has figures."""

    field: Field
    concept: Concept | None
    shape: str
    _known: dict[int, float] = dataclass_field(default_factory=dict)  # by the kind of surroundings
    _has_figures: bool = False

    def __post_init__(self) -> None:
        """Look for figures in the names of the field."""
        names = (self.field.path, self.field.title, *self.field.aliases)
        self._has_figures = any(c.isdigit() for name in names for c in name)

    def of(self, near: Surroundings) -> float:
        """Return how much better the words next to a span name this field than another concept of the same shape."""
        if self._has_figures:
            return label_score(near.words, self.field, self.concept, self.shape)
        if near.kind not in self._known:
            self._known[near.kind] = label_score(near.words, self.field, self.concept, self.shape)
        return self._known[near.kind]


def label_score(near: Sequence[NearbyWords], field: Field, concept: Concept | None, shape: str) -> float:
    """Return how much better the words next to a span name this field than another concept of the same shape."""
    free = concept is None and shape in ("text", "word")
    own = max(
        (
            b.weight * own_words(b.words, field, concept) * (_share_of_label(b.words, field) if free else 1.0)
            for b in near
        ),
        default=0.0,
    )
    rival = max((b.weight * _rival(b.words, concept, shape) for b in near), default=0.0)
    return own - 0.9 * max(0.0, rival - own)


def _share_of_label(label: str, field: Field) -> float:
    """Return a factor for the field's share of a label's words: 1 from a half on; 0.5 for a label with figures."""
    said = stems(label)
    if any(c.isdigit() for c in label):
        return 0.5
    return min(1.0, 2 * len(said & stems(field.name)) / len(said)) if said else 0.0


def own_words(label: str, field: Field, concept: Concept | None) -> float:
    """Return the likeness (0 to about 1.3) of printed words to the field's names and its concept's labels."""
    phrases = _phrases(field)
    best = max((likeness(label, p) for p in phrases), default=0.0)
    if concept:
        said = concepts_of_label(label, (concept.shape,))
        best = max(best, said.get(concept.key, 0.0), ALSO_FACTOR * said.get(concept.also, 0.0))
    content = _content_words(parent_name(field) or field.name, specific=concept is None)
    share = sum(likeness(label, w) > 0 or stem(w) in stems(label) for w in content) / len(content) if content else 0.0
    return max(best + 0.3 * share * bool(concept), 0.7 * share)


@lru_cache(maxsize=4096)
def _content_words(name: str, *, specific: bool) -> tuple[str, ...]:
    """Return the words of a field's name that say what it is; `specific`: without general words, if others are left."""
    content = [w for w in words_of(name).split() if w not in _STOP_WORDS and w not in _ROLE_WORDS and len(w) > 2]
    special = [w for w in content if w not in GENERAL_WORDS]
    return tuple(special if specific and special else content)


def _phrases(field: Field) -> tuple[str, ...]:
    name = parent_name(field) or " ".join(w for w in words_of(field.name).split())
    if parent_name(field):
        return (name, f"{name} {words_of(field.name)}")
    return tuple(p for p in (name, plain(field.name), plain(field.title), *(plain(a) for a in field.aliases)) if p)


_RIVAL_SHAPES = {
    "money": ("money", "number", "percent"),
    "number": ("number", "money", "percent"),
    "percent": ("percent", "number", "money"),
    "name": ("name", "address"),
    "identifier": ("identifier", "iban", "account"),
}
_ADDRESS_CONCEPTS = ("address", "buyer_address")


def _rival(label: str, concept: Concept | None, shape: str) -> float:
    rival_shapes = _RIVAL_SHAPES.get(shape, (shape,))
    mine = (concept.key, concept.also) if concept else ()
    mine = (*mine, *_ADDRESS_CONCEPTS) if concept and concept.key in _ADDRESS_CONCEPTS else mine
    return max((s for k, s in concepts_of_label(label, rival_shapes).items() if k not in mine), default=0.0)


def _wanted_role(field: Field, concept: Concept | None) -> str:
    """Return the end of a range that a field requests: start, end or ""."""
    words = words_of(field.name).split()
    return (concept.role if concept else "") or next((r for w, r in _ROLE_WORDS.items() if w in words), "")


def role_score(wanted: str, span: Span) -> float:
    """Return points for a span at the wanted end of a range, and negative ones for the other end."""
    role = span.hints.get("role", "")
    if not role:
        return 0.0
    if not wanted:
        return -0.15
    return 0.35 if role == wanted else -0.5
