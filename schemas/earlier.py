"""Convert a Result in the form of Thresher 0.1.0 (with `draft`, without `reasons`) to today's form."""

from __future__ import annotations

from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.stages import FIRST

Body = dict[str, Any]


def upgrade_result(old: Body) -> Body:
    """Convert an earlier Result to today's form: all that was found is `data`, and each finding is a reason."""
    new = {key: value for key, value in old.items() if key != "draft"}
    whole = old.get("data")
    new |= {"data": whole if whole is not None else old.get("draft") or {}, "stages": FIRST}
    return {**new, "valid": whole is not None, "reasons": _reasons(old)}


def _reasons(old: Body) -> list[Body]:
    """Return why it was not complete; if it had no finding, its status alone."""
    if old.get("status") == "complete":
        return []
    found = [_reason("unsupported", u["path"], u["reason"]) for u in old.get("unsupported") or ()]
    found += [_error(e, old.get("draft")) for e in old.get("errors") or ()]
    found += [_reason("unresolved", "", u["reason"]) for u in old.get("unresolved") or ()]
    coverage = old.get("coverage") or {}
    found += [_reason("unclaimed", "", line["text"]) for line in coverage.get("unclaimed") or ()]
    found += [_reason("unread", "", f"{n['code']}: {n['message']}") for n in old.get("problems") or ()]
    return found or [_reason("unread", "", f"{old.get('status')}, by Thresher {old.get('thresher')}")]


def _error(error: Body, draft: Any) -> Body:
    """Convert a failed check to a reason; for a missing value, to its absence."""
    value = json_pointer.get(draft, error["path"])
    return _reason("absent" if value is None and error["path"] else "invalid", error["path"], error["message"])


def _reason(code: str, path: str, message: str) -> Body:
    return {"code": code, "path": path, "message": message}
