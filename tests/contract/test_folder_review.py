"""A folder of Results under review: pages as pictures, passages as text, corrections as typed, cases that load."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.pdf_maker import Page, Pdf
from thresher.schemas.errors import InputProblem
from thresher.schemas.extraction import Evidence
from thresher.schemas.numbers import Number
from thresher.schemas.result import AnyResult, Reason, Result, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.service.cli.results.review import checked_folder
from thresher.service.exports.reviewed_results import events_by_name
from thresher.service.readers.pool import ReaderPool
from thresher.service.reviews.applying import apply_corrections
from thresher.service.runs.exports import Folder
from thresher.service.scorecard.cases import load_cases
from thresher.service.server.folder_review import FolderReview, ReviewTokens, folder_application, opened_review_service
from thresher.service.storage.run_inputs import RunInputs, save_inputs
from thresher.service.targets.loading import load_target

SCHEMA = {
    "title": "Order",
    "type": "object",
    "properties": {"number": {"type": "string"}, "total": {"type": ["number", "null"]}},
    "required": ["number", "total"],
}
TARGET = load_target(SCHEMA)
TOKEN = "t" * 43
KNOWN = {"Authorization": f"Bearer {TOKEN}"}
BOX = (100.0, 200.0, 160.0, 212.0)  # points, from the top left: a black bar stands there on each page
BAR = f"0 g {BOX[0]} {792 - BOX[3]} {BOX[2] - BOX[0]} {BOX[3] - BOX[1]} re f\n"
PDF = Pdf().write([Page(f"{BAR}BT /F 12 Tf 72 700 Td (Order {n} total 42.00) Tj ET") for n in (1, 2, 3)])
MAIL_TEXT = "Dear all,\n\nwe order 24 oars at 86.50 each.\n"


def mail() -> bytes:
    """A mail with the PDF attached."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.org", "b@example.org", "Order 4711"
    made.set_content(MAIL_TEXT)
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="order.pdf")
    return made.as_bytes()


def scan() -> bytes:
    """A TIFF of two pages at 144 dots an inch, the second with a grey field."""
    pages = [Image.new("L", (400, 600), 255), Image.new("L", (400, 600), 128)]
    data = io.BytesIO()
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:], dpi=(144, 144))
    return data.getvalue()


def result(name: str, body: bytes, kind: str, pages: int, **more: Any) -> Result[Any]:
    """A Result with a doubtful total, as a run would write it."""
    sizes = more.pop("page_sizes", [(612.0, 792.0)] * pages)
    facts = {"path": name, "sha256": hashlib.sha256(body).hexdigest(), "media_type": kind, "page_sizes": sizes}
    found = Evidence(path="/total", quote="42.00", start=14, end=19, page=1, boxes=(BOX,))
    return AnyResult(
        source=SourceFacts(**facts, **more.pop("facts", {})),
        target=TargetFacts(name="Order", fingerprint=TARGET.fingerprint),
        status="partial",
        reasons=[Reason(code="unsure", path="/total", message="may be wrong")],
        **{"values": {"number": "4711", "total": Number("42.00")}, "evidence": [found], **more},
    )


def files(folder: Path) -> None:
    """Write originals and Results, one of whose originals is gone."""
    given, out = folder / "in", Folder(folder / "out")
    given.mkdir()
    held = {"a.pdf": PDF, "b.eml": mail(), "c.tif": scan(), "d.pdf": PDF}
    for name, body in held.items():
        (given / name).write_bytes(body)
    facts = {"media_type": "application/pdf", "page_sizes": [(612.0, 792.0)] * 3}
    attached = SourceFacts(path="b.eml!/1-order.pdf", sha256=hashlib.sha256(PDF).hexdigest(), **facts)
    quote = "we order 24 oars at 86.50 each."
    start = len("From: a@example.org\nTo: b@example.org\nSubject: Order 4711\n")
    seen = Evidence(path="/number", quote=quote, start=start, end=start + len(quote))
    made = [
        result("a.pdf", PDF, "application/pdf", 3),
        result("b.eml", held["b.eml"], "message/rfc822", 0, sources=[attached], evidence=[seen]),
        result("c.tif", held["c.tif"], "image/tiff", 2, page_sizes=[(200.0, 300.0)] * 2),
        result("d.pdf!p2-3", PDF, "application/pdf", 2, facts={"relation": "part", "page_range": (2, 3)}),
        result("gone.pdf", b"?", "application/pdf", 1),
    ]
    for one in made:
        out.write(one.source.path, one)
    save_inputs(folder / "out", RunInputs().added([given], [TARGET], RunInputs().read))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with originals in `in` and Results in `out`."""
    files(tmp_path)
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the review, and the numbers of its documents by name."""
    asked = FolderReview(folder=folder / "out", person="Ada", cases=folder / "cases")
    async with opened_review_service(asked) as review_service:
        transport = httpx.ASGITransport(folder_application(review_service, "Ada", ReviewTokens(TOKEN)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1", headers=KNOWN) as made:
            yield made


async def numbers(client: httpx.AsyncClient) -> dict[str, int]:
    """Numbers of the documents by name."""
    listed = (await client.get("/v1/reviews/folder")).json()
    return {d["name"]: d["number"] for d in listed["documents"]}


async def picture(client: httpx.AsyncClient, address: str, scale: float) -> np.ndarray[Any, Any]:
    """The pixels of a page's picture, grey."""
    answer = await client.get(f"{address}&scale={scale}")
    assert answer.status_code == 200, answer.text
    assert "immutable" in answer.headers["cache-control"]
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))


async def test_boxes_are_where_the_pictures_show_them(client: httpx.AsyncClient) -> None:
    """At 100 % and at 200 %, of a file, of an attachment and of a packet's part: off by less than two pixels."""
    known = await numbers(client)
    for name, page in (("a.pdf", 0), ("b.eml", 2), ("d.pdf!p2-3", 1)):
        shown = (await client.get(f"/v1/reviews/folder/{known[name]}")).json()
        place = shown["pages"][page]
        for scale in (1.0, 2.0):
            pixels = await picture(client, place["picture"], scale)
            assert pixels.shape == (round(792 * scale), round(612 * scale))
            rows, columns = np.nonzero(pixels[int(150 * scale) :, :] < 128)
            found = [columns.min(), rows.min() + int(150 * scale), columns.max() + 1, rows.max() + 1 + int(150 * scale)]
            assert all(abs(f - b * scale) < 2 for f, b in zip(found, BOX, strict=True)), found
    part = (await client.get(f"/v1/reviews/folder/{known['d.pdf!p2-3']}")).json()
    assert [p["page"] for p in part["pages"]] == [2, 3]


async def test_an_image_is_drawn_at_its_own_size(client: httpx.AsyncClient) -> None:
    """A scan of two pages at 144 dots an inch: points are half its pixels, each page its own picture."""
    known = await numbers(client)
    pages = (await client.get(f"/v1/reviews/folder/{known['c.tif']}")).json()["pages"]
    second = await picture(client, pages[1]["picture"], 1.0)
    assert (second.shape, int(second.mean())) == ((300, 200), 128)
    assert (await picture(client, pages[0]["picture"], 2.0)).shape == (600, 400)


async def test_what_is_not_there_is_told_and_the_rest_works(client: httpx.AsyncClient) -> None:
    """A missing original, a page beyond the last, a source or Result that nobody knows: each its own Problem."""
    known = await numbers(client)
    gone, here = known["gone.pdf"], known["a.pdf"]
    wanted = {
        f"{gone}/picture?page=1": (404, "original_missing"),
        f"{here}/picture?page=9": (404, "not_found"),
        f"{here}/picture?page=1&source=x": (404, "not_found"),
        f"{known['b.eml']}/picture?page=1": (422, "unsupported_type"),
        f"{here}/picture?page=1&scale=9": (422, "field_invalid"),
        "99": (404, "not_found"),
    }
    for address, told in wanted.items():
        answer = await client.get(f"/v1/reviews/folder/{address}")
        assert (answer.status_code, answer.json()["code"]) == told, address
    shown = (await client.get(f"/v1/reviews/folder/{gone}")).json()
    assert (shown["fields_total"], shown["first_doubtful"]) == (2, 1)
    assert (await client.get("/v1/reviews/other")).status_code == 404


async def test_a_passage_of_a_mail_is_shown_where_its_quote_stands(client: httpx.AsyncClient) -> None:
    """Though the text, read anew, begins elsewhere than the Result says."""
    number = (await numbers(client))["b.eml"]
    field = (await client.get(f"/v1/reviews/folder/{number}")).json()["fields"][0]
    span = {"start": field["evidence"][0]["start"], "end": field["evidence"][0]["end"], "around": 5}
    passage = (await client.get(f"/v1/reviews/folder/{number}/text", params=span)).json()
    start, end = passage["start"] - passage["from"], passage["end"] - passage["from"]
    assert passage["text"][start:end] == field["evidence"][0]["quote"]


async def test_a_correction_is_kept_as_typed_and_the_result_shows_it(client: httpx.AsyncClient, folder: Path) -> None:
    """From the German number to the Result with a person's value, its chain whole, and a case that the scorecard loads."""
    number = (await numbers(client))["a.pdf"]
    here = f"/v1/reviews/folder/{number}"
    unclear = await client.post(f"{here}/corrections", json={"path": "/total", "action": "edit", "value": "1.204"})
    assert (unclear.status_code, unclear.json()["code"]) == (422, "value_not_understood")
    asked = {"path": "/total", "action": "edit", "value": "1.204,50", "note": "page 2"}
    done = await client.post(f"{here}/corrections", json=asked)
    assert done.status_code == 200, done.text
    assert '"value":1204.50,"shown":"1204.50","method":"corrected"' in done.text
    again = await client.post(f"{here}/corrections", json=asked)
    assert again.json()["head"] == done.json()["head"]
    await client.post(f"{here}/corrections", json={"path": "/number", "action": "accept", "head": done.json()["head"]})
    review = (await client.post(f"{here}/decision", json={"state": "accepted"})).json()
    assert (review["state"], review["by"]) == ("accepted", "Ada")
    chain = (await client.get(f"{here}/events")).json()
    assert (chain["right"], [e["action"] for e in chain["events"]]) == (True, ["edit", "accept", "accepted"])
    assert chain["events"][0]["machine"]["evidence"][0]["quote"] == "42.00"
    machine = Folder(folder / "out").read("a.pdf.json")
    assert machine is not None
    final = apply_corrections(machine, (await asyncio.to_thread(events_by_name, folder / "out"))["a.pdf.json"], TARGET)
    assert (str(final.values["total"]), final.valid, final.status) == ("1204.50", True, "partial")
    listed = (await client.get("/v1/reviews/folder?state=accepted")).json()
    assert [(d["name"], d["doubtful"]) for d in listed["documents"]] == [("a.pdf", 0)]
    name = (await client.post(f"{here}/case")).json()["case"]
    case = load_cases(folder / "cases", lambda spec, base: load_target(spec, base=base))[0]
    assert (case.name, case.source.read_bytes() == PDF) == (name, True)
    assert case.expected == {"number": "4711", "total": 1204.5}
    assert "1204.50" in (folder / "cases" / name / "expected.json").read_text()


async def test_a_case_is_packed_apart_from_the_requests_of_others(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document of hundreds of megabytes is neither read into memory nor packed in the event loop."""
    here = f"/v1/reviews/folder/{(await numbers(client))['a.pdf']}"
    await client.post(f"{here}/corrections", json={"path": "/total", "action": "accept"})
    packed_by, write = list[str](), zipfile.ZipFile.write

    def seen(made: zipfile.ZipFile, file: Path, name: str) -> None:
        packed_by.append(threading.current_thread().name)
        write(made, file, name)

    monkeypatch.setattr(zipfile.ZipFile, "write", seen)
    answer = await client.get(f"{here}/case.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        assert next(made.read(n) for n in made.namelist() if n.endswith("source.pdf")) == PDF
    assert packed_by, "the document was read into memory"
    assert packed_by != ["MainThread"]


async def test_a_part_of_a_packet_becomes_a_case_of_its_pages(client: httpx.AsyncClient, folder: Path) -> None:
    """Only its own pages are the case's document; what nobody judged is not in its truth."""
    number = (await numbers(client))["d.pdf!p2-3"]
    here = f"/v1/reviews/folder/{number}"
    early = await client.post(f"{here}/case")
    assert (early.status_code, early.json()["code"]) == (422, "case_invalid")
    await client.post(f"{here}/corrections", json={"path": "/total", "action": "absent"})
    name = (await client.post(f"{here}/case")).json()["case"]
    made = folder / "cases" / name
    assert json.loads((made / "expected.json").read_text()) == {"total": None}
    assert (made / "source.pdf").read_bytes().count(b"/Type /Page\n") == 2


async def test_bad_requests_are_refused_by_name(client: httpx.AsyncClient) -> None:
    """Unknown fields, wrong types, too much, a path that is none, another media type, another origin."""
    here = f"/v1/reviews/folder/{(await numbers(client))['c.tif']}"
    bodies: list[tuple[Any, int]] = [
        ({"path": "/total", "action": "edit", "value": 1, "who": "me"}, 422),
        ({"path": "/total", "action": "steal"}, 422),
        ({"path": "total", "action": "accept"}, 422),
        ({"path": "/total", "action": "edit", "value": [1]}, 422),
        ({"path": "/total", "action": "undo"}, 422),
        ({"path": "/total", "action": "edit", "value": "x" * 70_000}, 413),
    ]
    for body, status in bodies:
        assert (await client.post(f"{here}/corrections", json=body)).status_code == status, body
    broken = {"content": b"{", "headers": {"content-type": "application/json"}}
    assert (await client.post(f"{here}/corrections", **broken)).status_code == 400  # type: ignore[arg-type]
    assert (await client.post(f"{here}/corrections", content=b"{}")).status_code == 415
    foreign = {"origin": "https://example.org"}
    assert (await client.post(f"{here}/claim", headers=foreign)).status_code == 403
    assert (await client.get(f"{here}/events")).json() == {"events": [], "right": True}


async def test_a_picture_is_drawn_once(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it comes from memory, whoever asks."""
    calls: list[object] = []
    real = ReaderPool.call

    async def counted(self: ReaderPool, *given: Any) -> Any:
        calls.extend(one for one in given if isinstance(one, partial))  # not the loading of libraries
        return await real(self, *given)

    monkeypatch.setattr(ReaderPool, "call", counted)
    here = f"/v1/reviews/folder/{(await numbers(client))['a.pdf']}/picture?page=3"
    first, *others = await asyncio.gather(*(client.get(here) for _ in range(4)))
    assert {o.content for o in others} == {first.content}
    assert len(calls) == 1


def test_a_folder_without_results_is_refused_by_name(folder: Path) -> None:
    """Before anything is served: the message says how Results are made."""
    assert checked_folder(folder / "out").is_absolute()
    for wrong in (folder / "in", folder / "none"):
        with pytest.raises(InputProblem, match="Results"):
            checked_folder(wrong)


async def test_a_result_of_a_stranger_names_no_code(tmp_path: Path) -> None:
    """A Result names its target: ready-made ones are looked up, files and modules never run."""
    code, ran = tmp_path / "evil.py", tmp_path / "ran"
    code.write_text(
        f"open({str(ran)!r}, 'w')\nfrom pydantic import BaseModel\nclass Order(BaseModel):\n    number: str\n"
    )
    out = Folder(tmp_path / "out")
    for name in (str(code), f"{code}:Order", "evil:Order"):
        made = result("a.pdf", PDF, "application/pdf", 3)
        out.write(f"{len(name)}.pdf", made.model_copy(update={"target": TargetFacts(name=name, fingerprint="0" * 16)}))
    asked = FolderReview(folder=tmp_path / "out", person="Ada", cases=tmp_path / "cases")
    async with opened_review_service(asked) as review_service:
        transport = httpx.ASGITransport(folder_application(review_service, "Ada", ReviewTokens(TOKEN)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1", headers=KNOWN) as client:
            listed = (await client.get("/v1/reviews/folder")).json()["documents"]
            shown = [(await client.get(f"/v1/reviews/folder/{one['number']}")).status_code for one in listed]
    assert (shown, ran.exists()) == ([200] * 3, False)


@pytest.mark.parametrize("path", ["/lines/²/a", "/a" * 900, "/number" + "/x" * 64])
async def test_a_correction_of_an_odd_path_breaks_nothing(tmp_path: Path, path: str) -> None:
    """The Result can be looked at after it: what is too deep to be read again is refused, odd digits are keys."""
    made = result("a.pdf", PDF, "application/pdf", 3, values={"number": "4711", "lines": [{"a": "x"}]})
    Folder(tmp_path / "out").write("a.pdf", made)
    asked = FolderReview(folder=tmp_path / "out", person="Ada", cases=tmp_path / "cases")
    async with opened_review_service(asked) as review_service:
        transport = httpx.ASGITransport(folder_application(review_service, "Ada", ReviewTokens(TOKEN)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1", headers=KNOWN) as client:
            said = {"path": path, "action": "edit", "value": "1", "head": ""}
            assert (await client.post("/v1/reviews/folder/0/corrections", json=said)).status_code in {200, 422}
            assert (await client.get("/v1/reviews/folder/0")).status_code == 200


async def test_only_who_knows_the_token_may_review(folder: Path) -> None:
    """Another user of this machine reaches the port, too: without the printed address nothing is shown or changed."""
    asked = FolderReview(folder=folder / "out", person="Ada", cases=folder / "cases")
    async with opened_review_service(asked) as review_service:
        tokens = ReviewTokens()
        transport = httpx.ASGITransport(folder_application(review_service, "Ada", tokens))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
            for path in ("/v1/session", "/v1/reviews/folder", "/v1/reviews/folder/0/picture?page=1"):
                assert (await client.get(path)).status_code == 403
            assert (await client.get(f"/?token={'x' * 43}")).cookies == {}
            assert (await client.get("/v1/session", headers={"Authorization": "Bearer x"})).status_code == 403
            let_in = await client.get(f"/?token={tokens.once}")
            assert (let_in.status_code, let_in.headers["location"]) == (303, "/review/folder")
            assert {"HttpOnly", "SameSite=strict"} <= set(let_in.headers["set-cookie"].split("; "))
            listed = await client.get("/v1/reviews/folder")
            assert listed.status_code == 200
            assert listed.headers["cross-origin-resource-policy"] == "same-origin"
            client.cookies.clear()
            assert (await client.get(f"/?token={tokens.once}")).cookies == {}  # it has worked once
            assert (await client.get(f"/?token={tokens.token}")).cookies != {}
