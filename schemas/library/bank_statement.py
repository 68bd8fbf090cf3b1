"""Bank statement: one account over one period, with every booking."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import Amount


class Booking(BaseModel):
    """One booking. Balances and carried-forward sums are no bookings."""

    booked: date | None = Field(None, description="Date of the booking; the year may stand only in the heading")
    value_date: date | None = Field(None, description="Date from which it counts, where printed")
    description: str | None = Field(None, description="Payee, payer and purpose as printed, in one line")
    reference: str | None = Field(None, description="Check, transaction or reference number")
    money_out: Amount | None = Field(None, description="Amount taken from the account, without sign")
    money_in: Amount | None = Field(None, description="Amount paid into the account, without sign")
    balance: Amount | None = Field(None, description="Balance after the booking, where printed")


class BankStatement(BaseModel):
    """One statement of one account. Balances of overdrawn accounts are negative."""

    bank: str | None = Field(None, description="Name of the bank")
    holder: str | None = Field(None, description="Name of the account holder")
    account: str | None = Field(None, description="IBAN or account number, masked where it is printed so")
    bic: str | None = Field(None, description="BIC, SWIFT, sort code or routing number")
    number: str | None = Field(None, description="Number of the statement")
    period_start: date | None = Field(None, description="First day of the period")
    period_end: date | None = Field(None, description="Last day of the period, or the date of the statement")
    currency: str | None = Field(None, description="ISO 4217 code of the account", examples=["EUR", "GBP"])
    opening_balance: Amount | None = Field(None, description="Balance at the start of the period")
    closing_balance: Amount | None = Field(None, description="Balance at the end of the period")
    total_in: Amount | None = Field(None, description="All deposits together, where printed")
    total_out: Amount | None = Field(None, description="All withdrawals together, where printed")
    bookings: list[Booking] = Field([], description="Every booking, in printed order")
