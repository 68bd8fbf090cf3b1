"""Write body texts as Blocks: the author's paragraphs, quoted replies, signatures, tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.mail.letter import BodyText
from thresher.service.readers.mail.replies import AUTHOR_TEXT, Mark, classify, depth_of
from thresher.service.readers.web.html_blocks import read_page, write_piece
from thresher.service.readers.web.html_pictures import PagePictures
from thresher.service.readers.web.html_tables import Piece


def write_body(
    builder: DocumentBuilder, body: BodyText, *, hidden_text: bool = False, pictures: PagePictures | None = None
) -> None:
    """Append the Blocks of one body text; of HTML also the words of its pictures, where they are given."""
    builder.part(body.label)
    if body.kind == "html":
        page = read_page(body.text, hidden_text=hidden_text, pictures=pictures)
        builder.document.notes.extend(page.notes(builder.document))
        _write_pieces(builder, page.pieces)
    else:
        hidden = HiddenPassages()
        for reason, place in body.unseen:
            hidden.add(0, reason, place)
        builder.document.notes.extend(hidden.notes(builder.document))
        text = body.text.replace("\0", "")
        _write_lines(
            builder, unflow(text.splitlines(), without_blank=body.without_blank) if body.flowed else text.splitlines()
        )


def unflow(lines: list[str], *, without_blank: bool = False) -> list[str]:
    """Undo the soft breaks of a flowed text (RFC 3676); with DelSp the blank before a break is removed, too.

    >>> unflow(["> one ", "> line", "next", "-- ", "me"])
    ['> one line', 'next', '-- ', 'me']
    >>> unflow(["deliv ", "ery"], without_blank=True)
    ['delivery']
    """
    joined: list[str] = []
    soft, depth = False, 0
    for line in lines:
        here = depth_of(line)
        bare = line.lstrip("> ") if here else line.removeprefix(" ")
        if soft and here == depth and bare != "-- ":
            joined[-1] = (joined[-1][:-1] if without_blank else joined[-1]) + bare
        else:
            joined.append(line)
        soft, depth = line.endswith(" ") and bare != "-- ", here
    return joined


def _write_lines(builder: DocumentBuilder, lines: list[str]) -> None:
    """Write one Block for each run of filled lines of one kind."""
    marked = zip(lines, classify(lines), strict=True)
    for (mark, filled), run in groupby(marked, key=lambda m: (m[1], bool(m[0].strip("> \t\xa0")))):
        if filled:
            builder.block("\n".join(_clean(line) for line, _ in run), mark.kind, mark.level)


def _clean(line: str) -> str:
    return line.replace("\xa0", " ").rstrip()


def _write_pieces(builder: DocumentBuilder, pieces: list[Piece]) -> None:
    """Write the pieces of a page; quotes and signatures are found line by line, as in a plain text."""
    owners, lines = _lines_of(pieces)
    depths = [pieces[owner].quote + depth_of(line) for owner, line in zip(owners, lines, strict=True)]
    marks = classify(lines, depths)
    for (owner, mark), run in groupby(zip(owners, marks, lines, strict=True), key=lambda m: (m[0], m[1])):
        write_piece(builder, _with_mark(pieces[owner], mark, [line for _, _, line in run]))


def _lines_of(pieces: list[Piece]) -> tuple[list[int], list[str]]:
    """Return two columns, the index of the Piece and the line; a table is one line, and so is a picture."""
    owners: list[int] = []
    lines: list[str] = []
    for index, piece in enumerate(pieces):
        for line in _piece_lines(piece):
            owners.append(index)
            lines.append(line)
    return owners, lines


def _piece_lines(piece: Piece) -> Iterator[str]:
    if piece.rows:
        yield "\t".join(piece.rows[0])[:200] or "table"
    elif piece.picture is not None:
        yield "picture"  # its own words are no marks of replies
    else:
        yield from piece.text.split("\n")


def _with_mark(piece: Piece, mark: Mark, lines: list[str]) -> Piece:
    if piece.rows:
        return piece
    if piece.picture is not None:
        return _picture_with_mark(piece, mark)
    text = "\n".join(lines)
    if mark.kind is BlockKind.QUOTE:
        return Piece(text=text, kind=BlockKind.QUOTE, level=mark.level)
    is_plain = piece.kind is BlockKind.PARAGRAPH and mark != AUTHOR_TEXT
    return Piece(text=text, kind=mark.kind if is_plain else piece.kind, level=mark.level if is_plain else piece.level)


def _picture_with_mark(piece: Piece, mark: Mark) -> Piece:
    """Return a picture as part of the quotation or signature that it stands in."""
    if mark.kind is BlockKind.QUOTE:
        return replace(piece, quote=mark.level)
    return replace(piece, kind=mark.kind) if mark.kind is BlockKind.SIGNATURE else piece
