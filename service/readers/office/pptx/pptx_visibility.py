"""Decide which shapes and runs of a slide are visible, and how runs are marked."""

from __future__ import annotations

from typing import Any

import numpy as np

from thresher.schemas.document import Box
from thresher.service.readers.hidden_text import is_squeezed, is_tiny, same_colour
from thresher.service.readers.text_marks import UNMARKED, Mark, join_runs

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PAPER = "FFFFFF"
_WHITES = frozenset(("bg1", "lt1"))


def paragraph_text(paragraph: Any, ground: str | None, *, show_hidden: bool) -> tuple[str, list[str]]:
    """Return the shown text of an `a:p`, and the reasons why other text of it is not visible."""
    from thresher.service.readers.formulas import formula_text  # noqa: PLC0415 - few slides hold formulas

    runs: list[tuple[str, Mark]] = []
    reasons: list[str] = []
    for element in paragraph:
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name in {"r", "fld"}:
            text = "".join(t.text or "" for t in element.iter(_A + "t"))
            mark, reason = _look(element.find(_A + "rPr"), ground)
            if reason and not show_hidden:
                reasons += [reason] if text.strip() else []
            else:
                runs.append((text, mark))
        elif name == "br":
            runs.append(("\n", UNMARKED))
        else:
            runs += [(formula_text(m), UNMARKED) for m in element.iter(_MATH + "oMath")]
    return join_runs(runs).replace("\v", "\n").strip(), reasons


def _look(properties: Any | None, ground: str | None) -> tuple[Mark, str]:
    """Return the Mark of a run, and why it is not visible (empty where it is)."""
    if properties is None:
        return UNMARKED, ""
    struck = properties.get("strike", "noStrike") != "noStrike"
    baseline = properties.get("baseline", "0").rstrip("%")
    shift = 0 if baseline in {"0", "-0"} else -1 if baseline.startswith("-") else 1
    size = properties.get("sz", "")
    if size.isdecimal() and is_tiny(int(size) / 100):
        return UNMARKED, "text too small to read"
    spacing = properties.get("spc", "0")  # hundredths of a point, as the size
    if spacing.removeprefix("-").isdecimal() and is_squeezed(
        float(size) if size.isdecimal() else 1800.0, spacing=float(spacing)
    ):
        return UNMARKED, "letters squeezed together"
    fill = properties.find(_A + "solidFill")
    alpha = None if fill is None else fill.find(f"*/{_A}alpha")
    if properties.find(_A + "noFill") is not None or (
        alpha is not None and alpha.get("val", "1").rstrip("%") in {"0", "0.0"}
    ):
        return UNMARKED, "transparent text"
    if same_colour(_colour(fill), ground):
        return UNMARKED, "text in the colour of its background"
    return Mark(struck, shift) if struck or shift else UNMARKED, ""


def _colour(fill: Any | None) -> str | None:
    """Return RRGGBB of a solid fill; None for theme colours other than white, and modified ones."""
    if fill is None:
        return None
    for colour in fill:
        if colour.tag == _A + "srgbClr" and not len(colour):
            return str(colour.get("val", ""))
        if colour.tag == _A + "schemeClr" and not len(colour) and colour.get("val") in _WHITES:
            return _PAPER
    return None


def background_of(shape: Any, others: list[Box], box: Box, paper: str | None) -> str | None:
    """Return the background colour of a shape's text; None where it is not known.

    `others` are the boxes of shapes that may lie behind it, `paper` is the slide's background.
    """
    properties = shape._element.find(f"{_P}spPr")  # noqa: SLF001 - the library does not expose the stated fill
    fill = None if properties is None else properties.find(_A + "solidFill")
    if fill is not None:
        return _colour(fill)
    filled = properties is not None and any(
        properties.find(_A + n) is not None for n in ("gradFill", "blipFill", "pattFill")
    )
    styled = shape._element.find(f"{_P}style/{_A}fillRef")  # noqa: SLF001
    cleared = properties is not None and properties.find(_A + "noFill") is not None
    if filled or (styled is not None and styled.get("idx", "0") != "0" and not cleared):
        return None
    return None if any(_overlap(box, other) for other in others) else paper


def slide_background(slide: Any) -> str | None:
    """Return white for a plain white background of a slide; None where slide, layout or master state another."""
    for level in (slide, slide.slide_layout, slide.slide_layout.slide_master):
        background = level._element.find(f"{_P}cSld/{_P}bg")  # noqa: SLF001
        if background is None:
            continue
        fill = background.find(f"{_P}bgPr/{_A}solidFill")
        reference = background.find(f"{_P}bgRef/{_A}schemeClr")
        if fill is not None:
            return _colour(fill)
        return _PAPER if reference is not None and reference.get("val") in _WHITES else None
    return _PAPER


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def is_off(box: Box, size: tuple[float, float]) -> bool:
    """Whether a box lies fully outside its slide; a box of zeros has no position."""
    stated = any(box)
    return stated and (box[2] <= 0 or box[3] <= 0 or box[0] >= size[0] or box[1] >= size[1])


def is_switched_off(shape: Any) -> bool:
    """Whether a shape, or a group around it, is hidden by its properties."""
    holders = (shape._element, *shape._element.iterancestors(f"{_P}grpSp"))  # noqa: SLF001
    named = (next(holder.iter(f"{_P}cNvPr"), None) for holder in holders)
    return any(n is not None and n.get("hidden") in {"1", "true"} for n in named)


class Covers:
    """The shapes of a slide that hide all that lies wholly under them: filled rectangles without text, never animated."""

    def __init__(self, shapes: list[tuple[Any, Box]], slide: Any) -> None:
        """Find the covers among the shapes of a slide's element."""
        moved = {target.get("spid", "") for target in slide.iter(f"{_P}spTgt")}
        found = [(one._element, box) for one, box in shapes if any(box) and _is_cover(one._element, moved)]  # noqa: SLF001
        self._places = [_place(element) for element, _ in found]
        self._boxes = np.array([box for _, box in found]).reshape(-1, 4)

    def hide(self, shape: Any, box: Box) -> bool:
        """Whether a shape lies wholly under a cover that is drawn after it."""
        if not len(self._boxes) or not any(box):
            return False
        left_top, right_bottom = self._boxes[:, :2] <= box[:2], self._boxes[:, 2:] >= box[2:]
        over = np.flatnonzero((left_top & right_bottom).all(axis=1)).tolist()
        place = _place(shape._element) if over else []  # noqa: SLF001
        return any(self._places[i] > place for i in over)


def _is_cover(element: Any, moved: set[str]) -> bool:
    properties, named = element.find(f"{_P}spPr"), next(element.iter(f"{_P}cNvPr"), None)
    if properties is None or element.tag != f"{_P}sp" or (named is not None and named.get("id") in moved):
        return False
    fill, form = properties.find(_A + "solidFill"), properties.find(_A + "prstGeom")
    frame = properties.find(_A + "xfrm")
    is_rectangle = form is not None and form.get("prst") in {"rect", "roundRect"}
    is_turned = frame is not None and frame.get("rot", "0") != "0"
    is_opaque = fill is not None and next(fill.iter(_A + "alpha"), None) is None
    has_text = any((t.text or "").strip() for t in element.iter(_A + "t"))
    return is_rectangle and is_opaque and not is_turned and not has_text


def _place(element: Any) -> list[int]:
    """Return the place of an element in its tree, to compare: what is drawn later comes later."""
    place: list[int] = []
    while (parent := element.getparent()) is not None:
        place.append(parent.index(element))
        element = parent
    return place[::-1]
