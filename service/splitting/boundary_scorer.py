"""The scorer: how sure it is that a document begins at a gap, as a logistic regression over the gap's signals.

The weights stand in `weights.toml`, where `bench/packets_fit.py` writes them: made from the tuning half of a corpus, and
drawn towards what a person would say (its table `prior`), as a signal that the corpus hardly shows keeps its prior.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from thresher.service.splitting.boundary_signals import Signals

REASONS = 3  # signals that a reason names


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Weights of signals, and where sure begins."""

    bias: float
    weights: dict[str, float]
    sure: float  # score from which one gap alone makes a file a packet
    cut: float  # score from which a gap of a packet is a boundary
    asked_from: float  # scores from here on, and not sure, are put to a model

    def score(self, signals: Signals) -> float:
        """How likely a document begins there, 0 to 1."""
        logit = self.bias + sum(self.weights.get(name, 0.0) * value for name, value in signals.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def reason(self, signals: Signals, *, begins: bool) -> str:
        """The signals that speak most for a boundary, or against one."""
        sign = 1 if begins else -1
        shares = sorted(((sign * self.weights.get(n, 0.0) * v, n) for n, v in signals.items()), reverse=True)
        return ", ".join(name.replace("_", " ") for share, name in shares[:REASONS] if share > 0)


@cache
def load_scorer() -> Scorer:
    """The shipped one."""
    body = tomllib.loads(resources.files(__package__).joinpath("weights.toml").read_text("utf-8"))
    return Scorer(bias=body["bias"], weights=body["weights"], **body["thresholds"])
