"""Map files to targets by glob. What no glob matches is listed, never guessed.

# targets.toml: the first pattern that matches wins
"*.eml" = "mail"                                             # a name without a slash: in any folder
"invoices/**" = { target = "mine.py:Invoice", unit = "document" }
"contracts/*.pdf" = "contract"                               # one * stays inside a folder
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, get_args

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Unit
from thresher.schemas.target import Target
from thresher.service.targets.loading import load_target

_OPTIONS = {"target", "unit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the map."""

    glob: str
    target: Target
    unit: Unit | None = None  # None: what the Policy says


@dataclass(frozen=True, slots=True)
class TargetMap:
    """Rules in the order of the file."""

    rules: tuple[Rule, ...]

    def rule(self, path: str) -> Rule | None:
        """Return the first rule whose glob matches a path relative to the folder given; None where none does."""
        return next((r for r in self.rules if matches(r.glob, path)), None)

    def match(self, path: str) -> Target | None:
        """Return the target of the first rule that matches, or None."""
        rule = self.rule(path)
        return rule.target if rule else None


def load_targets(spec: str, *, base: Path = Path()) -> TargetMap:
    """Load the targets of `--target`: a map (`.toml`), or one target for all. Raises InputProblem(target_invalid)."""
    if spec.endswith(".toml"):
        return load_map(base / spec)
    return TargetMap((Rule(glob="*", target=load_target(spec, base=base)),))


def load_map(path: Path) -> TargetMap:
    """Load the map in a TOML file; targets are found from its folder. Raises InputProblem(target_invalid)."""
    try:
        lines = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputProblem("target_invalid", f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not lines:
        _refuse(f"{path}: the map is empty")
    targets: dict[str, Target] = {}
    return TargetMap(tuple(_rule(path, glob, line, targets) for glob, line in lines.items()))


def _rule(path: Path, glob: str, line: Any, targets: dict[str, Target]) -> Rule:
    options = {"target": line} if isinstance(line, str) else line
    if not isinstance(options, dict) or not isinstance(options.get("target"), str):
        _refuse(f'{path}: {glob!r} needs a target: "{glob}" = "invoice", or a table with target = "…"')
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        _refuse(f"{path}: {glob!r} has the unknown option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
    unit = options.get("unit")
    if unit is not None and unit not in get_args(Unit):
        _refuse(f"{path}: {glob!r} has the unit {unit!r}; there are {', '.join(get_args(Unit))}")
    spec = options["target"]
    if spec not in targets:
        targets[spec] = load_target(spec, base=path.parent)
    return Rule(glob=glob, target=targets[spec], unit=unit)


def matches(glob: str, path: str) -> bool:
    """Whether a glob matches a relative path. Case does not count; `**` spans folders; no slash means any folder.

    >>> [matches(g, "in/2024/A.PDF") for g in ("*.pdf", "in/*.pdf", "in/**/*.pdf", "in/**", "2024/*")]
    [True, False, True, True, False]
    """
    folded = path.replace("\\", "/").casefold()
    pattern = glob.replace("\\", "/").removeprefix("./").casefold()
    return re.fullmatch(_expression(pattern if "/" in pattern else f"**/{pattern}"), folded, re.DOTALL) is not None


def _expression(glob: str) -> str:
    parts = glob.strip("/").split("/")
    found = ""
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        if part == "**":
            found += ".*" if last else "(?:[^/]*/)*"
        else:
            inner = fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z").replace(".*", "[^/]*")
            found += inner + ("" if last else "/")
    return found


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("target_invalid", reason)
