"""Fingerprint the Python code of a target: validators are part of the question that a Result answers."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path


def fingerprint_of_code(file: Path) -> str:
    """Hash a Python file and the neighbours that it imports, recursively; "" where it cannot be read."""
    found: dict[Path, bytes] = {}
    waiting = [file.resolve()]
    while waiting:
        one = waiting.pop()
        if one in found or not one.is_file():
            continue
        found[one] = one.read_bytes()
        waiting += _neighbours(one, found[one])
    if not found:
        return ""
    digests = sorted(f"{path.name} {hashlib.sha256(body).hexdigest()}" for path, body in found.items())
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def _neighbours(file: Path, body: bytes) -> Iterator[Path]:
    """Yield files that an import may find beside a file; none where the file is no valid Python."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        module = node.module if isinstance(node, ast.ImportFrom) and node.module else ""
        for name in [module, *names]:
            top = name.split(".")[0]
            if top:
                yield from (file.parent / f"{top}.py", file.parent / top / "__init__.py")
