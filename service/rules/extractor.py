"""Extract values from a Document by choosing spans. Code ranks; the model decides only between near equals.

The model never writes a value: it may name one of the spans that it is shown, or null. On the tuning documents the ranking
alone was right far more often than the small model choosing among the best five. So the model is asked only where the
ranking cannot separate two different values, and its answer counts only if it is the same in both orders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem
from thresher.schemas.extraction import Attempt, Evidence, Extraction, Unresolved, Unsupported
from thresher.schemas.policy import Policy
from thresher.schemas.question import Model, Question, attempt_of_reply
from thresher.schemas.target import Field, Target
from thresher.service.prompts.questions import question_of
from thresher.service.rules.confidence.proof import (
    MODEL_CHOSE,
    unproved_list_reason,
    unproved_reason,
    unproved_rows_reason,
)
from thresher.service.rules.confidence.span_confidence import (
    certainty,
    certainty_of_list,
    effective_date_objection,
    names_of_capacity,
    rival_of,
)
from thresher.service.rules.confidence.thresholds import DOUBT_WORTH, STANCES, Sign, doubt_sign, weakest_sign
from thresher.service.rules.contracts.preamble_names import with_introduced_parties
from thresher.service.rules.document_kind import kind_signs
from thresher.service.rules.fields.column_meaning import Item
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.list_items import list_items
from thresher.service.rules.mail_headers import header_values, is_header_field, is_mail
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.ranking.cross_checks import cross_checked
from thresher.service.rules.ranking.span_assignment import FieldCandidates, assign, without_implausible_tax
from thresher.service.rules.ranking.span_score import MIN_SCORE
from thresher.service.rules.ranking.total_and_due import with_total_of_due
from thresher.service.rules.spans.bullets import find_bullets
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.printed_numbers import signed_range
from thresher.service.rules.spans.prose import is_prose
from thresher.service.rules.spans.scalar_lists import list_spans
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates, concept_of, shape_of
from thresher.service.rules.tables.unmatched_rows import has_amounts, report_unmatched, without_unnamed_parties
from thresher.service.rules.target_values import FoundValue, assemble

NEAR_RIVAL_MAX_POINTS = 0.01  # points of the ranking; the model is asked only about rivals within this distance
NAME_MIN_LETTERS = 3  # letters; a field name of at most so many may also be a value
SHAPES_OUTSIDE_ROWS = (
    "name",
    "address",
    "title",
    "text",
    "word",
    "identifier",
    "email",
    "phone",
)  # shapes that are not taken from the rows of a list
MAX_SPANS_PER_FIELD = 12  # spans of one field that compete with other fields
LABEL_SHOWN_CHARS = 60  # characters of a span's label that the model sees


@dataclass(slots=True)
class RuleExtraction:
    """Collect what the extraction of one Document has found, refused and asked."""

    model: Model
    policy: Policy
    found: list[FoundValue] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    refused: list[Unsupported] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # codes of questions without an answer
    signs: dict[str, tuple[Any, Sign]] = field(default_factory=dict)  # by path: the best value and its certainty
    unsure: dict[str, str] = field(default_factory=dict)  # by path: why the given value may still be wrong


async def extract_by_rules(model: Model, document: Document, target: Target, policy: Policy) -> Extraction:
    """Return one Extraction of a whole Document: each value is a span of its text, or null."""
    return _extraction(await weigh(model, document, target, policy), document, target)


async def weigh(model: Model, document: Document, target: Target, policy: Policy) -> RuleExtraction:
    """Return the values found in a Document, the refused ones, and how certain each value is."""
    layout = lay_out(document, 0, len(document.text))
    state = RuleExtraction(model, policy)
    state.found += (
        [FoundValue(path, span) for path, span in header_values(document, target)] if is_mail(document) else []
    )
    lists = list_items(layout, target)
    if STANCES[policy.stance] > DOUBT_WORTH:
        lists, state.refused = without_unnamed_parties(layout, target, lists)
    settled = {f.path for f in state.found} | {
        f.path for f in target.fields if is_mail(document) and is_header_field(f)
    }
    for pattern, items in lists.items():
        if not any(path.startswith(f"{pattern}/") for path in settled):
            for i, item in enumerate(items):
                state.found += [FoundValue(p.replace(f"{pattern}/*", f"{pattern}/{i}", 1), s) for p, s in item.items()]
            _mark_unsure(state, pattern, unproved_rows_reason(layout, target, pattern, items))
    inside = [(s.start, s.end) for items in lists.values() for item in items for s in item.values()]
    inside += [_extent_of(i) for p, items in lists.items() if has_amounts(target, p) for i in items]
    rows = RangeIndex(inside)
    names = frozenset(w for f in target.fields for w in (words_of(f.name), plain(f.title)) if len(w) > NAME_MIN_LETTERS)
    entries = [
        w
        for leaf in target.fields
        if leaf.path not in settled and (w := field_candidates(layout, leaf, rows, policy, names))
    ]
    assigned = with_total_of_due(entries, without_implausible_tax(entries, assign(entries)))
    given, wrong = cross_checked(entries, assigned)
    for path, spans in given.items():
        entry = next(w for w in entries if w.field.path == path)
        await _decide(
            state, layout, entry, spans, effective_date_objection(entries, entry, spans[0]) or wrong.get(path, "")
        )
    for leaf in target.fields:
        known = {leaf.path, f"{leaf.path[:-1]}0"} & settled
        if leaf.path.endswith("/*") and leaf.path.count("*") == 1 and not known:
            _decide_list(state, layout, leaf)
    taken = [(f.span.start, f.span.end) for f in state.found]
    state.refused += report_unmatched(layout, target, {p: i for p, i in lists.items() if p not in settled}, taken)
    return state


def _decide_list(state: RuleExtraction, layout: Layout, leaf: Field) -> None:
    """Add the values of a list of scalars, or refuse them all where one is doubtful or one is missing."""
    path, spans = leaf.path[:-2], _list_values(layout, leaf)
    sign = certainty_of_list(layout, leaf, spans)
    if spans:
        state.signs[path] = ([s.value for s in spans], sign)
    if sign.worth >= STANCES[state.policy.stance]:
        state.found += [FoundValue(f"{path}/{i}", s) for i, s in enumerate(spans)]
        _mark_unsure(state, path, unproved_list_reason(layout, leaf, spans) if spans else "")
    elif spans:
        state.refused.append(Unsupported(path=path, value=[s.value for s in spans], reason=sign.reason))


def _extraction(state: RuleExtraction, document: Document, target: Target) -> Extraction:
    unresolved = None
    if state.failures:
        unresolved = Unresolved(chunk=0, reason=state.failures[0], attempts=len(state.attempts))
    signs = kind_signs(document, target, [(f.path, f.span) for f in state.found])
    return Extraction(
        chunk=0,
        document=document.ordinal,
        other_kind=signs.explanation(target) if signs.is_other else "",
        by_rules=True,
        data=assemble(target, state.found),
        evidence=tuple(_evidence(document, f) for f in state.found),
        unsupported=tuple(state.refused),
        unsure=state.unsure,
        attempts=tuple(state.attempts),
        failed=tuple(state.failed),
        unresolved=unresolved,
    )


def _evidence(document: Document, found: FoundValue) -> Evidence:
    span = found.span
    return Evidence.at(
        document,
        signed_range(document.text, span),
        found.path,
        match="exact" if str(span.value) == span.text else "normalised",
        struck=document.is_struck(span.start, span.end),
        chunk=0,
        source=document.evidence_source,
        confidence=document.confidence(span.start, span.end),
    )


def _list_values(layout: Layout, leaf: Field) -> list[Span]:
    """Return the values of a list of scalars; free texts only where a heading names the list."""
    shape = shape_of(leaf, concept_of(leaf))
    if shape == "text":
        return find_bullets(layout, leaf)
    spans = candidates(layout, leaf)
    if shape != "name":
        return list_spans(spans)
    found, concept = list_spans(names_of_capacity(layout, leaf, spans)), concept_of(leaf)
    return with_introduced_parties(layout, found) if concept and concept.key == "party" and is_prose(layout) else found


def field_candidates(
    layout: Layout, leaf: Field, rows: RangeIndex, policy: Policy, names: frozenset[str] = frozenset()
) -> FieldCandidates | None:
    """Return a single field with the spans that are good enough for it; None where there are none.

    `rows` are the ranges that list items use. `names` are the names of the target's fields: such a text is a label, not a value.
    """
    if "*" in leaf.path:
        return None
    concept, least = concept_of(leaf), min(MIN_SCORE, STANCES[policy.stance])
    is_outside_rows = shape_of(leaf, concept) in SHAPES_OUTSIDE_ROWS
    good = [
        s
        for s in candidates(layout, leaf)
        if s.score >= least and not (is_outside_rows and rows.overlaps(s.start, s.end))
    ]
    good = [s for s in good if not (is_outside_rows and plain(s.text) in names)]
    return FieldCandidates(field=leaf, concept=concept, spans=tuple(good[:MAX_SPANS_PER_FIELD])) if good else None


def _extent_of(item: Item) -> tuple[int, int]:
    """Return the range from the first to the last value of a priced item: all text between belongs to the item."""
    return min(s.start for s in item.values()), max(s.end for s in item.values())


async def _decide(
    state: RuleExtraction, layout: Layout, entry: FieldCandidates, spans: tuple[Span, ...], against: str
) -> None:
    """Give a field its best span, or the near rival that the model chooses twice; else record why neither is given.

    `against` is the objection of the other fields, "" for none.
    """
    first, rival = spans[0], rival_of(spans)
    path, shape = entry.field.path, shape_of(entry.field, entry.concept) or ""
    near = rival and not (against or first.proved) and first.score - rival.score < NEAR_RIVAL_MAX_POINTS
    if rival and near and (taken := await _chosen_twice(state, entry.field, first, rival)):
        state.found.append(FoundValue(path, taken))
        _mark_unsure(state, path, MODEL_CHOSE)
        return
    sign = weakest_sign([doubt_sign(against), certainty(layout, entry, shape, spans)])
    state.signs[path] = (first.value, sign)
    if sign.worth >= STANCES[state.policy.stance]:
        state.found.append(FoundValue(path, first))
        _mark_unsure(state, path, unproved_reason(layout, entry, sign, spans))
    else:
        state.refused.append(Unsupported(path=path, value=first.value, reason=sign.reason))


def _mark_unsure(state: RuleExtraction, path: str, reason: str) -> None:
    """Record why the value given at a path may be wrong, if there is a reason."""
    if reason:
        state.unsure[path] = reason


async def _chosen_twice(state: RuleExtraction, leaf: Field, first: Span, second: Span) -> Span | None:
    """Return the span that the model chooses in both orders; None if its answers differ."""
    if first.text == second.text:
        return None
    said = [await _choice(state, leaf, options) for options in ((first, second), (second, first))]
    return next((s for s in (first, second) if said == [s.text, s.text]), None)


async def _choice(state: RuleExtraction, leaf: Field, options: tuple[Span, ...]) -> str | None:
    question = question_for(leaf, options)
    try:
        reply = await state.model.ask(question)
    except ModelProblem as problem:
        state.failed.append(problem.code)
        state.failures.append(f"{problem.code}: {problem.message}")
        return None
    state.attempts.append(attempt_of_reply(question, reply))
    return chosen(reply.text, options)


def question_for(leaf: Field, options: tuple[Span, ...]) -> Question:
    """Build the question which of some spans is the value of a field, or none."""
    description = f" ({leaf.description})" if leaf.description else ""
    lines = "\n".join(
        f"{json.dumps(s.text, ensure_ascii=False)} beside: {s.label[-LABEL_SHOWN_CHARS:]}" for s in options
    )
    values = {"field": f"{words_of(leaf.name)}{description}", "options": lines}
    answer = {"enum": [*(s.text for s in options), None]}
    schema = {"type": "object", "properties": {"value": answer}, "required": ["value"], "additionalProperties": False}
    return question_of("choose", "choose", values, schema, 20 + max(len(s.text) for s in options))


def chosen(text: str, options: tuple[Span, ...]) -> str | None:
    """Return the span text that a reply names; None for null and for anything else."""
    try:
        said: Any = json.loads(text)
    except ValueError:
        return None
    value = said.get("value") if isinstance(said, dict) else None
    return next((s.text for s in options if s.text == value), None)
