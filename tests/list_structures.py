"""Lists as real documents print them, each with its truth and with a reader that sees nothing but the prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from pydantic import BaseModel

from tests.simulation.reader.frames import part_in
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.question import Question
from thresher.schemas.source import Source

FIRST = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eve",
    "Finn",
    "Gus",
    "Hal",
    "Ida",
    "Jon",
    "Kim",
    "Leo",
    "May",
    "Ned",
    "Pia",
    "Sam",
)
LAST = ("Keane", "Marsh", "Okoro", "Rivera", "Stone", "Thorne", "Vance", "Weber", "Young", "Zimmer", "Hart", "Doyle")
TOWNS = ("Leeds", "York", "Bath", "Derby", "Truro", "Wells", "Ripon", "Ely")
STREETS = ("High Street", "Mill Lane", "Church Road", "Station Road", "Park Avenue")
BLANK = dict.fromkeys(("name", "town", "street", "amount", "day"))
GOODS = ("Pen", "Ruler", "Stapler", "Notebook", "Lamp", "Chair")
NAME = r"(?P<name>[A-Z][a-z]+ [A-Z][a-z]+)"
TOWN = rf"(?P<town>{'|'.join(TOWNS)})"
SUM = r"(?P<amount>[\d,]+\.\d{2})"
DAY = r"(?P<day>\d{4}-\d{2}-\d{2})"

Row = dict[str, Any]


class Person(BaseModel):
    """A record."""

    name: str | None
    town: str | None
    street: str | None = None
    amount: float | None = None
    day: str | None = None


class Line(BaseModel):
    """What was ordered."""

    what: str | None
    price: float | None


class Order(BaseModel):
    """A record that holds records."""

    number: str | None
    lines: list[Line]


class People(BaseModel):
    """A target with a list."""

    title: str | None
    people: list[Person]


class Orders(BaseModel):
    """A target with a list in a list."""

    title: str | None
    orders: list[Order]


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """How records are printed, and how to see them."""

    name: str
    written: Callable[[int, Row], str | list[str]]  # text of a record, or the cells of its row
    pattern: str  # of a record in a text
    beside: int = 1  # records in one line

    def document(self, rows: list[Row]) -> Document:
        """The document with a title, a sentence, the records, a total and a farewell."""
        builder = DocumentBuilder(
            Source(path="l.txt", blob="l.txt", sha256="", size=0, name="l.txt"),
            kind="html" if self.name.startswith("table") else "text",
        )
        builder.block("List of the people", BlockKind.HEADING, level=1)
        builder.block("Everyone who is named below was told so by letter.")
        texts = [self.written(i, row) for i, row in enumerate(rows, 1)]
        if isinstance(texts[0], list):
            builder.table([t for t in texts if isinstance(t, list)])
        else:
            self._lines(builder, [str(t) for t in texts])
        if "amount" in rows[0]:
            builder.block(f"Total {sum(r['amount'] for r in rows):,.2f}")
        builder.block("Please write to the office if anything is missing.")
        return builder.build()

    def _lines(self, builder: DocumentBuilder, texts: list[str]) -> None:
        for i in range(0, len(texts), self.beside):
            line = "      ".join(texts[i : i + self.beside])
            for block in [line.strip()] if line.endswith("\n") else line.split("\n"):
                builder.block(block)

    def seen(self, text: str) -> list[Row]:
        """The records in a text."""
        found = re.finditer(self.pattern, text, re.MULTILINE)
        return [{k: float(v.replace(",", "")) if k == "amount" else v for k, v in m.groupdict().items()} for m in found]


def _bullet(_: int, r: Row) -> str:
    return f"• {r['name']}, {r['town']}: {r['amount']:,.2f}\n  since {r['day']}"


def _numbered(i: int, r: Row) -> str:
    return f"{i}. {r['name']} of {r['town']} is owed\n   {r['amount']:,.2f} since {r['day']}"


def _paragraph(i: int, r: Row) -> str:
    return f"Claim {i}. {r['name']} lives in {r['town']} and says that\nsince {r['day']} the sum of {r['amount']:,.2f} is due.\n"


def _labels(_: int, r: Row) -> str:
    return f"Name: {r['name']}\nTown: {r['town']}\nSince: {r['day']}\nAmount: {r['amount']:,.2f}\n"


def _tight(_: int, r: Row) -> str:
    return _labels(0, r).rstrip("\n")


def _prose(_: int, r: Row) -> str:
    return f"{r['name']} of {r['town']} is owed {r['amount']:,.2f} since {r['day']}."


def _address(_: int, r: Row) -> str:
    return f"{r['name']}\n{r['street']}\n{r['town']}\n"


def _half(_: int, r: Row) -> str:
    return f"{r['name']:<18}{r['town']:<8}{r['amount']:>9,.2f}  {r['day']}"


def _first_empty(_: int, r: Row) -> list[str]:
    return ["", r["name"], r["town"], f"{r['amount']:,.2f}", r["day"]]


def _words(_: int, r: Row) -> list[str]:
    return [r["name"], r["street"], r["town"]]


def _piled(_: int, r: Row) -> list[str]:
    return ["", f"{r['name']}\n{r['street']}\n{r['town']}", f"{r['amount']:,.2f}"]


STREET = rf"(?P<street>\d+ (?:{'|'.join(STREETS)}))"
STRUCTURES = (
    Structure(name="bullets", written=_bullet, pattern=rf"^• {NAME}, {TOWN}: {SUM}\s+since {DAY}"),
    Structure(name="numbered", written=_numbered, pattern=rf"^\d+\. {NAME} of {TOWN} is owed\s+{SUM} since {DAY}"),
    Structure(
        name="paragraphs",
        written=_paragraph,
        pattern=rf"^Claim \d+\. {NAME} lives in {TOWN} and says that\s+since {DAY} the sum of {SUM}",
    ),
    Structure(name="labels", written=_labels, pattern=rf"^Name: {NAME}\s+Town: {TOWN}\s+Since: {DAY}\s+Amount: {SUM}"),
    Structure(name="tight", written=_tight, pattern=rf"^Name: {NAME}\s+Town: {TOWN}\s+Since: {DAY}\s+Amount: {SUM}"),
    Structure(name="prose", written=_prose, pattern=rf"^{NAME} of {TOWN} is owed {SUM} since {DAY}"),
    Structure(name="addresses", written=_address, pattern=rf"^{NAME}\n{STREET}\n{TOWN}$"),
    Structure(name="side by side", written=_half, pattern=rf"{NAME} +{TOWN} +{SUM}  {DAY}", beside=2),
    Structure(name="table, first column empty", written=_first_empty, pattern=rf"^\t?{NAME}\t{TOWN}\t{SUM}\t{DAY}$"),
    Structure(name="table of words", written=_words, pattern=rf"^{NAME}\t{STREET}\t{TOWN}$"),
    Structure(name="table, addresses in cells", written=_piled, pattern=rf"^\t?{NAME}\s{STREET}\s{TOWN}\t{SUM}$"),
)


def rows_of(count: int, seed: int) -> list[Row]:
    """Records, no two alike."""
    chance = Random(seed)
    found: dict[tuple[str, str, str], Row] = {}
    while len(found) < count:
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        street = f"{chance.randint(1, 99)} {chance.choice(STREETS)}"
        row = {
            "name": name,
            "town": chance.choice(TOWNS),
            "street": street,
            "amount": chance.randint(100, 999_999) / 100,
            "day": f"20{chance.randint(10, 24)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        }
        found.setdefault((name, str(row["town"]), street), row)
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Answers from the PART of a prompt."""

    structure: Structure
    most: int = 10**6  # records of an answer, after which it says that it is done
    careless: float = 0.0  # of the records left out, drawn anew at each ask
    blind: frozenset[str] = frozenset()  # names of those that it never tells

    def __call__(self, question: Question) -> dict[str, Any]:
        """See Script."""
        whole = "\n".join(m.content for m in question.messages)
        rows = self.structure.seen(part_in(whole))
        chance = Random(sha256(f"{whole}|{question.sample}".encode()).hexdigest())
        told = [r for r in rows if chance.random() >= self.careless and marked(r) not in self.blind]
        return {"title": None, "people": [{**BLANK, **r} for r in told[: self.most]]}


def marked(row: Row) -> str:
    """What tells a record from all others."""
    amount = row.get("amount")
    return f"{row['name']}|{row.get('street') or (amount and float(amount))}"


def blind_to(rows: Iterable[Row], structure: Structure, every: int) -> frozenset[str]:
    """Marks of every so many records, as the structure prints them."""
    shown = structure.seen("\n".join(_flat(structure.written(i, r)) for i, r in enumerate(rows, 1)))
    return frozenset(marked(r) for r in shown[every // 2 :: every])


def _flat(written: str | list[str]) -> str:
    return written if isinstance(written, str) else "\t".join(written)
