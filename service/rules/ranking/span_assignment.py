"""Assign spans to all fields together, so that no span serves two fields by accident."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.schemas.target import Field
from thresher.service.rules.fields.concepts import Concept
from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.span import Span

SHARED_MIN_LABEL_POINTS = 0.7  # label points from which a span may also serve a second field
OTHER_FIELD_LEAD_POINTS = 0.3  # label points by which a span must fit another field better to be taken from this one
SHARED_TOLERANCE_POINTS = 0.1  # label points by which a span may fit the second field less than the first


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCandidates:
    """A field, its concept, and the spans good enough for it, best first."""

    field: Field
    concept: Concept | None
    spans: tuple[Span, ...]


def assign(entries: list[FieldCandidates]) -> dict[str, tuple[Span, ...]]:
    """Return the spans left to each field by its path, best first; the first is assigned to the field.

    Assigns in order of score; a field whose span belongs to a field of another concept gets its next span.
    """
    order = sorted(
        (
            (s.score, -w, -i)
            for w, entry in enumerate(entries)
            for i, s in enumerate(entry.spans)
            if not any(_names_other_field(other, s, entry) for other in entries if other is not entry)
        ),
        reverse=True,
    )
    given: dict[int, Span] = {}
    left: dict[int, list[Span]] = {}
    for _, w, i in order:
        entry, span = entries[-w], entries[-w].spans[-i]
        others = [(entries[o], s) for o, s in given.items() if o != -w]
        if any(_clash(entry, span, other, s) for other, s in others):
            continue
        given.setdefault(-w, span)
        left.setdefault(-w, []).append(span)
    return {entries[w].field.path: tuple(sorted(spans, key=lambda s: s is not given[w])) for w, spans in left.items()}


def _names_other_field(other: FieldCandidates, span: Span, entry: FieldCandidates) -> bool:
    """Whether the words next to a span name another field clearly, and this one far less."""
    if _same_concept(entry.concept, other.concept):
        return False
    same = (s for s in other.spans if (s.start, s.end) == (span.start, span.end))
    return any(
        s.label_points >= SHARED_MIN_LABEL_POINTS and s.label_points >= span.label_points + OTHER_FIELD_LEAD_POINTS
        for s in same
    )


def _clash(entry: FieldCandidates, span: Span, other: FieldCandidates, taken: Span) -> bool:
    if _same_thing_of_other_role(entry.field, other.field) and plain(str(span.value)) == plain(str(taken.value)):
        return True
    if span.end <= taken.start or taken.end <= span.start or {"clause", "says"} & {*span.hints, *taken.hints}:
        return False
    if _shapes(entry, other) == {"name", "address"} and (span.start, span.end) != (taken.start, taken.end):
        return False
    if _same_concept(entry.concept, other.concept) and role_of(entry.field) == role_of(other.field):
        return False
    return not (
        span.label_points >= SHARED_MIN_LABEL_POINTS
        and span.label_points >= taken.label_points - SHARED_TOLERANCE_POINTS
        and span.start == taken.start
    )


def _shapes(a: FieldCandidates, b: FieldCandidates) -> set[str]:
    return {w.concept.shape for w in (a, b) if w.concept}


def _same_concept(a: Concept | None, b: Concept | None) -> bool:
    if a is None or b is None or a.shape in ("name", "address"):
        return False
    return a.key in (b.key, b.also) or a.also == b.key


def _same_thing_of_other_role(a: Field, b: Field) -> bool:
    """Whether two fields are the same thing of two different roles."""
    return a.path != b.path and _leaf(a) == _leaf(b) and role_of(a) != role_of(b) and "" not in (role_of(a), role_of(b))


def _leaf(field: Field) -> str:
    return (
        field.path.rpartition("/")[2].partition("_")[2] if field.path.count("/") == 1 else field.path.rpartition("/")[2]
    )


def without_implausible_tax(
    entries: list[FieldCandidates], given: dict[str, tuple[Span, ...]]
) -> dict[str, tuple[Span, ...]]:
    """Drop net total and tax where the tax is more than half of the net total, since one of them was misread.

    A tax of more than half of the total is no tax, either: the next candidate that is less takes its place.
    """
    means = {(w.concept.key, role_of(w.field)): w.field.path for w in entries if w.concept}
    given = _with_less_tax(given, means.get(("tax", ""), ""), means.get(("total", ""), ""))
    net, tax = (given.get(means.get((key, ""), "")) for key in ("net_total", "tax"))
    if not net or not tax:
        return given
    a, b = (abs(amount_of(spans[0])) for spans in (net, tax))
    bad = {means["net_total", ""], means["tax", ""]} if 2 * b > a else set()
    return {path: spans for path, spans in given.items() if path not in bad}


def _with_less_tax(given: dict[str, tuple[Span, ...]], tax: str, total: str) -> dict[str, tuple[Span, ...]]:
    """Return the assignment with a tax of at most half of the total, or with none."""
    if tax not in given or total not in given:
        return given
    whole = abs(amount_of(given[total][0]))
    if not whole or 2 * abs(amount_of(given[tax][0])) <= whole:
        return given
    less = tuple(s for s in given[tax] if s.hints.get("money") and 0 < 2 * abs(amount_of(s)) <= whole)
    return {**given, tax: less} if less else {path: spans for path, spans in given.items() if path != tax}
