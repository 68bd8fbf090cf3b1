"""Redact copies of texts: a find becomes `[REDACTED:kind]`, and every place is told where it went. Originals stay as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from thresher.schemas.choices import PersonalKind
from thresher.service.discovery.personal_data.finders import PersonalDatum, personal_data


@dataclass(frozen=True, slots=True)
class RedactedText:
    """A text without personal data, and where its pieces were: `before` and `after` are the ends of redactions."""

    text: str
    before: tuple[int, ...]  # ends of redacted ranges in the text as it was
    after: tuple[int, ...]  # the same ends in the redacted text
    starts: tuple[int, ...]  # where the redacted ranges began

    def moved(self, offset: int) -> int | None:
        r"""Return where a character of the original stands now; None where it was redacted.

        >>> made = redacted("SSN 078-05-1120.", {"ssn"})
        >>> made.text, made.moved(0), made.moved(6), made.moved(15)
        ('SSN [REDACTED:ssn].', 0, None, 18)
        """
        i = bisect_right(self.before, offset)
        if i < len(self.starts) and offset >= self.starts[i]:
            return None
        return offset + (self.after[i - 1] - self.before[i - 1] if i else 0)


def redacted(text: str, kinds: Iterable[PersonalKind]) -> RedactedText:
    """Return a copy of a text in which personal data of some kinds is redacted."""
    wanted = frozenset(kinds)
    return _without(text, [datum for datum in personal_data(text) if datum.kind in wanted])


def _without(text: str, found: list[PersonalDatum]) -> RedactedText:
    pieces: list[str] = []
    after: list[int] = []
    done = length = 0
    for datum in found:
        piece = f"{text[done : datum.start]}[REDACTED:{datum.kind}]"
        pieces.append(piece)
        done, length = datum.end, length + len(piece)
        after.append(length)
    pieces.append(text[done:])
    return RedactedText("".join(pieces), tuple(d.end for d in found), tuple(after), tuple(d.start for d in found))
