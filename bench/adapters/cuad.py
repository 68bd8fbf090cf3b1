"""CUAD: contracts with values and yes/no clauses; the lawyers' spans of the values are true evidence.

Dates that were blacked out or not written as one date, and renewal and notice phrases that name several, are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from bench.adapters.base import UNSURE, Name, case, day, manifest, read
from thresher.service.scorecard.cases import Case
from thresher.service.scorecard.evidence import TrueEvidence
from thresher.service.targets.loading import load_target

Clause = Annotated[bool | None, Field(description="Whether the contract has such a clause")]


class ContractSummary(BaseModel):
    """What a contract says."""

    document_name: Name | None = Field(None, description="Title of the contract")
    parties: list[Name] = Field([], description="Names of the parties who signed")
    agreement_date: date | None = Field(None, description="Date of the contract")
    effective_date: date | None = Field(None, description="Date it takes effect")
    expiration_date: date | None = Field(None, description="Date the initial term ends")
    renewal_term: str | None = Field(None, description="Renewal after the initial term, e.g. successive 1 year")
    notice_period_to_terminate_renewal: str | None = Field(None, description="Notice that stops a renewal")
    governing_law: Name | None = Field(None, description="State or country")
    anti_assignment: Clause = None
    change_of_control: Clause = None
    exclusivity: Clause = None
    non_compete: Clause = None
    cap_on_liability: Clause = None
    uncapped_liability: Clause = None
    audit_rights: Clause = None
    insurance: Clause = None
    license_grant: Clause = None
    ip_ownership_assignment: Clause = None
    termination_for_convenience: Clause = None
    minimum_commitment: Clause = None
    revenue_profit_sharing: Clause = None
    post_termination_services: Clause = None


DAYS = ("agreement_date", "effective_date", "expiration_date")
LONGEST_NAME = 80  # characters: longer spans are clauses
PHRASES = ("renewal_term", "notice_period_to_terminate_renewal")


def cases(folder: Path) -> Iterator[Case]:
    """One case a contract."""
    target = load_target(ContractSummary)
    for entry in manifest(folder):
        categories = {_key(k): v for k, v in read(folder / entry["truth"])["categories"].items()}
        known = ContractSummary.model_fields.keys() - {"parties"}
        expected = {k: _value(k, v["answer"].strip()) for k, v in categories.items() if k in known}
        expected["parties"] = _parties(categories["parties"])
        spans = tuple(_evidence(expected, categories))
        yield case(entry["id"], folder / entry["document"], target, expected, spans)


def _key(category: str) -> str:
    return re.sub(r"\W+", "_", category.casefold())


def _value(key: str, answer: str) -> Any:
    if answer in {"Yes", "No"}:
        return answer == "Yes"
    if key in DAYS:
        return UNSURE if "[" in answer else day(answer, "mdy")
    if key in PHRASES and ";" in answer:
        return UNSURE
    return re.sub(r"\s*\(“$|, d$", "", answer) or None


def _parties(category: dict[str, Any]) -> list[str]:
    """The spans that are names: those that the answer does not quote as a short form of another."""
    short = {q.strip(" .,").casefold() for q in re.findall(r"[\"“]([^\"“”]+)[\"”]", category["answer"])}
    names = [s.strip(" .,") for s in category["spans"] if len(s) < LONGEST_NAME and '"' not in s]
    return [n for n in names if n[:1].isupper() and n.casefold() not in short]


def _evidence(expected: dict[str, Any], categories: dict[str, Any]) -> Iterator[TrueEvidence]:
    for key in (*DAYS, "document_name", "governing_law"):
        for span in categories[key]["spans"]:
            yield TrueEvidence(path=f"/{key}", quote=span)
    for i, name in enumerate(expected["parties"]):
        for span in categories["parties"]["spans"]:
            if span in name or name in span:
                yield TrueEvidence(path=f"/parties/{i}", quote=span)
