"""What a load file says of redaction and withholding, under whatever name it says it."""

from __future__ import annotations

import pytest

from thresher.service.discovery.loadfiles.columns import map_columns
from thresher.service.discovery.productions.file_checks import is_redacted, is_withheld


@pytest.mark.parametrize(
    ("columns", "row", "said"),
    [
        (["DOCID", "DOCTYPE", "PRPRTIES"], ["A1", "Word", "Privilege notation; Redacted"], (True, False)),
        (["DOCID", "REDACTED", "HAS REDACTIONS"], ["A1", "No", "Yes"], (True, False)),
        (["DOCID", "Redaction Reason"], ["A1", "Privilege"], (True, False)),
        (["DOCID", "REDACTED_YN"], ["A1", "N"], (False, False)),
        (["DOCID", "Unredacted Copy"], ["A1", "Yes"], (False, False)),
        (["DOCID", "CONFDESIG"], ["A1", "CONFIDENTIAL - REDACTED"], (True, False)),
        (["DOCID", "PRIVTYPE"], ["A1", "Attorney-Client, redacted in part"], (True, False)),
        (["DOCID", "PRIVTYPE"], ["A1", "Withheld: AC"], (False, True)),
        (["DOCID", "PRIVTYPE"], ["A1", "AC"], (False, False)),
        (["DOCID", "DOCTYPE", "PRPRTIES"], ["A1", "", "Document Withheld Based On Privilege"], (False, True)),
    ],
)
def test_redaction_is_seen_in_any_column_that_tells_of_it(
    columns: list[str], row: list[str], said: tuple[bool, bool]
) -> None:
    """Also in a second column of the same field, and in columns that no dictionary knows."""
    known = map_columns(columns)
    assert (is_redacted(known, row), is_withheld(known, row)) == said
