"""The simulated reader's batches: OpenAI's files and /v1/batches, Anthropic's /v1/messages/batches, over real HTTP.

What goes wrong is drawn by (seed, item), so that it is the same every time: items that fail, items that expire, results out of order,
a batch that never ends before it is cancelled, an order that is taken while its answer is lost.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from random import Random
from typing import Any

from tests.simulation.reader import anthropic_wire, openai_wire
from tests.simulation.reader.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFaults:
    """Shares are of 1, of items."""

    seconds: float = 0.0  # from the order to the end
    failed: float = 0.0  # answered with status 500
    expired: float = 0.0
    stuck: bool = False  # it does not end before it is cancelled; then half of it was done
    lost: int = 0  # orders that are taken while the connection breaks


@dataclass(slots=True)
class Batch:
    """One order."""

    id: str
    created: float
    items: list[tuple[str, dict[str, Any]]]  # (custom_id, body)
    metadata: dict[str, str] = field(default_factory=dict)
    file: str = ""
    cancelled: bool = False
    lines: list[dict[str, Any]] | None = None  # results, once it has ended


class Dropped(ConnectionError):  # noqa: N818 - the connection's end
    """The answer is lost on its way."""


class Batches:
    """All orders of one server."""

    def __init__(self, reader: Reader, faults: BatchFaults | None = None) -> None:
        """Nothing is ordered yet."""
        self.reader, self.faults = reader, faults or BatchFaults()
        self.orders: dict[str, Batch] = {}
        self.files: dict[str, bytes] = {}
        self.paid: list[str] = []  # custom_id of every item that was answered
        self._lost = 0

    def answer(self, method: str, target: str, kind: str, raw: bytes) -> tuple[int, Any] | None:
        """(status, JSON or bytes); None for an address that has nothing to do with batches."""
        path = target.partition("?")[0].removeprefix("/v1")
        if path.startswith("/messages/batches"):
            return self._anthropic(method, path.removeprefix("/messages/batches"), raw)
        if path.startswith("/files"):
            return self._files(method, path, kind, raw)
        return self._openai(method, path, raw) if path.startswith("/batches") else None

    def _files(self, method: str, path: str, kind: str, raw: bytes) -> tuple[int, Any]:
        if method == "POST":
            name = f"file-{len(self.files)}"
            self.files[name] = _part(kind, raw, "file")
            return 200, _file(name, self.files[name])
        found = re.fullmatch(r"/files/([^/]+)/content", path)
        if found and (content := self._content(found[1])) is not None:
            return 200, content
        return 404, {"error": {"message": f"no {path}"}}

    def _content(self, name: str) -> bytes | None:
        """Lines of an output or error file."""
        batch = self.orders.get(name.partition("/")[0].removesuffix("-out").removesuffix("-err"))
        if batch is None or batch.lines is None:
            return None
        good = name.endswith("-out")
        lines = [x for x in batch.lines if (x["status"] == 200) == good]
        return b"\n".join(json.dumps(_openai_line(batch.id, x)).encode() for x in lines)

    def _openai(self, method: str, path: str, raw: bytes) -> tuple[int, Any]:
        if path == "/batches" and method == "POST":
            asked = json.loads(raw)
            lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines() if line]
            items = [(line["custom_id"], line["body"]) for line in lines]
            batch = self._ordered(items)
            batch.metadata, batch.file = asked.get("metadata") or {}, asked["input_file_id"]
            return 200, self._heard(self._openai_view(batch))
        if path == "/batches":
            views = [self._openai_view(b) for b in reversed(self.orders.values())]
            return 200, {"object": "list", "data": views, "has_more": False}
        batch_id, _, verb = path.removeprefix("/batches/").partition("/")
        if (found := self.orders.get(batch_id)) is None:
            return 404, {"error": {"message": f"no batch {batch_id}"}}
        if verb == "cancel":
            self._cancel(found)
        return 200, self._openai_view(found)

    def _openai_view(self, batch: Batch) -> dict[str, Any]:
        self._work(batch)
        over = batch.lines is not None
        done = "cancelled" if batch.cancelled else "completed"
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "input_file_id": batch.file,
            "status": done if over else "in_progress",
            "created_at": int(batch.created),
            "metadata": batch.metadata,
            "request_counts": {"total": len(batch.items), "completed": len(batch.lines or ()), "failed": 0},
            "output_file_id": f"{batch.id}-out" if over else None,
            "error_file_id": f"{batch.id}-err" if over else None,
        }

    def _anthropic(self, method: str, path: str, raw: bytes) -> tuple[int, Any]:
        if not path and method == "POST":
            items = [(r["custom_id"], r["params"]) for r in json.loads(raw)["requests"]]
            if any(not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", key) for key, _ in items):
                return 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "custom_id"}}
            return 200, self._heard(self._anthropic_view(self._ordered(items)))
        if not path:
            views = [self._anthropic_view(b) for b in reversed(self.orders.values())]
            return 200, {"data": views, "has_more": False, "last_id": None}
        batch_id, _, verb = path.removeprefix("/").partition("/")
        if (batch := self.orders.get(batch_id)) is None:
            return 404, {"type": "error", "error": {"type": "not_found_error", "message": f"no batch {batch_id}"}}
        if verb == "results" and batch.lines is not None:
            return 200, b"\n".join(json.dumps(_anthropic_line(x)).encode() for x in batch.lines)
        if verb == "cancel":
            self._cancel(batch)
        return 200, self._anthropic_view(batch)

    def _anthropic_view(self, batch: Batch) -> dict[str, Any]:
        self._work(batch)
        kinds = [x["kind"] for x in batch.lines or ()]
        counts = {kind: kinds.count(kind) for kind in ("succeeded", "errored", "canceled", "expired")}
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "in_progress" if batch.lines is None else "ended",
            "request_counts": {"processing": len(batch.items) - len(kinds), **counts},
            "created_at": datetime.fromtimestamp(batch.created, UTC).isoformat().replace("+00:00", "Z"),
        }

    def _ordered(self, items: list[tuple[str, dict[str, Any]]]) -> Batch:
        batch = Batch(f"batch_{len(self.orders)}", time.time(), items)
        self.orders[batch.id] = batch
        return batch

    def _heard(self, view: dict[str, Any]) -> dict[str, Any]:
        self._lost += 1
        if self._lost <= self.faults.lost:
            raise Dropped
        return view

    def _cancel(self, batch: Batch) -> None:
        batch.cancelled = batch.lines is None

    def _work(self, batch: Batch) -> None:
        """Answer the items, once it is time."""
        late = time.time() < batch.created + self.faults.seconds or self.faults.stuck
        if batch.lines is not None or (late and not batch.cancelled):
            return
        lines = [self._line(batch, n, key, body) for n, (key, body) in enumerate(batch.items)]
        Random(f"{self.reader.seed}|{batch.id}").shuffle(lines)
        batch.lines = lines

    def _line(self, batch: Batch, number: int, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """What came of one item."""
        chance = Random(f"{self.reader.seed}|{key}").random()
        if batch.cancelled and number % 2:
            return {"key": key, "kind": "canceled", "status": 0, "body": {}}
        if chance < self.faults.expired:
            return {"key": key, "kind": "expired", "status": 0, "body": {}}
        wire = openai_wire if batch.file else anthropic_wire
        said = self.reader.answer(wire.ask(body))
        if chance < self.faults.expired + self.faults.failed:
            error = {"type": "error", "error": {"type": "api_error", "message": "internal server error"}}
            return {"key": key, "kind": "errored", "status": 500, "body": error}
        self.paid.append(key)
        kind = "succeeded" if said.status == 200 else "errored"
        return {"key": key, "kind": kind, "status": said.status, "body": wire.response(body, said)}


def _openai_line(batch: str, line: dict[str, Any]) -> dict[str, Any]:
    if not line["status"]:
        error = {"code": "batch_expired", "message": "This request could not be executed before the window ended."}
        return {"id": f"{batch}-{line['key']}", "custom_id": line["key"], "response": None, "error": error}
    response = {"status_code": line["status"], "request_id": "r", "body": line["body"]}
    return {"id": f"{batch}-{line['key']}", "custom_id": line["key"], "response": response, "error": None}


def _anthropic_line(line: dict[str, Any]) -> dict[str, Any]:
    held = {"succeeded": {"message": line["body"]}, "errored": {"error": line["body"]}}.get(line["kind"], {})
    return {"custom_id": line["key"], "result": {"type": line["kind"], **held}}


def _part(kind: str, raw: bytes, name: str) -> bytes:
    """One part of a multipart body."""
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    parts = whole.get_payload()
    for part in parts if isinstance(parts, list) else ():
        if part.get_param("name", header="content-disposition") == name:  # type: ignore[union-attr]
            return bytes(part.get_payload(decode=True))  # type: ignore[union-attr]
    return b""


def _file(name: str, content: bytes) -> dict[str, Any]:
    facts = {"bytes": len(content), "filename": "batch.jsonl", "purpose": "batch", "created_at": int(time.time())}
    return {"id": name, "object": "file", "status": "processed", **facts}
