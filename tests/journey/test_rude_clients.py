"""Clients that are slow, cut off or rude, over real sockets: each gets its problem or its end, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from tests.journey.serving import TARGET, Served, served
from thresher.schemas.errors import InputProblem
from thresher.service.server.api import upload
from thresher.service.server.api.app_state import Bounds

pytestmark = pytest.mark.slow
HEAD = b"POST /v1/extractions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = HEAD + b"Content-Type: multipart/form-data; boundary=x\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that takes no more than a MiB."""
    with served(tmp_path_factory.mktemp("rude"), "--max-upload", 1, "--width", 0) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_is_left(service: Served) -> Iterator[None]:
    """After each test: no half of an upload, no job, and the service answers."""
    yield
    until, parts = time.monotonic() + 60, service.log.parent / "data" / "uploads" / "parts"
    while list(parts.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    with service.client() as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/extractions").json()["extractions"] == []
    assert list(parts.iterdir()) == []
    assert "Traceback" not in service.log.read_text()


def connected(service: Served) -> socket.socket:
    """A connection."""
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=120)


def answer(wire: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and body of what is answered; 0 where the connection just ends."""
    said = b""
    with suppress(ConnectionError):
        while not whole(said) and (piece := wire.recv(65536)):
            said += piece
    if not said:
        return 0, {}
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body) if body.startswith(b"{") else {}


def whole(said: bytes) -> bool:
    """Whether an answer has come to its end."""
    head, ended, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return bool(ended) and length is not None and len(body) >= int(length[1])


def part(name: str, body: bytes, file: str | None = None) -> bytes:
    """One part of a form."""
    shown = f'; filename="{file}"' if file is not None else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + body + b"\r\n"


def sent(service: Served, body: bytes, head: bytes = FORM, *, length: int | None = None) -> tuple[int, dict[str, Any]]:
    """What a whole request gets."""
    size = len(body) if length is None else length
    with connected(service) as wire:
        with suppress(ConnectionError):  # an answer may come before the end of what is sent
            wire.sendall(head + f"Connection: close\r\nContent-Length: {size}\r\n\r\n".encode() + body)
        return answer(wire)


def test_a_connection_that_says_nothing_is_closed(service: Served) -> None:
    """Neither silence nor half a head holds a connection longer than 20 s, and others are served meanwhile."""
    silent, half, drip = connected(service), connected(service), connected(service)
    with silent, half, drip:
        half.sendall(b"GET /healthz HT")
        begun = time.monotonic()
        for letter in b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 8:  # a letter at a time
            drip.send(bytes([letter]))
            time.sleep(0.25)
        with service.client() as client:
            assert client.get("/healthz").status_code == 200
        assert answer(silent)[0] in {0, 408}
        assert answer(half)[0] in {0, 408}
        assert answer(drip)[0] in {0, 408}
        assert time.monotonic() - begun < 40


def test_a_body_that_stops_coming_is_a_problem(service: Served) -> None:
    """A body that pauses too long: 400 upload_incomplete, and its bytes are gone."""
    with connected(service) as wire:
        wire.sendall(FORM + b"Content-Length: 100000\r\n\r\n" + part("file", b"half", "a.txt")[:-2])
        begun = time.monotonic()
        status, body = answer(wire)
        assert (status, body["code"]) == (400, "upload_incomplete")
        assert 25 < time.monotonic() - begun < 90


def test_a_huge_head_is_refused(service: Served) -> None:
    """A head without end is cut off early."""
    with connected(service) as wire:
        try:
            for _ in range(40):
                wire.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X-A: " + b"a" * 8000 + b"\r\n")
        except ConnectionError:
            return
        assert answer(wire)[0] in {0, 400, 431}


@pytest.mark.parametrize(
    ("before", "piece"),
    [(b"0\r\n", b"X-A: " + b"a" * 8000 + b"\r\n"), (b"0\r\nX-A: ", b"a" * 8000), (b"1;a=", b"a" * 8000)],
    ids=["trailers", "trailer", "extension"],
)
def test_what_is_around_a_body_has_an_end(service: Served, before: bytes, piece: bytes) -> None:
    """Trailers or extensions of chunks without end are cut off early, and held by nobody."""
    with connected(service) as wire:
        wire.sendall(FORM + b"Transfer-Encoding: chunked\r\n\r\n" + before)
        with pytest.raises(ConnectionError):  # noqa: PT012 - the wire's own buffers take some of it
            for _ in range(1000):
                wire.sendall(piece)
                time.sleep(0.001)


@pytest.mark.parametrize("cut", [20, 300, 303, 10_000])
def test_a_wish_for_another_protocol_is_passed_over(service: Served, cut: int) -> None:
    """A request that offers HTTP/2, as Java's and curl's may: its body is read, however it comes, and the connection serves on."""
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    body = part("colour", b"red") + b"--x--\r\n"
    head = (FORM + wish + b"Content-Length: %d\r\nX: " % len(body)).ljust(296, b"a") + b"\r\n\r\n"
    with connected(service) as wire:
        wire.sendall((head + body)[:cut])
        time.sleep(0.05)
        wire.sendall((head + body)[cut:])
        status, said = answer(wire)
        assert (status, said["code"]) == (400, "request_invalid")
        assert "colour" in said["detail"]
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer(wire)[0] == 200


def test_a_refused_body_that_ends_soon_costs_no_connection(service: Served) -> None:
    """Who sends the rest of a refused body within the linger may ask again."""
    with connected(service) as wire:
        wire.sendall(HEAD + b"Content-Type: application/json\r\nContent-Length: 4\r\n\r\n")
        assert answer(wire)[0] == 415
        wire.sendall(b"{  }GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer(wire)[0] == 200


@pytest.mark.parametrize(
    ("body", "head", "expected"),
    [
        (b"{}", HEAD + b"Content-Type: application/json\r\n", (415, "media_type_wrong")),
        (b"a=1", HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n", (415, "media_type_wrong")),
        (b"x", HEAD, (415, "media_type_wrong")),
        (b"", FORM, (400, "upload_incomplete")),
        (b"--x--\r\n", FORM, (400, "request_invalid")),
        (part("file", b"a" * (2 << 20), "big.txt"), FORM, (413, "too_large")),
        (part("target", b"a" * 300_000), FORM, (413, "too_large")),
        (part("file", b"a", "n" * 100_000), FORM, (400, "request_invalid")),
        (part("file", b"a", "a.txt")[:-2], FORM, (400, "upload_incomplete")),
        (b"\x00" * 1000, FORM, (400, "request_invalid")),
    ],
    ids=["json", "urlencoded", "no-type", "empty", "no-parts", "large", "large-field", "long-name", "no-end", "noise"],
)
def test_what_is_no_good_gets_its_problem(service: Served, body: bytes, head: bytes, expected: tuple[int, str]) -> None:
    """Wrong types, sizes and shapes: a problem with a stable code."""
    status, said = sent(service, body, head)
    assert (status, said.get("code")) == expected


def test_more_than_the_limit_is_refused_before_it_is_sent(service: Served) -> None:
    """A length that says too much is answered at once; nobody has to send gigabytes to be told."""
    with connected(service) as wire:
        begun = time.monotonic()
        wire.sendall(FORM + b"Content-Length: 9000000000\r\n\r\n")
        status, said = answer(wire)
        assert (status, said.get("code")) == (413, "too_large")
        assert time.monotonic() - begun < 20  # before a body that stops coming is given up


def test_nobody_is_listened_to_after_a_refusal(service: Served) -> None:
    """A client that goes on sending after it was refused is cut off within seconds."""
    with connected(service) as wire:
        wire.sendall(FORM + b"Content-Length: 9000000000\r\n\r\n")
        assert answer(wire)[0] == 413
        begun = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - begun < 60:
                wire.sendall(b"a" * 1000)
                time.sleep(0.05)
        assert time.monotonic() - begun < 40


async def test_a_body_that_drips_is_no_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slower on the whole than may be: a problem, though each piece came in time."""
    monkeypatch.setattr(upload, "SPEED_GRACE_SECONDS", 0.2)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"a", "more_body": True}

    request = Request({"type": "http", "headers": []}, receive)
    with pytest.raises(InputProblem) as found:
        _ = [piece async for piece in upload.limited_body(Bounds(), request, 1000)]
    assert found.value.code == "upload_incomplete"
    assert "1024 bytes a second" in found.value.message


def test_a_file_of_no_bytes_is_taken_and_told(tmp_path: Path) -> None:
    """An empty file is a document like any other: its Result says zero_byte."""
    with served(tmp_path) as running:
        whole = part("file", b"", "empty.pdf") + part("target", TARGET.encode()) + b"--x--\r\n"
        head = FORM.replace(b"/v1/extractions", b"/v1/extractions?wait=100")
        status, said = sent(running, whole, head)
    assert status == 200
    assert [p["code"] for p in said["results"][0]["problems"]] == ["zero_byte"]
