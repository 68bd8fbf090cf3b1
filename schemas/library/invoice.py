"""Invoice: a bill, credit note or pro-forma, with its lines."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import Amount, Party, Tax


class InvoiceLine(BaseModel):
    """One billed position. Headings, subtotals and carried-forward sums are no lines."""

    position: str | None = Field(None, description="Line number as printed")
    article: str | None = Field(None, description="Article number, SKU or service code")
    description: str | None = Field(None, description="What was delivered or done, as printed")
    quantity: Amount | None = Field(None, description="How many, without the unit")
    unit: str | None = Field(None, description="Unit of the quantity as printed", examples=["pcs", "h", "kg"])
    unit_price: Amount | None = Field(None, description="Price of one unit, as printed")
    discount: Amount | None = Field(None, description="Discount on this line, as an amount")
    tax_rate: Amount | None = Field(None, description="Tax rate of this line in percent: 19 for 19 %")
    amount: Amount | None = Field(None, description="Total of this line as printed")


class Invoice(BaseModel):
    """One invoice. Amounts are in the invoice's currency; credits are negative where they are printed so."""

    number: str | None = Field(None, description="Invoice number as printed, not the order or customer number")
    issued: date | None = Field(None, description="Date of the invoice")
    due: date | None = Field(None, description="Date by which it is to be paid, only where it is printed")
    delivered: date | None = Field(None, description="Date of delivery or service")
    period_start: date | None = Field(None, description="First day of the billed period")
    period_end: date | None = Field(None, description="Last day of the billed period")
    order_number: str | None = Field(None, description="The buyer's purchase order or reference")
    customer_number: str | None = Field(None, description="The seller's number for the buyer")
    seller: Party | None = Field(None, description="Who issued the invoice")
    buyer: Party | None = Field(None, description="Who is billed")
    currency: str | None = Field(None, description="ISO 4217 code where the document tells it", examples=["EUR", "USD"])
    net: Amount | None = Field(None, description="Total without tax")
    taxes: list[Tax] = Field([], description="Taxes by rate")
    tax: Amount | None = Field(None, description="All tax together")
    total: Amount | None = Field(None, description="Total with tax: the amount of the invoice")
    paid: Amount | None = Field(None, description="What has been paid already")
    payable: Amount | None = Field(None, description="What is still to be paid, where printed apart from the total")
    payment_terms: str | None = Field(None, description="Terms of payment as printed", examples=["30 days net"])
    iban: str | None = Field(None, description="IBAN or account number to pay to")
    bic: str | None = Field(None, description="BIC, SWIFT or routing number to pay to")
    lines: list[InvoiceLine] = Field([], description="Every billed position, in printed order")
