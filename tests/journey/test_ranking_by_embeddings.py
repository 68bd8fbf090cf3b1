"""`thresher extract` with ranking by embeddings: litellm over real HTTP to the simulated reader, paid once, told when it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.journey.test_extract_command import read
from tests.journey.test_hosted_model import run
from tests.simulation.generator.layout import STANDARD
from tests.simulation.generator.make import generate
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy
from thresher.service.settings import Settings
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.wiring.models import model_of

pytestmark = pytest.mark.slow

MODEL = "openai/text-embedding-3-small"
TARGET = """
from pydantic import BaseModel

class Facts(BaseModel):
    account: str
    opening_balance: float
    closing_balance: float
"""
MADE = generate("statement", 400, 1, STANDARD)


@pytest.fixture
def case(tmp_path: Path) -> list[object]:
    """The arguments of a run over one long statement."""
    (tmp_path / "statement.txt").write_text(MADE.text)
    (tmp_path / "facts.py").write_text(TARGET)
    choices = {"ranking": "embeddings", "embedding_model": MODEL, "chunk_tokens": 700, "retries": 0}
    (tmp_path / "policy.json").write_text(json.dumps(choices))
    target = f"{tmp_path / 'facts.py'}:Facts"
    model = ["--model", "openai/gpt-4o-mini", "--policy", tmp_path / "policy.json", "--max-cost", 1]
    return ["extract", tmp_path / "statement.txt", "--target", target, *model]


def embedded(server: ReaderServer) -> list[str]:
    """All texts that were sent to be embedded."""
    return [text for r in server.requests if "input" in r for text in r["input"]]


def calls_of(text: str) -> list[dict[str, Any]]:
    """The lines of `thresher calls --format jsonl` that are about vectors."""
    return [c for line in text.splitlines() if (c := json.loads(line))["attempt"]["purpose"] == "embed"]


async def test_vectors_are_paid_once_and_counted(case: list[object], tmp_path: Path) -> None:
    """Every part of the text goes to the embedding model once; the Result and the log of calls hold what it cost."""
    async with ReaderServer(Reader(speed=1000)) as server:
        done = await run(*case, "--out", tmp_path / "out", base=server.base)
        assert done.returncode == 0, done.stderr
        texts, made = embedded(server), len(server.requests)
        (tmp_path / "out" / "statement.txt.json").unlink()
        again = await run(*case, "--out", tmp_path / "out", base=server.base)
        assert again.returncode == 0, again.stderr
        assert len(server.requests) == made
        listed = await run("calls", tmp_path / "out", "--format", "jsonl", base=server.base)
    assert len(texts) == len(set(texts)) > 20
    result = read(tmp_path / "out" / "statement.txt.json")
    assert result["data"] == {k: MADE.truth[k] for k in ("account", "opening_balance", "closing_balance")}
    assert result["status"] == "complete"
    assert result["problems"] == []
    assert result["coverage"]["chunks_asked"] < result["coverage"]["chunks"]
    assert result["usage"]["models"][MODEL] == sum("input" in r for r in server.requests)
    calls = calls_of(listed.stdout)
    assert sum(c["attempt"]["prompt_tokens"] for c in calls if not c["attempt"]["stored"]) > 5_000
    assert all(c["attempt"]["usd"] > 0 for c in calls)
    assert len([c for c in calls if c["attempt"]["stored"]]) == result["usage"]["models"][MODEL]


async def test_a_failing_embedding_model_is_told(
    case: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    """Where nobody gives vectors the words rank alone, all facts are found, and the Result says so."""
    monkeypatch.setitem(os.environ, "THRESHER_EMBEDDING_API_BASE", f"{nowhere}/v1")
    async with ReaderServer(Reader(speed=1000)) as server:
        done = await run(*case, "--out", tmp_path / "out", base=server.base)
        assert embedded(server) == []
    assert done.returncode == 0, done.stderr
    result = read(tmp_path / "out" / "statement.txt.json")
    assert result["data"]["account"] == MADE.truth["account"]
    (note,) = result["problems"]
    assert note["code"] == "model_unreachable"
    assert f"words alone (BM25), without {MODEL}" in note["message"]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (Policy(model="openai/gpt-4o-mini", ranking="embeddings"), "embedding_model"),
        (Policy(model="embedded", ranking="embeddings", embedding_model=MODEL), "ranks nothing"),
    ],
)
def test_a_policy_that_can_not_be_kept_is_refused(policy: Policy, why: str, tmp_path: Path) -> None:
    """No model for vectors, or a model that reads everything: said before anything is asked."""
    with pytest.raises(InputProblem, match=why):
        model_of(policy, Settings(home=tmp_path), MemoryStore())
