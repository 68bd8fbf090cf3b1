"""Ask: a Document's values chosen from its own spans. Code ranks; the model decides only between near equals.

The model never writes a value: it may name one of the spans it is shown, or null. On the tuning documents the ranking
alone was right far more often than the small model choosing among the best five, so the model is asked only where the
ranking can not tell two different values apart, and its word counts only if it is the same in both orders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.document import Document
from thresher.schemas.errors import ModelProblem
from thresher.schemas.extraction import Attempt, Evidence, Extraction, Unresolved, Unsupported
from thresher.schemas.policy import Policy
from thresher.schemas.target import Field, Target
from thresher.service.llm.base import Model, Question
from thresher.service.llm.response_parsing import replied
from thresher.service.prompts.questions import question_of
from thresher.service.rules.confidence.proof import CHOSEN, unproved, unproved_list, unproved_rows
from thresher.service.rules.confidence.span_confidence import apart, borne, certainty, certainty_of_list, rival_of
from thresher.service.rules.confidence.thresholds import DOUBTED, STANCES, Sign, doubted, weakest
from thresher.service.rules.contracts.preamble_names import introduced
from thresher.service.rules.document_kind import kind_signs
from thresher.service.rules.fields.column_meaning import Item
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.list_items import list_items
from thresher.service.rules.mail_headers import from_headers, is_letter, of_headers
from thresher.service.rules.ranking.cross_checks import checked
from thresher.service.rules.ranking.span_assignment import FieldCandidates, assign, coherent
from thresher.service.rules.ranking.span_score import ENOUGH
from thresher.service.rules.spans.bullets import find_bullets
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.prose import is_prose
from thresher.service.rules.spans.scalar_lists import several
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates, concept_of, shape_of
from thresher.service.rules.tables.unmatched_rows import has_amounts, unread, without_strangers
from thresher.service.rules.target_values import Found, assemble

CLOSE = 0.01  # points of the ranking; only rivals as near as that are put to the model
SHORT = 3  # letters; a shorter name of a field may be a value too
OUTSIDE = ("name", "address", "title", "text", "word", "identifier", "email", "phone")  # shapes no row of a list gives
MOST = 12  # spans of one field that are weighed against other fields
SHOWN = 60  # characters of the words beside a span that the model sees


@dataclass(slots=True)
class Asked:
    """What asking about one Document has come to."""

    model: Model
    policy: Policy
    found: list[Found] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    refused: list[Unsupported] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # codes of questions without an answer
    signs: dict[str, tuple[Any, Sign]] = field(default_factory=dict)  # by path: the best value and how sure it is
    unsure: dict[str, str] = field(default_factory=dict)  # by path: why what is given may be wrong all the same


async def ask_candidates(model: Model, document: Document, target: Target, policy: Policy) -> Extraction:
    """One Extraction of a whole Document: every value a span of its text, or null."""
    return _extraction(await weigh(model, document, target, policy), document, target)


async def weigh(model: Model, document: Document, target: Target, policy: Policy) -> Asked:
    """What is found in a Document, what is refused, and how sure each value is."""
    layout = lay_out(document, 0, len(document.text))
    asked = Asked(model, policy)
    asked.found += [Found(path, span) for path, span in from_headers(document, target)] if is_letter(document) else []
    lists = list_items(layout, target)
    if STANCES[policy.stance] > DOUBTED:
        lists, asked.refused = without_strangers(layout, target, lists)
    settled = {f.path for f in asked.found} | {f.path for f in target.fields if is_letter(document) and of_headers(f)}
    for pattern, items in lists.items():
        if not any(path.startswith(f"{pattern}/") for path in settled):
            for i, item in enumerate(items):
                asked.found += [Found(p.replace(f"{pattern}/*", f"{pattern}/{i}", 1), s) for p, s in item.items()]
            _mark(asked, pattern, unproved_rows(layout, target, pattern, items))
    rows = [s for items in lists.values() for item in items for s in item.values()]
    rows += [_reach(i) for p, items in lists.items() if has_amounts(target, p) for i in items]
    names = frozenset(w for f in target.fields for w in (words_of(f.name), plain(f.title)) if len(w) > SHORT)
    wishes = [
        w for leaf in target.fields if leaf.path not in settled and (w := wish(layout, leaf, rows, policy, names))
    ]
    given, wrong = checked(wishes, coherent(wishes, assign(wishes)))
    for path, spans in given.items():
        wish_of = next(w for w in wishes if w.field.path == path)
        await _decide(asked, layout, wish_of, spans, apart(wishes, wish_of, spans[0]) or wrong.get(path, ""))
    for leaf in target.fields:
        known = {leaf.path, f"{leaf.path[:-1]}0"} & settled
        if leaf.path.endswith("/*") and leaf.path.count("*") == 1 and not known:
            _give_list(asked, layout, leaf)
    told = [(f.span.start, f.span.end) for f in asked.found]
    asked.refused += unread(layout, target, {p: i for p, i in lists.items() if p not in settled}, told)
    return asked


def _give_list(asked: Asked, layout: Layout, leaf: Field) -> None:
    """Give a list of scalars its values, or none of them where one is in doubt or one more is named."""
    path, spans = leaf.path[:-2], _many(layout, leaf)
    sign = certainty_of_list(layout, leaf, spans)
    if spans:
        asked.signs[path] = ([s.value for s in spans], sign)
    if sign.worth >= STANCES[asked.policy.stance]:
        asked.found += [Found(f"{path}/{i}", s) for i, s in enumerate(spans)]
        _mark(asked, path, unproved_list(layout, leaf, spans) if spans else "")
    elif spans:
        asked.refused.append(Unsupported(path=path, value=[s.value for s in spans], reason=sign.reason))


def _extraction(asked: Asked, document: Document, target: Target) -> Extraction:
    unresolved = None
    if asked.failures:
        unresolved = Unresolved(chunk=0, reason=asked.failures[0], attempts=len(asked.attempts))
    signs = kind_signs(document, target, [(f.path, f.span) for f in asked.found])
    return Extraction(
        chunk=0,
        document=document.ordinal,
        other_kind=signs.said(target) if signs.is_other else "",
        by_rules=True,
        data=assemble(target, asked.found),
        evidence=tuple(_evidence(document, f) for f in asked.found),
        unsupported=tuple(asked.refused),
        unsure=asked.unsure,
        attempts=tuple(asked.attempts),
        failed=tuple(asked.failed),
        unresolved=unresolved,
    )


def _evidence(document: Document, found: Found) -> Evidence:
    span = found.span
    anchor = document.anchor(span.start, span.end)
    return Evidence(
        path=found.path,
        quote=document.text[span.start : span.end],
        start=span.start,
        end=span.end,
        page=anchor.page,
        boxes=anchor.boxes,
        part=anchor.part,
        match="exact" if str(span.value) == span.text else "normalised",
        struck=document.is_struck(span.start, span.end),
        chunk=0,
        source=document.evidence_source,
        confidence=document.confidence(span.start, span.end),
    )


def _many(layout: Layout, leaf: Field) -> list[Span]:
    """The values of a list of scalars; texts of no particular shape only where a heading names the list."""
    shape = shape_of(leaf, concept_of(leaf))
    if shape == "text":
        return find_bullets(layout, leaf)
    spans = candidates(layout, leaf)
    if shape != "name":
        return several(spans)
    found, concept = several(borne(layout, leaf, spans)), concept_of(leaf)
    return introduced(layout, found) if concept and concept.key == "party" and is_prose(layout) else found


def wish(
    layout: Layout, leaf: Field, rows: list[Span], policy: Policy, names: frozenset[str] = frozenset()
) -> FieldCandidates | None:
    """A field that occurs once and the spans good enough for it, if any; `rows` are taken by the items of lists.

    What is called as a field of the target is a label of it, and no value: `names`.
    """
    if "*" in leaf.path:
        return None
    concept, least = concept_of(leaf), min(ENOUGH, STANCES[policy.stance])
    told = shape_of(leaf, concept) in OUTSIDE
    good = [s for s in candidates(layout, leaf) if s.score >= least and not (told and _within(s, rows))]
    good = [s for s in good if not (told and plain(s.text) in names)]
    return FieldCandidates(field=leaf, concept=concept, spans=tuple(good[:MOST])) if good else None


def _reach(item: Item) -> Span:
    """From the first value of a priced item to its last: what stands between is of the item too."""
    return Span(start=min(s.start for s in item.values()), end=max(s.end for s in item.values()), text="", value=None)


def _within(span: Span, rows: list[Span]) -> bool:
    return any(r.start < span.end and span.start < r.end for r in rows)


async def _decide(asked: Asked, layout: Layout, wish: FieldCandidates, spans: tuple[Span, ...], against: str) -> None:
    """Give a field its best span, or one as near that the model takes twice; or put down why neither is given.

    `against` is what the other fields say against it, "" for nothing.
    """
    first, rival = spans[0], rival_of(spans)
    path, shape = wish.field.path, shape_of(wish.field, wish.concept) or ""
    near = rival and not (against or first.proved) and first.score - rival.score < CLOSE
    if rival and near and (taken := await _taken(asked, wish.field, first, rival)):
        asked.found.append(Found(path, taken))
        _mark(asked, path, CHOSEN)
        return
    sign = weakest([doubted(against), certainty(layout, wish, shape, spans)])
    asked.signs[path] = (first.value, sign)
    if sign.worth >= STANCES[asked.policy.stance]:
        asked.found.append(Found(path, first))
        _mark(asked, path, unproved(layout, wish, sign, spans))
    else:
        asked.refused.append(Unsupported(path=path, value=first.value, reason=sign.reason))


def _mark(asked: Asked, path: str, reason: str) -> None:
    """Put down why what is given at a path may be wrong, if anything says so."""
    if reason:
        asked.unsure[path] = reason


async def _taken(asked: Asked, leaf: Field, first: Span, second: Span) -> Span | None:
    """The span that the model takes in both orders; None if it does not know."""
    if first.text == second.text:
        return None
    said = [await _choice(asked, leaf, options) for options in ((first, second), (second, first))]
    return next((s for s in (first, second) if said == [s.text, s.text]), None)


async def _choice(asked: Asked, leaf: Field, options: tuple[Span, ...]) -> str | None:
    question = question_for(leaf, options)
    try:
        reply = await asked.model.ask(question)
    except ModelProblem as problem:
        asked.failed.append(problem.code)
        asked.failures.append(f"{problem.code}: {problem.message}")
        return None
    asked.attempts.append(replied(question, reply))
    return chosen(reply.text, options)


def question_for(leaf: Field, options: tuple[Span, ...]) -> Question:
    """The question which of some spans is the value of a field, or none."""
    told = f" ({leaf.description})" if leaf.description else ""
    lines = "\n".join(f"{json.dumps(s.text, ensure_ascii=False)} beside: {s.label[-SHOWN:]}" for s in options)
    values = {"field": f"{words_of(leaf.name)}{told}", "options": lines}
    answer = {"enum": [*(s.text for s in options), None]}
    schema = {"type": "object", "properties": {"value": answer}, "required": ["value"], "additionalProperties": False}
    return question_of("choose", "choose", values, schema, 20 + max(len(s.text) for s in options))


def chosen(text: str, options: tuple[Span, ...]) -> str | None:
    """The span's text that a reply names; None for null and for anything else."""
    try:
        said: Any = json.loads(text)
    except ValueError:
        return None
    value = said.get("value") if isinstance(said, dict) else None
    return next((s.text for s in options if s.text == value), None)
