"""Write a delimited load file: every value qualified, CR LF behind each row, UTF-8 with a byte order mark unless asked otherwise."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.delimiters import CONCORDANCE, Delimiters

REGISTERED_SPELLED = "(R)"  # for ® in a set where that character is a line end
_LINE_END = re.compile(r"\r\n|\r|\n")
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatFormat:
    """How values are written."""

    delimiters: Delimiters = CONCORDANCE
    encoding: str = "utf-8"
    mark: bool = True  # a byte order mark, where the encoding has one
    multi_inside: Literal["replace", "refuse"] = "replace"  # the multi-value character inside a value becomes a comma


def dat_bytes(rows: Iterable[Sequence[str | Sequence[str]]], form: DatFormat | None = None) -> Iterator[bytes]:
    """Yield a load file row by row, the header being the first; a list is a multi-value.

    Raises InputProblem("field_invalid") for text that the delimiters or the encoding can not carry.
    """
    form = form or DatFormat()
    if form.mark:
        yield _MARKS.get(form.encoding, b"")
    for number, row in enumerate(rows, 1):
        line = form.delimiters.separator.join(_cell(value, form) for value in row)
        try:
            yield f"{line}\r\n".encode(form.encoding)
        except UnicodeEncodeError as error:
            raise InputProblem(
                "field_invalid", f"row {number}: {form.encoding} has no {error.object[error.start]!r}"
            ) from error


def _cell(value: str | Sequence[str], form: DatFormat) -> str:
    text = value if isinstance(value, str) else form.delimiters.multi.join(_one_of(item, form) for item in value)
    if newline := form.delimiters.newline:
        text = _LINE_END.sub(newline, text.replace(newline, REGISTERED_SPELLED))
    qualifier = form.delimiters.qualifier
    if qualifier is None:
        if form.delimiters.separator in text or _LINE_END.search(text):
            raise InputProblem("field_invalid", f"without a qualifier a value can not hold {text[:40]!r}")
        return text
    return f"{qualifier}{text.replace(qualifier, qualifier * 2)}{qualifier}"


def _one_of(item: str, form: DatFormat) -> str:
    """Return one of several values without the character that parts them."""
    multi = form.delimiters.multi
    if multi in item and form.multi_inside == "refuse":
        raise InputProblem("field_invalid", f"{item[:40]!r} holds {multi!r}, which parts values")
    return item.replace(multi, ",")
