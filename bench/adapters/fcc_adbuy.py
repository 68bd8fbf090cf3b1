"""FCC political ad-buy forms: five fields, entered by hand. Dates whose year was cut in the label are not judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import BaseModel, Field

from bench.adapters.base import UNSURE, Id, Money, Name, amount, case, day, manifest, read
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target


class AdBuy(BaseModel):
    """An order, contract or invoice for broadcast advertisements."""

    contract_num: Id | None = Field(None, description="Contract, order or estimate number as printed")
    advertiser: Name | None = Field(None, description="Advertiser or political committee")
    gross_amount: Money | None = Field(None, description="Gross total in USD for the whole document, not a subtotal")
    flight_from: date | None = Field(None, description="First day the advertisements run")
    flight_to: date | None = Field(None, description="Last day the advertisements run")


def cases(folder: Path) -> Iterator[Case]:
    """One case a form."""
    target = load_target(AdBuy)
    for entry in manifest(folder):
        truth = read(folder / entry["truth"])
        expected = {
            "contract_num": truth["contract_num"].strip() or None,
            "advertiser": truth["advertiser"].strip() or None,
            "gross_amount": amount(truth["gross_amount"]),
            "flight_from": _day(truth["flight_from"]),
            "flight_to": _day(truth["flight_to"]),
        }
        yield case(entry["id"], folder / entry["document"], target, expected)


def _day(text: str) -> object:
    cut = text.strip() and not re.search(r"/(\d\d|\d{4})$", text.strip())
    return UNSURE if cut else day(text, "mdy")
