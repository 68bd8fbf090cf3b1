"""What encryption costs: MB/s of uploads, CPU of a record and of a document: `python -m bench.storage`.

CPU times of one process, so that what else the machine does hardly counts. A document is 5 answers of 2 kB, a Result of 6 kB, its
order and its row, through SqliteJobs in memory; as in `bench.jobs`, no file is read and no model is asked.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.work import AskedTarget, Outcome, Submission, UploadedFile
from thresher.service.base.spool import Spool
from thresher.service.jobs.sql import SqlJobs
from thresher.service.storage.answers.sqlite import SqliteStore
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.encryption.keyring import Key, Keyring
from thresher.service.storage.uploads.disk import DiskUploads

MIB = 1 << 20
TARGET = AskedTarget(name="Order", fingerprint="f" * 16, json_schema={"type": "object", "properties": {}})
DOCUMENTS = 2000
PURGED = 1000


def main() -> None:
    """Print the table."""
    ring = Keyring([Key(os.urandom(32))])
    shut = ring.encrypt(b"x" * 5000, "a place")
    print(f"shut a record of 5 kB   {each(lambda: ring.encrypt(b'x' * 5000, 'a place')):8.1f} us")
    print(f"open it                 {each(lambda: ring.decrypt(shut, 'a place')):8.1f} us")
    print(f"name a hash             {each(lambda: ring.name('a' * 64)):8.1f} us")
    asyncio.run(streams(ring))
    for turn in range(3):
        plain, sealed = (asyncio.run(documents(cipher)) for cipher in (NO_CIPHER, ring))
        print(
            f"a document, turn {turn}: plain {plain:6.3f} ms CPU, shut {sealed:6.3f} ms, more {sealed - plain:6.3f} ms"
        )
    print(f"purge of {PURGED} jobs of 5 answers and a result: {asyncio.run(purged()):6.3f} ms CPU a job")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def each(work: Callable[[], object], times: int = 20_000) -> float:
    """Microseconds of CPU of one."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A stream of 64 KiB pieces, as HTTP brings them."""
    piece = os.urandom(64 * 1024)
    for _ in range(0, size, len(piece)):
        yield piece


async def streams(ring: Keyring) -> None:
    """Uploads of 256 MiB: put, and read again."""
    with tempfile.TemporaryDirectory() as folder:
        for name, cipher in (("plain", NO_CIPHER), ("shut", ring)):
            spool = Spool(Path(folder) / f"spool-{name}")
            uploads = DiskUploads(Path(folder) / name, spool, cipher)
            began = time.process_time()
            kept = await uploads.put("x", pieces(256 * MIB), most=1 << 40)
            put = time.process_time() - began
            async with uploads.local(kept.sha256) as path:
                size = path.stat().st_size
            read = time.process_time() - began - put
            print(
                f"upload of 256 MiB, {name:5}  put {256 / put:6.0f} MiB/s CPU, read {size / MIB / read:8.0f} MiB/s CPU"
            )
            spool.close()


async def documents(cipher: Cipher) -> float:
    """Milliseconds of CPU of a document."""
    store = await SqliteStore.open(None, cipher)
    jobs = SqlJobs(store)
    answer, body = {"text": os.urandom(1000).hex()}, '{"data": "' + os.urandom(3000).hex() + '"}'
    files = tuple(UploadedFile(sha256=f"{n:064x}", name=f"{n}.pdf", size=1) for n in range(DOCUMENTS))
    began = time.process_time()
    await jobs.submit(Submission(tenant="a", target=TARGET, files=files))
    while held := await jobs.claim("w", limit=20):
        await asyncio.gather(*(store.keep(f"{claim.id} {n}", answer) for claim in held for n in range(5)))
        await asyncio.gather(*(jobs.finish(c, [Outcome(path="x", status="complete", body=body)]) for c in held))
    spent = time.process_time() - began
    await store.aclose()
    return spent / DOCUMENTS * 1000


async def purged() -> float:
    """Milliseconds of CPU of a Job that goes."""
    store = await SqliteStore.open(None)
    jobs = SqlJobs(store)
    for n in range(PURGED):
        file = UploadedFile(sha256=f"{n:064x}", name=f"{n}.pdf", size=1)
        await jobs.submit(Submission(tenant="a", target=TARGET, files=(file,)))
    for claim in await jobs.claim("w", limit=PURGED):
        for n in range(5):
            key = f"{claim.id} {n}"
            attempt = Attempt(key=key, model="m", prompt="ask.v1", fingerprint="f", finish="stop")
            await store.log(LoggedCall(at=1.0, attempt=attempt, unit="x", task=claim.id))
        await asyncio.gather(*(store.keep(f"{claim.id} {n}", {"text": "x" * 2000}) for n in range(5)))
        await jobs.finish(claim, [Outcome(path="x", status="complete", body="{}")])
    began = time.process_time()
    answers = 0
    for _ in range(PURGED // 100 + 1):
        answers += (await jobs.purge(time.time() + 60)).answers
    spent = time.process_time() - began
    assert answers == 5 * PURGED
    await store.aclose()
    return spent / PURGED * 1000


if __name__ == "__main__":
    main()
