"""Look up the addresses of names that tenants choose, in threads of their own.

A name server that never answers holds a thread for half a minute, and whoever waits can not stop it. In the event loop's
own threads a few such names would hold up all work that is done there, of every tenant.
"""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

MAX_LOOKUPS, MAX_LOOKUPS_OF_TENANT = 64, 4  # at once: in all, and for one tenant

_threads = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="addresses")
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


async def ip_addresses(host: str, port: int, tenant: str, seconds: float) -> list[str]:
    """Return the IP addresses of a name within some seconds, each once. Raises OSError, TimeoutError, UnicodeError.

    A tenant's turn ends with the look-up itself, not with the wait for it.
    """
    loop = asyncio.get_running_loop()
    turns = _turns.setdefault(loop, defaultdict(partial(asyncio.Semaphore, MAX_LOOKUPS_OF_TENANT)))[tenant]
    async with asyncio.timeout(seconds):
        await turns.acquire()
        asking = loop.run_in_executor(_threads, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
        asking.add_done_callback(partial(_ended, turns))
        found = await asyncio.shield(asking)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _ended(turns: asyncio.Semaphore, done: asyncio.Future[Any]) -> None:
    """Give a turn back, and take note of a fault for which nobody waits any more."""
    turns.release()
    if not done.cancelled():
        done.exception()
