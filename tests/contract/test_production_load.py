"""Productions loaded into a matter: as given, redacted and withheld documents closed, twice the same."""

from __future__ import annotations

import hashlib
import json
import operator
from collections import Counter
from pathlib import Path

import pytest

from tests.collection_imports import InlineUnits
from tests.simulation.discovery.productions import Recipe, Truth, make_production
from thresher.schemas.discovery.matter import MatterDocument, families
from thresher.schemas.errors import InputProblem, JobProblem
from thresher.service.discovery.collection.options import CollectionOptions
from thresher.service.discovery.custody.retrying import retry
from thresher.service.discovery.loadfiles.dat_writer import DatFormat, dat_bytes
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.apart import blocks_apart, streamed, validate_apart
from thresher.service.discovery.productions.findings import Finding
from thresher.service.discovery.productions.loading import Loaded, import_production
from thresher.service.discovery.productions.page_map import page_map
from thresher.service.discovery.productions.validation import Listeners, validate
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reconciliation.reconciling import reconcile

FAULTS = ("column_count", "missing_native", "native_for_redacted", "orphan", "missing_image", "bad_date")


def load(folder: Path, root: Path, options: LoadOptions | None = None) -> Loaded:
    """Load a production into the matter in a folder."""
    with Matter(folder) as matter:
        return import_production(matter, find_production(root), options or LoadOptions(), "")


def stored(folder: Path) -> tuple[list[MatterDocument], Counter[str]]:
    """The documents of a matter in order, and how often each exception code stands there."""
    with Matter(folder, writes=False) as matter:
        return list(matter.store.documents()), Counter(e.code for e in matter.store.exceptions())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, list[MatterDocument], Counter[str]]:
    """A production with faults, and what the matter holds of it."""
    folder = tmp_path_factory.mktemp("loaded")
    truth = make_production(folder / "ABC001", Recipe(documents=110, seed=5, faults=FAULTS))
    load(folder / "matter", folder / "ABC001")
    return truth, *stored(folder / "matter")


def test_documents_are_as_given(loaded: tuple[Truth, list[MatterDocument], Counter[str]]) -> None:
    """Bates numbers, families, people, subjects and unknown columns of every sound row, in the order of the load file."""
    truth, documents, _ = loaded
    bates = {document.id: document.bates_begin for document in documents}
    made = [document for document in truth.documents if len(document.row) and document.begin in bates.values()]
    assert len(made) == len(truth.documents) - 1
    by_begin = {document.bates_begin: document for document in documents}
    for true in made:
        document = by_begin[true.begin]
        assert (document.bates_end, document.subject) == (true.end, true.subject.replace("®", "\n"))
        assert bates.get(document.parent_id or "") == true.parent
        assert bates[document.family_id] == true.top
        assert document.to == ("Roe, Bo <bo@example.com>", "Al <al@example.com>")
        assert document.extra["DEAL TEAM"] == "Alpha"
        assert document.produced is not None
        assert document.produced.pages == tuple(true.pages)


def test_families_stand_together_and_parents_first(loaded: tuple[Truth, list[MatterDocument], Counter[str]]) -> None:
    """The order of the matter keeps families whole; sizes add up to all documents; one sort date a family."""
    _, documents, _ = loaded
    found = list(families(documents))
    assert sum(len(family.members) for family in found) == len(documents)
    assert len({family.id for family in found}) == len(found)
    for family in found:
        seen: set[str | None] = {None}
        for member in family.members:
            assert member.parent_id in seen
            seen.add(member.id)
        assert len({member.dates.sort.utc for member in family.members if member.dates.sort}) <= 1


def test_what_is_wrong_becomes_exceptions(loaded: tuple[Truth, list[MatterDocument], Counter[str]]) -> None:
    """Every finding of the first pass is an exception of the matter, and no more."""
    truth, _, exceptions = loaded
    assert exceptions == truth.findings


def test_redacted_and_withheld_documents_name_no_native(
    loaded: tuple[Truth, list[MatterDocument], Counter[str]],
) -> None:
    """What may be read of a redacted document is produced text and images; of a withheld one, nothing."""
    truth, documents, exceptions = loaded
    redacted = [document for document in documents if document.redacted]
    assert len(redacted) == sum(true.redacted for true in truth.documents)
    for document in redacted:
        assert document.produced is not None
        assert document.produced.native is None
        assert document.path.startswith("TEXT/")
        text = (truth.root / document.path).read_bytes()
        assert document.sha256 == hashlib.sha256(text).hexdigest()
    withheld = [document for document in documents if document.withheld]
    assert {(d.state, d.produced.text_from) for d in withheld if d.produced} == {("skipped", "none")}
    assert exceptions["native_for_redacted"] == 1


def test_a_second_load_changes_nothing_and_another_volume_no_id(tmp_path: Path) -> None:
    """Records are the same byte for byte; a further production adds its own."""
    make_production(tmp_path / "ABC001", Recipe(documents=20, faults=("orphan",)))
    first = load(tmp_path / "matter", tmp_path / "ABC001")
    before, _ = stored(tmp_path / "matter")
    again = load(tmp_path / "matter", tmp_path / "ABC001")
    assert (first.documents, again.documents, again.exceptions) == (len(before), 0, 0)
    make_production(tmp_path / "other" / "ABC001", Recipe(documents=5, seed=9))
    load(tmp_path / "matter", tmp_path / "other" / "ABC001")
    after, _ = stored(tmp_path / "matter")
    assert after[: len(before)] == before
    assert len({document.id for document in after}) == len(after)


def test_a_refused_production_changes_nothing(tmp_path: Path) -> None:
    """Ids that are there twice stop the import before anything is written."""
    make_production(tmp_path / "ABC001", Recipe(documents=20, faults=("duplicate_id",)))
    assert load(tmp_path / "matter", tmp_path / "ABC001").documents is None
    assert stored(tmp_path / "matter") == ([], Counter())


def test_dates_have_the_zone_of_the_production(tmp_path: Path) -> None:
    """The job names the zone, and the record says that it was assumed."""
    truth = make_production(tmp_path / "ABC001", Recipe(documents=6))
    load(tmp_path / "matter", tmp_path / "ABC001", LoadOptions(production_timezone="America/New_York"))
    documents, _ = stored(tmp_path / "matter")
    sent = documents[0].dates.sent
    assert sent is not None
    month, day, _ = truth.documents[0].row["DATESENT"].split("/")
    assert sent.original == f"{truth.documents[0].row['DATESENT']} {truth.documents[0].row['TIMESENT']}"
    assert sent.evidence == "assumed:America/New_York"
    assert sent.utc is not None
    assert abs(int(sent.utc[8:10]) - int(day)) <= 1
    assert sent.utc.startswith("2001-")
    assert month


def test_text_in_the_load_file_is_kept_under_its_hash(tmp_path: Path) -> None:
    """Where a column holds the text itself, the matter has it among its originals; the Bates page of each place is known."""
    header = ["BEGBATES", "ENDBATES", "EXTRACTEDTEXT"]
    rows = [header, ["ABC001", "ABC002", "first page\fsecond\npage"], ["ABC003", "ABC003", ""]]
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "v.dat").write_bytes(b"".join(dat_bytes(rows)))
    load(tmp_path / "matter", tmp_path / "v")
    documents, exceptions = stored(tmp_path / "matter")
    produced = documents[0].produced
    assert produced is not None
    assert produced.text_sha256 is not None
    with Matter(tmp_path / "matter", writes=False) as matter:
        text = matter.originals.path(produced.text_sha256).read_text("utf-8")
    assert text == "first page\fsecond\npage"
    assert page_map(text, produced.pages).at(text.index("second")) == "ABC002"
    assert (documents[1].state, exceptions["no_text"]) == ("exception", 1)


def test_our_own_load_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """An overlay with several values, qualifiers, line ends and separators inside gives the same rows."""
    header = ["BEGBATES", "X_PARTIES", "X_SUMMARY", "X_STATUS"]
    rows = [
        ["ABC001", ["Acme; Inc", "Müller"], "two\r\nlines with þ, \x14 and 東京", "OK"],
        ["ABC002", [], "", "EXCEPTION"],
    ]
    (tmp_path / "overlay.dat").write_bytes(b"".join(dat_bytes([header, *rows], DatFormat())))
    with Matter(tmp_path / "matter") as matter:
        loaded = import_production(matter, find_production(tmp_path / "overlay.dat"), LoadOptions(), "")
    read = [row for block in loaded.validation.dat.blocks() for row in block.rows]
    assert loaded.validation.report.table.encoding_evidence == "byte order mark"
    assert read == [
        ["ABC001", "Acme, Inc;Müller", "two®lines with þ, \x14 and 東京", "OK"],
        ["ABC002", "", "", "EXCEPTION"],
    ]


def test_the_command_reports_in_lines_of_eighty_characters(tmp_path: Path) -> None:
    """`--dry-run` prints the report, writes it as JSON with every finding beside it, and makes no matter."""
    from typer.testing import CliRunner

    from thresher.service.cli.main import app

    truth = make_production(tmp_path / "ABC001", Recipe(documents=60, seed=8, faults=FAULTS))
    report = tmp_path / "report.json"
    command = ["import", str(tmp_path / "ABC001"), "--production", "--dry-run", "--report", str(report)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    shown = result.output.partition("\nReport:")[0]
    assert max(map(len, shown.splitlines())) <= 80
    assert "native_for_redacted" in shown
    written = json.loads(report.read_text("utf-8"))
    assert {group["code"]: group["count"] for group in written["findings"]} == dict(truth.findings)
    lines = report.with_suffix(".findings.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == truth.findings.total()


def test_an_lfp_gives_pages_natives_and_the_families_that_no_column_tells(tmp_path: Path) -> None:
    """IPRO's file instead of an OPT: pages, a child, a native, and commands that are counted."""
    root = tmp_path / "v"
    for name in ("IMAGES/001/A001.tif", "IMAGES/001/A002.tif", "IMAGES/001/A003.tif", "NATIVES/A003.xlsx"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    (root / "v.csv").write_text("DOCID,ENDDOC,REDACTED\nA001,A002,\nA003,A003,Yes\n", "utf-8")
    (root / "v.lfp").write_text(
        "IM,A001,D,0,@V;IMAGES\\001;A001.TIF;2,0\r\nIM,A002, ,0,@V;IMAGES\\001;A002.tif;2,0\r\n"
        "IM,A003,C,0,@V;IMAGES\\001;A003.tif;2\r\nOF,A003,@V;NATIVES;A003.xlsx,1\r\nBF,A003\r\nnonsense\r\n",
        "utf-8",
    )
    load(tmp_path / "matter", root)
    (parent, child), exceptions = stored(tmp_path / "matter")
    assert (child.parent_id, child.bates_begin) == (parent.id, "A003")
    assert parent.produced is not None
    assert child.produced is not None
    assert (parent.produced.pages, parent.produced.images) == (
        ("A001", "A002"),
        ("IMAGES/001/A001.tif", "IMAGES/001/A002.tif"),
    )
    assert (child.produced.native, child.produced.text_from) == (None, "images")
    assert exceptions == {"lfp_command_ignored": 1, "opt_row_unread": 1, "native_for_redacted": 1}


EDRM = """<?xml version="1.0" encoding="UTF-8"?>
<Root MajorVersion="1" MinorVersion="2"><Batch><Documents>
<Document DocID="d0000001" DocType="Message" MimeType="message/rfc822"><Tags>
<Tag TagName="#Subject" TagDataType="Text" TagValue="Here is &amp; there"/><Tag TagName="#DateSent" TagValue="2001-05-21T15:48:00Z"/>
<Tag TagName="Matter" TagValue="7"/></Tags><Files><File FileType="Native"><ExternalFile FilePath="natives" FileName="a.msg"
Hash="5D41402ABC4B2A76B9719D911017C592" HashType="MD5"/></File></Files><Locations><Location><Custodian>Doe, Jane</Custodian>
<LocationURI>box/inbox</LocationURI></Location></Locations></Document>
<Document DocID="d0000002" DocType="File"/></Documents>
<Relationships><Relationship Type="Container" ParentDocId="d0000001" ChildDocId="d0000002"/></Relationships></Batch></Root>"""


def test_the_core_of_an_edrm_xml_is_read(tmp_path: Path) -> None:
    """Documents, tags, natives, custodians and relationships."""
    (tmp_path / "v" / "natives").mkdir(parents=True)
    (tmp_path / "v" / "natives" / "a.msg").write_bytes(b"hello")
    (tmp_path / "v" / "v.xml").write_text(EDRM, "utf-8")
    loaded = load(tmp_path / "matter", tmp_path / "v")
    (parent, child), exceptions = stored(tmp_path / "matter")
    assert (parent.subject, parent.custodian, parent.kind) == ("Here is & there", "Doe, Jane", "email")
    assert parent.dates.sent is not None
    assert (parent.dates.sent.utc, parent.dates.sent.evidence) == ("2001-05-21T15:48:00Z", "header")
    assert (child.parent_id, child.level, parent.extra["Matter"]) == (parent.id, 2, "7")
    assert (exceptions, loaded.validation.report.imbalances) == ({"no_text": 1}, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<!DOCTYPE Root [<!ENTITY a "b">]><Root><Batch/></Root>', "corrupt"),
        (EDRM[:-20], "corrupt"),
        ("<Other/>", "unsupported_loadfile"),
    ],
)
def test_xml_that_is_hostile_cut_off_or_of_another_kind_is_refused(tmp_path: Path, text: str, code: str) -> None:
    """No entity is expanded, and nothing is half read."""
    (tmp_path / "v.xml").write_text(text, "utf-8")
    with Matter(tmp_path / "matter") as matter, pytest.raises(InputProblem, match=code):
        import_production(matter, find_production(tmp_path / "v.xml"), LoadOptions(), "")


def test_what_may_be_redacted_or_withheld_is_closed(tmp_path: Path) -> None:
    """An unclear mark of redaction counts as one; a slip-sheet is known by its whole text, a word in a title is none."""
    (tmp_path / "v" / "N").mkdir(parents=True)
    for number in (1, 2, 3):
        (tmp_path / "v" / "N" / f"{number}.txt").write_text(f"native {number}", "utf-8")
    (tmp_path / "v" / "N" / "slip.txt").write_text("Document Withheld\nBased On Privilege", "utf-8")
    (tmp_path / "v" / "v.csv").write_text(
        "DOCID,TITLE,REDACTED,NATIVELINK,TEXTLINK\nA001,,partly,N\\1.txt,\nA002,Tax withheld in 2001,None,N\\2.txt,\n"
        "A003,,0,N\\3.txt,\nA004,,,,N\\slip.txt\n",
        "utf-8",
    )
    load(tmp_path / "matter", tmp_path / "v")
    documents, exceptions = stored(tmp_path / "matter")
    assert [(d.redacted, d.withheld, d.produced.native if d.produced else None) for d in documents] == [
        (True, False, None),
        (False, False, "N/2.txt"),
        (False, False, "N/3.txt"),
        (False, True, None),
    ]
    assert exceptions == {"bad_value": 1, "native_for_redacted": 1, "no_text": 1}


def test_retry_loads_what_came_later_and_keeps_what_was_said_since(tmp_path: Path) -> None:
    """A native that was missing is there; its exception is resolved, others stay open; a hold and a thread stay."""
    make_production(tmp_path / "ABC001", Recipe(documents=20, seed=5, faults=("missing_native", "bad_date")))
    load(tmp_path / "m", tmp_path / "ABC001", LoadOptions(production_timezone="America/Chicago"))
    with Matter(tmp_path / "m") as matter:
        before = {d.id: d for d in matter.store.documents()}
        (missing,) = matter.store.exceptions(code="missing_file")
        held = next(d for d in before.values() if d.dates.sent and d.id != missing.document_id)
        matter.store.update([held.model_copy(update={"held": True, "state": "held", "thread_id": "t"})])
        native = missing.message.split(": ")[2].replace("\\", "/")
        (tmp_path / "ABC001" / native).write_bytes(b"came later")
        assert retry(matter, CollectionOptions(), InlineUnits()).gone == 1
        after = {d.id: d for d in matter.store.documents()}
        assert {e.code: e.resolution for e in matter.store.exceptions() if e.code in {"missing_file", "bad_date"}} == {
            "missing_file": "resolved",
            "bad_date": "open",
        }
        assert reconcile(matter).state == "reconciled"
    assert after[missing.document_id or ""].sha256 == hashlib.sha256(b"came later").hexdigest()
    assert after[held.id] == held.model_copy(update={"held": True, "state": "held", "thread_id": "t"})
    assert {i for i in before if before[i] != after[i]} == {missing.document_id, held.id}


def test_load_files_are_read_apart_and_give_the_same(tmp_path: Path) -> None:
    """In a process of its own: the same report, findings, files and rows; one that dies, and what it raises, are told."""
    truth = make_production(tmp_path / "ABC001", Recipe(documents=110, seed=5, faults=FAULTS))
    production, heard = find_production(tmp_path / "ABC001"), list[Finding]()
    found = validate_apart(production, LoadOptions(), Listeners(on_finding=heard.append))
    assert Counter(one.code for one in heard) == truth.findings
    assert found.report == validate(production, LoadOptions()).report
    assert [b.rows for b in blocks_apart(found.dat)] == [b.rows for b in found.dat.blocks()]
    (tmp_path / "ABC001" / "DATA" / "ABC001.dat").unlink()
    with pytest.raises(FileNotFoundError):
        validate_apart(production, LoadOptions())
    with pytest.raises(JobProblem, match="worker_died"):
        list(streamed(operator.getitem, (1,), 1))


def test_a_text_file_that_says_nothing_hides_no_native(tmp_path: Path) -> None:
    """The next source is read: the native, else the images; of a redacted document never the native."""
    for name, data in {
        "T/1.txt": "",
        "T/2.txt": "\f \r\n",
        "N/1.txt": "native",
        "N/2.txt": "native",
        "I/2.tif": "II*",
    }.items():
        (tmp_path / "v" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "v" / name).write_text(data)
    rows = ["DOCID,REDACTED,TEXTLINK,NATIVELINK", "A1,,T/1.txt,N/1.txt", "A2,Yes,T/2.txt,N/2.txt", "A3,,T/1.txt,"]
    (tmp_path / "v" / "v.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "v" / "v.opt").write_text("A2,V,I\\2.tif,Y,,,1\n")
    load(tmp_path / "m", tmp_path / "v")
    documents, _ = stored(tmp_path / "m")
    assert [(d.produced.text_from, d.state) for d in documents if d.produced] == [
        ("native", "new"),
        ("images", "new"),
        ("none", "exception"),
    ]


def test_a_date_at_midnight_takes_the_time_beside_it(tmp_path: Path) -> None:
    """Programs write "12:00:00 AM" behind every day; a time of day of its own is believed."""
    (tmp_path / "v").mkdir()
    rows = ["A1,05/21/2001 12:00:00 AM,3:48 PM", "A2,05/21/2001 0:00,", "A3,05/21/2001 9:30 AM,3:48 PM"]
    (tmp_path / "v" / "v.csv").write_text("\n".join(["DOCID,DATESENT,TIMESENT", *rows]) + "\n")
    load(tmp_path / "m", tmp_path / "v")
    sent = [d.dates.sent.utc if d.dates.sent else None for d in stored(tmp_path / "m")[0]]
    assert sent == ["2001-05-21T15:48:00Z", "2001-05-21T00:00:00Z", "2001-05-21T09:30:00Z"]


def test_two_load_files_of_one_volume_are_two_sources(tmp_path: Path) -> None:
    """The second is no second load of the first: its exceptions stay open, and the counts of both balance."""
    volume = tmp_path / "ABC001"
    for name, rows in (("A", ["A001,TEXT\\1.txt", "A002,TEXT\\none.txt"]), ("B", ["B001,TEXT\\2.txt"])):
        (volume / "DATA").mkdir(parents=True, exist_ok=True)
        (volume / "DATA" / f"{name}.csv").write_text("\n".join(["DOCID,TEXTLINK", *rows]) + "\n")
    (volume / "TEXT").mkdir()
    for number in (1, 2):
        (volume / "TEXT" / f"{number}.txt").write_text(f"text {number}")
    for name in ("A", "B", "A"):
        with Matter(tmp_path / "m") as matter:
            import_production(matter, find_production(volume, f"DATA/{name}.csv"), LoadOptions(), "")
            assert reconcile(matter).state == "reconciled"
    with Matter(tmp_path / "m", writes=False) as matter:
        assert [d.bates_begin for d in matter.store.documents()] == ["A001", "A002", "B001"]
        assert {e.resolution for e in matter.store.exceptions(code="missing_file")} == {"open"}


@pytest.mark.parametrize(("zone", "utc"), [("GMT-0500", "15:00"), ("America/New_York", "15:00"), ("EST", "10:00")])
def test_the_zone_that_a_row_states_is_used_or_told_of(tmp_path: Path, zone: str, utc: str) -> None:
    """An offset and a name of IANA are; an abbreviation with several meanings is a finding, and the zone is assumed."""
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "v.csv").write_text(f"DOCID,DATESENT,TIMESENT,TIMEZONE\nA1,12/25/2001,10:00,{zone}\n")
    load(tmp_path / "m", tmp_path / "v")
    (document,), exceptions = stored(tmp_path / "m")
    sent = document.dates.sent
    assert sent is not None
    assert (sent.utc, sent.evidence.startswith("assumed")) == (f"2001-12-25T{utc}:00Z", zone == "EST")
    assert exceptions.get("zone_unknown", 0) == int(zone == "EST")
