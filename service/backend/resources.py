"""Open what a server and its workers share: Jobs, Store, uploads, the log of calls, keys."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TypeVar
from uuid import uuid4

from thresher.schemas.errors import SetupProblem
from thresher.service.backend.matters.folders import MatterFolders
from thresher.service.base.disk_faults import DISK_FULL_WAIT_SECONDS, retry_while_disk_full
from thresher.service.jobs.base import Jobs
from thresher.service.llm.rate_limiting import Limits, LocalLimits
from thresher.service.settings import Settings
from thresher.service.storage.answers.base import DurableStore
from thresher.service.storage.answers.call_log import CallLog
from thresher.service.storage.answers.spending import Spending
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher, decrypt_text, encrypt_text, encrypting_key_id
from thresher.service.storage.uploads.base import Uploads
from thresher.service.tenants.accounts import RecordStore

log = logging.getLogger(__name__)

Given = TypeVar("Given")


@asynccontextmanager
async def retried_on_full_disk(opening: Callable[[], AbstractAsyncContextManager[Given]]) -> AsyncIterator[Given]:
    """Open something, again for a while where the disk is full: a service killed by a full disk must recover by itself.

    Raises SetupProblem as `opening` does.
    """
    async with AsyncExitStack() as stack:
        yield await retry_while_disk_full(
            lambda: stack.enter_async_context(opening()), "house.full", DISK_FULL_WAIT_SECONDS
        )


@asynccontextmanager
async def opened_record_store(
    folder: Path, database: str | None = None, cipher: Cipher = NO_CIPHER
) -> AsyncIterator[RecordStore]:
    """Open a service's record store: a file that commands may open too, or the database of all machines."""
    if database is not None:
        async with opened_jobs(folder, database, cipher) as (_, jobs, _):
            yield jobs
        return
    from thresher.service.storage.record_store import SqliteRecordStore  # noqa: PLC0415 - only the service has accounts

    record_store = await SqliteRecordStore.open(folder / "accounts.sqlite")
    try:
        yield record_store
    finally:
        await record_store.aclose()


@asynccontextmanager
async def opened_calls(place: Path | str) -> AsyncIterator[CallLog]:
    """Open the log of calls: a SQLite file that no other process has open, or a database. Raises SetupProblem."""
    store: SqliteStore | PostgresStore
    if isinstance(place, Path):
        from thresher.service.storage.answers.sqlite import SqliteStore  # noqa: PLC0415 - the Python API may use memory alone

        store = await SqliteStore.open(place)
    else:
        from thresher.service.storage.answers.postgres import PostgresStore  # noqa: PLC0415 - an extra

        store = await PostgresStore.open(place)
    try:
        yield CallLog(store)
    finally:
        await store.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResources:
    """What a server and its workers share."""

    store: DurableStore
    jobs: Jobs
    uploads: Uploads
    calls: CallLog
    spending: Spending
    limits: Limits  # shared by all machines, or by all Jobs of this process
    cipher: Cipher = NO_CIPHER
    matters: MatterFolders | None = None  # None: the operator named no folder for matters
    scratch: Path | None = None  # for what must not outlive the process; None: the system's temporary folder
    owned: bool = True  # the uploads belong to these Jobs alone, so that those that no Job names may be deleted


def cipher_of(settings: Settings) -> Cipher:
    """Return the Cipher of the service's settings. Raises SetupProblem(encryption_key_invalid)."""
    text = settings.encryption_key
    if settings.encryption_key_file is not None:
        try:
            text = settings.encryption_key_file.read_text("ascii", "replace")
        except OSError as error:
            raise SetupProblem("encryption_key_invalid", f"{settings.encryption_key_file}: {error.strerror}") from None
    if text is None:
        return NO_CIPHER
    from thresher.service.storage.encryption.keyring import keyring_of  # noqa: PLC0415 - only where something is encrypted

    return keyring_of(text)


@asynccontextmanager
async def opened_resources(
    folder: Path,
    database: str | None = None,
    uploads: str | Path | None = None,
    cipher: Cipher = NO_CIPHER,
    matters: Path | None = None,
) -> AsyncIterator[ServiceResources]:
    """Open Jobs, their Store and their uploads: one SQLite file for this process alone, or a PostgreSQL database.

    `folder` holds the file, uploads on their way, and the uploads where no other folder and no s3://… is named for
    them. `matters` holds the matters. Raises SetupProblem(store_locked, store_failed, extra_missing, encryption_key_missing) and what Uploads raise.
    """
    async with AsyncExitStack() as stack:
        store, jobs, limits = await stack.enter_async_context(opened_jobs(folder, database, cipher))
        kept, scratch = _uploads(folder, str(uploads or folder / "uploads"), cipher, stack)
        yield ServiceResources(
            store=store,
            jobs=jobs,
            uploads=kept,
            calls=CallLog(store),
            spending=Spending(store),
            limits=limits,
            cipher=cipher,
            matters=_matters(folder, database, cipher, matters),
            scratch=scratch,
            owned=await _is_owner(jobs, kept),
        )


def _matters(folder: Path, database: str | None, cipher: Cipher, named: Path | None) -> MatterFolders | None:
    """Return the folders of matters: where they are named, else in the service's own folder.

    None where that folder is one of several machines, or would hold in the clear what the service encrypts elsewhere.
    """
    if named is None and (database is not None or cipher.ids):
        return None
    return MatterFolders(named or folder / "matters")


def _uploads(folder: Path, place: str, cipher: Cipher, stack: AsyncExitStack) -> tuple[Uploads, Path | None]:
    """Return the Uploads of a place, and the Spool's folder where uploads cannot be read as they are stored."""
    from thresher.service.base.spool import Spool  # noqa: PLC0415 - as above
    from thresher.service.storage.uploads.disk import DiskUploads  # noqa: PLC0415 - only the service keeps uploads

    remote = place.startswith("s3:")
    if not remote and not cipher.ids:
        return DiskUploads(Path(place)), None
    spool = Spool(folder / "spool")
    stack.callback(spool.close)
    if not remote:
        return DiskUploads(Path(place), spool, cipher), spool.folder
    from thresher.service.storage.uploads.s3 import Bucket, S3Uploads  # noqa: PLC0415 - an extra

    return S3Uploads(Bucket.of(place), spool, cipher), spool.folder


async def _is_owner(jobs: Jobs, uploads: Uploads) -> bool:
    """Whether the uploads belong to these Jobs; uploads without an owner become theirs."""
    stored = await jobs.once("owner", "", "uploads", {"id": uuid4().hex})
    return bool(await uploads.owner(stored["id"]) == stored["id"])


async def _adopt_names(jobs: Jobs, cipher: Cipher) -> None:
    """Give the Cipher the stored secret for names, made at first use. Raises SetupProblem(encryption_key_missing)."""
    place = ("seal", "", "names")
    kept = await jobs.records(*place)
    if not kept and cipher.ids:
        kept = [await jobs.once(*place, {"shut": encrypt_text(cipher, token_hex(32), "names")})]
    for record in kept:
        names = decrypt_text(cipher, record["shut"], "names")
        cipher.adopt(names)
        if (
            encrypting_key_id(record["shut"]) != cipher.ids[0]
        ):  # the older key may be removed once nothing else needs it
            await jobs.put(*place, {"shut": encrypt_text(cipher, names, "names")})


@asynccontextmanager
async def opened_jobs(
    folder: Path, database: str | None = None, cipher: Cipher = NO_CIPHER
) -> AsyncIterator[tuple[DurableStore, Jobs, Limits]]:
    """Open Jobs and their Store, without uploads.

    Raises SetupProblem(store_locked, store_failed, extra_missing, encryption_key_missing).
    """
    async with _postgres_jobs(database, cipher) if database else _sqlite_jobs(folder, cipher) as opened:
        await _adopt_names(opened[1], cipher)
        yield opened


@asynccontextmanager
async def _sqlite_jobs(folder: Path, cipher: Cipher) -> AsyncIterator[tuple[DurableStore, Jobs, Limits]]:
    from thresher.service.jobs.sql import SqlJobs  # noqa: PLC0415 - only the service has Jobs
    from thresher.service.storage.answers.sqlite import SqliteStore  # noqa: PLC0415 - as above

    store = await SqliteStore.open(folder / "service.sqlite", cipher, patience=float("inf"))
    jobs = SqlJobs(store)
    try:
        await jobs.orphan()
        yield store, jobs, LocalLimits()
    finally:
        await jobs.aclose()
        await store.aclose()


@asynccontextmanager
async def _postgres_jobs(address: str, cipher: Cipher) -> AsyncIterator[tuple[DurableStore, Jobs, Limits]]:
    from thresher.service.jobs.postgres_news import PostgresNews  # noqa: PLC0415 - an extra
    from thresher.service.jobs.sql import SqlJobs  # noqa: PLC0415 - only the service has Jobs
    from thresher.service.storage.answers.postgres import PostgresStore  # noqa: PLC0415 - an extra
    from thresher.service.storage.answers.shared_limits import SharedLimits  # noqa: PLC0415 - as above

    store = await PostgresStore.open(address, cipher=cipher)
    jobs = SqlJobs(store, PostgresNews(address))
    limits = SharedLimits(store)
    try:
        yield store, jobs, limits
    finally:
        await limits.aclose()
        await jobs.aclose()
        await store.aclose()
