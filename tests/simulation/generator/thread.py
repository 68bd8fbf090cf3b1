"""Threads of mail, printed: each mail with its head, its words, what it quotes, and a signature that says nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.simulation.generator.nouns import Column, Fact, Item, Row, Story, Value
from tests.simulation.generator.targets import Thread
from tests.simulation.generator.words import PAYEES, TOPICS, person

CENT = Decimal("0.01")


class ThreadKind:
    """A thread."""

    name = "thread"
    rows = "letters"
    model = Thread
    wrapped, key, optional = "", "sender", ""
    columns = (
        Column(name="sender", kind="text", titles=("From",), width=0),
        Column(name="sent", kind="date", titles=("Sent",), width=0),
        Column(name="subject", kind="text", titles=("Subject",), width=0),
        Column(name="order", kind="code", titles=("Order",), width=0, pattern=r"PO-\d{5}"),
        Column(name="amount", kind="money", titles=("Sum",), width=0),
    )
    facts = (
        Fact(name="matter", kind="text", labels=("Matter", "In the matter of", "Sache")),
        Fact(name="printed_by", kind="text", labels=("Printed by", "Print-out by", "Ausgedruckt von")),
        Fact(name="printed_on", kind="date", labels=("Printed on", "Print-out of", "Ausgedruckt am")),
    )
    prose = ""

    def draw(self, random: Random, rows: int) -> Story:
        """See Kind."""
        day = date(random.randrange(2019, 2024), 1, 2)
        people = [person(random) for _ in range(4)]
        topic = random.choice(TOPICS)
        items: list[Item] = []
        for index in range(rows):
            day += timedelta(days=random.choice((0, 0, 1, 2)) if rows < 2_000 else random.random() < 0.2)
            topic = random.choice(TOPICS) if random.random() < 0.1 else topic
            items.append(Row(index, _letter(random, random.choice(people), day, topic)))
        facts: dict[str, Value] = {"matter": random.choice(PAYEES), "printed_by": person(random)}
        facts["printed_on"] = day + timedelta(days=30)
        return Story(title="PRINT-OUT OF MAIL", facts=facts, items=items, corrected={"printed_by": person(random)})


def _letter(random: Random, sender: str, day: date, topic: str) -> dict[str, Value]:
    return {
        "sender": sender,
        "sent": day,
        "subject": f"{random.choice(('RE: ', 'RE: ', 'FW: ', ''))}{topic}",
        "order": f"PO-{random.randrange(10**4, 10**5)}",
        "amount": Decimal(random.randrange(1_000, 900_000)) * CENT,
    }
