"""All kinds of documents by name."""

from __future__ import annotations

from bench.generator.claims import ClaimsKind
from bench.generator.register import RegisterKind
from bench.generator.statement import StatementKind
from bench.generator.thread import ThreadKind
from bench.generator.transcript import TranscriptKind

TableKind = StatementKind | ClaimsKind | RegisterKind
AnyKind = TableKind | TranscriptKind | ThreadKind
_ALL: tuple[AnyKind, ...] = (StatementKind(), ClaimsKind(), RegisterKind(), TranscriptKind(), ThreadKind())
KINDS: dict[str, AnyKind] = {k.name: k for k in _ALL}
