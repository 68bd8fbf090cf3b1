"""Contract: who agreed on what, from when to when, under which law. Clauses are given in the contract's own words."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY, Amount


class ContractParty(BaseModel):
    """One party."""

    name: str | None = Field(None, description="Full legal name of the party", json_schema_extra=KEY)
    role: str | None = Field(None, description="What the contract calls it", examples=["Licensor", "Buyer"])
    address: str | None = Field(None, description="Address or place of incorporation as stated")
    signatory: str | None = Field(None, description="Who signs for it")


class Payment(BaseModel):
    """One sum that the contract obliges a party to pay."""

    amount: Amount | None = Field(None, description="The sum")
    currency: str | None = Field(None, description="ISO 4217 code", examples=["USD"])
    purpose: str | None = Field(None, description="What it is for, in the contract's words")
    due: str | None = Field(None, description="When it is due, in the contract's words")


class Contract(BaseModel):
    """One contract, its amendments as they stand in it."""

    title: str | None = Field(None, description="Title of the document", examples=["License Agreement"])
    parties: list[ContractParty] = Field([], description="Everyone bound by the contract; not witnesses or notaries")
    agreed: date | None = Field(None, description="Date on which it was made or signed")
    effective: date | None = Field(None, description="Date from which it applies")
    expires: date | None = Field(None, description="Date on which it ends, only where a date is stated")
    term: str | None = Field(None, description="How long it runs, in the contract's words", examples=["two (2) years"])
    renewal: str | None = Field(None, description="How it is renewed, in the contract's words")
    notice: str | None = Field(None, description="Notice needed to end or not renew it", examples=["sixty (60) days"])
    governing_law: str | None = Field(None, description="State or country whose law applies", examples=["New York"])
    venue: str | None = Field(None, description="Court or arbitration that decides disputes")
    subject: str | None = Field(None, description="What it is about, in the contract's words")
    payments: list[Payment] = Field([], description="Sums to be paid under the contract")
    liability_cap: str | None = Field(None, description="Limit of liability, in the contract's words")
    exclusivity: str | None = Field(None, description="Exclusive rights granted, in the contract's words")
    non_compete: str | None = Field(None, description="Restriction on competing, in the contract's words")
    assignment: str | None = Field(None, description="Whether rights may be assigned, in the contract's words")
    change_of_control: str | None = Field(None, description="What follows a change of control, in the contract's words")
    termination: str | None = Field(None, description="Grounds on which it may be ended, in the contract's words")
