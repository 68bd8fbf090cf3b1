"""Read Word's styles and numbering: heading level, list level, and the number printed before a paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from thresher.service.readers.office.docx.docx_inline import W, attribute, local, switched_on
from thresher.service.readers.office.docx.docx_runs import hiding_of

_HEADING = re.compile(r"heading (\d)")
_KNOWN = frozenset(["decimal", "decimalZero", "lowerLetter", "upperLetter", "lowerRoman", "upperRoman", "ordinal"])
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """The format of one level of a numbering."""

    start: int = 1
    form: str = "decimal"  # decimal, lowerLetter, upperRoman, bullet …
    text: str = ""  # "%1.%2"
    after: int = 8  # restarts after an item of this 0-based level or a higher one; -1 never
    legal: bool = False  # shows the numbers of all levels in digits
    hidden: bool = False  # its numbers are hidden text

    def restarts(self, above: int, own: int) -> bool:
        """Whether an item at level `above` makes this level, at `own`, start again."""
        return above <= min(self.after, own - 1)


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph or character style."""

    name: str = ""
    base: str = ""
    properties: Any = None  # w:pPr
    run: dict[str, Any] = field(default_factory=dict)  # children of w:rPr, by name
    shades: bool = False  # sets a background colour, here or in a part of its table


@dataclass(slots=True)
class StylesAndNumbering:
    """Styles and numberings of a document. `counters` advances as paragraphs are requested, in order."""

    styles: dict[str, Style] = field(default_factory=dict)
    lists: dict[str, dict[int, Level]] = field(default_factory=dict)  # levels of each w:num
    family: dict[str, str] = field(default_factory=dict)  # abstract numbering of each w:num, whose counters it shares
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)  # new start of a w:num, at its first item
    counters: dict[str, list[int | None]] = field(default_factory=dict)
    shaded: bool = True  # some paragraph or cell has a background colour
    plain_paper: bool = True  # the text stands on plain paper
    basic: dict[str, Any] = field(default_factory=dict)  # properties of all runs, as far as they may hide text
    hiding_tables: bool = False  # a style of tables may hide text
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)  # cache of run properties by style

    def run_properties(self, style: str) -> dict[str, Any]:
        """Return the run properties of a style and its base styles, by name."""
        if style not in self.runs:
            merged: dict[str, Any] = {}
            for layer in reversed(self._chain(style)):
                merged |= layer.run
            self.runs[style] = merged
        return self.runs[style]

    def shades(self, style: str) -> bool:
        """Whether a style, or one of its base styles, sets a background colour."""
        return any(s.shades for s in self._chain(style))

    def heading(self, properties: Any | None) -> int:
        """Return the heading level of a paragraph, 1 the highest; 0 for no heading."""
        for p in self._layers(properties):
            outline = p.find(W + "outlineLvl")
            if outline is not None:
                level = _number(attribute(outline), 9) + 1
                return level if level <= 9 else 0
        names = [s.name.lower() for s in self._chain(_style_of(properties))]
        found = next((int(m[1]) for name in names if (m := _HEADING.match(name))), 0)
        return found or int("title" in names)

    def numbering(self, properties: Any | None) -> tuple[str, int] | None:
        """Return the list and 0-based level of a paragraph; None where it is not in a list."""
        for p in self._layers(properties):
            chosen = p.find(W + "numPr")
            if chosen is not None:
                number = attribute(chosen.find(W + "numId"))
                level = min(_number(attribute(chosen.find(W + "ilvl"), default="0"), 0), 8)
                return (number, level) if number in self.lists else None
        return None

    def label(self, number: str, level: int) -> str:
        """Advance the count by one item and return the printed number; empty for bullets and unknown formats."""
        levels = self.lists[number]
        level_format = levels.get(level, Level())
        counts = self.counters.setdefault(self.family.get(number, number), [None] * 9)
        now, forced = counts[level], self.restarts.pop((number, level), None)
        counts[level] = forced if forced is not None else level_format.start if now is None else now + 1
        for deeper in range(level + 1, 9):
            if levels.get(deeper, Level()).restarts(level, deeper):
                counts[deeper] = None
        return _numbered(level_format, counts, levels) if level_format.form in _KNOWN and not level_format.hidden else ""

    def _chain(self, style: str) -> list[Style]:
        """Return a style and its base styles, most derived first."""
        chain: list[Style] = []
        while style in self.styles and len(chain) < 20:
            chain.append(self.styles[style])
            style = chain[-1].base
        return chain

    def _layers(self, properties: Any | None) -> list[Any]:
        """Return the paragraph properties, then those of its style and base styles."""
        direct = [] if properties is None else [properties]
        return direct + [s.properties for s in self._chain(_style_of(properties)) if s.properties is not None]


def read_styles(styles: Any | None, numbering: Any | None) -> StylesAndNumbering:
    """Return the StylesAndNumbering from the roots of styles.xml and numbering.xml."""
    look = StylesAndNumbering(
        styles={} if styles is None else {attribute(s, "styleId"): _style(s) for s in styles.iter(W + "style")}
    )
    if styles is not None:
        _apply_defaults(look, styles)
    if numbering is None:
        return look
    abstract = {attribute(a, "abstractNumId"): a for a in numbering.iter(W + "abstractNum")}
    for num in numbering.iter(W + "num"):
        key, base = attribute(num, "numId"), attribute(num.find(W + "abstractNumId"))
        look.family[key] = base
        look.lists[key] = _levels(abstract.get(base, ())) | _overrides(num)
        look.restarts |= {(key, level): start for level, start in _restarts(num)}
    for key, base in look.family.items():
        if not look.lists[key] and (other := _linked(look, abstract.get(base))) in look.lists:
            look.lists[key] = look.lists[other]
    return look


def _apply_defaults(look: StylesAndNumbering, styles: Any) -> None:
    """Take over what hides text by default: for all runs, for paragraphs of the usual style, and in tables."""
    defaults = styles.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
    stated = {} if defaults is None else {local(e): e for e in defaults if local(e)}
    usual = next((s for s in styles.iter(W + "style") if _is_usual(s)), None)
    look.basic = hiding_of(stated | (look.run_properties(attribute(usual, "styleId")) if usual is not None else {}))
    tables = (attribute(s, "styleId") for s in styles.iter(W + "style") if attribute(s, "type") == "table")
    look.hiding_tables = any(hiding_of(look.run_properties(name)) for name in tables)


def _is_usual(style: Any) -> bool:
    return attribute(style, "type") == "paragraph" and attribute(style, "default") in {"1", "true", "on"}


def _linked(look: StylesAndNumbering, abstract: Any | None) -> str:
    """Return the w:num of a list style, where a numbering only names the style."""
    style = look.styles.get(attribute(None if abstract is None else abstract.find(W + "numStyleLink")), Style())
    return "" if style.properties is None else attribute(style.properties.find(f"{W}numPr/{W}numId"))


def _restarts(num: Any) -> list[tuple[int, int]]:
    """Return (level, start) of the levels that a numbering restarts."""
    return [
        (_number(attribute(o, "ilvl"), 0), _number(attribute(start), 1))
        for o in num.iter(W + "lvlOverride")
        if (start := o.find(W + "startOverride")) is not None
    ]


def _style_of(properties: Any | None) -> str:
    return attribute(None if properties is None else properties.find(W + "pStyle"))


def _style(element: Any) -> Style:
    return Style(
        name=attribute(element.find(W + "name")),
        base=attribute(element.find(W + "basedOn")),
        properties=element.find(W + "pPr"),
        run={local(e): e for e in element.find(W + "rPr") if local(e)} if element.find(W + "rPr") is not None else {},
        shades=any(attribute(shade, "fill", "auto") != "auto" for shade in element.iter(W + "shd")),
    )


def _levels(element: Any) -> dict[int, Level]:
    return {_number(attribute(v, "ilvl"), 0): _level(v) for v in element if local(v) == "lvl"}


def _level(element: Any) -> Level:
    return Level(
        start=_number(attribute(element.find(W + "start")), 0),  # the standard's default is zero
        form=attribute(element.find(W + "numFmt"), default="decimal"),
        text=attribute(element.find(W + "lvlText")),
        after=_number(attribute(element.find(W + "lvlRestart")), 9) - 1,
        legal=switched_on(element, "isLgl"),
        hidden=switched_on(element.find(W + "rPr"), "vanish"),
    )


def _overrides(num: Any) -> dict[int, Level]:
    """Return the levels that a numbering replaces."""
    return {
        _number(attribute(o, "ilvl"), 0): _level(level)
        for o in num.iter(W + "lvlOverride")
        if (level := o.find(W + "lvl")) is not None
    }


def _numbered(level_format: Level, counts: list[int | None], levels: dict[int, Level]) -> str:
    """Fill the counts of the levels into the text of a level."""

    def one(match: re.Match[str]) -> str:
        level = levels.get(int(match[1]) - 1, Level())
        count = counts[int(match[1]) - 1]
        return format_number(level.start if count is None else count, "decimal" if level_format.legal else level.form)

    return re.sub(r"%([1-9])", one, level_format.text)


def format_number(number: int, form: str) -> str:
    """Return a number in a Word number format.

    >>> [format_number(n, f) for n, f in ((4, "decimal"), (4, "lowerLetter"), (28, "upperLetter"), (9, "upperRoman"))]
    ['4', 'd', 'BB', 'IX']
    """
    if form.endswith("Letter") and 0 < number < 1000:
        repeat, index = divmod(number - 1, 26)
        letters = chr(97 + index) * (repeat + 1)
        return letters.upper() if form.startswith("upper") else letters
    if form.endswith("Roman") and 0 < number < 4000:
        return _roman(number).upper() if form.startswith("upper") else _roman(number)
    if form == "ordinal":
        return f"{number}{'th' if 10 < number % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    letters = ""
    for value, letter in _ROMAN:
        count, number = divmod(number, value)
        letters += letter * count
    return letters


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default
