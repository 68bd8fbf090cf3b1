"""The import root: the source is thresher.service, thresher.schemas and thresher.chunkers, never under another name."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("service", "schemas", "chunkers")
SUSPECT = re.compile(
    rf"^\s*(?:from|import)\s[^\n]*(?<![.\w])(?:{'|'.join(FOLDERS)})\b", re.MULTILINE
)  # parsing each file takes seconds
FILES = [f for top in (*FOLDERS, "tests", "bench", "deploy", "samples") for f in sorted((ROOT / top).rglob("*.py"))]


def imported(tree: ast.AST) -> set[str]:
    """The first names of all modules that a file imports, and of module names in its strings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folder_is_reached_by_a_link(folder: str) -> None:
    """thresher/service is ../service, and so on: a file is edited in one place."""
    assert (ROOT / "thresher" / folder).resolve() == (ROOT / folder).resolve()


def test_nothing_imports_a_folder_as_a_root() -> None:
    """A module that is loaded under two names has two copies of every class."""
    fixtures = ROOT / "tests" / "fixtures"
    guilty = [
        str(f.relative_to(ROOT))
        for f in FILES
        if not f.is_relative_to(fixtures)
        and SUSPECT.search(text := f.read_text("utf-8"))
        and imported(ast.parse(text)) & set(FOLDERS)
    ]
    assert guilty == []


def test_no_module_was_loaded_under_two_names() -> None:
    """In this process, after all that other tests imported."""
    found = [m for m in sys.modules if m.split(".")[0] in FOLDERS]
    ours = [m for m in found if str(getattr(sys.modules[m], "__file__", "") or "").startswith(str(ROOT))]
    assert ours == []
