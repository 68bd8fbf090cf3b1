"""The five delimiters of a load file, and how they are found in its first lines.

The separator of Concordance is U+0014 and its qualifier U+00FE (þ); U+00AE (®) stands for a line end inside a value. Several web
pages name them in another order, wrongly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOUBLE_ENCODED_QUALIFIER = "Ã¾"  # þ in UTF-8, read as Windows-1252 and written as UTF-8 again
_SEPARATORS = ("\x14", "|", "\t", ",", ";")
_QUALIFIERS = ("þ", "^", '"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """The characters that part a load file; None where a set has no such character.

    `newline` stands for a line end inside a value: only Concordance has one that is sure, for in other sets it would change
    text that means itself ("Exhibit #4").
    """

    separator: str
    qualifier: str | None = None
    newline: str | None = None
    multi: str = ";"
    nested: str = "\\"

    @property
    def label(self) -> str:
        """The set's name, or its separator."""
        names = {"\x14": "concordance", "|": "pipe", "\t": "tab", ",": "csv"}
        return names.get(self.separator, repr(self.separator))


CONCORDANCE = Delimiters(separator="\x14", qualifier="þ", newline="®")
PIPE = Delimiters(separator="|", qualifier="^")
CSV = Delimiters(separator=",", qualifier='"')
TAB = Delimiters(separator="\t", qualifier='"')
NAMED = {"concordance": CONCORDANCE, "pipe": PIPE, "csv": CSV, "tab": TAB}


def detect(sample: str) -> Delimiters:
    """Return the delimiters of a load file from its first decoded characters.

    U+0014 or a þ at the start decides at once. Else the separator is the one that stands most often in the first line. A qualifier is
    believed where it encloses a whole field somewhere in the sample; commas always have the double quote of RFC 4180.
    """
    first = re.split(r"[\r\n]", sample, maxsplit=1)[0]
    separator = _separator(first)
    if separator == "\x14":
        return CONCORDANCE
    enclosing = [q for q in _QUALIFIERS if _encloses(q, separator, sample)]
    default = '"' if separator in {",", ";"} else None
    qualifier = enclosing[0] if enclosing else default
    return Delimiters(separator=separator, qualifier=qualifier)


def _separator(first: str) -> str:
    if "\x14" in first:
        return "\x14"
    counts = {separator: first.count(separator) for separator in _SEPARATORS}
    if enclosed := re.match(r"([þ^\"])[^þ^\"]*\1([|\t,;])\1", first):
        return enclosed[2]
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] or not first.startswith("þ") else "\x14"


def _encloses(qualifier: str, separator: str, sample: str) -> bool:
    """Whether the qualifier encloses a whole field, which holds something or is followed by a separator."""
    quoted, parted = re.escape(qualifier), re.escape(separator)
    pattern = rf"(?:^|{parted}|[\r\n]){quoted}[^{quoted}]*{quoted}(?:{parted}|[\r\n]|$)"
    return re.search(pattern, sample) is not None


def is_double_encoded(sample: str) -> bool:
    """Whether the first line shows a Concordance qualifier that was encoded twice."""
    first = re.split(r"[\r\n]", sample, maxsplit=1)[0]
    return DOUBLE_ENCODED_QUALIFIER in first and "þ" not in first
