"""Assign: which span each field gets, decided for all fields together, so that no span serves two by accident."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.target import Field
from thresher.service.rules.fields.concepts import Concept
from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.span import Span

SHARED = 0.7  # points of the words beside a span, at which it may serve a second field as well
FAR = 0.3  # points by which the words beside a span must speak more of another field to take it from this one
ALIKE = 0.1  # points by which the words may speak less of the second field than of the first


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCandidates:
    """A field, what it means, and the spans good enough for it, best first."""

    field: Field
    concept: Concept | None
    spans: tuple[Span, ...]


def assign(wishes: list[FieldCandidates]) -> dict[str, tuple[Span, ...]]:
    """For each field's path the spans left to it, best first; the first is its own.

    The highest score is served first; a field whose span is taken by a thing of another meaning goes on to its next.
    """
    order = sorted(
        (
            (s.score, -w, -i)
            for w, wish in enumerate(wishes)
            for i, s in enumerate(wish.spans)
            if not any(_named(other, s, wish) for other in wishes if other is not wish)
        ),
        reverse=True,
    )
    given: dict[int, Span] = {}
    left: dict[int, list[Span]] = {}
    for _, w, i in order:
        wish, span = wishes[-w], wishes[-w].spans[-i]
        others = [(wishes[o], s) for o, s in given.items() if o != -w]
        if any(_clash(wish, span, other, s) for other, s in others):
            continue
        given.setdefault(-w, span)
        left.setdefault(-w, []).append(span)
    return {wishes[w].field.path: tuple(sorted(spans, key=lambda s: s is not given[w])) for w, spans in left.items()}


def _named(other: FieldCandidates, span: Span, wish: FieldCandidates) -> bool:
    """Whether the words beside a span name another field, and this one far less."""
    if _kin(wish.concept, other.concept):
        return False
    same = (s for s in other.spans if (s.start, s.end) == (span.start, span.end))
    return any(s.told >= SHARED and s.told >= span.told + FAR for s in same)


def _clash(wish: FieldCandidates, span: Span, other: FieldCandidates, taken: Span) -> bool:
    if _siblings(wish.field, other.field) and plain(str(span.value)) == plain(str(taken.value)):
        return True
    if span.end <= taken.start or taken.end <= span.start or {"clause", "says"} & {*span.hints, *taken.hints}:
        return False
    if _shapes(wish, other) == {"name", "address"} and (span.start, span.end) != (taken.start, taken.end):
        return False
    if _kin(wish.concept, other.concept) and role_of(wish.field) == role_of(other.field):
        return False
    return not (span.told >= SHARED and span.told >= taken.told - ALIKE and span.start == taken.start)


def _shapes(a: FieldCandidates, b: FieldCandidates) -> set[str]:
    return {w.concept.shape for w in (a, b) if w.concept}


def _kin(a: Concept | None, b: Concept | None) -> bool:
    if a is None or b is None or a.shape in ("name", "address"):
        return False
    return a.key in (b.key, b.also) or a.also == b.key


def _siblings(a: Field, b: Field) -> bool:
    """Whether two fields are the same thing of two different persons."""
    return a.path != b.path and _leaf(a) == _leaf(b) and role_of(a) != role_of(b) and "" not in (role_of(a), role_of(b))


def _leaf(field: Field) -> str:
    return (
        field.path.rpartition("/")[2].partition("_")[2] if field.path.count("/") == 1 else field.path.rpartition("/")[2]
    )


def coherent(wishes: list[FieldCandidates], given: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    """Without taxes that are more than half of the net total beside them: one of the two was read wrongly."""
    means = {(w.concept.key, role_of(w.field)): w.field.path for w in wishes if w.concept}
    net, tax = (given.get(means.get((key, ""), "")) for key in ("net_total", "tax"))
    if not net or not tax:
        return given
    a, b = (abs(amount_of(spans[0])) for spans in (net, tax))
    bad = {means["net_total", ""], means["tax", ""]} if 2 * b > a else set()
    return {path: spans for path, spans in given.items() if path not in bad}
