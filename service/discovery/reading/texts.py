"""Keep the texts that values are cited from: `texts/ab/ID.txt`, and `ID.2.txt` … for further files of a document.

A range `[start, end)` of Evidence counts the code points of these files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from thresher.service.base.disk_faults import disk_faults_as_problems, machine_problem
from thresher.service.base.ordinary_files import read_ordinary


@dataclass(frozen=True, slots=True)
class Texts:
    """The folder of texts of one Matter."""

    folder: Path

    def path(self, document_id: str, number: int = 1) -> Path:
        """Return where the text of a document is, or would be; `number` counts its files from 1."""
        ending = ".txt" if number == 1 else f".{number}.txt"
        return self.folder / document_id[:2] / f"{document_id}{ending}"

    def put(self, document_id: str, number: int, text: str) -> None:
        """Keep a text, replacing what is there. Raises SetupProblem(storage_full, store_failed)."""
        path = self.path(document_id, number)
        data = text.encode("utf-8", "surrogatepass")
        with disk_faults_as_problems(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)  # a link would be written through
            part.write_bytes(data)
            part.replace(path)

    def get(self, document_id: str, number: int = 1) -> str | None:
        """Return a text that is kept; None where none is."""
        try:
            return read_ordinary(self.path(document_id, number)).decode("utf-8", "surrogatepass")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise machine_problem(error, str(self.folder)) from error

    def all(self, document_id: str) -> list[str]:
        """Return the texts of all files of a document, in order; empty where none was read."""
        found: list[str] = []
        while (text := self.get(document_id, len(found) + 1)) is not None:
            found.append(text)
        return found
