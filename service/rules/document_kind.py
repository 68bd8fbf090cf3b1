"""Decide whether a document is of the kind that a target is for, from the leading fields that the rules found.

Leading fields are those outside lists, except booleans and constants. A value is evidence for the kind if the words next
to it name its field and are not general words ("date", "total", "to"). A document is of another kind if no list was read,
few leading fields were found, few of their values are such evidence, and it mentions the names of few of them. A document
that mentions the target's name needs only one value as evidence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.concepts import GENERAL_WORDS
from thresher.service.rules.fields.stems import stems
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.mail_headers import is_header_field, is_mail
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import concept_of, shape_of

LABEL_MIN_POINTS = 0.5  # label points from which the words next to a value are its label
EVIDENCE_MIN_SHARE = 0.12  # of the leading fields; with fewer as evidence of the kind the document is of another one
FOUND_ENOUGH_SHARE = 0.5  # of the leading fields; so many found, with or without a label, are enough
NAMES_MAX_SHARE = 0.25  # of the names of leading fields; a document of another kind mentions no more
SEARCHED_CHARS = 100_000  # characters at the beginning that are searched for field names
CONTACT_SHAPES = (
    "address",
    "email",
    "phone",
    "url",
    "currency",
)  # shapes of values that documents of all kinds print about persons
NAME_WORD_MIN_LETTERS = 4  # fewest letters of a word of the target's name
SUBSTRING_MIN_LETTERS = 7  # fewest letters of a foreign word that is also matched inside longer words
GENERAL_STEMS = frozenset(stems(" ".join(GENERAL_WORDS))) | stems(
    "total from to start end place title subject text type period address email phone time note page sent day term of by sum"
)
"""Stems of words that documents of all kinds print."""


@dataclass(frozen=True, slots=True)
class KindSigns:
    """Counts of what suggests that a document is of a target's kind."""

    leading: int  # fields outside lists, without booleans
    found: int  # of them, with a value
    evidence: int  # of them, with a value next to words that only such a document prints
    names_target: bool  # whether the document mentions the target's name
    names_fields: bool  # whether it mentions the names of more than a few leading fields
    lists: int  # lists with at least one value found

    @property
    def is_other(self) -> bool:
        """Whether the document is of a clearly different kind."""
        if not self.leading or self.lists or self.names_fields or self.found >= FOUND_ENOUGH_SHARE * self.leading:
            return False
        return self.evidence < (1 if self.names_target else EVIDENCE_MIN_SHARE * self.leading)

    def explanation(self, target: Target) -> str:
        """Return a sentence for the Result about what was searched for and not found."""
        names = ", ".join(dict.fromkeys(words_of(f.name) for f in leading(target)))
        few = f"{self.found} of {self.leading} leading fields were found, {self.evidence} of them with a label of their own"
        return f"this is no {words_of(target.name)} as far as rules can determine: {few} (searched for: {names})"


def leading(target: Target) -> list[Field]:
    """Return the fields outside lists, without booleans and constants."""
    return [f for f in target.fields if "*" not in f.path and f.kind not in ("boolean", "const")]


def kind_signs(document: Document, target: Target, found: Iterable[tuple[str, Span]]) -> KindSigns:
    """Count the signs of the target's kind, given the values found by path."""
    spans = dict(found)
    wanted = leading(target)
    got = [(f, spans[f.path]) for f in wanted if f.path in spans and not _is_guessed(document, f, spans[f.path])]
    return KindSigns(
        leading=len(wanted),
        found=len(got),
        evidence=sum(is_evidence(document, f, s) for f, s in got),
        names_target=_mentions_target_name(document, target),
        names_fields=_mentions_field_names(document, wanted),
        lists=len({p.partition("/*")[0] for p in _lists(target) if any(k.startswith(f"{p}/") for k in spans)}),
    )


def _is_guessed(document: Document, field: Field, span: Span) -> bool:
    """Whether a mail header field got its value only from a position in a document without mail headers."""
    return is_header_field(field) and not is_mail(document) and span.label_points < LABEL_MIN_POINTS


def is_evidence(document: Document, field: Field, span: Span) -> bool:
    """Whether the words next to a value name its field and are not general words, or a mail header gives the value."""
    if is_mail(document) and not span.label:
        return is_header_field(field) or field.name == "subject"
    concept = concept_of(field)
    if shape_of(field, concept) in CONTACT_SHAPES or span.label_points < LABEL_MIN_POINTS:
        return span.proved
    own = " ".join((*map(words_of, field.path.split("/")), *(concept.labels if concept else ())))
    return span.proved or bool((stems(span.label) - GENERAL_STEMS) & stems(own))


def _lists(target: Target) -> list[str]:
    return [*target.lists, *(f.path[:-2] for f in target.fields if f.path.endswith("/*"))]


def _mentions_target_name(document: Document, target: Target) -> bool:
    """Whether a text mentions the target's name, in any language of `document_kind.toml`."""
    text = f" {plain(document.text)} "
    names = [w for w in words_of(target.name).split() if len(w) >= NAME_WORD_MIN_LETTERS]
    own = [w for w in names if not stems(w) <= GENERAL_STEMS]
    if any(f" {w} " in text or f" {w}s " in text for w in own):
        return True
    foreign = [w for name in names for w in _names_in_other_languages().get(name, ())]
    return any((w if len(w) >= SUBSTRING_MIN_LETTERS else f" {w} ") in text for w in foreign)


@cache
def _names_in_other_languages() -> dict[str, tuple[str, ...]]:
    """Return the names for kinds of documents in other languages, by the words of their English names."""
    known = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: tuple(map(plain, words.split())) for name, words in known.items()}


def _mentions_field_names(document: Document, wanted: list[Field]) -> bool:
    """Whether a text contains all words of more than a few field names; names of general words do not count."""
    text = stems(document.text[:SEARCHED_CHARS])
    names = [own for f in wanted if (own := stems(words_of(f.name)) - GENERAL_STEMS)]
    said = sum(own <= text for own in names)
    return said > 1 and said > NAMES_MAX_SHARE * len(names)
