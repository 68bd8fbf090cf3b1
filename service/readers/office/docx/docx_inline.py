"""Read the inside of a Word paragraph: its shown text, and its notes, comments, text boxes and hidden text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from thresher.service.readers.formulas import formula_text, fraction_of_field
from thresher.service.readers.office.docx.docx_boxes import hidden_box_reason, hidden_frame_reason, is_own_picture
from thresher.service.readers.office.docx.docx_fields import FieldCodes
from thresher.service.readers.office.docx.docx_runs import Runs, RunStyles
from thresher.service.readers.text_marks import OPEN, TICKED, UNMARKED, Mark, join_runs

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
Kind = Literal["footnote", "endnote", "comment", "box", "hidden", "table", "chart", "diagram", "picture"]
_PLAIN = {
    "tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\N{NON-BREAKING HYPHEN}", "softHyphen": "",
}  # fmt: skip
_SKIPPED = frozenset(
    [
        "rPr",
        "pPr",
        "sectPr",
        "sdtPr",
        "sdtEndPr",
        "delInstrText",
        "rt",
        "fldData",
        "txbxContent",
        "docPr",
        "binData",
    ]
)
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_WINGDINGS = {0xFE: TICKED, 0xFD: TICKED, 0xA8: OPEN, 0x6F: OPEN, 0xB7: "•", 0xE0: "→", 0xFC: "✓", 0xFB: "✗"}


@dataclass(frozen=True, slots=True)
class Aside:
    """Something anchored in a paragraph that is written after it: a note, comment, box, table, picture, chart or hidden text.

    A picture before the text of its paragraph is written before it.
    """

    kind: Kind
    key: str = ""  # id of a note or comment; relationship of a chart or picture; why text or a box is hidden
    text: str = ""  # of hidden text
    element: Any = None  # of a text box, picture or nested table
    leads: bool = False  # whether the text of its paragraph follows it
    column: int = -1  # 0-based, of the cell that it stands in


@dataclass(slots=True)
class Inline:
    """The shown text of a paragraph, and its Asides in order."""

    pieces: list[tuple[str, Mark]] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the shown text, without surrounding white space."""
        return join_runs(self.pieces).strip()


class State(NamedTuple):
    """How the current text is shown."""

    hidden: str = ""  # why it is hidden; empty where it is shown
    mark: Mark = UNMARKED


def local(element: Any) -> str:
    """Return an element's name without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: Any | None, name: str = "val", default: str = "") -> str:
    """Return a `w:` attribute of an element that may be missing."""
    return default if element is None else element.get(W + name, default)


def switched_on(properties: Any | None, name: str) -> bool:
    """Whether an on/off property (`w:vanish`) is set and not set to off."""
    found = None if properties is None else properties.find(W + name)
    return found is not None and attribute(found, default="1") not in {"0", "false", "off"}


def read_paragraph(paragraph: Any, styles: RunStyles) -> Inline:
    """Return the Inline of a `w:p`; the document's styles decide how its runs look."""
    inline = Inline()
    runs = Runs(styles, paragraph)
    reason = hidden_frame_reason(paragraph) or runs.paragraph_reason()
    _Walk(inline, runs, FieldCodes(paragraph)).children(paragraph, State(reason))
    return inline


@dataclass(frozen=True, slots=True)
class _Walk:
    inline: Inline
    runs: Runs
    fields: FieldCodes

    def children(self, parent: Any, state: State) -> None:
        for element in parent:
            self.visit(element, local(element), state)

    def visit(self, element: Any, name: str, state: State) -> None:
        """Add one element."""
        if element.tag in {_MATH + "oMath", _MATH + "oMathPara"}:
            self.put(formula_text(element), state)
        elif name in {"t", "delText"}:
            self.put(element.text or "", state)
        elif name in _PLAIN:
            self.put(_PLAIN[name], state)
        elif name == "sym":
            self.put(_symbol(element), state)
        elif name == "fldChar":
            self.put(_form_field(element), state)
            self.fields.pass_mark(element)
        elif name == "instrText":
            if fraction := fraction_of_field(element.text or ""):
                self.put(fraction, state, is_code=True)
        elif name == "bdo" and attribute(element) == "rtl":  # shown backwards, as by the characters for it
            self.put("\u202e", state)
            self.children(element, state)
            self.put("\u202c", state)
        elif name == "textpath":  # the text of a drawing, such as a mark across the page
            self.put(element.get("string", ""), state)
        elif name == "sdt" and (box := _box_control(element)):
            self.put(box, state)
        elif (aside := _aside(element, name)) is not None:
            self.add_aside(aside, state)
        elif name not in _SKIPPED:
            self.children(element, self._state(element, name, state))

    def put(self, text: str, state: State, *, is_code: bool = False) -> None:
        """Add text to the shown text, or to the hidden text of one reason; `is_code`: it is what the code of a field shows."""
        hidden = state.hidden or ("" if is_code else self.fields.reason)
        if not hidden:
            self.inline.pieces.append((text, state.mark))
        elif text:
            last = self.inline.asides[-1] if self.inline.asides else None
            if last is not None and last.kind == "hidden" and last.key == hidden:
                text = self.inline.asides.pop().text + text
            self.inline.asides.append(Aside("hidden", hidden, text))

    def add_aside(self, aside: Aside, state: State) -> None:
        """Add an Aside; a footnote also leaves its mark in the text, as on the page.

        A box off the page is added as hidden text; a picture only where it is visible.
        """
        if aside.kind == "picture":
            if not state.hidden and not hidden_box_reason(aside.element) and is_own_picture(aside.element):
                self.inline.asides.append(replace(aside, leads=not self.inline.text))
            return
        if aside.kind == "box" and aside.key:
            lines = ("".join(t.text or "" for t in p.iter(W + "t")) for p in paragraphs(aside.element))
            self.put("\n".join(lines), State(aside.key))
            return
        if aside.kind in {"footnote", "endnote"}:
            self.inline.pieces.append((f"[{aside.key}]", UNMARKED))
        self.inline.asides.append(aside)

    def _state(self, element: Any, name: str, state: State) -> State:
        """Return the state inside an element: tracked changes and runs alter it."""
        if name in {"del", "moveFrom"}:
            who, when = attribute(element, "author"), attribute(element, "date")
            what = ["deleted" if name == "del" else "moved away", *([f"by {who}"] if who else []), when]
            return state._replace(hidden=state.hidden or " ".join(what).strip())
        if name == "r":
            hidden, mark = self.runs.look(element.find(W + "rPr"))
            return State(state.hidden or hidden, mark)
        return state


def _box_control(control: Any) -> str:
    """Return the mark of a check box made as a content control; empty for any other control."""
    box = control.find(f"{W}sdtPr/{_W14}checkbox")
    if box is None:
        return ""
    state = box.find(_W14 + "checked")
    return TICKED if state is not None and state.get(_W14 + "val", "1") not in {"0", "false"} else OPEN


def _aside(element: Any, name: str) -> Aside | None:
    match name:
        case "footnoteReference" | "endnoteReference":
            return Aside("footnote" if name[0] == "f" else "endnote", attribute(element, "id"))
        case "commentReference":
            return Aside("comment", attribute(element, "id"))
        case "txbxContent":
            return Aside("box", hidden_box_reason(element), element=element)
        case "blip" | "imagedata":
            return Aside("picture", element.get(R + "embed") or element.get(R + "id", ""), element=element)
        case "chart" | "relIds":
            return (
                Aside("chart", element.get(R + "id", ""))
                if name[0] == "c"
                else Aside("diagram", element.get(R + "dm", ""))
            )
    return None


def _symbol(element: Any) -> str:
    try:
        code = int(attribute(element, "char"), 16)
    except ValueError:
        return ""
    font, sign = attribute(element, "font").lower(), chr(code & 0xFF)
    if font.startswith("symbol") and sign in "0123456789.,%+()":
        return sign
    if font.startswith(("wingdings", "symbol")):
        return _WINGDINGS.get(code & 0xFF, "•")
    return chr(code)


def _form_field(element: Any) -> str:
    """Return the state of a check box, or the chosen entry of a list, where the field itself states no result."""
    box, choices = element.find(f"{W}ffData/{W}checkBox"), element.find(f"{W}ffData/{W}ddList")
    if choices is not None and not _has_result(element):
        entries = [attribute(entry) for entry in choices.iter(W + "listEntry")]
        stated = choices.find(W + "result")
        chosen = attribute(choices.find(W + "default") if stated is None else stated, default="0")
        return entries[int(chosen)] if chosen.isdecimal() and int(chosen) < len(entries) else ""
    if box is None:
        return ""
    state = box.find(W + "checked")
    state = box.find(W + "default") if state is None else state
    return TICKED if state is not None and attribute(state, default="1") not in {"0", "false"} else OPEN


def _has_result(begin: Any) -> bool:
    """Whether the field of a `w:fldChar` has text of its own between its middle and its end."""
    in_result = False
    for run in begin.getparent().itersiblings(W + "r"):
        mark = run.find(W + "fldChar")
        if mark is not None and attribute(mark, "fldCharType") == "end":
            return False
        in_result = in_result or (mark is not None and attribute(mark, "fldCharType") == "separate")
        if in_result and run.find(W + "t") is not None:
            return True
    return False


def paragraphs(element: Any) -> Iterator[Any]:
    """Yield all `w:p` beneath an element, in order."""
    yield from element.iter(W + "p")
