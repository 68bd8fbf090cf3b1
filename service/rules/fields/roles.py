"""Assign regions of a page to roles (seller, buyer, ...), and determine the role of a field.

A region begins with its label ("Verkäufer", "Bill to:", "Supplier: Imaginary Works Ltd") and covers the lines below it.
Where nothing is labelled, the first address at the top is the sender's and the second the receiver's, as on a letter.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from thresher.schemas.document import BlockKind
from thresher.schemas.target import Field
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout

REGION_MAX_ROWS = 10  # most rows of one labelled region
INDENTED_REGION_MAX_ROWS = 80  # most rows of a region whose lines are indented below its label
GAP_MAX_LINE_HEIGHTS = 2.6  # line heights; a wider gap ends a region
LETTERHEAD_ROWS = 14  # rows; an unlabelled address below them has no role
_INLINE = re.compile(r"^\W*([^\W\d][\w .,/&’'()-]{1,40}?)\s?[:：]\s*(?=\S)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PARTY_FIELDS = frozenset(
    (
        "name",
        "address",
        "tax id",
        "vat id",
        "email",
        "phone",
        "fax",
        "registration number",
        "city",
        "country",
        "zip",
        "postcode",
        "street",
        "contact",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a page: its role, its text range, and whether a label states the role."""

    role: str
    start: int
    end: int
    order: int  # rows below the label
    labelled: bool = True
    inline: bool = False  # on one line with its label


@cache
def roles() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the names and labels of each role."""
    raw = tomllib.loads(files("thresher.service.rules.fields").joinpath("roles.toml").read_text(encoding="utf-8"))
    return {k: (tuple(map(plain, e["names"])), tuple(map(plain, e["labels"]))) for k, e in raw.items()}


def role_of(field: Field) -> str:
    """Return the role that a field is about, "" for none; an object with an unknown name is a role itself.

    >>> role_of(Field(path="/seller/tax_id", kind="text")), role_of(Field(path="/buyer_name", kind="text"))
    ('seller', 'buyer')
    >>> role_of(Field(path="/landlord/name", kind="text")), role_of(Field(path="/total", kind="number"))
    ('=landlord', '')
    """
    return _role_of_path(field.path)


@lru_cache(maxsize=4096)
def _role_of_path(path: str) -> str:
    parts = [words_of(p) for p in path.split("/") if p and p != "*"]
    for words in reversed(parts):
        for key, (names, _) in roles().items():
            if any(f" {n} " in f" {words} " and (len(n) > 4 or words.startswith(n)) for n in names):
                return key
    nested = len(parts) > 1 and "*" not in path
    return f"={parts[-2]}" if nested and parts[-1] in _PARTY_FIELDS else ""


def regions(layout: Layout, own: frozenset[str] = frozenset()) -> dict[int, Region]:
    """Return the Region of each piece, by the piece's index; `own` are further roles whose name is their label."""
    key = ("regions", own)
    if key not in layout.memory:
        layout.memory[key] = _regions(layout, own)
    found: dict[int, Region] = layout.memory[key]
    return found


def _regions(layout: Layout, own: frozenset[str]) -> dict[int, Region]:
    named = {label: key for key, (_, labels) in reversed(roles().items()) for label in labels}
    named |= {role[1:]: role for role in own if role.startswith("=")}
    labels = {i: found for i in range(len(layout.pieces)) if (found := _label(layout, i, named))}
    inside: dict[int, Region] = {}
    for i, (role, rest) in labels.items():
        for order, j, start in _labelled_pieces(layout, i, rest, labels):
            piece = layout.pieces[j]
            inside[j] = Region(role=role, start=start, end=piece.end, order=order, inline=j == i)
    return inside


def _label(layout: Layout, i: int, named: dict[str, str]) -> tuple[str, int] | None:
    """Return the role that piece i labels, and the start of the labelled text in it (its end if it is all label)."""
    piece, text = layout.pieces[i], layout.words(i)
    if i in _table_pieces(layout) or _in_header(layout, piece.start):
        return None
    inline = _INLINE.match(text)
    if inline:
        role = named.get(plain(_CAMEL.sub(" ", inline[1])))
        return (role, piece.start + inline.end()) if role else None
    if len(text) > 40:
        return None
    words = [plain(_CAMEL.sub(" ", w)) for w in (text, *re.split(r"[/|&]", text))]
    role = next((named[w] for w in words if w in named), None)
    short = (
        words[0] in ("to", "from", "bank", "delivery", "client")
        and not text.rstrip().endswith(":")
        and not text.isupper()
    )
    return (role, piece.end) if role and not short else None


def _in_header(layout: Layout, offset: int) -> bool:
    mail = layout.document.kind == "mail"
    return mail and str(layout.document.part_at(offset) or "").startswith("header:")


def _table_pieces(layout: Layout) -> set[int]:
    """Return the pieces in large tables, where a role's word is a column header, not a label."""
    if "cells" not in layout.memory:
        found: set[int] = set()
        for table in layout.document.tables:
            if len(table) > 2 and max((len(table.cells(r)) for r in range(len(table))), default=0) > 3:
                start, end = table.span()
                found.update(range(layout.at(start), layout.at(max(end - 1, start)) + 1))
        layout.memory["cells"] = found
    cells: set[int] = layout.memory["cells"]
    return cells


def _labelled_pieces(
    layout: Layout, i: int, rest: int, labels: dict[int, tuple[str, int]]
) -> list[tuple[int, int, int]]:
    """Return (rows below the label, piece, start) of the pieces that label i covers."""
    label, found = layout.pieces[i], []
    if rest < label.end:
        found.append((0, i, rest))
    left, right = label.box[0] - label.height, _right_edge(layout, i, labels)
    if rest < label.end:
        left = label.box[0] + 0.8 * (label.box[2] - label.box[0]) * (rest - label.start) / (label.end - label.start)
    found += [
        (0, j, layout.pieces[j].start) for j in layout.right(i) if j not in labels and layout.pieces[j].box[0] < right
    ]
    bottom, limit = label.box[3], REGION_MAX_ROWS
    for r in range(label.row + 1, min(label.row + INDENTED_REGION_MAX_ROWS, len(layout.rows))):
        row = [j for j in layout.rows[r] if left <= layout.pieces[j].box[0] < right]
        if not row:
            if layout.pieces[layout.rows[r][0]].page != label.page:
                break
            continue
        first = layout.pieces[row[0]]
        deeper = first.box[0] > label.box[0] + 1 and not layout.document.lines.start and rest == label.end
        if (
            first.page != label.page
            or first.box[1] - bottom > GAP_MAX_LINE_HEIGHTS * label.height
            or _ends(layout, row, labels)
        ):
            break
        if r - label.row > limit and not deeper:
            break
        if not deeper and not layout.document.lines.start and first.box[1] - bottom > 0.9 * label.height:
            break
        bottom = max(layout.pieces[j].box[3] for j in row)
        found += [(r - label.row, j, layout.pieces[j].start) for j in row]
    return found


def _right_edge(layout: Layout, i: int, labels: dict[int, tuple[str, int]]) -> float:
    """Return the right edge of a label's column: the next piece in its row, except the label's only value."""
    beside = list(layout.right(i))
    for j in beside:
        piece = layout.pieces[j]
        if j in labels or len(beside) > 1 or (beside and not layout.words(i).rstrip().endswith(":")):
            return piece.box[0] - 1
    return 1e9


def _ends(layout: Layout, row: list[int], labels: dict[int, tuple[str, int]]) -> bool:
    """Whether a row ends the region above: another label, a heading, a table."""
    if any(j in labels for j in row) or any(j in _table_pieces(layout) for j in row):
        return True
    if "headings" not in layout.memory:
        layout.memory["headings"] = {s for s, _, kind, _ in layout.document.blocks if kind == BlockKind.HEADING}
    headings: set[int] = layout.memory["headings"]
    return layout.pieces[row[0]].start in headings
