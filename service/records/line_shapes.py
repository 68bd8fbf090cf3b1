"""Classify a line by its shape: the kind of its first word, then its dates, times and amounts in order.

The lines of a list have few shapes; totals, headings and prose have others.
"""

from __future__ import annotations

import re
from functools import lru_cache

CACHED_SHAPES = 1 << 14  # lines whose shape is cached: each is needed before and after extraction
_MONTH = (  # names and abbreviations, whole words: "12 Janet Marsh" is no date
    r"(?:jan(?:uar[yi]?|vier|eiro)?|feb(?:ruar[yi]?|braio|rero)?|fev(?:ereiro)?|fév(?:rier)?|mar(?:ch|s|zo|ço)?|märz?|mrz|"
    r"mrt|maart|apr(?:ile?)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maio|mag(?:gio)?|mei|maj|jun(?:e|io?|ho)?|juin|giu(?:gno)?|"
    r"jul(?:y|io?|ho)?|juil(?:let)?|lug(?:lio)?|aug(?:ust(?:us)?)?|aoû(?:t)?|aout|ago(?:sto)?|sept?(?:embre|ember|iembre)?|"
    r"set(?:tembre|embro|iembre)?|oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|"
    r"dec(?:ember)?|dez(?:ember|embro)?|déc(?:embre)?|dic(?:iembre|embre)?)\b\.?"
)
_TOKEN = re.compile(  # the first lookahead is for speed: blanks and points begin no token
    rf"(?=[\w(+−$€£¥-])(?:(?P<D>\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|\d{{1,2}}[-./]\d{{1,2}}[-./]\d{{2,4}}|(?!\d{{1,2}}\. (?-i:[A-Z])[^\W\d]+\.? (?-i:[A-Z]))\d{{1,2}}\.?[ -]{_MONTH}[ -]?\d{{0,4}}|{_MONTH} \d{{1,2}}(?:, ?\d{{4}})?)"
    r"|(?P<T>\d{1,2}:\d{2}(?::\d{2})?)"
    r"|(?P<M>[-−+(]?(?:[$€£¥]\s?)?(?:\d{1,3}(?:[.,' ]\d{3}){1,12}|\d+)[.,]\d{2}(?!\d)\)?-?)"
    r"|(?P<I>(?=\w{0,200}[A-Za-z])(?=\w{0,200}[\d/-])[\w/-]{0,200}\d[\w/-]*)|(?P<N>\d+)|(?P<W>[^\W\d]+))",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")


@lru_cache(maxsize=CACHED_SHAPES)
def shape(line: str) -> str:
    """Return the kind of a line's first token and its dates (D), times (T) and amounts with cents (M), in order.

    "" for a line without any of these. A quoted line (">") has another shape than the same line unquoted.

    >>> shape("05.01.2024  Card payment Corner Shop 7   -12.50   1,204.00"), shape("Subtotal 1,204.00")
    ('D DMM', 'W M')
    >>> shape("> Subtotal 1,204.00"), shape("3 pens")
    ('>W M', '')

    "5. May Rivera" is the fifth entry of a numbered list, not a date.
    """
    if not _FIGURE.search(line):
        return ""
    kinds = [m.lastgroup or "" for m in _TOKEN.finditer(line)]
    hard = "".join(k for k in kinds if k in "DTM")
    quoted = ">" if line.lstrip().startswith(">") else ""
    return f"{quoted}{kinds[0]} {hard}" if hard else ""


def repeats(seen: str) -> int:
    """Return how often the dates, times and amounts of a shape repeat: 2 for two records printed side by side.

    >>> repeats("W MDMD"), repeats("W MMMM"), repeats("D DM")
    (2, 1, 1)
    """
    kinds = seen.partition(" ")[2]
    for n in range(len(kinds) // 2, 1, -1):
        size = len(kinds) // n
        if len(set(kinds[:size])) > 1 and kinds[:size] * n == kinds:
            return n
    return 1


def first_token(line: str) -> str:
    """Return the kind of a line's first token; "" where it begins with none.

    D date, T time, M amount, I code, N number, W word.

    >>> first_token("F00012 Ordinary"), first_token("[09:12:01] THE COURT"), first_token("12 pens"), first_token("--")
    ('I', 'T', 'N', '')
    """
    match = _TOKEN.search(line)
    return match.lastgroup or "" if match else ""
