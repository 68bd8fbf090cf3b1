"""Progress: how far an extraction in Python has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is done so far, of all sources of a call together; printing it gives one line.

    >>> print(Progress(stage="asked", path="a.pdf", files=1, pages=12, answers=3))
    a.pdf: asked; so far 1 files and 12 pages read, 3 answers, 0 results
    """

    stage: Literal["read", "asked", "finished"]  # a file was read, a question answered, a Result made
    path: str  # of the file that this was about
    files: int = 0  # read, attachments and members too
    pages: int = 0  # of them
    answers: int = 0  # of the model, stored ones too
    results: int = 0
    usd: float | None = 0.0  # spent; None: a price is unknown

    def __str__(self) -> str:
        """Return one line."""
        read = f"{self.files} files and {self.pages} pages read"
        return f"{self.path}: {self.stage}; so far {read}, {self.answers} answers, {self.results} results"
