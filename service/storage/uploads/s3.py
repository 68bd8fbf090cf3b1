"""Store uploads in a bucket of S3 or of a compatible service: `prefix/abcdef…`. Needs the extra `s3` (obstore).

An upload is first written to a file of this machine, since its name is the hash of the whole; then it is sent in one
PUT, or in parts that become an object only when the upload is completed, so that nobody sees an incomplete one.
Requests that fail for a transient reason (5xx, 429, a lost connection) are tried again with doubling waits. obstore
looks for credentials where AWS's own tools do (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, a role of
the machine), and nowhere else.
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
from thresher.service.base.spool import Spool
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.uploads.base import PIECE_BYTES, SHA256, YOUNG_SECONDS, Stored
from thresher.service.storage.uploads.spooled import SpooledUploads

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
PART_BYTES = 8 << 20  # bytes of one part, and of the largest file sent in one request
PARALLEL_PARTS = 2  # parts sent at once: they are held in memory
PAGE_OBJECTS = 1000  # objects of one listing
PATIENCE = 60.0  # seconds for which one request is tried again
TRIES = 8
REQUEST_SECONDS = 120  # that one request may take
OWNER = "owner"  # the object that holds the id of the prefix's owner
REFUSED = re.compile(
    r"status code: 40[13]|169\.254\.169\.254|redential|HeaderMalformed"
)  # without any key, obstore asks 169.254.169.254 for a role's
FULL = re.compile(r"status code: 507|QuotaExceeded|StorageFull")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where objects are stored. It holds no secret."""

    name: str
    prefix: str = ""
    endpoint: str | None = None  # None: AWS itself
    region: str = "us-east-1"
    virtual: bool = False  # the bucket is part of the host's name

    @classmethod
    def of(cls, address: str) -> Bucket:
        """Parse `s3://bucket/prefix?endpoint=https://…&region=…&virtual=true`. Raises SetupProblem(setting_missing).

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
        """Return the address without its options."""
        return f"{SCHEME}{self.name}/{self.prefix}"


class S3Uploads(SpooledUploads):
    """Uploads under one prefix of a bucket."""

    def __init__(self, bucket: Bucket, spool: Spool, cipher: Cipher = NO_CIPHER, *, patience: float = PATIENCE) -> None:
        """Set up the client of a bucket; no request is sent yet. Raises SetupProblem(extra_missing)."""
        super().__init__(S3Objects(bucket, patience), spool, spool, cipher)


class S3Objects:
    """Objects of a bucket."""

    def __init__(self, bucket: Bucket, patience: float = PATIENCE) -> None:
        """Set up the client of a bucket; no request is sent yet. Raises SetupProblem(extra_missing)."""
        self._bucket = bucket
        self._store = _client(bucket, patience)

    async def keep(self, address: str, held: Path | bytes, *, anew: bool = False) -> None:
        """Put an object. One that was put less than YOUNG / 2 seconds ago is left, unless `anew`."""
        import obstore  # noqa: PLC0415 - an extra

        stored = await self.stored(address)
        if stored is not None and time.time() - stored.at < YOUNG_SECONDS / 2 and not anew:
            return
        large = isinstance(held, Path) and held.stat().st_size > PART_BYTES  # noqa: ASYNC240 - just written
        mode: Any = None if large or stored is not None else "create"
        with self._translated_errors():
            try:
                await obstore.put_async(
                    self._store,
                    address,
                    held,
                    mode=mode,
                    use_multipart=large,
                    chunk_size=PART_BYTES,
                    max_concurrency=PARALLEL_PARTS,
                )
            except obstore.exceptions.AlreadyExistsError:
                return  # put by another process just now

    async def stored(self, address: str) -> Stored | None:
        """Return time and size of an object; None where there is none."""
        import obstore  # noqa: PLC0415 - an extra

        with self._translated_errors():
            try:
                facts = await obstore.head_async(self._store, address)
            except FileNotFoundError:  # no reason is given: the bucket itself may be missing
                await obstore.list(self._store, prefix=address, chunk_size=1).collect_async()
                return None
            return Stored(address=address, at=facts["last_modified"].timestamp(), size=facts["size"])

    def place(self, address: str) -> Path | None:  # noqa: ARG002 - of the contract
        """Return None: nothing is a file of this machine."""
        return None

    async def pieces(self, address: str) -> AsyncGenerator[bytes, None]:
        """Download an object in pieces."""
        import obstore  # noqa: PLC0415 - an extra

        with self._translated_errors():
            got = await obstore.get_async(self._store, address)
            async for piece in got.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    async def drop(self, address: str, older: float) -> bool:
        """Delete an object that is older than `older` seconds; return whether it did."""
        import obstore  # noqa: PLC0415 - an extra

        stored = await self.stored(address)
        if stored is None or time.time() - stored.at < older:
            return False
        with self._translated_errors():
            await obstore.delete_async(self._store, address)
        return True

    async def listed(self) -> AsyncIterator[Stored]:
        """Iterate over all objects, page by page."""
        import obstore  # noqa: PLC0415 - an extra

        with self._translated_errors():
            async for page in obstore.list(self._store, chunk_size=PAGE_OBJECTS):
                for facts in page:
                    if SHA256.fullmatch(facts["path"]):
                        at = facts["last_modified"].timestamp()
                        yield Stored(address=facts["path"], at=at, size=facts["size"])

    async def owner(self, owner: str) -> str:
        """Return the owner's id, put if there is none."""
        import obstore  # noqa: PLC0415 - an extra

        with self._translated_errors():
            try:
                await obstore.put_async(self._store, OWNER, owner.encode(), mode="create")
            except obstore.exceptions.AlreadyExistsError:
                got = await obstore.get_async(self._store, OWNER)
                return bytes(await got.bytes_async()).decode("utf-8", "replace")
        return owner

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn the storage's errors into Problems, without their text."""
        import obstore  # noqa: PLC0415 - an extra

        try:
            yield
        except (obstore.exceptions.BaseError, FileNotFoundError) as error:
            code, said = _code_and_detail(str(error))
            raise SetupProblem(code, f"{self._bucket} ({said})") from None


def _client(bucket: Bucket, patience: float) -> S3Store:
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
            "timeout": timedelta(seconds=REQUEST_SECONDS),
        },
        retry_config={
            "max_retries": TRIES,
            "retry_timeout": timedelta(seconds=patience),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2},
        },
        **where,
    )


def _code_and_detail(said: str) -> tuple[str, str]:
    """Return a Problem's code, and S3's own code or status, for an error message of obstore.

    >>> _code_and_detail("... status code: 404 Not Found: <Error><Code>NoSuchBucket</Code>")
    ('bucket_missing', 'NoSuchBucket')
    >>> _code_and_detail("... status code: 403 Forbidden: "), _code_and_detail("HTTP error: error sending request")
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
