"""Load Policies from files and flags."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy


def load_policy(file: Path | None, choices: dict[str, Any], passwords: Path | None = None) -> Policy:
    """Return a Policy from a TOML or JSON file, overridden by choices; a choice that is None overrides nothing.

    `ocr` and `reader` among the choices go to the reading options. Raises InputProblem(policy_invalid).
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
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("policy_invalid", places) from None


def _body(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        body = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise InputProblem("policy_invalid", f"{file}: {error}") from None
    if not isinstance(body, dict):
        raise InputProblem("policy_invalid", f"{file} holds no table of choices")
    return body


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, ValueError) as error:
        raise InputProblem("policy_invalid", f"{file}: {error}") from None
