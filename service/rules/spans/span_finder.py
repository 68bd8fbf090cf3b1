"""Find the spans that could fill a field: its shape selects the finder, its schema filters the values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from thresher.schemas.document import Document
from thresher.schemas.target import Field
from thresher.service.rules.confidence.acceptance import has_evidence
from thresher.service.rules.contracts.clauses import clause_of, find_clauses, wants_exact_words
from thresher.service.rules.fields.concepts import Concept, concept_for
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.ranking.span_score import ranked
from thresher.service.rules.spans.identifiers import (
    find_accounts,
    find_bics,
    find_codes,
    find_emails,
    find_ibans,
    find_phones,
    find_urls,
)
from thresher.service.rules.spans.labelled_lines import find_lines, find_titles
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.names import find_names
from thresher.service.rules.spans.passages import find_passages
from thresher.service.rules.spans.postal_addresses import find_addresses
from thresher.service.rules.spans.printed_dates import find_dates, find_times
from thresher.service.rules.spans.printed_numbers import find_numbers
from thresher.service.rules.spans.prose import in_contents, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.terms import (
    find_choices,
    find_currencies,
    find_durations,
    find_methods,
    find_places,
    find_terms,
)
from thresher.service.targets.linear_patterns import PatternTimeoutError, matches

Finder = Callable[[Layout, Field], Iterator[Span]]
FINDERS: dict[str, Finder] = {
    "date": find_dates,
    "time": find_times,
    "money": find_numbers,
    "number": find_numbers,
    "percent": find_numbers,
    "identifier": find_codes,
    "iban": find_ibans,
    "account": find_accounts,
    "terms": find_terms,
    "method": find_methods,
    "clause": find_clauses,
    "bic": find_bics,
    "email": find_emails,
    "url": find_urls,
    "phone": find_phones,
    "name": find_names,
    "address": find_addresses,
    "duration": find_durations,
    "place": find_places,
    "currency": find_currencies,
    "choice": find_choices,
    "title": find_titles,
    "text": find_lines,
    "word": find_lines,
}
PARTIES_CHARS = 60_000  # characters of a long text that introduce its parties, including contents and definitions
_AFTER_SECTION_NUMBER = re.compile(r"[.)]?\s+[A-Z“\"]|[.)]")
_OF_SECTION = re.compile(
    r"(?:\b(?:sections?|articles?|clauses?|paragraphs?|and|or|to)|§|[,(]|\n)\s*(?:\d+\.\d+[,\s]*)*$", re.IGNORECASE
)
_NUMERIC = ("money", "number", "percent", "duration")
_SHAPES_BY_KIND: dict[str, tuple[str, ...]] = {
    "date": ("date",),
    "datetime": ("date",),
    "time": ("time",),
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "email": ("email",),
    "uri": ("url",),
}
_SHAPE_BY_WORD = (
    ("date", "date"),
    ("number", "identifier"),
    ("id", "identifier"),
    ("code", "identifier"),
    ("amount", "money"),
    ("price", "money"),
    ("cost", "money"),
    ("fee", "money"),
    ("total", "money"),
    ("email", "email"),
    ("phone", "phone"),
    ("fax", "phone"),
    ("address", "address"),
    ("company", "name"),
    ("name", "name"),
    ("person", "name"),
    ("url", "url"),
    ("website", "url"),
    ("currency", "currency"),
    ("duration", "duration"),
    ("period", "duration"),
    ("law", "place"),
    ("country", "place"),
    ("state", "place"),
    ("percent", "percent"),
    ("percentage", "percent"),
    ("time", "time"),
    ("reference", "identifier"),
)


def shapes_of_kind(field: Field) -> tuple[str, ...]:
    """Return the shapes that values of the field's kind can have; empty for any shape."""
    return _SHAPES_BY_KIND.get(field.kind, ())


def concept_of(field: Field) -> Concept | None:
    """Return the field's concept, if documents commonly state it; else None."""
    return concept_for(field, shapes_of_kind(field))


def shape_of(field: Field, concept: Concept | None) -> str | None:
    """Return the shape of the field's values; None where no span can be one (booleans, constants, exact words)."""
    if field.kind in ("boolean", "const"):
        return None
    if field.choices or clause_of(field):
        return "choice" if field.choices else "clause"
    if wants_exact_words(field) and (concept is None or concept.shape not in ("duration", "terms")):
        return None
    return _shape_of_concept(field, concept) if concept else _by_name(field)


def _by_name(field: Field) -> str:
    fixed = _SHAPES_BY_KIND.get(field.kind)
    if fixed and fixed is not _NUMERIC:
        return fixed[0]
    words = words_of(field.name).split() or plain(field.title).split()
    said = (shape for w in reversed(words) for word, shape in _SHAPE_BY_WORD if w == word)
    return next((shape for shape in said if not fixed or shape in ("money", "percent")), "number" if fixed else "text")


def _shape_of_concept(field: Field, concept: Concept) -> str:
    """Return the concept's shape, or "address" for a field that requests the address of the named party."""
    words = plain(f"{field.description} {field.title}")
    return "address" if concept.shape == "name" and " address in one line" in f" {words}" else concept.shape


def find_candidates(document: Document, start: int, end: int, field: Field) -> list[Span]:
    """Return spans of `[start, end)` that could fill a field, best first, each with its value in the field's kind."""
    return candidates(lay_out(document, start, end), field)


def candidates(layout: Layout, field: Field) -> list[Span]:
    """Return the same as `find_candidates` for an existing Layout, computed once for each field."""
    key = ("candidates", field.path, field.kind)
    if key not in layout.memory:
        layout.memory[key] = _candidates(layout, field)
    found: list[Span] = layout.memory[key]
    return found


def _candidates(layout: Layout, field: Field) -> list[Span]:
    concept = concept_of(field)
    shape = shape_of(field, concept)
    if shape is None:
        return []
    spans = _plausible(layout, shape, found_spans(layout, field, shape))
    return [s for s in ranked(layout, field, concept, shape, spans) if has_evidence(layout, concept, shape, s)]


def _plausible(layout: Layout, shape: str, spans: list[Span]) -> list[Span]:
    """Drop spans that a long text contains by chance: contents, bare figures, names without a capacity."""
    if not is_prose(layout):
        return spans
    spans = [s for s in spans if not in_contents(layout, s.start)]
    if shape == "money":
        return [s for s in spans if _is_money(layout, s)]
    if shape == "number":
        return [s for s in spans if not _numbers_section(layout, s)]
    bearers = [s for s in spans if s.hints.get("capacity")]
    early = [s for s in bearers if s.start - layout.start < PARTIES_CHARS]
    return (early or bearers or spans) if shape in ("name", "text") else spans


def _numbers_section(layout: Layout, span: Span) -> bool:
    """Whether a number is the number of a paragraph: "7. Entry."."""
    begins = not layout.text[layout.text.rfind("\n", layout.start, span.start) + 1 : span.start].strip(" (§")
    return begins and bool(_AFTER_SECTION_NUMBER.match(layout.text, span.end))


def _is_money(layout: Layout, span: Span) -> bool:
    """Whether a figure in a text of sentences is an amount, and not the number of a section."""
    before = layout.text[max(span.start - 40, layout.start) : span.start]
    bare = span.hints["cents"] and not re.search(r"\d[.,]\d{3}", span.text)
    return bool(span.hints["money"] and not (bare and _OF_SECTION.search(before)))


def found_spans(layout: Layout, field: Field, shape: str | None) -> list[Span]:
    """Return the spans of a shape that satisfy the field's schema, unranked, in the finder's order."""
    if shape is None:
        return []
    finder = find_passages if shape == "text" and is_prose(layout) else FINDERS[shape]
    return [s for s in finder(layout, field) if s.value is not None and satisfies_schema(field, s)]


def satisfies_schema(field: Field, span: Span) -> bool:
    """Whether the value satisfies the simple constraints of the field's schema."""
    schema, value = field.schema, span.value
    if isinstance(value, str):
        pattern = schema.get("pattern")
        if pattern and not _matches_pattern(pattern, value):
            return False
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9))
    if isinstance(value, int | float):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def _matches_pattern(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern; a pattern that takes too long counts as matched."""
    try:
        return matches(pattern, value)
    except PatternTimeoutError:
        return True
