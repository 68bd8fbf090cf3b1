"""Check whether anything listens at a model's address, before the first question goes there.

An unreachable server is a fault of the set-up: it is reported at once and not after every retry of a call.
"""

from __future__ import annotations

import asyncio
import urllib.request
from urllib.parse import urlsplit

from thresher.schemas.errors import SetupProblem

CONNECT_TIMEOUT_SECONDS = 5.0  # seconds
DEFAULT_PORTS = {"http": 80, "https": 443}


async def check_reachable(address: str, patience: float = CONNECT_TIMEOUT_SECONDS) -> None:
    """Open a connection and close it. Raises SetupProblem(model_unreachable).

    What is reached through a proxy is left alone: only the proxy can tell.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in DEFAULT_PORTS or _by_proxy(parts.scheme, parts.netloc):
        return
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme])
    except TimeoutError as error:
        raise SetupProblem("model_unreachable", f"{address} (no connection within {patience:.0f} s)") from error
    except OSError as error:
        raise SetupProblem("model_unreachable", f"{address} ({error.strerror or error})") from error
    writer.close()


def _by_proxy(scheme: str, host: str) -> bool:
    proxies = urllib.request.getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(host)
