"""`thresher export` refuses with the words of the command line; the walks export and report for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.cli.export import Request, main


def test_what_can_not_be_exported_is_said(tmp_path: Path) -> None:
    """An empty folder and an unknown form are refused with a code and the words of the command line."""
    with pytest.raises(InputProblem, match="no Results in"):
        main(Request(tmp_path, "csv"))
    with pytest.raises(InputProblem, match="--format ods: one of xlsx, csv, jsonl, parquet"):
        main(Request(tmp_path, "ods"))  # type: ignore[arg-type] - as argv may have it
