"""Check the options for models that a Policy gives: none of them may say where documents and keys are sent.

A Policy may be a stranger's. Where models are is a setting: a variable, or a named server of models.
"""

from __future__ import annotations

import re
from typing import Any

from thresher.schemas.errors import InputProblem

RESERVED_OPTIONS = frozenset(  # arguments of litellm that a Policy may not set
    [
        "model",
        "models",  # of gateways: others to ask instead
        "messages",
        "response_format",
        "tools",
        "tool_choice",
        "api_base",
        "base_url",
        "api_key",
        "stream",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "num_retries",
        "max_retries",
        "timeout",
        "mock_response",
        "callbacks",
    ]
)
LEADING_ELSEWHERE = re.compile(  # in the names of other such arguments, of providers and of versions of litellm to come
    r"(?:^|_)(?:api|base|url|uri|endpoint|host|prox(?:y|ies)|ssl|token|secret|password|credentials?|role|profile|region|location"
    r"|project|fallbacks?|callbacks?|client|session|provider|deployment|logger|webhook|mock|handler|plugin|model|aws|azure"
    r"|vertex|litellm|headers)(?:_|$)"
)
HEADERS_OPTION = "extra_headers"  # a table whose names are looked at instead
BODY_OPTION = (
    "extra_body"  # a table that is put over the body of a request: what it names would be sent in place of ours
)
OWN_HEADERS = re.compile(r"(?i)authorization|api-?key|token|secret|cookie|^host$|^content-|^transfer-|^proxy-")


def check_options(options: dict[str, Any]) -> None:
    """Raise InputProblem(policy_invalid) for an option that a Policy may not set.

    >>> check_options({"reasoning_effort": "low", "num_ctx": 8192, "prompt_cache_key": "a", "extra_headers": {"x-team": "a"}})
    >>> check_options({"vertex_location": "evil.example/#"})
    Traceback (most recent call last):
    thresher.schemas.errors.InputProblem: policy_invalid: model_options: vertex_location is not for a policy to say: correct the policy; the message names the field
    """
    headers, body = (_table(options, name) for name in (HEADERS_OPTION, BODY_OPTION))
    taken = [o for o in options if o in RESERVED_OPTIONS or (o != HEADERS_OPTION and LEADING_ELSEWHERE.search(o))]
    taken += [f"{HEADERS_OPTION}.{name}" for name in headers if OWN_HEADERS.search(name)]
    taken += [f"{BODY_OPTION}.{name}" for name in body if name in RESERVED_OPTIONS or name == "fallbacks"]
    if taken:
        raise InputProblem("policy_invalid", f"model_options: {', '.join(sorted(taken))} is not for a policy to say")


def _table(options: dict[str, Any], name: str) -> dict[str, Any]:
    table = options.get(name, {})
    if not isinstance(table, dict):
        raise InputProblem("policy_invalid", f"model_options: {name}: a table is expected")
    return table
