"""Share a limit a minute between the processes of many machines: one row of PostgreSQL, by its clock.

The generic cell rate algorithm (ITU-T I.371), as in `service/llm/rate_limiting.py`: one atomic statement reserves a
slot in time, and the caller waits outside the database.
"""

from __future__ import annotations

from thresher.service.storage.answers.session import Transactions

BURST_SECONDS = 0.05  # seconds of the limit that may be used at once: many processes must not burst together
NOW = "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
TAKE = f"""INSERT INTO rates AS r (name, due) VALUES (:name, {NOW} + :step)
    ON CONFLICT (name) DO UPDATE SET due = greatest(r.due, {NOW}) + :step
    RETURNING due - {NOW}"""  # noqa: S608 - a text of this module
BACK = "UPDATE rates SET due = due - :step WHERE name = :name"
CLOSE = f"""INSERT INTO rates AS r (name, due) VALUES (:name, {NOW} + :seconds)
    ON CONFLICT (name) DO UPDATE SET due = greatest(r.due, {NOW} + :seconds)"""  # noqa: S608 - as above


class SharedRateLimit:
    """One named limit, shared by all users of the same name in the same database."""

    def __init__(self, transactions: Transactions, name: str, per_minute: float) -> None:
        """Take the name of what is limited: a provider's requests, a model's tokens."""
        self._do = transactions.do
        self._name = name
        self._per_minute = per_minute

    async def take(self, amount: float, now: float) -> float:  # noqa: ARG002 - the database's clock counts
        """Reserve an amount; return the seconds to wait first."""
        step = self._step(amount)
        row = await self._do(lambda s: s.one(TAKE, name=self._name, step=step))
        return max(0.0, (row[0] if row else step) - max(BURST_SECONDS, step))

    async def bring_back(self, amount: float) -> None:
        """Return what was reserved and not used (negative: take more)."""
        step = self._step(amount)
        await self._do(lambda s: s.run(BACK, name=self._name, step=step))

    async def close(self, seconds: float) -> None:
        """Let no call through for some seconds on any machine: the provider has told one of them to wait."""
        await self._do(lambda s: s.run(CLOSE, name=self._name, seconds=seconds + BURST_SECONDS))

    def _step(self, amount: float) -> float:
        return amount * 60.0 / self._per_minute
