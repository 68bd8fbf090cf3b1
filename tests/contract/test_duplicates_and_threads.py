"""Copies, threads, inclusive mails and near-duplicates of whole collections, against what is known of them."""

from __future__ import annotations

import json
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.collection_imports import InlineTexts, dumped, imported
from tests.simulation.discovery.broken_items import mail, zip_of
from tests.simulation.discovery.mailboxes import CUSTODIANS, Mailboxes
from thresher.schemas.discovery.matter import MatterDocument, ProducedFiles, families
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.cli.matters.relations import dedup, threads
from thresher.service.discovery.duplicates.deduplication import (
    Deduplicated,
    Grouping,
    chosen_grouping,
    deduplicate,
)
from thresher.service.discovery.duplicates.near_duplicates import find_near_duplicates
from thresher.service.discovery.matter.audit_log import faults
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.rows import Records
from thresher.service.discovery.threads.thread_run import Threaded, thread_matter


def _deduplicated(folder: Path, grouping: Grouping | None = None) -> Deduplicated:
    with Matter(folder) as matter:
        return deduplicate(matter, grouping or Grouping())


def _threaded(folder: Path) -> Threaded:
    with Matter(folder) as matter:
        return thread_matter(matter, InlineTexts(matter))


def _documents(folder: Path) -> list[MatterDocument]:
    with Matter(folder, writes=False) as matter:
        return list(matter.store.documents())


def _events(folder: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mailboxes, Path]:
    """Mailboxes of three custodians that overlap, imported; answers quote what they answer."""
    place = tmp_path_factory.mktemp("three")
    boxes = Mailboxes(90, seed=3, custodians=3, attached_bytes=400, quoted=True)
    for owner, folder in zip(CUSTODIANS, boxes.write(place / "in"), strict=True):
        imported(place / "matter", [folder], custodian=owner)
    return boxes, place / "matter"


def _number(document: MatterDocument) -> int:
    return int((document.message_id or "").split(".")[1].split("@")[0])


def test_copies_of_three_custodians_are_found_globally(three: tuple[Mailboxes, Path]) -> None:
    """One original a mail names all its custodians and paths; copies stay records; the counts balance."""
    boxes, folder = three
    found = _deduplicated(folder)
    truths = [boxes.truth(number) for number in range(90)]
    whole = list(families(_documents(folder)))
    for family in whole:
        truth, parent = truths[_number(family.parent)], family.parent
        first = parent.custodian == CUSTODIANS[truth.owners[0]]
        assert all((member.dup_of is None) == first for member in family.members)
        if first and len(truth.owners) > 1:
            assert parent.all_custodians == CUSTODIANS
            assert len(parent.all_paths) == 3
    total = found.total()
    assert total.documents == sum(len(family.members) for family in whole) == total.unique + total.duplicates
    assert total.unique == sum(1 + len(truth.attachments) for truth in truths)
    assert set(found.custodians) == set(CUSTODIANS)


def test_copies_within_custodians_are_none_and_the_change_is_logged(three: tuple[Mailboxes, Path]) -> None:
    """Another scope is refused, unless it is meant; then every custodian keeps every mail, and the log tells of it."""
    _, folder = three
    _deduplicated(folder)
    before = dumped(folder)
    with Matter(folder) as matter, pytest.raises(InputProblem, match="with global"):
        chosen_grouping(matter, "custodian")
    found = _deduplicated(folder, Grouping("custodian"))
    assert found.total().duplicates == 0
    assert all(d.dup_of is None and not d.all_custodians for d in _documents(folder))
    _deduplicated(folder)
    assert dumped(folder) == before
    assert _events(folder).count("deduplicated") == 3
    assert _deduplicated(folder).changed == 0
    assert _events(folder).count("deduplicated") == 3
    assert list(faults(folder / "audit.jsonl")) == []


def test_threads_are_those_that_were_made(three: tuple[Mailboxes, Path]) -> None:
    """Every mail is in the thread of its first mail, below what it answers; attachments go with their mail."""
    boxes, folder = three
    _deduplicated(folder)
    _threaded(folder)
    threads: dict[str | None, set[int]] = {}
    by_id = {document.id: document for document in _documents(folder)}
    for family in families(by_id.values()):
        parent = family.parent
        assert {member.thread_id for member in family.members} == {parent.thread_id}
        truth = boxes.truth(_number(parent))
        threads.setdefault(parent.thread_id, set()).add(truth.root)
        answered = by_id.get(parent.thread_parent or "")
        assert (answered and _number(answered)) == truth.parent
    assert len(threads) == len({boxes.truth(number).root for number in range(90)})
    assert all(len(roots) == 1 for roots in threads.values())


def test_quoted_mails_are_not_inclusive(three: tuple[Mailboxes, Path]) -> None:
    """A mail that an answer quotes whole is not inclusive, unless an attachment of it is nowhere else."""
    boxes, folder = three
    _deduplicated(folder)
    found = _threaded(folder)
    answered = {boxes.truth(number).parent for number in range(90)}
    for family in families(_documents(folder)):
        truth = boxes.truth(_number(family.parent))
        expected = truth.number not in answered or bool(truth.attachments)
        assert family.parent.inclusive == expected, truth.number
        assert all(member.inclusive is None for member in family.members[1:])
    assert found.mails == found.inclusive + found.not_inclusive
    assert found.not_inclusive > 0
    assert _threaded(folder).changed == 0


def test_order_of_import_changes_no_thread(tmp_path: Path) -> None:
    """Mails found in another order, and in several sources, fall into the same threads."""
    boxes = Mailboxes(60, seed=9, custodians=1, attached_bytes=100)
    mails = [data for _, data in boxes.of(0)]
    for name, order in (("a", mails), ("b", mails[::-1]), ("c", mails[31:] + mails[:31])):
        (tmp_path / name).mkdir()
        for place, data in enumerate(order):
            (tmp_path / name / f"{place:03d}.eml").write_bytes(data)
        imported(tmp_path / f"{name}-matter", [tmp_path / name])
        _threaded(tmp_path / f"{name}-matter")
    found = [_partition(_documents(tmp_path / f"{name}-matter")) for name in "abc"]
    assert found[0] == found[1] == found[2]


def _partition(documents: list[MatterDocument]) -> set[tuple[tuple[int, int | None], ...]]:
    """Return the threads as numbers of mails with their depths."""
    threads: dict[str | None, list[tuple[int, int | None]]] = {}
    for document in documents:
        if document.kind == "email":
            threads.setdefault(document.thread_id, []).append((_number(document), document.thread_depth))
    return {tuple(sorted(members)) for members in threads.values()}


def test_families_stay_whole_and_loose_files_equal_no_attachment(tmp_path: Path) -> None:
    """Equal attachments of two mails both stay; children follow a copied mail; a loose file is a copy of a loose file alone."""
    source = tmp_path / "s"
    source.mkdir()
    (source / "1.eml").write_bytes(bytes(mail(1, {"a.bin": b"same", "b.zip": zip_of({"c.txt": b"inner"})})))
    (source / "2.eml").write_bytes(bytes(mail(2, {"a.bin": b"same"})))
    (source / "3.eml").write_bytes(
        b"Received: by x; Mon, 21 May 2001 15:48:00 +0200\n" + (source / "1.eml").read_bytes()
    )
    (source / "a.bin").write_bytes(b"same")
    (source / "z.bin").write_bytes(b"same")
    imported(tmp_path / "m", [source])
    assert _deduplicated(tmp_path / "m").total().duplicates == 5
    found = {d.path: d for d in _documents(tmp_path / "m")}
    copies = {path: next(p for p, d in found.items() if d.id == o.dup_of) for path, o in found.items() if o.dup_of}
    assert copies == {
        "3.eml": "1.eml",
        "3.eml!/1-a.bin": "1.eml!/1-a.bin",
        "3.eml!/2-b.zip": "1.eml!/2-b.zip",
        "3.eml!/2-b.zip!/c.txt": "1.eml!/2-b.zip!/c.txt",
        "z.bin": "a.bin",
    }
    assert found["1.eml!/1-a.bin"].all_paths == ("1.eml!/1-a.bin", "3.eml!/1-a.bin")
    assert sum(len(f.members) for f in families(found.values())) == len(found)


def test_mails_that_say_too_little_are_no_copies(tmp_path: Path) -> None:
    """Two mails with a text alone have keys of their own; the same bytes twice have one."""
    source = tmp_path / "s"
    source.mkdir()
    for name, text in (("1", b"X-A: 1\nMIME-Version: 1.0\n\nHello\n"), ("2", b"X-A: 2\nMIME-Version: 1.0\n\nHello\n")):
        (source / f"{name}.eml").write_bytes(text)
        (source / f"{name}b.eml").write_bytes(text)
    imported(tmp_path / "m", [source])
    assert _deduplicated(tmp_path / "m").total().duplicates == 2


def test_one_message_id_with_two_texts_is_reported_once(tmp_path: Path) -> None:
    """Mails that share a Message-ID and differ in their text are no copies; the exception is not written twice."""
    source = tmp_path / "s"
    source.mkdir()
    first, second, third = mail(1), mail(1), mail(1)
    second.set_content("This is another text.\n")
    third.replace_header("To", "eve@y.example")
    for name, message in (("1", first), ("2", second), ("3", third)):
        (source / f"{name}.eml").write_bytes(bytes(message))
    imported(tmp_path / "m", [source])
    assert [_deduplicated(tmp_path / "m").conflicts for _ in range(2)] == [1, 0]
    with Matter(tmp_path / "m", writes=False) as matter:
        assert [(e.path, e.code) for e in matter.store.exceptions()] == [("2.eml", "mih_body_conflict")]
    assert all(d.dup_of is None for d in _documents(tmp_path / "m"))


def _produced(name: str, text: Path | None, **facts: object) -> MatterDocument:
    given = ProducedFiles(text_from="text_file", text=text.name if text else None, native=facts.pop("native", "x.doc"))
    return MatterDocument(id=name, family_id=name, source=1, sha256="ab", kind="email", produced=given, **facts)


def test_productions_are_threaded_from_their_texts_and_not_deduplicated(tmp_path: Path) -> None:
    """Equal documents of a production stay apart unless asked for; a redacted one, and one without a native, always; what was given stays."""
    (tmp_path / "1.txt").write_text("Shall we?\n")
    (tmp_path / "2.txt").write_text("Yes.\n\n> Shall we?\n")
    answer = {"message_id": "<2@x>", "references": ("<1@x>",), "dates": {"sent": {"utc": "2001-01-02T00:00:00Z"}}}
    documents = (
        _produced("a", tmp_path / "1.txt", message_id="<1@x>", dates={"sent": {"utc": "2001-01-01T00:00:00Z"}}),
        _produced("b", tmp_path / "2.txt", all_custodians=("Given",), **answer),
        _produced("c", None, redacted=True),
        _produced("d", None, native=None),
    )
    with Matter(tmp_path / "m") as matter:
        statement = "INSERT INTO sources VALUES (1, 'p', ?, 'A', 'production', 'finished')"
        matter.store.connection.execute(statement, (str(tmp_path),))
        records = Records()
        for place, document in enumerate(documents):
            records.document(document, f"{place}")
        matter.store.write(records)
    assert _deduplicated(tmp_path / "m").total().duplicates == 0
    assert _threaded(tmp_path / "m").not_inclusive == 1
    assert [d.inclusive for d in _documents(tmp_path / "m")] == [False, True, True, True]
    _deduplicated(tmp_path / "m", Grouping(productions=True))
    assert [d.dup_of for d in _documents(tmp_path / "m")] == [None, "a", None, None]
    assert _documents(tmp_path / "m")[1].all_custodians == ("Given",)


def _letter(number: int, text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = "a@x.example", f"{number}", "Mon, 21 May 2001 15:48:00 +0200"
    message.set_content(text)
    return bytes(message)


def test_near_duplicates_follow_the_largest(tmp_path: Path) -> None:
    """Texts that share most of their five-word sequences are grouped below the largest; the rest, and copies, are not."""
    source, numbers = tmp_path / "s", [f"word{n}" for n in range(200)]
    source.mkdir()
    texts = {
        "1.eml": " ".join(numbers[:190]),
        "2.eml": " ".join([*numbers, "and", "more"]),
        "3.eml": " ".join(numbers[:120]),
        "4.eml": "too few words",
        "5.eml": " ".join(reversed(numbers)),
    }
    for name, text in texts.items():
        (source / name).write_bytes(_letter(int(name[0]), text))
    (source / "6.eml").write_bytes((source / "1.eml").read_bytes())
    (source / "7.txt").write_text(" ".join(numbers).upper())
    imported(tmp_path / "m", [source])
    _deduplicated(tmp_path / "m")
    with Matter(tmp_path / "m") as matter:
        found = find_near_duplicates(InlineTexts(matter))
        assert find_near_duplicates(InlineTexts(matter)).changed == 0
    ids = {d.id: d.path for d in _documents(tmp_path / "m")}
    near = {d.path: ids[d.near_duplicate_of] for d in _documents(tmp_path / "m") if d.near_duplicate_of}
    assert near == {"1.eml": "2.eml", "6.eml": "2.eml", "7.txt": "2.eml"}
    assert (found.documents, found.compared, found.copies, found.without_text) == (7, 5, 1, 1)
    assert Counter(_events(tmp_path / "m"))["near_duplicates"] == 1


def test_commands_for_duplicates_and_threads_fit_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts by custodian that add up, in lines of 80 characters, and as JSON; a folder without a matter is refused."""
    source = Mailboxes(12, attached_bytes=50, custodians=1, quoted=True).write(tmp_path / "in")[0]
    for name in ("A" * 90, "B"):
        imported(tmp_path / "m", [source], custodian=name)
    assert dedup(tmp_path / "m", None, productions=False, again=False, as_json=False) == 0
    assert threads(tmp_path / "m", as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[4].split() == ["in", "all", "32", "16", "16"]
    dedup(tmp_path / "m", None, productions=False, again=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == {"documents": 32, "unique": 16, "duplicates": 16}
    threads(tmp_path / "m", as_json=True)
    counts = json.loads(capsys.readouterr().out)
    assert counts["mails"] == counts["inclusive"] + counts["not_inclusive"] == 24
    with pytest.raises(SetupProblem, match="no matter"):
        threads(tmp_path / "nothing", as_json=False)
