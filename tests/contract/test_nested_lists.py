"""Lists in lists: orders with their lines, over window borders, with lines left out."""

from __future__ import annotations

import re
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

from tests.simulation.reader.frames import part_in
from thresher.schemas.document import BlockKind, Document, DocumentBuilder
from thresher.schemas.policy import Policy
from thresher.schemas.question import Question
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import scripted
from thresher.service.pipeline import process
from thresher.service.targets.loading import target_from_model

GOODS = ("Pen", "Ruler", "Stapler", "Notebook", "Lamp", "Chair", "Desk")
HEAD = re.compile(r"^Order (\d+) of \S+ for \w+$")
LINE = re.compile(r"^ *(\w+ \d+)  (\d+)  ([\d.]+)$")

Truth = list[tuple[str, list[tuple[str, float]]]]


class Line(BaseModel):
    """What was ordered."""

    what: str | None
    quantity: int | None
    price: float | None


class Order(BaseModel):
    """A record that holds records."""

    number: str | None
    lines: list[Line]


class Orders(BaseModel):
    """A target with a list in a list."""

    buyer: str | None
    orders: list[Order]


TARGET = target_from_model(Orders)


def document_of(orders: int, lines: int, seed: int) -> tuple[Document, Truth]:
    """Orders of about so many lines each, and the truth."""
    chance = Random(seed)
    builder = DocumentBuilder(Source(path="o.txt", blob="o", sha256="", size=0, name="o.txt"), kind="text")
    builder.block("Orders of the year", BlockKind.HEADING, level=1)
    truth: Truth = []
    for number in range(4711, 4711 + orders):
        builder.block(f"Order {number} of 2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} for Keane")
        truth.append((str(number), []))
        for n in range(chance.randint(max(1, lines - 2), lines + 2)):
            what, price = f"{chance.choice(GOODS)} {n + 1}", chance.randint(100, 9999) / 100
            builder.block(f"  {what}  {chance.randint(1, 9)}  {price:.2f}")
            truth[-1][1].append((what, price))
        builder.block(f"  Total  {sum(p for _, p in truth[-1][1]):.2f}")
    return builder.build(), truth


def seen(text: str) -> list[dict[str, Any]]:
    """The orders in a text; lines before the first head are of an order without a number."""
    orders: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if head := HEAD.match(line):
            orders.append({"number": head[1], "lines": []})
        elif found := LINE.match(line):
            if not orders:
                orders.append({"number": None, "lines": []})
            orders[-1]["lines"].append({"what": found[1], "quantity": int(found[2]), "price": float(found[3])})
    return orders


async def run(document: Document, careless: float = 0.0, blind: frozenset[float] = frozenset()) -> Result[Any]:
    """The Result, read by a reader that leaves lines out: some at each ask anew, some always, told by their prices."""

    def say(question: Question) -> dict[str, Any]:
        whole = "\n".join(m.content for m in question.messages)
        orders = seen(part_in(whole))
        chance = Random(sha256(f"{whole}|{question.sample}".encode()).hexdigest())
        for order in orders:
            order["lines"] = [x for x in order["lines"] if chance.random() >= careless and x["price"] not in blind]
        return {"buyer": None, "orders": orders}

    return await process(engine_of(scripted(say), TARGET, Policy()), [document])


def found(result: Result[Any]) -> Truth:
    """What was found, in the shape of the truth."""
    return [(str(o["number"]), [(x["what"], x["price"]) for x in o["lines"]]) for o in result.values.get("orders", [])]


@pytest.mark.parametrize(("orders", "lines"), [(40, 5), (12, 30), (60, 1), (3, 60), (1, 250)])
async def test_orders_keep_their_lines_over_window_borders(orders: int, lines: int) -> None:
    """Every order once, with all its lines in order, wherever windows end."""
    document, truth = document_of(orders, lines, seed=1)
    result = await run(document)
    assert found(result) == truth
    assert [u.text for u in result.coverage.unclaimed] == []
    assert result.status == "complete"


async def test_lines_left_out_come_back_to_their_order() -> None:
    """Asked for again, a line returns to the order that it is of."""
    document, truth = document_of(40, 5, seed=2)
    result = await run(document, careless=0.03)
    assert found(result) == truth


async def test_lines_that_are_never_told_are_named() -> None:
    """By their own text."""
    document, truth = document_of(40, 5, seed=3)
    blind = frozenset(price for _, lines in truth[::4] for _, price in lines[1:2])
    result = await run(document, blind=blind)
    named = {x["price"] for u in result.coverage.unclaimed for o in seen(u.text) for x in o["lines"]}
    assert blind <= named
    assert len(result.coverage.unclaimed) <= len(blind) * 1.1
    assert result.status == "partial"
