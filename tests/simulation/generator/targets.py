"""Targets of the generated documents: what a user would ask for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, Field


class Booking(BaseModel):
    """One booking. Totals, balances and carried-forward lines are no bookings."""

    booked: date = Field(description="Day of the booking")
    reference: str | None = Field(None, description="Transaction reference, where printed")
    description: str = Field(description="Payee and purpose as printed, in one line")
    amount: Decimal = Field(description="Negative for money out (minus, DR, S), positive for money in")
    balance: Decimal | None = Field(None, description="Balance after the booking, where printed")


class Statement(BaseModel):
    """A statement of one account."""

    bank: str | None = Field(None, description="Name of the bank")
    holder: str | None = Field(None, description="Name of the account holder")
    account: str | None = Field(None, description="Account number")
    period_start: date | None = Field(None, description="First day of the period")
    period_end: date | None = Field(None, description="Last day of the period")
    opening_balance: Decimal | None = Field(None, description="Balance before the first booking")
    closing_balance: Decimal | None = Field(None, description="Balance after the last booking")
    bookings: list[Booking] = Field(description="Every booking, in printed order")


class Claim(BaseModel):
    """One claim. Sub-totals are no claims."""

    claim: str = Field(description="Number of the claim")
    claimant: str = Field(description="Name of the claimant")
    cause: str = Field(description="What happened to what, in one line")
    loss_date: date = Field(description="Day of the loss")
    status: str = Field(description="Open, Closed, Reopened or Denied")
    paid: Decimal = Field(description="Paid so far")
    reserve: Decimal = Field(description="Held back")


class ClaimsList(BaseModel):
    """A list of insurance claims."""

    insurer: str | None = Field(None, description="Name of the insurer")
    policyholder: str | None = Field(None, description="Name of the policyholder")
    policy: str | None = Field(None, description="Number of the policy")
    as_of: date | None = Field(None, description="Day for which the list was made")
    total_paid: Decimal | None = Field(None, description="Paid on all claims")
    claims: list[Claim] = Field(description="Every claim, in printed order")


class Holding(BaseModel):
    """One entry of a register of shares. Sub-totals are no entries."""

    folio: str = Field(description="Number of the folio")
    holder: str = Field(description="Name of the holder")
    address: str = Field(description="Address of the holder, in one line")
    entered: date = Field(description="Day of the entry")
    shares: int = Field(description="Number of shares")
    share_class: str = Field(description="Class of the shares")


class Register(BaseModel):
    """A register of shares."""

    company: str | None = Field(None, description="Name of the company")
    company_number: str | None = Field(None, description="Number of the company")
    secretary: str | None = Field(None, description="Name of the company secretary")
    register_date: date | None = Field(None, description="Day for which the register was printed")
    total_shares: int | None = Field(None, description="Number of all shares")
    holdings: list[Holding] = Field(description="Every entry, in printed order")


class Utterance(BaseModel):
    """What one person says before another one speaks. Remarks in brackets are no utterances."""

    time: str | None = Field(None, description="Time as printed, hh:mm:ss, where printed")
    speaker: str = Field(description="Who speaks, as printed")
    words: str = Field(description="What was said, in one line")


class Transcript(BaseModel):
    """A transcript of a hearing."""

    court: str | None = Field(None, description="Name of the court")
    case_number: str | None = Field(None, description="Number of the case")
    witness: str | None = Field(None, description="Name of the witness")
    hearing_date: date | None = Field(None, description="Day of the hearing")
    utterances: list[Utterance] = Field(description="Every utterance, in order")


class Letter(BaseModel):
    """One mail of a thread. Quoted mails are no mails of their own."""

    sender: str = Field(description="Name of the sender")
    sent: date = Field(description="Day on which it was sent")
    subject: str = Field(description="Subject as printed")
    order: str = Field(description="Number of the order it speaks of")
    amount: Decimal = Field(description="Sum it speaks of")


class Thread(BaseModel):
    """A print-out of a mail thread."""

    matter: str | None = Field(None, description="Name of the matter")
    printed_by: str | None = Field(None, description="Who printed it")
    printed_on: date | None = Field(None, description="Day on which it was printed")
    letters: list[Letter] = Field(description="Every mail, in printed order")
