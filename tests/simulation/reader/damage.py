"""Damage: the faults done to the rows of an answer, and to its JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from tests.simulation.reader.faults import Draw, Faults, cliff_at, share_found
from tests.simulation.reader.records import Record, Scalar


def damaged(records: list[Record], beside: list[Record], faults: Faults, draw: Draw) -> list[Record]:
    """The rows of an answer after all faults; `beside` are those of the context that was shown."""
    if beside and draw.hits("neighbours", faults.neighbours):
        records = [*beside, *records]
    records = _over_the_cliff(records, faults, draw)
    if faults.omitted:
        chance = draw.of("omitted")
        records = [r for r in records if chance.random() >= faults.omitted]
    records = _added(records, faults.repeated, draw.of("repeated"), lambda r, _: r)
    records = _added(records, faults.invented, draw.of("invented"), _invented)
    return _shuffled(records, draw.of("order")) if draw.hits("shuffled", faults.shuffled) else records


def _over_the_cliff(records: list[Record], faults: Faults, draw: Draw) -> list[Record]:
    """Past the cliff an answer ends early, or leaves out rows all over, one as often as the other."""
    cliff = cliff_at(faults, draw.seed)
    if cliff is None or len(records) <= cliff:
        return records
    kept = round(len(records) * share_found(len(records), cliff))
    chance = draw.of("cliff")
    if chance.random() < 0.5:
        return records[:kept]
    return [records[i] for i in sorted(chance.sample(range(len(records)), kept))]


def _added(
    records: list[Record], share: float, chance: Random, made: Callable[[Record, Random], Record]
) -> list[Record]:
    if not share:
        return records
    return [x for r in records for x in ([r, made(r, chance)] if chance.random() < share else [r])]


def _invented(record: Record, chance: Random) -> Record:
    """A record like another one, with figures, days and codes that stand nowhere."""
    return replace(record, values={n: _other(v, chance) for n, v in record.values.items()})


def _other(value: Scalar, chance: Random) -> Scalar:
    if isinstance(value, float):
        return round(value + chance.randrange(1_000, 900_000) / 100, 2)
    if isinstance(value, int):
        return value + chance.randrange(1, 500)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return (date.fromisoformat(value) + timedelta(days=chance.randrange(1, 300))).isoformat()
    return re.sub(r"\d", lambda _: str(chance.randrange(10)), value) if isinstance(value, str) else value


def _shuffled(records: list[Record], chance: Random) -> list[Record]:
    """Two parts of the rows change places."""
    if len(records) < 2:
        return records
    cut = chance.randrange(1, len(records))
    return [*records[cut:], *records[:cut]]


def malformed(text: str, chance: Random) -> str:
    """No JSON any more: one of five things that models write instead."""
    return chance.choice(MALFORMED)(text)


def trailing_comma(text: str) -> str:
    """A comma before the last bracket."""
    return text[:-1] + "," + text[-1:]


def unquoted(text: str) -> str:
    """Keys without quotes."""
    return re.sub(r'"(\w+)":', r"\1:", text)


def single_quoted(text: str) -> str:
    """Quotes of the wrong kind round keys."""
    return re.sub(r'"(\w+)":', r"'\1':", text)


def talked(text: str) -> str:
    """Talk and a fence round it, and a remark inside."""
    return f"Sure, here is the JSON you asked for:\n```json\n{text[:1]} // as requested\n{text[1:]}\n```\nLet me know!"


def truncated(text: str) -> str:
    """The end is missing, though the finish reason says that it is all."""
    return text[: max(1, int(len(text) * 0.9))]


MALFORMED = (trailing_comma, unquoted, single_quoted, talked, truncated)
