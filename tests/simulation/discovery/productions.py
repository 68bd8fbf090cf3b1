"""Make a production with known truth: DAT, OPT, NATIVES, TEXT and IMAGES, from a seed.

    python -m tests.simulation.discovery.productions FOLDER --documents 1000 --seed 7 --encoding cp1252

The writer is its own, so that it shares no fault with the code it tests. `faults` breaks one thing each, and says which finding
that must give.
"""

from __future__ import annotations

import argparse
import codecs
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

CONCORDANCE = ("\x14", "þ", "®")
PIPE = ("|", "^", None)
CSV = (",", '"', None)
TAB = ("\t", '"', None)
SETS = {"concordance": CONCORDANCE, "pipe": PIPE, "csv": CSV, "tab": TAB}
ENCODINGS = ("cp1252", "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be")  # a mark where the name says so, see `unmarked`
HEADER = (
    "BEGDOC#", "ENDDOC#", "BEGATT", "ENDATT", "PARENTID", "ATTCHIDS", "NUMATTACH", "PGCOUNT", "CUSTODIAN", "RECORDTYPE",
    "FROM", "TO", "SUBJECT", "DATESENT", "TIMESENT", "FILESIZE", "MD5 Hash", "REDACTED", "WITHHELD", "NATIVELINK",
    "TEXTLINK", "DEAL TEAM", "NOTES",
)  # fmt: skip
_WORDS = ["budget", "Müller", "contract", "“draft”", "draft;", "café", "review", "þorn", "ACME®", "closing", "price"]
_WIDE = ["Ω", "東京", "Łódź", "🙂"]


@dataclass(slots=True, kw_only=True)
class TrueDocument:
    """A document of the production, as it was made."""

    begin: str
    end: str
    parent: str | None
    top: str
    pages: list[str]  # keys of its page images
    subject: str
    text: str
    native: str | None
    redacted: bool = False
    withheld: bool = False
    row: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Truth:
    """What is in a production, and what a check must find."""

    root: Path
    documents: list[TrueDocument]
    findings: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make a production."""

    documents: int = 24
    seed: int = 1
    encoding: str = "utf-8-sig"
    mark: bool = True  # of UTF-16
    delimiters: str = "concordance"
    header: bool = True
    faults: tuple[str, ...] = ()


def make_production(root: Path, recipe: Recipe | None = None) -> Truth:
    """Write a production below a root, and return the truth about it."""
    recipe = recipe or Recipe()
    rng = random.Random(recipe.seed)
    for folder in ("DATA", "NATIVES/001", "TEXT/001", "IMAGES/001"):
        (root / folder).mkdir(parents=True)
    documents = _documents(rng, recipe)
    truth = Truth(root=root, documents=documents, findings=Counter())
    for document in documents:
        _write_files(root, document)
    opt = [line for document in documents for line in _opt_lines(document)]
    rows = [list(document.row.values()) for document in documents]
    _break(_Volume(truth, rows, opt), recipe.faults)
    tail = b"\x1a" + b"\x00" * 40 if "padding" in recipe.faults else b""
    _write_dat(root / "DATA" / "ABC001.dat", rows, recipe, tail)
    (root / "DATA" / "ABC001.opt").write_bytes("".join(f"{line}\r\n" for line in opt).encode("cp1252"))
    return truth


def _documents(rng: random.Random, recipe: Recipe) -> list[TrueDocument]:
    documents: list[TrueDocument] = []
    page = 1
    while len(documents) < recipe.documents:
        family: list[TrueDocument] = []
        for member in range(rng.choice((1, 1, 2, 3, 4))):
            pages = [f"ABC{page + i:07d}" for i in range(rng.choice((1, 1, 2, 3)))]
            page += len(pages)
            above = rng.choice(family).begin if member else None
            family.append(_document(rng, pages, above, family[0].begin if family else pages[0], recipe))
        _fill(rng, family)
        documents += family
        page += rng.choice((0, 0, 0, 5))  # gaps between documents are usual
    return documents


def _document(rng: random.Random, pages: list[str], parent: str | None, top: str, recipe: Recipe) -> TrueDocument:
    words = _WORDS + (_WIDE if recipe.encoding != "cp1252" else [])
    redacted, withheld = rng.random() < 0.1, rng.random() < 0.1
    subject = " ".join(rng.choices(words, k=4))
    text = "\f".join(f"Page {key}. {' '.join(rng.choices(words, k=12))}" for key in pages)
    native = None if redacted or withheld else f"NATIVES\\001\\{pages[0]}.txt"
    return TrueDocument(
        begin=pages[0], end=pages[-1], parent=parent, top=top, pages=pages, subject=subject, text=text, native=native,
        redacted=redacted and not withheld, withheld=withheld,
    )  # fmt: skip


def _fill(rng: random.Random, family: list[TrueDocument]) -> None:
    """Write the rows of a family."""
    last = family[-1].end
    for document in family:
        children = [member.begin for member in family if member.parent == document.begin]
        native = _native_text(document).encode()
        values = (
            document.begin, document.end, document.top, last, document.parent or "", ";".join(children),
            str(len(children)), str(len(document.pages)), "Doe, Jane",
            "Email" if not document.parent else "Attachment", "Jane Doe <jane.doe@example.com>",
            "Roe, Bo <bo@example.com>; Al <al@example.com>", document.subject,
            f"{rng.randrange(1, 13):02d}/{rng.randrange(13, 29)}/2001", f"{rng.randrange(24):02d}:{rng.randrange(60):02d}",
            str(len(native)) if document.native else "", "", "Yes" if document.redacted else "No",
            "Document Withheld Based On Privilege" if document.withheld else "", document.native or "",
            "" if document.withheld else f".\\TEXT\\001\\{document.begin}.txt", "Alpha",
            rng.choice(("", "two\nlines", "a \x14 inside", "it's; fine")),
        )  # fmt: skip
        document.row = dict(zip(HEADER, values, strict=True))


def _native_text(document: TrueDocument) -> str:
    return f"NATIVE of {document.begin}: secret-{document.begin}"


def _write_files(root: Path, document: TrueDocument) -> None:
    if document.native:
        _path(root, document.native).write_text(_native_text(document), "utf-8")
    if not document.withheld:
        (root / "TEXT" / "001" / f"{document.begin}.txt").write_text(document.text, "utf-8")
    for key in document.pages:
        (root / "IMAGES" / "001" / f"{key}.tif").write_bytes(b"II*\x00" + key.encode())


def _path(root: Path, written: str) -> Path:
    return root / written.replace("\\", "/")


def _opt_lines(document: TrueDocument) -> list[str]:
    lines = []
    for i, key in enumerate(document.pages):
        first, count = ("Y", str(len(document.pages))) if i == 0 else ("", "")
        lines.append(f"{key},ABC001,D:\\ABC001\\IMAGES\\001\\{key}.tif,{first},,,{count}")
    return lines


@dataclass(slots=True)
class _Volume:
    """A production before it is written, for those who break it."""

    truth: Truth
    rows: list[list[str]]
    opt: list[str]

    def set(self, i: int, column: str, value: str) -> None:
        self.rows[i][HEADER.index(column)] = value

    def native(self, i: int) -> Path:
        return _path(self.truth.root, str(self.truth.documents[i].native))


def _column_count(volume: _Volume, i: int) -> None:
    volume.rows[i].append("one too many")


def _stray_qualifier(volume: _Volume, i: int) -> None:
    volume.set(i, "NOTES", "\0STRAY")


def _missing_native(volume: _Volume, i: int) -> None:
    volume.native(i).unlink()


def _missing_image(volume: _Volume, i: int) -> None:
    (volume.truth.root / "IMAGES" / "001" / f"{volume.truth.documents[i].pages[0]}.tif").unlink()


def _orphan(volume: _Volume, _: int) -> None:
    (volume.truth.root / "NATIVES" / "001" / "nobody.txt").write_text("of no row", "utf-8")


def _parent_missing(volume: _Volume, i: int) -> None:
    volume.set(i, "PARENTID", "ABC9999999")


def _bad_date(volume: _Volume, i: int) -> None:
    volume.set(i, "DATESENT", "13/21/2001")


def _duplicate_id(volume: _Volume, i: int) -> None:
    volume.rows.append(list(volume.rows[i]))


def _opt_count(volume: _Volume, _: int) -> None:
    several = next(document for document in volume.truth.documents if len(document.pages) > 1)
    i = next(i for i, line in enumerate(volume.opt) if line.startswith(several.begin))
    volume.opt[i] = f"{volume.opt[i].rpartition(',')[0]},{len(several.pages) + 1}"


def _zero_byte(volume: _Volume, i: int) -> None:
    volume.native(i).write_bytes(b"")
    volume.set(i, "FILESIZE", "0")


def _path_escape(volume: _Volume, i: int) -> None:
    volume.set(i, "NATIVELINK", "..\\..\\..\\secret.txt")
    volume.set(i, "TEXTLINK", "")


def _family_conflict(volume: _Volume, i: int) -> None:
    top = next(document for document in volume.truth.documents if document.row["ATTCHIDS"] and not document.parent)
    volume.set(i, "BEGATT", top.begin)


def _bates_overlap(volume: _Volume, i: int) -> None:
    volume.set(i, "ENDDOC#", volume.truth.documents[i + 1].begin)


def _native_for_redacted(volume: _Volume, i: int) -> None:
    volume.set(i, "REDACTED", "Y")
    volume.truth.documents[i].redacted = True


def _attach_count(volume: _Volume, i: int) -> None:
    volume.set(i, "NUMATTACH", "3")


def _padding(volume: _Volume, _: int) -> None:
    """Change nothing: padding follows the last row, see `make_production`."""
    assert volume.rows


FAULTS = {  # what is broken, and the findings that must tell of it
    _column_count: {"dat_column_count": 1, "orphan_file": 2, "opt_document_missing": 1},
    _stray_qualifier: {"dat_stray_qualifier": 1},
    _missing_native: {"missing_file": 1},
    _missing_image: {"opt_image_missing": 1},
    _orphan: {"orphan_file": 1},
    _parent_missing: {"parent_missing": 1},
    _bad_date: {"bad_date": 1},
    _duplicate_id: {"duplicate_id": 1},
    _opt_count: {"opt_pagecount_mismatch": 1},
    _zero_byte: {"zero_byte": 1},
    _path_escape: {"path_escape": 1, "orphan_file": 2},
    _family_conflict: {"family_conflict": 1, "attach_count_mismatch": 1},
    _bates_overlap: {"bates_overlap": 1, "page_count_mismatch": 2},
    _native_for_redacted: {"native_for_redacted": 1},
    _attach_count: {"attach_count_mismatch": 1},
    _padding: {"dat_trailing_padding": 1},
}
FAULT_NAMES = tuple(fault.__name__.removeprefix("_") for fault in FAULTS)


def _break(volume: _Volume, names: tuple[str, ...]) -> None:
    """Break each thing that is named, each in another document without family; there must be enough of them."""
    documents = volume.truth.documents
    alone = iter([i for i, d in enumerate(documents) if d.native and not d.parent and not d.row["ATTCHIDS"]])
    for fault, findings in FAULTS.items():
        if fault.__name__.removeprefix("_") in names:
            fault(volume, next(alone))
            volume.truth.findings.update(findings)


def _write_dat(path: Path, rows: list[list[str]], recipe: Recipe, tail: bytes) -> None:
    separator, qualifier, newline = SETS[recipe.delimiters]
    lines = [separator.join(_cell(value, qualifier, newline) for value in row) for row in rows]
    if recipe.header:
        lines.insert(0, separator.join(_cell(value, qualifier, newline) for value in HEADER))
    text = "".join(f"{line}\r\n" for line in lines)
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(recipe.encoding, b"")
    path.write_bytes((mark if recipe.mark else b"") + text.encode(recipe.encoding) + tail)


def _cell(value: str, qualifier: str, newline: str | None) -> str:
    if value == "\0STRAY":
        return f"{qualifier}a {qualifier} inside{qualifier}"
    text = value.replace("\n", newline) if newline else value
    return qualifier + text.replace(qualifier, qualifier * 2) + qualifier


def main() -> None:
    """Make a production from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoding", choices=ENCODINGS, default="utf-8-sig")
    parser.add_argument("--delimiters", choices=SETS, default="concordance")
    parser.add_argument("--fault", choices=FAULT_NAMES, action="append", default=[])
    given = parser.parse_args()
    recipe = Recipe(
        documents=given.documents, seed=given.seed, encoding=given.encoding, delimiters=given.delimiters,
        faults=tuple(given.fault),
    )  # fmt: skip
    truth = make_production(given.folder, recipe)
    print(f"{len(truth.documents)} documents in {given.folder}; to be found: {dict(truth.findings)}")


if __name__ == "__main__":
    main()
