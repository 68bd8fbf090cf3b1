"""What Results of this process were made from: their pages as pictures, as long as the files are there."""

from __future__ import annotations

from typing import Any

from thresher.schemas.result import Result
from thresher.service.runs.given_sources import GivenSource


class OriginalFiles:
    """The sources of one Result."""

    def __init__(self, given: Any, sources: list[GivenSource]) -> None:
        """Take what the caller gave, and the Sources that were made of it, which live as long as this object."""
        self._given, self._sources = given, sources

    @property
    def given(self) -> Any:
        """Return the source as the caller gave it."""
        return self._given

    def picture(self, source: str, page: int, scale: float) -> bytes:
        """Return a page as PNG."""
        raise NotImplementedError

    def html(self, result: Result[Any]) -> str:
        """Return the report."""
        raise NotImplementedError
