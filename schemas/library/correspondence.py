"""Correspondence facts: who tells whom what, who is asked and who promises, for a chronology of a dispute."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY, Amount


class Correspondent(BaseModel):
    """Somebody who wrote or got the message."""

    name: str | None = Field(None, description="Name as written", json_schema_extra=KEY)
    address: str | None = Field(None, description="E-mail or postal address as written")
    organisation: str | None = Field(None, description="Company or body, from signature or text")
    role: str | None = Field(None, description="Title or function, from signature or text")


class Mentioned(BaseModel):
    """A person or organisation that the text speaks of, and that is no correspondent."""

    name: str | None = Field(None, description="Name as written", json_schema_extra=KEY)
    what: str | None = Field(None, description="What the text says of them, in its own words")


class Statement(BaseModel):
    """One fact that the writer asserts, one request, promise, refusal or warning."""

    quote: str | None = Field(None, description="The sentence, copied from the text character by character")
    who: str | None = Field(None, description="Who says it; of a quoted earlier mail, its writer")
    due: date | None = Field(None, description="Date by which something is to be done")


class Sum(BaseModel):
    """An amount of money that is mentioned."""

    amount: Amount | None = Field(None, description="The amount")
    currency: str | None = Field(None, description="ISO 4217 code; USD for a plain $", examples=["USD"])
    what: str | None = Field(None, description="What it is for, in the text's words")


class Correspondence(BaseModel):
    """One letter, mail, memo or message; the newest of a thread, quoted ones only where they add a fact."""

    sent: datetime | None = Field(None, description="When it was sent or dated")
    sender: Correspondent | None = Field(None, description="Who wrote it")
    recipients: list[Correspondent] = Field([], description="Everyone it is addressed to, copies included")
    subject: str | None = Field(None, description="Subject as written")
    mentioned: list[Mentioned] = Field([], description="Persons and organisations that the text speaks of")
    assertions: list[Statement] = Field([], description="Facts that are asserted and could matter in a dispute")
    requests: list[Statement] = Field([], description="What somebody is asked to do")
    promises: list[Statement] = Field([], description="What somebody promises, agrees to, refuses or threatens to do")
    sums: list[Sum] = Field([], description="Amounts of money that are mentioned")
    documents: list[str] = Field([], description="Agreements, reports and other documents that are named")
