"""Counters as Prometheus reads them (text format 0.0.4). No label names a tenant, a document or a key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from schemas.budget import Alert

BUCKETS = (0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0)  # seconds
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HELP = {
    "thresher_requests_total": "Requests by method, route and status.",
    "thresher_uploaded_bytes_total": "Bytes of files that were taken in.",
    "thresher_uploaded_files_total": "Files that were taken in.",
    "thresher_jobs_submitted_total": "Jobs that were submitted.",
    "thresher_problems_total": "Problems by code.",
    "thresher_webhooks_total": "Webhooks by outcome.",
    "thresher_budget_alerts_total": "Thresholds of budgets that were passed, by period and percent.",
}
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Metrics:
    """Counts since the process began."""

    counts: Counter[tuple[str, Labels]] = field(default_factory=Counter)
    seconds: Counter[float] = field(default_factory=Counter)  # requests by the least bucket they fit
    sum: float = 0.0
    number: int = 0

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Count something by a name of HELP.

        >>> metrics = Metrics()
        >>> metrics.add("thresher_problems_total", code="too_large")
        >>> metrics.text().splitlines()[2]
        'thresher_problems_total{code="too_large"} 1'
        """
        self.counts[name, tuple(sorted(labels.items()))] += amount  # type: ignore[assignment]

    def alerted(self, alert: Alert) -> None:
        """Count an alert."""
        self.add("thresher_budget_alerts_total", period=alert.period, threshold=str(alert.threshold))

    def took(self, seconds: float) -> None:
        """Count a request by how long it took."""
        self.seconds[next((b for b in BUCKETS if seconds <= b), float("inf"))] += 1
        self.sum += seconds
        self.number += 1

    def text(self) -> str:
        """All of it, as Prometheus scrapes it."""
        lines: list[str] = []
        for name in sorted({name for name, _ in self.counts}):
            lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} counter"]
            lines += [f"{name}{_labels(ls)} {v:.15g}" for (n, ls), v in sorted(self.counts.items()) if n == name]
        return "\n".join([*lines, *self._histogram()]) + "\n"

    def _histogram(self) -> list[str]:
        name, total = "thresher_request_seconds", 0
        lines = [f"# HELP {name} How long requests took.", f"# TYPE {name} histogram"]
        for bucket in (*BUCKETS, float("inf")):
            total += self.seconds[bucket]
            lines.append(f'{name}_bucket{{le="{"+Inf" if bucket == float("inf") else bucket}"}} {total}')
        return [*lines, f"{name}_sum {self.sum:.6f}", f"{name}_count {self.number}"]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = ((k, v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for k, v in labels)
    return "{" + ",".join(f'{k}="{v}"' for k, v in escaped) + "}"
