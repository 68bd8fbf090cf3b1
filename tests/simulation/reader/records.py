"""Records: what a recogniser finds, and which recogniser reads which kind of document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Scalar = str | int | float | None


@dataclass(slots=True)
class Record:
    """A record as far as it is shown; `values` by column, a missing one is null."""

    values: dict[str, Scalar] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)  # as shown

    @property
    def text(self) -> str:
        """All that is shown of it."""
        return "\n".join(self.lines)

    def add(self, name: str, text: str) -> None:
        """Text that goes on where the line before it broke off."""
        before = self.values.get(name)
        self.values[name] = f"{before} {text}" if before else text


def some(records: Iterable[Record | None]) -> list[Record]:
    """Those that say anything."""
    return [r for r in records if r is not None and any(v is not None for v in r.values.values())]
