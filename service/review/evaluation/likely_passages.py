"""Rank the lines of a document by how likely they show a value, and number them for a question."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log

from rapidfuzz import fuzz, process

from thresher.chunkers.table_heads import TableHeads
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence, Extraction
from thresher.service.formats.languages import month_of

LONG_LINE_CHARS = 320  # code points of a line from which its sentences count as lines
WHOLE_MAX_CHARS = 4_000  # code points up to which a document is shown completely
SHOWN_MAX_CHARS = 16_000  # code points of passages, for all values of one question
LINES_PER_VALUE = 4  # lines that are shown for a value, each with its neighbours
NEIGHBOUR_LINES = 2  # lines on either side that are shown
EDGE_LINES = 8  # lines from the top (for judgements of the whole) or the end (for dates)
PASSAGE = 600  # code points up to which several lines are quoted as one passage
LIKENESS_MIN_LETTERS = 4  # letters from which a value is searched by similarity
LIKENESS_MAX_LINES = 20_000  # lines up to which all are compared
USUAL_MIN_FIELDS = 3  # descriptions from which a word that most of them have is left out
NAME_WEIGHT = 2.0  # weight of a word of the value or of the field's name; that of any other is 1

_WORD = re.compile(r"\d+|[^\W\d_]{2,}")
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ].*)?")
_FIGURES = re.compile(r"\d[\d.,'’\u00a0\u202f]*")
MONTH_MAX_DIGITS, MONTHS = 2, 12  # digits of a month, and months of a year
_NOTHING = re.compile(
    r"(?:^|(?<=[\s|;]))(?:[-–—−]{1,3}|nil)(?=[\s|;]|$)|\t(?=\t|$)", re.IGNORECASE
)  # what stands for zero
_SENTENCE = re.compile(r"(?<=[.;:!?])\s+")

Range = tuple[int, int]


def line_of(document: Document, offset: int) -> Range:
    """Return the range of the text line that contains an offset."""
    end = document.text.find("\n", offset)
    return document.text.rfind("\n", 0, offset) + 1, len(document.text) if end < 0 else end


def evidence_of(document: Document, place: Range, extraction: Extraction, path: str) -> Evidence:
    """Return evidence for a range of a Document, with pages and boxes."""
    return Evidence.at(
        document,
        place,
        path,
        chunk=extraction.chunk,
        source=document.source.path if extraction.document else None,
        confidence=document.confidence(*place),
    )


@dataclass(frozen=True, slots=True)
class PassageQuery:
    """A value to search for: words of it, words about it, and where its record stands."""

    value: str  # empty for true and false, which no text spells out
    about: str
    name: str = ""  # words of the field's name, and of the name of what it lies in
    within: str = ""  # words of the names around these
    home: Range | None = None  # range of its record, where it has one
    whole: bool = False  # whether it is about the whole document


class Passages:
    """The lines of one Document, ranked by words; built once, queried often."""

    def __init__(self, document: Document) -> None:
        """Take the Document; nothing is indexed yet."""
        self.document = document

    @cached_property
    def lines(self) -> list[Range]:
        """Return every non-blank line in order; long ones are split into sentences."""
        text = self.document.text
        found = []
        for match in re.finditer(r"[^\n]*\S[^\n]*", text):
            found += (
                _sentences(text, match.start(), match.end())
                if match.end() - match.start() > LONG_LINE_CHARS
                else [match.span()]
            )
        return found

    def shown(self, wanted: Sequence[PassageQuery]) -> list[int]:
        """Return indices of the lines to show for some values, in order; the best of each before further ones of any."""
        if sum(b - a for a, b in self.lines) <= WHOLE_MAX_CHARS:
            return list(range(len(self.lines)))
        taken: dict[int, None] = {}
        room = SHOWN_MAX_CHARS
        for turn in self._turns(wanted):
            new = [i for i in turn if i not in taken]
            room -= sum(self.lines[i][1] - self.lines[i][0] for i in new)
            if room < 0 and taken:
                break
            taken |= dict.fromkeys(new)
        return sorted(taken)

    def likeliest(self, wanted: PassageQuery, among: Sequence[int]) -> Range:
        """Return the likeliest of some lines for a value (the first of equals), with neighbours among them that fit."""
        scores = self._scores(wanted)
        first = last = among.index(max(among, key=lambda i: (scores.get(i, 0.0), -i)))
        while True:
            grown = [(a, b) for a, b in ((first - 1, last), (first, last + 1)) if a >= 0 and b < len(among)]
            fits = [(a, b) for a, b in grown if self.lines[among[b]][1] - self.lines[among[a]][0] <= PASSAGE]
            if not fits:
                return self.lines[among[first]][0], self.lines[among[last]][1]
            first, last = fits[0]

    def _turns(self, wanted: Sequence[PassageQuery]) -> Iterable[list[int]]:
        """Yield groups of lines to show, the most important first."""
        ranked = []
        usual = _usual_words(wanted)
        for w in wanted:
            scores = self._scores(w, usual)
            ranked_lines = self._clauses(scores) if w.whole else sorted(scores, key=lambda i: (-scores[i], i))
            best = [*self._alike(w.value), *ranked_lines]
            if w.home:
                yield self._near(w.home)
            elif _ISO.fullmatch(w.value):
                yield list(
                    range(max(len(self.lines) - EDGE_LINES, 0), len(self.lines))
                )  # the end, where documents are signed
            elif w.whole:
                yield list(range(min(EDGE_LINES, len(self.lines))))
            ranked.append(best)
        for turn in range(LINES_PER_VALUE):
            for best in ranked:
                if turn < len(best):
                    yield self._around(best[turn])

    def _alike(self, value: str) -> list[int]:
        """Return the line most similar to a value, even if no word is the same: OCR errors, other spellings."""
        if sum(c.isalpha() for c in value) < LIKENESS_MIN_LETTERS or len(self.lines) > LIKENESS_MAX_LINES:
            return []
        texts = (self.document.text[a:b].casefold() for a, b in self.lines)
        best = process.extractOne(value.casefold()[:LONG_LINE_CHARS], texts, scorer=fuzz.partial_ratio, score_cutoff=60)
        return [best[2]] if best else []

    def _clauses(self, scores: dict[int, float]) -> list[int]:
        """Return the best lines by their own score and half of their neighbours': a clause is more than a line. None is near another."""
        near = range(-NEIGHBOUR_LINES, NEIGHBOUR_LINES + 1)
        around = {i: sum(scores.get(i + n, 0.0) for n in near) + own for i, own in scores.items()}
        best: list[int] = []
        for i in sorted(around, key=lambda i: (-around[i], i)):
            if len(best) < LINES_PER_VALUE and all(abs(i - j) > NEIGHBOUR_LINES for j in best):
                best.append(i)
        return best

    def _near(self, place: Range) -> list[int]:
        first = max(bisect_right(self.lines, (place[0], len(self.document.text))) - 1, 0)
        last = max(bisect_right(self.lines, (place[1], 0)) - 1, first)
        heads = (self._line_at(start) for start, _ in self._heads.at(place[0]))
        return sorted(
            {*heads, *range(max(first - NEIGHBOUR_LINES - 1, 0), min(last + NEIGHBOUR_LINES + 1, len(self.lines)))}
        )

    def _around(self, line: int) -> list[int]:
        """Return a line with its neighbours and the heads of its table."""
        heads = (self._line_at(start) for start, _ in self._heads.at(self.lines[line][0]))
        return sorted(
            {*heads, *range(max(line - NEIGHBOUR_LINES, 0), min(line + NEIGHBOUR_LINES + 1, len(self.lines)))}
        )

    def _line_at(self, offset: int) -> int:
        return max(bisect_right(self.lines, (offset, len(self.document.text))) - 1, 0)

    @cached_property
    def _heads(self) -> TableHeads:
        return self.document.once(TableHeads)

    def _scores(self, wanted: PassageQuery, usual: Collection[str] = ()) -> dict[int, float]:
        """Return a score for lines that share words with a value or its description: the sum of the rarity of these words.

        `usual` words of what describes it do not count.
        """
        scores: dict[int, float] = defaultdict(float)
        for told, weight in (
            (search_words(wanted.value), NAME_WEIGHT),
            (words(wanted.name), NAME_WEIGHT),
            ([w for w in words(f"{wanted.within} {wanted.about}") if w not in usual], 1.0),
        ):
            for word in dict.fromkeys(told):
                having = self._index.get(word, ())
                for i in having:
                    scores[i] += weight * log(1 + len(self.lines) / len(having))
        return scores

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for i, (a, b) in enumerate(self.lines):
            for word in Counter(_marks(self.document.text[a:b])):
                index[word].append(i)
        return index


def _usual_words(wanted: Sequence[PassageQuery]) -> set[str]:
    """Return the words that most of several descriptions have ("whether the contract has such a clause"): they tell nothing."""
    count = Counter(word for w in wanted for word in set(words(f"{w.within} {w.about}")))
    return {word for word, n in count.items() if n >= USUAL_MIN_FIELDS and 2 * n > len(wanted)}


def words(text: str) -> list[str]:
    """Return the words and figures of a text, normalised; of words the first six letters.

    >>> words("per_square_meter, 14.20 monthly")
    ['per', 'square', 'meter', '14', '20', 'monthl']
    """
    return [w[:6] if not w.isdigit() else w.lstrip("0") or "0" for w in _WORD.findall(text.casefold())]


def search_words(value: str) -> list[str]:
    """Return the words that a line showing a value would have, as `_marks` gives them for a line.

    A number is given by its figures, without separators and powers of ten; zero by what stands for it; a date by year, day and
    month, the latter in figures or by name.

    >>> search_words("1204500000"), search_words("0"), search_words("2024-03-09")
    (['#12045'], ['#', 'nothing'], ['2024', '9', 'month3'])
    """
    dated = _ISO.fullmatch(value)
    if dated:
        year, month, day = dated.groups()
        return [year, *([str(int(day))] if day else []), f"month{int(month)}"]
    number = _FIGURES.fullmatch(value.lstrip("-"))
    if number is None:
        return [*words(value), *(_key(m) for m in _FIGURES.findall(value) if len(m) > MONTH_MAX_DIGITS)]
    figures = _key(value)
    return ["#", "nothing"] if figures == "#" else [figures]


def _marks(line: str) -> Iterator[str]:
    """Yield the words of a line, its numbers by their figures, its months by their number, and "nothing" for an empty cell."""
    yield from words(line)
    yield from (f"month{month}" for word in _WORD.findall(line) if (month := month_of(word)))
    for match in _FIGURES.finditer(line):
        yield _key(match.group())
        if match.group().isdigit() and len(match.group()) <= MONTH_MAX_DIGITS and 1 <= int(match.group()) <= MONTHS:
            yield f"month{int(match.group())}"
    if _NOTHING.search(line):
        yield "nothing"


def _key(number: str) -> str:
    """Return the figures of a number without zeros at either end: the same in thousands as in full."""
    return "#" + "".join(c for c in number if c.isdigit()).strip("0")


def _sentences(text: str, start: int, end: int) -> list[Range]:
    cuts = [start, *(start + m.end() for m in _SENTENCE.finditer(text[start:end])), end]
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]
