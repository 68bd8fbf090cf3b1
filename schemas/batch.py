"""Nouns of batches: what was ordered of a provider, and where an item of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A batch as the ledger records it."""

    id: str
    theirs: str | None  # the provider's id; None: it is not known whether the provider heard
    state: str  # submitting, open, ended
    at: float  # when it was ordered, or is being ordered; seconds since 1970, UTC
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an item is."""

    batch: str
    status: int | None = None  # HTTP's, of what came; None: nothing has come yet
    body: Mapping[str, Any] | None = None
