"""HTML to Blocks: what a person would see, in reading order. Shared by the readers of HTML files and of mail.

Nothing here recurses, so markup of any depth can be read. A table becomes a TABLE Block where its rows hold records
(two or more filled cells of modest length); a table that only lays out a page is read cell by cell.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from schemas.document import BlockKind, DocumentBuilder
from schemas.errors import note
from service.readers.html_flow import Flow
from service.readers.html_tables import Piece

_CID = re.compile(r"""cid:([^"'\s<>()]+)""", re.IGNORECASE)
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SKIPPED_NAMES = """
    applet audio canvas datalist embed head iframe map math object script style svg template video -comment
"""
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_PADDING = re.compile("[\\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u2007\u2060\ufeff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An HTML page as Pieces, with what it says beside its text."""

    pieces: list[Piece]
    title: str = ""
    hidden: bool = False  # text was found that no browser would show, and was left out


def write_html(builder: DocumentBuilder, html: str, *, hidden_text: bool = False) -> set[str]:
    r"""Append the page's Blocks; gives the Content-IDs that it refers to. Hidden text is left out with a Note.

    >>> from schemas.source import Source
    >>> b = DocumentBuilder(Source(path="a", blob="a", sha256="", size=0), kind="html")
    >>> write_html(b, '<h1>Bill</h1><p>Pay <b>now</b><img src="cid:logo@x">')
    {'logo@x'}
    >>> b.build().text
    'Bill\nPay now'
    """
    page = read_page(html, hidden_text=hidden_text)
    for piece in page.pieces:
        write_piece(builder, piece)
    if page.hidden:
        builder.document.notes.append(note("hidden_text"))
    if page.title and builder.document.kind == "html":
        builder.document.facts.setdefault("title", page.title)
    return content_ids(html)


def write_piece(builder: DocumentBuilder, piece: Piece) -> None:
    """Append one Piece as a Block."""
    if piece.rows:
        builder.table(piece.rows, header_rows=piece.header_rows)
    elif piece.quote and piece.kind is not BlockKind.HEADING:
        builder.block(piece.text, BlockKind.QUOTE, piece.quote)
    else:
        builder.block(piece.text, piece.kind, piece.level)


def content_ids(html: str) -> set[str]:
    """Content-IDs that the page's images, styles and backgrounds refer to, without angle brackets."""
    return {unquote(entities.unescape(found)) for found in _CID.findall(html)}


def read_page(html: str, *, hidden_text: bool = False) -> Page:
    """The page as Pieces in reading order."""
    parser = LexborHTMLParser(html.replace("\0", ""))
    title = parser.css_first("title")
    flow = Flow()
    hidden = _walk(flow, parser.root, hidden_text=hidden_text) if parser.root is not None else False
    return Page(pieces=flow.pieces(), title=" ".join(title.text().split()) if title else "", hidden=hidden)


def _walk(flow: Flow, top: LexborNode, *, hidden_text: bool) -> bool:
    """Drive the flow over the tree under `top`; gives whether unseen text was left out."""
    hidden, open_nodes = False, [top]
    node = top.first_child
    while True:
        if node is None:
            closed = open_nodes.pop()
            if not open_nodes:
                return hidden
            flow.leave(closed.tag or "")
            node = closed.next
        elif node.is_text_node:
            flow.text(node.text_content or "")
            node = node.next
        elif not hidden_text and _is_unseen(node):
            hidden = hidden or bool(_PADDING.sub("", node.text()))
            node = node.next
        elif _is_leaf(flow, node):
            node = node.next
        else:
            open_nodes.append(node)
            node = node.first_child


def _is_leaf(flow: Flow, node: LexborNode) -> bool:
    """Enter a node; whether it was dealt with whole."""
    tag = node.tag or ""
    if tag in _SKIPPED:
        return True
    if tag == "select":
        chosen = node.css_first("option[selected]") or node.css_first("option")
        flow.text(f" {chosen.text()} " if chosen else "")
        return True
    flow.enter(tag, node.attributes)
    return False


def _is_unseen(node: LexborNode) -> bool:
    if not node.is_element_node or node.tag in _SKIPPED:
        return False
    attributes = node.attributes
    return bool(attributes) and ("hidden" in attributes or bool(_UNSEEN.search(attributes.get("style") or "")))
