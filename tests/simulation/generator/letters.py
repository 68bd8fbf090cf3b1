"""Mails of a thread and utterances of a transcript, as lines."""

from __future__ import annotations

from random import Random

from tests.simulation.generator.lines import Setter, wrapped
from tests.simulation.generator.nouns import Row
from tests.simulation.generator.words import BODIES, PAYEES, SIGNATURE, person

LINE = 72  # characters a line


def utterance_lines(setter: Setter, row: Row) -> list[str]:
    """The time, where the layout has it, the speaker, and the words."""
    shown = setter.shown(row.values)
    time = shown.get("time", "")
    stamp = "" if not time else f"[{time}] " if setter.layout.order % 3 else f"{time}  "
    return wrapped(f"{stamp}{shown['speaker']}: {shown['words']}", LINE)


def letter_lines(setter: Setter, row: Row, seed: int) -> list[str]:
    """A mail with its head, its words, and by chance what it quotes and a signature."""
    random = Random(f"letter {seed} {row.index}")
    shown = setter.shown(row.values)
    sender = shown["sender"]
    body = random.choice(BODIES).format(code=shown["order"], money=shown["amount"])
    lines = [f"From: {sender} <{sender.lower().replace(' ', '.')}@example.org>", f"Sent: {shown['sent']}"]
    lines += [f"To: {random.choice(PAYEES)}", f"Subject: {shown['subject']}", "", "Dear all,"]
    lines += [*wrapped(body, LINE), "Kind regards", sender]
    if random.random() < 0.3:
        lines.append(random.choice(SIGNATURE))
    return [*lines, *_quoted(random, shown)]


def _quoted(random: Random, shown: dict[str, str]) -> list[str]:
    """An earlier mail, quoted."""
    if random.random() < 0.5:
        return []
    body = random.choice(BODIES).format(code=f"PO-{random.randrange(10**4, 10**5)}", money=shown["amount"])
    lines = [f"On {shown['sent']} {person(random)} wrote:", *wrapped(body, LINE - 2)]
    return [f"> {line}" for line in lines]
