"""Link nodes into trees without ever making a loop."""

from __future__ import annotations

from array import array


class Forest:
    """Nodes with numbers from 0, each with one parent or none. Linking costs nearly constant time (union-find)."""

    def __init__(self) -> None:
        """Begin without nodes."""
        self.parents = array("q")  # -1: none
        self._tops = array("q")  # towards the root of the tree, with shortened ways

    def add(self) -> int:
        """Add a node and return its number."""
        self.parents.append(-1)
        self._tops.append(len(self._tops))
        return len(self._tops) - 1

    def root(self, node: int) -> int:
        """Return the root of a node's tree."""
        tops = self._tops
        while tops[node] != node:
            tops[node] = tops[tops[node]]
            node = tops[node]
        return node

    def link(self, child: int, parent: int) -> bool:
        """Make a node the child of another; False where it has a parent already, or a loop would come of it."""
        if self.parents[child] >= 0 or self.root(parent) == child:
            return False
        self.parents[child] = parent
        self._tops[child] = parent
        return True
