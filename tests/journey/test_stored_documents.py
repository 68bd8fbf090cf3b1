"""Large Documents go from process to process as files, and say the same there."""

from __future__ import annotations

import pickle
from copy import copy
from pathlib import Path

from tests.journey.test_processing_apart import document, engine
from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.service.backend.processing.process_pool import ProcessingPool
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.readers.stored_documents import LARGE_CODE_POINTS, StoredDocument, store_if_large


def test_a_stored_document_says_the_same(tmp_path: Path) -> None:
    """Light fields and the length are known at once; the rest is read when it is asked for, by copies too."""
    whole = document(2 * LARGE_CODE_POINTS)
    lying = store_if_large(whole, tmp_path)
    assert isinstance(lying, StoredDocument)
    assert (lying.length, lying.source, lying.kind) == (len(whole.text), whole.source, whole.kind)
    noted = copy(lying)
    noted.notes = [note("timeout")]
    assert (lying.notes, len(pickle.dumps(noted)) < 10_000) == ([], True)
    again = pickle.loads(pickle.dumps(noted))
    assert (again.text, list(again.blocks), again.notes) == (whole.text, list(whole.blocks), noted.notes)
    assert again.anchor(0, 12) == whole.anchor(0, 12)


def test_a_small_document_stays_in_hand(tmp_path: Path) -> None:
    """It costs no file."""
    whole = document(1_000)
    assert store_if_large(whole, tmp_path) is whole
    assert list(tmp_path.iterdir()) == []


async def test_who_passes_it_on_never_reads_it(tmp_path: Path) -> None:
    """The reading process writes it and the processing process reads it; here only its path goes by."""
    whole = document(2 * LARGE_CODE_POINTS)
    (tmp_path / "a.txt").write_text(whole.text)
    processors = ProcessingPool()
    try:
        async with ReaderPool(tmp_path / "spool", workers=1) as pool, pool.apart(stores=True) as reads:
            found = (await reads.read(make_source(tmp_path / "a.txt"), ReadOptions())).document
            assert isinstance(found, StoredDocument)
            result = await processors.process(engine(), [found])
            assert result.values == {"number": "PO-7", "buyer": "Acme Works Ltd"}
            found.file.unlink()  # who had read it here would not need it
            assert found.length == len(whole.text)
            assert engine().is_large([found])
    finally:
        await processors.aclose()
    assert not list((tmp_path / "spool").rglob("*.document"))
