"""Write formulas as a line of text: Office MathML of Word and PowerPoint, and MathML of web pages.

Both vocabularies are read by the same rules, one for each kind of element: fraction, superscript, subscript, root, sum
with bounds. `½ a` becomes `1/2 a`; a numerator of several characters is put in brackets.
"""

from __future__ import annotations

import re
from typing import Any

from thresher.service.readers.text_marks import subscript, superscript

_FRACTION_FIELD = re.compile(r"\bEQ\s.*?\\f\s*\(([^,;()]+)[,;]([^()]+)\)", re.IGNORECASE)
_SIMPLE = re.compile(r"[\w.,%√]+|\([^()]*\)")
_SKIPPED = frozenset(
    ("rPr", "ctrlPr", "fPr", "sSupPr", "sSubPr", "sSubSupPr", "naryPr", "dPr", "radPr", "annotation", "none")
)
_DEPTH_MAX = 60  # levels of nested elements


def formula_text(element: Any, depth: int = 0) -> str:
    """Return the text of a formula's element (lxml), with characters for its layout (`/`, `^`, `√` …)."""
    name = _local(element)
    if not name or name in _SKIPPED or name.endswith("Pr") or depth > _DEPTH_MAX:
        return ""
    parts = [p for p in element if _local(p) and not _local(p).endswith("Pr")]
    texts = [formula_text(p, depth + 1) for p in parts]
    if name in {"t", "mi", "mn", "mo", "mtext", "ms"}:
        return (element.text or "") if name == "t" else " ".join((element.text or "").split())
    if name in {"mr", "mtr"}:
        return "\t".join(texts) + "\n"
    made = _layout_text(element, name, texts)
    return "".join(texts) if made is None else made


def fraction_of_field(instruction: str) -> str:
    r"""Return the fraction of an EQ field, which has no result in the file; empty for any other field.

    >>> fraction_of_field(r" EQ \\f(3,4) ")
    '3/4'
    """
    match = _FRACTION_FIELD.search(instruction)
    return f"{match[1].strip()}/{match[2].strip()}" if match else ""


def _layout_text(element: Any, name: str, texts: list[str]) -> str | None:
    """Return the text of a layout element from the texts of its parts; None for an element that only groups parts."""
    made: str | None = None
    match name:
        case "f" | "mfrac":
            made = "/".join(_bracketed_if_long(t) for t in _first_two(texts))
        case "sSup" | "msup" | "mover":
            made = _raised(*_first_two(texts))
        case "sSub" | "msub" | "munder":
            made = _lowered(*_first_two(texts))
        case "sSubSup" | "msubsup" | "munderover":
            base, low, high = [*texts, "", "", ""][:3]
            made = _raised(_lowered(base, low), high)
        case "rad" | "msqrt" | "mroot":
            made = _root(name, texts)
        case "nary":
            made = _sum(element, texts)
        case "d":
            made = _delimited(element, texts)
        case "m" | "mtable":
            made = f" {''.join(texts).rstrip()} "
    return made


def _local(element: Any) -> str:
    return element.tag.rsplit("}", 1)[-1].rpartition(":")[2] if isinstance(element.tag, str) else ""


def _first_two(texts: list[str]) -> tuple[str, str]:
    first, second = [*texts, "", ""][:2]
    return first, second


def _bracketed_if_long(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _raised(base: str, high: str) -> str:
    return base + superscript(high.strip(), base or "x")


def _lowered(base: str, low: str) -> str:
    return base + subscript(low.strip(), base or "x")


def _root(name: str, texts: list[str]) -> str:
    if name == "msqrt":
        return f"√{_bracketed_if_long(''.join(texts))}"
    if name == "mroot":
        base, degree = _first_two(texts)
    else:
        degree, base = _first_two(texts) if len(texts) > 1 else ("", texts[0] if texts else "")
    return f"{superscript(degree.strip())}√{_bracketed_if_long(base)}"


def _sum(element: Any, texts: list[str]) -> str:
    """Write a sum, product or integral: its sign, its bounds, its operand."""
    sign = _property(element, "chr", "∫")
    low, high, base = [*texts, "", "", ""][:3]
    return f"{sign}{subscript(low, sign) if low else ''}{superscript(high, sign) if high else ''} {base}"


def _delimited(element: Any, texts: list[str]) -> str:
    return (
        _property(element, "begChr", "(")
        + _property(element, "sepChr", "|").join(texts)
        + _property(element, "endChr", ")")
    )


def _property(element: Any, name: str, default: str) -> str:
    """Return the value of an element's property, searched before its operands."""
    for found in element.iter():
        if _local(found) == name:
            return next((v for k, v in found.attrib.items() if k.rsplit("}", 1)[-1] == "val"), default)
        if _local(found) in {"e", "sub", "sup"}:
            break
    return default
