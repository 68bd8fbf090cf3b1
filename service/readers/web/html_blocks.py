"""Convert HTML to Blocks: the visible text in reading order, for HTML files and mails.

Nothing here recurses, so markup of any depth can be read. A table becomes a TABLE Block where its rows are records
(two or more filled cells of moderate length); a table used for layout is read cell by cell.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.errors import Note, note
from thresher.service.readers.formulas import formula_text
from thresher.service.readers.hidden_text import HiddenPassages
from thresher.service.readers.placed_pictures import PlacedPicture
from thresher.service.readers.web.html_flow import Flow
from thresher.service.readers.web.html_limits import TAG_MAX_WORDS, limit_html
from thresher.service.readers.web.html_pictures import PagePictures, is_speck
from thresher.service.readers.web.html_tables import Piece
from thresher.service.readers.web.html_visibility import Look, PageLooks

_CID = re.compile(r"""cid:([^"'\s<>()]+)""", re.IGNORECASE)
_SKIPPED_NAMES = """
    applet audio canvas datalist embed head map meter noframes object progress rp script style template video -comment
"""
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_WHOLE = frozenset(("math", "svg", "iframe", "noscript"))  # handled as a whole, not walked
_UNSEEN_IN_DRAWINGS = "defs, symbol, title, desc, metadata, style, script, [display=none], [visibility=hidden], [fill=none], [opacity='0']"
_FRAMES_MAX = 20  # pages within pages that are read
_PADDING = re.compile("[\\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u2007\u2060\ufeff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An HTML page as Pieces, with its title and what was left out."""

    pieces: list[Piece]
    title: str = ""
    hidden: HiddenPassages = field(default_factory=HiddenPassages)  # text that a browser does not show, left out
    unseen: list[str] = field(default_factory=list)  # that text
    emptied: int = 0  # number of tags whose attributes were left out

    def notes(self, document: Document) -> list[Note]:
        """Return Notes on text and markup that was left out."""
        return [*self.hidden.notes(document), *self.limits()]

    def limits(self) -> list[Note]:
        """Return Notes on markup that was left out."""
        return [note("content_limit", f"tags of over {TAG_MAX_WORDS} words: {self.emptied}")] if self.emptied else []


def write_html(
    builder: DocumentBuilder,
    html: str,
    *,
    hidden_text: bool = False,
    linked: list[str] | None = None,
    pictures: PagePictures | None = None,
) -> set[str]:
    r"""Append the page's Blocks, and return the Content-IDs that it refers to. HiddenPassages text is left out with a Note.

    >>> from thresher.schemas.source import Source
    >>> b = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="html")
    >>> write_html(b, '<h1>Bill</h1><p>Pay <b>now</b><img src="cid:logo@x">')
    {'logo@x'}
    >>> b.build().text
    'Bill\nPay now'
    """
    page = read_page(html, hidden_text=hidden_text, linked=linked, pictures=pictures)
    for piece in page.pieces:
        write_piece(builder, piece)
    builder.document.notes.extend(page.notes(builder.document))
    if page.title and builder.document.kind == "html":
        builder.document.facts.setdefault("title", page.title)
    return content_ids(html)


def write_piece(builder: DocumentBuilder, piece: Piece) -> None:
    """Append one Piece as a Block."""
    if piece.rows:
        builder.table(piece.rows, header_rows=piece.header_rows)
        for one in piece.cell_pictures:
            one.mark(builder.document)
    elif piece.picture is not None:
        _write_picture(builder, piece, piece.picture)
    elif piece.quote and piece.kind is not BlockKind.HEADING:
        builder.block(piece.text, BlockKind.QUOTE, piece.quote)
    else:
        builder.block(piece.text, piece.kind, piece.level)


def _write_picture(builder: DocumentBuilder, piece: Piece, picture: PlacedPicture) -> None:
    """Append the words of a picture: in a quotation or signature as its Blocks, else as those of the picture."""
    if piece.quote:
        picture.write(builder, BlockKind.QUOTE, piece.quote)
    elif piece.kind is not BlockKind.PARAGRAPH:
        picture.write(builder, piece.kind, piece.level)
    else:
        picture.write(builder)


def content_ids(html: str) -> set[str]:
    """Return the Content-IDs that the page's images, styles and backgrounds refer to, without angle brackets."""
    return {unquote(entities.unescape(found)) for found in _CID.findall(html)}


def read_page(
    html: str, *, hidden_text: bool = False, linked: list[str] | None = None, pictures: PagePictures | None = None
) -> Page:
    """Return the page as Pieces in reading order; `linked` are its linked style sheets, None where not available.

    Pictures are read only where they are given.
    """
    html, emptied = limit_html(html.replace("\0", ""))
    parser = LexborHTMLParser(html)
    title = parser.css_first("title")
    walk = _Walk(Flow(), PageLooks(parser, html, linked), pictures, show_hidden=hidden_text)
    if parser.root is not None:
        walk.over(parser.root)
    name = " ".join(title.text().split()) if title else ""
    return Page(pieces=walk.flow.pieces(), title=name, hidden=walk.hidden, unseen=walk.unseen, emptied=emptied)


class _Walk:
    """Feeds the flow from a tree, leaving out what a browser does not show."""

    def __init__(self, flow: Flow, looks: PageLooks, pictures: PagePictures | None, *, show_hidden: bool) -> None:
        self.flow, self.looks, self.pictures, self.show_hidden = flow, looks, pictures, show_hidden
        self.hidden = HiddenPassages()
        self.unseen: list[str] = []
        self.frames = 0

    def over(self, top: LexborNode) -> None:
        """Walk the tree under `top`, without recursion."""
        opened: list[tuple[LexborNode, Look, str]] = [(top, self.looks.start, "")]
        node = top.first_child
        while True:
            if node is None:
                closed, _, _ = opened.pop()
                if not opened:
                    return
                self.flow.leave(closed.tag or "")
                node = closed.next
            elif node.is_text_node:
                holder, look, reason = opened[-1]
                if reason:
                    self._hide(holder, node.text_content or "", reason)
                else:
                    self.flow.text(node.text_content or "", look.mark)
                node = node.next
            else:
                _, outer, outer_reason = opened[-1]
                entered = self._enter(node, outer)
                if entered is None:
                    node = node.next
                else:
                    reason = outer_reason if entered is outer else "" if self.show_hidden else entered.unseen()
                    opened.append((node, entered, reason))
                    node = node.first_child

    def _enter(self, node: LexborNode, outer: Look) -> Look | None:
        """Enter an element; return None where it is handled as a whole."""
        tag = node.tag or ""
        if tag in _SKIPPED or not node.is_element_node:
            return None
        attributes = node.attributes
        reason, look = self.looks.of(node, attributes, outer)
        if tag in _WHOLE and not self.show_hidden:
            reason = reason or look.unseen()
        if reason and not self.show_hidden:
            self._hide(node, attributes.get("srcdoc") or "" if tag == "iframe" else node.text(), reason)
            return None
        if tag in _WHOLE:
            self._take_whole(node, tag)
            return None
        if tag == "select":
            chosen = node.css_first("option[selected]") or node.css_first("option")
            self.flow.text(f" {chosen.text()} " if chosen else "")
            return None
        if tag == "img":
            attributes = self._without_unseen_label(node, attributes)
        self.flow.enter(tag, attributes)
        if (
            tag == "img"
            and self.pictures is not None
            and (self.show_hidden or (look.shown and not is_speck(attributes)))
        ):
            self._place(attributes.get("src") or "", self.pictures)
        return look

    def _without_unseen_label(
        self, node: LexborNode, attributes: dict[str, str | None]
    ) -> dict[str, str | None]:
        """Return the attributes of an image; without its `alt` where that states figures and the picture itself is shown."""
        label, src = attributes.get("alt") or "", attributes.get("src") or ""
        is_held = src[:11].lower() == "data:image/" or (self.pictures is not None and self.pictures.holds(src))
        if self.show_hidden or not is_held or not any(c.isdigit() for c in label):
            return attributes
        self._hide(node, label, "label of a picture that is shown in its place")
        return {**attributes, "alt": ""}

    def _place(self, src: str, pictures: PagePictures) -> None:
        if (picture := pictures.place(src)) is not None:
            self.flow.picture(picture)

    def _take_whole(self, node: LexborNode, tag: str) -> None:
        """Take an element that is not walked: a formula, a drawing's text, a page within the page, or what scripts replace."""
        if tag == "math":
            self.flow.text(_formula(node))
        elif tag == "svg":
            for line in _drawn_lines(node):
                self.flow.text(f" {line} ")
        elif tag == "iframe":
            self._take_frame(node)
        elif self.show_hidden:
            self.flow.text(_markup_text(node))
        else:
            self._hide(node, _markup_text(node), "shown only where scripts are off")

    def _take_frame(self, node: LexborNode) -> None:
        """Take the page that an `iframe` holds in itself, as Pieces of this one."""
        inner, self.frames = node.attributes.get("srcdoc") or "", self.frames + 1
        if not inner or self.frames > _FRAMES_MAX:
            return
        page = read_page(_without_frames(inner), hidden_text=self.show_hidden)
        for piece in page.pieces:
            self.flow.piece(piece)
        for offset, why in zip(page.hidden.offsets, page.hidden.reasons, strict=False):
            self.hidden.add(offset, why, _place(node))

    def _hide(self, node: LexborNode, text: str, reason: str) -> None:
        """Record hidden text, except padding, by which mails keep text out of previews."""
        if bare := _PADDING.sub("", text):
            self.unseen.append(text)
            if any(c.isalnum() for c in bare):
                self.hidden.add(0, reason, _place(node))


def _place(node: LexborNode) -> str:
    """Return a name for an element: its tag, and its id or first class."""
    name = node.attributes.get("id") or ""
    group = (node.attributes.get("class") or "").split()
    return f"<{node.tag}{f' id={name}' if name else f' class={group[0]}' if group else ''}>"[:80]


def _drawn_lines(drawing: LexborNode) -> list[str]:
    """Return the texts of an SVG drawing that are shown, in the order of the markup."""
    if drawing.css_first("text") is None:
        return []
    unseen = {one.mem_id for hidden in drawing.css(_UNSEEN_IN_DRAWINGS) for one in (hidden, *hidden.css("text"))}
    unseen |= {one.mem_id for one in drawing.css("[style]") if "none" in (one.attributes.get("style") or "")}
    lines = (one for one in drawing.css("text") if one.mem_id not in unseen)
    return [" ".join(line.text().split()) for line in lines]


def _markup_text(node: LexborNode) -> str:
    """Return the text of an element whose content the parser took for text or for markup."""
    text = node.text()
    return LexborHTMLParser(text).text() if "<" in text else text


def _without_frames(html: str) -> str:
    return re.sub(r"<iframe\b", "<div", html, flags=re.IGNORECASE)


def _formula(node: LexborNode) -> str:
    from lxml import etree  # noqa: PLC0415 - few pages hold formulas
    from lxml import html as markup  # noqa: PLC0415

    try:
        return f" {formula_text(markup.fragment_fromstring(node.html or ''))} "
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return f" {node.text()} "
