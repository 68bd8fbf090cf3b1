"""Join the answers about the parts of one list item into one answer about whole items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from thresher.schemas import json_pointer

Keys = Mapping[str, tuple[str, ...]]  # pattern of a list: pointers, within an item, of what its parts share
Item = tuple[Any, frozenset[int]]  # what is known of an item, and the answers that gave it


def joined(answers: Sequence[dict[str, Any] | None], keys: Keys, cut: Collection[int] = ()) -> dict[str, Any] | None:
    """Join several answers. Items of a list in `keys` are the same if they agree on the shared fields.

    Of items that agree, the first is joined to the first and so on. An item that only some answers have stays, but for
    one that an answer in `cut` (their indices) was too short to have. None where no answer is.

    >>> joined([{"rows": [{"no": 1, "a": 2}]}, {"rows": [{"no": 1, "b": 3}]}], {"/rows": ("/no",)})
    {'rows': [{'no': 1, 'a': 2, 'b': 3}]}
    """
    known = [(answer, i) for i, answer in enumerate(answers) if answer is not None]
    if not known:
        return None
    found = _Joining(keys, frozenset(cut)).values(known, "")
    return found if isinstance(found, dict) else None


class _Joining:
    def __init__(self, keys: Keys, cut: frozenset[int]) -> None:
        self._keys, self._cut = keys, cut

    def values(self, values: list[tuple[Any, int]], path: str) -> Any:
        """Return one value of those that several answers give for a path."""
        real = [(v, i) for v, i in values if v is not None]
        if not real:
            return None
        if all(isinstance(v, dict) for v, _ in real):
            names = dict.fromkeys(k for v, _ in real for k in v)
            return {k: self.values([(v[k], i) for v, i in real if k in v], json_pointer.join(path, k)) for k in names}
        shared = self._shared(path)
        if shared is not None and all(isinstance(v, list) for v, _ in real):
            return self._items(real, shared, path)
        return real[0][0]

    def _shared(self, path: str) -> tuple[str, ...] | None:
        return next((shared for place, shared in self._keys.items() if _fits(path, place)), None)

    def _items(self, lists: list[tuple[list[Any], int]], shared: tuple[str, ...], path: str) -> list[Any]:
        order: list[tuple[Any, int]] = []
        found: dict[tuple[Any, int], list[tuple[Any, int]]] = {}
        for items, i in lists:
            seen: Counter[Any] = Counter()
            at = 0
            for item in items:
                look = tuple(_look(json_pointer.get(item, key)) for key in shared)
                name = (look, seen[look])
                seen[look] += 1
                if name not in found:
                    order.insert(at, name)
                at = order.index(name, at if name not in found else 0) + 1
                found.setdefault(name, []).append((item, i))
        whole = [name for name in order if self._cut <= {i for _, i in found[name]}]
        return [self.values(found[name], f"{path}/*") for name in whole]


def _look(value: Any) -> str:
    """Return the form in which two values of a shared field are compared: without case and white space."""
    text = str(float(value)) if isinstance(value, float) else str(value)  # however many decimals it was written with
    return " ".join(text.split()).casefold()


def _fits(path: str, place: str) -> bool:
    """Whether a pointer matches a pattern: `*` stands for any key."""
    own, wanted = path.split("/"), place.split("/")
    return len(own) == len(wanted) and all(w in {"*", o} for o, w in zip(own, wanted, strict=True))
