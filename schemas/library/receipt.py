"""Receipt: what a till, taxi or restaurant prints."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import Amount, Tax


class ReceiptItem(BaseModel):
    """One thing bought. Totals, tax, change and payment are no items."""

    description: str | None = Field(None, description="The item as printed")
    quantity: Amount | None = Field(None, description="How many; null where none is printed")
    unit_price: Amount | None = Field(None, description="Price of one, where printed")
    amount: Amount | None = Field(None, description="Price of the line; negative for discounts and returns")


class Receipt(BaseModel):
    """One receipt."""

    merchant: str | None = Field(None, description="Name of the shop or company, usually the first line")
    address: str | None = Field(None, description="Address of the shop in one line, parts separated by commas")
    tax_id: str | None = Field(None, description="VAT, GST or registration number of the shop, as printed")
    phone: str | None = Field(None, description="Telephone number of the shop, as printed")
    number: str | None = Field(None, description="Receipt, bill or transaction number")
    date: dt.date | None = Field(None, description="Date of the purchase")
    time: dt.time | None = Field(None, description="Time of the purchase")
    currency: str | None = Field(None, description="ISO 4217 code where the receipt tells it", examples=["MYR", "EUR"])
    items: list[ReceiptItem] = Field([], description="Everything bought, in printed order")
    subtotal: Amount | None = Field(None, description="Total before tax, rounding and tip")
    taxes: list[Tax] = Field([], description="Taxes by rate")
    tip: Amount | None = Field(None, description="Tip or service charge")
    rounding: Amount | None = Field(None, description="Rounding to the smallest coin")
    total: Amount | None = Field(None, description="What was to be paid, tax and rounding included")
    paid: Amount | None = Field(None, description="What the customer handed over")
    change: Amount | None = Field(None, description="What the customer got back")
    payment_method: str | None = Field(None, description="How it was paid, as printed", examples=["CASH", "VISA"])
    card: str | None = Field(None, description="Printed digits of the card", examples=["1234"])
