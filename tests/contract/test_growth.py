"""Texts of one repeated shape are read and processed within seconds, whatever the shape."""

from __future__ import annotations

import subprocess
import sys

SHAPES = ("mark (", "figure point", "superscript", "role words", "clause title", "spaces", "tabs")


def test_repeated_shapes_take_no_square() -> None:
    """Each of these took many seconds or had no end; in a process of its own, as a pattern cannot be interrupted."""
    command = [sys.executable, "-m", "bench.growth", "--doors", "contract", "--forms", "line", "--only", *SHAPES]
    limits = ["--size", "12000", "--limit", "4", "--slow", "4", "--growth", "9"]
    done = subprocess.run([*command, *limits], capture_output=True, text=True, check=True, timeout=500)
    assert f"{len(SHAPES)} texts; 0 grow or are slow" in done.stdout
