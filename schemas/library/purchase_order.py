"""Purchase order: what a buyer orders, to be delivered where and when."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import Amount, Party


class OrderLine(BaseModel):
    """One ordered position."""

    position: str | None = Field(None, description="Line number as printed")
    article: str | None = Field(None, description="Article number, SKU or part number")
    description: str | None = Field(None, description="What is ordered, as printed")
    quantity: Amount | None = Field(None, description="How many, without the unit")
    unit: str | None = Field(None, description="Unit of the quantity as printed", examples=["EA", "kg"])
    unit_price: Amount | None = Field(None, description="Price of one unit")
    amount: Amount | None = Field(None, description="Total of this line")
    delivery: date | None = Field(None, description="Date by which this line is to be delivered")


class PurchaseOrder(BaseModel):
    """One purchase order, change orders included."""

    number: str | None = Field(None, description="Purchase order number")
    revision: str | None = Field(None, description="Revision or change number, where there is one")
    ordered: date | None = Field(None, description="Date of the order")
    delivery: date | None = Field(None, description="Date by which the whole is to be delivered")
    buyer: Party | None = Field(None, description="Who orders")
    supplier: Party | None = Field(None, description="Who is to deliver")
    ship_to: str | None = Field(None, description="Delivery address in one line, parts separated by commas")
    bill_to: str | None = Field(None, description="Billing address in one line, parts separated by commas")
    contact: str | None = Field(None, description="The buyer's contact person")
    currency: str | None = Field(None, description="ISO 4217 code where the document tells it", examples=["USD"])
    payment_terms: str | None = Field(None, description="Terms of payment as printed", examples=["Net 30"])
    delivery_terms: str | None = Field(
        None, description="Terms of delivery as printed", examples=["FOB", "DAP Hamburg"]
    )
    net: Amount | None = Field(None, description="Total before tax and freight")
    freight: Amount | None = Field(None, description="Freight and shipping")
    tax: Amount | None = Field(None, description="Tax amount")
    total: Amount | None = Field(None, description="Total of the order")
    lines: list[OrderLine] = Field([], description="Every ordered position, in printed order")
