"""litellm's exceptions, as its source has them: none is without a row of ours."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from thresher.service.llm.providers.litellm_errors import TABLE


def classes() -> set[str]:
    """Names of the classes in litellm's module of exceptions."""
    spec = find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).with_name("exceptions.py").read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_the_table_is_complete() -> None:
    """Every exception that litellm defines has a row of its own."""
    found = {name for name in classes() if name.endswith(("Error", "Exception", "Timeout", "Provider"))}
    assert found - TABLE.keys() == set()
    assert len(found) > 20
