"""Tracing: spans of what is done, for whoever installed a Tracer; until then every span is one shared nothing.

    POST /v1/extractions -> upload, job ~~> task -> read, extract -> chunk, ask -> chat MODEL, ground; merge, mend, judge

`~~>` is a stored Job: `here` is kept with it, and the worker goes on `under` it, in another process or on another day. Facts are
ids, numbers and words of this program, never a document's text. Names of a model's call: OpenTelemetry's GenAI conventions.
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
        """Give it the name that is known only at its end."""
        ...


class Tracer(Protocol):
    """Who keeps spans."""

    def span(self, name: str, kind: Kind, facts: Facts) -> AbstractContextManager[Span]:
        """A span round a block; an exception that leaves the block is told by its type or code alone."""
        ...

    def here(self) -> str | None:
        """The present span as W3C `traceparent`, for whoever goes on elsewhere."""
        ...

    def under(self, parent: str) -> AbstractContextManager[None]:
        """Let the spans of a block hang under one of elsewhere."""
        ...

    def close(self) -> None:
        """Send what is left. Blocks for some seconds at most."""
        ...


class Nothing:
    """A span that nobody keeps."""

    def __enter__(self) -> Self:
        """Begin nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End nothing."""

    def set(self, facts: Facts) -> None:
        """See Span."""

    def rename(self, name: str) -> None:
        """See Span."""


NOTHING = Nothing()
_installed: list[Tracer] = []  # at most one


def install(tracer: Tracer | None) -> None:
    """Let this process's spans go to a Tracer; None: to nobody."""
    _installed[:] = [] if tracer is None else [tracer]


def on() -> bool:
    """Whether anybody keeps spans: facts that take time to find are looked for only then."""
    return bool(_installed)


def span(name: str, facts: Facts | None = None, *, kind: Kind = "internal") -> AbstractContextManager[Span]:
    """A span round a block.

    >>> with span("read") as one:
    ...     one.set({"pages": 3})
    """
    return _installed[0].span(name, kind, facts or {}) if _installed else NOTHING


def here() -> str | None:
    """The present span as W3C `traceparent`; None where nobody keeps spans."""
    return _installed[0].here() if _installed else None


def under(parent: str | None) -> AbstractContextManager[object]:
    """Let the spans of a block hang under one of elsewhere, where there is one."""
    return _installed[0].under(parent) if _installed and parent else NOTHING
