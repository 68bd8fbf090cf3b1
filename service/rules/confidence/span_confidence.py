"""Doubts: how sure the best span of a field is, and why it is no surer, in words for whoever reads the Result.

A wrong value with evidence is worse than none. The ranking says which span is best; here stands what it takes to be
good: no rival as near, letters that could be read, a whole name and not a half, and in a text of sentences, where anything
can be found beside anything, words of the field's own. The margins were fitted on the tuning halves: see decision 0035.
"""

from __future__ import annotations

import re
from decimal import Decimal

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.confidence.misattributed import mistaken
from thresher.service.rules.confidence.sentence_signs import spoken_against
from thresher.service.rules.confidence.thresholds import DIM, DIM_FIGURES, Sign, doubted, lead, read, told, weakest
from thresher.service.rules.confidence.truncated import halved
from thresher.service.rules.contracts.capacities import capacity_of
from thresher.service.rules.contracts.contract_term import lasts
from thresher.service.rules.contracts.governing_law import governs
from thresher.service.rules.contracts.preamble_count import not_whole
from thresher.service.rules.fields.concepts import GENERAL, Concept, meaning, states
from thresher.service.rules.fields.stems import EMPTY, stem, stems
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.findable_lists import can_be_empty
from thresher.service.rules.ranking.span_assignment import FieldCandidates
from thresher.service.rules.spans.bullets import uneven
from thresher.service.rules.spans.line_pieces import Layout, lay_out
from thresher.service.rules.spans.passages import clause_named
from thresher.service.rules.spans.printed_numbers import amount_of
from thresher.service.rules.spans.prose import in_sentence, is_data, is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import concept_of, shape_of

MARGIN = {"clause": 0.05, "text": 0.05, "identifier": 0.05, "duration": 0.1, "place": 0.1}
ROUNDED = Decimal("0.045")  # of an amount of money; what rounding to five cents changes at most, and a little
SHORT = 3  # letters; what is shorter is no name's beginning
NEAR = (
    0.025  # least points by which a span must be better than one of another value, where its shape has none of its own
)
AMID = 0.15  # the same for amounts in a text of sentences, which names many
LETTERS = (
    "name",
    "address",
    "text",
    "word",
    "title",
    "identifier",
    "email",
    "url",
    "place",
)  # shapes that a letter misread makes wrong
OF_CLAUSE = 1.3  # times the points that a clause needs; its wording alone, without a heading, is often a neighbour's
QUALIFIED = ("duration", "date", "money", "number", "percent", "identifier", "time", "place")
AROUND = 320  # characters before a value, and half as many after it, in which its sentence says what it is
NAMED = 0.55  # points of the words beside a name, in a text of sentences, that say whose it is
_FORMS = frozenset(
    ("address", "city", "day", "days", "period", "place", "state", "country", "text", "list", "type", "total", "clause")
)
_POINTED = re.compile(r",")
DIM_POINTED = 0.28  # what a word with a comma in it may lack; fitted on the tuning half
_STOP = re.compile(r"(?<=[a-z)”\"])[.;](?=\s+[A-Z(“\"\d])|\n\s*\n")


def rival_of(spans: tuple[Span, ...]) -> Span | None:
    """The best span that says something else than the first."""
    return next((s for s in spans[1:] if not _alike(s, spans[0])), None)


def _alike(a: Span, b: Span) -> bool:
    """Whether two spans say the same: equal words, one a part of the other's place, or a name's shorter form."""
    said, other = sorted((plain(str(a.value)), plain(str(b.value))), key=len)
    amounts = [amount_of(x) for x in (a, b)]
    if all(amounts) and abs(amounts[0] - amounts[1]) < ROUNDED and not round(amounts[1] * 100) % 5:
        return True  # the first of them is the other, rounded to coins that there are
    shorter = len(said) > SHORT and not any(c.isdigit() for c in other) and f" {other} ".startswith(f" {said} ")
    return said == other or shorter or (a.start < b.end and b.start < a.end)


def borne(layout: Layout, leaf: Field, spans: list[Span]) -> list[Span]:
    """Of the names for a list, those that a text of sentences gives the field's capacity, or names as such."""
    concept = meaning(leaf, ())
    if concept and concept.key == "party":
        spans = [s for s in spans if not s.hints["nickname"] and (_introduced(s) or not is_prose(layout))]
    if not is_prose(layout) or not capacity_of(leaf):
        return spans
    return [s for s in spans if s.hints.get("capacity") or _is_called(leaf, concept, s)]


def _introduced(span: Span) -> bool:
    """Whether a contract introduces a party here: by what follows its name, or a legal form after "between" or "and"."""
    hints = span.hints
    return bool(hints["after"] or hints.get("capacity") or (hints["legal"] and hints["before"]))


def _is_called(field: Field, concept: Concept | None, span: Span) -> bool:
    """Whether the words beside a name say that it is the field's: its own, or those of a concept of the field's name."""
    own = stems(capacity_of(field))
    meant = concept is not None and concept.key != "party" and any(own & stems(n) for n in concept.names)
    return span.told >= NAMED and (meant or own <= stems(span.label))


def certainty(layout: Layout, wish: FieldCandidates, shape: str, spans: tuple[Span, ...]) -> Sign:
    """How sure the first span is, and the weakest sign of it."""
    first, rival = spans[0], rival_of(spans)
    signs = [told(first.score / OF_CLAUSE if shape == "clause" else first.score)]
    if not first.proved:
        signs.append(_legible(layout, shape, first))
    if rival and not first.proved:
        least = AMID if shape == "money" and in_sentence(layout, first.start) else MARGIN.get(shape, NEAR)
        signs.append(lead(first.score - rival.score, least, _short(rival)))
    if is_prose(layout):
        signs.append(doubted(_unsaid(layout, wish, shape, first)))
        signs.append(doubted(spoken_against(layout, wish.field, wish.concept, shape, first)))
    return weakest([*signs, doubted(halved(layout, wish, shape, first)), doubted(mistaken(layout, wish, shape, first))])


def _legible(layout: Layout, shape: str, span: Span) -> Sign:
    """How well the worst word could be read; a comma dims the word of an address, and says nothing of its letters."""
    if shape != "address":
        seen = layout.document.confidence(span.start, span.end)
        return read(seen, DIM if shape in LETTERS else DIM_FIGURES)
    words = re.finditer(r"\S+", layout.text[span.start : span.end])
    places = [(span.start + m.start(), span.start + m.end(), m[0]) for m in words]
    return weakest(
        [read(layout.document.confidence(a, b), DIM_POINTED if _POINTED.search(w) else DIM) for a, b, w in places]
    )


def certainty_of_list(layout: Layout, leaf: Field, spans: list[Span]) -> Sign:
    """How sure a list of scalars is: as its weakest value, and no surer where the text names one more."""
    signs = [read(layout.document.confidence(s.start, s.end)) for s in spans]
    concept = meaning(leaf, ())
    if concept and concept.key == "party" and is_prose(layout):
        signs.append(doubted(not_whole(layout, spans)))
    if shape_of(leaf, concept_of(leaf)) == "text":
        signs.append(doubted(uneven(layout, spans)))
    return weakest(signs)


def out_of_reach(document: Document, target: Target) -> list[str]:
    """Paths of what no code here can tell to be absent: yes or no, lists of judgement, free words and lists of sentences."""
    layout = lay_out(document, 0, len(document.text))
    once = [f for f in target.fields if "*" not in f.path]
    free = [
        f for f in once if is_prose(layout) and shape_of(f, concept_of(f)) in ("text", None) and not clause_named(f)
    ]
    fields = [f.path for f in once if f.kind == "boolean" or (f in free and f.kind == "text")]
    unknown = is_prose(layout) or is_data(layout)
    return [*fields, *(p for p in _outer_lists(target) if unknown or not can_be_empty(document, target, p))]


def _outer_lists(target: Target) -> list[str]:
    """Lists that stand in no other: of objects by their pattern, of single values by that of one."""
    return [p for p in target.lists if "*" not in p] + [
        f.path for f in target.fields if f.path.endswith("/*") and f.path.count("*") == 1
    ]


def apart(wishes: list[FieldCandidates], wish: FieldCandidates, span: Span) -> str:
    """Why the day of an agreement is not to be given as that of its effect, where the target wants both."""
    both = {w.concept.key for w in wishes if w.concept} >= {"effective_date", "agreed_date"}
    if not both or wish.concept is None or wish.concept.key != "effective_date" or "effective" in span.label:
        return ""
    return "not sure: the text tells when it was made, and not when it takes effect"


def _unsaid(layout: Layout, wish: FieldCandidates, shape: str, span: Span) -> str:
    """What a text of sentences does not say of a span that its field needs."""
    concept, field = wish.concept, wish.field
    if concept and concept.key == "governing_law":
        others = {plain(str(s.value)): s for s in wish.spans if governs(layout, s)} if shape == "place" else {}
        other = next((s for said, s in others.items() if said not in (plain(str(span.value)), "united states")), None)
        return f"not sure: the law of {_short(other)} governs too" if other else ""
    if shape == "text" and states(field.description):
        return "not sure: the field states something whole, and no rule here judges whether the text says the same"
    if shape == "name" and capacity_of(field) and not (span.hints.get("capacity") or _is_called(field, concept, span)):
        return f"not sure: nothing says that this is the {words_of(field.name)}"
    if concept and concept.key == "term" and in_sentence(layout, span.start) and not lasts(layout, span):
        return "not sure: its sentence does not say that it is the length of the whole"
    if shape in QUALIFIED and in_sentence(layout, span.start):
        missing = qualifiers(field, concept) - _around(layout, span)
        if missing and len(missing) * 2 > len(qualifiers(field, concept)):
            return f"not sure: the sentence does not speak of {', '.join(sorted(missing))}"
    return ""


def qualifiers(field: Field, concept: Concept | None) -> frozenset[str]:
    """Stems of the words of a field's name that say more than its concept does, or than its form.

    >>> sorted(qualifiers(Field(path="/maturity_date", kind="date"), None))
    ['matur']
    """
    words = [w for w in words_of(field.name).split() if w not in GENERAL and w not in EMPTY and w not in _FORMS]
    known = {stem(w) for n in (concept.names if concept else ()) for w in n.split()}
    return frozenset(stem(w) for w in words) - known


def _around(layout: Layout, span: Span) -> frozenset[str]:
    before = layout.text[max(span.start - AROUND, layout.start) : span.start]
    after = layout.text[span.end : min(span.end + AROUND // 2, layout.end)]
    cuts = [m.end() for m in _STOP.finditer(before)]
    stop = _STOP.search(after)
    return stems(before[cuts[-1] if cuts else 0 :]) | stems(after[: stop.start() if stop else len(after)])


def _short(span: Span) -> str:
    value = str(span.value)
    return repr(value if len(value) <= MOST else f"{value[:MOST]}…")


MOST = 60  # characters of a rival that a reason shows
