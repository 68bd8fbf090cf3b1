"""The words that documents are made of. All names are invented."""

from __future__ import annotations

import re
from random import Random

PAYEES = (
    "Northwind Traders Ltd",
    "Alder & Finch Bakery",
    "Total Fitness Club",
    "Harbour Water Works",
    "City Tramways",
    "Blue Kettle Cafe",
    "Meridian Telecom",
    "Kestrel Insurance plc",
    "Lindqvist Elektro GmbH",
    "Page & Turner Books",
    "Old Mill Garden Centre",
    "Orchard Dental Practice",
    "Balance Yoga Studio",
    "Pemberton Estates",
    "Sunrise Energy Cooperative",
    "Quarry Street Pharmacy",
    "Forward Logistics Ltd",
    "Marlow Car Hire",
    "Tindall Office Supplies",
    "Green Valley Grocers",
    "Rivera Cleaning Services",
    "Castle Road Garage",
    "Brightside Nursery School",
    "Hollis Brothers Timber",
    "Date Palm Restaurant",
    "Summit Outdoor Gear",
)
PURPOSES = (
    "invoice {n}",
    "order {n}",
    "card payment",
    "standing order",
    "rent for the flat",
    "gas and water",
    "membership fee",
    "card payment",
    "direct debit mandate M{n}",
    "salary",
    "refund for order {n}",
    "standing order",
    "instalment on contract {n} as agreed by letter",
    "deposit for room hire and catering of the party",
    "spare parts and labour invoice {n}",
    "gas and water",
    "season ticket zone 3",
    "cash machine withdrawal",
    "premium policy K{n} house contents and liability",
)
FIRST = ("Ada", "Bruno", "Clara", "Dmitri", "Esme", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kavya", "Liam")
LAST = ("Abara", "Bergmann", "Castell", "Dunmore", "Eklund", "Farrow", "Gallo", "Hartley", "Ito", "Jansen", "Keane")
STREETS = ("Acacia", "Bishop", "Canal", "Dock", "Elm", "Foundry", "Glebe", "Hawthorn", "Iron Gate", "Jubilee")
WAYS = ("Street", "Road", "Lane", "Avenue", "Terrace")
CITIES = ("Leeds", "Bristol", "Cardiff", "Perth", "Norwich", "Exeter", "Dundee", "Lincoln")
CAUSES = ("Water damage", "Fire damage", "Theft", "Hail damage", "Collision", "Broken glass", "Storm damage")
OBJECTS = ("kitchen ceiling", "parked vehicle", "shop window", "garden shed", "warehouse stock", "roof and gutters")
AFTER = ("after a burst pipe", "during the night", "on the ring road", "reported by a neighbour", "under repair", "")
SAID = (
    "I do not recall the exact date.",
    "Yes.",
    "No.",
    "We met at the office and went through the delivery notes one by one.",
    "Who signed the order?",
    "It was signed by the manager, as far as I know.",
    "Please keep your voice up so that everyone can hear you.",
    "Did you see the letter before it was sent?",
    "The pallets were counted twice and the numbers did not agree.",
    "Objection, the question has been asked and answered.",
    "Overruled.",
    "I would like to show you exhibit {n}.",
    "That is my handwriting, but I did not write the last line.",
    "How long did the meeting take?",
    "About an hour, perhaps a little more.",
    "Thank you, nothing further.",
)
TOPICS = (
    "Delivery of the spare parts",
    "Order for the autumn stock",
    "Missing pallets",
    "Change of address",
    "Late shipment",
    "Quote for the new shelves",
)
BODIES = (
    "please book order {code} over {money} for us.",
    "we confirm order {code}; the sum is {money} as discussed.",
    "could you hurry order {code} along? {money} was paid last week.",
    "order {code} came in today, and the invoice over {money} is correct.",
)
SIGNATURE = (
    "This message is meant for the person it is addressed to and for nobody else.",
    "Think of the forest before you print this message.",
)
NOTICES = (
    "Please check all entries at once. Objections are to be raised within six weeks of receipt of this document.",
    "Fees change next year: a transfer by letter will then cost 2.50, and a copy of this document 1.20 for each page.",
    "We are here for you on weekdays from 9 to 17. Our office is closed on public holidays.",
    "Do not give your password to anyone who asks for it by telephone or by mail. We never do.",
)

_BROKEN = re.compile(r"[^\W\d_]+")


def person(random: Random) -> str:
    """A name."""
    return f"{random.choice(FIRST)} {random.choice(LAST)}"


def address(random: Random) -> str:
    """An address in one line."""
    way = f"{random.randrange(1, 240)} {random.choice(STREETS)} {random.choice(WAYS)}"
    flat = f"Flat {random.randrange(1, 30)}, " if random.random() < 0.25 else ""
    return f"{flat}{way}, {random.choice(CITIES)}"


def _bare(texts: tuple[str, ...]) -> set[str]:
    return {w.lower() for t in texts for w in _BROKEN.findall(re.sub(r"\{\w+\}", "", t))}


VOCABULARY = frozenset(
    _bare(PAYEES + PURPOSES + FIRST + LAST + STREETS + WAYS + CITIES + CAUSES + OBJECTS + AFTER)
    | {"to", "flat", "m", "k"}
)
"""Words of which the texts in columns consist, in lower case."""
