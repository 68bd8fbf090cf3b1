"""What the service keeps is shut where there is a key: nothing of a document is readable, keys change, wrong ones are named."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import jobs_house
from tests.postgres_server import programs
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.extraction import Attempt
from thresher.schemas.job import LoggedCall
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.work import Outcome, Submission
from thresher.service.backend.key_rotation import rotate_keys
from thresher.service.backend.resources import ServiceResources, cipher_of, opened_resources
from thresher.service.backend.retention import PurgeOptions, purge
from thresher.service.server.serve import opened_accounts
from thresher.service.settings import load
from thresher.service.storage.encryption.base import NO_CIPHER, Cipher
from thresher.service.storage.encryption.keyring import Key, Keyring, keyring_of
from thresher.service.tenants.accounts import Accounts

OLD, NEW = Key(b"o" * 32), Key(b"n" * 32)
WORDS = ("Tresilian", "hunter2hunter2", "will-of-1897.txt", "hooks.example", "token-of-the-hook")
POLICY = Policy(read=ReadOptions(passwords=("hunter2hunter2",)))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """Where the Jobs lie."""
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("postgres").fresh(f"shut{os.urandom(4).hex()}"))


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield body


def key_of(word: str) -> str:
    """The key of an answer."""
    return hashlib.sha256(word.encode()).hexdigest()


async def kept_by(house: ServiceResources, word: str = "Tresilian", policy: Policy = POLICY) -> str:
    """A Job with everything that can be secret about it; gives its id."""
    file = await house.uploads.put("will-of-1897.txt", pieces(f"I, {word}, leave".encode() * 500), most=100_000)
    asked = Submission(
        tenant="a",
        target=jobs_house.target(),
        policy=policy,
        files=(file,),
        idempotency_key=f"key {word}",
        request_hash="e" * 64,
        webhook="https://hooks.example/?token=token-of-the-hook",
    )
    job, _ = await house.jobs.submit(asked)
    (claim,) = await house.jobs.claim("w")
    attempt = Attempt(key=key_of(word), model="m", prompt="ask.v1", fingerprint="f", finish="stop")
    await house.store.log(LoggedCall(at=1.0, attempt=attempt, task=claim.id))
    await house.store.keep(key_of(word), {"text": word})
    await house.jobs.finish(claim, [Outcome(path="will-of-1897.txt", status="complete", body=f'{{"by": "{word}"}}')])
    return job.id


async def reads(house: ServiceResources, job: str, word: str = "Tresilian", policy: Policy = POLICY) -> None:
    """Everything comes back."""
    order = await house.jobs.order(job)
    (task,) = await house.jobs.tasks("a", job)
    (result,) = await house.jobs.results("a", job)
    assert order.policy == policy
    assert (result.path, result.body) == ("will-of-1897.txt", f'{{"by": "{word}"}}')
    assert (await house.jobs.job("a", job)).webhook == "https://hooks.example/?token=token-of-the-hook"
    assert await house.store.answer(key_of(word)) == {"text": word}
    async with house.uploads.local(task.files[0].sha256) as path:
        assert path.read_bytes().startswith(f"I, {word}".encode())
    async with house.uploads.local(task.files[0].sha256) as path:
        assert path.stat().st_mode & 0o077 == 0


def lying(folder: Path, database: str | None, names: str = "*") -> bytes:
    """All that is on the disk, and in the database."""
    found = b"".join(p.read_bytes() for p in folder.rglob(names) if p.is_file())
    if database is None:
        return found
    dump = programs()
    assert dump is not None
    made = subprocess.run([dump / "pg_dump", "--inserts", database], capture_output=True, check=True)
    return found + made.stdout


async def test_nothing_of_a_document_is_readable(tmp_path: Path, database: str | None) -> None:
    """Not its bytes, name, text, answers, results, hash, passwords or webhook, in any file or table; and it all comes back."""
    async with opened_resources(tmp_path, database, None, Keyring([NEW])) as house:
        job = await kept_by(house)
        (task,) = await house.jobs.tasks("a", job)
        secret = [*WORDS, task.files[0].sha256, key_of("Tresilian")]
        lies = lying(tmp_path, database)
        assert [word for word in secret if word.encode() in lies.replace(b"key Tresilian", b"")] == []
        await reads(house, job)
    async with opened_resources(tmp_path, database, None, Keyring([NEW])) as house:
        await reads(house, job)


async def test_without_a_key_it_is_readable(tmp_path: Path) -> None:
    """The test above can fail: what is not shut is found."""
    async with opened_resources(tmp_path, None, None) as house:
        file = await house.uploads.put("will-of-1897.txt", pieces(b"I, Tresilian"), most=100)
        await house.jobs.submit(Submission(tenant="a", target=jobs_house.target(), files=(file,)))
        lies = lying(tmp_path, None)
    assert all(word.encode() in lies for word in ("Tresilian", "will-of-1897.txt", file.sha256))


async def test_keys_change(tmp_path: Path, database: str | None) -> None:
    """Plain, then a key, then a newer one before it: all that was kept is read, what comes is shut with the newest."""
    place = (tmp_path, database, None)
    async with opened_resources(*place) as house:
        plain = await house.uploads.put("x", pieces(b"plain"), most=10)
    async with opened_resources(*place, Keyring([OLD])) as house:
        first = await kept_by(house)
    async with opened_resources(*place, Keyring([NEW, OLD])) as house:
        await reads(house, first)
        assert await house.uploads.has(plain.sha256)
        second = await kept_by(house, "Penhaligon")
        await reads(house, second, "Penhaligon")
    async with opened_resources(*place, Keyring([NEW])) as house:
        await reads(house, second, "Penhaligon")
        with pytest.raises(SetupProblem, match=f"encryption_key_missing.*{OLD.id.hex()}"):
            await house.jobs.results("a", first)
    async with opened_resources(*place, Keyring([NEW, OLD])) as house:
        await reads(house, first)


@pytest.mark.parametrize("first", [NO_CIPHER, Keyring([OLD])])
async def test_all_is_shut_afresh(tmp_path: Path, database: str | None, first: Cipher) -> None:
    """What no key or an older one shut needs only the newest from then on; references and idempotency hold; twice is no fault."""
    place = (tmp_path, database, None)
    policy = POLICY if first.ids else Policy()
    async with opened_resources(*place, first) as house:
        job = await kept_by(house, policy=policy)
    async with opened_resources(*place, Keyring([NEW, OLD])) as house:
        later = await kept_by(house, "Penhaligon")
        done = await rotate_keys(house)
        assert (done.rows > 3, done.uploads, done.damaged) == (True, 1, [])
        assert (await rotate_keys(house)).rows == 0
        assert (await rotate_keys(house)).uploads == 0
    async with opened_resources(*place, Keyring([NEW])) as house:
        await reads(house, job, policy=policy)
        await reads(house, later, "Penhaligon")
        assert [s.address async for s in house.uploads.listed()] != []
        (task,) = await house.jobs.tasks("a", job)
        lies = lying(tmp_path, database)
        assert [w for w in (*WORDS, task.files[0].sha256) if w.encode() in lies.replace(b"key Tresilian", b"")] == []
        for told in (job, later):
            await house.jobs.webhook_attempted(told)
        report = await purge(house, PurgeOptions(before=time.time() + 60, dry=True))
        assert (report.jobs, report.answers, report.later) == (2, 2, 2)


@pytest.mark.parametrize("wrong", [NO_CIPHER, Keyring([OLD])])
async def test_the_wrong_key(tmp_path: Path, database: str | None, wrong: Cipher) -> None:
    """None, or another: refused at the door with the id of what is missing; nothing is lost, nothing is overwritten."""
    async with opened_resources(tmp_path, database, None, Keyring([NEW])) as house:
        job = await kept_by(house)
    with pytest.raises(SetupProblem, match="encryption_key_missing"):
        async with opened_resources(tmp_path, database, None, wrong):
            pass
    async with opened_resources(tmp_path, database, None, Keyring([NEW])) as house:
        await reads(house, job)


async def test_equal_requests_are_known_again(tmp_path: Path, database: str | None) -> None:
    """An idempotency key works over shut rows, also after the keys have changed; another request is refused."""
    asked = Submission(tenant="a", target=jobs_house.target(), files=(), idempotency_key="k", request_hash="1")
    async with opened_resources(tmp_path, database, None, Keyring([OLD])) as house:
        job, _ = await house.jobs.submit(asked)
    async with opened_resources(tmp_path, database, None, Keyring([NEW, OLD])) as house:
        assert (await house.jobs.submit(asked))[0].id == job.id
        with pytest.raises(InputProblem, match="idempotency_mismatch"):
            await house.jobs.submit(asked.model_copy(update={"request_hash": "2"}))


async def test_passwords_need_a_key(tmp_path: Path) -> None:
    """Without one a Job with passwords is refused before anything of it is kept."""
    async with opened_resources(tmp_path) as house:
        asked = Submission(tenant="a", target=jobs_house.target(), policy=POLICY, files=())
        with pytest.raises(InputProblem, match="passwords_need_key"):
            await house.jobs.submit(asked)
        assert await house.jobs.jobs("a") == []
        assert b"hunter2hunter2" not in lying(tmp_path, None)


async def test_a_row_that_was_changed(tmp_path: Path) -> None:
    """One result put in another's place, or altered, is named as damaged, never given out."""
    async with opened_resources(tmp_path, None, None, Keyring([NEW])) as house:
        one, two = await kept_by(house), await kept_by(house, "Penhaligon")
        sql = "UPDATE outcomes SET body = (SELECT body FROM outcomes WHERE job = :one) WHERE job = :two"
        await house.store.do(lambda s: s.run(sql, one=one, two=two))
        with pytest.raises(SetupProblem, match="storage_damaged"):
            await house.jobs.results("a", two)
        await reads(house, one)


async def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    """Not only from the tables: no page of the file holds it any more."""
    async with opened_resources(tmp_path) as house:
        job = await kept_by(house, policy=Policy())
        assert b"will-of-1897.txt" in lying(tmp_path, None, "service.sqlite*")
        await house.jobs.delete("a", job)
    lies = (tmp_path / "service.sqlite").read_bytes()
    assert [word for word in (*WORDS, key_of("Tresilian")) if word.encode() in lies] == []


async def test_what_webhooks_are_signed_with(tmp_path: Path, database: str | None) -> None:
    """Their secrets are shut too."""
    async with opened_accounts(tmp_path, database, Keyring([NEW])) as accounts:
        secret = await accounts.webhook_secret("a")
        assert isinstance(accounts, Accounts)
        assert secret.encode() not in lying(tmp_path, database)
        assert await accounts.webhook_secret("a") == secret
    async with opened_accounts(tmp_path, database, Keyring([OLD, NEW])) as accounts:
        await accounts.reencrypt()
    async with opened_accounts(tmp_path, database, Keyring([OLD])) as accounts:
        assert await accounts.webhook_secret("a") == secret


@pytest.mark.parametrize(
    "text", ["", "short", "00" * 31, "not base64 at all !!!!!!!!!!!!!!!!!!!!!!!!!!!!", "# only a remark"]
)
def test_keys_that_are_none(text: str) -> None:
    """A clear word, which does not repeat what was given."""
    with pytest.raises(SetupProblem) as refused:
        keyring_of(text)
    assert refused.value.code == "encryption_key_invalid"
    assert not text or text not in refused.value.message


def test_where_keys_come_from(tmp_path: Path) -> None:
    """From the environment or a file; nothing shows them."""
    key = base64.b64encode(b"s" * 32).decode()
    file = tmp_path / "key"
    file.write_text(f"# since March\n{key}\n{'ab' * 32}  # older\n")
    named = load({"THRESHER_ENCRYPTION_KEY_FILE": str(file)})
    given = load({"THRESHER_ENCRYPTION_KEY": key})
    assert cipher_of(named).ids[0] == cipher_of(given).ids[0]
    assert (len(cipher_of(named).ids), len(cipher_of(given).ids), cipher_of(load({})).ids) == (2, 1, ())
    assert key not in repr(given)
    assert "ssss" not in repr(Key(b"s" * 32))
    with pytest.raises(SetupProblem, match="encryption_key_invalid"):
        cipher_of(load({"THRESHER_ENCRYPTION_KEY_FILE": str(tmp_path / "nothing")}))


@pytest.mark.parametrize("days", ["soon", "-1", "inf", "nan"])
def test_days_that_are_none(days: str) -> None:
    """A clear word."""
    with pytest.raises(SetupProblem, match="THRESHER_KEEP_DAYS"):
        load({"THRESHER_KEEP_DAYS": days})
