"""What is imported when: a command loads what it uses, and a mail loads nothing heavy, here or in its reader."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journey.reading_faults import telling_read
from tests.simulation.server import Said, Server
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source

HEAVY = {
    *("instructor", "litellm", "magika", "onnxruntime", "openai", "opentelemetry", "pyarrow", "pypdfium2", "rapidocr"),
    *("spacy", "unstructured", "xllamacpp"),
}
LOOK = """
import sys
from thresher.service.cli.main import main
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write("\\nmodules " + " ".join({m.partition(".")[0] for m in sys.modules}))
sys.exit(code)
"""
MAIL = b"From: Tom <tom@example.org>\nSubject: Order 7\n\nPlease send the pens. Total: EUR 12.50\n"


def imported(*arguments: str) -> set[str]:
    """Top-level modules that a command imported; it has to succeed."""
    done = subprocess.run([sys.executable, "-c", LOOK, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("\nmodules ")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("extract", "--help"), ("version",), ("--version",)])
def test_help_imports_next_to_nothing(arguments: tuple[str, ...]) -> None:
    """Neither what reads nor what asks is loaded, and for the first help not even pydantic."""
    modules = imported(*arguments)
    assert not modules & HEAVY
    assert arguments != ("--help",) or not modules & {"pydantic", "numpy", "rich"}


def test_extract_imports_only_what_it_uses(tmp_path: Path) -> None:
    """A mail and a scripted model need no client of a provider, no OCR, no office library and no arrays."""
    (tmp_path / "one.eml").write_bytes(MAIL)
    (tmp_path / "target.json").write_text(
        '{"title": "Small", "type": "object", "properties": {"total": {"type": "number"}}}'
    )
    (tmp_path / "script.json").write_text('{"answers": [{"when": "", "say": {"total": 12.5}}]}')
    target, script, out = tmp_path / "target.json", f"scripted:{tmp_path / 'script.json'}", tmp_path / "out"
    modules = imported("extract", str(tmp_path / "one.eml"), "-t", str(target), "-m", script, "-o", str(out))
    assert (out / "one.eml.json").is_file()
    assert not modules & {*HEAVY, "numpy"}


async def test_a_hosted_model_of_openais_protocol_imports_no_client_of_a_provider(tmp_path: Path) -> None:
    """Chat goes by httpx alone: neither litellm, nor OpenAI's client, nor numba is imported by any process' command."""
    (tmp_path / "one.eml").write_bytes(MAIL)
    (tmp_path / "target.json").write_text(
        '{"title": "Small", "type": "object", "properties": {"total": {"type": "number"}}}'
    )
    arguments = ("one.eml", "-t", "target.json", "-m", "openai/gpt-4o-mini", "-o", "out")
    async with Server(lambda _: Said(content='{"total": 12.5, "not_of_this_kind": false}')) as server:
        environment = os.environ | {"OPENAI_API_KEY": "none", "THRESHER_API_BASE": server.base}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LOOK, "extract", *arguments),
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, error = await process.communicate()
    assert server.requests, error.decode()
    modules = set(error.decode().rpartition("\nmodules ")[2].split())
    assert "httpx" in modules
    assert not modules & {*HEAVY, "numba", "numpy"}


def test_ranking_imports_neither_numba_nor_arrays() -> None:
    """Its import takes seconds."""
    code = (
        "import sys; from types import SimpleNamespace; from thresher.service.extraction.planning.bm25 import Bm25\n"
        "Bm25([SimpleNamespace(context='', text='a b')]).scores('a'); print({'numba', 'numpy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["one.eml", "one.txt"])
async def test_the_reader_of_a_mail_imports_nothing_heavy(tmp_path: Path, name: str) -> None:
    """Nor does the process that reads it."""
    (tmp_path / name).write_bytes(MAIL)
    async with ReaderPool(tmp_path / "spool", workers=1, read=telling_read) as pool:
        reading = await pool.read(make_source(tmp_path / name), ReadOptions())
    modules = set(reading.document.facts["modules"].split())
    assert "thresher" in modules
    assert not modules & HEAVY
