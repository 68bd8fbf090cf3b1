"""The inside of a Word paragraph: what is shown, and what hangs on it (notes, comments, text boxes, hidden text)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
Kind = Literal["footnote", "endnote", "comment", "box", "hidden", "table", "chart", "diagram"]
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
        "instrText",
        "delInstrText",
        "rt",
        "fldData",
        "txbxContent",
        "docPr",
        "binData",
    ]
)
_WINGDINGS = {0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xB7: "•", 0xE0: "→", 0xFC: "✓", 0xFB: "✗"}


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that hangs on a paragraph and is written after it."""

    kind: Kind
    key: str = ""  # id of the note or comment; relationship of a chart; why text is hidden
    text: str = ""  # of hidden text
    element: Any = None  # of a text box or nested table


@dataclass(slots=True)
class Inline:
    """What a paragraph shows, and its Asides in order."""

    pieces: list[str] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The shown text, without white space around it."""
        return "".join(self.pieces).strip()


def local(element: Any) -> str:
    """An element's name without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: Any | None, name: str = "val", default: str = "") -> str:
    """A `w:` attribute of an element that may be missing."""
    return default if element is None else element.get(W + name, default)


def switched_on(properties: Any | None, name: str) -> bool:
    """Whether an on/off property (`w:vanish`) is set and not set to off."""
    found = None if properties is None else properties.find(W + name)
    return found is not None and attribute(found, default="1") not in {"0", "false", "off"}


def read_paragraph(paragraph: Any, vanishing: Callable[[str], bool]) -> Inline:
    """The Inline of a `w:p`; `vanishing` says whether a character style hides its text."""
    inline = Inline()
    _Walk(inline, vanishing).children(paragraph, "")
    return inline


@dataclass(frozen=True, slots=True)
class _Walk:
    inline: Inline
    vanishing: Callable[[str], bool]

    def children(self, parent: Any, hidden: str) -> None:
        for element in parent:
            self.visit(element, local(element), hidden)

    def visit(self, element: Any, name: str, hidden: str) -> None:
        """Take one element in; `hidden` says why its text is not shown, empty where it is."""
        if name in {"t", "delText"}:
            self.put(element.text or "", hidden)
        elif name in _PLAIN:
            self.put(_PLAIN[name], hidden)
        elif name == "sym":
            self.put(_symbol(element), hidden)
        elif name == "fldChar":
            self.put(_check_box(element), hidden)
        elif name == "AlternateContent":
            self.children(_chosen(element), hidden)
        elif (aside := _aside(element, name)) is not None:
            self.hang(aside)
        elif name not in _SKIPPED:
            self.children(element, hidden or self._reason(element, name))

    def put(self, text: str, hidden: str) -> None:
        """Add text to what is shown, or to what is hidden for one reason."""
        if not hidden:
            self.inline.pieces.append(text)
        elif text:
            last = self.inline.asides[-1] if self.inline.asides else None
            if last is not None and last.kind == "hidden" and last.key == hidden:
                text = self.inline.asides.pop().text + text
            self.inline.asides.append(Aside("hidden", hidden, text))

    def hang(self, aside: Aside) -> None:
        """Keep an Aside; a footnote also leaves its mark in the text, as on the page."""
        if aside.kind in {"footnote", "endnote"}:
            self.inline.pieces.append(f"[{aside.key}]")
        self.inline.asides.append(aside)

    def _reason(self, element: Any, name: str) -> str:
        if name in {"del", "moveFrom"}:
            who, when = attribute(element, "author"), attribute(element, "date")
            return " ".join(
                ["deleted" if name == "del" else "moved away", *([f"by {who}"] if who else []), when]
            ).strip()
        if name == "r":
            properties = element.find(W + "rPr")
            style = None if properties is None else properties.find(W + "rStyle")
            if switched_on(properties, "vanish") or (style is not None and self.vanishing(attribute(style))):
                return "hidden text"
        return ""


def _aside(element: Any, name: str) -> Aside | None:
    match name:
        case "footnoteReference" | "endnoteReference":
            return Aside("footnote" if name[0] == "f" else "endnote", attribute(element, "id"))
        case "commentReference":
            return Aside("comment", attribute(element, "id"))
        case "txbxContent":
            return Aside("box", element=element)
        case "chart":
            return Aside("chart", element.get(R + "id", ""))
        case "relIds":
            return Aside("diagram", element.get(R + "dm", ""))
    return None


def _chosen(alternatives: Any) -> Any:
    """The first choice of an `mc:AlternateContent`: its fallback would say the same again."""
    return next((child for child in alternatives if local(child) == "Choice"), next(iter(alternatives), ()))


def _symbol(element: Any) -> str:
    try:
        code = int(attribute(element, "char"), 16)
    except ValueError:
        return ""
    if attribute(element, "font").lower().startswith(("wingdings", "symbol")):
        return _WINGDINGS.get(code & 0xFF, "•")
    return chr(code)


def _check_box(element: Any) -> str:
    box = element.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return ""
    state = box.find(W + "checked")
    state = box.find(W + "default") if state is None else state
    return "☒" if state is not None and attribute(state, default="1") not in {"0", "false"} else "☐"


def paragraphs(element: Any) -> Iterator[Any]:
    """All `w:p` beneath an element, in order."""
    yield from element.iter(W + "p")
