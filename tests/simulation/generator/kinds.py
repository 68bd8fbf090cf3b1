"""All kinds of documents by name."""

from __future__ import annotations

from tests.simulation.generator.claims import ClaimsKind
from tests.simulation.generator.register import RegisterKind
from tests.simulation.generator.statement import StatementKind
from tests.simulation.generator.thread import ThreadKind
from tests.simulation.generator.transcript import TranscriptKind

TableKind = StatementKind | ClaimsKind | RegisterKind
AnyKind = TableKind | TranscriptKind | ThreadKind
_ALL: tuple[AnyKind, ...] = (StatementKind(), ClaimsKind(), RegisterKind(), TranscriptKind(), ThreadKind())
KINDS: dict[str, AnyKind] = {k.name: k for k in _ALL}
