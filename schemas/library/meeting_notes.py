"""Meeting notes: who met when, what was decided, who does what until when."""

from __future__ import annotations

from datetime import date, time

from pydantic import BaseModel, Field

from thresher.schemas.library.parts import KEY


class Attendee(BaseModel):
    """Somebody who was there or sent regrets."""

    name: str | None = Field(None, description="Name as written", json_schema_extra=KEY)
    organisation: str | None = Field(None, description="Company, department or role as written")
    present: bool | None = Field(None, description="False for those who are listed as absent or excused")


class Topic(BaseModel):
    """One item of the agenda."""

    title: str | None = Field(None, description="What it is called")
    discussion: str | None = Field(None, description="What was said, in the notes' words")


class Decision(BaseModel):
    """Something that was decided or resolved."""

    decision: str | None = Field(None, description="What was decided, in the notes' words")
    vote: str | None = Field(None, description="Votes as recorded", examples=["5-2", "unanimous"])


class Task(BaseModel):
    """Something that somebody is to do."""

    task: str | None = Field(None, description="What is to be done, in the notes' words")
    who: str | None = Field(None, description="Who is to do it")
    due: date | None = Field(None, description="Date by which it is to be done")


class MeetingNotes(BaseModel):
    """Notes or minutes of one meeting."""

    title: str | None = Field(None, description="Name of the meeting")
    held: date | None = Field(None, description="Date of the meeting")
    start: time | None = Field(None, description="When it began")
    end: time | None = Field(None, description="When it ended")
    place: str | None = Field(None, description="Room, address or call")
    chair: str | None = Field(None, description="Who led it")
    writer: str | None = Field(None, description="Who wrote the notes")
    attendees: list[Attendee] = Field([], description="Everyone listed, present or not")
    topics: list[Topic] = Field([], description="Items of the agenda, in order")
    decisions: list[Decision] = Field([], description="What was decided")
    tasks: list[Task] = Field([], description="What is to be done")
    next_meeting: date | None = Field(None, description="Date of the next meeting")
