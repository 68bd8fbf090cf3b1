"""Say where the values of a Result stand, in the words of an overlay."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Result
from thresher.service.discovery.extraction.citations import Citation, citations


class ResultCitations:
    """The citations of one Result by the paths of its values."""

    def __init__(self, document: MatterDocument, result: Result[Any]) -> None:
        """Cite for a document; a copy is cited by its own pages."""
        self._by_path: dict[str, list[str]] = defaultdict(list)
        for evidence, place in zip(result.evidence, citations(document, result), strict=True):
            self._by_path[evidence.path].append(_citation_text(evidence, place))

    def of(self, path: str) -> list[str]:
        """Return the citations of a value and of all values below it, each once, without values that stand nowhere."""
        own = (
            told
            for at, all_told in self._by_path.items()
            if at == path or at.startswith(f"{path}/")
            for told in all_told
        )
        return list(dict.fromkeys(filter(None, own)))


def _citation_text(evidence: Evidence, place: Citation) -> str:
    """Return a citation: "ABC0000124@310-325", "page 2@310-325"; what is no place in a text says so in words."""
    if evidence.method == "corrected":
        return "by a person"
    if evidence.match == "derived":
        return f"derived from {', '.join(evidence.derived_from)}" if evidence.derived_from else "derived"
    return str(place) if evidence.start is not None or evidence.page else ""
