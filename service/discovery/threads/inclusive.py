"""Find the mails of a thread whose text and attachments are whole in later ones: the others say all that the thread says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TRIED_MAX = 64  # later mails that are compared with one mail; a mail that needs more stays inclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMail:
    """What is compared of a mail. `passages`: hashes in order, none where its text is unknown or empty."""

    id: str
    sent: str
    passages: tuple[bytes, ...]
    attachments: frozenset[str]


def inclusive_mails(thread: Sequence[ComparedMail]) -> dict[str, bool]:
    """Return for each mail of a thread whether it is inclusive. `thread` is in order of dates, drafts last.

    A mail is not inclusive where all its passages occur in order in one later mail, and each of its attachments is on
    that mail or on an inclusive one. A draft, and a mail without text, always is.
    """
    holders = _Holders(thread)
    held = [tuple(holders.of(number)) for number in range(len(thread))]
    kept = {name for mail, by in zip(thread, held, strict=True) if not by for name in mail.attachments}
    found: dict[str, bool] = {}
    for mail, by in zip(reversed(thread), reversed(held), strict=True):
        found[mail.id] = not any(mail.attachments - thread[number].attachments <= kept for number in by)
        if found[mail.id]:
            kept |= mail.attachments
    return found


class _Holders:
    """Find the later mails in which all passages of a mail occur in order."""

    def __init__(self, thread: Sequence[ComparedMail]) -> None:
        self.thread = thread
        self.where: dict[bytes, list[int]] = {}  # mails that have a passage, each once
        for number, mail in enumerate(thread):
            if mail.sent:
                for passage in dict.fromkeys(mail.passages):
                    self.where.setdefault(passage, []).append(number)

    def of(self, number: int) -> Iterator[int]:
        """Yield the mails that hold all of a mail's text, the next one first."""
        mail = self.thread[number]
        if not mail.sent or not mail.passages:
            return
        rarest = min((self.where[passage] for passage in mail.passages), key=len)
        first = bisect_right(rarest, number)
        later = rarest[first : first + _TRIED_MAX]
        yield from (other for other in later if occurs(mail.passages, self.thread[other].passages))


def occurs(inner: tuple[bytes, ...], outer: tuple[bytes, ...]) -> bool:
    """Whether all passages occur in order, with others between them."""
    rest = iter(outer)
    return all(passage in rest for passage in inner)
