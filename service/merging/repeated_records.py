"""Leave out of what is unsupported the list items that an answer gave twice, where the whole has them once.

Grounding gives every item a place of its own. An item without a free place, all of whose values one kept item has, says
nothing new: nothing is lost with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thresher.schemas import json_pointer
from thresher.schemas.extraction import Extraction, Unsupported
from thresher.service.grounding.record_items import REPEATED

NOT_THERE = "-"  # index of an item that is not in a list (RFC 6901)


def without_repeats(extraction: Extraction, whole: Any, new_path: Callable[[str], str]) -> list[Unsupported]:
    """Return what is unsupported in an Extraction, without the values of items that `whole` has already.

    `new_path` gives the path in the whole of a path of the Extraction.
    """
    items = {_item(extraction.data, u.path) for u in extraction.unsupported if u.reason == REPEATED}
    gone = {path for path in items if path and _is_kept(extraction.data, path, whole, new_path)}
    return [u for u in extraction.unsupported if not any(u.path == p or u.path.startswith(f"{p}/") for p in gone)]


def _item(data: Any, path: str) -> str:
    """Return the path of the innermost list item that a path is or lies in; empty outside lists."""
    while path and not isinstance(json_pointer.get(data, path.rpartition("/")[0]), list):
        path = path.rpartition("/")[0]
    return path


def _is_kept(data: Any, path: str, whole: Any, new_path: Callable[[str], str]) -> bool:
    """Whether an item is left out, and one in the same list of the whole states all that it states."""
    home, _, index = new_path(path).rpartition("/")
    kept = json_pointer.get(whole, home)
    told = _stated(json_pointer.get(data, path))
    return index == NOT_THERE and isinstance(kept, list) and any(told <= _stated(item) for item in kept)


def _stated(value: Any) -> set[tuple[str, str]]:
    """Return what an item states: the paths of its values with what they say."""
    return {(at, str(v)) for at, v in json_pointer.leaves(value)}
