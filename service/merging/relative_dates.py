"""Compute dates that a document states only as a duration from another date, after the merge.

A date field's answer may be such words ("364 days after the date of this agreement"), or the day that a model computed and
that is not in the text. The other day is a date field of the target that the words name, or a day that the document
defines or writes next to them. Words whose day is unknown leave the data and become unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Unsupported
from thresher.schemas.result import Conflict
from thresher.schemas.target import Field, Target
from thresher.service.derivation.evaluator import date_shifted
from thresher.service.formats.date_offsets import RelativeDate, has_relative_date, relative_dates
from thresher.service.grounding.date_spans import dates

UNKNOWN = "stated only as a duration from a date that was not found"
MAX_READ_CHARS = 2_000_000  # code points of a document that are searched for such words
NAME_DISTANCE_CHARS = 80  # code points between a defined day and its name
FIELD_WORDS_CHARS = 200  # code points before the words that must contain a word of the field
STEM_LETTERS = 5  # letters by which words are compared: matures, maturity
_SENTENCE_END = re.compile(r"(?<=\w{3}[.;])\s+|\n\s*\n")
_WORD = re.compile(r"[^\W\d_]{3,}")
_DATE_WORDS = frozenset(("date", "day", "the", "this", "and", "datum", "tag", "jour", "fecha", "data", "which", "such"))

Base = tuple[date, tuple[str, ...]]  # a day, and the path of the field that has it


@dataclass(slots=True)
class ComputedDay:
    """A computed day and its evidence."""

    value: str
    evidence: Evidence


class RelativeDateResolver:
    """The relative dates of one whole, whose data and evidence are changed in place."""

    def __init__(
        self, data: dict[str, Any], evidence: list[Evidence], target: Target, documents: Sequence[Document]
    ) -> None:
        """Take the data of the whole and its evidence, in any order."""
        self._data, self._evidence, self._documents = data, evidence, documents
        self._fields = {f.path: f for f in target.fields if f.kind == "date"}

    def settle(
        self, unsupported: list[Unsupported], conflicts: list[Conflict]
    ) -> tuple[list[Unsupported], list[Conflict]]:
        """Return what is still unsupported, and the Conflicts without those whose values are one day."""
        if not self._fields:
            return unsupported, conflicts
        left = [u for u in unsupported if not self._restored(u)]
        bare = [(i, e.path) for i, e in enumerate(self._evidence) if e.match == "none" and self._field(e.path)]
        for i, path in bare:
            self._evidence[i] = self._proof(path, json_pointer.get(self._data, path)) or self._evidence[i]
        open_conflicts = [c for c in conflicts if not self._is_one(c)]
        for path, value in [
            (p, v) for p, v in json_pointer.leaves(self._data) if self._field(p) and has_relative_date(v)
        ]:
            computed = self._of_words(path, str(value))
            self._evidence[:] = [e for e in self._evidence if e.path != path]
            json_pointer.put(self._data, path, computed.value if computed else None)
            if computed:
                self._evidence.append(computed.evidence)
            else:
                left.append(Unsupported(path=path, value=value, reason=UNKNOWN))
        return left, open_conflicts

    def _field(self, path: str) -> Field | None:
        return self._fields.get(json_pointer.pattern(path))

    def _restored(self, u: Unsupported) -> bool:
        """Whether words of the document give an unsupported day for its field; the day is then put back into the data."""
        if "-" in json_pointer.parts(u.path) or json_pointer.get(self._data, u.path) is not None:
            return False
        proof = self._proof(u.path, u.value)
        if proof:
            json_pointer.put(self._data, u.path, u.value)
            self._evidence.append(proof)
        return proof is not None

    def _proof(self, path: str, value: Any) -> Evidence | None:
        """Return evidence of a day by words of the document that give it for its field; None where none do."""
        known = self._field(path)
        for document, words in self._phrases if known and _day(value) else ():
            base = self._base(path, words) if known and self._speaks_of(document, words, known) else None
            if base and date_shifted(base[0], words.by, words.unit) == _day(value):
                return self._shown(path, document, words, base[1])
        return None

    def _is_one(self, conflict: Conflict) -> bool:
        """Whether all values of a Conflict, some of them relative, are one day."""
        if not self._field(conflict.path) or not any(has_relative_date(c.value) for c in conflict.candidates):
            return False
        computed = [
            self._of_words(conflict.path, str(c.value)) for c in conflict.candidates if has_relative_date(c.value)
        ]
        days = {t.value if t else None for t in computed} | {
            c.value for c in conflict.candidates if not has_relative_date(c.value)
        }
        return len(days) == 1 and None not in days

    def _of_words(self, path: str, value: str) -> ComputedDay | None:
        """Return the day that an answer's words give; None where it is unknown."""
        words = next(relative_dates(value))
        base = self._base(path, words)
        if base is None:
            return None
        known = next((e for e in self._evidence if e.path == path), None)
        evidence = known or Evidence(path=path, quote="", start=None, end=None)
        update = {"match": "derived", "method": "derived", "derived_from": base[1]}
        return ComputedDay(date_shifted(base[0], words.by, words.unit).isoformat(), evidence.model_copy(update=update))

    def _base(self, path: str, words: RelativeDate) -> Base | None:
        """Return the day that words count from: written in them, a field's that they name, or one that the document defines."""
        written = {d for _, found in dates(words.anchor) for d in found}
        if written:
            return (next(iter(written)), ()) if len(written) == 1 else None
        return self._named(path, words.anchor) or self._defined(words.anchor) or self._told(words.anchor)

    def _named(self, path: str, anchor: str) -> Base | None:
        """Return the day of the date fields that share most words with an anchor; None where these have several days."""
        wanted, best = _stems(anchor), dict[int, dict[date, str]]()
        for at, value in json_pointer.leaves(self._data):
            known, day = self._field(at), _day(value)
            if known is None or day is None or at == path or not _is_beside(at, path):
                continue
            score = len(wanted & _stems(f"{known.name} {known.title} {' '.join(known.aliases)}"))
            score = 2 * score or len(wanted & _stems(known.description))
            best.setdefault(score, {})[day] = at
        days = best[max(best)] if best and max(best) else {}
        return next(((day, (at,)) for day, at in days.items()), None) if len(days) == 1 else None

    def _defined(self, anchor: str) -> Base | None:
        """Return the day next to which a document puts an anchor's name in quotes; None where there are several."""
        name = r"\s+".join(map(re.escape, re.sub(r"^(?:the|such)\s+", "", anchor, flags=re.IGNORECASE).split()))
        found: set[date] = set()
        for document in self._documents:
            for match in re.finditer(rf"[\"“„«]{name}[\"”“»]", document.text[:MAX_READ_CHARS]):
                before, behind = (
                    document.text[max(match.start() - NAME_DISTANCE_CHARS, 0) : match.start()],
                    document.text[match.end() :][:NAME_DISTANCE_CHARS],
                )
                near = [d for _, d in dates(before)][-1:] or [d for _, d in dates(behind)][:1]
                found |= near[0] if near else frozenset[date]()
        return (next(iter(found)), ()) if len(found) == 1 else None

    def _told(self, anchor: str) -> Base | None:
        """Return the only day in sentences that speak of an anchor: "This agreement is made on 3 February 2025"."""
        wanted = _stems(anchor)
        found = {day for stems, days in self._dated_sentences if wanted and wanted <= stems for day in days}
        return (next(iter(found)), ()) if len(found) == 1 else None

    @cached_property
    def _dated_sentences(self) -> list[tuple[frozenset[str], frozenset[date]]]:
        """Return the words of each sentence that has one date, and the readings of that."""
        sentences = (s for d in self._documents for s in _SENTENCE_END.split(d.text[:MAX_READ_CHARS]))
        dated = ((s, [d for _, d in dates(s)]) for s in sentences)
        return [(_stems(s), days[0]) for s, days in dated if len(days) == 1]

    @cached_property
    def _phrases(self) -> list[tuple[Document, RelativeDate]]:
        """Return the relative dates of the documents."""
        return [(d, words) for d in self._documents for words in relative_dates(d.text[:MAX_READ_CHARS])]

    def _speaks_of(self, document: Document, words: RelativeDate, known: Field) -> bool:
        """Whether a word of a field stands before the words, in their paragraph."""
        before = document.text[max(words.start - FIELD_WORDS_CHARS, 0) : words.start].rpartition("\n\n")[2]
        return not _stems(f"{known.name} {known.title}").isdisjoint(_stems(before))

    def _shown(self, path: str, document: Document, words: RelativeDate, rests: tuple[str, ...]) -> Evidence:
        return Evidence.at(
            document,
            (words.start, words.end),
            path,
            match="derived",
            method="derived",
            source=None if document is self._documents[0] else document.source.path,
            derived_from=rests,
        )


def _stems(text: str) -> frozenset[str]:
    """Return the beginnings of the words of a text that distinguish dates."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).casefold()
    return frozenset(w[:STEM_LETTERS] for w in _WORD.findall(parted) if w not in _DATE_WORDS)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_beside(path: str, other: str) -> bool:
    """Whether a path is outside lists, or in the same record as another path."""
    above = path.rpartition("/")[0]
    return not any(p.isdecimal() for p in path.split("/")) or other.startswith(f"{above}/")
