"""The true values of the corpora's digital PDFs, as a model would have to give them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree as ET

from thresher.schemas import json_pointer

Kind = Literal["passage", "name", "text", "number", "date", "id"]
Judge = Literal["passage", "literal", "number"]
_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_RSM = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One value: where it stands in the answer, what kind it is, and how its true pages are found."""

    path: str
    value: Any
    kind: Kind
    judge: Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One PDF, the answer about it, and the values of the answer."""

    pdf: Path
    data: dict[str, Any]
    given: tuple[Given, ...]


def cuad(corpora: Path) -> Iterator[Case]:
    """The lawyers' spans; what "<omitted>" joins counts as separate values."""
    for row, truth in _rows(corpora / "cuad"):
        data = {
            name.replace("/", " "): [p for span in found["spans"] for p in _pieces(span)]
            for name, found in truth["categories"].items()
        }
        given = tuple(
            Given(path=path, value=value, kind="passage", judge="passage") for path, value in json_pointer.leaves(data)
        )
        yield Case(pdf=corpora / "cuad" / row["document"], data=data, given=given)


def _pieces(span: str) -> list[str]:
    parts = (p.strip() for p in re.split(r"<\s*omitted\s*>", span, flags=re.IGNORECASE))
    return [p for p in parts if any(c.isalnum() for c in p)]


def extract_bench(corpora: Path) -> Iterator[Case]:
    """The whole gold JSON of every PDF that is no picture."""
    for row, truth in _rows(corpora / "extract_bench"):
        if row["pages_without_text"] < row["pages"]:
            given = tuple(_leaf(p, v) for p, v in json_pointer.leaves(truth) if not isinstance(v, bool))
            yield Case(pdf=corpora / "extract_bench" / row["document"], data=truth, given=given)


def _leaf(path: str, value: Any) -> Given:
    if isinstance(value, int | float):
        return Given(path=path, value=value, kind="number", judge="number")
    is_date = re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value))
    return Given(path=path, value=value, kind="date" if is_date else "text", judge="literal")


def kleister(corpora: Path) -> Iterator[Case]:
    """Parties and jurisdictions, their spaces restored."""
    for row, truth in _rows(corpora / "kleister_nda"):
        names = {k: [v.replace("_", " ") for v in truth["values"][k]] for k in ("party", "jurisdiction")}
        data = {"party": names["party"], "jurisdiction": next(iter(names["jurisdiction"]), None)}
        yield _case(corpora / "kleister_nda" / row["document"], data, dict.fromkeys(data, "name"))


def zugferd(corpora: Path) -> Iterator[Case]:
    """Invoice numbers, grand totals and issue dates, from the issuer's own data."""
    folder = corpora / "zugferd"
    for row in json.loads((folder / "manifest.json").read_text("utf-8")):
        tree = ET.parse(folder / row["truth"])
        day = tree.findtext(f"{_RSM}ExchangedDocument/{_RAM}IssueDateTime/*") or ""
        data = {
            "invoice_number": tree.findtext(f"{_RSM}ExchangedDocument/{_RAM}ID"),
            "issue_date": f"{day[:4]}-{day[4:6]}-{day[6:8]}",
            "grand_total": float(next(tree.iter(f"{_RAM}GrandTotalAmount")).text or 0),
        }
        kinds: dict[str, Kind] = {"invoice_number": "id", "issue_date": "date", "grand_total": "number"}
        yield _case(folder / row["document"], data, kinds)


def fcc_adbuy(corpora: Path) -> Iterator[Case]:
    """The five labels, as they were typed in."""
    kinds: dict[str, Kind] = {
        "contract_num": "id",
        "advertiser": "name",
        "gross_amount": "number",
        "flight_from": "date",
        "flight_to": "date",
    }
    for row, truth in _rows(corpora / "fcc_adbuy"):
        if row["pages_without_text"] < row["pages"]:
            yield _case(corpora / "fcc_adbuy" / row["document"], {k: truth[k] or None for k in kinds}, kinds)


def _case(pdf: Path, data: dict[str, Any], kinds: dict[str, Kind]) -> Case:
    given = [
        Given(
            path=path,
            value=value,
            kind=kinds[json_pointer.parts(path)[0]],
            judge="number" if isinstance(value, float) else "passage",
        )
        for path, value in json_pointer.leaves(data)
    ]
    return Case(pdf=pdf, data=data, given=tuple(given))


def _rows(folder: Path) -> Iterator[tuple[dict[str, Any], Any]]:
    for row in json.loads((folder / "manifest.json").read_text("utf-8")):
        if (folder / row["truth"]).exists():
            yield row, json.loads((folder / row["truth"]).read_text("utf-8"))


SETS = {
    "cuad": cuad,
    "extract_bench": extract_bench,
    "kleister_nda": kleister,
    "zugferd": zugferd,
    "fcc_adbuy": fcc_adbuy,
}
