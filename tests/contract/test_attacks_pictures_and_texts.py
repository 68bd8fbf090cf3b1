"""Attacks by pictures and plain texts: pages and frames that nobody counts, character sets that nobody states."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.office_files import source_of
from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source


def read(path: Path, data: bytes) -> Document:
    """The Document of a file, without OCR."""
    path.write_bytes(data)
    return read_source(source_of(path), ReadOptions(ocr="off"), Spool(path.parent / "spool")).document


def told(document: Document) -> list[str]:
    """The codes of its Notes but those of pages without OCR."""
    return [n.code for n in document.notes if n.code != "no_text"]


def pictures(form: str, frames: int) -> bytes:
    """A file of a few frames that differ."""
    data = io.BytesIO()
    first, *rest = (Image.new("L", (700, 160), 40 * i) for i in range(frames))
    first.save(data, form, save_all=True, append_images=rest)
    return data.getvalue()


def links(tiff: bytes) -> list[int]:
    """Where the directory of each page names the next one."""
    found, (at,) = [], struct.unpack_from("<I", tiff, 4)
    while at:
        found.append(at + 2 + 12 * struct.unpack_from("<H", tiff, at)[0])
        (at,) = struct.unpack_from("<I", tiff, found[-1])
    return found


@pytest.mark.parametrize("to", [10**6, 7, 8], ids=["out of the file", "into nothing", "back"])
def test_pages_behind_a_broken_link_are_missed(to: int, tmp_path: Path) -> None:
    """A decoder stops there without a word; pages may be missing, so it is not complete."""
    tiff = bytearray(pictures("TIFF", 3))
    assert told(read(tmp_path / "a.tif", bytes(tiff))) == []
    struct.pack_into("<I", tiff, links(bytes(tiff))[1], to)
    assert told(read(tmp_path / "a.tif", bytes(tiff))) == ["corrupt_partial"]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_frames_that_are_not_read_are_named(form: str, tmp_path: Path) -> None:
    """A person sees all frames of a moving picture; the first alone is read."""
    assert told(read(tmp_path / "a", pictures(form, 1))) == []
    assert told(read(tmp_path / "a", pictures(form, 2))) == ["picture_unread"]


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Счёт на сумму 9,250.00 рублей, Москва\n", "utf-16-le"),
        ("Τιμολόγιο 9,250.00 ευρώ\n", "utf-16-be"),
        ("Total due 9,250.00\n", "utf-32-le"),
        ("請求書 合計 9,250.00 円\n", "iso2022_jp"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.html"])
def test_texts_in_character_sets_that_nobody_states(text: str, codec: str, name: str, tmp_path: Path) -> None:
    """Their bytes tell the character set; read as another one they would be letters that nobody sees."""
    page = f"<html><p>{text}</p></html>" if name.endswith("html") else text
    assert read(tmp_path / name, page.encode(codec)).text.strip() == text.strip()


def test_a_card_of_one_long_value_takes_time_in_proportion(tmp_path: Path) -> None:
    """A value that is continued on each line is joined once, not once a line: it took time that grows with the square."""
    card = "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:" + "aaaaaaaaaaaaaaaaaaaaaaaa=\n" * 30_000 + "z\nEND:VCARD\n"
    begun = time.process_time()
    assert read(tmp_path / "a.vcf", card.encode()).text.endswith("z\nEND: VCARD")
    assert time.process_time() - begun < 5
