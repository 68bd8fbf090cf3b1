"""The page on upgrading names what there is: the form of a Result, and every step of the databases."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.result import FORM
from thresher.service.storage.answers import postgres_opening, sqlite_opening

PAGE = (Path(__file__).parents[2] / "docs/guides/upgrading.md").read_text("utf-8")


def test_the_page_names_every_step_and_form() -> None:
    """A migration or a form that is added to the code is explained to who upgrades."""
    steps = {*sqlite_opening.steps(), *postgres_opening.steps()}
    assert [s for s in steps if s not in PAGE and not s.startswith("000")] == []
    assert f"`form` ({FORM} today" in PAGE
