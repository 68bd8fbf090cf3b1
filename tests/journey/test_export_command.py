"""`thresher export` refuses with the words of the command line; the walks export and report for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.cli.export import Request, main


def test_what_can_not_be_exported_is_said(tmp_path: Path) -> None:
    """An empty folder is refused with a code and what to do."""
    with pytest.raises(InputProblem, match="no Results in"):
        main(Request(tmp_path, "csv"))
