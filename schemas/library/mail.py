"""Mail: one mail or thread of correspondence, and what it wants from whom."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY, Amount


class Person(BaseModel):
    """Somebody who wrote, got or is named in the mail."""

    name: str | None = Field(None, description="Name as written")
    email: str | None = Field(None, description="E-mail address", json_schema_extra=KEY)
    organisation: str | None = Field(None, description="Company or body, from signature or text")
    phone: str | None = Field(None, description="Telephone number, from the signature")


class Request(BaseModel):
    """Something that somebody is asked to do."""

    what: str | None = Field(None, description="What is asked, in the mail's words")
    who: str | None = Field(None, description="Who is asked to do it")
    by: date | None = Field(None, description="Date by which it is to be done")


class Figure(BaseModel):
    """An amount of money that is mentioned."""

    amount: Amount | None = Field(None, description="The amount")
    currency: str | None = Field(None, description="ISO 4217 code", examples=["USD"])
    what: str | None = Field(None, description="What it is for, in the mail's words")


class Mail(BaseModel):
    """One mail; of a thread the newest, with what the quoted ones add."""

    subject: str | None = Field(None, description="Subject without Re: and Fwd:")
    sender: Person | None = Field(None, description="Who wrote the newest mail")
    recipients: list[Person] = Field([], description="Everyone it was sent to")
    copied: list[Person] = Field([], description="Everyone in copy")
    sent: datetime | None = Field(None, description="When the newest mail was sent")
    reference: str | None = Field(None, description="Case, order, invoice or file number that the mail is about")
    requests: list[Request] = Field([], description="What somebody is asked to do")
    deadlines: list[date] = Field([], description="Dates by which something is to be done")
    figures: list[Figure] = Field([], description="Amounts of money that are mentioned")
    attachments: list[str] = Field([], description="Names of attached files")
