"""Faults: what the simulated reader does wrong, each by name, each drawn by (seed, prompt, number of the ask).

The cliff is the one that AWS published for record lists read in one call: rows found are 1.000 at 800 rows, 0.199 at
1,200, 0.088 at 1,600 and 0.009 at 3,200, with a finish reason of "stop". Between these it is interpolated; beyond,
the number of rows found stays the same.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Literal

CLIFF = ((0, 1.0), (800, 1.0), (1_200, 0.199), (1_600, 0.088), (3_200, 0.009))
HIDDEN = (100, 1_000)  # where a hidden cliff may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Shares are of 1: of rows, of answers, or of asks."""

    cliff: Literal["none", "published", "hidden"] = "none"  # rows past an answer's length are left out
    cap: int = 0  # most tokens of an answer; 0: what the request says
    window: int = 0  # most tokens of prompt and answer; 0: any
    omitted: float = 0.0  # of rows, drawn anew at each ask
    repeated: float = 0.0  # of rows, told twice
    invented: float = 0.0  # of rows, made up beside the true ones
    shuffled: float = 0.0  # of answers, rows out of order
    neighbours: float = 0.0  # of answers, rows of the shown context told too
    malformed: float = 0.0  # of answers, no JSON
    busy: float = 0.0  # of asks, 429 with Retry-After
    retry_after: float = 1.0  # seconds
    broken: float = 0.0  # of asks, 500
    stalled: float = 0.0  # of asks, answered late
    stall: float = 30.0  # seconds late


PERFECT = Faults()
NAMED: dict[str, Faults] = {
    "perfect": PERFECT,
    "cliff": Faults(cliff="published"),
    "cap": Faults(cap=16_000),
    "cliff+cap": Faults(cliff="published", cap=16_000),
    "hidden": Faults(cliff="hidden"),
    "hidden+cap": Faults(cliff="hidden", cap=16_000),
    "omitted": Faults(omitted=0.05),
    "repeated": Faults(repeated=0.02),
    "invented": Faults(invented=0.02),
    "shuffled": Faults(shuffled=0.1),
    "neighbours": Faults(neighbours=0.1),
    "malformed": Faults(malformed=0.02),
    "busy": Faults(busy=0.05),
    "broken": Faults(broken=0.01),
    "stalled": Faults(stalled=0.02),
    "transport": Faults(cap=16_000, malformed=0.02, busy=0.05, broken=0.01),
    "storm": Faults(cap=16_000, malformed=0.03, busy=0.05, broken=0.03, stalled=0.01, stall=20.0),
    "noisy": Faults(cliff="published", cap=16_000, omitted=0.05, malformed=0.02, busy=0.05, broken=0.01),
}
"""Settings by name, as benches take them."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Chance for one ask: each fault has its own, so that switching one on changes no other."""

    seed: int
    prompt: str  # hash
    ask: int  # how often this prompt was asked before

    def of(self, fault: str) -> Random:
        """Random numbers for a fault."""
        return Random(f"{self.seed}|{self.prompt}|{self.ask}|{fault}")

    def hits(self, fault: str, share: float) -> bool:
        """Whether a fault strikes."""
        return share > 0 and self.of(fault).random() < share


def prompt_hash(text: str) -> str:
    """What stands for a prompt in a draw."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cliff_at(faults: Faults, seed: int) -> int | None:
    """Rows up to which an answer is whole; None where there is no cliff."""
    if faults.cliff == "none":
        return None
    return CLIFF[1][0] if faults.cliff == "published" else Random(f"cliff {seed}").randint(*HIDDEN)


def share_found(rows: int, cliff: int) -> float:
    """Share of rows that an answer of so many holds.

    >>> [round(share_found(n, 800), 3) for n in (100, 800, 1000, 1200, 1600, 3200, 6400)]
    [1.0, 1.0, 0.599, 0.199, 0.088, 0.009, 0.004]
    """
    scaled = rows * CLIFF[1][0] / cliff
    if scaled >= CLIFF[-1][0]:
        return CLIFF[-1][1] * CLIFF[-1][0] / scaled
    i = bisect_right(CLIFF, (scaled, 2.0))
    (x0, y0), (x1, y1) = CLIFF[i - 1], CLIFF[i]
    return y0 + (y1 - y0) * (scaled - x0) / (x1 - x0)
