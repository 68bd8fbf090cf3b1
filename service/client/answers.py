"""Turn answers of the service into values and problems, and what is asked into parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from thresher.schemas.numbers import read_json
from thresher.schemas.tenants.calls import CallFilter
from thresher.service.client.models import Event, ServiceProblem


def without_none(asked: dict[str, Any]) -> dict[str, Any]:
    """Drop the parameters that are None."""
    return {name: value for name, value in asked.items() if value is not None}


def filter_parameters(wanted: CallFilter) -> dict[str, Any]:
    """Return a filter as the address takes it: the service calls a job an extraction."""
    asked = wanted.model_dump(exclude_none=True)
    return {"extraction" if name == "job" else name: value for name, value in asked.items()}


def body_of(response: httpx.Response) -> Any:
    """Return the body of an answer: JSON with the digits of the document, or text; None where there is none."""
    if not response.content:
        return None
    return read_json(response.content) if "json" in response.headers.get("content-type", "") else response.text


def opened(file: str | Path) -> BinaryIO:
    """Open a file to be uploaded."""
    return Path(file).open("rb")


def event_facts(data: str) -> dict[str, Any]:
    """Return the fields of an event that this client knows."""
    return {k: v for k, v in json.loads(data).items() if k in Event.model_fields}


def problem_of(response: httpx.Response) -> ServiceProblem:
    """Return the problem that an answer tells."""
    said = response.headers.get("retry-after", "")
    wait = float(said) if said.isdecimal() else None
    try:
        body = response.json()
        return ServiceProblem(response.status_code, str(body["code"]), str(body["detail"]), wait)
    except (ValueError, KeyError, TypeError):
        return ServiceProblem(response.status_code, "internal_error", response.text[:200], wait)
