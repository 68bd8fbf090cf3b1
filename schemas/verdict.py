"""Verdict and Conflict: what judging a value found."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from thresher.schemas.extraction import Evidence, Verdict
from thresher.schemas.numbers import JsonValue

__all__ = ["Candidate", "Conflict", "Verdict"]


class Candidate(BaseModel):
    """One supported value for a place."""

    model_config = ConfigDict(frozen=True)

    value: JsonValue
    support: int  # how many Chunks gave it
    sources: int = 1  # how many Documents gave it: Chunks of one do not outvote another
    evidence: Evidence


class Conflict(BaseModel):
    """Two or more supported values for one place, and the rule that chose.

    `rule` is one of the Policy's, or what took its place: "standing" (the chosen value stands in the main Document, or in its
    body, where the others stand in attachments or exhibits), "corrected" (the Document itself says which value is right),
    "corrected, most_supported" (it says so of some of them), "repair" (a later answer to a failed check of the target).
    """

    model_config = ConfigDict(frozen=True)

    path: str
    candidates: tuple[Candidate, ...]
    chosen: JsonValue
    rule: str
    reason: str = ""  # the passage, the model's words or the failed check that the rule stands on
    settled: bool = False  # whether the rule leaves no doubt; else the Result names the Conflict as a reason
