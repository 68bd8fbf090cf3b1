"""Trace what is done as spans, if a Tracer is installed; until then every span is one shared object that does nothing.

    POST /v1/extractions -> upload, job ~~> task -> read, extract -> chunk, ask -> chat MODEL, ground; merge, mend, judge

`~~>` is a stored Job: the result of `here` is stored with it, and the worker continues `under` it, in another process
or on another day. Facts are ids, numbers and fixed words of this program, never a document's text. Names for a model's
call follow OpenTelemetry's GenAI conventions.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal, Protocol, Self

Fact = str | int | float | bool | list[str]
Facts = Mapping[str, Fact]
Kind = Literal["internal", "server", "client", "producer", "consumer"]


class Span(Protocol):
    """Something that takes time."""

    def set(self, facts: Facts) -> None:
        """Add facts."""
        ...

    def rename(self, name: str) -> None:
        """Set the name once it is known."""
        ...


class Tracer(Protocol):
    """Records spans."""

    def span(self, name: str, kind: Kind, facts: Facts) -> AbstractContextManager[Span]:
        """Open a span round a block; an exception that leaves it is recorded by its type or code alone."""
        ...

    def here(self) -> str | None:
        """Return the present span as W3C `traceparent`, for work that continues elsewhere."""
        ...

    def under(self, parent: str) -> AbstractContextManager[None]:
        """Make the spans of a block children of a span of another process."""
        ...

    def close(self) -> None:
        """Send what is left. Blocks for some seconds at most."""
        ...


class NoSpan:
    """A span that is not recorded."""

    def __enter__(self) -> Self:
        """Return this span."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def set(self, facts: Facts) -> None:
        """Ignore the facts."""

    def rename(self, name: str) -> None:
        """Ignore the name."""


NO_SPAN = NoSpan()
_installed: list[Tracer] = []  # at most one


def install(tracer: Tracer | None) -> None:
    """Send this process's spans to a Tracer; None stops that."""
    _installed[:] = [] if tracer is None else [tracer]


def is_enabled() -> bool:
    """Whether spans are recorded. Facts that take time to find are computed only then."""
    return bool(_installed)


def span(name: str, facts: Facts | None = None, *, kind: Kind = "internal") -> AbstractContextManager[Span]:
    """Open a span round a block.

    >>> with span("read") as one:
    ...     one.set({"pages": 3})
    """
    return _installed[0].span(name, kind, facts or {}) if _installed else NO_SPAN


def here() -> str | None:
    """Return the present span as W3C `traceparent`; None where spans are not recorded."""
    return _installed[0].here() if _installed else None


def under(parent: str | None) -> AbstractContextManager[object]:
    """Make the spans of a block children of a span of another process, if there is one."""
    return _installed[0].under(parent) if _installed and parent else NO_SPAN
