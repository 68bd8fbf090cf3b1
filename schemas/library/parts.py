"""Parts that several ready-made targets share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, PlainSerializer
from pydantic.config import JsonDict

Amount = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""Exact in Python, a plain number in JSON."""

KEY: JsonDict = {"key": True}
"""For `json_schema_extra`: two list items that agree on the field are one."""


class Party(BaseModel):
    """A company or person with whatever the document says of them."""

    name: str | None = Field(None, description="Name as printed, legal form included (GmbH, Ltd, Inc.)")
    address: str | None = Field(None, description="Postal address in one line, parts separated by commas")
    tax_id: str | None = Field(None, description="VAT, GST or tax number as printed", examples=["DE123456789"])
    email: str | None = Field(None, description="E-mail address")
    phone: str | None = Field(None, description="Telephone number as printed")


class Tax(BaseModel):
    """One line of a tax summary."""

    rate: Amount | None = Field(None, description="Rate in percent: 19 for 19 %")
    net: Amount | None = Field(None, description="Amount the tax is computed on, without tax")
    amount: Amount | None = Field(None, description="Tax amount")
