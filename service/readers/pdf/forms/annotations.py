"""Read form values and comments of a page, and write them as Blocks.

Hidden annotations are taken off the page.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.service.readers.pdf.layout.page_frame import PageFrame
from thresher.service.readers.pdf.library import Floats, wide_string
from thresher.service.readers.pdf.marks.check_boxes import CheckBox, words_within
from thresher.service.readers.pdf.text.words import PageWords

_WITHOUT_TEXT = {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP}
_HIDDEN_FLAGS = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_FLAT_MAX_POINTS = 0.1  # an annotation this narrow or low cannot be seen
_BUTTONS = {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}
_CHOICES = {pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX}
_MAX_OPTIONS = 2_000  # of a list that are looked at
_VALUES = {pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX}


@dataclass(frozen=True, slots=True)
class Annotation:
    """A form value or a comment over a page."""

    kind: BlockKind  # FORM or COMMENT
    text: str  # "name: value", "author: comment"; empty where there is no value
    value: str
    box: Floats  # (1, 4) in user space: left, top, right, bottom
    name: str = ""  # full name of a form field
    _: KW_ONLY
    hidden: bool = False  # the page does not show it
    drawn: bool = False  # its appearance, which a viewer shows instead of the value, has text
    ticked: bool | None = None  # the state of a check box or radio button; None for other kinds


def annotations_of(page: Any, form: Any) -> tuple[list[Annotation], bool]:
    """Return form values and comments, and whether any annotation is drawn over the page.

    Removes hidden annotations from the page, so that they are not rendered.
    """
    found: list[Annotation] = []
    hidden: list[int] = []
    drawn = False
    for i in range(max(pdfium.FPDFPage_GetAnnotCount(page), 0)):
        with _annotation(page, i) as one:
            kind = pdfium.FPDFAnnot_GetSubtype(one) if one else 0
            if not one or kind in _WITHOUT_TEXT:
                continue
            here = [_form_value(form, one)] if kind == pdfium.FPDF_ANNOT_WIDGET else _comments(one)
            if _is_hidden(one):
                hidden.append(i)
                here = [replace(found, hidden=True) for found in here]
            else:
                drawn = True
            found += here
    for i in reversed(hidden):  # else they would be drawn into the page
        pdfium.FPDFPage_RemoveAnnot(page, i)
    return found, drawn


def _is_hidden(one: Any) -> bool:
    """Whether the page does not show an annotation: by its flags, or because it has no size."""
    box = _box(one)[0]
    flat = min(abs(float(box[2] - box[0])), abs(float(box[3] - box[1]))) < _FLAT_MAX_POINTS
    return flat or bool(pdfium.FPDFAnnot_GetFlags(one) & _HIDDEN_FLAGS)


@contextmanager
def _annotation(page: Any, index: int) -> Iterator[Any]:
    """Open an annotation of a page, and close it at the end; a null handle where there is none."""
    one = pdfium.FPDFPage_GetAnnot(page, index)
    try:
        yield one
    finally:
        if one:
            pdfium.FPDFPage_CloseAnnot(one)


def _box(one: Any) -> Floats:
    """Return its box (1, 4) in user space: left, top, right, bottom."""
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(one, ctypes.byref(box))
    return np.array([[box.left, box.top, box.right, box.bottom]], np.float32)


def _comments(one: Any) -> list[Annotation]:
    """Return its comment as "author: words", or nothing."""
    words, author = _string(one, b"Contents"), _string(one, b"T")
    text = ": ".join(w for w in (author, words) if w)
    return [Annotation(BlockKind.COMMENT, text, words, _box(one))] if words else []


def _form_value(form: Any, one: Any) -> Annotation:
    """Return the value of a form field, or the state of a check box or radio button."""
    name = wide_string(pdfium.FPDFAnnot_GetFormFieldName, form, one) if form else ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, one) if form else None
    label = _clean(wide_string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, one) or name) if form else ""
    if kind in _BUTTONS:
        ticked = bool(pdfium.FPDFAnnot_IsChecked(form, one))
        return Annotation(BlockKind.FORM, label, "", _box(one), name, ticked=ticked)
    value = _clean(wide_string(pdfium.FPDFAnnot_GetFormFieldValue, form, one)) if kind in _VALUES else ""
    value = (_chosen(form, one) or value) if kind in _CHOICES else value
    text = f"{label}: {value}" if label and value else value
    return Annotation(BlockKind.FORM, text, value, _box(one), name, drawn=bool(value) and _draws_text(one))


def _draws_text(one: Any) -> bool:
    """Whether its appearance draws text itself."""
    drawn = wide_string(pdfium.FPDFAnnot_GetAP, one, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
    return re.search(r"[\])>]\s*TJ|[)>]\s*(?:Tj|'|\")", drawn) is not None


def _chosen(form: Any, one: Any) -> str:
    """Return the labels of a list's chosen entries, which the page shows instead of their values."""
    count = min(max(pdfium.FPDFAnnot_GetOptionCount(form, one), 0), _MAX_OPTIONS)
    chosen = (i for i in range(count) if pdfium.FPDFAnnot_IsOptionSelected(form, one, i))
    labels = (wide_string(pdfium.FPDFAnnot_GetOptionLabel, form, one, i) for i in chosen)
    return ", ".join(filter(None, map(_clean, labels)))


def _string(one: Any, key: bytes) -> str:
    """Return a string of its dictionary, with white space normalised."""
    return _clean(wide_string(pdfium.FPDFAnnot_GetStringValue, one, key))


def _clean(text: str) -> str:
    """Normalise white space, line by line; drop blank lines."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def parted_by_page(
    found: list[Annotation], words: PageWords, frame: PageFrame
) -> tuple[list[Annotation], list[Annotation]]:
    """Return what agrees with the page, and form values whose own appearance shows something else in their place.

    `words` are those that the page shows.
    """
    parted: tuple[list[Annotation], list[Annotation]] = [], []
    for one in found:
        parted[one.drawn and _shows_another(one, _words_in(words, frame.show(one.box)[0].tolist()))].append(one)
    return parted


def _words_in(words: PageWords, box: Sequence[float]) -> str:
    """Return the words whose middle is in a box, without white space."""
    return "".join(words.text[words.start[i] : words.end[i]] for i in words_within(words.box, box))


def _shows_another(one: Annotation, shown: str) -> bool:
    """Whether what is shown is not the value, nor a part of it, nor more than it."""
    value, shown = (_letters(text) for text in (one.value, shown))
    return bool(shown) and value not in shown and shown not in value


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def write_annotations(builder: DocumentBuilder, found: list[Annotation], frame: PageFrame, words: PageWords) -> None:
    """Append annotations whose words the page does not show already; `words` are those that it shows."""
    number, written = len(builder.document.pages), set()
    printed = "".join(words.text[a:b] for a, b in zip(words.start.tolist(), words.end.tolist(), strict=True))
    for one in found:
        if not one.text or one.text in written or _is_printed(one, printed):
            continue
        x0, y0, x1, y1 = frame.show(one.box)[0].tolist()
        if one.kind is BlockKind.FORM and "".join(one.value.split()) == _words_in(words, (x0, y0, x1, y1)):
            continue
        written.add(one.text)
        start, end = builder.block(one.text, one.kind)
        builder.document.lines.add(start, end, number, (x0, y0, x1, y1))


def write_check_boxes(builder: DocumentBuilder, ticks: Iterable[CheckBox]) -> None:
    """Append check boxes and radio buttons that have no word beside them, with their labels in the form."""
    for tick in ticks:
        start, end = builder.block(f"{tick.label}: {tick.sign}", BlockKind.FORM)
        builder.document.lines.add(start, end, len(builder.document.pages), tick.box)


def _is_printed(one: Annotation, printed: str) -> bool:
    """Whether the page's text contains the value already."""
    value = "".join(one.value.split())
    drawn = one.kind is BlockKind.FORM or one.text == one.value  # free text is drawn without its author
    return drawn and len(value) > 3 and value in printed  # a short value such as "1" occurs anywhere
