"""A Python developer's walk: a script with an own model and an own server over HTTP, evidence, page pictures, a notebook's cell.

What they stumbled over, and what was mended: docs/measurements/walks.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.journey.serving import ROOT
from tests.simulation.generator.make import generate
from tests.simulation.generator.pdf import as_pdf
from tests.simulation.reader.faults import NAMED
from tests.simulation.reader.reader import Reader
from tests.simulation.reader.server import ReaderServer

ROWS = 12
SCRIPT = """
import asyncio, json, sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field
from thresher import Problem, aextract, aextract_many, extract


class Transaction(BaseModel):
    day: date = Field(alias="date", description="Booking date")
    description: str
    amount: Decimal = Field(description="Amount with its sign")


class Statement(BaseModel):
    account: str = Field(description="Account number")
    transactions: list[Transaction]


server = {"model": "openai/mine", "base_url": sys.argv[1]}
result = extract("1.pdf", Statement, **server)
page = result.pages[0]
Path("page.png").write_bytes(page.image(scale=1.0))
result.show().save("shown.html")


async def notebook():
    cell = (await aextract("1.pdf", Statement, **server)).show()._repr_html_()
    many = [r.status async for r in aextract_many(["1.pdf", "2.pdf", "missing.pdf"], Statement, **server)]
    return cell, sorted(many)


cell, many = asyncio.run(notebook())
told = []
for wrong in ({"model": "mine"}, {"base_url": sys.argv[1].removeprefix("http://")}):
    try:
        extract("1.pdf", Statement, **{**server, **wrong})
    except Problem as problem:
        told.append(str(problem))
print(json.dumps({
    "status": result.status,
    "account": result.data.account,
    "amounts": [float(t.amount) for t in result.data.transactions],
    "quotes": [[e.quote for e in result.evidence_of(f"/transactions/{i}/amount")] for i in range(2)],
    "boxes": [e.page for e in result.evidence if e.boxes],
    "size": [page.width, page.height],
    "cell": "srcdoc" in cell,
    "many": many,
    "told": told,
}))
"""


async def run(folder: Path, address: str) -> dict[str, object]:
    """Run the script in a folder, without any key; return what it printed."""
    (folder / "script.py").write_text(SCRIPT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "script.py", address,
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    told: dict[str, object] = json.loads(out)
    return told


@pytest.mark.usefixtures("home")
async def test_a_developer_gets_typed_values_with_evidence_from_an_own_server(tmp_path: Path) -> None:
    """No key is set, for the server wants none; a bare model name and an address without http say what to write."""
    made = [generate("statement", ROWS, seed) for seed in (31, 33)]
    for number, one in enumerate(made, 1):
        (tmp_path / f"{number}.pdf").write_bytes(as_pdf(one))
    async with ReaderServer(Reader(NAMED["perfect"], 0, 1000)) as server:
        told = await run(tmp_path, server.base)
    records = made[0].truth["bookings"]
    assert (told["status"], told["account"]) == ("complete", made[0].truth["account"])
    assert told["amounts"] == [r["amount"] for r in records]
    assert all(len(quotes) == 1 for quotes in told["quotes"])  # type: ignore[attr-defined]
    assert len(told["boxes"]) == 3 * ROWS + 1  # type: ignore[arg-type]
    assert (told["size"], told["cell"], told["many"]) == ([612.0, 792.0], True, ["complete", "complete", "failed"])
    assert "openai/mine" in told["told"][0]  # type: ignore[index]
    assert "http://" in told["told"][1]  # type: ignore[index]
    picture = (tmp_path / "page.png").read_bytes()
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (612, 792)
    shown = (tmp_path / "shown.html").read_text()
    assert (shown.count("data:image/"), "<script" in shown) == (1, False)
