"""Count what the sources of a matter hold."""

from __future__ import annotations

from pathlib import Path

from thresher.schemas.discovery.matter_import import SourceCounts
from thresher.service.discovery.matter.folder import Matter


def source_counts(matter: Matter, custodian: str | None = None, paths: list[Path] | None = None) -> list[SourceCounts]:
    """Return the counts of sources: of all, or of those at some paths of one custodian."""
    tables = {
        name: matter.store.counts(name, "source") for name in ("documents", "exceptions", "containers", "suppressed")
    }
    wanted = None if paths is None else {str(path.resolve()) for path in paths}
    statement = "SELECT number, label, path, custodian, kind, state FROM sources ORDER BY number"
    return [
        SourceCounts(
            number=number, label=label, custodian=owner, kind=kind, state=state,
            documents=tables["documents"].get(str(number), 0), exceptions=tables["exceptions"].get(str(number), 0),
            containers=tables["containers"].get(str(number), 0), left_out=tables["suppressed"].get(str(number), 0),
        )
        for number, label, path, owner, kind, state in matter.store.connection.execute(statement).fetchall()
        if wanted is None or (path in wanted and owner == custodian)
    ]  # fmt: skip
