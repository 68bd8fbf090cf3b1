"""Start other Python processes so that they import nothing from the working folder.

`python -c` and `python -m` look for modules in the working folder first, even for those of the standard library: a file
`selectors.py` that lies among documents would be run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import ORIGINAL_DIR  # type: ignore[attr-defined]


def child_environment() -> dict[str, str]:
    """Return the environment of a Python process that finds modules where this one does, and nowhere else."""
    return {**os.environ, **_variables()}


@contextmanager
def safe_children() -> Iterator[None]:
    """Have Python processes that are started in the block import nothing from the working folder."""
    before = {name: os.environ.get(name) for name in _variables()}
    os.environ.update(_variables())
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _variables() -> dict[str, str]:
    """Return the variables that keep the working folder out; what this process itself finds there stays in."""
    known = [place or ORIGINAL_DIR or "" for place in sys.path]
    places = dict.fromkeys(os.path.abspath(place) for place in known if place and os.pathsep not in place)  # noqa: PTH100 - also of zip files
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(places)}
