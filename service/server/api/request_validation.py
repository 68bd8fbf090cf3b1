"""Validate what a request asks for, a target and a Policy, before anything works on them.

A target is a name (ready-made, the operator's or one registered before) or a JSON Schema. Python targets, files and
modules cannot be named from here: they would run code.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from thresher.schemas.errors import InputProblem
from thresher.schemas.library import LIBRARY
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.policy import Policy
from thresher.schemas.work import AskedTarget
from thresher.service.server.api.app_state import ServiceConfig
from thresher.service.server.api.target_schema import plain_json, requested_target
from thresher.service.targets.loading import load_target

CALLER_CHOICES = frozenset(
    {
        "model",
        "unit",
        "stance",
        "read",
        "chunker",
        "max_cost",
        "ungrounded",
        "quotes",
        "conflict",
        "fuzzy",
        "repairs",
        "images",
    }
)
CALLER_READ_CHOICES = frozenset({"ocr", "passwords", "inline", "hidden_text"})
MAX_REPAIRS = 5


def known_target(name: str, offer: ServiceConfig) -> AskedTarget | None:
    """Return a target by a name of the operator or of Thresher itself; None for any other."""
    if name in offer.targets:
        return requested_target(offer.targets[name], known_as=name)
    return _ready_made(name) if name in LIBRARY else None


@lru_cache(maxsize=64)
def _ready_made(name: str) -> AskedTarget:
    return requested_target(load_target(name), known_as=name)


def policy_of(text: bytes | str, offer: ServiceConfig) -> Policy:
    """Return the operator's Policy with a caller's choices over it. Raises InputProblem(policy_invalid)."""
    try:
        given = plain_json(text) if text else {}
    except ValueError as error:
        raise InputProblem("policy_invalid", str(error)) from None
    if not isinstance(given, dict) or not isinstance(given.get("read", {}), dict):
        raise InputProblem("policy_invalid", "a policy is an object, and so is its `read`")
    _check_choices(given)
    base = offer.policy.model_dump()
    read = {**base["read"], **given.pop("read", {})}
    try:
        policy = Policy.model_validate({**base, **given, "read": read})
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputProblem("policy_invalid", places) from None
    _check_limits(policy, given.keys(), offer)
    return policy


def _check_choices(given: dict[str, Any]) -> None:
    closed = sorted(
        (given.keys() - CALLER_CHOICES) | {f"read.{k}" for k in given.get("read", {}).keys() - CALLER_READ_CHOICES}
    )
    if closed:
        known = [*CALLER_CHOICES, *(f"read.{k}" for k in CALLER_READ_CHOICES)]
        raise InputProblem(
            "policy_invalid", f"{', '.join(closed)}: not a caller's choice{suggestion(closed[0], known)}"
        )


def _check_limits(policy: Policy, chosen: Collection[str], offer: ServiceConfig) -> None:
    """Raise InputProblem where a choice, as it was read, is beyond what the operator allows."""
    endless = [name for name, value in policy if isinstance(value, float) and not math.isfinite(value)]
    if endless:
        raise InputProblem("policy_invalid", f"{', '.join(endless)}: a finite number is expected")
    models = {offer.policy.model, *offer.models}
    if policy.model not in models:
        raise InputProblem("policy_invalid", f"model: one of {', '.join(sorted(filter(None, models)))}")
    most, asked_for = offer.policy.max_cost, policy.max_cost
    if "max_cost" in chosen and most is not None and not (asked_for is not None and asked_for <= most):
        raise InputProblem("policy_invalid", f"max_cost: at most {most:g}")
    if "repairs" in chosen and policy.repairs > MAX_REPAIRS:
        raise InputProblem("policy_invalid", f"repairs: at most {MAX_REPAIRS}")
