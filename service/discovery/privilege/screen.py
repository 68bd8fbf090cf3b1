"""Screen a matter: counsel among the people, terms in the text; then hold what follows from it.

A document is read once; again where the lists changed, where texts are read otherwise than then, where its text could not
be had, and where its production was loaded again: what a model would see must have been looked at. No model is asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.discovery.matter_codes import EXCEPTION_CODES
from thresher.schemas.errors import InputProblem, JobProblem
from thresher.service.base.threads import in_thread
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.privilege.counsel_list import (
    CounselList,
    counsel_among,
    counsel_list,
    counsel_quoted,
)
from thresher.service.discovery.privilege.holding import Member, holding_of
from thresher.service.discovery.privilege.quoting import QuotingReplies
from thresher.service.discovery.privilege.terms import terms_in
from thresher.service.discovery.reading.document_texts import DocumentTexts

_SETTING = "privilege"
_AT_ONCE = 64  # documents read before what was found is written


@dataclass(frozen=True, slots=True)
class ScreenLists:
    """What is looked for: lines of a list of counsel, and terms."""

    counsel: tuple[str, ...]
    terms: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Return a hash of the lists."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


def kept_lists(matter: Matter) -> ScreenLists | None:
    """Return the lists of the last screen of a matter; None where there was none."""
    kept = matter.store.get(_SETTING)
    if kept is None:
        return None
    lists = json.loads(kept)
    return ScreenLists(tuple(lists["counsel"]), tuple(lists["terms"]))


@dataclass(frozen=True, slots=True)
class ScreenCounts:
    """What a screen came to."""

    documents: int
    read: int  # now
    unread: int  # whose text could not be had: flagged by their people alone
    flagged: int  # themselves
    held: int
    warned: int


async def screen(
    matter: Matter, lists: ScreenLists, texts: DocumentTexts, progress: Callable[[int], None] = lambda _: None
) -> ScreenCounts:
    """Screen what was not screened with these lists, hold what follows, and return the counts."""
    await in_thread(_begin, matter, lists, texts.reading)
    read, unread = await _look(matter, lists, texts, progress)
    return await in_thread(_end, matter, lists, read, unread)


def _begin(matter: Matter, lists: ScreenLists, reading: str) -> None:
    """Keep the lists, and say in the log that a screen begins, before anything is written: it may be killed."""
    begun = next(_unscreened(matter, f"{lists.fingerprint}.{reading}"), None) is not None
    if begun or kept_lists(matter) != lists:
        matter.record_event("privilege_screen_begun", screen=lists.fingerprint)
    matter.store.set(_SETTING, json.dumps(asdict(lists)))


def _end(matter: Matter, lists: ScreenLists, read: int, unread: int) -> ScreenCounts:
    """Hold what follows from what was found; return the counts, which the log has."""
    held, warned = apply_holding(matter)
    own = _found(matter)
    counts = ScreenCounts(sum(matter.store.counts("documents").values()), read, unread,
                          sum(bool(flags) for flags in own.values()), held, warned)  # fmt: skip
    if read:
        matter.record_event("privilege_screen", screen=lists.fingerprint, **asdict(counts))
    return counts


async def _look(
    matter: Matter, lists: ScreenLists, texts: DocumentTexts, progress: Callable[[int], None]
) -> tuple[int, int]:
    """Look at documents that were not screened yet; return of how many that told something new, and of how many no text could be had."""
    known, done, fresh, unread = counsel_list(lists.counsel), 0, 0, 0
    screen_id = f"{lists.fingerprint}.{texts.reading}"
    before, found = await in_thread(lambda: (_rows(matter), _found(matter)))
    batches = _unscreened(matter, screen_id)
    while documents := await in_thread(next, batches, None):
        looked = await asyncio.gather(
            *(_looked(texts, document, known, lists.terms, again=again) for document, again in documents)
        )
        rows = []
        for (document, _), one in zip(documents, looked, strict=True):
            # what was found while it could be read stays
            earlier = [f for f in found.get(document.id, ()) if f not in one.flags] if one.code else []
            rows.append((document.id, one.code or screen_id, json.dumps(one.flags + earlier)))
            unread += not one.is_read
        matter.store.connection.executemany("INSERT OR REPLACE INTO screened VALUES (?, ?, ?)", rows)
        done += len(documents)
        fresh += len(set(rows) - before)
        progress(done)
    return fresh, unread


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one look at a document found; `code`: why its text could not be had or searched."""

    flags: list[str]
    code: str
    is_read: bool


async def _looked(
    texts: DocumentTexts, document: MatterDocument, known: CounselList, terms: tuple[str, ...], *, again: bool
) -> _Looked:
    """Look at the people, the subject and the text of a document."""
    content = await _texts(texts, document, again=again)
    code, read = (content, []) if isinstance(content, str) else ("", content)
    search = partial(_flags_in, document, known=known, terms=terms)
    try:
        flags = await texts.searched(read, search)
    except (InputProblem, JobProblem) as problem:  # nobody has looked at its text
        code, read, flags = problem.code, [], search([])
    return _Looked(flags, code, bool(read))


def _flags_in(document: MatterDocument, texts: list[str], *, known: CounselList, terms: tuple[str, ...]) -> list[str]:
    """Return what flags a document, by its people, its subject and its texts."""
    among = list(counsel_among(document, known))
    quoted = [address for address in counsel_quoted(texts, known) if address not in among]
    said = terms_in([document.subject, *texts], terms)
    return [f"counsel:{a}" for a in among] + [f"quoted:{a}" for a in quoted] + [f"term:{t}" for t in said]


async def _texts(texts: DocumentTexts, document: MatterDocument, *, again: bool) -> list[str] | str:
    """Return the texts of a document, none of one that can have none; a code where they could not be had now."""
    if document.withheld or (document.size == 0 and document.produced is None):
        return []
    try:
        return await texts.of(document, again=again)
    except JobProblem:  # it kills whoever reads it
        return "corrupt"
    except InputProblem as problem:  # others are of the machine, as a full disk
        fact = EXCEPTION_CODES.get(problem.code)
        return problem.code if fact is None or fact.retryable else []


def _unscreened(matter: Matter, screen_id: str) -> Iterator[list[tuple[MatterDocument, bool]]]:
    """Yield documents that were not screened so, each with whether its text is to be read anew."""
    known = {row[0]: row[1] for row in _rows(matter)}
    reading = screen_id.rpartition(".")[2]
    waiting: list[tuple[MatterDocument, bool]] = []
    for document in matter.store.documents():
        before = known.get(document.id)
        if before != screen_id:
            waiting.append((document, before is not None and before.rpartition(".")[2] != reading))
        if len(waiting) == _AT_ONCE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _rows(matter: Matter) -> set[tuple[str, str, str]]:
    return set(matter.store.connection.execute("SELECT document_id, screen, found FROM screened").fetchall())


def _found(matter: Matter) -> dict[str, tuple[str, ...]]:
    rows = matter.store.connection.execute("SELECT document_id, found FROM screened")
    return {i: tuple(json.loads(found)) for i, found in rows}


def released_ids(matter: Matter) -> frozenset[str]:
    """Return the documents that a person has released."""
    return frozenset(row[0] for row in matter.store.connection.execute("SELECT document_id FROM releases"))


def unread_by_screen(matter: Matter) -> dict[str, str]:
    """Return the documents whose text the last screen could not have, by id, each with the code that says why."""
    return {name: code for name, code, _ in _rows(matter) if "." not in code}


def apply_holding(matter: Matter) -> tuple[int, int]:
    """Write flags and holds that follow from what was found and released; return how many are held, and warned of."""
    found, released = _found(matter), released_ids(matter)
    members = (_member(d, found.get(d.id, ())) for d in matter.store.documents())
    holding = holding_of(members, released, QuotingReplies(matter) if any(found.values()) else lambda _: ())
    changed = [
        made
        for d in matter.store.documents()
        if (made := _held(d, holding.flags.get(d.id, ()), held=d.id in holding.held)) != d
    ]
    if changed:
        facts = {"held": [d.id for d in changed if d.held], "not_held": [d.id for d in changed if not d.held]}
        matter.store.update(changed, matter.event("privilege_flags", **facts))
        matter.write_log()
    return len(holding.held), sum(i not in holding.held for i in holding.flags)


def _member(document: MatterDocument, own: tuple[str, ...]) -> Member:
    contents = {document.sha256 if document.size else "", document.dedup_key or ""} - {""}
    return Member(document.id, document.parent_id, document.family_id, document.thread_id,
                  tuple(sorted(contents)), own)  # fmt: skip


def _held(document: MatterDocument, flags: tuple[str, ...], *, held: bool) -> MatterDocument:
    """Return the document with its flags; what is held for the first time has the state "held" until it is released."""
    state = document.state
    if held and state in ("new", "extracted", "partial"):
        state = "held"
    elif not held and state == "held":
        state = "new"
    return document.model_copy(update={"privilege_flags": flags, "held": held, "state": state})
