"""Recognise several spellings of one entity: case, punctuation, long and short legal forms, with or without a branch.

"Wells Harbour Bank, N.A." and "WELLS HARBOUR BANK, NATIONAL ASSOCIATION" are one; "UBX AG" is one with "UBX AG, Stamford
Branch", but branches in two towns are two. Apart from the legal form, names must be equal word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

LEGAL_FORMS = {  # written form without punctuation -> short form
    "limited": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "companies": "cos",
    "national association": "na",
    "public limited company": "plc",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "limited partnership": "lp",
    "gesellschaft mit beschränkter haftung": "gmbh",
    "aktiengesellschaft": "ag",
    "kommanditgesellschaft": "kg",
    "société anonyme": "sa",
    "sociedad anónima": "sa",
    "società per azioni": "spa",
    "sendirian berhad": "sdn bhd",
    "sendirian": "sdn",
    "berhad": "bhd",
    "proprietary": "pty",
    "besloten vennootschap": "bv",
    "naamloze vennootschap": "nv",
    "kabushiki kaisha": "kk",
}
NAME_MAX_CHARS = 500  # characters of a name that is searched for a branch
_FORM = re.compile(rf"\b(?:{'|'.join(sorted(LEGAL_FORMS, key=len, reverse=True))})\b")
_INITIALS = re.compile(r"\b\w(?: \w)+\b")
_BRANCH = re.compile(
    r"\W+(?P<branch>[^,;()]*\b(?:branch|filiale|niederlassung|succursale|sucursal|agency)\b[^,;()]*)\W*$"
)


class Entity(NamedTuple):
    """The parts of a name that distinguish entities."""

    name: str  # without case, punctuation and branch, its legal form short
    branch: str = ""  # empty where none is given


def entity(name: str) -> Entity:
    """Return the Entity of a name.

    >>> entity("Wells Harbour Bank, N.A.") == entity("WELLS HARBOUR BANK, NATIONAL ASSOCIATION")
    True
    >>> entity("UBX AG, Stamford Branch")
    Entity(name='ubx ag', branch='stamford branch')
    """
    plain = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    branch = _BRANCH.search(plain) if len(plain) <= NAME_MAX_CHARS else None
    base = plain[: branch.start()] if branch else plain
    words = " ".join(re.findall(r"\w+", base.replace("'", "")))
    words = _INITIALS.sub(lambda m: m[0].replace(" ", ""), words)
    return Entity(_FORM.sub(lambda m: LEGAL_FORMS[m[0]], words), " ".join(branch["branch"].split()) if branch else "")


def grouped_spellings(values: Iterable[str]) -> list[list[str]]:
    """Group spellings of one entity, in the order of their first spellings.

    A name without a branch belongs to the branch that another spelling names, if there is only one.

    >>> grouped_spellings(["UBX AG, Stamford Branch", "UBX AG", "Fjord Bank", "FJORD BANK"])
    [['UBX AG, Stamford Branch', 'UBX AG'], ['Fjord Bank', 'FJORD BANK']]
    """
    known = [(v, entity(v)) for v in values]
    branches: dict[str, set[str]] = {}
    for _, e in known:
        branches.setdefault(e.name, set()).update([e.branch] if e.branch else [])
    groups: dict[Entity, list[str]] = {}
    for value, e in known:
        key = Entity(e.name) if len(branches[e.name]) < 2 else e
        groups.setdefault(key, []).append(value)
    return list(groups.values())
