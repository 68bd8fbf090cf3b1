"""Stages: the version of each, raised by one wherever a change makes it give another Result for the same document.

They stand in every Result, and a kept Result is only used again where they are the same.
"""

from __future__ import annotations

STAGES: dict[str, int] = {
    "read": 2,
    "chunk": 2,
    "extract": 3,
    "ground": 4,
    "look": 7,
    "merge": 5,
    "mend": 1,
    "judge": 2,
}
FIRST: dict[str, int] = dict.fromkeys(STAGES, 1)
"""Of Results in the form of 0.1.0, which did not say."""
