"""Find durations, payment and delivery terms, payment methods, places of law, currencies and choices."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout, last_column
from thresher.service.rules.spans.span import Span

_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MORE = {
    "fifteen": 15,
    "eighteen": 18,
    "twenty": 20,
    "twenty-four": 24,
    "thirty": 30,
    "thirty-six": 36,
    "sixty": 60,
    "ninety": 90,
}
_NUMBERS = {**{w: i + 1 for i, w in enumerate(_WORDS)}, **_MORE}
_NUMBERS |= {
    "ein": 1,
    "eine": 1,
    "einem": 1,
    "zwei": 2,
    "drei": 3,
    "funf": 5,
    "un": 1,
    "deux": 2,
    "trois": 3,
    "cinq": 5,
}
_UNITS = {
    "year": r"years?|yrs?|anniversary|jahren?|an(?:s|nées?)?|años?|jaar|anni|anno",
    "month": r"months?|monaten?|mois|mes(?:es)?|maanden?|mesi",
    "week": r"weeks?|wochen?|semaines?|semanas?|weken",
    "day": r"days?|tagen?|jours?|días?|dagen",
}
_DURATION = re.compile(
    rf"(?:\b(?P<word>{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b[\s-]*+)?"
    r"(?P<figures>(?<![\d.,/$-])[(\[]?\s?(?P<digits>\d{1,3})(?:st|nd|rd|th)?\s?[)\]]?)?"
    r"(?(word)|(?(figures)|(?!)))"  # without a number it is none, and would be tried from each blank or hyphen of a run
    rf"[\s-]*+(?:full |calendar |business |consecutive )?(?P<unit>{'|'.join(_UNITS.values())})\b",
    re.IGNORECASE,
)
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|"
    "Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|"
    "New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|"
    "South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming|District of Columbia|Puerto Rico"
)
_COUNTRIES = (
    "England and Wales|England|Scotland|Wales|Northern Ireland|United Kingdom|Ireland|Canada|Ontario|Quebec|British Columbia|Alberta|"
    "Germany|Deutschland|France|Spain|España|Italy|Italia|Netherlands|Nederland|Belgium|Switzerland|Schweiz|Austria|Österreich|Sweden|"
    "Norway|Denmark|Finland|Poland|Portugal|Luxembourg|Israel|India|China|Hong Kong|Japan|Singapore|Malaysia|Australia|New South Wales|"
    "Victoria|New Zealand|Brazil|Mexico|Argentina|Chile|South Africa|United States|Bermuda|Cayman Islands|British Virgin Islands|"
    "South Korea|Korea|Taiwan|Thailand|Indonesia|Philippines|Turkey|Greece|Cyprus|Malta|Czech Republic|Hungary|Romania|Ukraine|Russia"
)
_PLACE = re.compile(rf"\b(?:{_STATES}|{_COUNTRIES})\b".replace(" ", r"\s+"), re.IGNORECASE)
_OF_LAW = re.compile(
    r"(?:[Ll]aws?|LAWS?)\s+of\s+(?:the\s+)?(?:(?:[Ss]tate|[Cc]ommonwealth|[Pp]rovince|[Rr]epublic|[Kk]ingdom)\s+of\s+)?(?P<place>[A-Z][\w]+(?:\s+(?:and\s+)?[A-Z][\w]+){0,2})"
)
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "RM": "MYR", "zł": "PLN", "₹": "INR", "R$": "BRL"}
_CODES = "EUR|USD|GBP|CHF|PLN|SEK|NOK|DKK|CZK|HUF|MYR|SGD|CAD|AUD|NZD|JPY|CNY|INR|BRL|MXN|ZAR|HKD|TRY|RON|BGN"
_CURRENCY = re.compile(rf"\b(?:{_CODES})\b|R\$|RM(?=\s?\d|\b)|zł|[€$£¥₹]")


TERMS_MAX_CHARS = 160  # characters of the longest statement of terms
_LABELLED = re.compile(r"^[^\W\d_][\w .,/&'’()-]{2,38}?\s?[:：]\s*(?=\S)")
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-•*])\s+")
_PAY = re.compile(
    r"\bnet\s+\d{1,3}\b|\b\d{1,3}\s+days?\s+net\b|\bpay(?:able|ment)\b.{0,30}\b(?:within|in|due)\b.{0,20}\bdays?\b|"
    r"\bdue\s+(?:up)?on\s+receipt\b|\bzahlbar\b|\bzahlung\s+innerhalb\b|\bnetto\s+innerhalb\b|\bpayable\s+(?:à|sous|au)\b|"
    r"\bpaiement\s+(?:à|sous)\b|\bpago\s+a\s+\d+|\bbetaling\s+binnen\b|\bpagamento\s+a\s+\d+",
    re.IGNORECASE,
)
_METHOD = re.compile(
    r"(?:credit card|debit card|master\s?card|visa(?: debit| credit)?|amex|american express|maestro|girocard|ec[- ]?karte|ec[- ]?cash|kreditkarte|bargeld|bar|cash|card|karte|"
    r"carte bancaire|especes|espèces|efectivo|tarjeta|contanti|contant|pin|paypal|apple pay|google pay|cheque|check|voucher|bank transfer|überweisung|e-?wallet)\b",
    re.IGNORECASE,
)
_PAID = re.compile(r"\d[.,]\d\d\b|(?<![*xX])[*xX]{2,}\d{2,4}")
_INCOTERM = re.compile(r"\b(?:EXW|FCA|CPT|CIP|DAP|DPU|DDP|FAS|FOB|CFR|CIF)\b")


def find_durations(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield durations; the value is "3 years", or the number alone for a number field; hints: unit."""
    for m in _DURATION.finditer(layout.text, layout.start, layout.end):
        count = int(m["digits"]) if m["digits"] else _NUMBERS.get(plain(m["word"] or "").replace(" ", "-"), 0)
        if not count:
            continue
        start = m.start() + len(m[0]) - len(m[0].lstrip())
        unit = next(u for u, p in _UNITS.items() if re.fullmatch(p, m["unit"], re.IGNORECASE))
        value = count if field.kind in ("integer", "number") else f"{count} {unit}{'s' * (count > 1)}"
        if field.kind == "text" and _as_printed(field):
            value = " ".join(layout.text[start : m.end()].split())
        yield Span(start=start, end=m.end(), text=layout.text[start : m.end()], value=value, hints={"unit": unit})


def _as_printed(field: Field) -> bool:
    """Whether a duration is requested in the document's words, by the field's examples or description."""
    examples = field.schema.get("examples") or []
    return "words" in field.description or any("(" in str(e) for e in examples)


def find_terms(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield lines that state terms, and texts after a label; hints: says (the line itself states terms), rest."""
    delivery = bool({"delivery", "incoterm", "incoterms", "shipping"} & set(words_of(field.name).split()))
    says = _INCOTERM if delivery else _PAY
    for piece in layout.pieces:
        text = layout.text[piece.start : piece.end]
        label = _LABELLED.match(text)
        lead = label.end() if label else len(text) - len(_ITEM.sub("", text))
        body = text[lead:]
        if len(body) <= TERMS_MAX_CHARS and any(c.isalnum() for c in body):
            hints = {"says": bool(says.search(body)), "rest": bool(label)}
            yield Span(start=piece.start + lead, end=piece.end, text=body, value=" ".join(body.split()), hints=hints)


def find_methods(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield payment methods at the beginning of a line; hints: paid (an amount or a masked number is in the row)."""
    del field
    for i, piece in enumerate(layout.pieces):
        m = _METHOD.match(layout.text, piece.start, piece.end)
        if m:
            first = next(layout.right(i), None)
            rest = layout.text[m.end() : piece.end] + ("" if first is None else layout.words(first))
            paid = bool(_PAID.search(rest)) or piece.column + 1 < last_column(layout, piece.row, _PAID)
            yield Span(start=m.start(), end=m.end(), text=m[0], value=m[0], hints={"paid": paid})


def find_places(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield states and countries, and capitalised names after "laws of"."""
    del field
    known = list[int]()
    for m in _PLACE.finditer(layout.text, layout.start, layout.end):
        known.append(m.start())
        yield Span(start=m.start(), end=m.end(), text=m[0], value=" ".join(m[0].split()))
    for m in _OF_LAW.finditer(layout.text, layout.start, layout.end):
        a, b = m.span("place")
        if bisect_left(known, a) == bisect_left(known, b):
            yield Span(start=a, end=b, text=layout.text[a:b], value=" ".join(layout.text[a:b].split()))


def find_currencies(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield currency codes and signs; a sign's value is its ISO 4217 code unless the field requests the symbol."""
    symbol = "symbol" in f"{field.name} {field.description}".lower()
    for m in _CURRENCY.finditer(layout.text, layout.start, layout.end):
        value = m[0] if symbol else _SIGNS.get(m[0], m[0])
        if not symbol or m[0] in _SIGNS:
            yield Span(start=m.start(), end=m.end(), text=m[0], value=value)


def find_choices(layout: Layout, field: Field) -> Iterator[Span]:
    """Yield the occurrences of an enum's choices, in any case and with any spaces and dashes."""
    for choice in field.choices:
        words = [re.escape(w) for w in re.split(r"[\W_]+", str(choice)) if w]
        if not words:
            continue
        pattern = re.compile(r"(?<!\w)" + r"[\W_]*".join(words) + r"(?!\w)", re.IGNORECASE)
        for m in pattern.finditer(layout.text, layout.start, layout.end):
            yield Span(start=m.start(), end=m.end(), text=m[0], value=choice)
