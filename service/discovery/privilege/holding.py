"""Say which documents are held back, from what each is flagged for by itself: a pure function over the whole matter.

Held is a document that is flagged itself, what came out of it (an attachment is part of the bytes of its mail), a reply
in which it stands whole, and every copy of any of these. The rest of a family and of a thread is warned of, and not held. What a person has released
is not held for its own flags, and neither is an exact copy of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """What matters of a document here. `contents`: hashes and keys under which its copies are known."""

    id: str
    parent_id: str | None
    family_id: str
    thread_id: str | None
    contents: tuple[str, ...]
    own: tuple[str, ...] = ()  # flags of its own: "counsel:…", "term:…"


@dataclass(slots=True)
class Holding:
    """Which documents are held, and the flags of each: its own, then why it is held for another, then warnings."""

    held: set[str] = field(default_factory=set)
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)


def holding_of(
    members: Iterable[Member], released: frozenset[str], quoted_in: Callable[[str], Iterable[str]] = lambda _: ()
) -> Holding:
    """Return what is held. Members come in the order of the matter; `quoted_in` gives the replies in which a mail stands whole."""
    known = {m.id: m for m in members}
    cleared = {content for i in released if i in known for content in known[i].contents}
    first = [m.id for m in known.values() if m.own and m.id not in released and not cleared.intersection(m.contents)]
    causes = _spread(known, first, released, quoted_in)
    found = Holding(held={*first, *causes})
    warnings = _warnings(known, found.held)
    for m in known.values():
        because = (causes[m.id],) if m.id in causes else ()
        flags = (*m.own, *because, *(warnings.get(m.id, ()) if m.id not in found.held else ()))
        if flags:
            found.flags[m.id] = flags
    return found


def _spread(
    known: Mapping[str, Member], first: list[str], released: frozenset[str], quoted_in: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """Return what else is held, each with its cause: "part:ID" of a held mail, "copy:ID", "quotes:ID" of a held one."""
    children, copies = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for m in known.values():
        if m.parent_id:
            children[m.parent_id].append(m.id)
        for content in m.contents:
            copies[content].append(m.id)
    held, waiting, causes = set(first), list(first), dict[str, str]()
    while waiting:
        one = waiting.pop()
        parts = [(c, f"part:{one}") for c in children[one]]
        equal = [(c, f"copy:{one}") for content in known[one].contents for c in copies.pop(content, ())]
        quoting = [(c, f"quotes:{one}") for c in quoted_in(one) if c in known]
        for other, cause in (*parts, *equal, *quoting):
            if other not in held and other not in released:
                held.add(other)
                causes[other] = cause
                waiting.append(other)
    return causes


def _warnings(known: Mapping[str, Member], held: set[str]) -> dict[str, tuple[str, ...]]:
    """Return warnings for the families and threads of held documents."""
    families = {known[i].family_id for i in held}
    threads = {thread for i in held if (thread := known[i].thread_id)}
    return {m.id: tuple(_warned(m, families, threads)) for m in known.values()}


def _warned(member: Member, families: set[str], threads: set[str]) -> Iterator[str]:
    if member.family_id in families:
        yield f"family:{member.family_id}"
    if member.thread_id in threads:
        yield f"thread:{member.thread_id}"
