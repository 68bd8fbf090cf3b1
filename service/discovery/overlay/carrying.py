"""Turn cells into what a form of file can carry; whatever it can not carry as it is gets listed, and is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.dat_writer import REGISTERED_SPELLED
from thresher.service.discovery.loadfiles.delimiters import Delimiters
from thresher.service.exports.cells import text_of
from thresher.service.exports.columns import Column

Unencodable = Literal["refuse", "escape"]
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Altered:
    """A cell that stands otherwise in the file than in the Result."""

    key: str
    column: str
    why: str
    original: str


@dataclass(slots=True, kw_only=True)
class Carrier:
    """Text of cells for one form. `delimiters` is None for forms with types, whose text is UTF-8."""

    encoding: str
    delimiters: Delimiters | None
    unencodable: Unencodable = "refuse"
    altered: Callable[[Altered], None] = field(default=lambda _: None)

    def texts(self, key: str, columns: Sequence[Column], cells: Sequence[Any]) -> list[str | list[str]]:
        """Return the cells of a row as a load file takes them. Raises InputProblem(field_invalid), see `_encodable`."""
        return [self._text(key, column, cell) for column, cell in zip(columns, cells, strict=True)]

    def values(self, key: str, columns: Sequence[Column], cells: Sequence[Any]) -> list[Any]:
        """Return the cells of a row as JSON values that UTF-8 can hold. Raises InputProblem(field_invalid)."""
        return [self._value(key, column.name, cell) for column, cell in zip(columns, cells, strict=True)]

    def _text(self, key: str, column: Column, cell: Any) -> str | list[str]:
        if column.many and isinstance(cell, list) and not any(isinstance(v, dict | list) for v in cell):
            return [self._fitting(key, column.name, text_of(v), parted=True) for v in cell if v is not None]
        return self._fitting(key, column.name, text_of(cell) if not column.many else _list_text(cell))

    def _value(self, key: str, column: str, cell: Any) -> Any:
        if isinstance(cell, str):
            return self._encodable(key, column, cell)
        if isinstance(cell, list):
            return [self._value(key, column, inner) for inner in cell]
        if isinstance(cell, dict):
            return {self._value(key, column, k): self._value(key, column, v) for k, v in cell.items()}
        return cell

    def _fitting(self, key: str, column: str, text: str, *, parted: bool = False) -> str:
        """Return a text as the delimiters can carry it."""
        made = self._encodable(key, column, text)
        delimiters = self.delimiters
        if delimiters is None:
            return made
        if delimiters.newline and delimiters.newline in text:
            self.altered(
                Altered(key, column, f"{delimiters.newline} stands for a line end: {REGISTERED_SPELLED}", text)
            )
        if parted and delimiters.multi in text:
            self.altered(Altered(key, column, f"{delimiters.multi} parts values: a comma", text))
        return made

    def _encodable(self, key: str, column: str, text: str) -> str:
        r"""Return a text with what the encoding has not as `\u{1F600}`; refuse it unless that was asked for."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError as error:
            what = f"{self.encoding} has no U+{ord(text[error.start]):04X}"
            if self.unencodable == "refuse":
                raise InputProblem(
                    "field_invalid", f"document {key}, column {column}: {what}; choose another --encoding, or --escape"
                ) from error
            self.altered(Altered(key, column, what, text))
            return "".join(c if self._has(c) else f"\\u{{{ord(c):X}}}" for c in text)
        return text

    def _has(self, character: str) -> bool:
        try:
            character.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


def escaped(text: str) -> str:
    r"""Return a text without halves of characters, each as `\u{D800}`, so that any file can hold it."""
    return _SURROGATE.sub(lambda m: f"\\u{{{ord(m[0]):X}}}", text)


def _list_text(cell: Any) -> str:
    return "" if cell in (None, []) else text_of(cell)
