"""Generate: a document and its truth, from a kind, a number of records, a seed and a layout."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from tests.simulation.generator.kinds import KINDS, AnyKind
from tests.simulation.generator.layout import Layout, draw_layout
from tests.simulation.generator.letters import letter_lines, utterance_lines
from tests.simulation.generator.lines import Block, Setter, note
from tests.simulation.generator.nouns import Generated, Item, Note, Row, Story, Total
from tests.simulation.generator.paging import Pager, joined
from tests.simulation.generator.printed import plain, show


def generate(kind: str, rows: int, seed: int, layout: Layout | None = None) -> Generated:
    """A document of `rows` records. Without a `layout`, one is drawn by the seed. The same arguments, the same text."""
    known = KINDS[kind]
    story = told(kind, rows, seed)
    layout = layout or draw_layout(seed)
    setter = Setter(known, layout)
    pager = Pager(setter, f"{story.title}  {_first(story)}", tabular=bool(known.wrapped) and known.name != "transcript")
    pager.begin(_facts(known, story, layout, last=False))
    for item in story.items:
        _place(pager, setter, noted(item, known, story, layout) if isinstance(item, Note) else item, seed)
    closing = _facts(known, story, layout, last=True)
    if closing:
        pager.put(Block(closing[:-1], None, apart=True))
    text, ranges = joined(pager.close(), rows)
    return Generated(
        kind=kind,
        seed=seed,
        text=text,
        pages=[[line for line, _ in page] for page in pager.pages],
        truth=_truth(known, story, setter),
        ranges=ranges,
        corrections={n: (plain(story.facts[n]), plain(v)) for n, v in story.corrected.items()},
    )


def told(kind: str, rows: int, seed: int) -> Story:
    """What a document says, with its correction in the middle."""
    known = KINDS[kind]
    story = known.draw(Random(f"{kind} {rows} {seed}"), rows)
    middle = next((i for i, x in enumerate(story.items) if isinstance(x, Row) and x.index == rows // 2), 0)
    corrections: list[Item] = [Note("", name) for name in story.corrected]
    return replace(story, items=[*story.items[: middle + 1], *corrections, *story.items[middle + 1 :]])


def noted(item: Note, kind: AnyKind, story: Story, layout: Layout) -> Note:
    """A note with its words, where it is a correction."""
    if not item.corrects:
        return item
    fact = next(f for f in kind.facts if f.name == item.corrects)
    old, new = show(story.facts[fact.name], layout), show(story.corrected[fact.name], layout)
    label = fact.labels[layout.language % len(fact.labels)]
    return Note(f"Correction to page 1: {label} is {new}, not {old}.", item.corrects)


def bundle(kinds: list[tuple[str, int]], seed: int) -> tuple[str, list[tuple[int, Generated]]]:
    """Several documents in one file: its text, and each document with the offset at which it begins."""
    parts: list[tuple[int, Generated]] = []
    texts: list[str] = []
    offset = 0
    for number, (kind, rows) in enumerate(kinds):
        made = generate(kind, rows, seed * 100 + number)
        parts.append((offset, made))
        texts.append(made.text)
        offset += len(made.text) + 1
    return "\f".join(texts), parts


def _place(pager: Pager, setter: Setter, item: Item, seed: int) -> None:
    if isinstance(item, Note):
        pager.put(note(item))
    elif isinstance(item, Total):
        if setter.layout.totals:
            pager.put(setter.total(item))
    elif setter.kind.name == "thread":
        pager.put(Block(letter_lines(setter, item, seed), item.index))
        pager.put(Block([""], None))
    elif setter.kind.name == "transcript":
        pager.put(Block(utterance_lines(setter, item), item.index))
    else:
        pager.put(setter.row(item), item.running)


def _facts(kind: AnyKind, story: Story, layout: Layout, *, last: bool) -> list[str]:
    """Lines of label and value, and a blank one."""
    lines = []
    for fact in kind.facts:
        if fact.last == last:
            label, value = fact.labels[layout.language % len(fact.labels)], show(story.facts[fact.name], layout)
            lines.append(f"{label + ':':<24}{value}" if layout.order % 2 else f"{label}: {value}")
    return [*lines, ""] if lines else []


def _first(story: Story) -> str:
    return str(next(iter(story.facts.values())))


def _truth(kind: AnyKind, story: Story, setter: Setter) -> dict[str, Any]:
    """The JSON that a perfect reader gives: corrected facts, and of the records what is printed."""
    facts = {f.name: plain(story.corrected.get(f.name, story.facts[f.name])) for f in kind.facts}
    hidden = {kind.optional} - set(setter.names)
    rows = [
        {c.name: None if c.name in hidden else plain(item.values[c.name]) for c in kind.columns}
        for item in story.items
        if isinstance(item, Row)
    ]
    return {**facts, kind.rows: rows}
