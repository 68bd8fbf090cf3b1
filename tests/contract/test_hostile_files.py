"""Files that break readers, from other people's test suites: each gives its text and codes, or one clear Problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.schemas.errors import Problem
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.container_walk import read_tree
from thresher.service.readers.pool import InlineReader
from thresher.service.readers.sources import make_source

FIXTURES = Path(__file__).parents[1] / "fixtures"
READ = [  # file, codes of its Notes and its children's, media type, children, least characters
    ("03_one_byte_missing.pdf", set(), "application/pdf", 0, 200),
    ("42_mime_encodings_error.eml", {"hidden_text", "picture_unread"}, "message/rfc822", 1, 800),
    ("43_utf16.eml", set(), "message/rfc822", 0, 200),
    ("44_invalid_date.eml", set(), "message/rfc822", 0, 100),
    ("46_encrypted.msg", {"encrypted_pgp"}, "application/vnd.ms-outlook", 2, 100),
    ("attachment_pdf_non_ascii.eml", {"corrupt"}, "message/rfc822", 1, 300),
    ("body.tnef", set(), "application/vnd.ms-tnef", 0, 3700),
    ("delivery-status.eml", {"hidden_text"}, "message/rfc822", 1, 400),
    ("encoding_madness.eml", set(), "message/rfc822", 0, 200),
    ("japanese_iso_2022.eml", set(), "message/rfc822", 0, 50),
    ("message.msg", {"no_text"}, "application/vnd.ms-outlook", 1, 300),
    ("multiple_content_types.eml", set(), "message/rfc822", 0, 50),
    ("must_supply_encoding.eml", set(), "message/rfc822", 0, 300),
    ("not-a-MSG-file.msg", {"no_text", "type_mismatch"}, "image/png", 0, 0),
    ("simple-embedded-message.eml", set(), "message/rfc822", 1, 200),
    ("simple.mbox", {"corrupt_partial"}, "application/mbox", 3, 300),
    ("unmunged.mbox", {"corrupt_partial"}, "application/mbox", 2, 100),
]


@pytest.mark.parametrize(("name", "codes", "media_type", "children", "characters"), READ)
async def test_what_can_be_read_is_read(
    tmp_path: Path, name: str, codes: set[str], media_type: str, children: int, characters: int
) -> None:
    """Type by content, every child in the list, every doubt a Note with a code."""
    options = ReadOptions(ocr="off")
    readings = await read_tree(make_source(FIXTURES / name), InlineReader(tmp_path), options)
    assert {n.code for r in readings for n in r.document.notes} == codes
    assert readings[0].document.source.media_type == media_type
    assert len(readings) - 1 == children
    assert len(readings[0].document.text) >= characters


@pytest.mark.parametrize(
    ("name", "code"),
    [("06_corrupted_artur.pdf", "corrupt"), ("08_encrypted_open_password_opf.pdf", "password_protected")],
)
async def test_what_can_not_be_read_says_why(tmp_path: Path, name: str, code: str) -> None:
    """One Problem with a stable code and a remedy."""
    with pytest.raises(Problem) as caught:
        await read_tree(make_source(FIXTURES / name), InlineReader(tmp_path), ReadOptions(ocr="off"))
    assert caught.value.code == code
    assert ": " in caught.value.message


def test_every_fixture_is_used_and_attributed() -> None:
    """No file lies here without a test and a source."""
    told = (FIXTURES / "README.md").read_text()
    names = {p.name for p in FIXTURES.iterdir() if p.is_file()} - {"README.md"}
    used = {case[0] for case in READ} | {
        "testPST.pst.gz",
        "06_corrupted_artur.pdf",
        "08_encrypted_open_password_opf.pdf",
    }
    assert names == used
    assert all(f"`{name}`" in told for name in names)
