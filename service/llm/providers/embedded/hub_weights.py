"""Fetch a GGUF file by name from a model hub, check its SHA-256, and find it again by that name.

The hub speaks the protocol of huggingface.co: `/OWNER/REPO/resolve/main/FILE` redirects to where the bytes are, and says in
`X-Linked-Etag` and `X-Linked-Size` what they must be. Nothing is fetched unless the user asks for it by name.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

import httpx

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.llm.providers.embedded.model_weights import digest

PREFIX = "hf:"  # before the name of a file on the hub
FOLDER = "hub"  # in the folder of weights
NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/){2,}[A-Za-z0-9][A-Za-z0-9._-]*\.gguf")
SHA256 = re.compile(r"[0-9a-f]{64}")
SIZE = re.compile(r"[0-9]{1,15}")
REVISION = "main"
REDIRECTS = 5
TIMEOUT_SECONDS = 60.0  # without a byte

Progress = Callable[[int, int], None]  # is called with the bytes that are here, and those of the whole file


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where the hub is."""

    address: str  # https://…, or http:// on loopback
    token: str | None = None  # for files that need an account; sent to the hub alone, not where it redirects to


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """What the hub says of a file."""

    name: str  # OWNER/REPO/FILE
    url: str
    sha256: str
    size: int  # bytes


def checked_name(name: str) -> str:
    """Return OWNER/REPO/FILE of a name, without its prefix. Raises InputProblem(option_invalid)."""
    bare = name.removeprefix(PREFIX)
    if not NAME.fullmatch(bare):
        raise InputProblem("option_invalid", f"MODEL {name}: hf:OWNER/REPO/FILE.gguf is expected")
    return bare


def path_of(name: str, folder: Path) -> Path | None:
    """Return where a file of the hub lies, or would lie, in the folder of weights; None for what is no such name."""
    return folder / FOLDER / name if NAME.fullmatch(name) else None


def pulled(folder: Path) -> list[str]:
    """Return the names of the files that were pulled, as `local:` takes them."""
    inside = folder / FOLDER
    return sorted(path.relative_to(inside).as_posix() for path in inside.rglob("*.gguf"))


def pull_from_hub(
    name: str, folder: Path, hub: Hub, sha256: str | None = None, progress: Progress | None = None
) -> Path:
    """Fetch a file unless it is here already, check it, and return its path. What was fetched before is not fetched again.

    `sha256` is the checksum that the caller wants; None: the one that the hub states.
    Raises InputProblem(option_invalid), SetupProblem(weights_missing, weights_corrupt, storage_full, store_locked).
    """
    path = folder / FOLDER / checked_name(name)
    if sha256 is not None and not SHA256.fullmatch(sha256):
        raise InputProblem("option_invalid", "--sha256: 64 hexadecimal digits are expected")
    if _is_here(path, sha256):
        return path
    with _client(hub) as client:
        offer = _offer(client, checked_name(name), hub, sha256)
        _fetch(client, offer, path, progress or (lambda _done, _whole: None))
    return path


def _is_here(path: Path, sha256: str | None) -> bool:
    """Whether the file is here with the checksum that is wanted, else with the one under which it was fetched."""
    note = _note_of(path)
    wanted = sha256 or (note.read_text("ascii") if note.is_file() else None)
    return path.is_file() and wanted is not None and digest(path) == wanted


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


@contextmanager
def _client(hub: Hub) -> Iterator[httpx.Client]:
    """A client that carries the token to the hub alone, and never leaves HTTPS for HTTP."""
    secure = hub.address.startswith("https://")
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {hub.token}"} if hub.token else {})
    with httpx.Client(
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        max_redirects=REDIRECTS,
        event_hooks={"request": [partial(_refuse_plain, secure)]},
    ) as client:
        yield client


def _refuse_plain(secure: bool, request: httpx.Request) -> None:  # noqa: FBT001 - bound beforehand
    if secure and request.url.scheme != "https":
        raise SetupProblem("weights_missing", f"the hub leads to {request.url.scheme}://{request.url.host}: refused")


def _offer(client: httpx.Client, name: str, hub: Hub, wanted: str | None) -> HubFile:
    """Ask the hub for the checksum and size of a file. Raises SetupProblem(weights_missing, weights_corrupt)."""
    owner, repo, file = name.split("/", 2)
    url = urljoin(f"{hub.address.rstrip('/')}/", f"{owner}/{repo}/resolve/{REVISION}/{file}")
    request: httpx.Request | None = client.build_request("HEAD", url)
    stated, size = None, 0
    for _ in range(REDIRECTS + 1):
        if request is None or stated:
            break
        answer = _sent(client, request, name)
        stated = _checksum(answer)
        request = answer.next_request
        size = _size(answer.headers.get("X-Linked-Size" if request is not None else "Content-Length"))
    if stated and wanted and stated != wanted:
        raise SetupProblem("weights_corrupt", f"{name}: the hub has {stated}, --sha256 says {wanted}")
    if not (stated or wanted):
        raise SetupProblem("weights_missing", f"{name}: the hub states no SHA-256; give it with --sha256")
    if not size:
        raise SetupProblem("weights_missing", f"{name}: the hub states no size")
    return HubFile(name=name, url=url, sha256=stated or str(wanted), size=size)


def _size(stated: str | None) -> int:
    """Return a number of bytes that a hub states; 0 for what is none.

    >>> _size("98362432"), _size("-1"), _size("9" * 5000), _size(None)
    (98362432, 0, 0, 0)
    """
    return int(stated) if stated and SIZE.fullmatch(stated) else 0


def _sent(client: httpx.Client, request: httpx.Request, name: str) -> httpx.Response:
    """Send one request and follow nothing. Raises SetupProblem(weights_missing)."""
    try:
        answer = client.send(request, follow_redirects=False)
    except httpx.HTTPError as error:
        raise SetupProblem("weights_missing", f"{name}: {request.url.host} does not answer ({error})") from error
    _refuse_failure(answer, name)
    return answer


def _refuse_failure(answer: httpx.Response, name: str) -> None:
    """Raise SetupProblem(weights_missing) for an answer of a hub that is no success."""
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return
    why = answer.headers.get("X-Error-Code") or answer.reason_phrase
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        why += "; a name may be wrong, or its terms want an account: set HF_TOKEN"
    raise SetupProblem("weights_missing", f"{name}: {answer.url.host} says {answer.status_code} ({why})")


def _checksum(answer: httpx.Response) -> str | None:
    """Return the SHA-256 that an answer states, None for another kind of tag."""
    for header in ("X-Linked-Etag", "ETag"):
        tag = str(answer.headers.get(header, "")).removeprefix("W/").strip('"')
        if SHA256.fullmatch(tag):
            return tag
    return None


def _fetch(client: httpx.Client, offer: HubFile, path: Path, progress: Progress) -> None:
    """Fetch what is missing of a file, check the whole, and put it in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{offer.sha256[:16]}.part")  # a part belongs to one content
    with part.open("ab") as out:
        _lock(out, offer)
        _refuse_full_disk(path.parent, offer.size - out.tell())
        while (before := out.tell()) < offer.size:
            _append(client, offer, out, progress)
            if out.tell() == before:
                raise SetupProblem("weights_missing", f"{offer.name}: {_broken_off(before, offer.size)}")
        out.flush()
        if digest(part) != offer.sha256:
            part.unlink()
            raise SetupProblem("weights_corrupt", f"{offer.name} as downloaded")
        _note_of(path).write_text(offer.sha256, "ascii")
        part.replace(path)


def _lock(out: BinaryIO, offer: HubFile) -> None:
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SetupProblem("store_locked", f"{offer.name} is being fetched") from error


def _refuse_full_disk(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise SetupProblem("storage_full", f"{folder}: {wanted / 1e9:.1f} GB are wanted, {free / 1e9:.1f} GB are free")


def _broken_off(here: int, whole: int) -> str:
    return f"the hub broke off, {here} of {whole} bytes are here; the same command goes on"


def _append(client: httpx.Client, offer: HubFile, out: BinaryIO, progress: Progress) -> None:
    """Append what one answer gives, which may be less than was asked for."""
    headers = {"Range": f"bytes={out.tell()}-"} if out.tell() else {}
    try:
        with client.stream("GET", offer.url, headers=headers, follow_redirects=True) as answer:
            _refuse_failure(answer, offer.name)
            if out.tell() and answer.status_code != httpx.codes.PARTIAL_CONTENT:
                out.truncate(0)  # a server without ranges gives the whole
                out.seek(0)
            for block in answer.iter_raw():
                out.write(block[: offer.size - out.tell()])
                progress(out.tell(), offer.size)
                if out.tell() >= offer.size:  # a hub may send without an end
                    break
    except httpx.HTTPError:
        return
