"""Lists of claims: branches with sub-totals, claims that stand in the list twice because they were reopened."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.simulation.generator.nouns import Column, Fact, Item, Note, Row, Story, Total, Value
from tests.simulation.generator.targets import ClaimsList
from tests.simulation.generator.words import AFTER, CAUSES, CITIES, NOTICES, OBJECTS, PAYEES, person

CENT = Decimal("0.01")
STATUS = ("Open", "Closed", "Reopened", "Denied")


class ClaimsKind:
    """A list of claims."""

    name = "claims"
    rows = "claims"
    model = ClaimsList
    wrapped, key, optional = "cause", "claim", ""
    columns = (
        Column(
            name="claim", kind="code", titles=("Claim", "Claim no.", "Schaden-Nr."), width=13, pattern=r"C\d{2}-\d{6}"
        ),
        Column(name="claimant", kind="text", titles=("Claimant", "Name", "Anspruchsteller"), width=17),
        Column(name="cause", kind="text", titles=("Cause", "Particulars", "Hergang"), width=0),
        Column(name="loss_date", kind="date", titles=("Loss", "Date of loss", "Schadentag"), width=17),
        Column(name="status", kind="choice", titles=("Status", "State", "Stand"), width=8, pattern="|".join(STATUS)),
        Column(name="paid", kind="money", titles=("Paid", "Paid to date", "Gezahlt"), width=12),
        Column(name="reserve", kind="money", titles=("Reserve", "Held back", "Rückstellung"), width=12),
    )
    facts = (
        Fact(name="insurer", kind="text", labels=("Insurer", "Issued by", "Versicherer")),
        Fact(name="policyholder", kind="text", labels=("Policyholder", "Insured", "Versicherungsnehmer")),
        Fact(name="policy", kind="text", labels=("Policy number", "Policy no.", "Vertrag")),
        Fact(name="as_of", kind="date", labels=("As of", "Made on", "Stichtag")),
        Fact(
            name="total_paid",
            kind="money",
            labels=("Paid on all claims", "Sum of payments", "Gezahlt insgesamt"),
            last=True,
        ),
    )
    prose = (
        "Claim {claim} of {claimant} concerns {cause}, a loss of {loss_date}; it is {status}, with {paid} paid"
        " and {reserve} reserved."
    )

    def draw(self, random: Random, rows: int) -> Story:
        """See Kind."""
        items: list[Item] = []
        paid = group = Decimal(0)
        day = date(random.randrange(2018, 2023), 1, 1)
        drawn: dict[str, Value] = {}
        branch = random.choice(CITIES)
        for index in range(rows):
            if not index or random.random() < 1 / 60:
                items += [_group(branch, group)] if index else []
                branch, group = random.choice(CITIES), Decimal(0)
                items.append(Note(f"Branch {branch}"))
            again = bool(drawn) and random.random() < 0.01
            drawn = drawn if again else _claim(random, day + timedelta(days=random.randrange(900)))
            more = drawn["paid"]
            assert isinstance(more, Decimal)
            paid, group = paid + more, group + more
            items.append(Row(index, drawn, {"paid": paid}))
            if random.random() < 1 / 140:
                items.append(Note(random.choice(NOTICES)))
        items.append(_group(branch, group))
        facts: dict[str, Value] = {"insurer": "Kestrel Insurance plc", "policyholder": random.choice(PAYEES)}
        facts |= {
            "policy": f"P-{random.randrange(10**6, 10**7)}",
            "as_of": day + timedelta(days=1_000),
            "total_paid": paid,
        }
        corrected: dict[str, Value] = {"policy": f"P-{random.randrange(10**6, 10**7)}"}
        return Story(title="LIST OF CLAIMS", facts=facts, items=items, corrected=corrected)


def _claim(random: Random, day: date) -> dict[str, Value]:
    cause = f"{random.choice(CAUSES)} to the {random.choice(OBJECTS)} {random.choice(AFTER)}".strip()
    return {
        "claim": f"C{day:%y}-{random.randrange(10**5, 10**6)}",
        "claimant": person(random),
        "cause": cause,
        "loss_date": day,
        "status": random.choice(STATUS),
        "paid": Decimal(random.randrange(0, 900_000)) * CENT,
        "reserve": Decimal(random.randrange(0, 900_000)) * CENT,
    }


def _group(branch: str, total: Decimal) -> Total:
    return Total({"claimant": "Sub-total", "cause": f"branch {branch}", "paid": total, "reserve": total})
