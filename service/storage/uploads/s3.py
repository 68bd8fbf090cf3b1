"""Uploads in a bucket of S3, or of anything that speaks as S3 does: `prefix/abcdef…`. Needs the extra `s3` (obstore).

What comes is spooled to a file of this machine first, for its name is the hash of the whole; then one PUT, or one upload in
parts that becomes an object with its last word, so that nobody ever sees a part of one. Requests that fail in passing
(5xx, 429, a lost connection) are tried again with doubling waits. Credentials are found by obstore where AWS's own
tools look for them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, a role of the machine), and nowhere else.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from thresher.schemas.errors import SetupProblem
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.uploads.base import PIECE, SHA256, YOUNG, Stored
from thresher.service.storage.uploads.spool import Spool
from thresher.service.storage.uploads.spooled import SpooledUploads

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
PART = 8 << 20  # bytes of one part, and of the largest file that is put in one request
AT_ONCE = 2  # parts on their way: they are held in memory
PAGE = 1000  # objects of one listing
PATIENCE = 60.0  # seconds for which one request is tried again
TRIES = 8
ANSWER = 120  # seconds that one request may take
OWNER = "owner"  # the object that says whose the prefix is
REFUSED = re.compile(r"status code: 40[13]|169\.254\.169\.254|redential|HeaderMalformed")  # no key at all asks a role's
FULL = re.compile(r"status code: 507|QuotaExceeded|StorageFull")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where objects lie. It holds no secret."""

    name: str
    prefix: str = ""
    endpoint: str | None = None  # None: AWS itself
    region: str = "us-east-1"
    virtual: bool = False  # the bucket is part of the host's name

    @classmethod
    def of(cls, address: str) -> Bucket:
        """From `s3://bucket/prefix?endpoint=https://…&region=…&virtual=true`. Raises SetupProblem(setting_missing).

        >>> Bucket.of("s3://mine/in/box?endpoint=http://127.0.0.1:9000").prefix
        'in/box'
        """
        parts = urlsplit(address)
        said = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "@" in parts.netloc:
            raise SetupProblem("setting_missing", "--uploads holds a secret: give it as AWS_SECRET_ACCESS_KEY")
        if unknown := said.keys() - {"endpoint", "region", "virtual"}:
            raise SetupProblem("setting_missing", f"--uploads knows endpoint, region and virtual, not {min(unknown)}")
        if not parts.netloc:
            raise SetupProblem("setting_missing", "--uploads names no bucket: s3://bucket/prefix")
        endpoint = said.get("endpoint") or None
        if endpoint is not None and urlsplit(endpoint).scheme not in {"http", "https"}:
            raise SetupProblem("setting_missing", "--uploads: endpoint=https://…")
        return cls(
            name=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=endpoint,
            region=said.get("region") or "us-east-1",
            virtual=said.get("virtual") == "true",
        )

    def __str__(self) -> str:
        """As people see it."""
        return f"{SCHEME}{self.name}/{self.prefix}"


class S3Uploads(SpooledUploads):
    """Uploads under one prefix of a bucket."""

    def __init__(self, bucket: Bucket, spool: Spool, seal: Cipher = NO_CIPHER, *, patience: float = PATIENCE) -> None:
        """Speak to a bucket; nothing is asked yet. Raises SetupProblem(extra_missing)."""
        super().__init__(S3Objects(bucket, patience), spool, spool, seal)


class S3Objects:
    """Objects of a bucket."""

    def __init__(self, bucket: Bucket, patience: float = PATIENCE) -> None:
        """Speak to a bucket; nothing is asked yet. Raises SetupProblem(extra_missing)."""
        self._bucket = bucket
        self._store = _store(bucket, patience)

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:
        """See Objects. An object that is there and was put a moment ago is young enough."""
        import obstore  # noqa: PLC0415 - an extra

        stored = await self.stored(address)
        if stored is not None and time.time() - stored.at < YOUNG / 2 and not anew:
            return
        large = isinstance(held, Path) and held.stat().st_size > PART  # noqa: ASYNC240 - just written
        mode: Any = None if large or stored is not None else "create"
        with self._speaking():
            try:
                await obstore.put_async(
                    self._store, address, held, mode=mode, use_multipart=large, chunk_size=PART, max_concurrency=AT_ONCE
                )
            except obstore.exceptions.AlreadyExistsError:
                return  # by somebody else, just now

    async def stored(self, address: str) -> Stored | None:
        """See Objects."""
        import obstore  # noqa: PLC0415 - an extra

        with self._speaking():
            try:
                facts = await obstore.head_async(self._store, address)
            except FileNotFoundError:  # said without a word of why: the bucket itself may be what is missing
                await obstore.list(self._store, prefix=address, chunk_size=1).collect_async()
                return None
            return Stored(address=address, at=facts["last_modified"].timestamp(), size=facts["size"])

    def place(self, address: str) -> Path | None:  # noqa: ARG002 - of the contract
        """See Objects."""
        return None

    async def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """See Objects."""
        import obstore  # noqa: PLC0415 - an extra

        with self._speaking():
            got = await obstore.get_async(self._store, address)
            async for piece in got.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    async def drop(self, address: str, older: float) -> bool:
        """See Objects."""
        import obstore  # noqa: PLC0415 - an extra

        stored = await self.stored(address)
        if stored is None or time.time() - stored.at < older:
            return False
        with self._speaking():
            await obstore.delete_async(self._store, address)
        return True

    async def listed(self) -> AsyncIterator[Stored]:
        """See Objects."""
        import obstore  # noqa: PLC0415 - an extra

        with self._speaking():
            async for page in obstore.list(self._store, chunk_size=PAGE):
                for facts in page:
                    if SHA256.fullmatch(facts["path"]):
                        at = facts["last_modified"].timestamp()
                        yield Stored(address=facts["path"], at=at, size=facts["size"])

    async def owner(self, owner: str) -> str:
        """See Objects."""
        import obstore  # noqa: PLC0415 - an extra

        with self._speaking():
            try:
                await obstore.put_async(self._store, OWNER, owner.encode(), mode="create")
            except obstore.exceptions.AlreadyExistsError:
                got = await obstore.get_async(self._store, OWNER)
                return bytes(await got.bytes_async()).decode("utf-8", "replace")
        return owner

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """What the storage says as Problems; what it says to the letter stays out of them."""
        import obstore  # noqa: PLC0415 - an extra

        try:
            yield
        except (obstore.exceptions.BaseError, FileNotFoundError) as error:
            code, said = _meaning(str(error))
            raise SetupProblem(code, f"{self._bucket} ({said})") from None


def _store(bucket: Bucket, patience: float) -> S3Store:
    try:
        from obstore.store import S3Store  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SetupProblem("extra_missing", "thresher[s3]") from error
    where: dict[str, Any] = {} if bucket.endpoint is None else {"endpoint": bucket.endpoint}
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        region=bucket.region,
        virtual_hosted_style_request=bucket.virtual,
        client_options={
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "timeout": timedelta(seconds=ANSWER),
        },
        retry_config={
            "max_retries": TRIES,
            "retry_timeout": timedelta(seconds=patience),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2},
        },
        **where,
    )


def _meaning(said: str) -> tuple[str, str]:
    """The code of a Problem, and S3's own code or status, from what obstore says.

    >>> _meaning("... status code: 404 Not Found: <Error><Code>NoSuchBucket</Code>")
    ('bucket_missing', 'NoSuchBucket')
    >>> _meaning("... status code: 403 Forbidden: "), _meaning("HTTP error: error sending request")
    (('storage_refused', '403'), ('storage_away', 'no answer'))
    """
    head = said.partition("\n\nDebug source")[0]
    found = re.search(r"<Code>(\w+)</Code>", head) or re.search(r"status code: (\d{3})", head)
    word = found[1] if found else "no answer"
    if word == "NoSuchBucket":
        return "bucket_missing", word
    if FULL.search(head):
        return "storage_full", word
    return ("storage_refused" if REFUSED.search(head) else "storage_away"), word
