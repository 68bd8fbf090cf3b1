"""Fields of an upload that are no files."""

from __future__ import annotations

import pytest

from thresher.schemas.errors import InputProblem
from thresher.service.server.api.upload import _priority


@pytest.mark.parametrize(("text", "priority"), [("3", 3), (" -9 ", -9), ("+0", 0), ("007", 7)])
def test_a_priority_is_a_small_number(text: str, priority: int) -> None:
    """However it is written."""
    assert _priority(text) == priority


@pytest.mark.parametrize("text", ["", "--5", "10", "-", "1.5", "²", "high", "9" * 5000])
def test_what_is_no_priority_is_a_problem(text: str) -> None:
    """Never a fault."""
    with pytest.raises(InputProblem, match="field_invalid"):
        _priority(text)
