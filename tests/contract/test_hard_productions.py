"""Productions that nobody prepared: page breaks that are gone, two files of images, joined load files, slip-sheets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from thresher.schemas.discovery.matter import MatterDocument
from thresher.service.discovery.loadfiles.dates import parse_day
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.file_checks import says_native, says_withheld
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.reconciliation.reconciling import reconcile

_HEADER = "DOCID,ENDBATES,TEXTLINK,NATIVELINK"


def _loaded(folder: Path, rows: list[str], files: dict[str, str]) -> tuple[list[MatterDocument], Counter[str]]:
    """Write a volume, load it twice, and return its documents and how often each code stands there."""
    volume = folder / "V"
    for name, text in {"DATA/V.csv": "\n".join([_HEADER, *rows]) + "\n", **files}.items():
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_text(text)
    for _ in range(2):
        with Matter(folder / "m") as matter:
            import_production(matter, find_production(volume), LoadOptions(), "")
            assert reconcile(matter).state == "reconciled"
    with Matter(folder / "m", writes=False) as matter:
        return list(matter.store.documents()), Counter(e.code for e in matter.store.exceptions())


def _images(keys: str) -> dict[str, str]:
    return {f"IMAGES/{key}.tif": f"II*{key}" for key in keys.split()}


@pytest.mark.parametrize("breaks", [("Y,,", ",,", ",,"), (",Y,", ",,", ",Y,")])
def test_pages_never_go_to_the_document_before(tmp_path: Path, breaks: tuple[str, ...]) -> None:
    """A page with the id of a document begins it, though its mark is missing or in the next column; and that is said."""
    opt = "\r\n".join(f"A00{n},V,IMAGES\\A00{n}.tif,{mark}," for n, mark in enumerate(breaks, 1))
    documents, codes = _loaded(
        tmp_path, ["A001,A002,,", "A003,A003,,"], {"DATA/V.opt": opt, **_images("A001 A002 A003")}
    )
    assert [d.produced.images for d in documents if d.produced] == [
        ("IMAGES/A001.tif", "IMAGES/A002.tif"),
        ("IMAGES/A003.tif",),
    ]
    assert codes["opt_break_missing"] == 1


def test_an_lfp_beside_an_opt_gives_families_and_natives_alone(tmp_path: Path) -> None:
    """Both name the same pages, which is no fault; who is whose child only the LFP tells."""
    opt = "A001,V,IMAGES\\A001.tif,Y,,,1\r\nA002,V,D:\\V\\IMAGES\\A002.tif,Y,,,1\r\n"
    lfp = "IM,A001,D,0,@V;IMAGES;A001.tif;2\nIM,A002,C,0,@V;IMAGES;A002.tif;2\nOF,A002,@V;NATIVES;A002.txt,1\n"
    files = {"DATA/V.opt": opt, "DATA/V.lfp": lfp, "NATIVES/A002.txt": "native", **_images("A001 A002")}
    documents, codes = _loaded(tmp_path, ["A001,A001,,", "A002,A002,,"], files)
    assert [(d.level, d.produced and d.produced.native) for d in documents] == [(1, None), (2, "NATIVES/A002.txt")]
    assert not codes


def test_a_header_once_more_is_no_document(tmp_path: Path) -> None:
    """Where load files were joined, the header of the second is one exception, and the counts balance."""
    documents, codes = _loaded(tmp_path, ["A001,A001,T/1.txt,", _HEADER, "A002,A002,T/1.txt,"], {"T/1.txt": "text"})
    assert [d.bates_begin for d in documents] == ["A001", "A002"]
    assert codes == {"dat_header_repeated": 1}


def test_a_slip_sheet_hides_no_native(tmp_path: Path) -> None:
    """A text that only says that the native was produced is not read in its place; without a native it is all there is."""
    files = {"T/1.txt": "A001\r\nDOCUMENT PRODUCED IN NATIVE FORMAT\r\nCONFIDENTIAL\r\n", "N/1.txt": "native"}
    documents, _ = _loaded(tmp_path, ["A001,A001,T/1.txt,N/1.txt", "A002,A002,T/1.txt,"], files)
    assert [d.produced.text_from for d in documents if d.produced] == ["native", "text_file"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A0003\n\nDOCUMENT WITHHELD FOR PRIVILEGE\nSmith v. Jones", (True, False)),
        ("Document Withheld - Attorney-Client Privilege", (True, False)),
        ("From: Ann\nTo: Bob\nSubject: log\n\nThe documents withheld so far are on the log.", (False, False)),
        ("Dear Bob,\nwe ask for each document withheld.", (False, False)),
        ("FILE PROVIDED NATIVELY / SEE NATIVE", (False, True)),
        ("Native file produced\nABC000123", (False, True)),
        ("This crop is native to Ohio and was produced in 2001.", (False, False)),
    ],
)
def test_slip_sheets_are_told_from_letters(text: str, said: tuple[bool, bool]) -> None:
    """A sheet holds little but its phrase; a mail or letter that has the phrase is content."""
    assert (says_withheld(text), says_native(text)) == said


def test_the_year_one_is_no_date() -> None:
    """Programs that know no date write their first one."""
    assert (parse_day("01/01/0001", "MDY"), parse_day("0001-01-01", "DMY")) == (None, None)
