"""Turn the tags and text of an HTML page into Pieces, by blocks, lists, quotations, white space and tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from thresher.schemas.document import BlockKind
from thresher.service.readers.invisible_characters import is_blank
from thresher.service.readers.placed_pictures import PlacedPicture
from thresher.service.readers.text_marks import UNMARKED, Mark, join_runs
from thresher.service.readers.web.html_tables import Cell, Piece, TableBuilder

Attributes = dict[str, str | None]

_BLOCK_NAMES = """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol option p plaintext
    pre section summary table tbody td tfoot th thead tr ul xmp
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_RAW = frozenset(("pre", "xmp", "plaintext", "listing", "textarea"))
_SPACES = re.compile("[ \t\n\r\f\xa0]+")
_SOFT_HYPHENS = re.compile("\u00ad+")  # other characters without width are removed for all formats at once
_SIGNATURE = re.compile(r"(?:gmail|moz|apple-?mail|ms-outlook(?:-mobile)?)[_-]?signature", re.IGNORECASE)
_IS_FILE_NAME = re.compile(r"\.(?:png|jpe?g|gif|bmp|svg|webp)$|^(?:cid|data):", re.IGNORECASE)
_BOXES = {"checkbox": ("[ ]", "[x]"), "radio": ("( )", "(x)")}


class Flow:
    """Collects Pieces while a page is walked; every `enter` needs a `leave`."""

    def __init__(self) -> None:
        """Start an empty page."""
        self._page = Cell()
        self._cell = self._page  # where Pieces are added
        self._frames: list[TableBuilder] = []
        self._leaving: list[Callable[[], None] | None] = []
        self._buffer: list[tuple[str, Mark]] = []
        self._spaced = True  # the current text ends with white space
        self._raw = self._quote = self._signed = self._heading = 0
        self._lists: list[int | None] = []  # next number of each open list; None where it has none
        self._items = 0
        self._marker = ""

    def pieces(self) -> list[Piece]:
        """Return all Pieces, after the walk."""
        self._flush()
        return self._page.pieces

    def text(self, text: str, mark: Mark = UNMARKED) -> None:
        """Add text as in the markup, with its mark."""
        if not self._raw:
            text = _SPACES.sub(" ", text)
            if self._spaced and text.startswith(" "):
                text = text[1:]
        if text:
            self._buffer.append((text, mark))
            self._spaced = text[-1] in " \n"

    def piece(self, piece: Piece) -> None:
        """Add a Piece of another page that is shown within this one."""
        self._flush()
        self._cell.pieces.append(piece)

    def picture(self, picture: PlacedPicture) -> None:
        """Add the words of a picture, as a Piece of its own."""
        self._flush()
        kind = BlockKind.SIGNATURE if self._signed else BlockKind.PARAGRAPH
        self._cell.pieces.append(Piece(text=picture.line, kind=kind, quote=self._quote, picture=picture))

    def enter(self, tag: str, attributes: Attributes) -> None:
        """Open an element."""
        if tag in _BLOCKS:
            self._flush()
        self._leaving.append(None)
        handler = self._handlers.get(tag)
        if handler is not None:
            handler(self, tag, attributes)
        elif attributes:
            self._enter_styled(attributes)

    def leave(self, tag: str) -> None:
        """Close the element opened last."""
        if tag in _BLOCKS:
            self._flush()
        undo = self._leaving.pop()
        if undo is not None:
            undo()

    def _flush(self) -> None:
        """Turn the collected text into a Piece, or several where blank lines separate it."""
        if not self._buffer:
            return
        text = _SOFT_HYPHENS.sub("", join_runs(self._buffer).replace("\xa0", " "))
        self._buffer.clear()
        self._spaced = True
        lines = [line.rstrip() if self._raw else line.strip() for line in text.splitlines()]
        gathered: list[str] = []
        for line in [*lines, ""]:
            if line and (line.isascii() or not is_blank(line)):
                gathered.append(line)
            elif gathered:
                self._emit("\n".join(gathered))
                gathered = []

    def _emit(self, text: str) -> None:
        kind, level = BlockKind.PARAGRAPH, 0
        if self._signed:
            kind = BlockKind.SIGNATURE
        elif self._heading:
            kind, level = BlockKind.HEADING, self._heading
        elif self._items:
            kind, level = BlockKind.LIST_ITEM, max(len(self._lists), 1)
        text, self._marker = self._marker + text, ""
        self._cell.pieces.append(Piece(text=text, kind=kind, level=level, quote=self._quote))

    def _enter_styled(self, attributes: Attributes) -> None:
        style = attributes.get("style")
        if style and "white-space" in style and re.search(r"white-space\s*:\s*(?:pre|break-spaces)", style):
            self._open_raw()
        elif style and "bidi-override" in style.lower() and "rtl" in style.lower():
            self._open_override()
        elif _SIGNATURE.search(f"{attributes.get('class')} {attributes.get('id')}"):
            self._flush()
            self._signed += 1
            self._leaving[-1] = self._leave_signature

    def _enter_override(self, _tag: str, attributes: Attributes) -> None:
        if (attributes.get("dir") or "").lower() == "rtl":
            self._open_override()

    def _open_override(self) -> None:
        """Mark text that is shown backwards by the characters for it, which the reading of every format understands."""
        self.text("\u202e")
        self._leaving[-1] = lambda: self.text("\u202c")

    def _leave_signature(self) -> None:
        self._flush()
        self._signed -= 1

    def _enter_raw(self, tag: str, _attributes: Attributes) -> None:
        if tag == "textarea":  # a field of its own on the line
            self.text(" ")
        self._open_raw()

    def _open_raw(self) -> None:
        self._raw += 1
        self._leaving[-1] = self._leave_raw

    def _leave_raw(self) -> None:
        self._raw -= 1

    def _enter_quote(self, _tag: str, _attributes: Attributes) -> None:
        self._quote += 1
        self._leaving[-1] = self._leave_quote

    def _leave_quote(self) -> None:
        self._quote -= 1

    def _enter_heading(self, tag: str, _attributes: Attributes) -> None:
        outer, self._heading = self._heading, _HEADINGS[tag]
        self._leaving[-1] = lambda: setattr(self, "_heading", outer)

    def _enter_list(self, tag: str, attributes: Attributes) -> None:
        self._lists.append(_number(attributes.get("start"), 1) if tag == "ol" else None)
        self._leaving[-1] = self._leave_list

    def _leave_list(self) -> None:
        self._lists.pop()

    def _enter_item(self, _tag: str, attributes: Attributes) -> None:
        self._items += 1
        self._leaving[-1] = self._leave_item
        number = self._lists[-1] if self._lists else None
        if number is not None:
            number = _number(attributes.get("value"), number)
            self._lists[-1] = number + 1
            self._marker = f"{number}. "

    def _leave_item(self) -> None:
        self._items -= 1
        self._marker = ""

    def _break(self, _tag: str, _attributes: Attributes) -> None:
        self._buffer.append(("\n", UNMARKED))
        self._spaced = True

    def _enter_image(self, _tag: str, attributes: Attributes) -> None:
        label = (attributes.get("alt") or "").strip()
        if label and not _IS_FILE_NAME.search(label):
            self.text(f" {label} ")

    def _enter_input(self, _tag: str, attributes: Attributes) -> None:
        kind = (attributes.get("type") or "text").lower()
        if kind in _BOXES:
            self.text(f" {_BOXES[kind]['checked' in attributes]} ")
        elif kind not in {"hidden", "image", "password", "submit", "reset", "button"}:
            self.text(f" {attributes.get('value') or ''} ")

    def _enter_table(self, _tag: str, _attributes: Attributes) -> None:
        frame = TableBuilder(outer=self._cell, quote=self._quote)
        self._frames.append(frame)
        self._cell = frame.stray
        self._leaving[-1] = self._leave_table

    def _leave_table(self) -> None:
        frame = self._frames.pop()
        self._cell = frame.outer
        found = frame.pieces()
        if self._cell.pieces:
            self._cell.pieces.extend(found)
        else:
            self._cell.pieces = found  # never copied: nesting may be 20,000 deep

    def _enter_row(self, _tag: str, _attributes: Attributes) -> None:
        if self._frames:
            self._frames[-1].open_row()

    def _enter_foot(self, _tag: str, _attributes: Attributes) -> None:
        if self._frames and not self._frames[-1].foot:
            self._frames[-1].in_foot = True
            self._leaving[-1] = self._frames[-1].end_foot

    def _enter_cell(self, tag: str, attributes: Attributes) -> None:
        if self._frames:
            self._cell = self._frames[-1].open_cell(attributes, heads=tag == "th")
            self._leaving[-1] = self._leave_cell

    def _leave_cell(self) -> None:
        self._cell = self._frames[-1].stray

    _handlers: ClassVar[dict[str, Callable[[Flow, str, Attributes], None]]] = {
        **dict.fromkeys(_RAW, _enter_raw),
        **dict.fromkeys(_HEADINGS, _enter_heading),
        **dict.fromkeys(_LISTS, _enter_list),
        "blockquote": _enter_quote,
        "li": _enter_item,
        "br": _break,
        "bdo": _enter_override,
        "img": _enter_image,
        "input": _enter_input,
        "table": _enter_table,
        "tfoot": _enter_foot,
        "tr": _enter_row,
        "td": _enter_cell,
        "th": _enter_cell,
    }


def _number(value: str | None, default: int) -> int:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 9 else default
