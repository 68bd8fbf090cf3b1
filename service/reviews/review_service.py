"""Do what a reviewer asks: list, show, correct, claim, decide, make a case. Knows no HTTP; `base.py` keeps what is said.

collection of Results + events of each -> views
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import Review
from thresher.schemas.review import (
    CorrectionDone,
    CorrectionRequest,
    DecisionRequest,
    MachineFacts,
    ReviewClaim,
    ReviewCollection,
    ReviewDocument,
    ReviewEvents,
    ReviewRow,
    ReviewTarget,
    TextPassage,
    is_right,
)
from thresher.schemas.source import Source, SourceFacts
from thresher.service.pages.cutting import cut_pages
from thresher.service.pages.page_pictures import PageViews
from thresher.service.reviews.applying import review_of
from thresher.service.reviews.base import NewEvent, ResultPlace, ReviewProgress, Reviews
from thresher.service.reviews.cases import Files, case_files, case_name, write_case
from thresher.service.reviews.collections import ResultCollection, ResultSummary, checked_child
from thresher.service.reviews.document_view import document_view
from thresher.service.reviews.field_view import FieldsView
from thresher.service.reviews.passages import PASSAGE_MAX_CHARS, moved_span, quote_at
from thresher.service.reviews.stored_result import Reviewed, StoredResult
from thresher.service.reviews.typed_values import typed_value

PATH_MAX_KEYS = 64  # of a correction: twice as deep as a target may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which Results of a collection are listed."""

    reason: str | None = None  # code
    state: str | None = None
    after: int = -1  # number of the last one seen
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who reviews."""

    tenant: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewService:
    """Reviews of one service, or of one folder."""

    reviews: Reviews
    views: PageViews
    collection: Callable[[str, str], Awaitable[ResultCollection]]  # by tenant and name; raises a Problem where none is
    cases: Path | None = None  # folder in which cases are written; None: callers fetch them
    case_turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))  # by tenant

    async def listing(self, tenant: str, name: str, wanted: Filter) -> ReviewCollection:
        """Return a page of a collection, with the counts and queues of all of it."""
        collection = await self.collection(tenant, name)
        self.views.warm()
        every = await collection.summaries()
        states = await self.reviews.states(tenant, name)
        of_state = [s for s in every if wanted.state in {None, _state(states.get(s.place.key))}]
        found = [s for s in of_state if wanted.reason is None or wanted.reason in s.reasons]
        page = [s for s in found if s.place.number > wanted.after][: wanted.limit + 1]
        more, page = len(page) > wanted.limit, page[: wanted.limit]
        counts = Counter({"open": 0, "accepted": 0, "rejected": 0})
        counts.update(_state(states.get(s.place.key)) for s in every)
        return ReviewCollection(
            collection=name,
            target=ReviewTarget(name=collection.target_name),
            counts=dict(counts),
            queues=dict(Counter(code for s in of_state for code in s.reasons).most_common()),
            documents=[_row(s, states.get(s.place.key)) for s in page],
            next=str(page[-1].place.number) if more and page else None,
        )

    async def document(self, tenant: str, name: str, number: int, fields: tuple[int, int]) -> ReviewDocument:
        """Return a Result for review; `fields`: index of the first one, and how many at most."""
        collection = await self.collection(tenant, name)
        self.views.warm()
        place, reviewed = await self._reviewed(collection, number)
        states = await self.reviews.states(tenant, name)
        progress = states.get(place.key)
        claim = progress.claim if progress else None
        return await reviewed.do(self.views, document_view, place, claim, fields)

    async def _reviewed(self, collection: ResultCollection, number: int) -> tuple[ResultPlace, Reviewed]:
        place, result = await collection.result(number)
        target = await collection.target(await asyncio.to_thread(result.head))
        return place, Reviewed(result, await self.reviews.events(place), target)

    async def picture(self, tenant: str, name: str, number: int, wanted: tuple[str, int, float]) -> bytes:
        """Return a page as PNG; `wanted`: path of the source ("" for the document itself), page, pixels a point."""
        path, page, scale = wanted
        collection = await self.collection(tenant, name)
        place, result = await collection.result(number)
        facts = await asyncio.to_thread(_facts, result, path)
        async with self._source(collection, place, facts) as source:
            return await self.views.picture(source, page, scale, collection.options)

    @asynccontextmanager
    async def _source(
        self, collection: ResultCollection, place: ResultPlace, facts: SourceFacts
    ) -> AsyncIterator[Source]:
        """Provide the bytes of a document, taken out of what it is attached to."""
        async with collection.original(place, facts.path) as root:
            yield checked_child(await self.views.child(root, facts.path, collection.options), facts)

    async def passage(self, tenant: str, name: str, number: int, wanted: tuple[str, int, int, int]) -> TextPassage:
        """Return a passage of a document's text; `wanted`: path of the source, span, characters around it.

        Raises InputProblem(not_found) where the text, read anew, does not hold the quote that stands there.
        """
        path, start, end, around = wanted
        collection = await self.collection(tenant, name)
        place, result = await collection.result(number)
        facts = await asyncio.to_thread(_facts, result, path)
        async with self._source(collection, place, facts) as source:
            text = await self.views.text(source, collection.options, facts.page_range)
        quote = await Reviewed(result).do(self.views, quote_at, path, (start, end))
        start, end = moved_span(text, (start, end), quote)
        first, last = max(start - around, 0), min(end + around, len(text), start + PASSAGE_MAX_CHARS)
        return TextPassage(start=start, end=end, text=text[first:last], first=first, last=last)

    async def correct(self, who: Reviewer, name: str, number: int, asked: CorrectionRequest) -> CorrectionDone:
        """Record a correction, and return the field as it is now."""
        collection = await self.collection(who.tenant, name)
        place, reviewed = await self._reviewed(collection, number)
        value, machine = await reviewed.do(self.views, _judged, asked)
        event = NewEvent(
            by=who.name,
            path=asked.path,
            action=asked.action,
            value=value,
            note=asked.note,
            head=asked.head,
            machine=machine,
        )
        await self.reviews.append(place, event)
        after = replace(reviewed, events=await self.reviews.events(place))
        shown = await after.do(self.views, FieldsView.of_path, asked.path)
        return CorrectionDone(head=after.events[-1].hash, field=shown)

    async def claim(self, who: Reviewer, name: str, number: int) -> ReviewClaim:
        """Claim a Result for a while."""
        place, _ = await (await self.collection(who.tenant, name)).result(number)
        return await self.reviews.claim(place, who.name)

    async def release(self, who: Reviewer, name: str, number: int) -> None:
        """Give a claim back."""
        place, _ = await (await self.collection(who.tenant, name)).result(number)
        await self.reviews.release(place, who.name)

    async def decide(self, who: Reviewer, name: str, number: int, asked: DecisionRequest) -> Review:
        """Record a decision on a whole Result."""
        collection = await self.collection(who.tenant, name)
        place, result = await collection.result(number)
        tells = collection.tells and asked.state != "open"
        machine = await Reviewed(result).do(self.views, _facts_of_whole)
        event = NewEvent(
            by=who.name,
            path="",
            action=asked.state,
            note=asked.note,
            machine=machine,
            wants_webhook=tells,
        )
        await self.reviews.append(place, event)
        review = review_of(await self.reviews.events(place))
        assert review is not None  # noqa: S101 - it was just decided
        return review

    async def events(self, tenant: str, name: str, number: int) -> ReviewEvents:
        """Return the chain of a Result, and whether it is whole."""
        place, _ = await (await self.collection(tenant, name)).result(number)
        found = await self.reviews.events(place)
        return ReviewEvents(events=found, right=await asyncio.to_thread(is_right, found))

    @asynccontextmanager
    async def case(self, tenant: str, name: str, number: int) -> AsyncIterator[tuple[str, Files]]:
        """Provide the name and the files of a scorecard case; written into the folder of cases where there is one."""
        collection = await self.collection(tenant, name)
        place, reviewed = await self._reviewed(collection, number)
        head = await asyncio.to_thread(reviewed.result.head)
        if not reviewed.events or reviewed.target is None:
            why = (
                "nobody has reviewed it"
                if reviewed.target
                else f"its target {head.target.name} is not known; give --target"
            )
            raise InputProblem("case_invalid", f"{head.source.path}: {why}")
        async with self._source(collection, place, head.source) as source:
            document = await self._document(source, head.source, collection.options)
            title, files = await reviewed.do(self.views, _case, document)
            if self.cases is not None:
                await asyncio.to_thread(write_case, self.cases / title, files)
            yield title, files

    async def _document(self, source: Source, facts: SourceFacts, options: ReadOptions) -> bytes | Path:
        """Return the file of a document; of a part of a packet, the bytes of its pages alone."""
        if facts.page_range is None:
            return Path(source.blob)
        cut = partial(cut_pages, first=facts.page_range[0], last=facts.page_range[1])
        return await self.views.pool.call(cut, source, options)


def _judged(view: FieldsView, asked: CorrectionRequest) -> tuple[Any, MachineFacts]:
    """Return the value that a person means, and what the machine had said."""
    return _value(view, asked), view.machine_facts(asked.path)


def _facts_of_whole(view: FieldsView) -> MachineFacts:
    """Return what the machine had said of the whole, without its data."""
    return view.machine_facts("").model_copy(update={"value": None})


def _case(view: FieldsView, document: bytes | Path) -> tuple[str, Files]:
    """Return the name and the files of a case."""
    assert view.target is not None  # noqa: S101 - seen before
    return case_name(view.machine), case_files(view.machine, view.events, view.target, document)


def _value(view: FieldsView, asked: CorrectionRequest) -> Any:
    """Return the value of an edit as JSON. Raises InputProblem(value_not_understood, field_invalid)."""
    if not asked.path.startswith("/"):
        raise InputProblem("field_invalid", "path: a JSON Pointer begins with /")
    if asked.path.count("/") > PATH_MAX_KEYS:  # of all that is made on the way, none may be too deep to be read again
        raise InputProblem("field_invalid", f"path: over {PATH_MAX_KEYS} keys")
    leaf = view.leaf_at(asked.path)
    if asked.action != "edit":
        return None
    if isinstance(leaf.value, dict | list) or isinstance(asked.value, dict | list):
        raise InputProblem("field_invalid", f"{asked.path} holds several fields; correct each of them")
    return typed_value(asked.value, leaf.field, leaf.value)


def _facts(result: StoredResult, path: str) -> SourceFacts:
    """Return the source of a Result by its path, "" for its own. Raises InputProblem(not_found)."""
    head = result.head()
    if path in {"", head.source.path}:
        return head.source
    found = next((s for s in head.sources if s.path == path), None)
    if found is None:
        raise InputProblem("not_found", f"the Result has no source {path}")
    return found


def _state(progress: ReviewProgress | None) -> str:
    return progress.review.state if progress and progress.review else "open"


def _row(summary: ResultSummary, progress: ReviewProgress | None) -> ReviewRow:
    corrected = progress.corrected if progress else frozenset[str]()
    return ReviewRow(
        number=summary.place.number,
        name=summary.name,
        status=summary.status,
        reasons=summary.reasons,
        doubtful=len(summary.doubtful - corrected),
        review=progress.review if progress else None,
        claim=progress.claim if progress else None,
    )
