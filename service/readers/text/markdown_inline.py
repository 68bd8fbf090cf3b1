"""Render the text of a Markdown paragraph: without markup, with lines and runs of blanks as in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from thresher.service.readers.text_marks import struck
from thresher.service.readers.web.html_blocks import read_page

if TYPE_CHECKING:
    from markdown_it.token import Token

_LEAD = re.compile(r"[ \t]*")
_TAG = re.compile(  # other text in angle brackets is not a tag
    r"</?(?:a|abbr|b|bdi|bdo|big|br|center|cite|code|del|details|dfn|div|em|font|hr|i|img|input|ins|kbd|label|li|mark|ol"
    r"|p|q|s|samp|small|span|strike|strong|sub|summary|sup|t[dhr]|table|tt|u|ul|var|wbr)\b|<[!?]",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"(?:[ \t]{0,3}>)+")


def inline_text(token: Token, lines: list[str], *, show_hidden: bool = False) -> str:
    """Return the shown text of an `inline` token; `lines` are its lines of the file, for their indents."""
    children = token.children or []
    if any(child.type == "html_inline" for child in children):
        shown = _through_page(children, show_hidden=show_hidden)
    else:
        shown = "".join(map(_text, _with_struck(children)))
    return _indented(shown, lines)


def _text(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return "".join(map(_text, token.children or [])) or token.content
    return token.content


def _with_struck(children: list[Token]) -> list[Token]:
    """Return the tokens with struck-through text between its marks."""
    found: list[Token] = []
    opened: int | None = None
    for child in children:
        if child.type == "s_open":
            opened = len(found)
        elif child.type == "s_close" and opened is not None:
            inner = child.copy(type="text", content=struck("".join(map(_text, found[opened:]))))
            found[opened:] = [inner]
            opened = None
        else:
            found.append(child)
    return found


def _through_page(children: list[Token], *, show_hidden: bool) -> str:
    """Return text with HTML markup as a browser shows it; blanks stay."""
    pieces = []
    for child in children:
        if child.type == "html_inline" and _TAG.match(child.content):
            pieces.append(child.content)
        elif child.type in {"s_open", "s_close"}:
            pieces.append("<s>" if child.type == "s_open" else "</s>")
        else:
            pieces.append(_text(child).replace("&", "&amp;").replace("<", "&lt;"))
    page = read_page(f'<div style="white-space:pre">{"".join(pieces)}</div>', hidden_text=show_hidden)
    return "\n".join(piece.text for piece in page.pieces)


def _indented(text: str, lines: list[str]) -> str:
    """Indent the lines of a paragraph as in the file, relative to the smallest indent."""
    shown = text.split("\n")
    if len(shown) != len(lines) or len(lines) < 2:
        return text
    leads = [_LEAD.match(_QUOTED.sub("", line)) for line in lines]
    widths = [len(lead[0].expandtabs(4)) if lead else 0 for lead in leads]
    least = min(widths[1:] + ([widths[0]] if not _QUOTED.match(lines[0]) else []))
    return "\n".join(
        " " * (width - least) * bool(i) + line for i, (width, line) in enumerate(zip(widths, shown, strict=True))
    )
