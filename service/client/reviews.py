"""The part of the client that asks about reviews: what is to be looked at, what a person says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypedDict, Unpack

from thresher.schemas.result import Review
from thresher.schemas.review import (
    Action,
    CorrectionDone,
    ReviewClaim,
    ReviewDocument,
    ReviewEvents,
    ReviewRow,
    ReviewState,
    TextPassage,
)
from thresher.service.client.answers import without_none
from thresher.service.client.connection import Connection

REVIEWS = "/v1/reviews"


class Correction(TypedDict, total=False):
    """What is said of a correction besides its field and action."""

    value: Any  # of an edit: JSON, or text as a person types it
    note: str
    head: str  # as last seen


class PassageOptions(TypedDict, total=False):
    """Which passage of a text is meant, besides its span."""

    source: str  # path of the attachment or member; "": the document itself
    around: int  # characters before and after


class ReviewCalls(Connection):
    """Calls about reviews. A collection is the id of a job; `number` is that of a Result in it."""

    async def reviews(
        self, collection: str, *, reason: str | None = None, state: ReviewState | None = None
    ) -> AsyncIterator[ReviewRow]:
        """Iterate over the Results of a collection, or those with a reason or in a state."""
        async for one in self._pages(f"{REVIEWS}/{collection}", "documents", {"reason": reason, "state": state}):
            yield ReviewRow.model_validate(one)

    async def review(self, collection: str, number: int, fields_from: int = 0, limit: int = 500) -> ReviewDocument:
        """Return a Result with its fields, as corrected so far, from one of them on."""
        asked = {"fields_from": fields_from, "limit": limit}
        return ReviewDocument.model_validate(
            await self._request("GET", f"{REVIEWS}/{collection}/{number}", params=asked)
        )

    async def picture(
        self, collection: str, number: int, to: Path, *, source: str = "", page: int = 1, scale: float = 1.5
    ) -> None:
        """Write the picture of a page (1-based) to a path, with `scale` pixels a point."""
        asked = {"source": source, "page": page, "scale": scale}
        await self._retried(lambda: self._saved(f"{REVIEWS}/{collection}/{number}/picture", to, asked))

    async def passage(
        self, collection: str, number: int, start: int, end: int, **more: Unpack[PassageOptions]
    ) -> TextPassage:
        """Return a passage of a document's text round a span of characters."""
        asked = {"start": start, "end": end, **more}
        found = await self._request("GET", f"{REVIEWS}/{collection}/{number}/text", params=asked)
        return TextPassage.model_validate(found)

    async def correct(
        self, collection: str, number: int, path: str, action: Action, **more: Unpack[Correction]
    ) -> CorrectionDone:
        """Accept, edit, reject a field, say that the document does not state it, or take the last word back."""
        asked = {"path": path, "action": action, **more}
        return CorrectionDone.model_validate(await self._said(f"{REVIEWS}/{collection}/{number}/corrections", asked))

    async def claim(self, collection: str, number: int) -> ReviewClaim:
        """Claim a Result, so that nobody else changes it meanwhile."""
        return ReviewClaim.model_validate(await self._request("POST", f"{REVIEWS}/{collection}/{number}/claim"))

    async def release(self, collection: str, number: int) -> None:
        """Give a claim back."""
        await self._request("DELETE", f"{REVIEWS}/{collection}/{number}/claim")

    async def decide(self, collection: str, number: int, state: ReviewState, note: str = "") -> Review:
        """Accept or reject a Result as a whole, or open it again."""
        asked = {"state": state, "note": note}
        return Review.model_validate(await self._said(f"{REVIEWS}/{collection}/{number}/decision", asked))

    async def review_events(self, collection: str, number: int) -> ReviewEvents:
        """Return everything that was said of a Result, and whether the chain is whole."""
        return ReviewEvents.model_validate(await self._request("GET", f"{REVIEWS}/{collection}/{number}/events"))

    async def make_case(self, collection: str, number: int) -> str:
        """Make a scorecard case of a reviewed Result; return its name."""
        return str((await self._request("POST", f"{REVIEWS}/{collection}/{number}/case"))["case"])

    async def case(self, collection: str, number: int, to: Path) -> None:
        """Write the scorecard case of a reviewed Result to a path, as a ZIP."""
        await self._retried(lambda: self._saved(f"{REVIEWS}/{collection}/{number}/case.zip", to))

    async def _said(self, address: str, body: dict[str, Any]) -> Any:
        """Send what a person says, once: sent again after a lost answer it could be said twice."""
        return await self._once("POST", address, json=without_none(body))
