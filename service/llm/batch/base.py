"""The BatchApi protocol: where a provider takes orders of many calls. What the wave does with it: `waves.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from thresher.schemas.batch import Ordered, Place

MOST_ITEMS = 10_000  # calls in one batch; OpenAI takes 50,000, Anthropic 100,000
MOST_BYTES = 32 << 20  # of one batch as it is sent; OpenAI takes 200 MB, Anthropic 256 MB
SECONDS = 120.0  # that one request to a desk may take
PAGES = 10  # of a provider's list of batches that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A call as its provider's ordinary API takes it."""

    key: str  # hash of everything that can change the answer: the item's id at the provider
    body: bytes  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What came of an item: an HTTP status and body, as of an ordinary call."""

    key: str
    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTiming:
    """How long things take. All in seconds."""

    gather: float = 3.0  # without a new call, after which a wave is ordered
    longest: float = 60.0  # that the first call of a wave waits for others
    lost: float = 150.0  # after which an order on its way is asked about: more than any request to a desk may take
    wait: float = 90_000.0  # for a batch, before it is cancelled: more than a day
    looks: tuple[float, float] = (1.0, 60.0)  # between two looks at a batch: a twentieth of its age, within these
    tries: int = 5  # of an order, before its calls are made one by one


class Refused(Exception):  # noqa: N818 - an answer, as the desk gave it
    """The desk does not take it, and will not if asked again."""


class ProviderUnavailable(Exception):  # noqa: N818 - as above
    """The desk can not be spoken to now; whether it heard is not known."""


class BatchApi(Protocol):
    """One provider's batch API at one address, with one key. Every method raises ProviderUnavailable, or Refused."""

    @property
    def address(self) -> str:
        """Where it is: batches of one address are known to each other."""
        ...

    async def submit(self, name: str, items: Sequence[Item]) -> str:
        """Order a batch; gives the provider's id. `name` is kept with it, where the provider keeps names."""
        ...

    async def find(self, name: str, count: int, since: float, known: Collection[str]) -> str | None:
        """The id of a batch of `count` items that may have been ordered under a name since a time, and is not known."""
        ...

    async def ended(self, id: str) -> bool:  # noqa: A002 - the provider's word
        """Whether all that will come has come."""
        ...

    def results(self, id: str) -> AsyncIterator[ItemResult]:  # noqa: A002 - as above
        """What came of the items, in any order; those that expired or were cancelled are left out."""
        ...

    async def cancel(self, id: str) -> None:  # noqa: A002 - as above
        """Stop what was not begun. What was finished still comes, and is paid."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class BatchLedger(Protocol):
    """What was ordered, kept beside the answers; `service/storage/answers/batches.py`. Raises SetupProblem(store_failed)."""

    async def where(self, keys: Iterable[str]) -> dict[str, Place]:
        """Items of some keys; those that are in no batch are left out."""
        ...

    async def intend(self, batch: str, address: str, keys: Iterable[str], tasks: Iterable[str] = ()) -> set[str]:
        """Note a batch that will be ordered, for some Tasks; gives the keys that are its own: the rest are in another."""
        ...

    async def want(self, batch: str, tasks: Iterable[str]) -> None:
        """Some Tasks want items of a batch that is there already."""
        ...

    async def unwanted(self, address: str) -> list[tuple[Ordered, float]]:
        """Open batches, and how old they are in seconds, whose Tasks have all ended, one at least by being cancelled."""
        ...

    async def renew(self, batch: str) -> None:
        """The order is being made just now."""
        ...

    async def submitted(self, batch: str, theirs: str) -> None:
        """The provider has it."""
        ...

    async def batch(self, batch: str) -> tuple[Ordered, float] | None:
        """A batch, and how old it is in seconds."""
        ...

    async def known(self, address: str) -> set[str]:
        """The provider's ids of all batches in the book."""
        ...

    async def landed(self, batch: str, some: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Keep what came of some items; on the disk when this returns."""
        ...

    async def end(self, batch: str) -> None:
        """All has come: items of which nothing came are in no batch any more."""
        ...

    async def tidy(self) -> None:
        """Forget what is kept as an answer now, and what nobody has asked for in a long time."""
        ...
