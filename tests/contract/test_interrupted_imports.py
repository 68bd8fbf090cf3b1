"""An import that is killed at any moment goes on where it was (`bench/import_kills.py`: the command, the service, 50 times each)."""

from __future__ import annotations

import random
import shutil
import time
from functools import partial
from pathlib import Path

from bench.import_kills import differences, outcome
from tests.collection_imports import settled
from tests.killed_process import kills_until_done
from tests.simulation.discovery.broken_items import mail, zip_of
from tests.simulation.discovery.mailboxes import Mailboxes
from tests.simulation.discovery.productions import Recipe, make_production
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.settling import settle

KILLS = 50


def test_imports_killed_at_fifty_moments_give_what_one_without_kills_gives(tmp_path: Path) -> None:
    """Records, originals, manifest and log are the same each time, and a further import adds nothing."""
    box = Mailboxes(40, attached_bytes=300, custodians=1, quoted=True).write(tmp_path / "in")[0]
    (box / "a.zip").write_bytes(zip_of({"b.eml": bytes(mail(1, {"x.bin": b"x"})), "c.txt": b"c"}))
    (box / "empty.txt").write_bytes(b"")
    settled(tmp_path / "first", [box])  # what is loaded once is loaded
    begun = time.process_time()
    settled(tmp_path / "whole", [box])
    length, whole = time.process_time() - begun, outcome(tmp_path / "whole")
    draw, kills, matters = random.Random(5), 0, 0
    while kills < KILLS:
        matter, matters = tmp_path / f"killed{matters}", matters + 1
        kills += kills_until_done(length, partial(settled, matter, [box]), draw)
        assert differences(whole, outcome(matter)) == [], (kills, matters)
        assert not any(settled(matter, [box]).values())
        assert differences(whole, outcome(matter)) == [], (kills, matters)
        shutil.rmtree(matter)
    assert matters > 5


def _loaded(folder: Path, volume: Path) -> None:
    with Matter(folder) as matter:
        import_production(matter, find_production(volume), LoadOptions(), "A")
        settle(matter)


def test_a_production_killed_at_moments_of_both_passes_is_loaded_whole(tmp_path: Path) -> None:
    """The records are those of a load without a kill."""
    make_production(tmp_path / "ABC001", Recipe(documents=24, faults=("missing_native", "bad_date")))
    _loaded(tmp_path / "first", tmp_path / "ABC001")
    begun = time.process_time()
    _loaded(tmp_path / "whole", tmp_path / "ABC001")
    length, whole = time.process_time() - begun, _records(tmp_path / "whole")
    draw, kills = random.Random(5), 0
    for number in range(4):
        matter = tmp_path / f"killed{number}"
        kills += kills_until_done(length, partial(_loaded, matter, tmp_path / "ABC001"), draw)
        assert _records(matter) == whole, kills
        assert not list(matter.glob("production-*"))
    assert kills


def _records(folder: Path) -> list[str]:
    with Matter(folder, writes=False) as matter:
        return [one.to_json() for one in (*matter.store.documents(), *matter.store.exceptions())]
