"""Define the Letter: a mail as every mail format is read, before it becomes a Document and children."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from thresher.schemas.errors import Note
from thresher.schemas.source import Relation

TextKind = Literal["plain", "html", "rtf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """One text of a mail's body, decoded."""

    kind: TextKind
    text: str
    label: str = "body"  # name of the part in Anchors
    flowed: bool = False  # soft line breaks (RFC 3676)
    unseen: tuple[tuple[str, str], ...] = ()  # (reason, place) of text left out because it is invisible
    without_blank: bool = False  # the blank before a soft break is not part of the text (DelSp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attachment or other part of a mail besides its body: the bytes of a child Source."""

    data: bytes
    name: str
    media_type: str | None = None
    relation: Relation = "attachment"
    content_id: str = ""  # without angle brackets


@dataclass(slots=True, kw_only=True)
class Letter:
    """A mail. `bodies` are the texts to read, in order: of alternatives only the chosen one."""

    headers: list[tuple[str, str]] = field(default_factory=list)  # shown lines, in order: ("From", "Ann <a@x>")
    facts: dict[str, str] = field(default_factory=dict)
    fields: list[tuple[str, str]] = field(default_factory=list)  # of appointments, tasks …: ("Start", …)
    bodies: list[BodyText] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)  # every HTML text, also of alternatives not chosen
    enclosures: list[Enclosure] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    found: int | None = None  # number of enclosures in the mail, where limits left some out
