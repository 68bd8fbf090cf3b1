"""Make a case for `thresher score` of a reviewed Result: its document, its target, and the truth that people stated.

Once the whole is accepted, all its data is the truth. Before that only what people have judged is: a field that they
accepted, corrected or found absent, and a list in which they did so, as a whole. A value that they only rejected is not
judged, for nobody knows the right one. The events are kept beside it: they are labels for calibration later.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.numbers import Number
from thresher.schemas.result import Result
from thresher.schemas.review import ReviewEvent, ReviewEvents, is_right
from thresher.schemas.target import Target
from thresher.service.reviews.applying import apply_corrections, review_of, standing_events

Files = dict[str, bytes | Path]  # by name; a document that is whole is a file, whatever its size


def case_files(result: Result[Any], events: list[ReviewEvent], target: Target, document: bytes | Path) -> Files:
    """Return the files of a case by name."""
    final = apply_corrections(result, events)
    truth = truth_of(final, result, events)
    suffix = PurePosixPath(result.source.path.rsplit("!", maxsplit=1)[-1]).suffix or ".bin"
    if result.source.page_range:
        suffix = ".pdf"
    return {
        f"source{suffix}": document,
        "expected.json": written(truth).encode(),
        "target.json": json.dumps(target.schema, ensure_ascii=False, indent=2).encode(),
        "evidence.json": json.dumps(_evidence(final, truth), ensure_ascii=False, indent=2).encode(),
        "review.json": ReviewEvents(events=events, right=is_right(events)).model_dump_json(indent=2).encode(),
        "note.md": _note(result, events).encode(),
    }


def case_name(result: Result[Any]) -> str:
    """Return the name of a Result's case: its document's, made safe, and the start of its hash.

    >>> from thresher.schemas.result import AnyResult, TargetFacts
    >>> from thresher.schemas.source import SourceFacts
    >>> source = SourceFacts(path="in/Rechnung 7.pdf", sha256="ab" * 32, media_type="application/pdf")
    >>> case_name(AnyResult(source=source, target=TargetFacts(name="t", fingerprint="f"), status="complete"))
    'in-Rechnung-7-pdf-abababab'
    """
    name = re.sub(r"[^\w]+", "-", result.source.path).strip("-")[:80] or "document"
    return f"{name}-{result.source.sha256[:8]}"


def write_case(folder: Path, files: Files) -> None:
    """Write a case, in place of an earlier one of the same Result. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("source.*"):
        old.unlink()
    for name, body in files.items():
        (folder / name).unlink(missing_ok=True)  # a link that others put there is not followed
        if isinstance(body, Path):
            shutil.copyfile(body, folder / name)
        else:
            (folder / name).write_bytes(body)


def truth_of(final: Result[Any], machine: Result[Any], events: list[ReviewEvent]) -> dict[str, Any]:
    """Return what is known to be right, in the shape of the data."""
    review = review_of(events)
    if review is not None and review.state == "accepted":
        return dict(json_pointer.copied(final.values))
    truth: dict[str, Any] = {}
    for path, event in standing_events(events).items():
        whole = _outermost_list(machine.values, path) or (None if event.action == "reject" else path)
        if whole is not None:
            _put(truth, whole, json_pointer.copied(json_pointer.get(final.values, whole)))
    return truth


def _outermost_list(values: Any, path: str) -> str | None:
    """Return the path of the outermost list that holds a place."""
    keys = json_pointer.parts(path)
    for depth in range(1, len(keys)):
        above = "".join(json_pointer.join("", key) for key in keys[:depth])
        if isinstance(json_pointer.get(values, above), list):
            return above
    return None


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *above, last = json_pointer.parts(path)
    for key in above:
        tree = tree.setdefault(key, {})
    tree[last] = value


def _evidence(final: Result[Any], truth: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return where the true values stand, as far as it is known."""
    known = {path for path, _ in json_pointer.leaves(truth)}
    return [
        {"path": e.path, "page": e.page, "boxes": [list(box) for box in e.boxes], "quote": e.quote or None}
        for e in final.evidence
        if e.path in known and e.source is None and e.boxes and e.method in {"read", "corrected"}
    ]


def written(value: Any, indent: int = 2, level: int = 0) -> str:
    """Return JSON text whose numbers have their own digits."""
    pad, end = " " * indent * (level + 1), " " * indent * level
    if isinstance(value, dict) and value:
        rows = (
            f"{pad}{json.dumps(str(k), ensure_ascii=False)}: {written(v, indent, level + 1)}" for k, v in value.items()
        )
        return "{\n" + ",\n".join(rows) + f"\n{end}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{pad}{written(v, indent, level + 1)}" for v in value) + f"\n{end}]"
    return value.text if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _note(result: Result[Any], events: list[ReviewEvent]) -> str:
    """Return what the case is for, and what of it people have judged."""
    review = review_of(events)
    whole = f"accepted as a whole by {review.by}" if review and review.state == "accepted" else "judged field by field"
    lines = [f"{e.action} {e.path} ({e.by}){f': {e.note}' if e.note else ''}" for e in standing_events(events).values()]
    body = "".join(f"- {line}\n" for line in lines)
    return f"Made of a review of `{result.source.path}`, {whole}.\n\n{body}"
