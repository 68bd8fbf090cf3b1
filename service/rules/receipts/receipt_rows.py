"""Parse the printed rows of a receipt: words, figures, price, and whether the row is a total."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from thresher.service.rules.fields.concepts import concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import ZERO, decimal_mark, parse_number

NAME_MIN_LETTERS = 3  # fewest letters in a row in words that name an item
TOTAL_MIN_LIKENESS = 0.72  # likeness (0..1) from which a row's words are a total, a tax or a payment
LABEL_MAX_CHARS = 40  # characters; longer words are no label of an amount
_TOTAL_CONCEPTS = ("total", "net_total", "tax", "rounding", "tendered", "change", "amount_due", "tip")
_TOTAL_BEGINNINGS = (
    "subtotal",
    "sub tota",
    "total",
    "gesamt",
    "summe",
    "visa",
    "master",
    "item count",
    "iten count",
    "gst ",
    "qty ",
)
_ROW_MAX_CHARS = 1000  # of a printed row with an amount; the search takes the square of a longer run of figures
_BLANK_GROUPS = (
    r"(?:(?<=\s\s)|(?<![\d\s]))\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?=,)"  # a single blank before may part columns
)
_AMOUNT = re.compile(
    r"(?P<sign>[-−]\s?)?(?:(?<!\w)(?:RM|US\$|S|EUR|USD|MYR)|[$€£])?\s?(?P<minus>[-−])?(?P<digits>(?:\d{1,3}(?:[.,]\d{3})+|"
    rf"{_BLANK_GROUPS}|\d+|(?<=[RMS$€£ ]))[.,]\d{{2}})"
    r"(?P<late>-)?(?:[\s.]?(?:\d?[A-Za-z*]{1,4}[.]?|zł|Kč|€)|\s\d)?\s*$"
)
_TOKEN = re.compile(r"\S+")
_FIGURE = re.compile(
    r"(?:RM|US\$|[$€£@S])?-?\d[\d.,]*(?:%|[xX×*]|€|EUR)?$|(?:[xX×*@à%€$£]|zł|kr|Kč|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN)$"
)
_UNIT = re.compile(r"[A-Za-z]{1,4}\.?$")
_MONEY = re.compile(rf"(?:RM|US\$|[$€£S])?(?<![\w.,])(?:{_BLANK_GROUPS}|\d*)[.,]\d{{2}}(?!\d)")
_COLUMN_WORDS = frozenset(
    [
        "item",
        "itern",
        "iten",
        "tem",
        "items",
        "qty",
        "quantity",
        "amount",
        "amt",
        "price",
        "total",
        "description",
        "desc",
        "disc",
        "rm",
        "tax",
        "unit",
        "uom",
        "code",
    ]
)
_DISCOUNT = re.compile(r"\b(?:disc(?:ount)?|rabatt|remise|coupon|voucher|less)\b", re.IGNORECASE)
_SUBTOTAL = re.compile(r"\b(?:sub|zwischen|sous|carried|übertrag)", re.IGNORECASE)
_NO_ITEM = re.compile(r":|[>*=]{2,}|\btel\b|\bfax\b|\binvoice\b|\breceipt\b|\bcashier\b|\btable\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One printed row; ranges refer to the Document's text."""

    start: int
    end: int
    text: str
    amount: tuple[int, int, Decimal] | None = None  # range and number of the final amount, if the row ends with one
    amounts: tuple[tuple[int, int, Decimal], ...] = ()  # all amounts of the row, including the final one
    head: int = 0  # the end of its words and the start of its figures
    is_total: bool = False

    @property
    def is_named(self) -> bool:
        """Whether the words before its figures name an item; words with a final colon label an amount."""
        words = self.text[: self.head - self.start].rstrip()
        return self.amount is not None and names_item(words) and not words.endswith(":")

    @property
    def is_bare(self) -> bool:
        """Whether the row has nothing but its amount."""
        return self.amount is not None and not any(c.isalnum() for c in self.text[: self.amount[0] - self.start])

    @property
    def is_subtotal(self) -> bool:
        """Whether it is the total of the rows above it, and more rows may follow."""
        return self.is_total and bool(_SUBTOTAL.search(self.text))

    @property
    def is_discount(self) -> bool:
        """Whether it is a discount."""
        return bool(_DISCOUNT.search(self.text))

    @property
    def is_part(self) -> bool:
        """Whether it may be part of an item's words: a code, a size."""
        label = self.amount is not None or self.is_total or bool(_NO_ITEM.search(self.text))
        return not label and any(c.isalpha() for c in self.text) and not is_head(self.text)

    @property
    def is_words(self) -> bool:
        """Whether it may be the words of an item whose price stands in another row."""
        return self.is_part and names_item(self.text)


def rows_of_receipt(layout: Layout) -> tuple[ReceiptRow, ...]:
    """Return the printed rows of a Layout, in order, computed once; without rows whose pieces are not in page order in the text."""
    if "receipt rows" not in layout.memory:
        layout.memory["receipt rows"] = tuple(_rows(layout))
    found: tuple[ReceiptRow, ...] = layout.memory["receipt rows"]
    return found


def _rows(layout: Layout) -> Iterator[ReceiptRow]:
    mark = decimal_mark(layout.text)
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        text = layout.text[start:end]
        if start < end and "\n" not in text.strip():
            yield _row(start, end, text, mark)


def _row(start: int, end: int, text: str, mark: str) -> ReceiptRow:
    m = _AMOUNT.search(text) if len(text) <= _ROW_MAX_CHARS else None
    total = is_total(text) if m else plain(text).startswith(_TOTAL_BEGINNINGS)
    if m is None or parse_number(m["digits"], mark) is None:
        return ReceiptRow(start=start, end=end, text=text, is_total=total)
    number = parse_number(m["digits"], mark) or ZERO
    signed = -number if m["sign"] or m["minus"] or m["late"] else number
    at = (start + m.start("digits"), start + m.end("digits"), signed)
    others = (
        (start + x.start(), start + x.end(), parse_number(x[0], mark) or ZERO)
        for x in _MONEY.finditer(text, 0, m.start())
    )
    head = start + _end_of_words(text, m.start())
    return ReceiptRow(start=start, end=end, text=text, amount=at, amounts=(*others, at), head=head, is_total=total)


def _end_of_words(text: str, amount: int) -> int:
    """Return the end of a row's words: the start of the figures and their units before its amount."""
    end = amount
    tokens = list(_TOKEN.finditer(text, 0, amount))
    for i in range(len(tokens) - 1, -1, -1):
        word = tokens[i][0]
        unit = i > 0 and end < amount and _UNIT.match(word)  # "2 l" right before an amount belongs to the words
        if not (_FIGURE.match(word) or (unit and _FIGURE.match(tokens[i - 1][0]))):
            break
        end = tokens[i].start()
    return end


def names_item(words: str) -> bool:
    """Whether words name an item: three letters in a row.

    >>> names_item("1/8 HOLLOW PUNCH"), names_item("8970669 1 X"), names_item("2597 SR")
    (True, False, False)
    """
    return bool(re.search(rf"[^\W\d_]{{{NAME_MIN_LETTERS},}}", words))


def is_total(text: str) -> bool:
    """Whether a row is a total, a tax, a payment or change, and no item."""
    words = plain(_MONEY.sub(" ", text))
    if words.startswith(_TOTAL_BEGINNINGS):
        return True
    said = concepts_of_label(words, ("money",)) if len(words) < LABEL_MAX_CHARS else {}
    return any(said.get(k, 0.0) >= TOTAL_MIN_LIKENESS for k in _TOTAL_CONCEPTS)


def is_head(text: str) -> bool:
    """Whether a row is a column header.

    >>> is_head("Item  Qty  S/Price  Amount"), is_head("Chinese Tea")
    (True, False)
    """
    words = plain(text).split()
    return bool(words) and 2 * sum(w in _COLUMN_WORDS for w in words) > len(words)
