"""Sign webhooks, and check that their addresses are public: a caller of the service chooses where a webhook goes.

A name may change its address between the check and the call, so the name is resolved again for each call, every address
found must be public, and the connection goes to one of those by its number; TLS still asks for the name.

The signature is that of Standard Webhooks: headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, the last
of them `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from thresher.schemas.errors import InputProblem
from thresher.service.base.private_addresses import is_public
from thresher.service.tenants.address_lookups import ip_addresses

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 5.0, 3600.0  # fewest and most seconds before a retry
GIVE_UP_SECONDS = 86_400.0  # after the end of the job
STANDARD_PREFIX = "whsec_"  # begins a secret of Standard Webhooks
URL_MAX_CHARS = 2000  # of an address
LOOKUP_SECONDS = 10.0  # in which the addresses of a name are waited for
PORTS = frozenset({80, 443})  # that a webhook may go to, besides those that the operator allows


def signature(secret: str, id: str, at: int, body: bytes) -> str:  # noqa: A002 - the header's own word
    """Return the signature of a webhook; `at` is in seconds since 1970, UTC.

    A secret reads `whsec_` and base64, as receivers' libraries expect it; an older secret without that mark is used as
    it stands.

    >>> secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'  # Standard Webhooks' own example
    >>> signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = (
        base64.b64decode(secret.removeprefix(STANDARD_PREFIX))
        if secret.startswith(STANDARD_PREFIX)
        else secret.encode()
    )
    signed = f"{id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def new_secret() -> str:
    """Return a secret of 256 random bits, in the form of Standard Webhooks."""
    return STANDARD_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def retry_delay(passed: float) -> float | None:
    """Return the seconds before the next attempt, `passed` seconds after the job's end; None: give up. Waits double.

    >>> retry_delay(0.1), retry_delay(40.0), retry_delay(90_000.0)
    (5.0, 40.0, None)
    """
    return None if passed > GIVE_UP_SECONDS else min(max(passed, FIRST_RETRY_SECONDS), LAST_RETRY_SECONDS)


async def check_address(text: str, *, tenant: str = "", private: bool = False, ports: Collection[int] = ()) -> str:
    """Return an address unchanged if a webhook may be sent to it. Raises InputProblem(address_refused)."""
    await public_addresses_of(text, tenant=tenant, private=private, ports=ports)
    return text


async def public_addresses_of(
    text: str, *, tenant: str = "", private: bool = False, ports: Collection[int] = ()
) -> list[str]:
    """Return the IP addresses that a URL's host stands for, all of them public.

    Raises InputProblem(address_refused).

    `tenant`: who chose it, for at most four names of one are looked up at once. `ports` are allowed besides 80 and 443;
    where addresses may be `private`, every port is.
    """
    host, port = _host(text)
    if not private and port not in PORTS and port not in ports:
        raise InputProblem("address_refused", f"port {port} is not one that webhooks may go to")
    try:
        numbers = await ip_addresses(host, port, tenant, LOOKUP_SECONDS)
    except (OSError, TimeoutError, UnicodeError):
        raise InputProblem("address_refused", f"{host} is not known") from None
    if not numbers or (not private and not all(map(is_public, numbers))):
        raise InputProblem("address_refused", host)
    return numbers


def _host(text: str) -> tuple[str, int]:
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise InputProblem("address_refused", "not a URL") from None
    if (
        len(text) > URL_MAX_CHARS
        or not text.isprintable()
        or " " in text
        or url.scheme not in {"http", "https"}
        or not host
    ):
        raise InputProblem("address_refused", "http or https with a host is expected")
    if url.username or url.password:
        raise InputProblem("address_refused", "no user and password may stand in it")
    return host, port or (443 if url.scheme == "https" else 80)
