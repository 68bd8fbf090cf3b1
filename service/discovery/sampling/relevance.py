"""Tell from the Results of a document whether it was judged relevant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

RELEVANT, BORDERLINE = frozenset({"very_relevant", "relevant"}), "borderline"


def judged_relevant(trees: Iterable[Any], *, issue: str | None = None, borderline: bool = False) -> bool | None:
    """Return whether any issue, or the one that is named, was judged relevant; None where nothing was judged.

    `trees` are the data of the Results: those with `issues`, each with `issue` and `relevance`, count. A borderline
    document is relevant if `borderline` says so.

    >>> judged_relevant([{"issues": [{"issue": "LJM", "relevance": "relevant"}]}], issue="ljm")
    True
    """
    classes = [
        one.get("relevance")
        for tree in trees
        if isinstance(tree, dict) and isinstance(tree.get("issues"), list)
        for one in tree["issues"]
        if isinstance(one, dict) and (issue is None or str(one.get("issue") or "").casefold() == issue.casefold())
    ]
    known = [one for one in classes if one]
    if not known:
        return None
    return any(one in RELEVANT or (borderline and one == BORDERLINE) for one in known)
