"""The sets of the embedded bench: where their documents lie, their targets (as proposed with the sets), their truth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.embedded_case import Case
from bench.embedded_contracts import contractnli, credit, credit_target, cuad, cuad_target, nda_target

Schema = dict[str, Any]


def sets(corpora: Path) -> dict[str, tuple[Schema, Iterator[Case]]]:
    """Target and cases of each set."""
    made: dict[str, tuple[Schema, Callable[[Path], Iterator[Case]]]] = {
        "sroie": (RECEIPT, _sroie),
        "kleister_nda": (NDA, _kleister),
        "invoice2data": (INVOICE, _invoice2data),
        "fcc_adbuy": (AD_BUY, _fcc),
        "zugferd": (E_INVOICE, _zugferd),
    }
    nli, agreements = corpora / "contractnli", corpora / "extract_bench" / "finance" / "credit_agreement"
    return {name: (schema, cases(corpora / name)) for name, (schema, cases) in made.items()} | {
        "cuad": (cuad_target(corpora / "cuad"), cuad(corpora / "cuad")),
        "cuad_bare": (cuad_target(corpora / "cuad", described=False), cuad(corpora / "cuad")),
        "contractnli": (nda_target(nli), contractnli(nli)),
        "credit": (credit_target(agreements), credit(agreements)),
    }


def items_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an answer."""
    return [i for i in data.get("items") or data.get("lines") or [] if isinstance(i, dict)]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _text(told: str = "", **more: Any) -> Schema:
    return {"type": ["string", "null"], **({"description": told} if told else {}), **more}


def _number(told: str = "") -> Schema:
    return {"type": ["number", "null"], **({"description": told} if told else {})}


RECEIPT = _object(
    company=_text("Name of the shop or company that issued the receipt, as printed"),
    date=_text("Date of the receipt, as printed (normalise separately for a date score)"),
    address=_text("Full address of the issuer, as printed, on one line"),
    total=_text("Grand total amount, digits and decimal point only, no currency sign"),
)
NDA = _object(
    effective_date=_text("Date the contract becomes legally binding, ISO 8601; null if not stated", format="date"),
    jurisdiction=_text("US state or country whose law governs, name only, e.g. New York"),
    party={
        "type": "array",
        "items": {"type": "string"},
        "description": "Legal names of the contracting parties as written, without role or address; usually 2, only those named",
    },
    term=_text("Length of the agreement as a normalised phrase, e.g. 3 years, 18 months; null if not stated"),
)
INVOICE = _object(
    issuer=_text(),
    invoice_number=_text(),
    date=_text(format="date"),
    amount=_number("Total incl. tax"),
    amount_untaxed=_number(),
    currency=_text("ISO 4217"),
    vat=_text(),
    iban=_text(),
    bic=_text(),
    lines={
        "type": "array",
        "items": _object(
            name=_text(), qty=_number(), price_unit=_number(), price_subtotal=_number(), line_tax_percent=_number()
        ),
    },
)
AD_BUY = _object(
    contract_num=_text("Contract/order/estimate number as printed"),
    advertiser=_text("Advertiser or political committee"),
    gross_amount=_number("Gross total in USD for the whole document, not a subtotal"),
    flight_from=_text("First day ads run", format="date"),
    flight_to=_text("Last day ads run", format="date"),
)
E_INVOICE = _object(
    invoice_number=_text(),
    issue_date=_text(format="date"),
    currency=_text(),
    seller_name=_text(),
    seller_vat_id=_text(),
    buyer_name=_text(),
    items={
        "type": "array",
        "items": _object(
            description=_text(), quantity=_number(), unit_price=_number(), line_total=_number(), vat_rate=_number()
        ),
    },
    net_total=_number(),
    tax_total=_number(),
    grand_total=_number(),
    due_payable=_number(),
    iban=_text(),
    due_date=_text(format="date"),
)


def _manifest(folder: Path) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
        truth = folder / "truth" / f"{entry['id']}.json"
        if truth.exists():
            yield entry["id"], entry, json.loads(truth.read_text("utf-8"))


def _sroie(folder: Path) -> Iterator[Case]:
    for name, entry, truth in _manifest(folder):
        yield Case(name=name, file=folder / entry["document"], truth={k: v for k, v in truth.items() if v})


def _kleister(folder: Path) -> Iterator[Case]:
    for name, entry, truth in _manifest(folder):
        values = {k: [v.replace("_", " ") for v in found] for k, found in truth["values"].items()}
        known: dict[str, Any] = {k: (values[k] or [None])[0] for k in ("effective_date", "jurisdiction", "term")}
        yield Case(name=name, file=folder / entry["text"], truth={**known, "party": values["party"]})


def _invoice2data(folder: Path) -> Iterator[Case]:
    for name, entry, truth in _manifest(folder):
        fields = {k: v for k, v in truth[0].items() if k in INVOICE["properties"] and k != "lines"}
        keys = INVOICE["properties"]["lines"]["items"]["properties"]
        lines = [{k: v for k, v in line.items() if k in keys} for line in truth[0].get("lines", []) if "name" in line]
        yield Case(name=name, file=folder / entry["documents"][0], truth=fields, items=lines)


def _fcc(folder: Path) -> Iterator[Case]:
    for name, entry, truth in _manifest(folder):
        fields = {k: v.strip() for k, v in truth.items() if k in AD_BUY["properties"]}
        yield Case(name=name, file=folder / entry["document"], truth=fields)


_ITEM = {
    "description": r"SpecifiedTradeProduct>.*?<ram:Name>(.*?)</ram:Name>",
    "quantity": r"BilledQuantity[^>]*>(.*?)<",
    "unit_price": r"NetPriceProductTradePrice>\s*<ram:ChargeAmount[^>]*>(.*?)<",
    "line_total": r"LineTotalAmount[^>]*>(.*?)<",
    "vat_rate": r"RateApplicablePercent[^>]*>(.*?)<",
}
_HEAD = {
    "invoice_number": r"ExchangedDocument>\s*<ram:ID>(.*?)<",
    "issue_date": r"<ram:IssueDateTime>.*?>(\d{8})<",
    "currency": r"InvoiceCurrencyCode>(.*?)<",
    "seller_name": r"SellerTradeParty>.*?<ram:Name>(.*?)</ram:Name>",
    "buyer_name": r"BuyerTradeParty>.*?<ram:Name>(.*?)</ram:Name>",
    "net_total": r"TaxBasisTotalAmount[^>]*>(.*?)<",
    "tax_total": r"TaxTotalAmount[^>]*>(.*?)<",
    "grand_total": r"GrandTotalAmount[^>]*>(.*?)<",
    "due_payable": r"DuePayableAmount[^>]*>(.*?)<",
}


def _zugferd(folder: Path) -> Iterator[Case]:
    for file in sorted((folder / "documents_xml_stripped").glob("*.pdf")):
        xml = (folder / "truth" / f"{file.stem}.cii.xml").read_text("utf-8")
        xml = re.sub(r"<!--.*?-->", "", xml, flags=re.DOTALL)
        rows = re.findall(
            r"<ram:IncludedSupplyChainTradeLineItem>.*?</ram:IncludedSupplyChainTradeLineItem>", xml, re.DOTALL
        )
        truth = _found(xml, _HEAD)
        if "issue_date" in truth:
            day = truth["issue_date"]
            truth["issue_date"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        for key in ("net_total", "tax_total", "grand_total", "due_payable"):
            truth.update({key: float(truth[key])} if key in truth else {})
        yield Case(name=file.stem, file=file, truth=truth, items=[_row(r) for r in rows])


def _row(xml: str) -> dict[str, Any]:
    return {k: v if k == "description" else float(v) for k, v in _found(xml, _ITEM).items()}


def _found(xml: str, patterns: dict[str, str]) -> dict[str, Any]:
    hits = {k: re.search(p, xml, re.DOTALL) for k, p in patterns.items()}
    return {k: m[1].strip() for k, m in hits.items() if m}
