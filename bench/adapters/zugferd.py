"""ZUGFeRD: German invoices whose issuer's own data (UN/CEFACT cross-industry invoice) is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pydantic import BaseModel, Field

from bench.adapters.base import Id, Money, Name, case, manifest
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target

_NAMES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}
_AGREED, _SETTLED = ".//ram:ApplicableHeaderTradeAgreement", ".//ram:ApplicableHeaderTradeSettlement"
_SUM = f"{_SETTLED}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"


class TaxLine(BaseModel):
    """One rate of the tax breakdown."""

    rate: float | None = None
    basis: Money | None = None
    amount: Money | None = None


class Item(BaseModel):
    """One billed position."""

    description: str | None = Field(None, description="Name of the product")
    quantity: float | None = None
    unit_price: float | None = Field(None, description="Net price of one unit")
    line_total: Money | None = None
    vat_rate: float | None = None


class EInvoice(BaseModel):
    """An invoice."""

    invoice_number: Id | None = None
    issue_date: date | None = None
    currency: str | None = Field(None, description="ISO 4217")
    seller_name: Name | None = None
    seller_vat_id: Id | None = None
    buyer_name: Name | None = None
    items: list[Item] = []
    taxes: list[TaxLine] = []
    net_total: Money | None = None
    tax_total: Money | None = None
    grand_total: Money | None = None
    due_payable: Money | None = None
    iban: Id | None = None
    due_date: date | None = None


def cases(folder: Path) -> Iterator[Case]:
    """One case an invoice."""
    target = load_target(EInvoice)
    for entry in manifest(folder):
        root = ET.parse(folder / entry["truth"]).getroot()
        yield case(entry["id"], folder / entry["document"], target, _expected(root))


def _expected(root: ET.Element) -> dict[str, Any]:
    return {
        "invoice_number": _text(root, "rsm:ExchangedDocument/ram:ID"),
        "issue_date": _day(_text(root, "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString")),
        "currency": _text(root, f"{_SETTLED}/ram:InvoiceCurrencyCode"),
        "seller_name": _text(root, f"{_AGREED}/ram:SellerTradeParty/ram:Name"),
        "seller_vat_id": _text(
            root, f"{_AGREED}/ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']"
        ),
        "buyer_name": _text(root, f"{_AGREED}/ram:BuyerTradeParty/ram:Name"),
        "items": [_item(e) for e in root.findall(".//ram:IncludedSupplyChainTradeLineItem", _NAMES)],
        "taxes": [_tax(e) for e in root.findall(f"{_SETTLED}/ram:ApplicableTradeTax", _NAMES)],
        "net_total": _number(root, f"{_SUM}/ram:TaxBasisTotalAmount"),
        "tax_total": _number(root, f"{_SUM}/ram:TaxTotalAmount"),
        "grand_total": _number(root, f"{_SUM}/ram:GrandTotalAmount"),
        "due_payable": _number(root, f"{_SUM}/ram:DuePayableAmount"),
        "iban": _text(root, f"{_SETTLED}//ram:PayeePartyCreditorFinancialAccount/ram:IBANID"),
        "due_date": _day(
            _text(root, f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString")
        ),
    }


def _item(line: ET.Element) -> dict[str, Any]:
    return {
        "description": _text(line, "ram:SpecifiedTradeProduct/ram:Name"),
        "quantity": _number(line, ".//ram:BilledQuantity"),
        "unit_price": _number(line, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount"),
        "line_total": _number(line, ".//ram:LineTotalAmount"),
        "vat_rate": _number(line, ".//ram:ApplicableTradeTax/ram:RateApplicablePercent"),
    }


def _tax(line: ET.Element) -> dict[str, Any]:
    return {
        "rate": _number(line, "ram:RateApplicablePercent"),
        "basis": _number(line, "ram:BasisAmount"),
        "amount": _number(line, "ram:CalculatedAmount"),
    }


def _text(element: ET.Element, path: str) -> str | None:
    found = element.find(path, _NAMES)
    return (found.text or "").strip() or None if found is not None else None


def _number(element: ET.Element, path: str) -> float | None:
    text = _text(element, path)
    return None if text is None else float(text)


def _day(text: str | None) -> str | None:
    """A date of format 102 (YYYYMMDD)."""
    return None if text is None else date.fromisoformat(text).isoformat()
