"""Refuse words of records that only a sentence far from their list has: a class of an award in the profile of its winner."""

from __future__ import annotations

import re
from collections.abc import Sequence

from thresher.schemas import json_pointer
from thresher.service.grounding.match_positions import Place
from thresher.service.grounding.record_items import ELSEWHERE, Record

LIST_MIN_RECORDS = 4  # records that show where a field stands
MAX_STRAYED_SHARE = 2 / 3  # of the values of a field: if more stand elsewhere, that is their place
SENTENCE_MIN_WORDS = 8  # other words in the line of a strayed value
_WORD = re.compile(r"[^\W\d_]{2,}")


def is_in_sentence(text: str, place: Place) -> bool:
    r"""Whether a place is in a line of many words.

    >>> text = "A writer with a membership in several academies and many prizes.\nMembership: gold"
    >>> is_in_sentence(text, Place(16, 26)), is_in_sentence(text, Place(65, 75))
    (True, False)
    """
    first, last = text.rfind("\n", 0, place.start) + 1, text.find("\n", place.end)
    rest = text[first : place.start] + " " + text[place.end : last if last >= 0 else len(text)]
    return len(_WORD.findall(rest)) >= SENTENCE_MIN_WORDS


def refuse_strayed(records: Sequence[Record], text: str, reach: int) -> None:
    """Take texts in sentences outside the list from records of which others have that field on lines of their own.

    `reach`: code points before the first record and after the last that count as the list's.
    """
    anchors = [r.anchor.start for r in records if r.anchor]
    if len(anchors) < LIST_MIN_RECORDS:
        return
    own = range(min(anchors) - reach, max(anchors) + reach)
    fields: dict[str, list[tuple[Record, str]]] = {}
    for record in records:
        for leaf in record.leaves:
            if leaf.path in record.placed and isinstance(leaf.value, str):
                fields.setdefault(json_pointer.pattern(leaf.path), []).append((record, leaf.path))
    for placed in fields.values():
        away = [(r, at) for r, at in placed if r.placed[at].start not in own and is_in_sentence(text, r.placed[at])]
        if len(away) <= MAX_STRAYED_SHARE * len(placed):
            for record, path in away:
                del record.placed[path]
                record.refused[path] = ELSEWHERE
