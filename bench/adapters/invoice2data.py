"""invoice2data: invoices in several languages. Constants of its templates that the document does not hold are not judged.

One of the PDFs holds its data as an embedded XML file as well; run with the policy `unit = "document"` to read pages only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as day_type
from pathlib import Path
from typing import Any

import pypdfium2
from pydantic import BaseModel, Field

from bench.adapters.base import UNSURE, Id, Money, Name, case, manifest, read
from thresher.service.grounding.text_index import TextIndex
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target


class InvoiceLine(BaseModel):
    """One billed position."""

    name: str | None = Field(None, description="What was delivered, without its article code")
    qty: float | None = None
    price_unit: Money | None = None
    price_subtotal: Money | None = Field(None, description="Total of the line")
    line_tax_percent: float | None = None


class Invoice(BaseModel):
    """An invoice."""

    issuer: Name | None = None
    invoice_number: Id | None = None
    date: day_type | None = None
    amount: Money | None = Field(None, description="Total with tax")
    amount_untaxed: Money | None = Field(None, description="Total without tax")
    currency: str | None = Field(None, description="ISO 4217")
    vat: Id | None = Field(None, description="VAT number of the issuer")
    iban: Id | None = None
    bic: Id | None = None
    lines: list[InvoiceLine] = []


def cases(folder: Path) -> Iterator[Case]:
    """One case an invoice."""
    target = load_target(Invoice)
    for entry in manifest(folder):
        source = folder / entry["documents"][0]
        (truth,) = read(folder / entry["truth"])
        stack = TextIndex(_text(source))
        rows = [row for row in truth.get("lines", []) if "name" in row]
        expected = {k: v if stack.find(v) else UNSURE for k, v in truth.items() if k != "lines"}
        if rows:
            expected["lines"] = [_row(row, stack) for row in rows]
        yield case(entry["id"], source, target, expected)


def _row(row: dict[str, Any], stack: TextIndex) -> dict[str, Any]:
    return {k: v if stack.find(v) else UNSURE for k, v in row.items()}


def _text(source: Path) -> str:
    document = pypdfium2.PdfDocument(source)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)
