"""Plan the units of a PST, and read the messages of one."""

from __future__ import annotations

from typing import Any

from thresher.service.discovery.collection.context import CollectionContext
from thresher.service.discovery.collection.family import FamilyExpansion
from thresher.service.discovery.collection.items import Item
from thresher.service.discovery.collection.tasks import Expanding
from thresher.service.discovery.matter.work import Unit, UnitResult


def plan(expanding: Expanding) -> None:
    """Find the folders of a PST and their messages."""
    FamilyExpansion(expanding.context).add_root(
        expanding.item, expanding.content, expanding.hashes, (("unsupported_type", "PST"),)
    )


def read_messages(unit: Unit, context: CollectionContext, result: UnitResult) -> None:
    """Read messages."""


def give_up(
    task: dict[str, Any], item: Item, context: CollectionContext, result: UnitResult, fault: tuple[str, str]
) -> None:
    """Record a message that can not be read."""
