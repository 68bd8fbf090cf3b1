"""Find postal addresses: runs of neighbouring lines that look like address lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.schemas.target import Field
from thresher.service.rules.fields.roles import regions
from thresher.service.rules.spans.line_pieces import Layout, Piece
from thresher.service.rules.spans.printed_dates import parse_dates
from thresher.service.rules.spans.span import Span

_STREET = re.compile(
    r"\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|way|suite|ste|floor|flr|court|square|plaza|parkway|pkwy|highway|hwy|building|level|unit|"
    r"p\.?\s?o\.?\s?box|lot|jalan|jln|lorong|taman|kampung|kg|bandar|persiaran|seksyen|section|kawasan|wisma|plot|block|blk|"
    r"rue|av|place|chemin|allée|quai|impasse|bd|calle|avda|plaza|paseo|via|viale|piazza|corso|ul|ulica|straat|laan|weg|plein|kade|gracht)\b"
    r"|(?:str\.|straße|strasse|stra(?:ß|ss)e|platz|allee|gasse|damm|ufer|straat|laan|weg|plein|gade|vej|gatan)\b|(?:jalan|jln|taman|lorong)(?=[A-Z])",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?<!\d)(?<!\d[.,-])\d{5}(?:-\d{4})?(?![\d.,]\d|-\d)|\b\d{4}\s?[A-Z]{2}\b|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b|\b\d{2}-\d{3}\b"
    r"|\b(?:[A-Z]{2})[-\s]?\d{4,5}\b|(?<!\d)\d{5}(?=[A-Z])"
)
_HOUSE = re.compile(
    r"^(?:no\.?|lot|unit|level|block|suite)?[\s.:,]*\d+[\w/&-]*[\s,]|^(?:no|lot)\.?\s?\w+[,\s]", re.IGNORECASE
)
_HOUSE_WORD = re.compile(r"(?:no|lot|unit|level|block|suite)\b", re.IGNORECASE)
_HOUSE_LAST = re.compile(r"^[^\W\d][^\d,:]{3,30}\s\d{1,4}\s?[a-z]?$", re.IGNORECASE)
_NO_ADDRESS = re.compile(
    r"\b(?:tel|phone|ph|fax|hp|h/p|gst|reg|invoice|receipt|date|email|e-mail|www|http|vat|tax|cashier|iban|bic|order|total|table|member|price|qty|"
    r"telefon|datum|ust|steuer|kvk|btw|facture|rechnung|customer|company\s?no|co\.?\s?no)\b|@|\(?\d{6}-[A-Z]\)?|\d[.,]\d{2}\b|(?:tel|fax|gst)[:.]|^\W*tel",
    re.IGNORECASE,
)
_COUNTRY = re.compile(
    r"^(?:united states|usa|germany|deutschland|france|nederland|netherlands|malaysia|spain|españa|italy|italia|united kingdom|uk|canada|"
    r"selangor.{0,24}|johor.{0,10}|kuala lumpur|penang|perak|kedah|pahang|melaka|sabah|sarawak|kelantan|terengganu|negeri sembilan)$",
    re.IGNORECASE,
)
_TOWN = re.compile(
    r"[A-Z][\w .'-]{2,24},\s?[A-Z]{2}(?:\s\d{5}(?:-\d{4})?)?$|(?i:adress|address|anschrift|direcci|indirizz)"
)
_STATE_LINE = re.compile(r"[A-Z][\w .'-]{2,24},\s?[A-Z]{2},?\s\d{5}(?:-\d{4})?")
MAX_LINES = 6  # most lines of one address


def find_addresses(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield addresses: the longest from each first line, and single lines; hints: postcode, street, lines, order."""
    del field
    yield from _inline(layout)
    order, i = 0, 0
    while i < len(layout.pieces):
        run = _run(layout, i)
        if not run:
            i += 1
            continue
        order += 1
        start, end = layout.pieces[run[0]].start, layout.pieces[run[-1]].end
        start = _after_label(layout.text, start, end)
        yield _span(layout, start, end, len(run), order)
        i = run[-1] + 1


def _inline(layout: Layout) -> Iterator[Span]:
    """Yield the text after the name in a line like "Supplier: Works Ltd, 1 Nowhere Lane, Exampleton"."""
    for region in regions(layout).values():
        comma = layout.text.find(", ", region.start, region.end)
        rest = layout.text[comma + 2 : region.end]
        if (
            region.inline
            and comma > 0
            and ("," in rest or any(c.isdigit() for c in rest))
            and not _NO_ADDRESS.search(rest)
        ):
            yield _span(layout, comma + 2, region.end, 1, 1)


def _after_label(text: str, start: int, end: int) -> int:
    m = re.match(r"[^\W\d][\w .]{2,24}:\s*", text[start:end])
    return start + m.end() if m and m.end() < end - start else start


def _span(layout: Layout, start: int, end: int, lines: int, order: int) -> Span:
    text = layout.text[start:end].rstrip(" ,;:")
    hints = {
        "postcode": bool(_POSTCODE.search(text)),
        "street": bool(_STREET.search(text)),
        "lines": lines,
        "order": order,
    }
    return Span(start=start, end=start + len(text), text=text, value=" ".join(text.split()), hints=hints)


def _run(layout: Layout, first: int) -> list[int]:
    if not _begins(layout.words(first)) and not _house_last(layout, first):
        return []
    run = [first]
    for j in range(first + 1, min(first + MAX_LINES, len(layout.pieces))):
        if not _below(layout.pieces[run[-1]], layout.pieces[j]) or not _goes_on(layout, run[-1], j):
            break
        run.append(j)
    joined = " ".join(layout.words(j) for j in run)
    house = _HOUSE.search(layout.words(run[0])) or _HOUSE_LAST.match(layout.words(run[0]))
    strong = bool(_STREET.search(joined)) + bool(_POSTCODE.search(joined)) + bool(house)
    return run if strong >= 2 else []


def _house_last(layout: Layout, i: int) -> bool:
    """Whether a line is a street with its number last, confirmed by a postcode in the next line."""
    if i + 1 >= len(layout.pieces) or not _HOUSE_LAST.match(layout.words(i)) or _NO_ADDRESS.search(layout.words(i)):
        return False
    begins = _HOUSE_WORD.match(layout.words(i + 1))  # the street is the next line; the figure here is a coincidence
    return not begins and bool(_POSTCODE.search(layout.words(i + 1))) and _below(layout.pieces[i], layout.pieces[i + 1])


def _goes_on(layout: Layout, last: int, j: int) -> bool:
    text, before = layout.words(j), layout.words(last)
    if _continues(text, before):
        return True
    if _POSTCODE.search(before) or j + 1 >= len(layout.pieces) or not _below(layout.pieces[j], layout.pieces[j + 1]):
        return False
    next_one = layout.words(j + 1)
    plain_line = (
        len(text) < 45 and not _NO_ADDRESS.search(text) and not any(c.isdigit() for c in text) and len(text) > 3
    )
    return plain_line and bool(_POSTCODE.search(next_one)) and not _NO_ADDRESS.search(next_one)


def _begins(text: str) -> bool:
    if len(text) > 110 or len(text) < 4 or _NO_ADDRESS.search(text) or parse_dates(text, first=True):
        return False
    return bool(
        _STREET.search(text) or _HOUSE.search(text) or (_POSTCODE.search(text) and sum(c.isalpha() for c in text) > 3)
    )


def _continues(text: str, before: str) -> bool:
    if (
        len(text) > 90
        or _NO_ADDRESS.search(text)
        or parse_dates(text, first=True)
        or sum(c.isalpha() for c in text) < 2
    ):
        return False
    ended = bool(_POSTCODE.search(before)) and not before.rstrip().endswith(",")
    if ended:
        return bool(_COUNTRY.match(text.strip(" .,")))
    return bool(
        _STREET.search(text)
        or _POSTCODE.search(text)
        or "," in text
        or before.rstrip().endswith(",")
        or _COUNTRY.match(text.strip(" .,"))
        or re.match(r"[\w .'-]+\s(?:[A-Z]{2}\s)?\d{4,5}", text)
    )


def _below(a: Piece, b: Piece) -> bool:
    near = b.page == a.page and 0 <= b.row - a.row <= 1 and b.box[1] - a.box[3] < 1.8 * a.height
    return near and min(a.box[2], b.box[2]) > max(a.box[0], b.box[0]) - a.height


def is_town(text: str) -> bool:
    """Whether a line is a town with its state and postcode, and no name: "Des Moines, IA 50309"."""
    return bool(_STATE_LINE.fullmatch(text.strip(" .,")))


def has_postcode(text: str) -> bool:
    """Whether a text contains a postcode of some country."""
    return bool(_POSTCODE.search(text))


def ends_address(text: str) -> bool:
    """Whether a line below an address is no part of it: a telephone number, a tax number, a heading."""
    return bool(_NO_ADDRESS.search(text))


def is_address_line(text: str) -> bool:
    """Whether a short text is a line of an address and no name."""
    digits = any(c.isdigit() for c in text)
    return bool(_COUNTRY.match(text.strip(" .,")) or _TOWN.match(text)) or (
        digits and bool(_STREET.search(text) or _POSTCODE.search(text))
    )
