"""Decide how a field gets its values: read from the document, derived from other values, or judged.

A target says so itself (`json_schema_extra={"method": "derived"}`, or `x-method` in a JSON Schema; `x-derived` gives the
expression, too). Else it is inferred: a boolean or a choice of several is judged, for texts seldom spell them out, and a
number whose description says that it is computed is derived.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from thresher.schemas.extraction import Method
from thresher.schemas.target import Kind

JUDGED_KINDS: frozenset[Kind] = frozenset({"boolean", "enum", "const"})
COMPUTED_KINDS: frozenset[Kind] = frozenset({"integer", "number", "any"})

_SAID = re.compile(
    r"\((?:computed|calculated|count|sum|average)\)|[,;]\s*(?:computed|calculated)\.?\s*$|^\W*(?:computed|calculated)\b|\b(?:computed|calculated) (?:as|by|from|over|across)\b"
    r"|\b(?:to be|must be) (?:computed|calculated)\b|\bderived from (?:the )?(?:other|rows|lines|values)\b"
    r"|\b(?:berechnet|errechnet|calculée?s? (?:à partir|comme)|calculad[oa]s? (?:a partir|como)"
    r"|calcolat[oa] (?:come|da)|berekend|obliczon[ea])\b",
    re.IGNORECASE,
)
"""Words that call a value computed, wherever a description says them."""

_OVER = r"(?:all|the|every|each|its|these|those|any)?\s*(?:\w+\s+){0,3}?"
_ITEMS = r"(?:rows?|lines?|items?|entries|records?|positions?|columns?|orders?|transactions?|movements?)\b"
_OPENS = re.compile(
    rf"\s*(?:the\s+)?(?:sum|count|number|average|mean|percentage|per ?cent|share|ratio|difference|minimum|maximum)\s+"
    rf"(?:of|over|between)\s+{_OVER}{_ITEMS}"
    r"|\s*(?:the\s+)?(?:sum|total|count|average|mean)\s+(?:of|over)\s+[^.;]{1,60}?\b(?:all|every|each)\s+(?:the\s+)?\w+\s*\.?$"
    r"|\s*(?:the\s+)?number\s+of\s+(?:nights|days|weeks|months|years)\s+(?:between|from)\s+[^.;]+\s(?:and|to|until)\s"
    r"|\s*(?:die\s+)?(?:Anzahl|Zahl)\s+der\s+(?:Nächte|Tage|Wochen|Monate|Jahre)\s+(?:zwischen|von)\s"
    r"|\s*(?:le\s+)?nombre\s+de\s+(?:nuits|jours|semaines|mois)\s+entre\s|\s*(?:el\s+)?número\s+de\s+(?:noches|días|semanas|meses)\s+entre\s"
    r"|\s*(?:die\s+)?Summe\s+aller\s+\w+|\s*(?:la\s+)?somme\s+de\s+tou(?:te)?s\s+\w+|\s*(?:la\s+)?suma\s+de\s+tod[oa]s\s+\w+"
    rf"|\s*(?:the\s+)?(?:sum|average|mean|ratio|difference)\s+(?:of|between)\s+.*\b(?:and|over|times)\b"
    rf"|\s*(?:die\s+)?(?:Summe|Anzahl|Zahl|Durchschnitt|Mittelwert|Differenz|Anteil)\s+(?:über|aller|der|des|zwischen)\s+"
    rf"(?:\w+\s+){{0,2}}?(?:Zeilen|Posten|Positionen|Einträge|Spalten?|Beträge|Buchungen)\b"
    rf"|\s*(?:la\s+|le\s+)?(?:somme|nombre|moyenne|différence)\s+(?:de|des|du|entre)\s+(?:\w+\s+){{0,3}}?"
    rf"(?:lignes|postes|entrées|colonnes?|montants)\b"
    rf"|\s*(?:la\s+|el\s+)?(?:suma|número|promedio|media|diferencia)\s+(?:de|del|entre)\s+(?:\w+\s+){{0,3}}?"
    rf"(?:líneas|filas|partidas|entradas|columnas?|importes)\b",
    re.IGNORECASE,
)
"""Descriptions that begin with an operation and what it goes over."""

_SHARES = re.compile(
    r"\bas an? (?:percentage|percent|share|fraction|proportion|ratio) of\b|\bin (?:percent|per cent|%) of\b|\bdivided by\b"
    r"|^(?:percentage|per ?cent|%) (?:growth|change|increase|decrease)\b"
    r"|\bin Prozent (?:von|der|des|aller)\b|\bgeteilt durch\b|\ben pourcentage d|\ben porcentaje d|\ben % d",
    re.IGNORECASE,
)
"""Descriptions of one figure by two others."""

_PRINTED = re.compile(
    r"\b(?:as (?:printed|stated|shown|given|reported)|printed|stated on|gedruckt|angegeben)\b", re.IGNORECASE
)
"""Words by which a description says that the document itself has the value."""

_CANONICAL = re.compile(r"\b(?:canonical|normali[sz]ed|standardi[sz]ed)\b", re.IGNORECASE)
"""Words by which a description asks for a form of its own, which no text need spell out."""


_LONGEST = 2_000  # characters of a description that are looked at: anybody may have written it, of any length


def method_of(kind: Kind, description: str, schema: dict[str, Any], *, in_list: bool = False) -> Method:
    """Return the method of a leaf: what its schema says, else what its kind and description say.

    In a record of a list ("number of items", "in percent of the price") only a description that says so plainly counts.

    >>> method_of("integer", "Sum of the column Units over all rows", {}), method_of("number", "Total amount due", {})
    ('derived', 'read')
    >>> method_of("boolean", "", {}), method_of("boolean", "", {"x-method": "read"})
    ('judged', 'read')
    """
    description = " ".join(description[:_LONGEST].split())  # long runs of blanks take the square of their length
    for key in ("x-method", "method"):
        if schema.get(key) in get_args(Method):
            return schema[key]  # type: ignore[no-any-return]
    if isinstance(schema.get("x-derived"), str):
        return "derived"
    if kind in JUDGED_KINDS or (kind == "text" and _CANONICAL.search(description)):
        return "judged"
    return "derived" if kind in COMPUTED_KINDS and _is_computed(description, in_list=in_list) else "read"


def _is_computed(description: str, *, in_list: bool) -> bool:
    if _PRINTED.search(description):
        return False
    if in_list:
        return bool(_SAID.search(description))
    return bool(_SAID.search(description) or _OPENS.match(description) or _SHARES.search(description))
