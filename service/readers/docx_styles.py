"""What Word's styles and numbering say of a paragraph: heading level, list level, and the number printed before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from service.readers.docx_inline import W, attribute, switched_on

_HEADING = re.compile(r"heading (\d)")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a numbering: how its numbers look."""

    start: int = 1
    form: str = "decimal"  # decimal, lowerLetter, upperRoman, bullet …
    text: str = ""  # "%1.%2"


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph or character style."""

    name: str = ""
    base: str = ""
    properties: Any = None  # w:pPr
    hides: bool = False


@dataclass(slots=True)
class Look:
    """Styles and numberings of a document. `counters` moves on as its paragraphs are asked for, in order."""

    styles: dict[str, Style] = field(default_factory=dict)
    lists: dict[str, dict[int, Level]] = field(default_factory=dict)  # levels of each w:num
    family: dict[str, str] = field(default_factory=dict)  # w:num to its abstract one, whose counters it shares
    counters: dict[str, list[int | None]] = field(default_factory=dict)

    def vanishing(self, style: str) -> bool:
        """Whether a style, or one it builds on, hides its text."""
        return any(s.hides for s in self._chain(style))

    def heading(self, properties: Any | None) -> int:
        """Level of the heading that a paragraph is, 1 the highest; 0 for no heading."""
        for p in self._layers(properties):
            outline = p.find(W + "outlineLvl")
            if outline is not None:
                level = _number(attribute(outline), 9) + 1
                return level if level <= 9 else 0
        names = [s.name.lower() for s in self._chain(_style_of(properties))]
        found = next((int(m[1]) for name in names if (m := _HEADING.match(name))), 0)
        return found or int("title" in names)

    def numbering(self, properties: Any | None) -> tuple[str, int] | None:
        """The list and 0-based level that a paragraph belongs to."""
        for p in self._layers(properties):
            chosen = p.find(W + "numPr")
            if chosen is not None:
                number = attribute(chosen.find(W + "numId"))
                level = min(_number(attribute(chosen.find(W + "ilvl"), default="0"), 0), 8)
                return (number, level) if number in self.lists else None
        return None

    def label(self, number: str, level: int) -> str:
        """Count one item on, and give the number printed before it; empty for a bullet."""
        levels = self.lists[number]
        counts = self.counters.setdefault(self.family.get(number, number), [None] * 9)
        now = counts[level]
        counts[level] = levels.get(level, Level()).start if now is None else now + 1
        counts[level + 1 :] = [None] * (8 - level)
        form = levels.get(level, Level())
        return "" if form.form in {"bullet", "none"} else _filled(form.text, counts, levels)

    def _chain(self, style: str) -> list[Style]:
        chain: list[Style] = []
        while style in self.styles and len(chain) < 20:
            chain.append(self.styles[style])
            style = chain[-1].base
        return chain

    def _layers(self, properties: Any | None) -> list[Any]:
        own = [] if properties is None else [properties]
        return own + [s.properties for s in self._chain(_style_of(properties)) if s.properties is not None]


def read_look(styles: Any | None, numbering: Any | None) -> Look:
    """The Look from the roots of styles.xml and numbering.xml."""
    look = Look(styles={} if styles is None else {attribute(s, "styleId"): _style(s) for s in styles.iter(W + "style")})
    if numbering is None:
        return look
    abstract = {attribute(a, "abstractNumId"): _levels(a) for a in numbering.iter(W + "abstractNum")}
    for num in numbering.iter(W + "num"):
        key, base = attribute(num, "numId"), attribute(num.find(W + "abstractNumId"))
        look.lists[key] = abstract.get(base, {}) | _overrides(num)
        look.family[key] = key if num.find(W + "lvlOverride") is not None else f"abstract {base}"
    return look


def _style_of(properties: Any | None) -> str:
    return attribute(None if properties is None else properties.find(W + "pStyle"))


def _style(element: Any) -> Style:
    return Style(
        name=attribute(element.find(W + "name")),
        base=attribute(element.find(W + "basedOn")),
        properties=element.find(W + "pPr"),
        hides=switched_on(element.find(W + "rPr"), "vanish"),
    )


def _levels(element: Any) -> dict[int, Level]:
    return {_number(attribute(v, "ilvl"), 0): _level(v) for v in element.iter(W + "lvl")}


def _level(element: Any) -> Level:
    return Level(
        start=_number(attribute(element.find(W + "start"), default="1"), 1),
        form=attribute(element.find(W + "numFmt"), default="decimal"),
        text=attribute(element.find(W + "lvlText")),
    )


def _overrides(num: Any) -> dict[int, Level]:
    return {
        _number(attribute(o, "ilvl"), 0): _level(level)
        for o in num.iter(W + "lvlOverride")
        if (level := o.find(W + "lvl")) is not None
    }


def _filled(text: str, counts: list[int | None], levels: dict[int, Level]) -> str:
    def one(match: re.Match[str]) -> str:
        i = int(match[1]) - 1
        level = levels.get(i, Level())
        return written(level.start if counts[i] is None else counts[i] or 0, level.form)

    return re.sub(r"%([1-9])", one, text)


def written(number: int, form: str) -> str:
    """A number in a Word number format.

    >>> [written(n, f) for n, f in ((4, "decimal"), (4, "lowerLetter"), (28, "upperLetter"), (9, "upperRoman"))]
    ['4', 'd', 'BB', 'IX']
    """
    if form.endswith("Letter") and 0 < number < 1000:
        repeat, place = divmod(number - 1, 26)
        letters = chr(97 + place) * (repeat + 1)
        return letters.upper() if form.startswith("upper") else letters
    if form.endswith("Roman") and 0 < number < 4000:
        return _roman(number).upper() if form.startswith("upper") else _roman(number)
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    letters = ""
    for value, letter in _ROMAN:
        count, number = divmod(number, value)
        letters += letter * count
    return letters


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default
