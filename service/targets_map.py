"""Target maps: which file gets which target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.target import Target
from service.targets import load_target


@dataclass(frozen=True, slots=True)
class Targets:
    """One target for all files."""

    one: Target

    def match(self, path: str) -> Target | None:
        """The target of a file."""
        return self.one


def load_targets(spec: str, base: Path) -> Targets:
    """Targets of a spec."""
    return Targets(load_target(spec, base=base))
