"""Re-encrypt rows with the newest key, page by page in the order of their keys; rows of an older key, or of none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.service.jobs.base import ReencryptedRows
from thresher.service.jobs.job_rows import from_files, to_files
from thresher.service.storage.answers.session import Row, Session
from thresher.service.storage.encryption.base import MAGIC, Cipher, decrypt_text, encrypt_text, encrypting_key_id

PAGE_ROWS = 200  # rows in one transaction
HEAD_BYTES = len(MAGIC) + 8  # first bytes of an encrypted value, which name the key
After = tuple[Any, ...]
Step = tuple[str, After, Callable[[Session, Row], None]]


def reencrypt_page(session: Session, step: Step, after: After) -> tuple[ReencryptedRows, After | None]:
    """Re-encrypt a page of a step's rows after a key; return what was done, and the last key (None at the end)."""
    sql, _, change = step
    rows = session.all(f"{sql} LIMIT {PAGE_ROWS}{session.skip}", **{f"k{n}": value for n, value in enumerate(after)})
    done = ReencryptedRows()
    for row in rows:
        try:
            if _is_new(session.cipher, row[len(after)]):
                continue
            change(session, row)
        except SetupProblem as problem:
            if problem.code != "storage_damaged":
                raise
            table = sql.partition(" FROM ")[2].split()[0]
            done.damaged.append(f"{table} {'.'.join(map(str, row[: len(after)]))}")
        else:
            done.rows += 1
    return done, tuple(rows[-1][: len(after)]) if rows else None


def _is_new(cipher: Cipher, kept: str | bytes) -> bool:
    """Whether a stored value is encrypted with the newest key. Raises SetupProblem(storage_damaged)."""
    if isinstance(kept, str):
        try:
            return encrypting_key_id(kept) == cipher.ids[0]
        except ValueError:
            raise SetupProblem("storage_damaged", "a text") from None
    return bytes(kept[:HEAD_BYTES]) == MAGIC + bytes.fromhex(cipher.ids[0])


def _text(cipher: Cipher, text: str | None, place: str) -> str | None:
    return None if text is None else encrypt_text(cipher, decrypt_text(cipher, text, place), place)


def _job(session: Session, row: Row) -> None:
    job, asked, webhook, request_hash = row
    cipher = session.cipher
    session.run(
        "UPDATE jobs SET asked = :asked, webhook = :webhook, request_hash = :request_hash WHERE id = :job",
        job=job,
        asked=_text(cipher, asked, f"order {job}"),
        webhook=_text(cipher, webhook, f"webhook {job}"),
        request_hash=request_hash if encrypting_key_id(asked) else cipher.name(request_hash),
    )


def _task(session: Session, row: Row) -> None:
    job, number, files, why = row
    cipher, place = session.cipher, f"{job}.{number}"
    named = to_files(decrypt_text(cipher, files, f"files {place}"))
    session.run(
        "UPDATE tasks SET files = :files, why = :why WHERE job = :job AND number = :number",
        job=job,
        number=number,
        files=encrypt_text(cipher, from_files(named), f"files {place}"),
        why=_text(cipher, why, f"why {place}"),
    )
    own = {"job": job, "task": number}
    for sha256 in {f.sha256 for f in named} if encrypting_key_id(files) is None else set[str]():
        gone = "DELETE FROM task_files WHERE sha256 = :sha256 AND job = :job AND task = :task"
        session.run(gone, sha256=sha256, **own)
        new = "INSERT INTO task_files (sha256, job, task) VALUES (:sha256, :job, :task) ON CONFLICT DO NOTHING"
        session.run(new, sha256=cipher.name(sha256), **own)


def _outcome(session: Session, row: Row) -> None:
    job, task, number, body, path = row
    cipher, place = session.cipher, f"{job}.{task}.{number}"
    session.run(
        "UPDATE outcomes SET body = :body, path = :path WHERE job = :job AND task = :task AND number = :number",
        job=job,
        task=task,
        number=number,
        body=cipher.encrypt(cipher.decrypt(bytes(body), f"result {place}"), f"result {place}"),
        path=_text(cipher, path, f"path {place}"),
    )


def _answer(session: Session, row: Row) -> None:
    key, body, created = row
    cipher = session.cipher
    name = key if bytes(body).startswith(MAGIC) else cipher.name(key)
    encrypted = cipher.encrypt(cipher.decrypt(bytes(body), f"answer {key}"), f"answer {name}")
    session.run("DELETE FROM answers WHERE key = :key", key=key)
    sql = "INSERT INTO answers (key, body, created) VALUES (:key, :body, :created) ON CONFLICT DO NOTHING"
    session.run(sql, key=name, body=encrypted, created=created)
    if name != key:
        session.run("UPDATE calls SET key = :name WHERE key = :key", name=name, key=key)


def _review(session: Session, row: Row) -> None:
    collection, result, tenant, corrected = row
    session.run(
        """UPDATE reviews SET corrected = :corrected
        WHERE collection = :collection AND result = :result AND tenant = :tenant""",
        collection=collection,
        result=result,
        tenant=tenant,
        corrected=_text(session.cipher, corrected, f"corrected {collection}.{result}"),
    )


def _review_event(session: Session, row: Row) -> None:
    collection, result, tenant, seq, body = row
    cipher, place = session.cipher, f"review {collection}.{result}.{seq}"
    session.run(
        """UPDATE review_events SET body = :body
        WHERE collection = :collection AND result = :result AND tenant = :tenant AND seq = :seq""",
        collection=collection,
        result=result,
        tenant=tenant,
        seq=seq,
        body=cipher.encrypt(cipher.decrypt(bytes(body), place), place),
    )


STEPS: tuple[Step, ...] = (
    ("SELECT id, asked, webhook, request_hash FROM jobs WHERE id > :k0 ORDER BY id", ("",), _job),
    (
        "SELECT job, number, files, why FROM tasks WHERE (job, number) > (:k0, :k1) ORDER BY job, number",
        ("", -1),
        _task,
    ),
    (
        """SELECT job, task, number, body, path FROM outcomes WHERE (job, task, number) > (:k0, :k1, :k2)
        ORDER BY job, task, number""",
        ("", -1, -1),
        _outcome,
    ),
    (
        """SELECT collection, result, tenant, corrected FROM reviews
        WHERE (collection, result, tenant) > (:k0, :k1, :k2) AND corrected <> ''
        ORDER BY collection, result, tenant""",
        ("", "", ""),
        _review,
    ),
    (
        """SELECT collection, result, tenant, seq, body FROM review_events
        WHERE (collection, result, tenant, seq) > (:k0, :k1, :k2, :k3) ORDER BY collection, result, tenant, seq""",
        ("", "", "", -1),
        _review_event,
    ),
    ("SELECT key, body, created FROM answers WHERE key > :k0 ORDER BY key", ("",), _answer),
)
