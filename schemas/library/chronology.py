"""Events with their dates, for a chronology: what happened, when, who took part, and the words that say so."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field


class Event(BaseModel):
    """Something that happened, or is to happen."""

    when: date | None = Field(None, description="Day of the event; of several days the first")
    stated: str | None = Field(None, description="The date as the text states it", examples=["last Friday", "Q3 2000"])
    until: date | None = Field(None, description="Last day of an event of several days")
    quote: str | None = Field(None, description="The sentence that states the event, copied character by character")
    people: list[str] = Field([], description="Persons and organisations that take part, as written")
    place: str | None = Field(None, description="Where it happens")
    planned: bool | None = Field(
        None, description="True for what is only planned, proposed or due at the time of writing"
    )


class Chronology(BaseModel):
    """The events that one document tells of."""

    written: date | None = Field(None, description="Date of the document itself")
    events: list[Event] = Field(
        [],
        description="Acts, meetings, calls, payments, deadlines and decisions with a date or a time reference, in the order of "
        "the text; not the sending of the document itself",
    )
