"""Find words with which documents begin and end, in several languages."""

from __future__ import annotations

import re

from thresher.service.splitting.page_edges import PageView

HEAD_ROWS = 14  # rows at the top of a page that are searched for opening words
MAIL_ROWS = 9  # rows at the top of a page in which mail headers may stand
FOOT_ROWS = 14  # rows at the foot of a page that are searched for closing words

_KINDS = (
    r"agreement|contract|amendment|invoice|credit note|credit memo|debit note|receipt|statement|purchase order|order|"
    r"quotation|quote|estimate|proposal|memorandum|memo|minutes|notice|certificate|affidavit|declaration|complaint|"
    r"petition|motion|deposition|subpoena|summons|judgment|opinion|letter|report|application|resume|résumé|"
    r"curriculum vitae|policy|lease|deed|will|power of attorney|press release|form \d+-?\w*|bill of lading|packing list|"
    r"delivery note|pay ?slip|tax return|confirmation|remittance advice|time ?sheet|"
    r"rechnung|lieferschein|gutschrift|mahnung|vertrag|vereinbarung|angebot|bestellung|auftragsbestätigung|kontoauszug|"
    r"zeugnis|bescheid|gehaltsabrechnung|facture|contrat|devis|avoir|bon de commande|relevé|reçu|"
    r"factura|contrato|recibo|presupuesto|albarán|fattura|contratto|ricevuta|factuur|overeenkomst|offerte|"
    r"faktura|umowa|paragon|rachunek|nota fiscal"
)
_KIND = re.compile(rf"(?<!\w)(?:{_KINDS})(?!\w)", re.IGNORECASE)
_OPENS = re.compile(
    r"this .{0,60}?(?:agreement|contract|amendment|lease|deed|letter).{0,80}?(?:is made|is entered|made and entered|dated|"
    r"made (?:this|as of|effective)|by and between|is between|effective as of)|(?:is|are) (?:made|entered) (?:and entered )?"
    r"(?:into )?(?:as of|this|on)|pursuant to section 13 or 15|united states\s+securities and exchange",
    re.IGNORECASE | re.DOTALL,
)
_GREETS = re.compile(
    r"(?m)^\s*(?:dear|sehr geehrte|liebe|hallo|madame|monsieur|cher|chère|estimad[oa]|querid[oa]|egregi[oa]|gentile|beste|"
    r"geachte|to whom it may concern|ladies and gentlemen|re:|via (?:e-?mail|fax|courier))(?!\w)",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\s*(from|to|sent|date|subject|cc|von|an|gesendet|betreff|de|para|objet|asunto)\s*:", re.IGNORECASE)
_LABELS = re.compile(
    r"(?:invoice|inv|contract|order|account|acct|case|claim|policy|reference|ref|docket|statement|document|receipt|bill|"
    r"customer|client|rechnungs?|kunden|auftrags|beleg|facture|factura|fattura|factuur|file|matter)[\s-]*"
    r"(?:no|nr|num(?:ber|mer)?|#|id|date|n°|nº|datum)\b|(?:invoice|statement|due|issue|bill|print) date|\bdatum\b|"
    r"\bdate\s*:",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?<!\w)(invoice|inv|credit note|order|case|claim|ref|reference|statement|receipt|bill|docket|estimate|quote|ticket|"
    r"rechnungs?|beleg|gutschrifts?|auftrags?|aktenzeichen|facture|factura|fattura|factuur|faktura)[ -]*"
    r"(?:no\b|nr\b|num(?:ber|mer)?\b|#|id\b|n°|nº|№|:)[\s.:#°º]*(?=[\w/-]*\d)([\w/-]{3,})",
    re.IGNORECASE,
)
_EXHIBIT = re.compile(
    r"(?m)^\s*(?:ex(?:hibit)?[\s-]*\(?\w{0,3}\)?[\s.-]*\d+[.\d()\w]*|ex-\d[\w.()]*)\b.{0,60}$", re.IGNORECASE
)
_ANNEX = re.compile(
    r"^\s*(?:exhibit\s+[\"“]?[a-z]{1,2}(?:-?\d+)?\b(?!\.)|(?:schedule|annex|appendix|attachment|anlage|annexe|anexo|addendum)\b)",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?m)^\s*(?:table of )?contents\s*$|^\s*(?:inhalt(?:sverzeichnis)?|table des matières|índice)\s*$", re.IGNORECASE
)
_SIGNED = re.compile(
    r"(?:/s/|^\s*by:|in witness whereof|signature|signed|authori[sz]ed (?:signatory|signer)|^\s*(?:name|title|its):|unterschrift)",
    re.IGNORECASE | re.MULTILINE,
)
_FAREWELL = re.compile(
    r"(?:yours (?:sincerely|faithfully|truly)|(?:very )?truly yours|sincerely|(?:best|kind) regards|respectfully submitted|"
    r"mit freundlichen grüßen|cordialement|atentamente|saludos|distinti saluti|met vriendelijke groet)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:grand total|total due|amount due|balance due|net due|total amount|invoice total|net amount|zahlbetrag|"
    r"gesamtbetrag|rechnungsbetrag|bruttosumme|total ttc|net à payer|importe total|totale|^totals?\b|thank you)",
    re.IGNORECASE | re.MULTILINE,
)
_CONTINUED = re.compile(
    r"(?:continued|cont'd|\(cont\.?\)|fortsetzung|übertrag|carried forward|brought forward|suite)", re.IGNORECASE
)
_SECTION = re.compile(
    r"^\s*(?:\(?[a-z]{1,3}\)|\(?[ivx]{1,5}\)|\(?\d{1,2}\)|\d{1,2}\.\d|section \d|article [ivx\d])", re.IGNORECASE
)
_SIGNING = re.compile(
    r"^\s*(?:in witness whereof|in testimony|acknowledged and agreed|accepted and agreed|by:|signature page|\[signature)",
    re.IGNORECASE,
)
_FIRST_SECTION = re.compile(r"^\s*(?:1|i|a|\(a\)|\(1\)|1\.1|1\.0|article (?:1|i)|section 1)[.)\s]", re.IGNORECASE)


def opening_signals(page: PageView) -> dict[str, float]:
    """Return signals from the top of a page that a document begins there."""
    head, text = page.rows[:HEAD_ROWS], "\n".join(page.rows[:HEAD_ROWS])
    titles = [row for row in head if is_title(row)]
    return {
        "title_of_kind": float(any(_KIND.search(row) for row in titles[:4])),
        "kind_in_head": float(bool(_KIND.search("\n".join(head[:5])))),
        "titles": min(len(titles), 4) / 4,
        "opens": float(bool(_OPENS.search("\n".join(page.rows[:30])))),
        "greets": float(bool(_GREETS.search(text))),
        "mail_head": float(heads_mail(page)),
        "labels": min(len(set(_LABELS.findall(text))), 4) / 4,
        "exhibit_number": float(bool(_EXHIBIT.search("\n".join(head[:3])))),
        "annex": float(bool(head) and any(_ANNEX.match(row) for row in head[:2])),
        "signing": float(any(_SIGNING.match(row) for row in head[:3])),
        "contents": float(bool(_CONTENTS.search("\n".join(head[:6])))),
    }


def closing_signals(page: PageView) -> dict[str, float]:
    """Return signals from the foot of a page that a document ends there."""
    text = "\n".join(page.rows[-FOOT_ROWS:])
    return {
        "signed": min(len(set(map(str.lower, _SIGNED.findall(text)))), 3) / 3,
        "farewell": float(bool(_FAREWELL.search(text))),
        "total": float(bool(_TOTAL.search(text))),
        "to_be_continued": float(bool(_CONTINUED.search("\n".join(page.rows[-6:])))),
    }


def named_codes(page: PageView) -> dict[str, str]:
    """Return the labelled numbers at the top of a page by label: "Invoice no. 4711" is 4711 under "invoice".

    A label with two different numbers is left out.
    """
    found: dict[str, set[str]] = {}
    for match in _NAMED.finditer("\n".join(page.rows[:HEAD_ROWS])):
        found.setdefault(match[1].lower(), set()).add(match[2].lower())
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}


def heads_mail(page: PageView) -> bool:
    """Whether the headers of a printed mail stand at the very top; a quoted mail further down does not count."""
    names = [match[1].lower() for row in page.rows[:MAIL_ROWS] if (match := _MAIL.match(row))]
    at_top = any(_MAIL.match(row) for row in page.rows[:3])
    return at_top and len(set(names)) >= 3


def is_title(row: str) -> bool:
    """Whether a row looks like a title: short, in capitals or with each word capitalised, and not a sentence.

    >>> is_title("SPONSORSHIP AGREEMENT"), is_title("the parties agree"), is_title("12 March 2024")
    (True, False, False)
    """
    letters = [c for c in row if c.isalpha()]
    if len(letters) < 4 or len(row) > 70 or row.endswith((".", ",", ";", ":")) or "\t" in row:
        return False
    words = [w for w in row.split() if w[0].isalpha()]
    return (
        sum(w[0].isupper() for w in words) >= max(len(words) - 2, len(words) * 0.7, 1)
        and len(words) >= len(row.split()) / 2
    )


def is_numbered(row: str) -> bool:
    """Whether a row begins with the number of a clause."""
    return bool(_SECTION.match(row))


def is_first(row: str) -> bool:
    """Whether a row begins with the number of a first clause."""
    return bool(_FIRST_SECTION.match(row))
