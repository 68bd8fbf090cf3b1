"""SROIE: receipt photographs, four fields. The total "" of receipt 033 is a known label error and is not judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as day_type
from pathlib import Path

from pydantic import BaseModel, Field

from bench.adapters.base import UNSURE, Money, Name, amount, case, day, manifest, read
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target


class Receipt(BaseModel):
    """A receipt."""

    company: Name | None = Field(None, description="Name of the shop or company that issued the receipt, as printed")
    date: day_type | None = Field(None, description="Date of the receipt")
    address: str | None = Field(None, description="Full address of the issuer, as printed, on one line")
    total: Money | None = Field(None, description="Grand total that was to be paid")


def cases(folder: Path) -> Iterator[Case]:
    """One case a receipt; days come before months in Malaysia."""
    target = load_target(Receipt)
    for entry in manifest(folder):
        truth = read(folder / entry["truth"])
        expected = {
            "company": truth.get("company"),
            "date": day(truth.get("date"), "dmy"),
            "address": truth.get("address"),
            "total": amount(truth.get("total")) if truth.get("total") else UNSURE,
        }
        yield case(entry["id"], folder / entry["document"], target, expected)
