"""What a privilege screen could not read it looks at again: nothing reaches a model that was not looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from pydantic import BaseModel

from tests.collection_imports import imported, settled
from tests.one_process import OneProcess
from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.document import Document
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.result import Result
from thresher.schemas.source import Source
from thresher.service.discovery.extraction.matter_extraction import ExtractionChoice, Parts, extract_matter
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.screen import ScreenCounts, ScreenLists, screen, unread_by_screen
from thresher.service.discovery.reading.document_texts import DocumentTexts
from thresher.service.discovery.reading.texts import Texts
from thresher.service.extraction.engine import Engine
from thresher.service.llm.providers.scripted import ScriptedTransport, prompt_of, scripted
from thresher.service.pipeline import process
from thresher.service.readers.pool import ReaderPool
from thresher.service.targets.loading import load_target
from thresher.service.targets.target_map import Rule, TargetMap
from thresher.service.wiring.effects import opened_store

Found = TypeVar("Found")
LISTS = ScreenLists(("firm.example",), ("attorney-client",))


class Fact(BaseModel):
    """What is asked of each document."""

    text: str | None = None


class ReadTexts:
    """Texts by the name of the document; one that is not among them can not be had."""

    def __init__(self, reading: str, texts: dict[str, str]) -> None:
        """Read in one way."""
        self.reading, self.texts = reading, texts
        self.read: list[tuple[str, bool]] = []

    async def of(self, document: MatterDocument, *, again: bool = False) -> list[str]:
        """Return the text of a document. Raises InputProblem."""
        self.read.append((document.name, again))
        if document.name not in self.texts:
            raise InputProblem("password_protected", document.name)
        return [self.texts[document.name]]

    async def searched(self, texts: list[str], search: Callable[[list[str]], Found]) -> Found:
        """Search here; "too long" takes too long."""
        if "too long" in texts:
            raise InputProblem("timeout", "texts")
        return search(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A matter of two files."""
    (tmp_path / "in").mkdir()
    for name in ("memo.pdf", "plain.txt"):
        (tmp_path / "in" / name).write_bytes(name.encode())
    imported(tmp_path / "matter", [tmp_path / "in"])
    return tmp_path / "matter"


async def screened(folder: Path, texts: ReadTexts) -> tuple[ScreenCounts, list[str]]:
    """Screen; return the counts and the names of what is held."""
    with Matter(folder) as matter:
        counts = await screen(matter, LISTS, cast("DocumentTexts", texts))
        return counts, [d.name for d in matter.store.documents() if d.held]


async def test_what_could_not_be_read_is_looked_at_again(folder: Path) -> None:
    """With its password it is read and held; while it can not be read, nothing is written down anew."""
    first = ReadTexts("r", {"plain.txt": "plain"})
    assert (await screened(folder, first))[0].read == 2
    assert (await screened(folder, ReadTexts("r", first.texts)))[0].read == 0
    opened = ReadTexts("r", first.texts | {"memo.pdf": "attorney-client privileged"})
    _, held = await screened(folder, opened)
    assert (opened.read, held) == ([("memo.pdf", True)], ["memo.pdf"])


async def test_texts_that_are_kept_are_read_anew_where_they_must_be(folder: Path, tmp_path: Path) -> None:
    """A text that was kept from an earlier reading is not taken for what a model would see now."""
    pool = cast("ReaderPool", OneProcess(tmp_path / "spool"))
    with Matter(folder) as matter:
        document = next(d for d in matter.store.documents() if d.name == "plain.txt")
        Texts(folder / "texts").put(document.id, 1, "kept")
        texts = DocumentTexts(matter, pool, ReadOptions())
        assert (await texts.of(document), await texts.of(document, again=True)) == (["kept"], ["plain.txt"])


async def test_what_nobody_looked_at_is_not_asked(folder: Path, tmp_path: Path) -> None:
    """The screen could not read it: no model gets it, though it could be read now; it is an exception with the code."""
    await screened(folder, ReadTexts("r", {"plain.txt": "plain"}))
    model, target = scripted({"": {"text": "x", "not_of_this_kind": None}}), load_target(Fact)
    choice = ExtractionChoice(targets=(TargetMap((Rule(glob="*", target=target),)),), policy=Policy())
    (folder.parent / "in" / "memo.pdf").write_bytes(b"%PDF-1.4 attorney-client")
    with Matter(folder) as matter:
        async with opened_store(folder / "results") as store:
            pool = cast("ReaderPool", OneProcess(tmp_path / "spool"))
            counts = await extract_matter(matter, choice, Parts(pool=pool, model=model, store=store))
        assert (counts.states["exception"], counts.asked) == (1, 2)
        assert [e.code for e in matter.store.exceptions() if e.stage == "extract"] == ["password_protected"]
    assert all("attorney" not in prompt_of(q) for q in cast("ScriptedTransport", model.wire).questions)


async def test_other_ways_of_reading_are_screened_anew(folder: Path) -> None:
    """A page without text, then read by OCR: it is held; out of reach after that, it stays so."""
    await screened(folder, ReadTexts("without OCR", {"plain.txt": "plain", "memo.pdf": ""}))
    seen = ReadTexts("with OCR", {"plain.txt": "plain", "memo.pdf": "attorney-client"})
    assert (await screened(folder, seen))[1] == ["memo.pdf"]
    assert all(again for _, again in seen.read)
    assert (await screened(folder, ReadTexts("another way", {"plain.txt": "plain"})))[1] == ["memo.pdf"]


async def test_a_reply_that_quotes_counsel_without_an_address_is_held(tmp_path: Path) -> None:
    """Its heading has a name alone; that the mail stands whole in it is known from its passages. Other replies are asked."""
    (tmp_path / "in").mkdir()
    head = "From: {0}@acme.example\nTo: b@acme.example\nSubject: Re: deal\nDate: Mon, {1} May 2001 10:00:00 +0000\nMessage-ID: <{1}@x>\n"
    advice = "My view of the deal:\n\nSettle it before the quarter ends.\n"
    quoted = "".join(f"> {line}\n" for line in advice.splitlines())
    mails = {
        "1.eml": head.format("sue", 21).replace("sue@acme", "sue@firm") + f"\n{advice}",
        "2.eml": head.format("ann", 22) + f"In-Reply-To: <21@x>\n\nI agree.\n\nSue Smith wrote:\n{quoted}",
        "3.eml": head.format("bob", 23) + "In-Reply-To: <21@x>\n\nSee you at noon.\n",
    }
    for name, text in mails.items():
        (tmp_path / "in" / name).write_text(text)
    settled(tmp_path / "matter", [tmp_path / "in"])
    _, held = await screened(tmp_path / "matter", ReadTexts("r", mails))
    assert held == ["1.eml", "2.eml"]


async def test_a_text_that_could_not_be_searched_is_not_asked(folder: Path) -> None:
    """A search that took too long leaves the document unread, with the code, and it is looked at again."""
    slow = ReadTexts("r", {"plain.txt": "plain", "memo.pdf": "too long"})
    assert (await screened(folder, slow))[0].unread == 1
    with Matter(folder) as matter:
        assert set(unread_by_screen(matter).values()) == {"timeout"}
    _, held = await screened(folder, ReadTexts("r", slow.texts | {"memo.pdf": "attorney-client"}))
    assert held == ["memo.pdf"]


async def test_long_texts_are_searched_by_a_worker(folder: Path, tmp_path: Path) -> None:
    """No event loop searches in them: the pool is given the search, and its size counts for the memory."""
    sizes: list[int] = []

    class Pool(OneProcess):
        """Notes the sizes of what is called."""

        async def call(self, function: Callable[..., Found], source: Source, options: ReadOptions) -> Found:
            """Call here."""
            sizes.append(source.size)
            return await super().call(function, source, options)

    with Matter(folder) as matter:
        texts = DocumentTexts(matter, cast("ReaderPool", Pool(tmp_path / "spool")), ReadOptions())
        assert await texts.searched(["a" * 70_000], len) == await texts.searched(["a"], len) == 1
    assert sizes == [280_000]


async def test_large_documents_of_a_matter_are_processed_elsewhere(folder: Path, tmp_path: Path) -> None:
    """The worker's loop does not chunk, ask and prove what is large; small ones stay in it."""
    seen: list[str] = []

    class Elsewhere:
        """Say which documents came."""

        async def process(self, engine: Engine, documents: list[Document]) -> Result[Any]:
            """Process here."""
            seen.extend(d.source.name for d in documents)
            return await process(replace(engine, elsewhere=None), documents)

    imported(folder, [folder.parent / "in", _long_file(tmp_path / "more")])
    model, target = scripted({"": {"text": None, "not_of_this_kind": None}}), load_target(Fact)
    choice = ExtractionChoice(targets=(TargetMap((Rule(glob="*.txt", target=target),)),), policy=Policy())
    with Matter(folder) as matter:
        async with opened_store(folder / "results") as store:
            pool = cast("ReaderPool", OneProcess(tmp_path / "spool"))
            parts = Parts(pool=pool, model=model, store=store, elsewhere=Elsewhere())
            await extract_matter(matter, choice, parts)
    assert seen == ["long.txt"]


def _long_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "long.txt").write_text("".join(f"{n} is a line of a long text, {n % 7}\n" for n in range(3_000)))
    return folder
