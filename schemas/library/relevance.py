"""Relevance to stated issues, as a reviewer writes it: class, rationale, what speaks against it, and quotes that show it.

The issues are stated in the instructions (`--instructions`), each with a name: "Issue LJM: transactions with the LJM
partnerships …". Every judgement stands on quotes, which are found in the text by code; one without any leaves the Result.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

JUDGED: JsonDict = {"method": "judged"}


class IssueRelevance(BaseModel):
    """What one document means for one issue."""

    issue: str | None = Field(
        None,
        description="Name of the issue, as the instructions write it before the colon: LJM for 'Issue LJM: transactions …'",
        json_schema_extra={"key": True, "method": "judged"},
    )
    citations: list[str] = Field(
        [],
        description="One to three passages, each of at most two sentences, copied from the text character by character, that "
        "the judgement rests on. Where the document is not relevant, one is enough: its subject line, or the sentence that "
        "shows what it is about",
    )
    rationale: str | None = Field(
        None,
        description="Why the document has this relevance to the issue, in one to three sentences that name people, acts and "
        "dates from the text",
        json_schema_extra=JUDGED,
    )
    considerations: str | None = Field(
        None,
        description="What speaks against this judgement: another reading, what is missing, what the text leaves open; null "
        "where nothing does",
        json_schema_extra=JUDGED,
    )
    relevance: Literal["very_relevant", "relevant", "borderline", "not_relevant"] | None = Field(
        None,
        description="very_relevant: bears on the heart of the issue. relevant: says something about the issue itself. "
        "borderline: a reviewer could code it either way, as it alludes to the issue or mentions it in passing, and what is "
        "meant is not said. not_relevant: nothing of the issue, or only its people, companies or field without the issue "
        "itself, or what the instructions leave out",
        json_schema_extra=JUDGED,
    )


class Relevance(BaseModel):
    """Relevance of one document to the issues that the instructions state."""

    issues: list[IssueRelevance] = Field(
        [],
        description="Exactly one record for each issue that the instructions state, also where the document is not relevant "
        "to it",
    )
