"""Registers of shares: long addresses, sections with sub-totals, the same holder in many folios."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.simulation.generator.nouns import Column, Fact, Item, Note, Row, Story, Total, Value
from tests.simulation.generator.targets import Register
from tests.simulation.generator.words import NOTICES, PAYEES, address, person

CLASSES = ("Ordinary A", "Ordinary B", "Preference")


class RegisterKind:
    """A register."""

    name = "register"
    rows = "holdings"
    model = Register
    wrapped, key, optional = "address", "folio", ""
    columns = (
        Column(name="folio", kind="code", titles=("Folio", "No.", "Blatt"), width=8, pattern=r"F\d{5}"),
        Column(name="holder", kind="text", titles=("Holder", "Member", "Inhaber"), width=26),
        Column(name="address", kind="text", titles=("Address", "Residence", "Anschrift"), width=0),
        Column(name="entered", kind="date", titles=("Entered", "Date of entry", "Eingetragen"), width=17),
        Column(name="shares", kind="count", titles=("Shares", "Number", "Stück"), width=9),
        Column(
            name="share_class", kind="choice", titles=("Class", "Kind", "Gattung"), width=10, pattern="|".join(CLASSES)
        ),
    )
    facts = (
        Fact(name="company", kind="text", labels=("Company", "Register of", "Gesellschaft")),
        Fact(name="company_number", kind="text", labels=("Company number", "Company no.", "Registernummer")),
        Fact(name="secretary", kind="text", labels=("Secretary", "Company secretary", "Schriftführer")),
        Fact(name="register_date", kind="date", labels=("Printed for", "As at", "Stand vom")),
        Fact(
            name="total_shares",
            kind="count",
            labels=("Number of all shares", "Shares in issue", "Aktien insgesamt"),
            last=True,
        ),
    )
    prose = (
        "Folio {folio} stands in the name of {holder} of {address}, entered on {entered} with {shares} shares"
        " of class {share_class}."
    )

    def draw(self, random: Random, rows: int) -> Story:
        """See Kind."""
        items: list[Item] = []
        total = group = section = 0
        day = date(random.randrange(1990, 2015), 1, 1)
        for index in range(rows):
            if not index or random.random() < 1 / 50:
                items += [_group(section, group)] if index else []
                section, group = section + 1, 0
                items.append(Note(f"Section {section}"))
            drawn = _entry(random, index, day + timedelta(days=random.randrange(3_000)))
            more = drawn["shares"]
            assert isinstance(more, int)
            total, group = total + more, group + more
            items.append(Row(index, drawn, {"shares": total}))
            if random.random() < 1 / 140:
                items.append(Note(random.choice(NOTICES)))
        items.append(_group(section, group))
        facts: dict[str, Value] = {
            "company": random.choice(PAYEES),
            "company_number": f"{random.randrange(10**7, 10**8)}",
        }
        facts |= {"secretary": person(random), "register_date": day + timedelta(days=3_100), "total_shares": total}
        corrected: dict[str, Value] = {"secretary": person(random)}
        return Story(title="REGISTER OF MEMBERS", facts=facts, items=items, corrected=corrected)


def _entry(random: Random, index: int, day: date) -> dict[str, Value]:
    return {
        "folio": f"F{index + 1:05}",
        "holder": random.choice(PAYEES) if random.random() < 0.2 else person(random),
        "address": address(random),
        "entered": day,
        "shares": random.randrange(1, 40_000),
        "share_class": random.choice(CLASSES),
    }


def _group(section: int, total: int) -> Total:
    return Total({"holder": "Sub-total", "address": f"section {section}", "shares": total})
