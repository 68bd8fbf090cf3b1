"""Long contracts for the embedded bench: what lawyers found in them, and what they found not to be there.

A tuple in a truth holds passages or names of which any one will do; see `bench/matching.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.embedded_case import Case

Schema = dict[str, Any]
DATES = ("agreement_date", "effective_date", "expiration_date", "maturity_date")
_CATEGORY = re.compile(r"Category:\s*(?P<name>[^\n]+)\n\s*Description:\s*(?P<told>[^\n]+)")
_OF_README = {
    "notice_to_terminate_renewal": "notice_period_to_terminate_renewal",
    "right_of_first_refusal_offer_or_negotiation_rofr_rofo_rofn": "rofr_rofo_rofn",
    "price_restriction": "price_restrictions",
    "affiliate_ip_license_licensor": "affiliate_license_licensor",
    "affiliate_ip_license_licensee": "affiliate_license_licensee",
}


def _name(said: str) -> str:
    return re.sub(r"\W+", "_", said.strip().lower()).strip("_")


def _text(told: str = "") -> Schema:
    return {"type": ["string", "null"], **({"description": told} if told else {})}


def _typed(key: str, told: str) -> Schema:
    if key == "parties":
        return {"type": "array", "items": {"type": "string"}, "description": told}
    return {**_text(told), **({"format": "date"} if key in DATES else {})}


def cuad_target(folder: Path, *, described: bool = True) -> Schema:
    """The 41 kinds of clauses as texts, named and (if wanted) described as the lawyers' own list does."""
    told = {
        _name(m["name"]): " ".join(m["told"].split())
        for m in _CATEGORY.finditer((folder / "CUAD_v1_README.txt").read_text("utf-8", "replace"))
    }
    keys = {_OF_README.get(k, k): v for k, v in told.items()}
    return {"type": "object", "properties": {k: _typed(k, v if described else "") for k, v in keys.items()}}


def cuad(folder: Path) -> Iterator[Case]:
    """Contracts with the spans of the lawyers; an empty answer with spans is unknown, without them absence."""
    for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
        found = json.loads((folder / "truth" / f"{entry['id']}.json").read_text("utf-8"))["categories"]
        truth = {_name(k): t for k, v in found.items() if (t := _cuad_truth(_name(k), v)) is not Ellipsis}
        yield Case(name=entry["id"], file=folder / entry["document"], truth=truth)


def _cuad_truth(key: str, label: dict[str, Any]) -> Any:
    if not label["spans"]:
        return None
    answer = label["answer"].strip()
    if key in DATES:
        return answer if re.fullmatch(r"\d+/\d+/\d+", answer) else ...
    return (answer, *label["spans"]) if answer not in ("Yes", "No", "") else tuple(label["spans"])


def nda_target(folder: Path) -> Schema:
    """The 17 hypotheses as texts: named by their short descriptions, described by their sentences."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    fields = {_name(v["short_description"]): _text(v["hypothesis"]) for v in labels.values()}
    return {"type": "object", "properties": fields}


def contractnli(folder: Path) -> Iterator[Case]:
    """NDAs; a hypothesis that is followed or contradicted has passages, one not mentioned has none."""
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    for file in sorted((folder / "text").glob("*.txt"), key=lambda p: int(p.stem)):
        judged = json.loads((folder / "truth" / f"{file.stem}.json").read_text("utf-8"))
        whole = json.loads((folder / "documents" / f"{file.stem}.json").read_text("utf-8"))
        truth = {
            _name(labels[k]["short_description"]): tuple(whole["text"][slice(*whole["spans"][i])] for i in v["spans"])
            or None
            for k, v in judged.items()
        }
        yield Case(name=f"nli_{file.stem}", file=file, truth=truth)


def credit_target(folder: Path) -> Schema:
    """The set's own schema."""
    schema: Schema = json.loads((folder / "credit_agreement-schema.json").read_text("utf-8"))
    return schema


def credit(folder: Path) -> Iterator[Case]:
    """Credit agreements of 97 to 140 pages."""
    for file in sorted((folder / "pdf+gold").glob("*.gold.json")):
        gold = json.loads(file.read_text("utf-8"))
        flat = {**gold["parties"], **gold["terms"], **(gold["terms"].get("loan_commitment") or {})}
        truth = {k: _gold(k, v) for k, v in flat.items() if not isinstance(v, bool | dict) and v not in LEFT_OUT}
        pdf = file.with_name(file.name.replace(".gold.json", ".pdf"))
        yield Case(name=pdf.stem, file=pdf, truth=truth)


LEFT_OUT = ("NOT_FOUND", ["NOT_FOUND"])  # labels that say nothing


def _gold(key: str, value: Any) -> Any:
    if key in DATES or not isinstance(value, str | list):
        return value
    return tuple(value) if isinstance(value, list) else (value,)
