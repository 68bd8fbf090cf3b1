"""Contract fuzzing: requests made from the OpenAPI, good ones and bad, sent to a real `thresher serve` under several keys.

python -m bench.fuzz [--seconds 600] [--seed 1]

Every operation is asked, event streams and uploads too, with ids that exist and ids that do not, by the owner, by another tenant, without a
key and with a key that is none. Looked for: a status from 500 up, an answer that its own schema does not allow, a Problem without a known
code, and anything of the owner in an answer to somebody else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from tests.journey.serving import TARGET, make_key, order, served
from tests.simulation.fuzz_values import SCHEMAS, fields
from thresher.schemas.errors import INPUT_CODES, JOB_CODES, MODEL_CODES, SETUP_CODES

CODES = {*INPUT_CODES, *JOB_CODES, *MODEL_CODES, *SETUP_CODES}
OPEN = {"/healthz", "/readyz", "/v1/session"}  # what anybody may ask: a session is begun and ended without a key
SECRET = "PO-41"  # stands in the owner's documents alone
TIMEOUT = 30  # seconds
WEIGHTS = {"POST": 6, "PUT": 4}  # shares of the time: these have bodies
WHO = ("owner", "owner", "owner", "other", "nobody", "stranger")


@dataclass(kw_only=True)
class House:
    """A service with an owner's things in it."""

    url: str
    keys: dict[str, str]  # who: key
    job: str
    name: str  # of a target that the owner registered
    contract: dict[str, Any]


@dataclass
class Seen:
    """What came of it."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)  # what is wrong: the first request that showed it

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.statuses.total()


def furnished(url: str, owner: str, other: str) -> House:
    """The house at an address, with a finished job and a registered target of the owner's."""
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {owner}"}, timeout=60, trust_env=False
    ) as client:
        sent = client.post("/v1/extractions", files={"file": ("41.txt", order(41))}, data={"target": TARGET})
        job = sent.json()["id"]
        client.get(f"/v1/extractions/{job}/result", params={"wait": 40}).raise_for_status()
        as_json = {"content-type": "application/json"}
        client.put("/v1/targets/owners-order", content=TARGET, headers=as_json).raise_for_status()
        contract = client.get("/openapi.json").json()
    keys = {"owner": owner, "other": other, "nobody": "", "stranger": owner[:-3] + "AAA"}
    return House(url=url, keys=keys, job=job, name="owners-order", contract=contract)


def fuzz(house: House, seconds: float, seed: int = 0) -> Seen:
    """Ask every operation many things within a time that all share."""
    seen = Seen()
    contract = schemathesis.openapi.from_dict(house.contract)
    operations = [found.ok() for found in contract.get_all_operations() if isinstance(found, Ok)]
    whole = sum(2 * WEIGHTS.get(operation.method.upper(), 1) for operation in operations)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            until = time.monotonic() + seconds * WEIGHTS.get(operation.method.upper(), 1) / whole
            with contextlib.suppress(_Enough, Unsatisfiable, ValueError):
                _many(house, seen, operation.as_strategy(generation_mode=mode), until, seed)
    return seen


def _many(house: House, seen: Seen, cases: Any, until: float, seed: int) -> None:
    """Ask one operation until a time. Raises _Enough then."""

    @hypothesis.seed(seed)
    @given(case=cases, who=st.sampled_from(WHO), real=st.booleans(), given_fields=fields(), schema=SCHEMAS)
    @settings(
        max_examples=100_000,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        print_blob=False,
    )
    def ask(case: Any, who: str, real: bool, given_fields: dict[str, Any], schema: Any) -> None:  # noqa: FBT001 - drawn
        if time.monotonic() > until:
            raise _Enough
        if real:
            _point(house, case, given_fields, schema)
        _ask(house, seen, case, who)

    ask()


class _Enough(Exception):  # noqa: N818 - no error
    """The time is over."""


def _ask(house: House, seen: Seen, case: Any, who: str) -> None:
    """One request, and what is wrong with its answer."""
    headers = {"Authorization": f"Bearer {house.keys[who]}"} if house.keys[who] else {}
    label = f"{case.method} {case.operation.path}"
    try:
        response = case.call(base_url=house.url, headers=headers, timeout=TIMEOUT)
    except Exception as error:  # noqa: BLE001 - requests and urllib3 raise of many kinds
        if "Invalid" not in type(error).__name__ and "Unicode" not in type(error).__name__:
            seen.faults.setdefault(f"{label}: {type(error).__name__}", str(error)[:300])
        return
    seen.statuses[label, response.status_code] += 1
    if house.keys[who] not in str(response.request.headers.get("authorization")):
        who = "nobody"  # a case may come with a header of its own
    for fault in _faults(case, response, who):
        seen.faults.setdefault(f"{label} as {who}: {fault}", case.as_curl_command()[:600])


def _point(house: House, case: Any, given_fields: dict[str, Any], schema: Any) -> None:
    """Let a request ask for what is there, and send what comes nearer to what is expected."""
    if case.operation.path == "/v1/extractions" and isinstance(case.body, dict):
        case.body = {**case.body, **given_fields}
        if isinstance(case.query, dict):
            case.query.pop("wait", None)
    if case.method == "PUT":
        case.body = schema
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = house.job
    if "collection" in (case.path_parameters or {}):
        case.path_parameters |= {"collection": house.job, "number": 0}
    if "name" in (case.path_parameters or {}) and case.method != "DELETE":
        case.path_parameters["name"] = house.name
    if case.operation.path == "/v1/calls" and isinstance(case.query, dict):
        case.query["extraction"] = house.job


def _faults(case: Any, response: Any, who: str) -> list[str]:
    found = []
    if response.status_code >= 500:
        found.append(f"status {response.status_code}: {response.text[:200]}")
    if who != "owner" and SECRET in response.text:
        found.append("the owner's document")
    turned_away = response.status_code in {400, 401, 405}
    if who in {"nobody", "stranger"} and case.operation.path not in OPEN and not turned_away:
        found.append(f"status {response.status_code} without a key")
    if response.status_code >= 400:
        found += _problem(response)
    if who == "owner":
        found += _unlike(case, response)
    return found


def _problem(response: Any) -> list[str]:
    """Faults of a Problem."""
    try:
        body = json.loads(response.text)
        known = body["code"] in CODES and body["status"] == response.status_code and bool(body["detail"])
    except (ValueError, KeyError, TypeError):
        return [] if response.status_code == 400 and "Invalid HTTP" in response.text else ["no Problem"]
    return [] if known else [f"an unknown Problem: {response.text[:200]}"]


def _unlike(case: Any, response: Any) -> list[str]:
    """What of an answer its own contract does not allow."""
    load_all_checks()
    names = ("response_schema_conformance", "content_type_conformance", "status_code_conformance")
    checks = CHECKS.get_by_names(names)
    try:
        case.validate_response(response, checks=checks)
    except BaseExceptionGroup as group:
        return [" ".join(str(failure).split())[:300] for failure in group.exceptions]
    return []


def main() -> int:
    """Fuzz a service of its own; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        keys = [make_key(Path(folder) / "data", name) for name in ("owner", "other")]
        with served(Path(folder), "--private-webhooks", "--host", "0.0.0.0") as running:  # a key is needed
            seen = fuzz(furnished(running.url, *keys), chosen.seconds, chosen.seed)
            for line in running.log.read_text().splitlines():
                if '"http.fault"' in line:
                    seen.faults.setdefault(f"a fault in the log: {line[-200:]}", "")
    for (label, status), count in sorted(seen.statuses.items()):
        print(f"{label:45} {status} {count:7}")
    print(f"{seen.requests} requests, {len(seen.faults)} faults")
    for fault, request in seen.faults.items():
        print(f"\n{fault}\n    {request}")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
