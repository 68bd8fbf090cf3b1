"""What is asked of the log of calls, and what it tells: single calls, and sums over many."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from thresher.schemas.job import LoggedCall

CallState = Literal["made", "stored", "failed"]  # paid for; answered by the store; ended with an error
GroupBy = Literal["document", "job", "prompt", "model", "tenant", "day"]


class Noun(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CallFilter(Noun):
    """Which calls; None: all of them."""

    tenant: str | None = None
    since: float | None = None  # seconds since 1970, UTC; this moment and later
    until: float | None = None  # before this moment
    job: str | None = None
    document: str | None = None  # id: the first 16 digits of the content's sha256
    model: str | None = None  # as the user named it
    prompt: str | None = None  # name and version
    status: CallState | None = None


class KeptCall(Noun):
    """A call with its place in the log."""

    number: int
    call: LoggedCall

    @property
    def cursor(self) -> str:
        """Return where the next page goes on.

        >>> KeptCall(number=7, call=LoggedCall.model_construct(at=1.25)).cursor
        '1.25-7'
        """
        return f"{self.call.at!r}-{self.number}"


class CallSums(Noun):
    """Sums over the calls of one group. Latencies are within 2.5 %, of calls that were made and answered."""

    group: str  # a document's id, a day as YYYY-MM-DD …; "" where the calls name none
    calls: int = 0  # all of them
    made: int = 0
    stored: int = 0
    failed: int = 0
    retries: int = 0  # calls that were made because the same one had failed
    prompt_tokens: int = 0  # of calls that were made
    answer_tokens: int = 0
    cached_tokens: int = 0  # of the prompt tokens, those that the provider had cached
    usd: float = 0.0
    unpriced: int = 0  # calls that were made at an unknown price: they are not in `usd`
    median: float | None = Field(default=None, description="seconds")
    p95: float | None = Field(default=None, description="seconds")

    @computed_field(description="of the prompt tokens, what the provider had cached")  # type: ignore[prop-decorator]
    @property
    def cached_share(self) -> float:
        """Return the share of the prompt tokens that the provider had cached."""
        return round(self.cached_tokens / self.prompt_tokens, 4) if self.prompt_tokens else 0.0

    @computed_field(description="of the calls, those that the store answered")  # type: ignore[prop-decorator]
    @property
    def stored_share(self) -> float:
        """Return the share of the calls that the store answered."""
        return round(self.stored / self.calls, 4) if self.calls else 0.0
