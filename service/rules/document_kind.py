"""Kinds: whether a document is of the kind that a target is for, by what the built-in model found of its leading fields.

Leading fields are those outside lists that are no yes or no. A value tells of the kind if the words beside it name its field
and are not the words that any paper prints ("date", "total", "to"). A document is of another kind if no list was read, few
leading fields were found, few of their values tell, and it says the names of few of them. One that says what the target
is called needs a single telling value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.concepts import GENERAL
from thresher.service.rules.fields.stems import stems
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.mail_headers import is_letter, of_headers
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import concept_of, shape_of

TOLD = 0.5  # points of the words beside a value that make them its label
FEW = 0.12  # of the leading fields; fewer that tell of the kind are too few
MOST = 0.5  # of the leading fields; as many found, label or not, are enough
WORDED = 0.25  # of the names of leading fields; a document of another kind says no more of them
LONG = 100_000  # characters in which a document says what it is about
CONTACT = ("address", "email", "phone", "url", "currency")  # shapes of what papers of all kinds tell of somebody
NAMED = 4  # letters of a word of the target's name that a document may say
PART = 7  # letters of a word of another language that counts within longer words, too
ANYWHERE = frozenset(stems(" ".join(GENERAL))) | stems(
    "total from to start end place title subject text type period address email phone time note page sent day term of by sum"
)
"""Stems of words that papers of all kinds print."""


@dataclass(frozen=True, slots=True)
class KindSigns:
    """What speaks for a document's being of a target's kind."""

    leading: int  # fields outside lists, yes and no aside
    found: int  # of them, with a value
    telling: int  # of them, with a value beside words that only such a document prints
    named: bool  # whether the document says what the target is called
    worded: bool  # whether it says the names of more than a few leading fields
    lists: int  # lists of which something was found

    @property
    def is_other(self) -> bool:
        """Whether the document is of quite another kind."""
        if not self.leading or self.lists or self.worded or self.found >= MOST * self.leading:
            return False
        return self.telling < (1 if self.named else FEW * self.leading)

    def said(self, target: Target) -> str:
        """What was looked for and not found, for whoever reads the Result."""
        names = ", ".join(dict.fromkeys(words_of(f.name) for f in leading(target)))
        few = f"{self.found} of {self.leading} leading fields were found, {self.telling} beside words of their own"
        return f"this is no {words_of(target.name)} as far as rules can tell: {few} (looked for: {names})"


def leading(target: Target) -> list[Field]:
    """Return the fields outside lists that are no yes or no."""
    return [f for f in target.fields if "*" not in f.path and f.kind not in ("boolean", "const")]


def kind_signs(document: Document, target: Target, found: Iterable[tuple[str, Span]]) -> KindSigns:
    """Return what speaks for a kind, from the values found by path."""
    spans = dict(found)
    wanted = leading(target)
    got = [(f, spans[f.path]) for f in wanted if f.path in spans and not _is_guessed(document, f, spans[f.path])]
    return KindSigns(
        leading=len(wanted),
        found=len(got),
        telling=sum(is_telling(document, f, s) for f, s in got),
        named=_is_named(document, target),
        worded=_is_worded(document, wanted),
        lists=len({p.partition("/*")[0] for p in _lists(target) if any(k.startswith(f"{p}/") for k in spans)}),
    )


def _is_guessed(document: Document, field: Field, span: Span) -> bool:
    """Whether a value that a mail's headers tell was taken from its place on a paper that is no mail."""
    return of_headers(field) and not is_letter(document) and span.told < TOLD


def is_telling(document: Document, field: Field, span: Span) -> bool:
    """Whether the words beside a value are its field's own and more than any paper prints, or a mail's header is."""
    if is_letter(document) and not span.label:
        return of_headers(field) or field.name == "subject"
    concept = concept_of(field)
    if shape_of(field, concept) in CONTACT or span.told < TOLD:
        return span.proved
    own = " ".join((*map(words_of, field.path.split("/")), *(concept.labels if concept else ())))
    return span.proved or bool((stems(span.label) - ANYWHERE) & stems(own))


def _lists(target: Target) -> list[str]:
    return [*target.lists, *(f.path[:-2] for f in target.fields if f.path.endswith("/*"))]


def _is_named(document: Document, target: Target) -> bool:
    """Whether a text says what the target is called, in any language that `document_kind.toml` knows."""
    text = f" {plain(document.text)} "
    names = [w for w in words_of(target.name).split() if len(w) >= NAMED]
    own = [w for w in names if not stems(w) <= ANYWHERE]
    if any(f" {w} " in text or f" {w}s " in text for w in own):
        return True
    foreign = [w for name in names for w in _foreign().get(name, ())]
    return any((w if len(w) >= PART else f" {w} ") in text for w in foreign)


@cache
def _foreign() -> dict[str, tuple[str, ...]]:
    """What other languages call kinds of documents, by the words of their English names."""
    known = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: tuple(map(plain, words.split())) for name, words in known.items()}


def _is_worded(document: Document, wanted: list[Field]) -> bool:
    """Whether a text holds all words of the names of more than a few fields; names of general words do not count."""
    text = stems(document.text[:LONG])
    names = [own for f in wanted if (own := stems(words_of(f.name)) - ANYWHERE)]
    said = sum(own <= text for own in names)
    return said > 1 and said > WORDED * len(names)
