"""The table from Problems to HTTP, and what the service's parts promise without a network."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from thresher.schemas.errors import CODES, InputProblem, JobProblem, ModelProblem, Problem, SetupProblem
from thresher.schemas.policy import Policy
from thresher.service.base.private_addresses import is_public
from thresher.service.server.api.app_state import AppState, Bounds, ServiceConfig
from thresher.service.server.api.auth import check_local
from thresher.service.server.api.files import tables
from thresher.service.server.api.multipart import parts, safe_file_name
from thresher.service.server.api.problems import OURS, STATUSES, answer
from thresher.service.server.api.request_validation import policy_of
from thresher.service.server.api.target_schema import schema_target
from thresher.service.server.api.upload import limited_body
from thresher.service.server.serve import ServeOptions, _is_keyless
from thresher.service.settings import Settings
from thresher.service.telemetry.masks import masked
from thresher.service.tenants.api_keys import is_usable_key, new_key
from thresher.service.tenants.webhook_signing import public_addresses_of


def tree(kind: type[Problem]) -> list[type[Problem]]:
    """A class of the tree of errors, and all below it."""
    return [kind, *(below for one in kind.__subclasses__() for below in tree(one))]


def test_every_code_of_the_tree_has_a_status() -> None:
    """No leaf is missing from the table, none is in it that is not in the tree, and each makes a response."""
    assert {InputProblem, ModelProblem, JobProblem, SetupProblem} <= set(tree(Problem))
    assert {code for kind in tree(Problem) for code in kind.codes} == set(STATUSES) == set(CODES)
    for kind in tree(Problem):
        for code in kind.codes:
            response = answer(kind(code, "something"))
            assert 400 <= response.status_code < 600
            body = json.loads(bytes(response.body))
            assert (body["code"], body["status"]) == (code, response.status_code)
            assert ("something" in body["detail"]) == (code not in OURS)


async def _pieces(body: bytes, size: int) -> object:
    for i in range(0, len(body), size):
        yield body[i : i + size]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_parts_come_whole_however_the_body_is_cut(size: int) -> None:
    """A body in pieces of any size gives the same parts."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="target"\r\n\r\ninvoice\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a/b.pdf"\r\n\r\n\r\n-\r\n--x--\r\n'
    )
    found: list[tuple[str, str | None, bytes]] = []
    async for part in parts(_pieces(body, size), 'multipart/form-data; boundary="x"'):  # type: ignore[arg-type]
        data = b"".join([d async for d in part.data])
        found += [(part.name, part.file, data)]
    assert found == [("target", None, b"invoice"), ("file", "b.pdf", b"\r\n-")]


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("text/plain", b"", "media_type_wrong"),
        ("multipart/form-data", b"", "media_type_wrong"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
            "upload_incomplete",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nX: y\r\n\r\nb\r\n--x--\r\n", "request_invalid"),
        ("multipart/form-data; boundary=x", b"nothing of the kind", "request_invalid"),
        ("multipart/form-data; boundary=" + "x" * 400, b"", "request_invalid"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 100, "request_invalid"),
    ],
)
async def test_a_malformed_body_is_a_problem(content_type: str, body: bytes, code: str) -> None:
    """No exception of the parser comes out as it is."""
    with pytest.raises(InputProblem, match=code):
        await _all(body, content_type)


async def _all(body: bytes, content_type: str) -> list[bytes]:
    found = parts(_pieces(body, 5), content_type)  # type: ignore[arg-type]
    return [data async for part in found async for data in part.data]


@pytest.mark.parametrize("last", [{"type": "http.disconnect"}, None])
async def test_an_upload_that_stands_still_or_is_cut_is_incomplete(last: dict[str, str] | None) -> None:
    """A client that sends nothing for too long is let go, as is one that hangs up."""
    said: list[dict[str, Any]] = [{"type": "http.request", "body": b"--x", "more_body": True}]

    async def receive() -> dict[str, Any]:
        if said:
            return said.pop()
        if last is None:
            await asyncio.sleep(60)
        return last or {}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(InputProblem, match="upload_incomplete"):
        _ = [piece async for piece in limited_body(Bounds(idle=0.05), request, 1000)]


def test_names_are_shown_without_folders_and_controls() -> None:
    """What a caller calls a file can not be a path, hide its end or break a line."""
    assert safe_file_name("a\u202efdp.exe") == "afdp.exe"
    assert safe_file_name("..\\..\\x\ny.txt") == "xy.txt"
    assert len(safe_file_name("x" * 1000)) == 255


def test_a_key_fits_itself_alone_and_never_shows() -> None:
    """Revoked, expired, altered and made-up keys do not fit; neither repr nor a log line shows a secret."""
    text, kept = new_key("acme", 0.0, expires=10.0)
    assert is_usable_key(text, kept, 5.0)
    assert not is_usable_key(text, kept, 11.0)
    assert not is_usable_key(text, kept.model_copy(update={"revoked": 1.0}), 5.0)
    assert not is_usable_key(text[:-1] + ("A" if text[-1] != "A" else "B"), kept, 5.0)
    assert not any(is_usable_key(other, one, 5.0) for other, one in (("", kept), (text, None), ("thr_", None)))
    secret = text.split("_", 2)[2]
    assert secret not in masked(f"Bearer {text}")
    assert kept.digest not in repr(kept)


@pytest.mark.parametrize(
    "pattern", ["^[A-Z]{2}[0-9]{2}$", r"^\d+(\.\d{2})?$", "^(GBP|EUR)$", "[a-z]+@[a-z]+", "(a+)+$"]
)
def test_usual_patterns_are_taken(pattern: str) -> None:
    """Patterns as real schemas have them; those that only backtracking would make dear too."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    assert schema_target(json.dumps(schema)) is not None


def test_a_schema_travels_with_its_fingerprint() -> None:
    """What a worker makes of the schema that travels is the target that was judged here."""
    asked = schema_target('{"type":"object","properties":{"a":{"type":"string"}}}', "mine")
    assert schema_target(json.dumps(asked.json_schema)).fingerprint == asked.fingerprint


def test_a_caller_chooses_within_what_the_operator_allows() -> None:
    """The operator's choices stand where a caller says nothing, and can not be raised."""
    offer = ServiceConfig(policy=Policy(model="a", max_cost=1.0, concurrency=3), models=("b",))
    chosen = policy_of('{"model": "b", "stance": "recall", "read": {"ocr": "off"}, "max_cost": 0.5}', offer)
    assert (chosen.model, chosen.stance, chosen.read.ocr, chosen.max_cost, chosen.concurrency) == (
        "b", "recall", "off", 0.5, 3,
    )  # fmt: skip
    for body in ('{"max_cost": 2}', '{"max_cost": null}', '{"timeout": 1}', '{"model": null}', '{"read": 3}'):
        with pytest.raises(InputProblem, match="policy_invalid"):
            policy_of(body, offer)


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("number", PRIVATE)
def test_no_address_of_our_own_network_is_public(number: str) -> None:
    """Whatever it is dressed as."""
    assert not is_public(number)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost:80/", "ftp://1.1.1.1/",
        "http:///x", "http://u:p@1.1.1.1/", "file:///etc/passwd", "x", "http://1.1.1.1:99999/", "http://1.1.1.1/ x",
    ],
)  # fmt: skip
async def test_a_webhook_goes_to_no_such_address(url: str) -> None:
    """Loopback however it is written, other schemes, credentials, nonsense."""
    with pytest.raises(InputProblem, match="address_refused"):
        await public_addresses_of(url)


async def test_names_that_are_never_answered_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant's name server that is silent takes neither the event loop's threads nor another tenant's look-ups."""
    answered = threading.Event()

    def silent(host: str, *_: object, **__: object) -> list[Any]:
        if host == "slow.example":
            answered.wait(20)
        return [(2, 1, 6, "", ("93.184.216.34", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    evil = [asyncio.create_task(public_addresses_of("http://slow.example/", tenant="evil")) for _ in range(70)]
    try:
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
            assert await asyncio.to_thread(int) == 0
            assert await public_addresses_of("http://good.example/", tenant="good") == ["93.184.216.34"]
    finally:
        answered.set()
    assert [await one for one in evil] == [["93.184.216.34"]] * 70


async def test_tables_of_one_tenant_leave_a_place_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many exports a tenant asks for, one is made at a time, and another tenant's is made meanwhile."""
    begun, first, go_on = list[str](), asyncio.Event(), asyncio.Event()

    async def slow(parts: Any, job: Any, *_: Any, **__: Any) -> list[Any]:
        del parts
        begun.append(job.tenant)
        first.set()
        if job.tenant == "evil":
            await go_on.wait()
        return []

    monkeypatch.setattr(tables, "write_tables", slow)
    (turns,) = (one for one in fields(AppState) if one.name == "table_turns")
    made_turns: Any = turns.default_factory
    state: Any = SimpleNamespace(table_turns=made_turns())

    async def made(tenant: str) -> None:
        job: Any = SimpleNamespace(tenant=tenant, id="j")
        async with tables.TableFile(state, job, "csv", "", bom=False)._made():
            return

    evil = [asyncio.create_task(made("evil")) for _ in range(4)]
    try:
        async with asyncio.timeout(5):
            await first.wait()
            await made("good")
    finally:
        go_on.set()
        await asyncio.gather(*evil)
    assert begun == ["evil", "good", "evil", "evil", "evil"]


@pytest.mark.parametrize(
    ("headers", "version", "local"),
    [
        ({}, "1.1", True),
        ({"x-request-id": "a"}, "1.1", True),
        ({}, "1.0", False),  # nginx, which asks for the address that it was given, and adds nothing
        ({"x-forwarded-for": "203.0.113.7"}, "1.1", False),
        ({"forwarded": "for=203.0.113.7"}, "1.1", False),
        ({"via": "1.1 proxy"}, "1.1", False),
        ({"x-real-ip": "203.0.113.7"}, "1.1", False),
    ],
)
def test_who_comes_through_a_proxy_is_not_local(headers: dict[str, str], version: str, *, local: bool) -> None:
    """A proxy on this machine asks for it by its loopback name: without a key it would let anybody in."""
    sent = [(b"host", b"127.0.0.1:8080"), *((name.encode(), value.encode()) for name, value in headers.items())]
    request = Request({"type": "http", "method": "GET", "http_version": version, "headers": sent})
    if local:
        check_local(request)
    else:
        with pytest.raises(InputProblem, match="a proxy passed this on"):
            check_local(request)


@pytest.mark.parametrize(
    ("headers", "local"),
    [
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),  # typed
        ({"origin": "http://127.0.0.1:3000"}, False),  # another server of this machine
        ({"origin": "http://localhost:8080"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://[::1"}, False),
        ({"sec-fetch-site": "same-site"}, False),  # a picture in a page of another port, which has no Origin
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_without_a_key_only_the_own_pages_may_ask(headers: dict[str, str], *, local: bool) -> None:
    """A page that a browser shows must not read, change or cost anything here, wherever it comes from."""
    sent = [(b"host", b"127.0.0.1:8080"), *((name.encode(), value.encode()) for name, value in headers.items())]
    request = Request({"type": "http", "method": "GET", "http_version": "1.1", "headers": sent})
    if local:
        check_local(request)
    else:
        with pytest.raises(InputProblem, match="pages from elsewhere"):
            check_local(request)


def test_a_key_can_be_asked_for_on_loopback_too(tmp_path: Path) -> None:
    """Behind a proxy that hides itself nothing else tells who is local."""
    chosen = ServeOptions(data=tmp_path, settings=Settings(home=tmp_path))
    assert (_is_keyless(chosen), _is_keyless(replace(chosen, require_key=True))) == (True, False)
    assert not _is_keyless(replace(chosen, host="0.0.0.0"))
