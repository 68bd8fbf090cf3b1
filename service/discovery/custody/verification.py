"""Verify a Matter: compare everything that is there with what was written down, and name what has changed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from thresher.service.discovery.collection.inventory import walk
from thresher.service.discovery.collection.items import key_path
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import FOUND_CHANGED, Matter
from thresher.service.discovery.matter.seal import EVENT, FILE, differences, sealed_lines, sha256_of
from thresher.service.discovery.matter.work import WorkStore

Gravity = Literal["changed", "missing", "added", "note"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something that is not as it was written down. A note is no fault: it says what could not be compared."""

    gravity: Gravity
    what: str


def verify(matter: Matter, head: str = "") -> Iterator[Deviation]:
    """Yield everything that is not as it was written down; `head`: the log's last hash, as it was noted elsewhere."""
    try:
        yield from _log(matter, head)
        yield from _sealed(matter)
        yield from _found_before(matter)
        yield from _originals(matter)
        yield from _inputs(matter)
        yield from _manifest(matter)
        yield from _exports(matter)
    except sqlite3.DatabaseError as error:
        yield Deviation("changed", f"matter.db can not be read ({error})")


# --- the log


def _log(matter: Matter, head: str) -> Iterator[Deviation]:
    """Compare the lines of the log with each other, with the events in the store, and with the noted hash."""
    path = matter.folder / "audit.jsonl"
    if not path.exists():
        yield Deviation("missing", "audit.jsonl")
        return
    for fault in faults(path):
        yield Deviation("changed", f"audit.jsonl: {fault}")
    events = dict(matter.store.events(0))
    with path.open("rb") as lines:
        for row, raw in enumerate(lines, 1):
            if not _says(raw, events.pop(row, None)):
                yield Deviation("changed", f"audit.jsonl: line {row} is not what matter.db says happened")
    for number in events:
        yield Deviation("missing", f"audit.jsonl: line {number}")
    if head and head not in _heads(path):
        yield Deviation("changed", f"audit.jsonl: no line has the hash {head}")


def _says(raw: bytes, event: dict[str, Any] | None) -> bool:
    """Whether a line of the log, byte for byte, says what an event does."""
    try:
        line = json.loads(raw)
        number, before = line.pop("number"), line.pop("prev_sha256")
    except (ValueError, KeyError, AttributeError):
        return False
    if line != event:
        return False
    whole = {"number": number, **line, "prev_sha256": before}
    return raw == json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _heads(path: Path) -> set[str]:
    with path.open("rb") as lines:
        return {hashlib.sha256(line.rstrip(b"\n")).hexdigest() for line in lines}


# --- records and files of the Matter


def _sealed(matter: Matter) -> Iterator[Deviation]:
    """Compare records and files with the last seal."""
    seals = [(number, event) for number, event in matter.store.events(0) if event["event"] == EVENT]
    path = matter.folder / FILE
    if not seals or not path.exists():
        yield Deviation("missing" if seals else "note", f"{FILE}: the matter {'was' if seals else 'was never'} sealed")
        return
    number, event = seals[-1]
    if sha256_of(path) != event["sha256"]:
        yield Deviation("changed", f"{FILE} is not the list whose hash is in the log")
    since = matter.store.events(number)
    if since:
        yield Deviation("note", f"{len(since)} events happened after the last seal: changes since then show here too")
    with path.open(encoding="utf-8", errors="replace") as lines:
        for found in differences((line.rstrip("\n") for line in lines), sealed_lines(matter.store, matter.folder)):
            yield Deviation(found.gravity, found.what)


def _found_before(matter: Matter) -> Iterator[Deviation]:
    """Yield what a command found changed before it wrote anything, and sealed as it found it."""
    for number, event in matter.store.events(0):
        if event["event"] == FOUND_CHANGED:
            items = [str(item) for item in event["items"]]
            more = event["count"] - len(items)
            yield from (Deviation("changed", f"{item}: found before line {number} of the log") for item in items)
            if more:
                yield Deviation("changed", f"{more} more: found before line {number} of the log")


def _originals(matter: Matter) -> Iterator[Deviation]:
    """Hash every original again: each is named after its hash."""
    kept = set()
    for path in sorted(matter.originals.folder.glob("*/*")):
        if path.suffix != ".part":
            kept.add(path.name)
            if sha256_of(path) != path.name:
                yield Deviation("changed", f"originals/{path.parent.name}/{path.name}")
    for document in matter.store.documents():
        if (
            document.sha256
            and document.produced is None
            and document.sha256 not in kept
            and not matter.original(document).exists()
        ):
            yield Deviation("missing", f"original of document {document.id} ({document.path})")


# --- what came in and what went out


def _inputs(matter: Matter) -> Iterator[Deviation]:
    """Hash every file that was received again, where its SOURCE still is."""
    work = WorkStore(matter.store)
    for source in work.sources():
        root = Path(source.path)
        if not root.exists():
            yield Deviation("note", f"SOURCE {source.number} ({root}) is not there, so its files were not compared")
            continue
        paths = (
            {key_path(found.raw): found.full for found in walk(root)}
            if root.is_dir()
            else {root.name: os.fsencode(root)}
        )
        for known in work.inputs(source.number):
            full = paths.get(known.path) or os.fsencode(root / known.path)
            digest = sha256_of(Path(os.fsdecode(full)))
            if digest != known.sha256:
                yield Deviation("changed" if digest else "missing", f"input {known.path} of SOURCE {source.number}")


def _manifest(matter: Matter) -> Iterator[Deviation]:
    """Compare the inputs that `manifest.json` names with those that were received."""
    path = matter.folder / "manifest.json"
    if not path.exists():
        return
    try:
        stated = {(i["source"], i["path"]): i["sha256"] for i in json.loads(path.read_bytes())["inputs"]}
    except (ValueError, KeyError, TypeError):
        yield Deviation("changed", "manifest.json can not be read")
        return
    rows = matter.store.connection.execute("SELECT source, path, sha256 FROM inputs")
    received = {(source, name): digest for source, name, digest in rows}
    for (source, name), digest in stated.items():
        if received.get((source, name)) != digest:
            yield Deviation("changed", f"manifest.json: input {name} of SOURCE {source}")


def _exports(matter: Matter) -> Iterator[Deviation]:
    """Compare the files of the last export into each folder with their hashes in the log."""
    last = {e["folder"]: e["files"] for _, e in matter.store.events(0) if e["event"] in {"export", "report"}}
    for folder, files in last.items():
        place = Path(folder)
        if not place.exists():
            yield Deviation("note", f"the export {folder} is not there any more, so it was not compared")
            continue
        for file in files:
            digest = sha256_of(place / file["name"])
            if digest != file["sha256"]:
                yield Deviation("changed" if digest else "missing", f"exported file {place / file['name']}")
