"""Annotations of a page: form values and reviewers' comments."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.pdf.layout.page_frame import Frame
from thresher.service.readers.pdf.library import Floats, wide_string
from thresher.service.readers.pdf.marks.check_boxes import Tick

_SILENT = {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP}
_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_FLAT = 0.1  # points
_BUTTONS = {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}
_VALUES = {pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX}


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something laid over a page that has words of its own."""

    kind: BlockKind  # FORM or COMMENT
    text: str  # "name: value", "author: comment"; nothing where there is no value
    value: str
    box: Floats  # (1, 4) in user space: left, top, right, bottom
    name: str = ""  # full name of a form field
    hidden: bool = False  # the page does not show it
    ticked: bool | None = None  # the state of a box or button; None for all else


def annotations_of(page: Any, form: Any) -> tuple[list[Annotation], bool]:
    """Form values and comments, and whether anything is drawn over the page."""
    found: list[Annotation] = []
    unseen: list[int] = []
    drawn = False
    for i in range(max(pdfium.FPDFPage_GetAnnotCount(page), 0)):
        with _annotation(page, i) as one:
            kind = pdfium.FPDFAnnot_GetSubtype(one) if one else 0
            if not one or kind in _SILENT:
                continue
            here = [_form_value(form, one)] if kind == pdfium.FPDF_ANNOT_WIDGET else _comments(one)
            if _is_hidden(one):
                unseen.append(i)
                here = [replace(found, hidden=True) for found in here]
            else:
                drawn = True
            found += here
    for i in reversed(unseen):  # else they would be drawn into the page
        pdfium.FPDFPage_RemoveAnnot(page, i)
    return found, drawn


def _is_hidden(one: Any) -> bool:
    """Whether a page does not show it: by its flags, or as it has no size."""
    box = _box(one)[0]
    flat = min(abs(float(box[2] - box[0])), abs(float(box[3] - box[1]))) < _FLAT
    return flat or bool(pdfium.FPDFAnnot_GetFlags(one) & _UNSEEN)


@contextmanager
def _annotation(page: Any, index: int) -> Iterator[Any]:
    one = pdfium.FPDFPage_GetAnnot(page, index)
    try:
        yield one
    finally:
        if one:
            pdfium.FPDFPage_CloseAnnot(one)


def _box(one: Any) -> Floats:
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(one, ctypes.byref(box))
    return np.array([[box.left, box.top, box.right, box.bottom]], np.float32)


def _comments(one: Any) -> list[Annotation]:
    words, author = _string(one, b"Contents"), _string(one, b"T")
    text = ": ".join(w for w in (author, words) if w)
    return [Annotation(BlockKind.COMMENT, text, words, _box(one))] if words else []


def _form_value(form: Any, one: Any) -> Annotation:
    name = wide_string(pdfium.FPDFAnnot_GetFormFieldName, form, one) if form else ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, one) if form else None
    label = _clean(wide_string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, one) or name) if form else ""
    if kind in _BUTTONS:
        return Annotation(BlockKind.FORM, label, "", _box(one), name, bool(pdfium.FPDFAnnot_IsChecked(form, one)))
    value = _clean(wide_string(pdfium.FPDFAnnot_GetFormFieldValue, form, one)) if kind in _VALUES else ""
    return Annotation(BlockKind.FORM, f"{label}: {value}" if label and value else value, value, _box(one), name)


def _string(one: Any, key: bytes) -> str:
    return _clean(wide_string(pdfium.FPDFAnnot_GetStringValue, one, key))


def _clean(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def write_annotations(builder: DocumentBuilder, found: list[Annotation], frame: Frame, printed: str) -> None:
    """Append those whose words the page does not show already; `printed` is its text without spaces."""
    number, said = len(builder.document.pages), set()
    for one in found:
        if not one.text or one.text in said or _is_printed(one, printed):
            continue
        said.add(one.text)
        start, end = builder.block(one.text, one.kind)
        x0, y0, x1, y1 = frame.show(one.box)[0].tolist()
        builder.document.lines.add(start, end, number, (x0, y0, x1, y1))


def write_ticks(builder: DocumentBuilder, ticks: Iterable[Tick]) -> None:
    """Append boxes and buttons that stand beside no word, by what the form calls them."""
    for tick in ticks:
        start, end = builder.block(f"{tick.label}: {tick.sign}", BlockKind.FORM)
        builder.document.lines.add(start, end, len(builder.document.pages), tick.box)


def _is_printed(one: Annotation, printed: str) -> bool:
    value = "".join(one.value.split())
    drawn = one.kind is BlockKind.FORM or one.text == one.value  # a free text is drawn with no author beside it
    return drawn and len(value) > 3 and value in printed  # "1" would be found anywhere
