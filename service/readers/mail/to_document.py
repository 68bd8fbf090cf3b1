"""A Letter to a Reading: the Document with its Blocks and parts, the enclosures as children."""

from __future__ import annotations

from dataclasses import replace

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.body_blocks import write_body
from thresher.service.readers.mail.letter import Letter


def compose(letter: Letter, source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """The Document of a mail and the Sources that it holds."""
    builder = DocumentBuilder(source, kind="mail")
    builder.document.facts.update(letter.facts)
    builder.document.notes.extend(letter.notes)
    _write_headers(builder, letter)
    _write_fields(builder, letter)
    _write_bodies(builder, letter, options)
    children = _children(builder, letter, source, spool)
    return Reading(builder.build(), children)


def _write_headers(builder: DocumentBuilder, letter: Letter) -> None:
    """One Block a line: `From: …`; the last names the attachments, as mail programs show them."""
    for label, value in letter.headers:
        builder.part(f"header:{label}")
        builder.block(f"{label}: {value}", BlockKind.MAIL_HEADER)
    names = [e.name for e in letter.enclosures if e.relation != "inline"]
    if names:
        builder.part("header:Attachments")
        builder.block(f"Attachments: {'; '.join(' '.join(n.split()) for n in names)}", BlockKind.MAIL_HEADER)


def _write_fields(builder: DocumentBuilder, letter: Letter) -> None:
    for label, value in letter.fields:
        builder.part(f"property:{label}")
        builder.block(f"{label}: {value}", BlockKind.FORM)


def _write_bodies(builder: DocumentBuilder, letter: Letter, options: ReadOptions) -> None:
    left = options.limits.characters
    for body in letter.bodies:
        kept = body
        if len(body.text) > left:
            kept = replace(body, text=body.text[:left])
            detail = f"{left} of {len(body.text)} characters of the {body.label}"
            builder.document.notes.append(note("expansion_limit", detail))
        left -= len(kept.text)
        write_body(builder, kept, hidden_text=options.hidden_text)
    builder.part("")


def _children(builder: DocumentBuilder, letter: Letter, source: Source, spool: Spool) -> list[Source]:
    found = letter.found if letter.found is not None else len(letter.enclosures)
    if found > len(letter.enclosures):
        detail = f"{len(letter.enclosures)} of {found} attachments were kept"
        builder.document.notes.append(note("expansion_limit", detail))
    return [
        spool.child(source, e.data, name=e.name, ordinal=i, relation=e.relation, declared_type=e.media_type)
        for i, e in enumerate(letter.enclosures)
    ]
