"""Turn linked mails into threads: mails that are not here are pruned, and each mail gets its place.

Of the mails that are not here, only a root with several branches stays: it holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable

from thresher.service.discovery.threads.linking import MailForest
from thresher.service.discovery.threads.thread_mails import ThreadMail, ThreadPlace


def thread_places(mails: Iterable[ThreadMail]) -> dict[str, ThreadPlace]:
    """Return the place of each mail, by its id. Copies stand where the mail stands that they are copies of."""
    given = list(mails)
    present = {mail.id for mail in given}
    places = _Places(MailForest(mail for mail in given if mail.dup_of not in present)).places
    for mail in given:
        if mail.dup_of in present and mail.dup_of:
            places[mail.id] = places[mail.dup_of]
    return places


class _Places:
    """The places of all mails of a forest."""

    def __init__(self, linked: MailForest) -> None:
        self.linked = linked
        self.nodes = linked.mails
        self.children: list[list[int]] = [[] for _ in self.nodes]
        self.roots: list[int] = []
        self.places: dict[str, ThreadPlace] = {}
        self._gather()
        for root in self.roots:
            self._place_tree(root)

    def _gather(self) -> None:
        """Fill `children` and `roots`, without the mails that are not here but for roots."""
        parents = self.linked.forest.parents
        above = list(parents)
        for node in range(len(self.nodes)):
            if not self.nodes[node]:
                continue
            nearest = self._present(above, node)
            (self.children[nearest] if nearest >= 0 else self.roots).append(node)
        self.roots += [node for node, mails in enumerate(self.nodes) if not mails and self.children[node]]

    def _present(self, above: list[int], node: int) -> int:
        """Return the nearest node above that has mails, or the root above; -1 for none. Ways are shortened as they are gone."""
        way = []
        parent = above[node]
        while parent >= 0 and not self.nodes[parent] and above[parent] >= 0:
            way.append(parent)
            parent = above[parent]
        for passed in way:
            above[passed] = parent
        return parent

    def _key(self, node: int) -> tuple[bool, str, bool, str]:
        return self.nodes[node][0].order

    def _place_tree(self, root: int) -> None:
        """Place all mails of a tree, parents before children, siblings by date."""
        order = self._in_order(root)
        mails = [mail for node, _, _ in order for mail in self.nodes[node]]
        thread_id = min(mails, key=lambda mail: mail.order).id
        position = 0
        for node, parent, depth in order:
            evidence = self.linked.evidence.get(node) if parent or depth else None
            for mail in self.nodes[node]:
                self.places[mail.id] = ThreadPlace(thread_id, parent, depth, position, evidence)
                position += 1

    def _in_order(self, root: int) -> list[tuple[int, str | None, int]]:
        """Return (node, id of the parent's mail, depth) of a tree."""
        is_here = bool(self.nodes[root])
        branches = sorted(self.children[root], key=self._key)
        todo: list[tuple[int, str | None, int]] = [(root, None, 0)]
        if not is_here:
            todo = [(node, None, int(len(branches) > 1)) for node in reversed(branches)]
        order = []
        while todo:
            node, parent, depth = todo.pop()
            order.append((node, parent, depth))
            inner = sorted(self.children[node], key=self._key, reverse=True)
            todo += [(child, self.nodes[node][0].id, depth + 1) for child in inner]
        return order
