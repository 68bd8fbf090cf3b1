"""Parse the style sheets of a page, but only properties that can hide text or strike it out.

A small part of CSS: rules outside `@media` (or for screens), selectors without pseudo-classes other than those of structure, the cascade by
importance, specificity and order. Other rules are ignored, so in doubt text is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from thresher.service.readers.web.css_values import pixels

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_HIDING = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "font",
        "font-size",
        "position",
        "left",
        "top",
        "right",
        "bottom",
        "clip",
        "clip-path",
        "width",
        "height",
        "max-width",
        "max-height",
        "overflow",
        "overflow-x",
        "overflow-y",
        "text-indent",
        "transform",
        "scale",
        "zoom",
        "inset",
        "content-visibility",
        "filter",
        "margin-left",
        "margin-top",
        "text-decoration",
        "text-decoration-line",
        "vertical-align",
        "white-space",
        "letter-spacing",
        "line-height",
        "-webkit-text-security",
    ]
)
_COLOURS = frozenset(("color", "background", "background-color", "background-image", "-webkit-text-fill-color"))
TRACKED = _HIDING | _COLOURS
_CONDITION = re.compile(r"@(media|supports|layer|container)\b(.*)", re.IGNORECASE | re.DOTALL)
_MEDIUM = re.compile(r"\s*(?:only\s+)?(?:all|screen)?\s*", re.IGNORECASE)
_WIDTH = re.compile(r"(?:\band\b)?\s*\(\s*(min|max)-width\s*:\s*([^)]+)\)\s*", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_SCREEN_PIXELS = 1280.0  # width of the screen that a page is read for
_WEIGHTS = re.compile(r"(#[\w-]+)|(\.[\w-]+|\[[^\]]*\])|(?<![\w.#-])([a-zA-Z][\w-]*)")
_COMMA = re.compile(r",(?![^(]*\))")  # not within brackets
_PSEUDO = re.compile(r":([\w-]*)")
_STRUCTURAL = frozenset(  # pseudo-classes that tell where an element stands, and nothing of what a person does
    (
        *("is", "where", "not", "has", "root", "empty", "only-child", "only-of-type"),
        *("first-child", "last-child", "nth-child", "nth-last-child"),
        *("first-of-type", "last-of-type", "nth-of-type", "nth-last-of-type"),
    )
)
_MAX_RULES = 3_000
_MAX_MATCHES = 200_000  # elements that rules apply to; the rest of a sheet is ignored
_MAX_WORK = 400_000_000  # characters of the page times rules

Declarations = dict[str, str]
Weight = tuple[bool, int, int]  # important, specificity, order


def declarations(text: str) -> Declarations:
    """Return the tracked properties of a `style` attribute or a rule's body, values in lower case.

    >>> declarations("Font-Size: 0 !important; margin:0")
    {'font-size': '0 !important'}
    """
    found: Declarations = {}
    for part in unescaped(text).split(";"):
        name, colon, value = part.partition(":")
        name = name.strip().lower()
        if colon and name in TRACKED:
            found[name] = value.strip().lower()
    return found


def unescaped(text: str) -> str:
    r"""Return CSS without comments and with escapes as the characters that they mean.

    >>> unescaped(r"display:/**/n\6f ne"), unescaped("a: b")
    ('display:none', 'a: b')
    """
    if "\\" not in text and "/*" not in text:
        return text
    return _ESCAPE.sub(lambda m: _character(m[1]) if m[1] else m[2], _COMMENT.sub("", text))


def _character(code: str) -> str:
    return chr(int(code, 16)) if 0 < int(code, 16) < 0x110000 else "\ufffd"


def rules(sheet: str) -> Iterator[tuple[str, Declarations]]:
    """Yield (selectors, declarations) of a sheet's rules that apply to a screen.

    >>> list(rules("@media print {.a{display:none}} .b , p {display:none; margin:0}"))
    [('.b , p', {'display': 'none'})]
    """
    text, at, skipping = _COMMENT.sub(" ", sheet), 0, 0
    while (brace := re.compile(r"[{}]").search(text, at)) is not None:
        head, at = text[at : brace.start()].rpartition(";")[2].strip(), brace.end()
        if brace[0] == "}":
            skipping = max(skipping - 1, 0)
        elif head.startswith("@"):
            skipping += 1 if skipping or not _holds(head) else 0
        else:
            end = text.find("}", at)
            body, at = text[at : end if end >= 0 else len(text)], end + 1 if end >= 0 else len(text)
            if not skipping and (found := declarations(body)):
                yield head, found


def _holds(head: str) -> bool:
    """Whether the rules of a block apply to a screen of usual width.

    >>> [_holds(h) for h in ("@media screen and (min-width: 600px)", "@media (max-width:600px)", "@media print", "@supports (a: b)")]
    [True, False, False, True]
    """
    found = _CONDITION.match(head)
    if found is None:
        return False
    if found[1].lower() != "media":
        return "not" not in found[2].split() and found[1].lower() != "container"
    return any(_is_shown(query) for query in found[2].split(","))


def _is_shown(query: str) -> bool:
    """Whether a media query that states nothing but a medium and widths fits the screen."""
    begun = _MEDIUM.match(query)
    rest = query[begun.end() :] if begun else query
    widths = [(bound.lower(), pixels(width)) for bound, width in _WIDTH.findall(rest)]
    fits = all(w is not None and (w <= _SCREEN_PIXELS if b == "min" else w >= _SCREEN_PIXELS) for b, w in widths)
    return fits and not _WIDTH.sub("", rest).strip()


def sheet_styles(parser: LexborHTMLParser, size: int, linked: Iterable[str] = ()) -> dict[int, Declarations]:
    """Return the declarations for each element, by `mem_id`, of linked and embedded sheets.

    Values keep their `!important`.
    """
    sheets = [*linked] + [s.text() for s in parser.css("style") if _on_screen(s.attributes.get("media"))]
    found = list(islice((rule for sheet in sheets for rule in rules(sheet)), _MAX_RULES))
    heavy, work = size * len(found) > _MAX_WORK, 0
    styles: dict[int, dict[str, tuple[Weight, str]]] = {}
    matches = 0
    for order, (selectors, stated) in enumerate(found):
        if heavy and not _HIDING.intersection(stated):
            continue
        for selector in _COMMA.split(selectors):
            work += size
            for node in _matching(parser, selector.strip()):
                matches += 1
                _apply(styles.setdefault(node, {}), stated, (_specificity(selector), order))
        if matches > _MAX_MATCHES or work > 5 * _MAX_WORK:
            break
    return {node: {name: value for name, (_, value) in weighted.items()} for node, weighted in styles.items()}


def _apply(weighted: dict[str, tuple[Weight, str]], stated: Declarations, weight: tuple[int, int]) -> None:
    """Set the declarations of a rule, unless one of greater weight is set."""
    for name, value in stated.items():
        full_weight = ("!important" in value, *weight)
        if name not in weighted or full_weight >= weighted[name][0]:
            weighted[name] = full_weight, value


def _matching(parser: LexborHTMLParser, selector: str) -> list[int]:
    """Return the `mem_id` of the elements of a selector; none for selectors that are not supported."""
    if not selector or "\\" in selector or not _is_structural(re.sub(r"\[[^\]]*\]", "", selector)):
        return []
    try:
        return [node.mem_id for node in parser.css(selector)]
    except Exception:  # noqa: BLE001 - the library raises exceptions of its own for unknown selectors
        return []


def _is_structural(selector: str) -> bool:
    """Whether a selector depends on the page alone, not on what a reader does.

    >>> [_is_structural(s) for s in ("p.a", ":is(.a) > p:nth-child(2)", "a:hover", "p::before", ":not(:checked)")]
    [True, True, False, False, False]
    """
    return "::" not in selector and all(name in _STRUCTURAL for name in _PSEUDO.findall(selector))


def _specificity(selector: str) -> int:
    return sum(100 if ident else 10 if group else 1 for ident, group, _ in _WEIGHTS.findall(selector))


def _on_screen(media: str | None) -> bool:
    return not media or media.strip().lower() in {"all", "screen"}
