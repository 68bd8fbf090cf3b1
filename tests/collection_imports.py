"""Import collections in tests without processes, and compare what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.collection.unit_pool import UnitPool
from thresher.service.discovery.collection.units import UnitSetting, perform
from thresher.service.discovery.document_texts import source_of
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.work import UnitResult, WorkUnit
from thresher.service.discovery.reconciliation.reconciling import reconcile
from thresher.service.discovery.settling import settle
from thresher.service.discovery.text_reading import Function, Made, TextReading
from thresher.service.readers.base import Spool


class InlineUnits(UnitPool):
    """Do units in this process, each when it is asked for."""

    def __init__(self) -> None:
        """Use one process, this one."""
        super().__init__(1)

    def submit(self, unit: WorkUnit, setting: UnitSetting) -> Future[UnitResult]:
        """Do a unit; the Future is done when this returns."""
        done: Future[UnitResult] = Future()
        try:
            done.set_result(perform(unit, setting))
        except Exception as error:  # noqa: BLE001 - the Future raises it again
            done.set_exception(error)
        return done


class InlineTexts(TextReading):
    """Read texts in this process."""

    def read(
        self, documents: Iterable[MatterDocument], function: Function[Made]
    ) -> Iterator[list[tuple[MatterDocument, Made | None]]]:
        """Yield a batch for each document."""
        for document in documents:
            source = source_of(self.matter, document)
            try:
                made = function(source, ReadOptions(ocr="off"), Spool(self.matter.folder)) if source else None
            except InputProblem:
                made = None
            yield [(document, made)]


def imported(
    folder: Path, sources: list[Path], custodian: str = "A", options: CollectionOptions | None = None
) -> dict[str, int]:
    """Import into the Matter of a folder, whose counts must then balance; return what is new."""
    with Matter(folder) as matter:
        new = import_collections(matter, sources, custodian, options or CollectionOptions(), pool=InlineUnits())
        found = reconcile(matter)
        assert found.state == "reconciled", [(e.scope, e.rule.text, e.numbers) for e in found.failing]
    return new


def settled(folder: Path, sources: list[Path], custodian: str = "A") -> dict[str, int]:
    """Import, and do what follows an import; return what is new."""
    new = imported(folder, sources, custodian)
    with Matter(folder) as matter:
        assert settle(matter).state == "reconciled"
    return new


def dumped(folder: Path) -> list[str]:
    """Return all records of a Matter, in order, as they are kept."""
    with Matter(folder, writes=False) as matter:
        store = matter.store
        streams = (store.documents(), store.exceptions(), store.containers(), store.suppressed())
        return [record.to_json() for stream in streams for record in stream]
