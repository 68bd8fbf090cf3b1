"""Till rows: the printed rows of a receipt: what one is priced at, its words, its figures, and whether it is a total."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from thresher.service.rules.fields.concepts import spoken
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.printed_numbers import ZERO, decimal_mark, parse_number

LETTERS = 3  # of words that name a thing
LIKE_TOTAL = 0.72  # likeness of a row's words to a total, a tax or a payment
LABEL = 40  # letters; longer words are no label of an amount
_ENDS = ("total", "net_total", "tax", "rounding", "tendered", "change", "amount_due", "tip")
_STARTS = (
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
_AMOUNT = re.compile(
    r"(?P<sign>[-−]\s?)?(?:(?<!\w)(?:RM|US\$|S|EUR|USD|MYR)|[$€£])?\s?(?P<minus>[-−])?(?P<digits>(?:\d{1,3}(?:[.,]\d{3})+|\d+|(?<=[RMS$€£ ]))[.,]\d{2})"
    r"(?P<late>-)?(?:[\s.]?(?:\d?[A-Za-z*]{1,4}[.]?|€)|\s\d)?\s*$"
)
_TOKEN = re.compile(r"\S+")
_FIGURE = re.compile(r"(?:RM|US\$|[$€£@S])?-?\d[\d.,]*(?:%|[xX×*])?$|[xX×*@]$")
_UNIT = re.compile(r"[A-Za-z]{1,4}\.?$")
_MONEY = re.compile(r"(?:RM|US\$|[$€£S])?(?<![\w.,])\d*[.,]\d{2}(?!\d)")
_COLUMNS = frozenset(
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
_SUB = re.compile(r"\b(?:sub|zwischen|sous|carried|übertrag)", re.IGNORECASE)
_MARKS = re.compile(r":|[>*=]{2,}|\btel\b|\bfax\b|\binvoice\b|\breceipt\b|\bcashier\b|\btable\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRow:
    """One printed row; ranges are of the Document's text."""

    start: int
    end: int
    text: str
    amount: tuple[int, int, Decimal] | None = None  # range and number of the last amount, if the row ends with one
    amounts: tuple[tuple[int, int, Decimal], ...] = ()  # all amounts of the row, that one among them
    head: int = 0  # where its words end and its figures begin
    is_total: bool = False

    @property
    def is_named(self) -> bool:
        """Whether the words before its figures name a thing; what ends in a colon names an amount."""
        words = self.text[: self.head - self.start].rstrip()
        return self.amount is not None and names(words) and not words.endswith(":")

    @property
    def is_bare(self) -> bool:
        """Whether its amount is all that it says."""
        return self.amount is not None and not any(c.isalnum() for c in self.text[: self.amount[0] - self.start])

    @property
    def is_subtotal(self) -> bool:
        """Whether it is the total of what stands above it, and more may follow."""
        return self.is_total and bool(_SUB.search(self.text))

    @property
    def is_discount(self) -> bool:
        """Whether it says what was taken off."""
        return bool(_DISCOUNT.search(self.text))

    @property
    def is_part(self) -> bool:
        """Whether it may be a part of the words of a thing: a code, a size."""
        label = self.amount is not None or self.is_total or bool(_MARKS.search(self.text))
        return not label and any(c.isalpha() for c in self.text) and not is_head(self.text)

    @property
    def is_words(self) -> bool:
        """Whether it may be the words of a thing whose price stands in another row."""
        return self.is_part and names(self.text)


def till_rows(layout: Layout) -> Iterator[TillRow]:
    """The printed rows of a Layout, in order; those whose pieces do not stand in the text as they do on the page are left out."""
    mark = decimal_mark(layout.text)
    for row in layout.rows:
        start, end = layout.pieces[row[0]].start, layout.pieces[row[-1]].end
        text = layout.text[start:end]
        if start < end and "\n" not in text.strip():
            yield _row(start, end, text, mark)


def _row(start: int, end: int, text: str, mark: str) -> TillRow:
    m = _AMOUNT.search(text)
    total = is_total(text) if m else plain(text).startswith(_STARTS)
    if m is None or parse_number(m["digits"], mark) is None:
        return TillRow(start=start, end=end, text=text, is_total=total)
    number = parse_number(m["digits"], mark) or ZERO
    signed = -number if m["sign"] or m["minus"] or m["late"] else number
    at = (start + m.start("digits"), start + m.end("digits"), signed)
    others = (
        (start + x.start(), start + x.end(), parse_number(x[0], mark) or ZERO)
        for x in _MONEY.finditer(text, 0, m.start())
    )
    head = start + _head(text, m.start())
    return TillRow(start=start, end=end, text=text, amount=at, amounts=(*others, at), head=head, is_total=total)


def _head(text: str, amount: int) -> int:
    """Where the words of a row end: before the figures, and the units among them, that stand before its amount."""
    end = amount
    tokens = list(_TOKEN.finditer(text, 0, amount))
    for i in range(len(tokens) - 1, -1, -1):
        word = tokens[i][0]
        unit = i > 0 and end < amount and _UNIT.match(word)  # "2 l" right before an amount is of the words
        if not (_FIGURE.match(word) or (unit and _FIGURE.match(tokens[i - 1][0]))):
            break
        end = tokens[i].start()
    return end


def names(words: str) -> bool:
    """Whether words name a thing: three letters in a row.

    >>> names("1/8 HOLLOW PUNCH"), names("8970669 1 X"), names("2597 SR")
    (True, False, False)
    """
    return bool(re.search(rf"[^\W\d_]{{{LETTERS},}}", words))


def is_total(text: str) -> bool:
    """Whether a row is a total, a tax, a payment or what was given back, and no thing that was bought."""
    words = plain(_MONEY.sub(" ", text))
    if words.startswith(_STARTS):
        return True
    said = spoken(words, ("money",)) if len(words) < LABEL else {}
    return any(said.get(k, 0.0) >= LIKE_TOTAL for k in _ENDS)


def is_head(text: str) -> bool:
    """Whether a row is what stands over columns.

    >>> is_head("Item  Qty  S/Price  Amount"), is_head("Chinese Tea")
    (True, False)
    """
    words = plain(text).split()
    return bool(words) and 2 * sum(w in _COLUMNS for w in words) > len(words)
