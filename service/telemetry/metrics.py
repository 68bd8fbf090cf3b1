"""Count events and write them in Prometheus' text format 0.0.4.

No label names a tenant, a document or a key, and every label has few values. Counters count what this process did since
it began, and Prometheus adds up the processes. What all processes share (dollars, tokens, use of the common budget) is
read from the database on request, and survives restarts.

Callers use `add`; the Metrics that the process keeps (a server's or a worker's) count it, or nothing does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from thresher.schemas.extraction import Attempt
from thresher.schemas.result import VERSION
from thresher.schemas.tenants.budget import Alert

BUCKETS = (0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)  # seconds
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTERS = {
    "thresher_requests_total": "Requests by method, route and status.",
    "thresher_uploaded_bytes_total": "Bytes of files that were taken in.",
    "thresher_uploaded_files_total": "Files that were taken in.",
    "thresher_jobs_submitted_total": "Jobs that were submitted.",
    "thresher_problems_total": "Requests that ended with a problem, by its code.",
    "thresher_webhooks_total": "Attempts to call a webhook, by outcome.",
    "thresher_documents_total": "Documents that were worked on, by outcome: done, failed, poisoned (failed, for it kills its process), again, or lost to another worker.",
    "thresher_stage_seconds_total": "Seconds that documents in hand spent, by stage, each for itself.",
    "thresher_calls_total": "Calls of models, by model and outcome: made, failed, or stored (not made: the answer was there).",
    "thresher_call_tokens_total": "Tokens of calls that were made, by model and kind; cached ones are prompt tokens too.",
    "thresher_call_dollars_total": "Dollars that calls that were made have cost, by model.",
    "thresher_call_seconds_total": "Seconds that calls that were made took, by model.",
    "thresher_limiter_wait_seconds_total": "Seconds that calls waited for a place or for a limit a minute, by model.",
    "thresher_budget_alerts_total": "Thresholds of budgets that were passed, by period and percent.",
}
OUTCOMES = ("done", "failed", "poisoned", "again", "lost")
BARE = (
    "thresher_jobs_submitted_total",
    "thresher_uploaded_bytes_total",
    "thresher_uploaded_files_total",
)  # of a server, without labels
GAUGES = {
    "thresher_documents_in_hand": "Documents in hand, those that wait for a place counted.",
    "thresher_documents_width": "Documents that may be worked on at once.",
}
SHARED = {
    "thresher_spent_dollars_total": ("counter", "Dollars that calls of all processes have cost, ever."),
    "thresher_spent_tokens_total": ("counter", "Tokens of prompts and answers of all processes, ever."),
    "thresher_budget_used_ratio": (
        "gauge",
        "How far the budget of all tenants together is used up, by period; 1 is all.",
    ),
    "thresher_build_info": ("gauge", "Always 1; the label is the version."),
    "process_start_time_seconds": ("gauge", "When the process began, in seconds since 1970."),
}
Labels = tuple[tuple[str, str], ...]
Shared = Mapping[tuple[str, Labels], float]


@dataclass(slots=True)
class Metrics:
    """Counts since the process began."""

    serves: bool = True  # whether it serves requests; a worker does not
    counts: Counter[tuple[str, Labels]] = field(default_factory=Counter)
    gauges: dict[str, Callable[[], float]] = field(default_factory=dict)  # by names of GAUGES; read on request
    seconds: Counter[float] = field(default_factory=Counter)  # requests by the smallest bucket that they fit
    sum: float = 0.0
    number: int = 0
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        """Set the counters without labels to 0."""
        self.counts.update({(name, ()): 0 for name in BARE if self.serves})

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Count something under a name of COUNTERS.

        >>> metrics = Metrics()
        >>> metrics.add("thresher_problems_total", code="too_large")
        >>> [line for line in metrics.text().splitlines() if line.startswith("thresher_problems")]
        ['thresher_problems_total{code="too_large"} 1']
        """
        self.counts[name, tuple(sorted(labels.items()))] += amount  # type: ignore[assignment]

    def works(self, in_hand: Callable[[], int], width: int) -> None:
        """Report this process as a worker: gauges of documents in hand, and a counter for each outcome."""
        self.gauges = {"thresher_documents_in_hand": in_hand, "thresher_documents_width": lambda: width}
        for outcome in OUTCOMES:
            self.add("thresher_documents_total", 0, outcome=outcome)

    def alerted(self, alert: Alert) -> None:
        """Count an alert."""
        self.add("thresher_budget_alerts_total", period=alert.period, threshold=str(alert.threshold))

    def took(self, seconds: float) -> None:
        """Count a request by its duration in seconds."""
        self.seconds[next((b for b in BUCKETS if seconds <= b), float("inf"))] += 1
        self.sum += seconds
        self.number += 1

    def text(self, shared: Shared | None = None) -> str:
        """Return all metrics as Prometheus reads them; `shared` holds values for names of SHARED."""
        lines: list[str] = []
        for name in sorted({name for name, _ in self.counts}):
            lines += _family(name, ("counter", COUNTERS[name]), self.counts)
        own = {("thresher_build_info", (("version", VERSION),)): 1.0, ("process_start_time_seconds", ()): self.began}
        known = {**own, **(shared or {})}
        for name in sorted({name for name, _ in known}):
            lines += _family(name, SHARED[name], known)
        for name, value in self.gauges.items():
            lines += _family(name, ("gauge", GAUGES[name]), {(name, ()): value()})
        return "\n".join([*lines, *(self._histogram() if self.serves else ())]) + "\n"

    def _histogram(self) -> list[str]:
        name, total = "thresher_request_duration_seconds", 0
        lines = [f"# HELP {name} How long requests took.", f"# TYPE {name} histogram"]
        for bucket in (*BUCKETS, float("inf")):
            total += self.seconds[bucket]
            lines.append(f'{name}_bucket{{le="{"+Inf" if bucket == float("inf") else bucket}"}} {total}')
        return [*lines, f"{name}_sum {self.sum:.6f}", f"{name}_count {self.number}"]


def _family(name: str, about: tuple[str, str], values: Mapping[tuple[str, Labels], float]) -> list[str]:
    kind, words = about
    lines = [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
    return lines + [f"{name}{_labels(ls)} {v:.15g}" for (n, ls), v in sorted(values.items()) if n == name]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = ((k, v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for k, v in labels)
    return "{" + ",".join(f'{k}="{v}"' for k, v in escaped) + "}"


_kept: list[Metrics] = []  # at most one


@contextmanager
def counting(metrics: Metrics) -> Iterator[None]:
    """Count the events of this process in some Metrics while the block lasts."""
    before, _kept[:] = list(_kept), [metrics]
    try:
        yield
    finally:
        _kept[:] = before


def add(name: str, amount: float = 1, **labels: str) -> None:
    """Count something under a name of COUNTERS, if this process keeps Metrics."""
    for metrics in _kept:
        metrics.add(name, amount, **labels)


def count_call(attempt: Attempt) -> None:
    """Count a call that was made, failed, or was answered from the store."""
    if not _kept:
        return
    model = _plain(attempt.model)
    add("thresher_calls_total", model=model, outcome=_outcome(attempt))
    if attempt.stored:
        return
    kinds = {"prompt": attempt.prompt_tokens, "answer": attempt.answer_tokens, "cached": attempt.cached_tokens}
    for kind, tokens in kinds.items():
        add("thresher_call_tokens_total", tokens, model=model, kind=kind)
    add("thresher_call_dollars_total", attempt.usd or 0.0, model=model)
    add("thresher_call_seconds_total", attempt.seconds, model=model)


def count_wait(seconds: float, model: str) -> None:
    """Count the seconds that a call waited for its limits."""
    add("thresher_limiter_wait_seconds_total", seconds, model=_plain(model))


def _outcome(attempt: Attempt) -> str:
    if attempt.stored:
        return "stored"
    return "failed" if attempt.error else "made"


def _plain(model: str) -> str:
    """Return a model's name without the folders of a file.

    >>> _plain("openai/gpt-4o-mini"), _plain("local:/home/me/models/a.gguf")
    ('openai/gpt-4o-mini', 'local:a.gguf')
    """
    kind, colon, path = model.partition(":/")
    return f"{kind}:{path.rpartition('/')[2]}" if colon else model
