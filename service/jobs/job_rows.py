"""Convert rows to nouns, and nouns to rows."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import Any

from thresher.schemas.errors import InputProblem, JobProblem, Note, SetupProblem
from thresher.schemas.work import Claim, Counts, Job, KeptOutcome, Outcome, Submission, Task, UploadedFile
from thresher.service.storage.answers.session import Row, Session
from thresher.service.storage.encryption.base import Cipher, decrypt_text, encrypt_text

JOB = """id, tenant, state, target, fingerprint, priority, matter, created, finished, webhook,
    total, done, failed, cancelled,
    (SELECT count(*) FROM tasks WHERE job = jobs.id AND state = 'running' AND stage >= '')"""  # lets SQLite use the index tasks_stages
FACTS = (
    "id",
    "tenant",
    "state",
    "target",
    "fingerprint",
    "priority",
    "matter",
    "created",
    "finished",
)  # the first columns of JOB
TASK = "job, number, files, state, attempts, deaths, stage, why, worker"
CLAIM = "job, tenant, number, files, attempts, deaths, token"

DAMAGED_FILE = UploadedFile(sha256="", name="(a file whose record is damaged)", size=0)  # for what cannot be read


def new_id(now: float) -> str:
    """Return an id that sorts by time (milliseconds) and cannot be guessed (80 random bits)."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"


def job_of(session: Session, tenant: str, job: str) -> Job:
    """Return a tenant's Job. Raises JobProblem(job_not_found, job_gone)."""
    row = session.one(f"SELECT {JOB} FROM jobs WHERE id = :job AND tenant = :tenant", job=job, tenant=tenant)  # noqa: S608 - columns of this module
    if row is None:
        gone = session.one("SELECT 1 FROM used WHERE job = :job AND tenant = :tenant", job=job, tenant=tenant)
        raise JobProblem("job_gone" if gone else "job_not_found", job[:64])
    return to_job(row, session.cipher)


def to_job(row: Row, cipher: Cipher) -> Job:
    """Build a Job from the columns JOB."""
    names = (*FACTS, "webhook")
    total, done, failed, cancelled, running = row[len(names) :]
    ended = done + failed + cancelled
    counts = Counts(
        total=total, todo=total - ended - running, running=running, done=done, failed=failed, cancelled=cancelled
    )
    facts = dict(zip(names, row, strict=False))
    if facts["webhook"] is not None:
        facts["webhook"] = _address(cipher, facts["webhook"], f"webhook {facts['id']}")
    return Job(**facts, counts=counts)


def _address(cipher: Cipher, text: str, place: str) -> str:
    """Return where a Job's webhook goes; nothing where that is damaged: all else of the Job can still be had."""
    try:
        return decrypt_text(cipher, text, place)
    except SetupProblem as problem:
        if problem.code != "storage_damaged":
            raise
        return ""


def to_task(row: Row, cipher: Cipher) -> Task:
    """Build a Task from the columns TASK. One that is damaged is shown as such, so that it hides no other of its Job."""
    job, number, files, state, attempts, deaths, stage, why, worker = row
    place = f"{job}.{number}"
    try:
        named = to_files(decrypt_text(cipher, files, f"files {place}"))
        note = None if why is None else Note.model_validate_json(decrypt_text(cipher, why, f"why {place}"))
    except SetupProblem as problem:
        if problem.code != "storage_damaged":
            raise
        named, note = (DAMAGED_FILE,), problem.note()
    return Task(
        job=job,
        number=number,
        files=named,
        state=state,
        attempts=attempts,
        deaths=deaths,
        stage=stage,
        why=note,
        worker=worker,
    )


def to_claim(row: Row, cipher: Cipher) -> Claim:
    """Build a Claim from the columns CLAIM, as they were before the claim."""
    job, tenant, number, files, attempts, deaths, token = row
    named = to_files(decrypt_text(cipher, files, f"files {job}.{number}"))
    counts = {"attempt": attempts + 1, "deaths": deaths, "token": token + 1}
    return Claim(job=job, tenant=tenant, number=number, files=named, **counts)


def to_outcome(row: Row, job: str, cipher: Cipher) -> KeptOutcome:
    """Build an Outcome from task, number, path, status, body."""
    task, number, path, status, body = row
    place = f"{job}.{task}.{number}"
    return KeptOutcome(
        task=task,
        number=number,
        path=decrypt_text(cipher, path, f"path {place}"),
        status=status,
        body=_unpacked(cipher.decrypt(bytes(body), f"result {place}"), f"result {place}"),
    )


def _unpacked(data: bytes, place: str) -> str:
    """Return a stored Result's JSON. Raises SetupProblem(storage_damaged)."""
    try:
        return zlib.decompress(data).decode()
    except (zlib.error, ValueError) as error:
        raise SetupProblem("storage_damaged", f"{place} ({type(error).__name__})") from None


def outcome_row(outcome: Outcome, claim: Claim, number: int, cipher: Cipher) -> dict[str, Any]:
    """Return an Outcome's columns."""
    place = f"{claim.job}.{claim.number}.{number}"
    return {
        "job": claim.job,
        "task": claim.number,
        "number": number,
        "path": encrypt_text(cipher, outcome.path, f"path {place}"),
        "status": outcome.status,
        "body": cipher.encrypt(zlib.compress(outcome.body.encode(), 3), f"result {place}"),
    }


def to_files(text: str) -> tuple[UploadedFile, ...]:
    """Parse files from JSON. Raises SetupProblem(storage_damaged)."""
    try:
        return tuple(UploadedFile(sha256=s, name=n, size=z) for s, n, z in json.loads(text))
    except (ValueError, TypeError) as error:
        raise SetupProblem("storage_damaged", f"files ({type(error).__name__})") from None


def from_files(files: tuple[UploadedFile, ...]) -> str:
    """Write files as JSON, in ASCII: a name may hold any character."""
    return json.dumps([[f.sha256, f.name, f.size] for f in files])


def in_tasks(asked: Submission) -> list[tuple[UploadedFile, ...]]:
    """Split a Submission's files into those of each Task."""
    whole = asked.policy.unit == "folder" or asked.matter_order is not None
    return [asked.files] if whole else [(file,) for file in asked.files]


def job_row(asked: Submission, job: str, total: int, session: Session) -> dict[str, Any]:
    """Return a new Job's columns.

    Raises InputProblem(passwords_need_key): what is not encrypted may hold no password.
    """
    now, cipher = session.now, session.cipher
    if asked.policy.read.passwords and not cipher.ids:
        raise InputProblem("passwords_need_key")
    order = json.dumps(asked.model_copy(update={"files": ()}).model_dump(mode="json"))
    return {
        "id": job,
        "tenant": asked.tenant,
        "state": "open" if total else "finished",
        "target": asked.target.name,
        "fingerprint": asked.target.fingerprint,
        "priority": asked.priority,
        "matter": asked.matter_order and asked.matter_order.matter,
        "created": now,
        "finished": None if total else now,
        "webhook": asked.webhook and encrypt_text(cipher, asked.webhook, f"webhook {job}"),
        "webhook_due": now if asked.webhook and not total else None,
        "asked": encrypt_text(cipher, order, f"order {job}"),
        "idempotency_key": asked.idempotency_key,
        "request_hash": cipher.name(asked.request_hash),
        "bytes": sum(f.size for f in asked.files),
        "total": total,
    }
