"""`thresher calls` and /v1/calls: of a run, of a service, by tenant; no tenant sees another's."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.serving import TARGET, Served, make_key, order, served
from tests.zygote import ran


def told(*arguments: object) -> str:
    """What `thresher calls` says."""
    done = ran("calls", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served, dict[str, str]]]:
    """A service with two tenants that have asked, and an administrator."""
    folder = tmp_path_factory.mktemp("calls")
    keys = {name: make_key(folder / "data", name) for name in ("acme", "bolt")}
    keys["admin"] = make_key(folder / "data", "ops", "--admin")
    with served(folder) as running:
        for n, name in enumerate(("acme", "acme", "bolt"), start=1):
            with running.client(keys[name]) as client:
                client.post(
                    "/v1/extractions",
                    params={"wait": 100},
                    files={"file": (f"{n}.txt", order(n))},
                    data={"target": TARGET},
                ).raise_for_status()
        yield folder, running, keys


def asked(house: tuple[Path, Served, dict[str, str]], who: str, path: str = "", **query: Any) -> httpx.Response:
    """One question."""
    _, running, keys = house
    with running.client(keys[who]) as client:
        return client.get(f"/v1/calls{path}", params=query)


def test_a_tenant_sees_its_own_and_an_administrator_all(house: tuple[Path, Served, dict[str, str]]) -> None:
    """With and without a filter; another tenant's name is refused."""
    for who, tenants in (("acme", ["acme"] * 2), ("bolt", ["bolt"]), ("admin", ["acme", "acme", "bolt"])):
        calls = asked(house, who).json()["calls"]
        assert [c["tenant"] for c in calls] == tenants
        assert {s["group"] for s in asked(house, who, "/by/tenant").json()["groups"]} == set(tenants)
    assert [c["tenant"] for c in asked(house, "admin", tenant="bolt").json()["calls"]] == ["bolt"]
    refused = asked(house, "acme", tenant="bolt")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    foreign = asked(house, "admin").json()["calls"][2]
    assert asked(house, "acme", extraction=foreign["job"]).status_code == 404
    assert asked(house, "acme", "/by/document", extraction=foreign["job"]).status_code == 404
    assert asked(house, "acme", document=foreign["document"]).json()["calls"] == []


def test_pages_filters_and_tables(house: tuple[Path, Served, dict[str, str]]) -> None:
    """A cursor leads through all; a document's id is the beginning of the hash in its Result; CSV has the same rows."""
    first = asked(house, "admin", limit=2).json()
    rest = asked(house, "admin", limit=2, cursor=first["next"]).json()
    assert (len(first["calls"]), len(rest["calls"]), rest["next"]) == (2, 1, None)
    one = first["calls"][0]
    _, running, keys = house
    with running.client(keys["acme"]) as client:
        result = client.get(f"/v1/extractions/{one['job']}/result").json()["results"][0]
    assert result["source"]["sha256"].startswith(one["document"])
    assert [c["document"] for c in asked(house, "acme", document=one["document"]).json()["calls"]] == [one["document"]]
    rows = list(csv.DictReader(io.StringIO(asked(house, "admin", format="csv").text)))
    assert [r["job"] for r in rows] == [c["job"] for c in (*first["calls"], *rest["calls"])]
    days = asked(house, "admin", "/by/day").json()["groups"]
    assert sum(d["made"] for d in days) == 3
    assert {"cached_share", "p95", "retries", "failed", "usd"} <= days[0].keys()
    assert asked(house, "admin", "/by/nothing").status_code == 422
    assert asked(house, "admin", cursor="x").status_code == 422
    assert asked(house, "admin", "/by/document").status_code == 400
    assert asked(house, "admin", "/by/document", since=0).status_code == 200
    assert asked(house, "admin", status="failed").json() == {"calls": [], "next": None}


def test_metrics_keep_to_the_conventions(house: tuple[Path, Served, dict[str, str]]) -> None:
    """Prometheus' own parser reads them; names, units and labels are as it wants them, and no label names a caller."""
    from prometheus_client.parser import text_string_to_metric_families as parsed

    _, running, keys = house
    with running.client(keys["acme"]) as client:
        client.get(f"/nothing/{keys['acme']}")
        client.get("/v1/extractions/unknown")
    with running.client(keys["admin"]) as client:
        text = client.get("/metrics").text
    found = {family.name: family for family in parsed(text)}
    assert {f"{n}_total" for n, f in found.items() if f.type == "counter"} <= {
        s.name for f in found.values() for s in f.samples
    }
    assert found["thresher_request_duration_seconds"].type == "histogram"
    assert {
        "thresher_spent_dollars",
        "thresher_spent_tokens",
        "thresher_jobs_submitted",
        "thresher_build_info",
    } <= found.keys()
    assert all(family.documentation for family in found.values())
    labels = {(k, v) for f in found.values() for s in f.samples for k, v in s.labels.items()}
    assert {k for k, _ in labels} <= {
        "method",
        "route",
        "status",
        "code",
        "outcome",
        "period",
        "threshold",
        "le",
        "version",
        "model",
        "kind",
        "stage",
    }
    assert not [v for _, v in labels if "acme" in v or keys["acme"][4:16] in v or "unknown" in v]
    assert ("code", "job_not_found") in labels
    tokens = next(s.value for s in found["thresher_spent_tokens"].samples)
    assert tokens > 0


def test_the_command_shows_a_service_that_stands_still(
    house: tuple[Path, Served, dict[str, str]], tmp_path: Path
) -> None:
    """As a table, as JSON and CSV, filtered and summed; a running service's file is its own."""
    folder, _, _ = house
    held = ran("calls", folder / "data")
    assert (held.returncode, "store_locked" in held.stderr) == (2, True)
    data = Path(shutil.copytree(folder / "data", tmp_path / "data"))  # nothing is being written
    assert len(json.loads(told(data, "--format", "json"))) == 3
    assert len(told(data, "--tenant", "acme", "--since", "1d", "--format", "jsonl").splitlines()) == 2
    assert told(data, "--until", "2020-01-01", "--format", "csv") == ""
    table = told(data, "--by", "tenant").splitlines()
    assert table[0].split()[:3] == ["tenant", "calls", "made"]
    assert [line.split()[:2] for line in table[1:]] == [["acme", "2"], ["bolt", "1"]]
    assert "stop" in told(data)
    bad = ran("calls", data, "--since", "soon")
    assert (bad.returncode, "option_invalid" in bad.stderr) == (2, True)


def test_budgets_are_set_listed_and_removed(tmp_path: Path) -> None:
    """One for each tenant and period; what makes no sense is refused, with the reason."""

    def said(*arguments: object) -> subprocess.CompletedProcess[str]:
        return ran("budgets", *arguments, "--folder", tmp_path)

    assert said("set", "--usd", 5, "--alert", 90).returncode == 0
    assert said("set", "--tenant", "acme", "--per", "day", "--tokens", 9, "--stop", "hold").returncode == 0
    kept = json.loads(said("list", "--format", "json").stdout)
    assert [(b["tenant"], b["period"], b["usd"], b["tokens"]) for b in kept] == [
        ("*", "month", 5.0, None),
        ("acme", "day", None, 9),
    ]
    assert kept[0]["alerts"] == [90]
    assert "hold new work" in said("list").stdout
    for bad in (("set",), ("set", "--usd", 5, "--stop", "loud"), ("set", "--usd", -1), ("remove", "--per", "day")):
        refused = said(*bad)
        assert (refused.returncode, refused.stdout) == (2, ""), bad
    assert said("remove").returncode == 0
    assert len(said("list").stdout.splitlines()) == 1
