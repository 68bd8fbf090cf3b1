"""Score spans by whether they stand in the region of the page about the field's party."""

from __future__ import annotations

from thresher.schemas.target import Field
from thresher.service.rules.fields.roles import LETTERHEAD_ROWS, Region, regions, role_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.postal_addresses import find_addresses
from thresher.service.rules.spans.span import Span

SCORED_SHAPES = frozenset(("name", "address", "identifier", "email", "phone", "text", "word", "url"))
_LETTERHEAD_ROLES = ("seller", "sender")  # roles of the letterhead
_SAME_ROLE = {"sender": "seller", "recipient": "buyer"}  # on paper the sender is the seller


def side_score(layout: Layout, field: Field, shape: str, span: Span) -> float:
    """Return points (-1 to 0.6) for a span in the region of the field's role, or in another role's region."""
    role = role_of(field)
    if not role or shape not in SCORED_SHAPES:
        return 0.0
    mine = _SAME_ROLE.get(role, role)
    inside = sides(layout, frozenset([role] if role.startswith("=") else []))
    region = inside.get(layout.at(span.start))
    here = _SAME_ROLE.get(region.role, region.role) if region and span.start >= region.start else ""
    if here == mine and region:
        return _points(layout, shape, span, region)
    if here:
        return -1.0
    if mine in _labelled_roles(layout, inside):
        return -0.45
    return 0.0 if mine in _LETTERHEAD_ROLES else -0.35


def _labelled_roles(layout: Layout, inside: dict[int, Region]) -> frozenset[str]:
    """Return the roles of the labelled regions, collected once."""
    key = ("labelled roles", id(inside))  # the regions stay in the same memory
    if key not in layout.memory:
        layout.memory[key] = frozenset(_SAME_ROLE.get(r.role, r.role) for r in inside.values() if r.labelled)
    found: frozenset[str] = layout.memory[key]
    return found


def _points(layout: Layout, shape: str, span: Span, region: Region) -> float:
    if shape == "name":
        first = region.order + (0.5 if region.labelled else 0.0)
        whole = span.start == region.start or span.start == layout.pieces[layout.at(span.start)].start
        return (0.65 if region.labelled else 0.5) - 0.1 * min(first, 4) - 0.3 * (not whole)
    return 0.6 if region.labelled else 0.4


def sides(layout: Layout, own: frozenset[str]) -> dict[int, Region]:
    """Return the labelled regions; without labels for seller or buyer also the addresses at the top of the page."""
    key = ("sides", own)
    if key not in layout.memory:
        found = dict(regions(layout, own))
        layout.memory[key] = {**_letterhead(layout, found), **found}
    inside: dict[int, Region] = layout.memory[key]
    return inside


def _letterhead(layout: Layout, labelled: dict[int, Region]) -> dict[int, Region]:
    labelled_roles = {r.role for r in labelled.values()}
    free = [role for role in ("seller", "buyer") if role not in labelled_roles]
    found: dict[int, Region] = {}
    blocks = _blocks(layout, labelled)
    if len(blocks) == 1 and "seller" in free and _in_right_half(layout, blocks[0][0]):
        free = [role for role in free if role == "buyer"]
    for pieces in blocks:
        if not free:
            break
        role = free.pop(0)
        for order, i in enumerate(pieces):
            piece = layout.pieces[i]
            found[i] = Region(role=role, start=piece.start, end=piece.end, order=order, labelled=False)
    return found


def _in_right_half(layout: Layout, i: int) -> bool:
    """Whether a piece begins in the right half of its page, the address window of envelopes in some countries."""
    pages, piece = layout.document.pages, layout.pieces[i]
    return bool(len(pages)) and piece.box[0] > 0.5 * pages.width[piece.page - 1]


def _blocks(layout: Layout, labelled: dict[int, Region]) -> list[list[int]]:
    """Return the pieces of each unlabelled address at the top of page one, with the name line above it."""
    blocks: list[list[int]] = []
    for span in find_addresses(layout, Field(path="/address", kind="text")):
        first, last = layout.at(span.start), layout.at(span.end - 1)
        if layout.pieces[first].page > 1 or layout.pieces[first].row > LETTERHEAD_ROWS + 4 or first in labelled:
            continue
        name = next(iter(layout.above(first, 2)), None)
        near = (
            name is not None and layout.pieces[first].box[1] - layout.pieces[name].box[3] < layout.pieces[first].height
        )
        if name is None or not near or name in labelled:
            continue
        block = [name, *range(first, last + 1)]
        if not any(_text(layout, b) == _text(layout, block) for b in blocks):
            blocks.append(block)
    return sorted(blocks, key=lambda b: layout.pieces[b[0]].row)


def _text(layout: Layout, block: list[int]) -> str:
    words = "".join(layout.words(i) for i in block[1:])
    return "".join(c for c in words.casefold() if c.isalnum())
