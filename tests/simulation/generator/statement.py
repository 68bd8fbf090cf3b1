"""Statements of an account: bookings with a running balance, totals of each month, equal bookings on one day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.simulation.generator.nouns import Column, Fact, Item, Note, Row, Story, Total, Value
from tests.simulation.generator.targets import Statement
from tests.simulation.generator.words import NOTICES, PAYEES, PURPOSES, person

CENT = Decimal("0.01")
BANKS = ("Harbour Savings Bank", "Bank of the Three Rivers", "First Meadow Bank")


class StatementKind:
    """A statement."""

    name = "statement"
    rows = "bookings"
    model = Statement
    wrapped, key, optional = "description", "booked", "balance"
    columns = (
        Column(name="booked", kind="date", titles=("Date", "Booked", "Datum"), width=17),
        Column(name="reference", kind="code", titles=("Reference", "Ref.", "Beleg"), width=10, pattern=r"T\d{7}"),
        Column(name="description", kind="text", titles=("Description", "Details", "Buchungstext"), width=0),
        Column(name="amount", kind="signed", titles=("Amount", "Debit/Credit", "Betrag"), width=15),
        Column(name="balance", kind="money", titles=("Balance", "Running balance", "Saldo"), width=14),
    )
    facts = (
        Fact(name="bank", kind="text", labels=("Bank", "Issued by", "Institut")),
        Fact(name="holder", kind="text", labels=("Account holder", "Holder", "Kontoinhaber")),
        Fact(name="account", kind="text", labels=("Account number", "Account no.", "Kontonummer")),
        Fact(name="period_start", kind="date", labels=("Period from", "First day", "Zeitraum von")),
        Fact(name="period_end", kind="date", labels=("Period to", "Last day", "Zeitraum bis")),
        Fact(name="opening_balance", kind="money", labels=("Opening balance", "Old balance", "Anfangssaldo")),
        Fact(name="closing_balance", kind="money", labels=("Closing balance", "New balance", "Endsaldo"), last=True),
    )
    prose = "On {booked} {amount} was booked for {description}{reference: under reference }{balance:; the balance then stood at }."

    def draw(self, random: Random, rows: int) -> Story:
        """See Kind."""
        balance = opening = Decimal(random.randrange(40_000_00, 90_000_00) + 1_000_00 * rows) * CENT
        start = day = date(random.randrange(2019, 2025), random.randrange(1, 13), 1)
        items: list[Item] = []
        month = Decimal(0)
        drawn: dict[str, Value] = {}
        for index in range(rows):
            after = day + timedelta(days=random.random() < 0.03)
            if after.month != day.month:
                items.append(_month(day, month))
                month = Decimal(0)
            day = after
            drawn = _booking(random, drawn, day)
            amount = drawn["amount"]
            assert isinstance(amount, Decimal)
            balance, month = balance + amount, month + amount
            items.append(Row(index, {**drawn, "balance": balance}, {"amount": balance - opening, "balance": balance}))
            if random.random() < 1 / 140:
                items.append(Note(random.choice(NOTICES)))
        items.append(_month(day, month))
        facts: dict[str, Value] = {"bank": random.choice(BANKS), "holder": person(random)}
        facts |= {"account": f"{random.randrange(10**9, 10**10)}", "period_start": start, "period_end": day}
        facts |= {"opening_balance": opening, "closing_balance": balance}
        return Story(title="STATEMENT OF ACCOUNT", facts=facts, items=items, corrected={"holder": person(random)})


def _booking(random: Random, before: dict[str, Value], day: date) -> dict[str, Value]:
    """A booking, now and then the same as the one before it."""
    if before and before["reference"] is None and random.random() < 0.5:
        return {**before, "booked": day}
    amount = Decimal(random.randrange(100, 400_000)) * CENT * (1 if random.random() < 0.3 else -1)
    purpose = random.choice(PURPOSES).format(n=random.randrange(10_000, 99_999))
    return {
        "booked": day,
        "reference": None if random.random() < 0.06 else f"T{random.randrange(10**6, 10**7)}",
        "description": f"{random.choice(PAYEES)} {purpose}",
        "amount": amount,
    }


def _month(day: date, total: Decimal) -> Total:
    return Total({"booked": day, "description": f"Total for {day:%B %Y}", "amount": total})
