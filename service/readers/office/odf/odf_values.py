"""Compare the text stored beside a value of an OpenDocument file with the value, which is what programs show.

    <table:table-cell office:value-type="float" office:value="9250"><text:p>4,711.00</text:p>   shows 9250
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from thresher.service.readers.office.number_format import general
from thresher.service.readers.office.odf.odf_text import OFFICE, TEXT, local

_NUMBER = re.compile(r"\d(?:[\d.,'’\u00a0\u202f ]*\d)?")
_COUNTED = frozenset(("float", "percentage", "currency"))
_PLACES = range(-9, 12)  # decimals to which a format may round: below zero thousands and millions


def shown_value(cell: Any, text: str) -> str:
    """Return what a cell or field with a value shows: its text, unless that is missing or gives another number.

    What rounds to the number, scales it by tens, or has no figures (a word, a dash) is a way to show it.
    """
    kind = cell.get(OFFICE + "value-type", "")
    if kind == "string":
        stated = cell.get(OFFICE + "string-value")
        return text if stated is None or "".join(stated.split()) == "".join(text.split()) else stated
    value = _decimal(cell.get(OFFICE + "value", "")) if kind in _COUNTED else None
    if value is None or (text and (not re.search(r"\d", text) or "/" in text or _agrees(text, value))):
        return text
    return f"{general(float(value * 100))}%" if kind == "percentage" else general(float(value))


def fill_fields(body: Any) -> list[str]:
    """Write the values of user fields into the fields that show them, and return what differed."""
    declared = {d.get(TEXT + "name", ""): d for d in body.iter(TEXT + "user-field-decl")}
    differing = []
    for shown in body.iter(TEXT + "user-field-get") if declared else ():
        text, declaration = "".join(shown.itertext()), declared.get(shown.get(TEXT + "name", ""))
        value = text if declaration is None else shown_value(declaration, text)
        if value != text and not any(local(child) == "user-field-get" for child in shown):
            differing.append(f"{text[:40]} in a field, {value[:40]} in its value")
            for child in list(shown):
                shown.remove(child)
            shown.text = value
    return differing


def _decimal(stated: str) -> Decimal | None:
    try:
        value = Decimal(stated) if len(stated) < 40 else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value.adjusted()) < 25 else None


def _agrees(text: str, value: Decimal) -> bool:
    """Whether some number of a text is a value, rounded or scaled by tens.

    >>> [_agrees(t, Decimal("9250.456")) for t in ("9.250,46 EUR", "9250", "9.25E+03", "9,2505", "4,711.00")]
    [True, True, True, True, False]
    """
    said = {re.sub(r"\D", "", found).strip("0") for found in _NUMBER.findall(text)}
    exact = Decimal(f"{value:.15g}")
    rounded = {f"{abs(round(exact, places)):f}".replace(".", "").strip("0") for places in _PLACES}
    return not said.isdisjoint(rounded)
