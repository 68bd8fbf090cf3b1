"""Kleister NDA: four fields with true absences. Names are written with underscores for spaces and colons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import BaseModel, Field

from bench.adapters.base import Name, case, manifest, read
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target


class Nda(BaseModel):
    """A non-disclosure agreement."""

    effective_date: date | None = Field(None, description="Date the contract becomes legally binding")
    jurisdiction: Name | None = Field(
        None, description="US state or country whose law governs, name only, e.g. New York"
    )
    party: list[Name] = Field(
        [], description="Legal names of the contracting parties as written, without role or address; only those named"
    )
    term: str | None = Field(
        None, description="Length of the agreement as a normalised phrase, e.g. 3 years, 18 months; null if not stated"
    )


def cases(folder: Path) -> Iterator[Case]:
    """One case an agreement."""
    target = load_target(Nda)
    for entry in manifest(folder):
        values = read(folder / entry["truth"])["values"]
        plain = {k: [v.replace("_", " ") for v in found] for k, found in values.items()}
        expected = {k: (v[0] if v else None) for k, v in plain.items() if k != "party"} | {"party": plain["party"]}
        yield case(entry["id"], folder / entry["document"], target, expected)
