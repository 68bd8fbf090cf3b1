"""The Python door as a script uses it: all forms of a source, many at once, faults by code, two programs on one store."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import thresher
from tests.simulation.loopback import Answer, Request
from tests.simulation.server import Said, Server
from thresher import InputProblem, Policy, Progress, SetupProblem, Text, aextract, aextract_many, extract, read_result
from thresher.service.runs.given_sources import GivenSource
from thresher.service.storage.answers.sqlite import SqliteStore

ROOT = Path(thresher.__file__).parents[1]
ORDER = "Order number: PO-7\nTotal: 12.50\n"


class Order(BaseModel):
    """What is asked."""

    number: str
    total: float | None


class KeyedServer(Server):
    """A server that notes the keys it was asked with."""

    keys: set[str]

    async def answer(self, request: Request) -> Answer:
        """Note the key."""
        self.keys = {*getattr(self, "keys", ()), request.key}
        return await super().answer(request)


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model that answers orders 7, 8 and 9, by the environment; the folder is the working folder."""
    said = [{"when": f"PO-{n}\n", "say": {"number": f"PO-{n}", "total": 12.5}} for n in (7, 8, 9)]
    said.append({"when": "INV/2023", "say": {"number": "INV/2023/03/0008"}})
    said.append({"when": "", "say": {"number": None}})
    (tmp_path / "script.json").write_text(json.dumps({"answers": said}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THRESHER_MODEL", f"scripted:{tmp_path / 'script.json'}")
    (tmp_path / "7.txt").write_text(ORDER)
    return f"scripted:{tmp_path / 'script.json'}"


@pytest.mark.parametrize("form", ["str", "path", "bytes", "file", "text file", "text", "named bytes"])
def test_every_form_of_a_source_is_read(form: str) -> None:
    """A path, bytes, an open file (in both ways), and a text give the same."""
    named = io.BytesIO(ORDER.encode())
    named.name = "/somewhere/7.txt"
    with Path("7.txt").open("rb") as binary, Path("7.txt").open(encoding="utf-8") as written:
        forms: dict[str, Any] = {"str": "7.txt", "path": Path("7.txt"), "bytes": ORDER.encode(), "file": binary}
        forms |= {"text file": written, "text": Text(ORDER), "named bytes": named}
        result = extract(forms[form], Order)
    assert (result.status, result.data) == ("complete", Order(number="PO-7", total=12.5))
    assert result.source.path == {"bytes": "document", "text": "text.txt"}.get(form, "7.txt")
    assert result.given is forms[form]


async def test_a_list_is_one_document_in_several_files() -> None:
    """Two files of one order give one Result; equal names stay apart."""
    result = await aextract([Text("Order number: PO-7\n"), Text("Order number: PO-7\nTotal: 12.50\n")], Order)
    assert result.values == {"number": "PO-7", "total": 12.5}
    assert [s.path for s in result.sources] == ["text.txt", "2/text.txt"]


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("Order number: PO-7\nTotal: 12.50", "file_not_found", "write Text(...)"),
        ("x" * 5000, "file_not_found", "write Text(...)"),
        (Path("missing.pdf"), "file_not_found", "missing.pdf"),
        (Path(), "source_invalid", "aextract_many"),
        (None, "source_invalid", "NoneType is no source"),
        ([], "source_invalid", "empty"),
    ],
)
async def test_what_is_no_source_names_the_remedy(source: Any, code: str, words: str) -> None:
    """A text where a path belongs, a folder, nothing: each says what to write instead."""
    with pytest.raises(InputProblem) as told:
        await aextract(source, Order)
    assert told.value.code == code
    assert words in told.value.message


def test_a_pdf_opened_as_text_says_so(tmp_path: Path) -> None:
    """`open(path)` of bytes that are no text is the commonest slip."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 \xff\xfe\xfa")
    with Path("a.pdf").open(encoding="utf-8") as written, pytest.raises(InputProblem, match="open it with 'rb'"):
        extract(written, Order)


async def test_inside_a_loop_extract_names_aextract() -> None:
    """A notebook has a loop."""
    with pytest.raises(InputProblem, match=r"await aextract") as told:
        extract(Text(ORDER), Order)
    assert told.value.code == "loop_running"


def test_without_a_loop_extract_runs_one() -> None:
    """The plain call."""
    assert extract("7.txt", Order).data == Order(number="PO-7", total=12.5)


async def test_many_are_yielded_as_they_finish_and_one_failure_stops_no_other(tmp_path: Path) -> None:
    """A folder with an archive, a text, a missing and an empty file: a Result each; data is typed."""
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "pack.zip", "w") as archive:
        archive.writestr("8.txt", "Order number: PO-8\nTotal: 12.50\n")
        archive.writestr("9.txt", "Order number: PO-9\nTotal: 12.50\n")
    (folder / "empty.pdf").write_bytes(b"")

    async def sources() -> Any:
        for one in (folder, Text(ORDER), Text(ORDER), "missing.pdf", None):
            yield one

    found = [r async for r in aextract_many(sources(), Order, at_once=2)]
    by_path = {r.source.path: (r.status, r.data and r.data.number) for r in found}
    assert by_path == {
        "pack.zip!/1-8.txt": ("complete", "PO-8"),
        "pack.zip!/2-9.txt": ("complete", "PO-9"),
        "empty.pdf": ("failed", None),
        "text.txt": ("complete", "PO-7"),
        "2/text.txt": ("complete", "PO-7"),
        "missing.pdf": ("failed", None),
        "document": ("failed", None),
    }
    assert next(r for r in found if r.source.path == "missing.pdf").given == "missing.pdf"


async def test_leaving_the_iterator_early_leaves_nothing_running() -> None:
    """`break` after the first Result cancels the rest."""
    many = aextract_many([Text(ORDER)] * 20, Order, at_once=2)
    async for result in many:
        assert result.status == "complete"
        break
    await many.aclose()
    assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []


async def test_a_fault_of_the_set_up_is_raised(nowhere: str) -> None:
    """No other document would fare better: the iterator and the single call raise."""
    reach = {"model": "openai/mine", "base_url": f"{nowhere}/v1", "api_key": "x", "policy": Policy(retries=0)}
    with pytest.raises(SetupProblem) as told:
        await aextract(Text(ORDER), Order, **reach)  # type: ignore[call-overload]
    assert told.value.code == "model_unreachable"
    with pytest.raises(SetupProblem):
        _ = [r async for r in aextract_many([Text(ORDER)], Order, **reach)]  # type: ignore[call-overload]


async def test_an_address_without_a_model_says_what_is_missing() -> None:
    """Else the embedded model would answer in silence."""
    with pytest.raises(SetupProblem, match="model='openai/NAME'") as told:
        await aextract(Text(ORDER), Order, base_url="http://127.0.0.1:1/v1", policy=Policy(model="embedded"))
    assert told.value.code == "setting_missing"


async def test_model_address_key_and_instructions_reach_the_server(tmp_path: Path) -> None:
    """They go where the caller says, and other instructions are another question."""
    answer = {"number": "PO-7", "total": 12.5, "not_of_this_kind": False}
    async with KeyedServer(lambda _: Said(content=json.dumps(answer))) as server:
        reach: dict[str, Any] = {"model": "openai/mine", "base_url": server.base, "api_key": "secret-key-1"}
        reach["store"] = tmp_path / "store"
        first = await aextract(Text(ORDER), Order, instructions="Totals are net.", **reach)
        again = await aextract(Text(ORDER), Order, instructions="Totals are net.", **reach)
        asked = len(server.requests)
        await aextract(Text(ORDER), Order, instructions="Totals are gross.", **reach)
    assert first.data == again.data == Order(number="PO-7", total=12.5)
    assert asked == 1 < len(server.requests)
    assert server.keys == {"Bearer secret-key-1"}
    assert "Totals are net." in json.dumps(server.requests[0])


async def test_progress_counts_what_is_read_asked_and_finished() -> None:
    """Each step is told with sums."""
    told: list[Progress] = []
    await aextract("7.txt", Order, progress=told.append)
    assert [p.stage for p in told] == ["read", "asked", "finished"]
    assert (told[-1].files, told[-1].answers, told[-1].results) == (1, 1, 1)
    assert str(told[0]) == "7.txt: read; so far 1 files and 0 pages read, 0 answers, 0 results"


async def test_evidence_of_a_path_and_below_it() -> None:
    """A JSON Pointer gives the evidence of a value, or of all below."""
    result = await aextract("7.txt", Order)
    assert [e.quote for e in result.evidence_of("/number")] == ["PO-7"]
    assert {e.path for e in result.evidence_of("")} == {"/number", "/total"}
    assert result.evidence_of("/num") == []
    with pytest.raises(ValueError, match="'/lines/0'"):
        result.evidence_of("lines.0")


async def test_a_result_is_read_again_and_bound_to_its_file(tmp_path: Path) -> None:
    """The file that it was made from is taken, another one is refused, a Result of no file says so."""
    (tmp_path / "kept.json").write_text((await aextract("7.txt", Order)).model_dump_json())
    assert read_result("kept.json", source="7.txt").given == "7.txt"
    assert read_result("kept.json").given is None
    with pytest.raises(InputProblem, match="is not the file"):
        read_result("kept.json", source="script.json")
    with pytest.raises(InputProblem, match="read_result"):
        read_result("kept.json").show()


async def test_a_store_that_another_run_uses_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing fails, and who waits says so once; the lock of a file holds between processes as between openings."""
    held = await SqliteStore.open(_store_file(tmp_path))
    waiting = asyncio.create_task(aextract("7.txt", Order, store=tmp_path / "store"))
    while not caplog.records:  # noqa: ASYNC110 - a log line sets no event
        await asyncio.sleep(0.01)
    assert not waiting.done()
    await held.aclose()
    assert (await waiting).status == "complete"
    assert [r.message for r in caplog.records] == ["another run uses this folder; waiting"]


def test_runs_in_two_threads_pay_once(tmp_path: Path) -> None:
    """The second finds the answer of the first."""
    said = {"latency": 0.1, "answers": [{"when": "", "say": {"number": "PO-7", "total": 12.5}}]}
    (tmp_path / "script.json").write_text(json.dumps(said))
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(extract, "7.txt", Order, store=tmp_path / "store") for _ in range(2)]
        assert {run.result().status for run in runs} == {"complete"}

    async def calls() -> list[bool]:
        store = await SqliteStore.open(_store_file(tmp_path))
        made = [call.attempt.stored for call in await store.calls()]
        await store.aclose()
        return made

    assert asyncio.run(calls()) == [False, True]


def _store_file(folder: Path) -> Path:
    (folder / "store" / ".thresher").mkdir(parents=True, exist_ok=True)
    return folder / "store" / ".thresher" / "store.sqlite"


async def test_calls_of_one_program_share_its_store(tmp_path: Path) -> None:
    """`gather` on one folder neither fails nor waits for ever."""
    calls = [aextract("7.txt", Order, store=tmp_path / "store") for _ in range(3)]
    assert {r.status for r in await asyncio.gather(*calls)} == {"complete"}


async def test_a_page_of_an_attachment_is_shown_too() -> None:
    """Its bytes are taken out of the mail again."""
    schema = {"title": "Bill", "type": "object", "properties": {"number": {"type": "string"}}}
    result = await aextract(ROOT / "samples" / "inbox" / "mail-with-invoice.eml", schema)
    page = next(p for p in result.pages if p.source)
    assert page.source.startswith("mail-with-invoice.eml!/")
    assert _png_size(page.image(scale=0.5))[0] == pytest.approx(page.width / 2, abs=1)


def _png_size(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels, from a PNG's first chunk."""
    assert picture.startswith(b"\x89PNG")
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


@pytest.mark.parametrize(("name", "called"), [("x" * 5000 + ".txt", "x" * 196 + ".txt"), ("a\0b.txt", "a_b.txt")])
def test_any_name_of_an_open_file_is_taken(name: str, called: str) -> None:
    """What no file can be called is cut; its ending, by which it is read, stays."""
    opened = io.BytesIO(b"Order number: PO-1")
    opened.name = name
    assert GivenSource(opened).source.name == called
