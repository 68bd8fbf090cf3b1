"""The BatchApi protocol: where a provider takes orders of many calls. Its user: `batch_rounds.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from thresher.schemas.batch import Ordered, Place

MAX_BATCH_ITEMS = 10_000  # calls in one batch; OpenAI takes 50,000, Anthropic 100,000
MAX_BATCH_BYTES = 32 << 20  # of one batch as it is sent; OpenAI takes 200 MB, Anthropic 256 MB
REQUEST_TIMEOUT_SECONDS = 120.0  # that one request to a batch API may take
MAX_LIST_PAGES = 10  # of a provider's list of batches that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A call as its provider's ordinary API takes it."""

    key: str  # hash of everything that can change the answer: the item's id at the provider
    body: bytes  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """The result of an item: an HTTP status and body, as of an ordinary call."""

    key: str
    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTiming:
    """Waiting times of batches, in seconds."""

    gather: float = 3.0  # without a new call, after which a batch is submitted
    longest: float = 60.0  # that the first call of a round waits for others
    lost: float = 150.0  # after which an order on its way is asked about: more than any request to a batch API may take
    wait: float = 90_000.0  # for a batch, before it is cancelled: more than a day
    looks: tuple[float, float] = (1.0, 60.0)  # between two looks at a batch: a twentieth of its age, within these
    tries: int = 5  # of an order, before its calls are made one by one


class BatchRefused(Exception):  # noqa: N818 - an answer, as the API gave it
    """The batch API refuses a request, and will refuse it again."""


class ProviderUnavailable(Exception):  # noqa: N818 - as above
    """The batch API cannot be reached now; whether it received the request is unknown."""


class BatchApi(Protocol):
    """One provider's batch API at one address, with one key. Every method raises ProviderUnavailable, or BatchRefused."""

    @property
    def address(self) -> str:
        """Return the address of the API; batches of one address share one ledger."""
        ...

    async def submit(self, name: str, items: Sequence[Item]) -> str:
        """Submit a batch and return the provider's id. `name` is stored with it, where the provider stores names."""
        ...

    async def find(self, name: str, count: int, since: float, known: Collection[str]) -> str | None:
        """Find a batch of `count` items submitted under a name since a time and not in `known`; its id or None."""
        ...

    async def ended(self, id: str) -> bool:  # noqa: A002 - the provider's word
        """Whether the provider has ended a batch, so that no more results will come."""
        ...

    def results(self, id: str) -> AsyncIterator[ItemResult]:  # noqa: A002 - as above
        """Yield the results of the items, in any order; expired and cancelled items are left out."""
        ...

    async def cancel(self, id: str) -> None:  # noqa: A002 - as above
        """Cancel the items that were not begun. Finished items still come, and are paid."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class BatchLedger(Protocol):
    """The batches that were ordered, stored with the answers. Raises SetupProblem(store_failed)."""

    async def where(self, keys: Iterable[str]) -> dict[str, Place]:
        """Return the places of the items with some keys; items that are in no batch are left out."""
        ...

    async def intend(self, batch: str, address: str, keys: Iterable[str], tasks: Iterable[str] = ()) -> set[str]:
        """Record a batch to be ordered, for some Tasks; return the keys that are its own: the rest are in another."""
        ...

    async def want(self, batch: str, tasks: Iterable[str]) -> None:
        """Record that some Tasks want items of an existing batch."""
        ...

    async def unwanted(self, address: str) -> list[tuple[Ordered, float]]:
        """Return open batches and their age in seconds whose Tasks have all ended, at least one by being cancelled."""
        ...

    async def renew(self, batch: str) -> None:
        """Record that the batch is being submitted now."""
        ...

    async def submitted(self, batch: str, theirs: str) -> None:
        """Record the provider's id of a batch that the provider has accepted."""
        ...

    async def batch(self, batch: str) -> tuple[Ordered, float] | None:
        """Return a batch and its age in seconds, or None."""
        ...

    async def known(self, address: str) -> set[str]:
        """Return the provider's ids of all batches at an address that the ledger holds."""
        ...

    async def landed(self, batch: str, some: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Store the results of some items; durable when this returns."""
        ...

    async def end(self, batch: str) -> None:
        """Record that all results have come; items without a result are in no batch any more."""
        ...

    async def tidy(self) -> None:
        """Delete items that are stored as answers now, and those that nobody has asked for in a long time."""
        ...
