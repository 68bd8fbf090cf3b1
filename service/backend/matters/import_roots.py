"""Check paths on the server from which a tenant wants to import: only what lies below a folder that the operator opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from thresher.schemas.errors import InputProblem
from thresher.service.settings import ImportRoot


def allowed_path(path: str, tenant: str, roots: Iterable[ImportRoot]) -> Path:
    """Return a path with its links followed. Raises InputProblem(source_refused, file_not_found).

    What is outside is refused in the same words whether or not anything is there.
    """
    if not path.startswith("/") or "\0" in path:
        raise InputProblem("source_refused", path[:200])
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError):
        raise InputProblem("source_refused", path[:200]) from None
    if not any(real.is_relative_to(root) for root in roots_of(tenant, roots)):
        raise InputProblem("source_refused", path[:200])
    if not real.exists():
        raise InputProblem("file_not_found", path[:200])
    return real


def roots_of(tenant: str, roots: Iterable[ImportRoot]) -> tuple[Path, ...]:
    """Return the folders below which a tenant may read, with their links followed."""
    return tuple(root.path.resolve() for root in roots if root.tenant in {None, tenant})
