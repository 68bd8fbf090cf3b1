"""Agreement facts for a dispute: who is bound, from when to when, to what, and how it ends. For a full list of terms: contract."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY, Amount


class AgreementParty(BaseModel):
    """Somebody who is bound."""

    name: str | None = Field(None, description="Full name, legal form included", json_schema_extra=KEY)
    role: str | None = Field(None, description="What the agreement calls it", examples=["Seller"])
    signatory: str | None = Field(None, description="Who signed for it")
    signed: date | None = Field(None, description="Date of that signature")


class Obligation(BaseModel):
    """One thing that a party must do or must not do."""

    party: str | None = Field(None, description="Who is bound, as the agreement calls them")
    duty: str | None = Field(None, description="What it must or must not do, copied from the text")
    clause: str | None = Field(None, description="Number of the clause", examples=["7.2(a)"])
    amount: Amount | None = Field(None, description="Sum to be paid, if it is a payment")
    currency: str | None = Field(None, description="ISO 4217 code", examples=["USD"])
    due: str | None = Field(None, description="When it is due, in the agreement's words")


class Agreement(BaseModel):
    """One agreement, amendment, side letter or settlement."""

    title: str | None = Field(None, description="Title as printed")
    number: str | None = Field(None, description="Number or reference of the agreement")
    amends: str | None = Field(None, description="The agreement that it changes or supplements, as named")
    parties: list[AgreementParty] = Field([], description="Everyone who is bound; no witnesses")
    agreed: date | None = Field(None, description="Date of the agreement")
    effective: date | None = Field(None, description="Date from which it applies")
    ends: date | None = Field(None, description="Date on which it ends, only where one is stated")
    term: str | None = Field(None, description="How long it runs, in its own words")
    subject: str | None = Field(None, description="What it is about, in its own words")
    obligations: list[Obligation] = Field([], description="The main duties of each party")
    termination: str | None = Field(None, description="Grounds and notice to end it, in its own words")
    liability: str | None = Field(None, description="Limit or exclusion of liability, in its own words")
    confidentiality: str | None = Field(None, description="What is to be kept secret and how long, in its own words")
    governing_law: str | None = Field(None, description="State or country whose law applies")
    disputes: str | None = Field(None, description="Court or arbitration that decides")
    is_signed: bool | None = Field(
        None, description="True where signatures or /s/ marks stand, false for a draft or form"
    )
