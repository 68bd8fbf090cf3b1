"""What holds for unit tests beside the rest: they touch no disk, so that their home need not be there."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not there."""
    folder = Path("no-home")
    monkeypatch.setenv("THRESHER_HOME", str(folder))
    monkeypatch.delenv("THRESHER_MODEL", raising=False)
    return folder
