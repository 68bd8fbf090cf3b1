"""Write the pages of docs/reference from the code: `python docs/reference_pages.py`. A test compares them."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from thresher.schemas.errors import FACTS, INPUT_CODES, JOB_CODES, MODEL_CODES, SETUP_CODES
from thresher.schemas.policy import Limits, Policy, Prices, ReadOptions

FOLDER = Path(__file__).parent / "reference"
POLICY_HEAD = """\
# Policy: every choice of a run

Written from `schemas/policy.py` by `python docs/reference_pages.py`; a test compares it.

A Policy holds all choices of a run. What you do not say has the default, and an unknown name is refused (`policy_invalid`). You give it

- at the command line as a file, TOML or JSON, with `--policy FILE`; options such as `--model` and `--stance` win over the file;
- in Python as `Policy(stance="precision")`;
- over HTTP as the part `policy` of an upload, in JSON; which names a caller may use is in [the page of the service](../guides/service.md).

`policy.toml`:

```toml policy.toml
stance = "precision"
max_cost = 2.0

[read]
ocr = "off"

[read.limits]
pages = 500

[model_options]
seed = 7
```
"""
STANCES = """\
What the three stances change: [how sure a value must be](../guides/certainty.md) and [conflicts](../guides/conflicts.md#stances-stance---stance).
"""
TABLES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("All fields", "", Policy),
    ("Reading: the table `[read]`", "read.", ReadOptions),
    ("Limits of reading: the table `[read.limits]`", "read.limits.", Limits),
    ("Prices: the table `[prices]`", "prices.", Prices),
)
CODES_HEAD = """\
# Troubleshooting, by code

Written from `schemas/errors.py` by `python docs/reference_pages.py`; a test compares it. Codes are added, and never get another meaning.

**Where a code stands.** A fault of a command is one line on standard error, `thresher: CODE: what: what to do`. What was wrong with one file is in its Result under
`problems`, and in `exceptions.jsonl` of a run. Over HTTP it is the `code` of an `application/problem+json`. In Python it is the `code` of a `Problem`.

**A reason is something else.** `absent`, `unsure`, `conflict` and their like say why a Result is not complete: [the Result](../guides/result.md#reasons).

**Look first at** `thresher doctor` (what is installed, what is missing), `thresher settings` (what is set, and where), `thresher read FILE` (what text a model gets to
see), `thresher calls DIR` (what a model was asked, and what it cost).

The last column of each table says what a repetition does: *by itself*: it may pass, and a worker of the service tries again; *run again*: the same command tries these files
again, and keeps all that is done; *stops*: no other file would fare better, so the run ends at once. *Content missing* marks what keeps a part of the document from being read.
"""
GROUPS = (
    ("The file or the request", INPUT_CODES),
    ("The model or its provider", MODEL_CODES),
    ("The work itself", JOB_CODES),
    ("This machine and its settings", SETUP_CODES),
)
AGAIN = {"": "", "task": "by itself", "always": "by itself, or run again", "rerun": "run again"}


def policy_page() -> str:
    """Return docs/reference/policy.md."""
    parts = [POLICY_HEAD, STANCES]
    for title, prefix, model in TABLES:
        rows = "\n".join(_field_rows(model, prefix))
        parts.append(f"## {title}\n\n| Field | Values | Default | What it is |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _field_rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    meanings, schema = comments(model), model.model_json_schema()
    for name, field in model.model_fields.items():
        kind = _kind(schema["properties"][name], schema.get("$defs", {}))
        default = _shown(None if field.is_required() else field.default)
        yield f"| `{prefix}{name}` | {kind} | {default} | {meanings[name]} |"


def comments(model: type[BaseModel]) -> dict[str, str]:
    """Return what the comments beside a model's fields say, by field. Raises KeyError where a field has none."""
    source = inspect.getsource(model)
    body = [node for node in ast.parse(source).body[0].body if isinstance(node, ast.AnnAssign)]  # type: ignore[attr-defined]
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    found = {}
    for node in body:
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        said = [t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT and t.start[0] in lines]
        if not said:
            raise KeyError(f"{model.__name__}.{ast.unparse(node.target)} has no comment")
        found[ast.unparse(node.target)] = " ".join(said).replace("None:", "left out:")
    return found


def _kind(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    """Return the values that a property takes, in words."""
    if "anyOf" in schema:
        return " or ".join(_kind(one, defs) for one in schema["anyOf"] if one.get("type") != "null")
    if "$ref" in schema:
        return "a table"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    names = {"integer": "whole number", "number": "number", "string": "text", "boolean": "yes or no"}
    kind = names.get(schema["type"]) or {"array": "list of texts", "object": "a table"}[schema["type"]]
    least = schema.get("minimum")
    return kind if least is None else f"{kind}, at least {least:g}"


def _shown(default: Any) -> str:
    """Return a default as TOML shows it; nothing where there is none."""
    if isinstance(default, BaseModel) or default in (None, "", (), {}):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, int) and default >= 10_000:
        return f"`{default:_}`"
    return f"`{default}`"


def codes_page() -> str:
    """Return docs/reference/troubleshooting.md."""
    parts = [CODES_HEAD]
    for title, codes in GROUPS:
        rows = "\n".join(_code_row(code) for code in sorted(codes))
        parts.append(f"## {title}\n\n| Code | What it says, and what to do | Again |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _code_row(code: str) -> str:
    fact = FACTS[code]
    said = fact.remedy[0].upper() + fact.remedy[1:]
    lost = " *Content missing.*" if fact.loses_content else ""
    again = "; ".join(filter(None, ["stops" if fact.stops_run else "", AGAIN[fact.transient]]))
    return f"| `{code}` | {said}.{lost} | {again} |"


PAGES = {"policy.md": policy_page, "troubleshooting.md": codes_page}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page(), "utf-8")
