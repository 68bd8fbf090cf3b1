"""Estimate the certainty of a field's best span, and the reason why it is no higher, in words for the Result.

A wrong value with evidence is worse than none. The ranking says which span is best; this module checks whether it is good:
no rival close behind, legible letters, a complete name, and in a text of sentences words of the field itself, since there
anything can stand next to anything. The margins were fitted on the tuning halves: see decision 0035.
"""

from __future__ import annotations

import re
from decimal import Decimal

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.confidence.misattributed import misattribution_reason
from thresher.service.rules.confidence.sentence_signs import sentence_objection
from thresher.service.rules.confidence.thresholds import (
    OCR_LOSS_LIMIT,
    OCR_LOSS_LIMIT_FIGURES,
    Sign,
    doubt_sign,
    label_sign,
    lead_sign,
    legibility_sign,
    weakest_sign,
)
from thresher.service.rules.confidence.truncated import truncation_reason
from thresher.service.rules.contracts.capacities import capacity_of
from thresher.service.rules.contracts.contract_term import states_term
from thresher.service.rules.contracts.governing_law import states_governing_law
from thresher.service.rules.contracts.preamble_count import missing_party_reason
from thresher.service.rules.fields.concepts import GENERAL_WORDS, Concept, concept_for, states_duty
from thresher.service.rules.fields.stems import STOP_WORDS, stem, stems
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.findable_lists import can_be_empty
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.bullets import entries_objection
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.passages import clause_named
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.prose import in_sentence, is_data, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import concept_of, shape_of

LEAD_MARGIN_POINTS = {"clause": 0.05, "text": 0.05, "identifier": 0.05, "duration": 0.1, "place": 0.1}
ROUNDING_TOLERANCE = Decimal("0.045")  # of an amount of money; a little more than rounding to five cents changes
NAME_PREFIX_MIN_LETTERS = 3  # letters; a shorter text is no beginning of a name
DEFAULT_MARGIN_POINTS = (
    0.025  # least points by which a span must lead a rival, for shapes that are not in `LEAD_MARGIN_POINTS`
)
SENTENCE_MONEY_MARGIN_POINTS = 0.15  # the same for amounts in a sentence, since a text of sentences has many
LETTER_SHAPES = (
    "name",
    "address",
    "text",
    "word",
    "title",
    "identifier",
    "email",
    "url",
    "place",
)  # shapes that one misread letter makes wrong
CLAUSE_FACTOR = 1.3  # factor on the points that a clause needs; without a heading its wording is often that of a neighbouring clause
QUALIFIED_SHAPES = ("duration", "date", "money", "number", "percent", "identifier", "time", "place")
SENTENCE_CHARS = 320  # characters searched before a value for its sentence; half as many after it
NAME_LABEL_MIN_POINTS = 0.55  # least label points of a name in a text of sentences
_FORMS = frozenset(
    ("address", "city", "day", "days", "period", "place", "state", "country", "text", "list", "type", "total", "clause")
)
_COMMA = re.compile(r",")
OCR_LOSS_LIMIT_COMMA = 0.28  # the `OCR_LOSS_LIMIT` of a word with a comma; fitted on the tuning half
_STOP = re.compile(r"(?<=[a-z)”\"])[.;](?=\s+[A-Z(“\"\d])|\n\s*\n")


def rival_of(spans: tuple[Span, ...]) -> Span | None:
    """Return the best span with another value than the first."""
    return next((s for s in spans[1:] if not _same_value(s, spans[0])), None)


def _same_value(a: Span, b: Span) -> bool:
    """Whether two spans have the same value: equal words, overlapping ranges, or a name's shorter form."""
    said, other = sorted((plain(str(a.value)), plain(str(b.value))), key=len)
    amounts = [amount_of(x) for x in (a, b)]
    if all(amounts) and abs(amounts[0] - amounts[1]) < ROUNDING_TOLERANCE and not round(amounts[1] * 100) % 5:
        return True  # one is the other, rounded to coins
    shorter = (
        len(said) > NAME_PREFIX_MIN_LETTERS
        and not any(c.isdigit() for c in other)
        and f" {other} ".startswith(f" {said} ")
    )
    return said == other or shorter or (a.start < b.end and b.start < a.end)


def names_of_capacity(layout: Layout, leaf: Field, spans: list[Span]) -> list[Span]:
    """Keep the names for a list that a text of sentences labels as, or gives the capacity of, the field."""
    concept = concept_for(leaf, ())
    if concept and concept.key == "party":
        spans = [s for s in spans if not s.hints["nickname"] and (_introduced(s) or not is_prose(layout))]
    if not is_prose(layout) or not capacity_of(leaf):
        return spans
    return [s for s in spans if s.hints.get("capacity") or _is_labelled_as(leaf, concept, s)]


def _introduced(span: Span) -> bool:
    """Whether a contract introduces a party here, by the words around its name and its legal form."""
    hints = span.hints
    return bool(hints["after"] or hints.get("capacity") or (hints["legal"] and hints["before"]))


def _is_labelled_as(field: Field, concept: Concept | None, span: Span) -> bool:
    """Whether the words next to a name match the field's name, or a concept of that name."""
    own = stems(capacity_of(field))
    meant = concept is not None and concept.key != "party" and any(own & stems(n) for n in concept.names)
    return span.label_points >= NAME_LABEL_MIN_POINTS and (meant or own <= stems(span.label))


def certainty(layout: Layout, entry: FieldCandidates, shape: str, spans: tuple[Span, ...]) -> Sign:
    """Return the weakest sign for the first span, with its reason."""
    first, rival = spans[0], rival_of(spans)
    signs = [label_sign(first.score / CLAUSE_FACTOR if shape == "clause" else first.score)]
    if not first.proved:
        signs.append(_legibility(layout, shape, first))
    if rival and not first.proved:
        least = (
            SENTENCE_MONEY_MARGIN_POINTS
            if shape == "money" and in_sentence(layout, first.start)
            else LEAD_MARGIN_POINTS.get(shape, DEFAULT_MARGIN_POINTS)
        )
        signs.append(lead_sign(first.score - rival.score, least, _shown(rival)))
    if is_prose(layout):
        signs.append(doubt_sign(_missing_statement(layout, entry, shape, first)))
        signs.append(doubt_sign(sentence_objection(layout, entry.field, entry.concept, shape, first)))
    return weakest_sign(
        [
            *signs,
            doubt_sign(truncation_reason(layout, entry, shape, first)),
            doubt_sign(misattribution_reason(layout, entry, shape, first)),
        ]
    )


def _legibility(layout: Layout, shape: str, span: Span) -> Sign:
    """Return the sign of the worst word's OCR confidence; in addresses a comma lowers a word's confidence by itself."""
    if shape != "address":
        seen = layout.document.confidence(span.start, span.end)
        return legibility_sign(seen, OCR_LOSS_LIMIT if shape in LETTER_SHAPES else OCR_LOSS_LIMIT_FIGURES)
    words = re.finditer(r"\S+", layout.text[span.start : span.end])
    places = [(span.start + m.start(), span.start + m.end(), m[0]) for m in words]
    return weakest_sign(
        [
            legibility_sign(
                layout.document.confidence(a, b), OCR_LOSS_LIMIT_COMMA if _COMMA.search(w) else OCR_LOSS_LIMIT
            )
            for a, b, w in places
        ]
    )


def certainty_of_list(layout: Layout, leaf: Field, spans: list[Span]) -> Sign:
    """Return the sign of a list of scalars: that of its weakest value, doubted where the text names one more."""
    signs = [legibility_sign(layout.document.confidence(s.start, s.end)) for s in spans]
    concept = concept_for(leaf, ())
    if concept and concept.key == "party" and is_prose(layout):
        signs.append(doubt_sign(missing_party_reason(layout, spans)))
    if shape_of(leaf, concept_of(leaf)) == "text":
        signs.append(doubt_sign(entries_objection(layout, spans)))
    return weakest_sign(signs)


def undecidable_paths(document: Document, target: Target) -> list[str]:
    """Return the paths that no rule can call absent: booleans, lists that need judgement, free text in prose."""
    layout = lay_out(document, 0, len(document.text))
    once = [f for f in target.fields if "*" not in f.path]
    free = [
        f for f in once if is_prose(layout) and shape_of(f, concept_of(f)) in ("text", None) and not clause_named(f)
    ]
    fields = [f.path for f in once if f.kind == "boolean" or (f in free and f.kind == "text")]
    unknown = is_prose(layout) or is_data(layout)
    return [*fields, *(p for p in _outer_lists(target) if unknown or not can_be_empty(document, target, p))]


def _outer_lists(target: Target) -> list[str]:
    """Return the lists outside other lists: of objects by their pattern, of scalars by the pattern of one value."""
    return [p for p in target.lists if "*" not in p] + [
        f.path for f in target.fields if f.path.endswith("/*") and f.path.count("*") == 1
    ]


def effective_date_objection(entries: list[FieldCandidates], entry: FieldCandidates, span: Span) -> str:
    """Return why a date of agreement is no effective date, where the target has both fields; else ""."""
    both = {w.concept.key for w in entries if w.concept} >= {"effective_date", "agreed_date"}
    if not both or entry.concept is None or entry.concept.key != "effective_date" or "effective" in span.label:
        return ""
    return "not sure: the text states when the contract was made, but not when it takes effect"


def _missing_statement(layout: Layout, entry: FieldCandidates, shape: str, span: Span) -> str:
    """Return what a text of sentences does not state about a span although its field needs it; else ""."""
    concept, field = entry.concept, entry.field
    if concept and concept.key == "governing_law":
        others = (
            {plain(str(s.value)): s for s in entry.spans if states_governing_law(layout, s)} if shape == "place" else {}
        )
        other = next((s for said, s in others.items() if said not in (plain(str(span.value)), "united states")), None)
        return f"not sure: the law of {_shown(other)} governs, too" if other else ""
    if shape == "text" and states_duty(field.description):
        return "not sure: the field's description is a statement, and no rule can judge whether the text agrees"
    if (
        shape == "name"
        and capacity_of(field)
        and not (span.hints.get("capacity") or _is_labelled_as(field, concept, span))
    ):
        return f"not sure: nothing says that this is the {words_of(field.name)}"
    if concept and concept.key == "term" and in_sentence(layout, span.start) and not states_term(layout, span):
        return "not sure: its sentence does not say that it is the duration of the contract"
    if shape in QUALIFIED_SHAPES and in_sentence(layout, span.start):
        missing = qualifiers(field, concept) - _sentence_stems(layout, span)
        if missing and len(missing) * 2 > len(qualifiers(field, concept)):
            return f"not sure: its sentence does not mention {', '.join(sorted(missing))}"
    return ""


def qualifiers(field: Field, concept: Concept | None) -> frozenset[str]:
    """Return the stems of the words in a field's name that its concept and its form do not cover.

    >>> sorted(qualifiers(Field(path="/maturity_date", kind="date"), None))
    ['matur']
    """
    words = [
        w for w in words_of(field.name).split() if w not in GENERAL_WORDS and w not in STOP_WORDS and w not in _FORMS
    ]
    known = {stem(w) for n in (concept.names if concept else ()) for w in n.split()}
    return frozenset(stem(w) for w in words) - known


def _sentence_stems(layout: Layout, span: Span) -> frozenset[str]:
    before = layout.text[max(span.start - SENTENCE_CHARS, layout.start) : span.start]
    after = layout.text[span.end : min(span.end + SENTENCE_CHARS // 2, layout.end)]
    cuts = [m.end() for m in _STOP.finditer(before)]
    stop = _STOP.search(after)
    return stems(before[cuts[-1] if cuts else 0 :]) | stems(after[: stop.start() if stop else len(after)])


def _shown(span: Span) -> str:
    value = str(span.value)
    return repr(value if len(value) <= RIVAL_SHOWN_CHARS else f"{value[:RIVAL_SHOWN_CHARS]}…")


RIVAL_SHOWN_CHARS = 60  # characters of a rival that a reason shows
