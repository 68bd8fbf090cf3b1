"""Every line that the program logs, as its source has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thresher.service.telemetry import logs

ROOT = Path(__file__).parents[2]


def test_every_line_of_the_program_has_an_action_and_known_fields() -> None:
    """Each call of a logger: a constant message, and `extra` with an action; what else it names is in FIELDS."""
    seen = 0
    for path in (ROOT / "service").rglob("*.py"):
        for call in _log_calls(ast.parse(path.read_text("utf-8"))):
            if call.func.attr == "debug":  # in reading processes, whose output goes nowhere
                continue
            seen += 1
            message = call.args[1 if call.func.attr == "log" else 0]
            assert isinstance(message, ast.Constant), f"{path}:{call.lineno}"
            extra = next(k.value for k in call.keywords if k.arg == "extra")
            names = [k.value for k in getattr(extra, "keys", []) if isinstance(k, ast.Constant)]
            assert set(names) <= logs.FIELDS, f"{path}:{call.lineno} {names}"
    assert seen > 12


def _log_calls(tree: ast.AST) -> Iterator[Any]:
    for node in ast.walk(tree):
        of = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if of is not None and isinstance(of.value, ast.Name) and of.value.id == "log" and of.attr in LEVELS:
            yield node


LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
