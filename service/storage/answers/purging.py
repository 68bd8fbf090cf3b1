"""Delete answers that no call names any more."""

from __future__ import annotations

from thresher.service.storage.answers.session import Session

UNNAMED = """DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE created < :before
    AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.key = answers.key) LIMIT :limit)"""


def purge(session: Session, before: float, limit: int) -> int:
    """Delete at most `limit` answers stored before a time that no call names; return how many."""
    return session.run(UNNAMED, before=before, limit=limit)
