"""Score how likely a document begins at a gap, by a logistic regression over the gap's signals.

`bench/packets_fit.py` writes the weights to `weights.toml`. They are fitted on the tuning half of a corpus, and
regularised towards weights set by hand (its table `prior`): a signal that is rare in the corpus keeps its prior.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from thresher.service.splitting.boundary_signals import Signals

SIGNALS_IN_REASON = 3  # signals named in a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Weights of the signals, and thresholds of the score."""

    bias: float
    weights: dict[str, float]
    sure: float  # score from which one gap alone is enough to split a file
    cut: float  # score from which a gap is a boundary, in a file with a sure gap
    asked_from: float  # score from which a gap that is not sure is put to a model

    def score(self, signals: Signals) -> float:
        """Return the probability that a document begins at the gap, 0 to 1."""
        logit = self.bias + sum(self.weights.get(name, 0.0) * value for name, value in signals.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def reason(self, signals: Signals, *, begins: bool) -> str:
        """Return the names of the signals that count most for a boundary (`begins`), or against one."""
        sign = 1 if begins else -1
        shares = sorted(((sign * self.weights.get(n, 0.0) * v, n) for n, v in signals.items()), reverse=True)
        return ", ".join(name.replace("_", " ") for share, name in shares[:SIGNALS_IN_REASON] if share > 0)


@cache
def load_scorer() -> Scorer:
    """Load the weights shipped with the package."""
    body = tomllib.loads(resources.files(__package__).joinpath("weights.toml").read_text("utf-8"))
    return Scorer(bias=body["bias"], weights=body["weights"], **body["thresholds"])
