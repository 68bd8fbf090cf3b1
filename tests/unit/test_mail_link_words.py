"""Two versions of a mail of which the plain one writes links out."""

from __future__ import annotations

from thresher.schemas.errors import Note
from thresher.service.readers.mail.bodies import choose_version
from thresher.service.readers.mail.letter import BodyText


def noted(plain: str, html: str) -> bool:
    """Whether the versions are said to differ."""
    notes: list[Note] = []
    choose_version([[BodyText(kind="plain", text=plain)], [BodyText(kind="html", text=html)]], notes)
    return bool(notes)


def test_the_words_of_a_link_are_no_other_version() -> None:
    """Of a notice whose HTML says "here" and whose plain text has the address no Note is made; of other words there is one."""
    plain = "Recover your account by clicking on this link:\nhttps://example.com/recover"
    assert not noted(plain, '<p>Recover your account <a href="https://example.com/recover">here</a>.</p>')
    assert noted(plain, '<p>Recover your wallet <a href="https://example.com/recover">here</a>.</p>')
