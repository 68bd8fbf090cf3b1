"""Keep what pass 1 found until pass 2 needs it: findings, hashes of files and page images, in temporary files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from thresher.service.discovery.productions.file_checks import FileFacts
from thresher.service.discovery.productions.file_facts import FileFactsStore
from thresher.service.discovery.productions.findings import Finding
from thresher.service.discovery.productions.image_pages import ImagePages
from thresher.service.discovery.productions.validation import Listeners


class FirstPass:
    """What pass 1 found, for pass 2, in files."""

    def __init__(self, folder: Path, given: Listeners) -> None:
        """Make the files in a folder; `given` hear of everything too."""
        self.facts, self.pages = FileFactsStore(folder / "facts.db"), ImagePages(folder / "pages.db")
        self._given, self._path = given, folder / "findings.jsonl"
        self._file = self._path.open("w", encoding="utf-8", errors="surrogatepass")

    def on_finding(self, finding: Finding) -> None:
        """Keep a finding, and pass it on."""
        self._file.write(json.dumps([getattr(finding, name) for name in Finding.__slots__]) + "\n")
        if self._given.on_finding:
            self._given.on_finding(finding)

    def on_file(self, facts: FileFacts) -> None:
        """Keep the facts of a file, and pass them on."""
        self.facts.put(facts)
        if self._given.on_file:
            self._given.on_file(facts)

    def findings(self) -> Iterator[Finding]:
        """Yield all findings again."""
        self._file.flush()
        with self._path.open(encoding="utf-8", errors="surrogatepass") as file:
            for line in file:
                yield Finding(**dict(zip(Finding.__slots__, json.loads(line), strict=True)))

    def close(self) -> None:
        """Close all files."""
        self._file.close()
        self.facts.close()
        self.pages.close()
