"""Find the near-duplicates of a Matter.

    documents -> signatures (kept in the Matter) -> candidates -> their shingles (in a temporary table) -> groups -> records

Copies are left out: they are what their original is. In memory: 512 bytes a document, and the shingles of a few hundred.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.duplicates.near_groups import Signatures, near_groups, shared_bands
from thresher.service.discovery.duplicates.shingle_reading import read_shingles, read_signature
from thresher.service.discovery.duplicates.shingles import PERMUTATIONS, Hashes
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records
from thresher.service.discovery.text_reading import TextReading

_TABLE = "DROP TABLE IF EXISTS temp.shingled; CREATE TEMP TABLE shingled (id TEXT PRIMARY KEY, shingles BLOB NOT NULL)"
_SETS_KEPT = 512  # sets of shingles in memory


@dataclass(slots=True)
class NearDuplicates:
    """What was found. `documents` = `compared` + `copies` + `without_text`; a group is a principal with its near-duplicates."""

    threshold: float
    documents: int = 0
    compared: int = 0
    copies: int = 0
    without_text: int = 0  # fewer than five words, or none that can be read without OCR
    groups: int = 0
    near_duplicates: int = 0
    changed: int = 0


def find_near_duplicates(reading: TextReading, threshold: float = 0.8) -> NearDuplicates:
    """Find near-duplicates in the Matter that is read, and record them; a killed search goes on with the signatures that are there.

    Raises InputProblem(field_invalid) for a threshold that is not above 0.5 and at most 1.
    """
    if not 0.5 < threshold <= 1:
        raise InputProblem("field_invalid", f"the threshold {threshold}; it is above 0.5 and at most 1")
    matter = reading.matter
    _add_signatures(reading)
    ids, signatures = _signatures(matter.store.connection)
    principals = dict(_principals(reading, ids, signatures, threshold))
    found = _counted(matter, ids, principals, threshold)
    event = matter.event("near_duplicates", **{k: v for k, v in asdict(found).items() if k != "changed"})
    found.changed = matter.store.update(_changed(matter, principals), event)
    matter.write_log()
    return found


def _documents(matter: Matter, ids: set[str] | None = None) -> Iterator[MatterDocument]:
    """Yield the documents that are compared, or those of them with certain ids."""
    for document in matter.store.documents():
        if document.dup_of is None and not document.withheld and (ids is None or document.id in ids):
            yield document


def _add_signatures(reading: TextReading) -> None:
    """Keep a signature of each document that has none yet."""
    matter = reading.matter
    known = "SELECT 1 FROM signatures WHERE id = ?"
    missing = (d for d in _documents(matter) if matter.store.connection.execute(known, (d.id,)).fetchone() is None)
    for batch in reading.read(missing, read_signature):
        records = Records()
        for document, made in batch:
            records.signatures.append((document.id, *(made or (0, b""))))
        matter.store.write(records)


def _signatures(connection: sqlite3.Connection) -> tuple[list[str], Signatures]:
    """Return ids and signatures of what has one, the largest first, equal ones by id."""
    rows = connection.execute("SELECT id, signature FROM signatures WHERE signature <> x'' ORDER BY words DESC, id")
    ids, joined = [], bytearray()
    for name, data in rows:
        ids.append(name)
        joined += data
    return ids, np.frombuffer(joined, dtype=np.uint32).reshape(-1, PERMUTATIONS)


def _principals(
    reading: TextReading, ids: list[str], signatures: Signatures, threshold: float
) -> Iterator[tuple[str, str]]:
    """Yield (id, id of its principal) for each near-duplicate."""
    matter = reading.matter
    own = {document.id for document in _documents(matter)}
    rows = [row for row, name in enumerate(ids) if name in own]
    ids, signatures = [ids[row] for row in rows], signatures[rows]
    groups = shared_bands(signatures, threshold)
    candidates = {ids[row] for row in np.flatnonzero((groups >= 0).any(axis=1)).tolist()}
    connection = matter.store.connection
    _keep_shingles(connection, reading.read(_documents(matter, candidates), read_shingles))

    @lru_cache(maxsize=_SETS_KEPT)
    def shingles_of(row: int) -> Hashes:
        found = connection.execute("SELECT shingles FROM shingled WHERE id = ?", (ids[row],)).fetchone()
        return np.frombuffer(found[0] if found else b"", dtype=np.uint64)

    for row, principal in near_groups(signatures, threshold, shingles_of, groups):
        yield ids[row], ids[principal]
    connection.executescript(_TABLE)


def _keep_shingles(
    connection: sqlite3.Connection, batches: Iterable[list[tuple[MatterDocument, bytes | None]]]
) -> None:
    connection.executescript(_TABLE)
    for batch in batches:
        rows = ((document.id, made or b"") for document, made in batch)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO shingled VALUES (?, ?)", rows)
        connection.execute("COMMIT")


def _counted(matter: Matter, ids: list[str], principals: dict[str, str], threshold: float) -> NearDuplicates:
    found, compared = NearDuplicates(threshold), set(ids)
    for document in matter.store.documents():
        found.documents += 1
        if document.dup_of is not None:
            found.copies += 1
        elif document.id in compared and not document.withheld:
            found.compared += 1
        else:
            found.without_text += 1
    found.groups, found.near_duplicates = len(set(principals.values())), len(principals)
    return found


def _changed(matter: Matter, principals: dict[str, str]) -> Iterator[MatterDocument]:
    """Yield the documents whose records change; a copy has the principal of its original."""
    for document in matter.store.documents():
        principal = principals.get(document.dup_of or document.id)
        if document.near_duplicate_of != principal:
            yield document.model_copy(update={"near_duplicate_of": principal})
