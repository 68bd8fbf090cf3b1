"""Measure reviews: two people at once through a service that is killed; pictures of pages; the first doubtful field.

    python -m bench.reviews people [--documents 50] [--kills 5]
    python -m bench.reviews pictures FILE...
    python -m bench.reviews first [--pages 100] [--rows 1200]

`people` says what was lost or is there twice, and whether each chain is whole. `pictures` draws every page of some files
in a drawing process, at 1.5 pixels a point (108 dots an inch), none from memory, and
once more in this process for its CPU time, which a busy machine does not stretch. `first` is what a page waits for after it
is opened: the Result with its first fields, and the picture of the page of the first doubtful one, from a fresh
`thresher review` each time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.journey.serving import ROOT, TARGET, command, free_port, kill, order, served
from tests.pdf_maker import Page, Pdf
from tests.simulation.two_reviewers import Person, at_once, make_keys, wrong
from thresher.schemas.extraction import Evidence
from thresher.schemas.policy import ReadOptions
from thresher.schemas.result import AnyResult, Reason, Result, TargetFacts
from thresher.schemas.source import Source, SourceFacts
from thresher.service.base.temp_folder import temp_folder
from thresher.service.pages.drawing import draw_page, load_libraries
from thresher.service.pages.page_pictures import PageViews
from thresher.service.readers.base import Spool
from thresher.service.readers.pool import ReaderPool
from thresher.service.readers.sources import make_source
from thresher.service.runs.exports import Folder
from thresher.service.storage.run_inputs import RunInputs, save_inputs

SCALE = 1.5  # pixels a point
REQUESTS_PER_DOCUMENT = 8  # of both people: enough to spread the kills over the work
TIMES = 10  # fresh openings, for a median


def people(documents: int, kills: int) -> int:
    """Review with two people and kill the service; return how many things were wrong."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder, begun = Path(temporary), time.monotonic()
        keys = make_keys(folder / "data", {"Ada": "acme", "Bo": "acme"})
        now = [stack.enter_context(served(folder, most=documents + 2))]
        with now[-1].client(keys["Ada"]) as client:
            files = [("file", (f"{n}.txt", order(n))) for n in range(1, documents + 1)]
            made = client.post("/v1/extractions", params={"wait": 300}, files=files, data={"target": TARGET})
            job = made.json()["id"]
        staff = [
            Person("Ada", keys["Ada"], "/number", lambda n: f"A-{n}", lambda: now[-1].url, decides=True),
            Person("Bo", keys["Bo"], "/buyer", lambda n: f"Buyer {n}", lambda: now[-1].url),
        ]
        numbers = list(range(documents))
        working = at_once(staff, job, numbers)
        for n in range(1, kills + 1):
            while any(t.is_alive() for t in working) and _answered(staff) < n * documents * REQUESTS_PER_DOCUMENT // (
                kills + 1
            ):
                time.sleep(0.005)
            alive = sum(t.is_alive() for t in working)
            kill(now[-1])
            print(f"killed after {_answered(staff)} answers, {alive} people at work")
            now.append(stack.enter_context(served(folder, most=documents + 2)))
        for thread in working:
            thread.join()
        with now[-1].client(keys["Bo"]) as client:
            faults = wrong(client, job, numbers, staff)
            counts = client.get(f"/v1/reviews/{job}").json()["counts"]
    resent, refused = sum(p.resent for p in staff), sum(p.refused for p in staff)
    print(f"{documents} documents, {kills} kills, {time.monotonic() - begun:.0f} s: {counts}")
    print(f"{_answered(staff)} answers, {resent} requests sent again, {refused} refused for the other's claim")
    print(*(faults or ["nothing lost, nothing twice, every chain right"]), sep="\n")
    return len(faults)


def _answered(staff: list[Person]) -> int:
    return sum(p.answered for p in staff)


async def pictures(files: list[Path]) -> None:
    """Draw every page of some files, and print the times."""
    with temp_folder() as folder:
        async with ReaderPool(folder / "spool", workers=1) as pool:
            await pool.begin()
            views = PageViews(pool, folder / "files")
            for file in files:
                await _drawn(views, pool, file)


async def _drawn(views: PageViews, pool: ReaderPool, file: Path) -> None:
    source = make_source(file)
    pages = len((await pool.read(source, ReadOptions(ocr="off"))).document.pages)
    took, sizes, cpu = [], [], []
    for page in range(1, pages + 1):
        begun = time.perf_counter()
        sizes.append(len(await views.picture(source, page, SCALE)))
        took.append((time.perf_counter() - begun) * 1000)
        cpu.append(_cpu(source, page))
    middle, most = statistics.median(took), max(took)
    kib = statistics.median(sizes) / 1024
    print(f"{file.name}: CPU median {statistics.median(cpu):.0f} ms, most {max(cpu):.0f} ms")
    print(
        f"{file.name}: {pages} pages, first {took[0]:.0f} ms, median {middle:.0f} ms, most {most:.0f} ms, {kib:.0f} KiB"
    )


def _cpu(source: Source, page: int) -> float:
    """Return the milliseconds of CPU of one page, drawn in this process once its libraries are loaded."""
    load_libraries(source, ReadOptions(), Spool(Path()))
    begun = time.process_time()
    draw_page(source, ReadOptions(), Spool(Path()), page=page, scale=SCALE)
    return (time.process_time() - begun) * 1000


def first(pages: int, rows: int) -> None:
    """Open a long Result afresh several times, and print the times."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _long(folder, pages, rows)
        took = [_opened(folder) for _ in range(TIMES)]
    for name, times in zip(("Result", "picture", "both"), zip(*took, strict=True), strict=True):
        print(f"{name}: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms, of {TIMES} openings")


def _long(folder: Path, pages: int, rows: int) -> None:
    """Write a PDF of many pages and its Result, whose first doubtful field is in the middle."""
    each = -(-rows // pages)
    body = Pdf().write([Page(_page_text(n, each)) for n in range(pages)])
    (folder / "in").mkdir()
    (folder / "in" / "long.pdf").write_bytes(body)
    lines = [{"item": f"Oar no. {i}", "amount": i} for i in range(rows)]
    result: Result[Any] = AnyResult(
        source=SourceFacts(
            path="long.pdf",
            sha256=hashlib.sha256(body).hexdigest(),
            media_type="application/pdf",
            pages=pages,
            page_sizes=[(612.0, 792.0)] * pages,
        ),
        target=TargetFacts(name="List", fingerprint="f"),
        status="partial",
        reasons=[Reason(code="unsure", path=f"/lines/{rows // 2}/amount", message="may be wrong")],
        values={"lines": lines},
        evidence=[
            Evidence(path=f"/lines/{i}/{key}", quote=str(v), start=i, end=i + 1, page=1 + i // each, boxes=((72.0, 72.0, 90.0, 84.0),))
            for i, line in enumerate(lines)
            for key, v in line.items()
        ],
    )  # fmt: skip
    Folder(folder / "out").write("long.pdf", result)
    save_inputs(folder / "out", RunInputs().added([folder / "in"], [], ReadOptions()))


def _page_text(page: int, each: int) -> str:
    rows = range(page * each, (page + 1) * each)
    return "".join(f"BT /F 9 Tf 72 {740 - 12 * n} Td (Oar no. {i} {i}.00) Tj ET\n" for n, i in enumerate(rows))


def _opened(folder: Path) -> tuple[float, float, float]:
    """Return the milliseconds of the Result, of the picture, and of both."""
    port = free_port()
    process = subprocess.Popen(command("review", folder / "out", "--port", port), cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            _await(client)
            begun = time.perf_counter()
            shown = client.get("/v1/reviews/folder/0").json()
            index = shown["first_doubtful"]
            if index >= len(shown["fields"]):
                asked = {"fields_from": index, "limit": 100}
                shown["fields"] = client.get("/v1/reviews/folder/0", params=asked).json()["fields"]
                index = 0
            page = shown["fields"][index]["evidence"][0]["page"]
            seen = time.perf_counter()
            client.get(f"{shown['pages'][page - 1]['picture']}&scale={SCALE}").raise_for_status()
            drawn = time.perf_counter()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    return (seen - begun) * 1000, (drawn - seen) * 1000, (drawn - begun) * 1000


def _await(client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            client.get("/v1/session")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    two = commands.add_parser("people")
    two.add_argument("--documents", type=int, default=50)
    two.add_argument("--kills", type=int, default=5)
    commands.add_parser("pictures").add_argument("files", nargs="+", type=Path)
    opened = commands.add_parser("first")
    opened.add_argument("--pages", type=int, default=100)
    opened.add_argument("--rows", type=int, default=1200)
    asked = parser.parse_args()
    if asked.what == "people":
        return min(people(asked.documents, asked.kills), 1)
    if asked.what == "pictures":
        asyncio.run(pictures(asked.files))
    else:
        first(asked.pages, asked.rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
