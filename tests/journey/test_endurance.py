"""What must survive anything, in small: the benches of the same names are the whole of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import kills, takeover
from tests.postgres_server import programs
from tests.simulation.mixed import write

pytestmark = pytest.mark.slow
POSTGRES = pytest.mark.skipif(programs() is None, reason="no PostgreSQL")


@pytest.mark.parametrize("door", ["extract", "serve"])
def test_kills(tmp_path: Path, door: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed again and again over the simulated reader: no finished call twice, and the same bytes in the end."""
    files = write(tmp_path / "in", 9)  # of each kind three; the seed gives three moments early in 12 calls
    assert kills.measure(door, files, tmp_path, kills=3, seed=1555), capsys.readouterr().out


@POSTGRES
def test_takeover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker killed and PostgreSQL crashed: every document once, taken over in time, no finished call twice."""
    asked = takeover.Asked(documents=30, lease=8.0, restart=2.0, away=1.0)
    assert takeover.measure(asked, tmp_path), capsys.readouterr().out
