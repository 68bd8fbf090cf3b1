"""Keep the ids of the work in progress. They travel with the asyncio task to log lines, calls and spans."""

from __future__ import annotations

from contextvars import ContextVar

current_request: ContextVar[str | None] = ContextVar("requested", default=None)
"""Id of the HTTP request."""

current_tenant: ContextVar[str | None] = ContextVar("asked_by", default=None)
"""The tenant; None outside the service."""

answers_tenant: ContextVar[str | None] = ContextVar("answers_of", default=None)
"""The tenant whose earlier answers alone may be used; None where all share them."""

current_task: ContextVar[str | None] = ContextVar("working_on", default=None)
"""Id of the Task of a Job that the calls below are made for; None outside the service."""

current_unit: ContextVar[str | None] = ContextVar("asking_for", default=None)
"""Path of the Unit or Document that the calls below are made for, as the log of calls shows it. It may name a file."""

current_document: ContextVar[str | None] = ContextVar("reading_of", default=None)
"""Id of the Document in work: see `document_id`."""


def document_id(sha256: str) -> str:
    """Return the id of a Document in logs, calls and traces: the first 16 digits of the SHA-256 of its content.

    >>> document_id("97468091bac3933291d43da5a1e1ae19e2a7fc8a5b2b9f1c4d5e6f708192a3b4")
    '97468091bac39332'
    """
    return sha256[:16]


def known_ids() -> dict[str, str]:
    """Return the ids that are known now, by their names in log lines and spans; none of them names a file."""
    task = current_task.get()
    known = {
        "request": current_request.get(),
        "tenant": current_tenant.get(),
        "job": task and task.partition(".")[0],
        "task": task,
        "document": current_document.get(),
    }
    return {name: value for name, value in known.items() if value}
