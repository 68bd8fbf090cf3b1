"""Turn a recogniser's characters and columns into words with boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median

from thresher.service.ocr.base import PrintedWord
from thresher.service.ocr.quads import Quad, hull

MISSING_SPACE_MIN_GAP = 3.0  # in usual distances of two characters: a space that the recogniser did not write


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """One recognised line: for each character its column (None for spaces) and its confidence."""

    text: str
    columns: tuple[int | None, ...]
    confidences: tuple[float, ...]
    width: float  # columns in the whole line

    @property
    def confidence(self) -> float:
        """Return the mean over all characters, 0 for none."""
        return fmean(self.confidences) if self.confidences else 0.0


def words(spelled: RecognisedLine, quad: Quad) -> tuple[PrintedWord, ...]:
    """Return the words of a line; their boxes are hulls in the image of `quad`."""
    groups = list(_groups(spelled))
    pitch = _pitch(spelled)
    found = []
    for i, group in enumerate(groups):
        before = _column(spelled, groups[i - 1][-1]) if i else -pitch
        after = _column(spelled, groups[i + 1][0]) if i + 1 < len(groups) else spelled.width + pitch
        first, last = _column(spelled, group[0]), _column(spelled, group[-1])
        start = max(first - 0.6 * pitch, (before + first) / 2, 0.0)
        end = min(last + 0.6 * pitch, (last + after) / 2, spelled.width)
        box = hull(quad, start / spelled.width, end / spelled.width)
        text = "".join(spelled.text[c] for c in group)
        confidence = fmean(spelled.confidences[c] for c in group)
        found.append(PrintedWord(text, box, confidence))
    return tuple(found)


def _groups(spelled: RecognisedLine) -> Iterator[list[int]]:
    """Yield the indices of the characters of each word."""
    limit, group = MISSING_SPACE_MIN_GAP * _pitch(spelled), list[int]()
    for i, column in enumerate(spelled.columns):
        far = group and column is not None and _column(spelled, i) - _column(spelled, group[-1]) > limit
        if group and (column is None or far):
            yield group
            group = []
        if column is not None:
            group.append(i)
    if group:
        yield group


def _column(spelled: RecognisedLine, index: int) -> float:
    """Return the middle of a character, in columns from the line's start."""
    column = spelled.columns[index]
    return 0.0 if column is None else column + 0.5


def _pitch(spelled: RecognisedLine) -> float:
    """Return the median distance of two neighbouring characters, in columns."""
    pairs = zip(spelled.columns, spelled.columns[1:], strict=False)
    steps = [b - a for a, b in pairs if a is not None and b is not None]
    return max(float(median(steps)), 1.0) if steps else spelled.width / max(len(spelled.text), 1)
