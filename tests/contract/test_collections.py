"""Collections: nothing is lost, families stay whole, ids stay the same, and every fault has its code."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from tests.collection_imports import InlineUnits, dumped, imported
from tests.simulation.discovery.broken_items import PASSWORD, mail, seven_zip, write_broken, zip_of
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.schemas.discovery.matter import MatterDocument, families
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.collection.import_run import import_collections
from thresher.service.discovery.collection.options import LIMITS, CollectionOptions
from thresher.service.discovery.collection.units import UnitSetting
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.work import UnitResult, WorkUnit
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound

FIXTURES = Path(__file__).parent.parent / "fixtures"


def _documents(folder: Path) -> list[MatterDocument]:
    with Matter(folder, writes=False) as matter:
        return list(matter.store.documents())


def _codes(folder: Path) -> dict[str, set[str]]:
    """Return the codes of exceptions by the file of the SOURCE that they are about."""
    found: dict[str, set[str]] = {}
    with Matter(folder, writes=False) as matter:
        for fault in matter.store.exceptions():
            found.setdefault(fault.path.split("!/")[0], set()).add(fault.code)
    return found


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, set[str]]]:
    """A Matter of items that can not simply be read, and the codes that they must have."""
    place = tmp_path_factory.mktemp("broken")
    (place / "source").mkdir()
    truth = write_broken(place / "source")
    imported(place / "matter", [place / "source"], options=CollectionOptions(timezone="Europe/Berlin"))
    return place / "matter", truth


def test_every_broken_item_has_its_code(broken: tuple[Path, dict[str, set[str]]]) -> None:
    """One exception each with the right code, and none for what is sound."""
    folder, truth = broken
    assert _codes(folder) == {name: codes for name, codes in truth.items() if codes}


def test_every_item_is_a_document_a_container_or_an_exception(broken: tuple[Path, dict[str, set[str]]]) -> None:
    """Nothing disappears, and every container's count comes out."""
    folder, truth = broken
    with Matter(folder, writes=False) as matter:
        store = matter.store
        named = {d.path for d in store.documents()} | {c.path for c in store.containers()}
        named |= {e.path for e in store.exceptions() if e.document_id is None}
        assert {path for path in named if "!/" not in path} == set(truth)
        for container in store.containers():
            assert container.declared == container.emitted + container.failed, container.path
        failed = sum(c.failed for c in store.containers())
        assert failed == sum(
            1 for e in store.exceptions() if e.document_id is None and "!/" in e.path and e.code != "unsafe_path"
        )


def test_families_of_a_collection_are_whole(broken: tuple[Path, dict[str, set[str]]]) -> None:
    """A ZIP attached to a mail is a child, and so are its members; an attached mail is a child of its own."""
    found = {family.parent.path: family for family in families(_documents(broken[0]))}
    members = [(d.level, d.path.removeprefix("family.eml"), d.kind) for d in found["family.eml"].members]
    assert members == [
        (1, "", "email"),
        (2, "!/1-bad.zip", "attachment"),
        (3, "!/1-bad.zip!/a.txt", "attachment"),
        (3, "!/1-bad.zip!/b/c.txt", "attachment"),
        (2, "!/2-gone.bin", "attachment"),
        (2, "!/3-Mail 4.eml", "email"),
        (3, "!/3-Mail 4.eml!/1-x.txt", "attachment"),
    ]
    assert len({d.dates.sort for d in found["family.eml"].members}) == 1


def test_names_and_dates_are_kept_as_they_were(broken: tuple[Path, dict[str, set[str]]]) -> None:
    """A name that is not UTF-8 keeps its bytes; a date without a zone says which one was assumed."""
    found = {d.path: d for d in _documents(broken[0])}
    assert bytes.fromhex(found["caf\\xe9.txt"].path_bytes or "") == b"caf\xe9.txt"
    undated = found["undated.eml"].dates.sent
    assert undated is not None
    assert (undated.utc, undated.evidence) == ("2001-05-21T13:48:00Z", "assumed:Europe/Berlin")
    sent = found["apple.emlx"].dates.sent
    assert sent is not None
    assert (sent.utc, sent.offset, sent.evidence) == ("2001-05-21T13:48:00Z", "+0200", "header")


def test_second_import_adds_nothing_and_a_further_source_changes_no_id(tmp_path: Path) -> None:
    """The same sources give no new record; another source leaves every record as it was."""
    first, second = tmp_path / "x" / "mails", tmp_path / "y" / "mails"
    for folder in (first, second):
        folder.mkdir(parents=True)
        (folder / "a.eml").write_bytes(bytes(mail(1, {"a.bin": b"the same"})))
        (folder / "b.zip").write_bytes(zip_of({"b.eml": bytes(mail(2, {"a.bin": b"the same"}))}))
    assert imported(tmp_path / "matter", [first])["documents"] == 4
    before = dumped(tmp_path / "matter")
    assert set(imported(tmp_path / "matter", [first]).values()) == {0}
    assert dumped(tmp_path / "matter") == before
    assert imported(tmp_path / "matter", [second])["documents"] == 4
    assert set(before) <= set(dumped(tmp_path / "matter"))
    (first / "c.eml").write_bytes(bytes(mail(3)))
    assert imported(tmp_path / "matter", [first])["documents"] == 1
    assert len({d.id for d in _documents(tmp_path / "matter")}) == 9


def test_changed_input_is_reported(tmp_path: Path) -> None:
    """A file that is not what it was is an exception, and its document stays."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.txt").write_bytes(b"first")
    imported(tmp_path / "matter", [tmp_path / "s"])
    (tmp_path / "s" / "a.txt").write_bytes(b"other bytes")
    imported(tmp_path / "matter", [tmp_path / "s"])
    assert _codes(tmp_path / "matter") == {"a.txt": {"hash_mismatch"}}


def test_mailboxes_of_two_custodians_come_out_as_they_were_made(tmp_path: Path) -> None:
    """Every mail of each owner once, with its attachments; copies share a key, and no two mails do."""
    boxes = Mailboxes(120, seed=5, attached_bytes=500)
    for owner, folder in enumerate(boxes.write(tmp_path / "in")):
        imported(tmp_path / "matter", [folder], custodian=f"Owner {owner}")
    truths = [boxes.truth(number) for number in range(120)]
    keys: dict[str, set[str]] = {}
    for family in families(_documents(tmp_path / "matter")):
        parent = family.parent
        truth = truths[int((parent.message_id or "").split(".")[1].split("@")[0])]
        assert [(d.name, d.sha256) for d in family.members[1:]] == list(truth.attachments)
        assert parent.dates.sent is not None
        assert (parent.dates.sent.utc, parent.subject) == (truth.sent, truth.subject)
        keys.setdefault(parent.dedup_key or "", set()).add(parent.message_id or "")
    found = Counter((d.custodian, d.message_id) for d in _documents(tmp_path / "matter") if d.level == 1)
    assert found == Counter((f"Owner {owner}", t.message_id) for t in truths for owner in t.owners)
    assert all(len(ids) == 1 for ids in keys.values())
    assert len(keys) == 120


def test_pst_gives_nine_items(tmp_path: Path) -> None:
    """Seven mails, the mail attached to one of them, and the file attached to that; the folder's count comes out."""
    (tmp_path / "test.pst").write_bytes(gzip.decompress((FIXTURES / "testPST.pst.gz").read_bytes()))
    imported(tmp_path / "matter", [tmp_path / "test.pst"])
    found = _documents(tmp_path / "matter")
    assert Counter(d.level for d in found) == {1: 7, 2: 1, 3: 1}
    assert found[-1].name == "attachment.docx"
    assert (
        found[-1].md5
        == hashlib.md5(
            (tmp_path / "matter" / "originals").glob(f"**/{found[-1].sha256}").__next__().read_bytes()
        ).hexdigest()
    )
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [(c.declared, c.emitted, c.failed) for c in matter.store.containers()] == [(1, 1, 0), (7, 7, 0)]
        assert not list(matter.store.exceptions())


def test_damaged_pst_loses_nothing_in_silence(tmp_path: Path) -> None:
    """With bytes overwritten, what can not be read is an exception, and the folder's count still comes out."""
    whole = bytearray(gzip.decompress((FIXTURES / "testPST.pst.gz").read_bytes()))
    draw = random.Random(5)
    for _ in range(300):
        at = draw.randrange(600, len(whole) - 64)
        whole[at : at + 64] = draw.randbytes(64)
    (tmp_path / "test.pst").write_bytes(whole)
    imported(tmp_path / "matter", [tmp_path / "test.pst"])
    with Matter(tmp_path / "matter", writes=False) as matter:
        boxes = [c for c in matter.store.containers() if c.media_type == "application/x-mailbox-folder"]
        assert all(c.declared == c.emitted + c.failed for c in boxes)
        assert sum(c.emitted for c in boxes) == sum(1 for d in matter.store.documents() if d.level == 1)
        assert list(matter.store.exceptions())


def test_password_list_opens_an_archive_and_the_log_says_which(tmp_path: Path) -> None:
    """Each password is tried; the log has its number and never the password."""
    (tmp_path / "locked.7z").write_bytes(seven_zip({"secret.txt": b"secret"}, PASSWORD))
    imported(tmp_path / "matter", [tmp_path / "locked.7z"], options=CollectionOptions(passwords=("wrong", PASSWORD)))
    assert [d.path for d in _documents(tmp_path / "matter")] == ["locked.7z!/secret.txt"]
    log = (tmp_path / "matter" / "audit.jsonl").read_text()
    assert '"password":"1"' in log
    assert PASSWORD not in log


_AES_ZIPS = (  # made with another program: one member, "secret " thirty times, AES-128 and AES-256, password as above
    (
        "504b030414000100630038887e5d0000000020000000d200000005000b00612e7478740199070002004145010800aa7dc4895c6e215fb151259f"
        "86f9c81774b32f7f1e1e4a1c53e8df71a5729884504b0102140314000100630038887e5d0000000020000000d200000005000b00000000000000"
        "0000800100000000612e7478740199070002004145010800504b050600000000010001003e0000004e0000000000"
    ),
    (
        "504b030414000100630038887e5d0000000028000000d200000005000b00612e7478740199070002004145030800046ca913b2830295200cf85f"
        "43a4629c351a8d4cee3d967a63548e29182ea45a026e2b70ce45d5bb504b0102140314000100630038887e5d0000000028000000d20000000500"
        "0b000000000000000000800100000000612e7478740199070002004145030800504b050600000000010001003e000000560000000000"
    ),
)


def test_archives_encrypted_with_aes(tmp_path: Path) -> None:
    """Opened by a password of the list; without it, or with a changed byte, an exception that says why."""
    (tmp_path / "s").mkdir()
    for number, data in enumerate(_AES_ZIPS):
        (tmp_path / "s" / f"{number}.zip").write_bytes(bytes.fromhex(data))
    changed = bytearray.fromhex(_AES_ZIPS[1])
    changed[70] ^= 1
    (tmp_path / "s" / "changed.zip").write_bytes(changed)
    imported(tmp_path / "open", [tmp_path / "s"], options=CollectionOptions(passwords=("wrong", PASSWORD)))
    kept = [(d.path, d.sha256) for d in _documents(tmp_path / "open") if d.state == "new"]
    assert kept == [(f"{n}.zip!/a.txt", hashlib.sha256(b"secret " * 30).hexdigest()) for n in (0, 1)]
    assert set(_codes(tmp_path / "open")["changed.zip"]) == {"corrupt"}
    imported(tmp_path / "locked", [tmp_path / "s" / "0.zip"])
    assert _codes(tmp_path / "locked") == {"0.zip": {"password_protected"}}


def _nsrl(path: Path, digest: str) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE FILE (sha256 TEXT, sha1 TEXT, md5 TEXT)")
        connection.execute("INSERT INTO FILE VALUES ('', ?, '')", (digest.upper(),))
    connection.close()
    return path


@pytest.mark.parametrize(("mode", "documents"), [("exclude", 2), ("keep", 3), ("log", 3)])
def test_known_files_are_left_out_and_counted(tmp_path: Path, mode: str, documents: int) -> None:
    """Files on a list are excluded, marked or counted, as told; mails are not tested, their attachments are."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.eml").write_bytes(bytes(mail(1, {"known.dll": b"known"})))
    (tmp_path / "s" / "b.txt").write_bytes(b"not known")
    known = _nsrl(tmp_path / "rds.db", hashlib.sha1(b"known").hexdigest())
    options = CollectionOptions(denist=(str(known),), denist_mode=mode)  # type: ignore[arg-type]
    imported(tmp_path / "matter", [tmp_path / "s"], options=options)
    found = _documents(tmp_path / "matter")
    assert len(found) == documents
    assert [d.name for d in found if d.extra.get("denist")] == (["known.dll"] if mode == "keep" else [])
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [s.reason for s in matter.store.suppressed()] == (["denist"] if mode == "exclude" else [])
    assert ('"known_files":1' in (tmp_path / "matter" / "audit.jsonl").read_text()) == (mode != "exclude")


def test_list_without_digests_is_refused(tmp_path: Path) -> None:
    """A list of known files that holds none is a mistake of the caller."""
    (tmp_path / "list.txt").write_text("nothing\n")
    with pytest.raises(InputProblem, match="field_invalid"):
        imported(tmp_path / "matter", [tmp_path], options=CollectionOptions(denist=(str(tmp_path / "list.txt"),)))


def test_limits_say_how_much_was_done(tmp_path: Path) -> None:
    """An archive and a mail with too many members: some are kept, and the exception counts them."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "many.zip").write_bytes(zip_of({f"{n}.txt": b"x%d" % n for n in range(20)}))
    (tmp_path / "s" / "many.eml").write_bytes(bytes(mail(1, {f"{n}.bin": b"x%d" % n for n in range(20)})))
    options = CollectionOptions(limits=LIMITS.model_copy(update={"members": 5}))
    imported(tmp_path / "matter", [tmp_path / "s"], options=options)
    with Matter(tmp_path / "matter", writes=False) as matter:
        said = [f"{e.path} {e.message}" for e in matter.store.exceptions() if e.code == "expansion_limit"]
        counts = [(c.declared, c.emitted, c.failed) for c in matter.store.containers()]
    assert any("many.zip" in line and "5 of 20 members done" in line for line in said)
    assert any("many.eml" in line and "attachments done" in line for line in said)
    assert counts == [(20, 5, 15)]


def test_mails_of_many_parts_and_of_a_huge_header_end(tmp_path: Path) -> None:
    """Every part is a child, and the mail of a header that is cut says so (bench: 10,000 parts, 100 MB)."""
    (tmp_path / "s").mkdir()
    part = b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=%d.txt\r\n\r\n%d\r\n"
    parts = b"".join(part % (n, n) for n in range(2500))
    head = b"From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    (tmp_path / "s" / "parts.eml").write_bytes(head + parts + b"--b--\r\n")
    huge = b"x" * (24 << 20)
    (tmp_path / "s" / "huge.eml").write_bytes(b"From: a@x.example\r\nSubject: " + huge + b"\r\n\r\ntext\r\n")
    assert imported(tmp_path / "matter", [tmp_path / "s"])["documents"] == 2502
    assert _codes(tmp_path / "matter") == {"huge.eml": {"too_large"}}


def _pdf_with(attached: dict[str, bytes]) -> bytes:
    made, kept = PdfWriter(), io.BytesIO()
    made.add_blank_page(100, 100)
    for name, data in attached.items():
        made.add_attachment(name, data)
    made.write(kept)
    return kept.getvalue()


def test_files_in_documents_become_documents_where_asked(tmp_path: Path) -> None:
    """Attachments of a PDF and embedded files of OOXML, with what they hold; a password opens; without being asked, none."""
    source = tmp_path / "s"
    source.mkdir()
    sheet = zip_of(
        {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<d/>", "word/embeddings/in.txt": b"deep"}
    )
    (source / "a.eml").write_bytes(bytes(mail(1, {"plan.pdf": _pdf_with({"x.txt": b"x", "inner.docx": sheet})})))
    (source / "loose.pdf").write_bytes(_pdf_with({"y.txt": b"y"}))
    (source / "bad.pdf").write_bytes(b"%PDF-1.7 nothing more")
    plain, asked = tmp_path / "plain", tmp_path / "asked"
    imported(plain, [source])
    imported(asked, [source], options=CollectionOptions(embedded=True))
    found = {d.path: d for d in _documents(asked)}
    inside = "a.eml!/1-plan.pdf!/"
    assert set(found) - {d.path for d in _documents(plain)} == {
        f"{inside}x.txt", f"{inside}inner.docx", f"{inside}inner.docx!/in.txt", "loose.pdf!/y.txt",
    }  # fmt: skip
    assert (found[f"{inside}inner.docx!/in.txt"].level, found["loose.pdf!/y.txt"].level) == (4, 2)
    assert found["loose.pdf!/y.txt"].sha256 == hashlib.sha256(b"y").hexdigest()
    assert _codes(asked) == {"bad.pdf": {"corrupt"}}


def test_inline_images_are_kept_and_counted_and_nothing_else_is_inline(tmp_path: Path) -> None:
    """An image that the text shows is no family member; a PDF is one, whatever its disposition says."""
    message = mail(1)
    message.add_alternative('<p>See <img src="cid:logo"></p>' + "<p>text</p>" * 20, subtype="html")
    for kind, name, cid in (
        ("image/png", "logo.png", "<logo>"),
        ("image/png", "photo.png", "<photo>"),
        ("application/pdf", "a.pdf", "<logo2>"),
    ):
        main, sub = kind.split("/")
        message.add_attachment(name.encode(), maintype=main, subtype=sub, filename=name, disposition="inline", cid=cid)
    (tmp_path / "a.eml").write_bytes(bytes(message))
    imported(tmp_path / "matter", [tmp_path / "a.eml"])
    assert [d.name for d in _documents(tmp_path / "matter")] == ["a.eml", "photo.png", "a.pdf"]
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [(s.name, s.reason) for s in matter.store.suppressed()] == [("logo.png", "inline")]
        assert all(matter.originals.path(s.sha256).exists() for s in matter.store.suppressed())


_TREES = st.recursive(st.binary(max_size=8), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8)


def _mail_of(tree: list[object] | bytes, numbers: Iterator[int]) -> EmailMessage:
    """A mail whose attachments are the tree: bytes are files, lists are mails."""
    message = mail(next(numbers))
    for part in tree if isinstance(tree, list) else [tree]:
        if isinstance(part, list):
            message.add_attachment(_mail_of(part, numbers))
        else:
            message.add_attachment(part, maintype="application", subtype="octet-stream", filename="same.bin")
    return message


def _size(tree: list[object] | bytes) -> int:
    return 1 + sum(
        _size(part) if isinstance(part, list) else 1 for part in (tree if isinstance(tree, list) else [tree])
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=st.lists(_TREES, min_size=1, max_size=3))
def test_families_hold_for_any_tree_of_attachments(
    tmp_path_factory: pytest.TempPathFactory, trees: list[object]
) -> None:
    """Parents before children, family and level right, each equal attachment its own document, sizes add up."""
    folder = tmp_path_factory.mktemp("trees")
    (folder / "s").mkdir()
    for number, tree in enumerate(trees):
        (folder / "s" / f"{number}.eml").write_bytes(bytes(_mail_of(tree, iter(range(100)))))  # type: ignore[arg-type]
    imported(folder / "matter", [folder / "s"])
    found = _documents(folder / "matter")
    grouped = list(families(found))
    assert [len(f.members) for f in grouped] == [_size(tree) for tree in trees]  # type: ignore[arg-type]
    assert len({d.id for d in found}) == len(found)
    for family in grouped:
        seen = {family.id: 1}
        for member in family.members[1:]:
            assert member.level == seen[member.parent_id or ""] + 1
            seen[member.id] = member.level
        for one, two in pairwise([m for m in family.members if m.parent_id == family.id]):
            assert one.ordinal < two.ordinal


def _msg(letter: dict[int, str], recipients: list[tuple[int, str]], attachment: bytes, sent: int) -> bytes:
    """An MSG with string properties, recipients (kind, address), one attachment and a time of sending (FILETIME)."""

    def storage(
        header: int, texts: dict[int, str], fixed: tuple[tuple[int, int, int], ...], binary: bytes | None = None
    ) -> Storage:
        table = [struct.pack("<HHIQ", kind, tag, 6, value) for tag, kind, value in fixed]
        made: Storage = {f"__substg1.0_{tag:04X}001F": text.encode("utf-16-le") for tag, text in texts.items()}
        if binary is not None:
            made["__substg1.0_37010102"] = binary
        made["__properties_version1.0"] = bytes(header) + b"".join(table)
        return made

    root = storage(32, letter, ((0x0039, 0x0040, sent),))
    for i, (kind, where) in enumerate(recipients):
        root[f"__recip_version1.0_#{i:08X}"] = storage(8, {0x39FE: where}, ((0x0C15, 0x0003, kind),))
    root["__attach_version1.0_#00000000"] = storage(8, {0x3707: "a.bin"}, ((0x3705, 0x0003, 1),), attachment)
    return write_compound(root)


def test_message_saved_as_msg_and_as_eml_has_one_key(tmp_path: Path) -> None:
    """Whatever the format, the time zone, the order of recipients and the folding of the text."""
    (tmp_path / "s").mkdir()
    texts = {0x001A: "IPM.Note", 0x0037: "Re: Budget", 0x1000: "Hi\r\nBob", 0x0C1A: "Ann", 0x5D01: "Ann@Ex.com"}
    sent = 126_349_336_800_000_000  # 2001-05-21T15:48:00Z
    (tmp_path / "s" / "a.msg").write_bytes(
        _msg(texts, [(1, "bob@ex.com"), (1, "Al@ex.com"), (2, "c@ex.com")], b"hello", sent)
    )
    message = EmailMessage()
    message["From"], message["To"], message["Cc"] = "Ann A <ann@ex.com>", "al@ex.com, Bob <BOB@ex.com>", "c@ex.com"
    message["Subject"], message["Date"] = "Re:  Budget", "Mon, 21 May 2001 17:48:00 +0200"
    message.set_content("Hi Bob\n")
    message.add_attachment(b"hello", maintype="application", subtype="octet-stream", filename="other name.bin")
    (tmp_path / "s" / "b.eml").write_bytes(bytes(message))
    imported(tmp_path / "matter", [tmp_path / "s"])
    keys = [d.dedup_key for d in _documents(tmp_path / "matter") if d.level == 1]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_mailboxes_inside_archives_and_mails(tmp_path: Path) -> None:
    """In a ZIP, a mailbox is a container of mails; attached to a mail, its mails are the mail's children."""
    box = b"".join(b"From a@x Mon Jan  1 08:00:00 2001\n" + bytes(mail(n)) + b"\n" for n in range(3))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "boxes.zip").write_bytes(zip_of({"in/inbox.mbox": box}))
    (tmp_path / "s" / "forward.eml").write_bytes(bytes(mail(9, {"old.mbox": box})))
    imported(tmp_path / "matter", [tmp_path / "s"])
    assert [(d.level, d.path) for d in _documents(tmp_path / "matter")] == [
        *((1, f"boxes.zip!/in/inbox.mbox!/{n:06d}.eml") for n in (1, 2, 3)),
        (1, "forward.eml"),
        (2, "forward.eml!/1-old.mbox"),
        *((3, f"forward.eml!/1-old.mbox!/{n:06d}.eml") for n in (1, 2, 3)),
    ]
    with Matter(tmp_path / "matter", writes=False) as matter:
        assert [(c.path, c.declared, c.emitted) for c in matter.store.containers()] == [
            ("boxes.zip", 1, 1),
            ("boxes.zip!/in/inbox.mbox", 3, 3),
        ]


class _Hanging(InlineUnits):
    """Units that hang on one item."""

    def submit(self, unit: WorkUnit, setting: UnitSetting) -> Future[UnitResult]:
        """Do a unit, unless it holds that item."""
        if any(item["name"] == "bad.eml" for item in unit.task["items"]):
            hung: Future[UnitResult] = Future()
            hung.set_exception(TimeoutError())
            return hung
        return super().submit(unit, setting)


def test_item_that_hangs_does_not_take_others_along(tmp_path: Path) -> None:
    """The items of a unit that took too long are read one by one; the one at fault is kept by its bytes."""
    (tmp_path / "s").mkdir()
    for name in ("a.eml", "bad.eml", "c.eml"):
        (tmp_path / "s" / name).write_bytes(bytes(mail(len(name))))
    with Matter(tmp_path / "matter") as matter:
        import_collections(matter, [tmp_path / "s"], "A", CollectionOptions(), pool=_Hanging())
    found = _documents(tmp_path / "matter")
    assert [(d.path, d.kind, d.state) for d in found] == [
        ("a.eml", "email", "new"),
        ("bad.eml", "edoc", "exception"),
        ("c.eml", "email", "new"),
    ]
    assert _codes(tmp_path / "matter") == {"bad.eml": {"timeout"}}
    assert found[1].sha256 == hashlib.sha256(bytes(mail(7))).hexdigest()
