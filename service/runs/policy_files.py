"""Load Policies from files and flags."""

from __future__ import annotations

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy, ReadOptions

OPTIONS = {"concurrency": "--jobs", "chunk_tokens": "--tokens", "overlap_tokens": "--overlap"}
"""The options of commands whose names differ from those of the choices in a Policy."""


def load_policy(file: Path | None, choices: dict[str, Any], passwords: Path | None = None) -> Policy:
    """Return a Policy from a TOML or JSON file, overridden by choices; a choice that is None overrides nothing.

    `ocr` and `reader` among the choices go to the reading options. Raises InputProblem: `policy_invalid` for what stands in
    the file, `option_invalid` for a choice.
    """
    body = _body(file) if file else {}
    given = {k: v for k, v in choices.items() if v is not None}
    read = dict(body.get("read", {}))
    read |= {name: given.pop(name) for name in ("ocr", "reader") if name in given}
    if passwords:
        read["passwords"] = [*read.get("passwords", ()), *_lines(passwords)]
    try:
        return Policy.model_validate({**body, **given, **({"read": read} if read else {})})
    except ValidationError as error:
        raise _problem_of(error, file, {**given, "read": choices}) from None


def _problem_of(error: ValidationError, file: Path | None, given: dict[str, Any]) -> InputProblem:
    """Return what is wrong as a Problem that names the option, or the file and the field in it."""
    first = error.errors()[0]
    said = {*given, *(name for name, value in given["read"].items() if value is not None)}
    if first["loc"] and str(first["loc"][0]) in given and str(first["loc"][-1]) in said:
        name, value = str(first["loc"][-1]), first["input"]
        return InputProblem(
            "option_invalid", f"{OPTIONS.get(name, f'--{name}'.replace('_', '-'))} {value}: {_why(first)}"
        )
    return InputProblem("policy_invalid", f"{file}: " + "; ".join(f"{_field(e)}: {_why(e)}" for e in error.errors()))


def _field(fault: ErrorDetails) -> str:
    return ".".join(map(str, fault["loc"]))


def _why(fault: ErrorDetails) -> str:
    """Return what is wrong in words; an unknown choice with the nearest known one."""
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(str(fault["loc"][-1]), [*Policy.model_fields, *ReadOptions.model_fields], 1)
        return f"there is no such choice{f'; did you mean {near[0]}?' if near else ''}"
    if fault["type"] == "string_pattern_mismatch" and fault["loc"] == ("split",):
        return "auto, off or pages:N"
    return fault["msg"]


def _body(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        body = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise _unread("--policy", file, error) from None
    if not isinstance(body, dict):
        raise InputProblem("policy_invalid", f"{file} holds no table of choices")
    return body


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, ValueError) as error:
        raise _unread("--passwords", file, error) from None


def _unread(option: str, file: Path, error: Exception) -> InputProblem:
    """Return why a file cannot be used: it cannot be opened, or what stands in it."""
    if isinstance(error, OSError):
        return InputProblem("option_invalid", f"{option} {file}: {error.strerror}")
    return InputProblem("policy_invalid", f"{file}: {error}")
