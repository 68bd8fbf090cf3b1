"""Score spans by their form and their position on the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from thresher.schemas.target import Field
from thresher.service.rules.contracts.governing_law import states_governing_law
from thresher.service.rules.fields.concepts import Concept, concepts_of_label
from thresher.service.rules.fields.wording import plain
from thresher.service.rules.range_index import RangeIndex
from thresher.service.rules.ranking.date_position import PREAMBLE_CHARS, date_score, row_of
from thresher.service.rules.spans.identifiers import valid_iban
from thresher.service.rules.spans.line_pieces import Layout, last_column
from thresher.service.rules.spans.postal_addresses import find_addresses, is_address_line, is_town
from thresher.service.rules.spans.prose import is_prose
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.terms import find_currencies

_ALL = ("date", "money", "number", "percent", "identifier", "name", "address", "text")
TABLE_ROW_MIN_PIECES = 7  # fewest pieces of a table row


def position_score(layout: Layout, concept: Concept | None, shape: str, span: Span) -> float:
    """Return points (about -1 to 1) for form and position."""
    scorer = _SCORERS.get(shape)
    return scorer(layout, concept, span) if scorer else 0.0


def _depth(layout: Layout, span: Span) -> float:
    """Return the relative row of a span: 0 at the first row of the text, 1 at the last."""
    i = layout.at(span.start)
    return layout.pieces[i].row / max(len(layout.rows) - 1, 1) if i >= 0 else 0.0


def _money(layout: Layout, concept: Concept | None, span: Span) -> float:
    form = 0.1 * span.hints["cents"] + 0.1 * span.hints["money"] - 0.6 * span.hints["percent"]
    if not span.hints["money"]:
        form -= 0.3
    if concept and concept.place == "bottom":
        form += 0.15 * _depth(layout, span) - 0.2 * (span.hints["number"] == 0) - 0.2 * _amounts_follow(layout, span)
    return float(form)


_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)")
_AMOUNT_START = re.compile(r"(?=\d[.,]\d\d(?!\d))")
AMOUNT_CHARS = 4  # characters of such an amount


def _amounts_follow(layout: Layout, span: Span) -> bool:
    """Whether more amounts follow in the row, as in a row of a summary, where the total stands last."""
    i = layout.at(span.start)
    first = next(layout.right(i), None)
    tail = layout.text[max(span.end, layout.pieces[i].end - AMOUNT_CHARS) : layout.pieces[i].end]
    over = _AMOUNT.search(tail + ("" if first is None else layout.text_of(first, AMOUNT_CHARS)))  # of both pieces
    if _last_start(layout, i) >= span.end or (over and over.start() < len(tail)):
        return True
    return layout.pieces[i].column < last_column(layout, layout.pieces[i].row, _AMOUNT)


def _last_start(layout: Layout, i: int) -> int:
    """Return where the last amount of piece i begins, but for one at its very end; -1 without one. Searched once."""
    if ("last amount", i) not in layout.memory:
        piece = layout.pieces[i]
        starts = (m.start() for m in _AMOUNT_START.finditer(layout.text, piece.start, piece.end))
        layout.memory["last amount", i] = max((s for s in starts if s + AMOUNT_CHARS < piece.end), default=-1)
    start: int = layout.memory["last amount", i]
    return start


def _number(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return float(-0.2 * span.hints["cents"] - 0.2 * span.hints["percent"])


def _percent(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.3 if span.hints["percent"] else -0.3


def _identifier(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return float(0.05 * min(span.hints["digits"], 6) - 0.2 - 0.5 * (span.hints["digits"] < 2))


def _name(layout: Layout, concept: Concept | None, span: Span) -> float:
    hints = span.hints
    form = (
        0.15 * hints["legal"]
        - (0.3 if hints["legal"] else 0.6) * hints["common"]
        - 0.25 * (hints["inner"] and not (hints["before"] and hints["after"]))
        - 0.4 * span.text[:1].islower()
    )
    form += (
        0.1 * bool(hints.get("piece"))
        - 0.6 * (is_address_line(span.text) or _in_town(layout, span))
        - 0.6 * (is_label(span.text) or layout.text[span.end : span.end + 1] == ":")
    )
    form -= (
        0.4 * _in_table(layout, span)
        + 0.6 * _is_prose(span.text)
        + 0.6 * bool(hints.get("piece") and _in_address(layout, span))
    )
    if concept and concept.place == "top" and hints.get("piece"):
        form += max(0.0, 0.75 - 0.07 * row_of(layout, span)) + 0.15 * hints["legal"]
    if concept and concept.key == "bank":
        form += 0.3 if _BANK.search(span.text) else -0.6 * (span.label_points < 0.5)
    if concept and concept.place == "preamble":
        near = span.start - layout.start < PREAMBLE_CHARS
        form += near * (0.3 * hints["before"] + 0.4 * hints["after"] + 0.15 * hints["legal"]) - 0.3 * (not near)
        form -= (
            0.5 * hints["nickname"] + 0.3 * bool(hints.get("piece")) + 0.3 * (not (hints["before"] or hints["after"]))
        )
    return float(form)


_BANK = re.compile(r"bank|banque|banco|sparkasse|credit union|building society|savings|trust|financial", re.IGNORECASE)


def _is_prose(text: str) -> bool:
    words = [w for w in text.split() if w[0].isalpha()]
    return len(words) > 3 and sum(w[0].islower() for w in words) > 0.6 * len(words)


def _in_town(layout: Layout, span: Span) -> bool:
    """Whether a span begins a line with a town and its postcode."""
    i = layout.at(span.start)
    return i >= 0 and not is_prose(layout) and layout.pieces[i].start == span.start and is_town(layout.words(i))


def _in_address(layout: Layout, span: Span) -> bool:
    """Whether a span is a line of an address below its first line."""
    if "addresses" not in layout.memory:
        found = find_addresses(layout, Field(path="", kind="text"))
        layout.memory["addresses"] = RangeIndex((s.start + 1, s.end) for s in found if s.hints["lines"] > 1)
    addresses: RangeIndex = layout.memory["addresses"]
    return addresses.holds(span.start, span.end)


def _in_table(layout: Layout, span: Span) -> bool:
    """Whether a span stands in a row with so many pieces that it must be a table row."""
    i = layout.at(span.start)
    return i >= 0 and len(layout.rows[layout.pieces[i].row]) >= TABLE_ROW_MIN_PIECES


def _address(layout: Layout, concept: Concept | None, span: Span) -> float:
    form = 0.2 * span.hints["postcode"] + 0.15 * span.hints["street"] + 0.05 * min(span.hints["lines"], 3)
    if concept and concept.place == "top":
        form += max(0.0, 0.4 - 0.1 * (span.hints["order"] - 1)) - 0.2 * (_depth(layout, span) > 0.6)
    return float(form)


_LASTS = re.compile(
    r"\b(terminat|expir|remain|continu|surviv|effect|force|term of th|period of th|endure|lapse|cease|valid)",
    re.IGNORECASE,
)
_CONTRACT = re.compile(
    r"\b(agreement|obligations?|contract|confidential\w*|restrictions?|lease|licen[cs]e|undertaking|vertrag|contrat|contrato)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(solicit|hire|employ|compet|engag|previous|preceding|prior|notice|within|beneficial|acquire|severance|salary|payment|standstill|voting)",
    re.IGNORECASE,
)


def _duration(layout: Layout, concept: Concept | None, span: Span) -> float:
    if concept and concept.key == "notice_period":
        return 0.45 * bool(_NOTICE.match(layout.text, span.end)) - 0.3 * (not _ENDS.search(_sentence(layout, span)))
    if concept is None or concept.key != "term":
        return 0.0
    around = _sentence(layout, span)
    points = (
        -0.5 * bool(_NOTICE.match(layout.text, span.end))
        + 0.25 * bool(_LASTS.search(around))
        + 0.15 * bool(_CONTRACT.search(around))
        - 0.2 * min(len(_OTHER.findall(around)), 4)
    )
    return points + (0.0 if span.hints["unit"] in ("year", "month") else -0.6)


_NOTICE = re.compile(
    r"['’]?\s+(?:(?:prior|advance|written|prior written|days)['’]?\s+){1,3}notice|['’]?\s+notice", re.IGNORECASE
)
_ENDS = re.compile(r"terminat|renew|cancel|kündig|résili", re.IGNORECASE)


def _sentence(layout: Layout, span: Span) -> str:
    before = layout.text[max(span.start - 300, layout.start) : span.start]
    after = layout.text[span.end : min(span.end + 150, layout.end)]
    stop = re.compile(r"[.;](?=\s+[A-Z(\d])|\n\s*\n")
    cut = [m.end() for m in stop.finditer(before)]
    end = stop.search(after)
    return before[cut[-1] if cut else 0 :] + after[: end.start() if end else len(after)]


_APPENDIX = re.compile(
    r"^\W*(?:exhibit|annex|appendix|schedule|page|execution (?:version|copy)|final|confidential|copy|draft|ex-?\d)\b.{0,12}$|^[\W\d]*$|^\w{1,8}$|^(?:between|and|among|by and between)\b|^\d+\.",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:Inc|LLC|L\.L\.C|Ltd|Limited|GmbH|Corp|Corporation|B\.V|S\.A|AG|plc)\b\.?\s*$", re.IGNORECASE
)
_TITLED = re.compile(
    r"\b(?:agreement|contract|deed|amendment|lease|licen[cs]e|addendum|letter|memorandum|minutes|notes|report|policy|plan|order|invoice|statement|proposal|vertrag|vereinbarung|protokoll|contrat|contrato|convention)\b",
    re.IGNORECASE,
)


def _title(layout: Layout, concept: Concept | None, span: Span) -> float:
    del concept
    early = max(0.0, 0.6 - 0.06 * span.hints["order"]) * (span.start - layout.start < PREAMBLE_CHARS)
    named = 0.35 * bool(_TITLED.search(span.text)) * (len(span.text) < 90)
    named -= 0.5 * bool(_COMPANY.search(span.text)) + 0.8 * (span.hints["label"] or is_label(span.text))
    return float(
        0.3 * span.hints["heading"] * bool(early)
        + early
        + named
        - 0.8 * bool(_APPENDIX.search(span.text))
        - 0.6 * (len(span.text) > 120)
    )


def _text(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    if "passage" in span.hints:
        return float(span.hints["passage"])
    return float(0.05 * span.hints["rest"] - 0.6 * (span.hints["label"] or is_label(span.text)))


def is_label(text: str) -> bool:
    """Whether a text only labels other values."""
    words = plain(text)
    return len(words) < 40 and max(concepts_of_label(words, _ALL).values(), default=0.0) >= 0.85


def _place(layout: Layout, concept: Concept | None, span: Span) -> float:
    return 0.6 * bool(concept and concept.key == "governing_law" and states_governing_law(layout, span))


def _currency(layout: Layout, concept: Concept | None, span: Span) -> float:
    """Return more points for the currency that the text mentions most often."""
    del concept
    if "currencies" not in layout.memory:
        layout.memory["currencies"] = Counter(s.value for s in find_currencies(layout, Field(path="", kind="text")))
    said = layout.memory["currencies"]
    return 0.55 + 0.6 * float(said[span.value] / max(said.total(), 1)) * is_prose(layout)


def _iban(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.75 if valid_iban(span.text) else 0.0


def _account(layout: Layout, concept: Concept | None, span: Span) -> float:
    return _iban(layout, concept, span) - 0.2 * (sum(c.isalnum() for c in span.text) < 8)


def _terms(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.6 * bool(span.hints["says"]) - 0.3 * (len(span.text) < 4)


def _clause(layout: Layout, concept: Concept | None, span: Span) -> float:
    del concept
    return float(span.hints["clause"]) - 0.02 * (span.start - layout.start) / max(layout.end - layout.start, 1)


def _unique(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept, span
    return 0.55


def _phone(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.55 * bool(span.hints["sure"])


def _time(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.6 * bool(span.hints["dated"])


def _method(layout: Layout, concept: Concept | None, span: Span) -> float:
    del layout, concept
    return 0.3 + 0.4 * bool(span.hints["paid"])


_SCORERS: dict[str, Callable[[Layout, Concept | None, Span], float]] = {
    "money": _money,
    "number": _number,
    "percent": _percent,
    "date": date_score,
    "identifier": _identifier,
    "name": _name,
    "address": _address,
    "duration": _duration,
    "title": _title,
    "place": _place,
    "text": _text,
    "word": _text,
    "iban": _iban,
    "account": _account,
    "terms": _terms,
    "clause": _clause,
    "bic": _unique,
    "phone": _phone,
    "time": _time,
    "method": _method,
    "email": _unique,
    "url": _unique,
    "currency": _currency,
    "choice": _unique,
}
