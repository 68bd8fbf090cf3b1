"""Compare words without case, accents and punctuation, and with tolerance for OCR errors in spaces and letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

SUBSTRING_MIN_LETTERS = 5  # letters; a shorter phrase must match whole words
MISSPELT_MIN_LETTERS = 7  # letters; a phrase of at least so many may be misspelt
LABEL_MAX_LETTERS = 32  # letters; a longer label is prose, which is not searched for misspellings
MISSPELT_MIN_SIMILARITY = 88.0  # 0..100; least similarity of a misspelt phrase
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]+")
_SHORTHAND = {
    "num": "number",
    "nr": "number",
    "no": "number",
    "qty": "quantity",
    "amt": "amount",
    "desc": "description",
}


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Return the text as lower-case letters and digits with single spaces; `#`, "N°" and "№" become "no".

    >>> plain("Facture N°: 12-A"), plain("Invoice # 7"), plain("Gesamt-Betrag (€)")
    ('facture no 12 a', 'invoice no 7', 'gesamt betrag')
    """
    if text.isascii():
        return _NEITHER_LETTER_NOR_DIGIT.sub(" ", text.replace("#", " no ").lower()).strip()
    text = re.sub(r"(?i)#|\bn\s?[°º]|№", " no ", text)
    text = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    return _NEITHER_LETTER_NOR_DIGIT.sub(" ", text).strip()


@lru_cache(maxsize=50_000)
def words_of(name: str) -> str:
    """Return the words of a field's name.

    >>> words_of("invoiceNumber"), words_of("contract_num")
    ('invoice number', 'contract number')
    """
    words = plain(_CAMEL.sub(" ", name).replace("_", " ")).split()
    return " ".join(_SHORTHAND.get(w, w) for w in words)


@lru_cache(maxsize=200_000)
def likeness(label: str, phrase: str) -> float:
    """Return how well a label (plain) matches a phrase (plain): 0, or 0.4 to 1 by the phrase's share of the label.

    >>> likeness("total amount", "total amount"), likeness("subtotal", "date")
    (1.0, 0.0)
    >>> likeness("total", "total") < 1  # a short word says less
    True
    >>> likeness("invoice date", "date") < likeness("date", "date")
    True
    """
    solid, packed = phrase.replace(" ", ""), label.replace(" ", "")
    if not solid or not packed:
        return 0.0
    share = min(len(solid) / len(packed), 1.0) - max(0.0, 0.01 * (8 - len(solid)))
    if f" {phrase} " in f" {label} " or (len(solid) >= SUBSTRING_MIN_LETTERS and solid in packed):
        return 0.55 + 0.45 * share
    if MISSPELT_MIN_LETTERS <= len(solid) <= len(packed) + 1 and len(packed) <= LABEL_MAX_LETTERS:
        return (0.45 + 0.45 * share) * _misspelt(solid, packed) / 100
    return 0.0


def _misspelt(solid: str, packed: str) -> float:
    """Return the similarity (0..100) of a phrase to a misspelt one in a label; 0 for a partial match at its edge.

    >>> _misspelt("employer", "employee"), _misspelt("invoicedate", "invoicedatc") > MISSPELT_MIN_SIMILARITY
    (0.0, True)
    """
    found = fuzz.partial_ratio_alignment(solid, packed, score_cutoff=MISSPELT_MIN_SIMILARITY)
    if found is None or (
        found.dest_end - found.dest_start < len(solid) and fuzz.ratio(solid, packed) < MISSPELT_MIN_SIMILARITY
    ):
        return 0.0
    return found.score
