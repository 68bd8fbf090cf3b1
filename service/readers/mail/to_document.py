"""Turn a Letter into a Reading: the Document with its Blocks and parts, and the enclosures as children."""

from __future__ import annotations

from dataclasses import replace

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.body_blocks import write_body
from thresher.service.readers.mail.letter import Letter
from thresher.service.readers.placed_pictures import PlacedPictures
from thresher.service.readers.web.html_pictures import PagePictures, pictures_of


def letter_to_reading(letter: Letter, source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of a mail, and the Sources of its enclosures."""
    builder = DocumentBuilder(source, kind="mail")
    builder.document.facts.update(letter.facts)
    builder.document.notes.extend(letter.notes)
    _write_headers(builder, letter)
    _write_fields(builder, letter)
    children = _children(letter, source, spool)
    text, first = "\n".join(letter.pages), letter.found or len(children)
    embedded, notes = pictures_of(text, source, options, spool, first=first)  # as `data:`
    pictures = PlacedPictures(options, spool, {str(child.ordinal): child for child in [*children, *embedded]})
    members = _members(letter, children, embedded)
    _write_bodies(builder, letter, PagePictures(pictures, builder.document, members))
    builder.document.notes.extend(notes)
    _note_left_out(builder, letter)
    return Reading(builder.build(), pictures.remaining)


def _write_headers(builder: DocumentBuilder, letter: Letter) -> None:
    """Write one Block a line: `From: …`; the last one lists the attachments, as mail programs show them."""
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


def _write_bodies(builder: DocumentBuilder, letter: Letter, pictures: PagePictures) -> None:
    options = pictures.pictures.options
    left = options.limits.characters
    for body in letter.bodies:
        shown = body
        if len(body.text) > left:
            shown = replace(body, text=body.text[:left])
            detail = f"{left} of {len(body.text)} characters of the {body.label}"
            builder.document.notes.append(note("expansion_limit", detail))
        left -= len(shown.text)
        write_body(builder, shown, hidden_text=options.hidden_text, pictures=pictures)
    builder.part("")


def _members(letter: Letter, children: list[Source], embedded: list[Source]) -> dict[str, str]:
    """Return the pictures of its pages by Content-ID, address or hash, the first of several; none that is attached, too.

    An attachment is a document of its own, which may be withheld while its mail is shown.
    """
    attached = {child.sha256 for child in children if child.relation != "inline"}
    members = {child.sha256: str(child.ordinal) for child in embedded if child.sha256 not in attached}
    for enclosure, child in zip(letter.enclosures, children, strict=True):
        if enclosure.content_id and child.relation == "inline" and child.sha256 not in attached:
            members.setdefault(f"cid:{enclosure.content_id}", str(child.ordinal))
            members.setdefault(enclosure.content_id, str(child.ordinal))
    return members


def _note_left_out(builder: DocumentBuilder, letter: Letter) -> None:
    found = letter.found if letter.found is not None else len(letter.enclosures)
    if found > len(letter.enclosures):
        detail = f"{len(letter.enclosures)} of {found} attachments were kept"
        builder.document.notes.append(note("expansion_limit", detail))


def _children(letter: Letter, source: Source, spool: Spool) -> list[Source]:
    return [
        spool.child(source, e.data, name=e.name, ordinal=i, relation=e.relation, declared_type=e.media_type)
        for i, e in enumerate(letter.enclosures)
    ]
