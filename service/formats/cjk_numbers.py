"""Parse numbers in Chinese and Japanese characters, alone or after figures: 二十五, 壱百弐拾万, 120万, 1.2億, 3億5000万."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "兩": 2,
    "壱": 1,
    "壹": 1,
    "弐": 2,
    "貳": 2,
    "参": 3,
    "參": 3,
}
_DIGITS |= {"肆": 4, "伍": 5, "陸": 6, "贰": 2, "叁": 3, "陆": 6, "柒": 7, "捌": 8, "玖": 9}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_GROUPS = {"万": 4, "萬": 4, "億": 8, "亿": 8, "兆": 12}
_CHARS = "".join([*_DIGITS, *_TENS, *_GROUPS])
CJK_NUMBERS = re.compile(
    rf"(?:(?<![\d.,])\d[\d,]*(?:\.\d+)?)?[{_CHARS}](?:[{_CHARS}]|\d[\d,]*(?:\.\d+)?(?=[{_CHARS}]))*"
)
_TOKENS = re.compile(r"\d[\d,]*(?:\.\d+)?|\D")


def cjk_number(text: str) -> Decimal | None:
    """Return the number that characters write; None where they write none.

    >>> [str(cjk_number(t)) for t in ("二十五", "壱百弐拾万", "120万", "1.2億", "3億5000万", "二〇二四")]
    ['25', '1200000', '1200000', '120000000.0', '350000000', '2024']
    """
    total, group, digits = Decimal(0), Decimal(0), ""
    for token in _TOKENS.findall(text):
        if token in _DIGITS:
            digits += str(_DIGITS[token])
        elif token[0].isdecimal():
            digits = token.replace(",", "")
        elif token in _TENS:
            group, digits = group + Decimal(digits or 1) * _TENS[token], ""
        elif token in _GROUPS:
            group_value = group + Decimal(digits or (0 if group else 1))
            total, group, digits = total + group_value * 10 ** _GROUPS[token], Decimal(0), ""
        else:
            return None
    return total + group + Decimal(digits or 0)
