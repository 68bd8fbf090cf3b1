"""`thresher extract` with a hosted model: litellm and instructor over real HTTP, with the faults of real providers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journey.test_extract_command import ROOT, TARGET, command, order, read
from tests.simulation.server import Said, Server

pytestmark = pytest.mark.slow


class Provider:
    """A provider that is busy first, then writes broken JSON, then answers; it reads only the prompt."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: dict[str, Any]) -> Said:
        """One HTTP answer."""
        self.requests.append(request)
        prompt = " ".join(str(m["content"]) for m in request["messages"])
        found = re.search(r"Order number: PO-(\d+)", prompt)
        number = int(found[1]) if found else 0
        asked = sum(f"PO-{number}" in json.dumps(r) for r in self.requests)
        if number == 1 and asked == 1:
            return Said(
                status=429,
                headers={"Retry-After": "0"},
                error={"error": {"message": "slow down", "code": "rate_limit"}},
            )
        lines = [{"item": "Lamp", "price": number + 0.5}, {"item": "Desk", "price": number + 100}]
        body = {"number": f"PO-{number}", "buyer": f"Acme Works {number} Ltd", "lines": lines}
        if number == 2 and asked == 1:
            body["lines"] = "none"
        return Said(
            content=json.dumps(body), usage={"prompt_tokens": 200, "completion_tokens": 50, "total_tokens": 250}
        )


async def run(*arguments: object, base: str) -> subprocess.CompletedProcess[str]:
    """Run the command beside the server."""
    environment = os.environ | {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": base}
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, error = await asyncio.wait_for(process.communicate(), 300)
    return subprocess.CompletedProcess([*map(str, arguments)], process.returncode or 0, out.decode(), error.decode())


async def test_a_folder_through_a_provider_with_faults(tmp_path: Path) -> None:
    """A 429 is waited out, a wrong answer repaired, costs are counted, and a second run asks nothing."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    for n in (1, 2, 3):
        (inbox / f"{n}.txt").write_text(order(n))
    (tmp_path / "order.py").write_text(TARGET)
    arguments = ["extract", inbox, "--target", tmp_path / "order.py:Order", "--model", "openai/gpt-4o-mini"]
    provider = Provider()
    async with Server(provider) as server:
        done = await run(*arguments, "--out", tmp_path / "out", "--max-cost", 1, base=server.base)
        assert done.returncode == 0, done.stderr
        made = len(provider.requests)
        again = await run(*arguments, "--out", tmp_path / "out", "--max-cost", 1, base=server.base)
        assert again.returncode == 0, again.stderr
        assert len(provider.requests) == made == 5
        broke = await run(*arguments, "--out", tmp_path / "poor", "--max-cost", 0.000001, base=server.base)
        assert len(provider.requests) == made
    assert broke.returncode == 5
    assert "cost_limit_reached" in broke.stderr
    result = read(tmp_path / "out" / "2.txt.json")
    assert result["status"] == "complete"
    assert result["data"]["lines"][1]["price"] == 102
    assert result["usage"]["answers"] == 2
    assert 0 < result["usage"]["usd"] < 0.01
    schema = provider.requests[-1]["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["number", "buyer", "lines", "not_of_this_kind"]


def test_nothing_heavy_is_imported_for_help() -> None:
    """--help imports no engine."""
    code = "import sys; sys.argv = ['thresher', '--help']\ntry:\n    import thresher.service.cli.main as m; m.main()\nexcept SystemExit:\n    pass\n"
    code += "print([m for m in ('litellm', 'instructor', 'rapidocr', 'unstructured', 'pydantic', 'numpy') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.strip().endswith("[]")
