"""What a Matter says of itself: equations that must balance, proof against changes, reports, exceptions tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collection_imports import imported
from tests.simulation.discovery.broken_items import write_broken
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile, reconcile_and_keep

FAULTS = ("column_count", "missing_native", "native_for_redacted", "orphan", "missing_image", "bad_date")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matter of items that can not simply be read, and of a production with faults."""
    place = tmp_path_factory.mktemp("accounts")
    (place / "source").mkdir()
    write_broken(place / "source")
    imported(place / "matter", [place / "source"], custodian="Lay, Kenneth")
    make_production(place / "ABC001", Recipe(documents=110, seed=5, faults=FAULTS))
    with Matter(place / "matter") as matter:
        import_production(matter, find_production(place / "ABC001"), LoadOptions(), "Other side")
    return place / "matter"


def _reconciled(folder: Path) -> Reconciliation:
    with Matter(folder, writes=False) as matter:
        return reconcile(matter)


def test_broken_items_balance(broken: Path) -> None:
    """Every item that was found is a document, a container, left out or unreadable; so it is for source and custodian."""
    found = _reconciled(broken)
    assert [f"{e.scope.kind} {e.scope.name}: {e.rule.text}: {e.numbers}" for e in found.failing] == []
    assert found.state == "reconciled"
    whole = {e.rule.text: e for e in found.equations if e.scope.kind == "total"}
    items = next(e for text, e in whole.items() if text.startswith("items_discovered"))
    assert items.right[-1] > 3
    assert any(text.startswith("dat_rows") for text in whole)
