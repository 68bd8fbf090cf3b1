"""Tables and reports as files: opened again with other programs' libraries, within limits, safe from hostile text."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyarrow import parquet
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from tests.exported import DATA, doubtful, result, target
from thresher.schemas.errors import InputProblem
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import Reason, Result
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target
from thresher.service.exports.column_map import load_column_map
from thresher.service.exports.columns import layout_of
from thresher.service.exports.finished_results import LeftOut, find_results
from thresher.service.exports.report.document_html import DocumentView
from thresher.service.exports.report.evidence_places import Page
from thresher.service.exports.report.report_file import Report, write_report
from thresher.service.exports.reviewed_results import reviewed
from thresher.service.exports.rows import rows_of
from thresher.service.exports.target_fields import TargetFields
from thresher.service.exports.writing import Export, Format, export
from thresher.service.exports.xlsx_tables import XlsxTables
from thresher.service.runs.exports import Folder
from thresher.service.storage.run_inputs import RunInputs, save_inputs

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202egnp.exe"


def exported(out: Path, form: Format, *results: Result[Any], of: Target | None = None, **more: Any) -> list[Path]:
    """Write Results as tables."""
    fields = [TargetFields.of(of or target())]
    return export(map(reviewed, results), Export(out=out, form=form, targets=fields, **more))


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a sheet by the names in its heading."""
    head, *rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_a_workbook_has_types_marks_and_no_formulas(tmp_path: Path) -> None:
    """Dates, exact money and yes or no are that; doubtful cells have a colour; a text like a formula stays a text."""
    file = exported(tmp_path, "xlsx", doubtful(), left_out=[LeftOut("b.pdf", "refused", "password_protected: locked")])[
        0
    ]
    book = openpyxl.load_workbook(file)
    assert {c.data_type for s in book for row in s.iter_rows() for c in row} <= {"n", "s", "d", "b"}
    assert book.sheetnames == ["results", "lines", "lines.parts", "reasons", "about"]
    first, second = sheet(file, "results")
    assert (first["number"], first["day"], first["total"], first["paid"]) == ("=1+1", datetime(2024, 2, 29), 42, True)  # noqa: DTZ001 - as read
    assert first["sent"] == datetime(2024, 3, 4, 14, 5)  # noqa: DTZ001 - as read
    assert first["notes"] == 'more = "kept"; sent: time zone UTC+01:00'
    assert (second["source"], second["status"], second["reasons"]) == ("b.pdf", "refused", "password_protected: locked")
    cells = {c.value: c for c in book["results"][2]}
    assert cells[42].number_format == "0.00"
    assert (cells[42].fill.fgColor.rgb, cells["=1+1"].fill.fill_type) == ("FFFFF2CC", None)


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the clock is in a workbook."""
    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        made.append(exported(tmp_path / name, "xlsx", doubtful())[0].read_bytes())
    assert made[0] == made[1]


def test_what_excel_can_not_hold_goes_on_elsewhere(tmp_path: Path) -> None:
    """A long text in pieces on a sheet of its own, more rows than a sheet on a further sheet."""
    long = "x😀" * 20_000
    one, layout = (
        result(json.dumps({"number": long, "lines": [{"item": "i"}] * 7})),
        layout_of([TargetFields.of(target())]),
    )
    tables = XlsxTables(tmp_path / "r.xlsx", layout.tables, max_rows=4)
    for table, row in rows_of(reviewed(one), layout):
        tables.write(table, row)
    file = tables.close()[0]
    assert [len(sheet(file, n)) for n in ("lines", "lines (2)", "lines (3)")] == [3, 3, 1]
    assert "".join(r["text"] for r in sheet(file, "long texts")) == long
    assert sheet(file, "long texts")[0]["cell"] == "G2"


def test_csv_is_inert_and_marked_for_excel_on_request(tmp_path: Path) -> None:
    """Digits stay as they are, a formula gets a quote, and --bom begins the file with one."""
    exported(tmp_path, "csv", result(), bom=True)
    body = (tmp_path / "results.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    row = next(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert (row["number"], row["total"], row["ratio"], row["buyer.name"], row["tags"]) == (
        "'=1+1",
        "42.00",
        "0.50",
        "Zoë",
        "a; b",
    )


def test_parquet_has_the_types_of_the_target(tmp_path: Path) -> None:
    """Also where the data would say otherwise; what a type can not hold stands in the notes."""
    odd = '{"day": "soon", "total": "1.12345678901", "count": 99999999999999999999}'
    exported(tmp_path, "parquet", result(), result(odd))
    table = parquet.read_table(tmp_path / "results.parquet")
    kinds = {n: str(table.schema.field(n).type) for n in ("total", "day", "count", "paid", "ratio", "sent", "tags")}
    assert kinds == {"total": "decimal128(38, 10)", "day": "date32[day]", "count": "int64", "paid": "bool", "ratio": "double",
                     "sent": "timestamp[us]", "tags": "list<element: string>"}  # fmt: skip
    first, second = table.to_pylist()
    assert (first["total"], first["day"], first["tags"]) == (Decimal("42.0000000000"), date(2024, 2, 29), ["a", "b"])
    assert (second["day"], second["total"], second["count"]) == (None, None, None)
    assert all(told in second["notes"] for told in ('day = "soon": no date', 'total = "1.12345678901"', "count = 9999"))
    empty = parquet.read_table(tmp_path / "lines.parts.parquet").schema
    assert [str(empty.field(n).type) for n in ("row", "code")] == ["int64", "string"]


RECEIPT = {"title": "Receipt", "type": "object", "properties": {"shop": {"type": "string"}, "sum": {"type": "number"}}}


def test_a_map_of_columns_makes_one_table_of_several_targets(tmp_path: Path) -> None:
    """A row for each item of the mapped list, one for a document without; a wrong field is named with the nearest."""
    other, file = target(RECEIPT), tmp_path / "columns.toml"
    fields = [TargetFields.of(target()), TargetFields.of(other)]
    file.write_text(
        'Who = ["order.buyer.name", "receipt.shop"]\nItem = "order.lines.item"\nSum = ["order.total", "Receipt.sum"]\n'
    )
    columns = load_column_map(file, fields)
    both = map(reviewed, [result(), result('{"shop": "Kiosk", "sum": 2.50}', of=other)])
    export(both, Export(out=tmp_path, form="csv", targets=fields, columns=columns))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "results.csv").read_text())))
    assert [(r["Who"], r["Item"], r["Sum"], r["row"]) for r in rows] == [
        ("Zoë", "Lamp", "42.00", "1"), ("Zoë", "Desk", "42.00", "2"), ("Kiosk", "", "2.50", ""),
    ]  # fmt: skip
    file.write_text('Item = "order.lines.itm"\n')
    with pytest.raises(InputProblem, match=r"no field 'lines.itm'; did you mean 'lines.item'"):
        load_column_map(file, fields)


def test_a_folder_says_which_results_it_has_of_which_targets(tmp_path: Path) -> None:
    """Schemas come from what its run kept; damaged Results and files without one are named."""
    Folder(tmp_path).write("a.pdf", result())
    save_inputs(tmp_path, RunInputs().added([], [target()], RunInputs().read))
    (tmp_path / "torn.json").write_text('{"thresher": "0.2')
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "run.json").write_text('{"files": {"refused": ["c.pdf"], "no_target": ["d.txt"], "unfinished": 2}}')
    (tmp_path / "exceptions.jsonl").write_text('{"path": "c.pdf", "code": "zero_byte", "message": "empty"}\n{"pa')
    found = find_results(tmp_path)
    assert (found.names, found.damaged) == (("a.pdf.json",), ("torn.json",))
    assert not found.targets()[0].inferred
    assert [(x.source, x.status) for x in found.left_out()] == [
        ("c.pdf", "refused"), ("d.txt", "no target"), ("", "unfinished"), ("torn.json", "damaged"),
    ]  # fmt: skip


class Drawn:
    """Originals whose every page is a noisy picture, which no format makes small."""

    def __init__(self, text: str = "") -> None:
        """Draw the picture."""
        from PIL import Image

        self._text, made = text, io.BytesIO()
        Image.effect_noise((200, 260), 90).save(made, "PNG")
        self._page = made.getvalue()

    async def picture(self, view: DocumentView, page: Page) -> bytes | None:
        """The same for every page of the Result's own document."""
        return self._page if page[0] == view.result.source.path else None

    async def text(self, view: DocumentView, source: str) -> str | None:
        """The same for every source."""
        del view, source
        return self._text or None


def html(*results: Result[Any], originals: Drawn, max_bytes: int = 20_000_000) -> str:
    """The report of some Results."""
    parts: list[str] = []
    found = [reviewed(r) for r in results]
    report = Report(title="out", results=lambda: found, targets=[TargetFields.of(target())], max_bytes=max_bytes)
    asyncio.run(write_report(report.of(originals), parts.append))
    return "".join(parts)


@pytest.mark.parametrize(
    "said", ['{"files": {"unfinished": "10**9"}}', '{"files": {"refused": 7}}', "[]", "{", "[" * 9999]
)
def test_a_run_file_of_a_stranger_is_read_or_passed_over(tmp_path: Path, said: str) -> None:
    """It says what has no Result; whatever else stands in it, the tables are written."""
    (tmp_path / "run.json").write_text(said)
    assert find_results(tmp_path).left_out() == []


def test_a_report_frames_the_evidence_and_links_it_both_ways() -> None:
    """Each framed value has a link to its frame, and each frame one back; all targets of links are there."""
    page = HTMLParser(html(doubtful(), originals=Drawn()))
    links = [a.attributes["href"] or "" for a in page.css("a[href]")]
    ids = {n.attributes["id"] for n in page.css("[id]")}
    assert {"#e0-0", "#v0-0", "#e0-1", "#v0-1"} <= set(links)
    assert [link for link in links if link[1:] not in ids] == []
    box = page.css_first("#e0-0 rect")
    assert box is not None
    assert [box.attributes[n] for n in ("x", "y", "width", "height")] == ["8.5", "18.5", "33.0", "13.0"]


def test_hostile_text_is_shown_and_never_markup() -> None:
    """Names, values, quotes, reasons and passages stand there as text; the file may run and load nothing."""
    quote = Evidence(path="/number", quote=HOSTILE, start=0, end=len(HOSTILE))
    one = result(
        '{"number": "<b>x</b>", "zz": "<i>"}',
        status="partial",
        source=SourceFacts(path=f"{HOSTILE}.eml", sha256="0", media_type="message/rfc822"),
        reasons=[Reason(code="unsure", path="/number", message=HOSTILE)],
        evidence=[quote],
    )
    made = html(one, originals=Drawn(text=f"{HOSTILE} and more"))
    page = HTMLParser(made)
    assert not page.css("script, img, b, i, iframe, object, link, form")
    assert not [n for n in page.css("*") if any(a.startswith("on") or a == "style" for a in n.attributes)]
    policy = page.css_first("meta[http-equiv]")
    assert policy is not None
    assert "default-src 'none'" in (policy.attributes["content"] or "")
    mark = page.css_first("mark")
    assert mark is not None
    assert mark.text() == HOSTILE.replace("\u202e", "\\u202e")
    assert "\u202e" not in made


def test_a_report_stays_within_its_size_and_says_what_it_left_out() -> None:
    """Pictures get coarser, then fewer, the least doubtful first; then values of documents go."""
    pages = [
        Evidence(path="/number", quote="n", start=0, end=1, page=n, boxes=((1.0, 1.0, 9.0, 9.0),)) for n in range(1, 60)
    ]
    total = Evidence(path="/total", quote="42", start=2, end=4, page=30, boxes=((1.0, 1.0, 9.0, 9.0),))
    one = result(
        status="partial", evidence=[*pages, total], reasons=[Reason(code="unsure", path="/total", message="?")]
    )
    made = html(one, originals=Drawn(), max_bytes=400_000)
    assert len(made.encode()) <= 400_000
    assert "page pictures are coarser" in made
    assert "pages with the least doubtful values have no picture" in made
    assert ">page 30<" in made.replace("<bdi>", "").replace("</bdi>", "")
    many = html(*[result(DATA.replace("Lamp", "L" * 3000)) for _ in range(100)], originals=Drawn(), max_bytes=500_000)
    assert len(many.encode()) <= 500_000
    assert "documents, the least doubtful ones, are left out" in many
