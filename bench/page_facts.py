"""Check facts about hard pages in what a model would be shown of them: `python -m bench.page_facts CORPORA/olmocr_bench_sample`.

The folder holds `tests.jsonl`, a fact a line (olmOCR bench's form: present, absent, order, table, math), and `documents`. A page is
read by the readers that workers use, with OCR. Formulas count as their signs in order, without TeX's commands: no reader here writes TeX.
Prints the facts that hold by kind, and those that do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from thresher.schemas.document import BlockKind, Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.container_walk import walk_tree
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source

_MARGINS = (BlockKind.HEADER, BlockKind.FOOTER)
_COMMAND = re.compile(r"\\[a-zA-Z]+|[{}_^\s\\]")
Grid = list[dict[int, str]]  # rows of a table: column to text


def main(folder: Path) -> None:
    """Print a line a kind, and the facts that do not hold."""
    facts = [json.loads(line) for line in (folder / "tests.jsonl").read_text("utf-8").splitlines() if line.strip()]
    pages = asyncio.run(_read(folder / "documents", sorted({fact["pdf"] for fact in facts})))
    held, every = Counter[str](), Counter[str]()
    for fact in facts:
        kind, is_held = fact["type"], _holds(fact, pages[fact["pdf"]])
        every[kind] += 1
        held[kind] += is_held
        if not is_held:
            print("not held:", json.dumps({k: v for k, v in fact.items() if k not in {"checked", "id"}}))
    print(*(f"{kind}: {held[kind]} of {n}" for kind, n in sorted(every.items())), sep="\n")


async def _read(folder: Path, names: list[str]) -> dict[str, Document]:
    """The Documents of some files."""
    found: dict[str, Document] = {}
    with tempfile.TemporaryDirectory() as spool:
        for name in names:
            async for reading in walk_tree(make_source(folder / name), InlineReader(Path(spool)), ReadOptions()):
                found.setdefault(name, reading.document)
    return found


def _holds(fact: dict[str, Any], document: Document) -> bool:
    """Whether a fact holds on its page."""
    shown = [block for block in document.blocks if document.page_at(block[0]) == fact["page"]]
    body = " ".join(document.text[start:end] for start, end, kind, _ in shown if kind not in _MARGINS)
    if fact["type"] == "present":
        return _find(fact, fact["text"], body) >= 0
    if fact["type"] == "absent":
        return _find(fact, fact["text"], body) < 0
    if fact["type"] == "order":
        first, second = (_find(fact, fact[key], body) for key in ("before", "after"))
        return 0 <= first < second
    if fact["type"] == "math":
        return _plain(_COMMAND.sub("", fact["math"])).replace(" ", "") in _plain(body).replace(" ", "")
    return any(_is_in_table(fact, grid) for grid in _grids(document, [block[0] for block in shown]))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").replace("−", "-").split())


def _find(fact: dict[str, Any], wanted: str, body: str) -> int:
    """The end of the text in the body, with as many differing letters as the fact allows; -1 where it is not."""
    wanted, body = _plain(wanted), _plain(body)
    if not fact.get("case_sensitive", True):
        wanted, body = wanted.lower(), body.lower()
    if not fact.get("max_diffs") or wanted in body:
        match = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", body)
        return match.end() if match else -1
    costs = list(range(len(wanted) + 1))  # of the beginnings of the text, ending here (Sellers 1980)
    for end, letter in enumerate(body, 1):
        before, costs = costs, [0]
        for i, one in enumerate(wanted, 1):
            costs.append(min(before[i] + 1, costs[-1] + 1, before[i - 1] + (one != letter)))
        if costs[-1] <= fact["max_diffs"]:
            return end
    return -1


def _grids(document: Document, starts: list[int]) -> list[Grid]:
    tables = [table for start in starts if (table := document.table_at(start)) is not None]
    return [
        [{column: _plain(document.text[a:b]) for a, b, column in table.cells(r)} for r in range(len(table))]
        for table in tables
    ]


def _is_in_table(fact: dict[str, Any], grid: Grid) -> bool:
    """Whether some cell has the fact's text, and the neighbours and headings that it names."""
    places = [(r, c) for r, row in enumerate(grid) for c, text in row.items() if text == _plain(fact["cell"])]
    return any(all(_has(grid, place, key, value) for key, value in fact.items()) for place in places)


def _has(grid: Grid, place: tuple[int, int], key: str, value: Any) -> bool:
    """Whether the neighbour or heading of a cell is a given text; other keys of a fact say nothing about it."""
    r, c = place
    row = grid[r]
    column = [one[c] for one in grid if one.get(c)]
    above = [one[c] for one in grid[:r] if one.get(c)]
    below = [one[c] for one in grid[r + 1 :] if one.get(c)]
    left, right = ([row[i] for i in sorted(row) if (i < c if side else i > c) and row[i]] for side in (True, False))
    heads = [text for one in grid[:r] for i, text in one.items() if i <= c and i == max(k for k in one if k <= c)]
    looked = {
        "up": above[-1:],
        "down": below[:1],
        "left": left[-1:],
        "right": right[:1],
        "top_heading": [*column[:1], *heads],
        "left_heading": left,
    }
    return key not in looked or _plain(str(value)) in looked[key]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
