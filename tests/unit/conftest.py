"""What holds for unit tests beside the rest: they touch no disk, so that their home need not be there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="module")
def home() -> Iterator[Path]:
    """A home that is not there, the same for all of a module."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("THRESHER_HOME", "no-home")
        yield Path("no-home")
