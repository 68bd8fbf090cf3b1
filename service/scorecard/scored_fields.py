"""Find the fields of a target by the path of a value, also for paths where the truth has no value."""

from __future__ import annotations

from dataclasses import dataclass, field

from thresher.schemas import json_pointer
from thresher.schemas.target import Target
from thresher.service.scorecard.equality import Rule, rule_of


@dataclass(frozen=True, slots=True)
class FieldRules:
    """Rules of a target's fields by pattern."""

    target: Target
    _known: dict[str, str | None] = field(default_factory=dict)
    _rules: dict[str, Rule] = field(default_factory=dict)

    def pattern(self, path: str) -> str | None:
        """Return the pattern of the field at a path, or None where the target has no such field.

        An exact name wins over `*`, which stands for any list index or map key.
        """
        plain = json_pointer.pattern(path)
        if plain not in self._known:
            self._known[plain] = self._search(plain.split("/"))
        return self._known[plain]

    def rule(self, path: str) -> Rule:
        """Return the comparison rule of the values at a path."""
        pattern = self.pattern(path) or path
        if pattern not in self._rules:
            known = next((f for f in self.target.fields if f.path == pattern), None)
            self._rules[pattern] = rule_of(known)
        return self._rules[pattern]

    def below(self, path: str) -> list[str]:
        """Return the patterns of all fields at and below a path."""
        parts = json_pointer.pattern(path).split("/")
        return [f.path for f in self.target.fields if _begins(f.path.split("/"), parts)]

    def is_map(self, path: str) -> bool:
        """Whether the target allows any key at a path."""
        return bool(self.below(f"{path}/\0"))

    def _search(self, parts: list[str]) -> str | None:
        fitting = [f.path for f in self.target.fields if _fits(f.path.split("/"), parts)]
        return min(fitting, key=lambda p: p.count("*"), default=None)


def _begins(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) >= len(parts) and _fits(pattern[: len(parts)], parts)


def _fits(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(p in {"*", q} for p, q in zip(pattern, parts, strict=True))
