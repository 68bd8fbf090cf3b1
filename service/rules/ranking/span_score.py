"""Score how well the label, form and position of a span fit what a field requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import lru_cache

from thresher.schemas.target import Field
from thresher.service.rules.confidence.acceptance import is_hopeless
from thresher.service.rules.fields.concepts import (
    GENERAL_WORDS,
    Concept,
    concepts_of_label,
    parent_name,
)
from thresher.service.rules.fields.stems import stem, stems
from thresher.service.rules.fields.wording import likeness, plain, words_of
from thresher.service.rules.ranking.confirmed_totals import confirmation_points
from thresher.service.rules.ranking.nearby_words import NearbyWords, Surroundings, nearby_words
from thresher.service.rules.ranking.party_side import side_score
from thresher.service.rules.ranking.position import position_score
from thresher.service.rules.receipts.receipt_totals import sum_of_items
from thresher.service.rules.spans.line_pieces import Layout
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
SUMMED_CONCEPTS = ("total", "net_total", "tax")  # concepts whose amounts other amounts may confirm
ITEM_SUM_POINTS = 0.35  # points of a total that equals the sum of the items
ALSO_FACTOR = 0.8  # factor for a label of the concept in `also`
MAIL_HEADER_PENALTY = 3.0  # points subtracted in a mail's headers, which describe only the mail
EXCLUSION_WORDS = re.compile(
    r"\b(?:excl\w*|before|without|ohne|hors|ht|zonder|escl\w*|sin)\b"
)  # words that exclude something from a total
EXCLUSION_PENALTY = 0.4  # points subtracted for such words next to a total


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


def _in_mail_header(layout: Layout, span: Span) -> bool:
    part = layout.document.part_at(span.start) if layout.document.kind == "mail" else ""
    return bool(part) and str(part).startswith("header:")


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
