"""Read fields from a mail's headers: sender, recipients, date, subject, attachments, message id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.fields.roles import role_of
from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.spans.span import Span

_HEADERS_BY_ROLE = {
    "sender": ("From", "Sender"),
    "recipient": ("To",),
    "copied": ("Cc", "Bcc"),
    "cc": ("Cc",),
    "bcc": ("Bcc",),
}
_ADDRESS = re.compile(
    r"(?<!\s)\s*+(?:(?P<name>\"[^\"]{0,300}\"|[^<>,;\"]{1,300}?(?<!\s)|)\s*+<(?P<mail>[^<>\s]{1,300}@[^<>\s@]{1,300})>"
    r"|(?P<bare>[\w.+'-]{1,300}@[\w.-]{1,300})|(?P<only>[^<>,;@]{1,300})(?=[,;]|$))"
)
_REPLY_PREFIX = re.compile(r"^(?:(?:re|aw|fwd?|wg|tr|sv|antw|rv|enc)\s?(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_NO_YEAR = re.compile(r"[A-Za-z]{3}[ ,-]+00\d\d\b")  # "01 Jan 0001", which the standard library takes for 2001
_DATE_NAMES = frozenset(
    ("sent", "sent at", "sent date", "date sent", "message date", "email date", "mail date", "date")
)
_PERSON_NAMES = frozenset(("name", "display name", "full name", "person"))
_ADDRESS_NAMES = frozenset(("email", "e mail", "mail", "address", "email address"))

Value = tuple[str, Span]  # path of the result


def is_mail(document: Document) -> bool:
    """Whether the Document is a mail with headers."""
    return document.kind == "mail" and bool(_headers(document, "From"))


def header_values(document: Document, target: Target) -> Iterator[Value]:
    """Yield the values that the headers give, by their path in the result."""
    for field in target.fields:
        head, star, tail = field.path.partition("/*")
        if tail.count("*"):
            continue
        spans = list(_spans(document, field))
        for i, span in enumerate(spans if star else spans[:1]):
            if span is not None:
                yield (f"{head}/{i}{tail}" if star else field.path), span


def is_header_field(field: Field) -> bool:
    """Whether only mail headers give a field's value: a sender or recipient, or the message id."""
    leaf = words_of(field.path.rstrip("/*").rpartition("/")[2])
    person = role_of(field) in _HEADERS_BY_ROLE and field.kind in ("text", "email", "any")
    whose = leaf in _PERSON_NAMES | _ADDRESS_NAMES or role_of(Field(path=f"/{leaf}", kind="text")) != ""
    return (person and whose) or words_of(field.name) == "message id"


def _spans(document: Document, field: Field) -> Iterator[Span | None]:
    """Yield the values of a field, one for each time it may occur; None where one of them lacks it."""
    name, role = words_of(field.name), role_of(field)
    if role in _HEADERS_BY_ROLE and field.kind in ("text", "email", "any"):
        for header in _HEADERS_BY_ROLE[name if name in _HEADERS_BY_ROLE else role]:
            for start, end in _headers(document, header):
                yield from (_person(document, m, field, start) for m in _ADDRESS.finditer(document.text[start:end]))
            if role == "sender" and _headers(document, header):
                return
    elif name == "message id":
        yield from (_span_of(document, start, (0, end - start)) for start, end in _headers(document, "Message-ID")[:1])
    elif field.kind in ("date", "datetime") and name in _DATE_NAMES and not field.in_list:
        yield from _sent_date(document, field)
    elif not field.in_list and (name in ("subject", "subject line") or (name == "title" and "/" not in field.path[1:])):
        yield from _subject(document, field)
    elif name in ("attachments", "attachment", "attached files") and field.path.endswith("/*"):
        yield from _attachments(document)


def _headers(document: Document, name: str) -> list[tuple[int, int]]:
    """Return the ranges of the values of a header."""
    found = []
    for start, end, kind, _ in document.blocks:
        if kind == BlockKind.MAIL_HEADER and document.part_at(start) == f"header:{name}":
            text = document.text[start:end]
            lead = text.find(":") + 1
            found.append((start + lead + len(text[lead:]) - len(text[lead:].lstrip()), end))
    return found


def _person(document: Document, m: re.Match[str], field: Field, at: int) -> Span | None:
    leaf = words_of(field.path.rstrip("/*").rpartition("/")[2])
    mail = m.span("mail") if m["mail"] else m.span("bare")
    name = m.span("name") if m["name"] and m["name"].strip('" ') else m.span("only")
    if field.kind == "email" or leaf in _ADDRESS_NAMES:
        return _span_of(document, at, mail)
    if leaf in _PERSON_NAMES:
        return _span_of(document, at, name)
    nested = role_of(Field(path=f"/{leaf}", kind="text")) == ""
    return None if nested else _span_of(document, at, (m.start() + len(m[0]) - len(m[0].lstrip()), m.end()))


def _span_of(document: Document, at: int, span: tuple[int, int]) -> Span | None:
    start, end = at + span[0], at + span[1]
    text = document.text[start:end]
    if span[0] < 0 or not text.strip('" '):
        return None
    start += len(text) - len(text.lstrip('" '))
    text = text.strip('" ')
    return Span(
        start=start, end=start + len(text), text=text, value=" ".join(text.split()), score=2.0, label_points=1.0
    )


def _sent_date(document: Document, field: Field) -> Iterator[Span]:
    for start, end in _headers(document, "Date")[:1]:
        text = document.text[start:end]
        if _NO_YEAR.search(text):
            return
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return
        value = when.date().isoformat() if field.kind == "date" else when.isoformat()
        yield Span(start=start, end=end, text=text, value=value, score=2.0, label_points=1.0)


def _subject(document: Document, field: Field) -> Iterator[Span]:
    bare = "without" in field.description.lower()
    for start, end in _headers(document, "Subject")[:1]:
        lead = _REPLY_PREFIX.match(document.text[start:end]) if bare else None
        found = _span_of(document, start, (lead.end() if lead else 0, end - start))
        if found:
            yield found


def _attachments(document: Document) -> Iterator[Span | None]:
    for start, end in _headers(document, "Attachments")[:1]:
        for m in re.finditer(r"[^;]+", document.text[start:end]):
            lead = len(m[0]) - len(m[0].lstrip())
            yield _span_of(document, start, (m.start() + lead, m.end()))
