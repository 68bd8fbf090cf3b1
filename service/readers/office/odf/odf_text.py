"""Read the text of OpenDocument paragraphs, with marks, and labels of cells that span rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thresher.service.readers.office.odf.odf_styles import Looks
from thresher.service.readers.text_marks import UNMARKED, Mark, is_label, join_runs

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW, STYLE = (f"{_NS}{n}:1.0}}" for n in ("office", "text", "table", "drawing", "style"))
SKIPPED = frozenset(
    [
        "tracked-changes",
        "annotation",
        "note",
        "note-citation",
        "annotation-end",
        "forms",
        "sequence-decls",
        "table-column",
        "table-columns",
        "variable-decls",
        "user-field-decls",
        "soft-page-break",
        "ruby-text",
        "desc",
        "title",
        "event-listeners",
        "settings",
        "script",
        "date-time-decl",
        "footer-decl",
        "header-decl",
    ]
)
MAX_REPEATS = 1_000  # blanks or cells that one element may stand for


def local(element: Any) -> str:
    """Return an element's name without its namespace; empty for comments and instructions."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def text_of(element: Any, looks: Looks | None = None) -> str:
    """Return all shown text beneath an element, one paragraph a line."""
    paragraphs = list(element.iter(TEXT + "p", TEXT + "h"))
    if not paragraphs:
        return inline(element, looks).strip()
    return "\n".join(filter(None, (inline(p, looks).strip() for p in paragraphs)))


def inline(element: Any, looks: Looks | None = None) -> str:
    """Return the shown text of a paragraph with its marks, without its notes and annotations."""
    walk = _Inline(looks or Looks(), [])
    names = [element.get(TEXT + "style-name", "")]
    ground = walk.looks.ground(element) if any(names) or len(element) else None
    walk.over(element, names, ground)
    return join_runs(walk.runs)


@dataclass(slots=True)
class _Inline:
    """The runs of one paragraph."""

    looks: Looks
    runs: list[tuple[str, Mark]]
    last: str = ""  # reason of the text hidden last: adjacent runs with one reason are one passage

    def over(self, element: Any, names: list[str], ground: str | None) -> None:
        """Add the shown text of an element; `names` are the styles that apply, outermost first."""
        self._put(element.text or "", names, ground)
        for child in element:
            name = local(child)
            if child.get(TEXT + "display") == "none" and not self.looks.show_hidden:
                self.looks.hide("hidden field")
            elif name == "s":
                count = child.get(TEXT + "c", "1")
                self._put(" " * min(int(count) if count.isdecimal() else 1, MAX_REPEATS), names, ground)
            elif name in {"tab", "line-break"}:
                self._put("\t" if name == "tab" else "\n", names, ground)
            elif name == "note":
                self._put(f"[{citation(child)}]", names, ground)
            elif name == "control":
                self._put(self.looks.controls.get(child.get(DRAW + "control", ""), ""), names, ground)
            elif name == "frame":
                self._put(self.looks.objects.formula(child), names, ground)
            elif name and name not in SKIPPED and name not in {"custom-shape", "hidden-text"}:
                style = child.get(TEXT + "style-name", "") if name in {"span", "a"} else ""
                self.over(child, [*names, style] if style else names, ground)
            self._put(child.tail or "", names, ground)

    def _put(self, text: str, names: list[str], ground: str | None) -> None:
        if not text:
            return
        reason, mark = self.looks.run(names, ground) if any(names) else ("", UNMARKED)
        if not reason or self.looks.show_hidden:
            self.runs.append((text, mark))
        elif text.strip() and self.last != reason:
            self.looks.hide(reason)
        self.last = reason if text.strip() else self.last


def citation(note: Any) -> str:
    """Return the mark of a note."""
    return (note.findtext(TEXT + "note-citation") or "").strip()


@dataclass(slots=True)
class SpanningLabels:
    """Labels of cells that span rows below them."""

    open_labels: dict[int, tuple[int, str]] = field(default_factory=dict)  # by column: rows still spanned, and label

    def open(self, column: int, rows: str, text: str) -> None:
        """Begin a cell that may span rows."""
        if rows.isdecimal() and int(rows) > 1:
            self.open_labels[column] = int(rows), text if is_label(text, column) else ""
        else:
            self.open_labels.pop(column, None)

    def label(self, column: int) -> str:
        """Return the label that a covered cell of the current row repeats; empty for none."""
        return self.open_labels.get(column, (0, ""))[1]

    def next_row(self) -> None:
        """End a row."""
        self.open_labels = {c: (left - 1, text) for c, (left, text) in self.open_labels.items() if left > 1}
