"""Non-disclosure agreement: who must keep what secret, for how long."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY


class NdaParty(BaseModel):
    """One party."""

    name: str | None = Field(None, description="Full legal name of the party", json_schema_extra=KEY)
    role: str | None = Field(None, description="What it is called", examples=["Disclosing Party", "Recipient"])
    address: str | None = Field(None, description="Address or place of incorporation as stated")


class NonDisclosureAgreement(BaseModel):
    """One non-disclosure or confidentiality agreement."""

    parties: list[NdaParty] = Field([], description="Everyone bound by the agreement")
    effective: date | None = Field(None, description="Date from which it applies, else the date it was made")
    mutual: bool | None = Field(None, description="Whether both sides disclose and both keep secret")
    purpose: str | None = Field(None, description="What the information is disclosed for, in the agreement's words")
    confidential: str | None = Field(None, description="What counts as confidential, in the agreement's words")
    term: str | None = Field(None, description="How long the agreement runs", examples=["two (2) years"])
    secrecy_term: str | None = Field(None, description="How long secrecy lasts where that differs from the term")
    return_duty: str | None = Field(None, description="Duty to return or destroy, in the agreement's words")
    compelled: str | None = Field(None, description="What applies when law compels disclosure, in its words")
    non_solicitation: str | None = Field(None, description="Ban on soliciting staff or customers, in its words")
    non_compete: str | None = Field(None, description="Ban on competing, in its words")
    governing_law: str | None = Field(None, description="State or country whose law applies", examples=["Delaware"])
    venue: str | None = Field(None, description="Court or arbitration that decides disputes")
