"""Productions: every encoding and set of delimiters, real samples, page images, and what is wrong with a volume."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from tests.simulation.discovery.productions import FAULT_NAMES, HEADER, Recipe, Truth, make_production
from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.options import LoadOptions, load_options
from thresher.service.discovery.loadfiles.typed_values import line_ends
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.productions.loading import import_production
from thresher.service.discovery.productions.validation import Listeners, Validation, validate
from thresher.service.discovery.productions.volume import find_production
from thresher.service.discovery.productions.volume_paths import PathEscapeError, VolumeFiles

SAMPLES = Path("tests/fixtures/relativity_samples")


def checked(root: Path, options: LoadOptions | None = None, loadfile: str | None = None) -> Validation:
    """Pass 1 over a production, with the files hashed."""
    return validate(find_production(root, loadfile), options or LoadOptions(), Listeners(on_file=lambda _: None))


def counts(validation: Validation) -> dict[str, int]:
    """How often each code was found."""
    return {group.code: group.count for group in validation.report.findings}


def values(validation: Validation) -> list[list[str]]:
    """All rows with line ends in their values."""
    dat = validation.dat
    return [[line_ends(cell, dat.delimiters) for cell in row] for block in dat.blocks() for row in block.rows]


def made(truth: Truth) -> list[list[str]]:
    """The rows as they were made, where the reader must give the same."""
    return [list(document.row.values()) for document in truth.documents]


@pytest.mark.parametrize("delimiters", ["concordance", "pipe", "csv", "tab"])
@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("cp1252", False, "cp1252"),
        ("utf-8", False, "utf-8"),
        ("utf-8-sig", True, "utf-8"),
        ("utf-16-le", True, "utf-16-le"),
        ("utf-16-le", False, "utf-16-le"),
        ("utf-16-be", True, "utf-16-be"),
        ("utf-16-be", False, "utf-16-be"),
    ],
)
def test_every_encoding_and_set_of_delimiters_gives_the_same_documents(
    tmp_path: Path, delimiters: str, encoding: str, mark: object, found: str
) -> None:
    """The rows are those that were made, a ® in a Concordance value being a line end; nothing is wrong."""
    truth = make_production(
        tmp_path / "v", Recipe(encoding=encoding, mark=bool(mark), delimiters=delimiters, seed=3, documents=10)
    )
    validation = checked(tmp_path / "v")
    assert validation.report.table.encoding == found
    assert (counts(validation), validation.report.imbalances) == ({}, [])
    newline = "\n" if delimiters == "concordance" else "®"
    assert values(validation) == [[cell.replace("®", newline) for cell in row] for row in made(truth)]


@pytest.mark.parametrize("seed", range(4))
def test_families_are_as_given(tmp_path: Path, seed: int) -> None:
    """Parents, tops and ids of every document, nested attachments too."""
    truth = make_production(tmp_path / "v", Recipe(seed=seed, documents=40))
    validation = checked(tmp_path / "v")
    ids, families = validation.ids, validation.families
    assert ids == [document.begin for document in truth.documents]
    assert [ids[p] if p >= 0 else None for p in families.parents] == [d.parent for d in truth.documents]
    assert [ids[top] for top in families.tops] == [d.top for d in truth.documents]


@pytest.mark.parametrize("fault", FAULT_NAMES)
def test_each_fault_is_found_alone_and_the_counts_balance(tmp_path: Path, fault: str) -> None:
    """One broken thing gives its findings and no others."""
    truth = make_production(tmp_path / "v", Recipe(faults=(fault,), documents=40, seed=5))
    validation = checked(tmp_path / "v")
    assert counts(validation) == dict(truth.findings)
    assert validation.report.imbalances == []


def test_all_faults_at_once_balance(tmp_path: Path) -> None:
    """Many broken things in one volume: each is found, and rows, images and files add up."""
    faults = tuple(fault for fault in FAULT_NAMES if fault not in {"bates_overlap", "duplicate_id"})
    truth = make_production(tmp_path / "v", Recipe(faults=faults, documents=150, seed=8))
    validation = checked(tmp_path / "v")
    assert (counts(validation), validation.report.imbalances) == (dict(truth.findings), [])
    assert validation.report.status == "exceptions"


def sample_volume(root: Path) -> Path:
    """The public samples of load files, with small files in the places that they name."""
    shutil.copytree(SAMPLES, root)
    for folder, pattern, numbers in (
        ("NATIVES/NATIVE00001", "EDRM-Sample{}", range(1, 11)),
        ("TEXT/TEXT00001", "EDRM-Sample{}.txt", range(1, 11)),
    ):
        (root / "VOL01" / folder).mkdir(parents=True)
        for number in numbers:
            (root / "VOL01" / folder / pattern.format(number)).write_text(f"sample {number}", "utf-8")
    images = root / "VOL01" / "IMAGES" / "IMG001"
    images.mkdir(parents=True)
    for name in ("", "_0001", "_0002", "_0003", "_0004"):
        (images / f"SYM-00011001{name}_REV.tif").write_bytes(b"II*\x00")
    return root


@pytest.mark.parametrize(
    ("name", "rows", "columns", "header"),
    [
        ("load_file_01.dat", 5, 23, True),
        ("load_file_02.dat", 2, 23, False),
        ("load_file_03.dat", 2, 23, False),
        ("load_file_04.dat", 3, 23, True),
        ("load_file_05.dat", 5, 23, True),
        ("load_file_07_0.dat", 12, 23, False),
        ("load_file_07_1.dat", 12, 23, False),
        ("rdo_load_file_01.dat", 4, 6, True),
        ("rdo_load_file_02.dat", 4, 6, True),
        ("rdo_load_file_03.dat", 4, 3, True),
    ],
)
def test_public_samples_have_their_rows_and_columns(name: str, rows: int, columns: int, header: object) -> None:
    """Rows with the header, columns, and whether there is a header."""
    report = checked(SAMPLES, loadfile=name).report
    assert (report.counts.rows + report.table.has_header, len(report.table.columns)) == (rows, columns)
    assert report.table.has_header is header
    assert not {"dat_column_count", "dat_stray_qualifier", "bad_value"} & {g.code for g in report.findings}


def test_bad_dates_of_a_public_sample_are_told_and_all_rows_kept() -> None:
    """13/21/2001 is no date in any order; the other rows settle that the month comes first."""
    validation = checked(SAMPLES, loadfile="load_file_05.dat")
    assert counts(validation)["bad_date"] == 4
    assert validation.report.counts.documents == 4
    assert validation.report.table.date_orders["DATESENT"] == "MDY"


def test_a_load_file_without_header_needs_names_and_then_loads(tmp_path: Path) -> None:
    """Columns are never guessed; named by the job, the file is as good as any."""
    header = checked(SAMPLES, loadfile="load_file_01.dat").report.table.columns
    assert counts(checked(SAMPLES, loadfile="load_file_03.dat"))["id_column_missing"] == 1
    option = tmp_path / "options.toml"
    option.write_text(f"columns = {json.dumps(list(header))}\n", "utf-8")
    validation = checked(SAMPLES, load_options(option), "load_file_03.dat")
    assert validation.ids == ["Sample_0000007", "Sample_0000008"]


def test_page_images_of_a_public_sample(tmp_path: Path) -> None:
    """Five pages of one document; a page that is gone is found once; case alone does not lose a page."""
    root = sample_volume(tmp_path / "v")
    (root / "opticon_02.opt").unlink()
    whole = checked(root, loadfile="load_file_01.dat").report
    assert (whole.counts.image_rows, whole.counts.images_found) == (5, 5)
    folder = root / "VOL01" / "IMAGES" / "IMG001"
    (folder / "SYM-00011001_0002_REV.tif").unlink()
    assert counts(checked(root, loadfile="load_file_01.dat"))["opt_image_missing"] == 1
    (folder / "SYM-00011001_0001_REV.tif").rename(folder / "sym-00011001_0001_rev.TIF")
    again = checked(root, loadfile="load_file_01.dat").report
    assert (again.counts.images_missing, again.counts.paths_by_rule[4]) == (1, 1)


def test_a_volume_of_unread_load_files_is_refused_by_name(tmp_path: Path) -> None:
    """Summation's DII is not read, and said so."""
    (tmp_path / "volume.dii").write_text("@T ABC001", "utf-8")
    with pytest.raises(InputProblem, match=r"unsupported_loadfile: volume\.dii is Summation DII"):
        find_production(tmp_path)


def test_several_load_files_are_asked_about() -> None:
    """Which load file counts is never guessed."""
    with pytest.raises(InputProblem, match="loadfile_unclear"):
        find_production(SAMPLES)


def test_text_that_was_encoded_twice_is_refused(tmp_path: Path) -> None:
    """þ that reads as Ã¾ makes every value doubtful."""
    text = "þBEGBATESþ\x14þSUBJECTþ\r\nþABC001þ\x14þxþ\r\n".encode().decode("cp1252")
    (tmp_path / "v.dat").write_bytes(text.encode())
    validation = checked(tmp_path)
    assert validation.report.status == "refused"
    assert counts(validation)["dat_mojibake"] == 1


def test_bytes_without_a_meaning_are_kept(tmp_path: Path) -> None:
    """Windows-1252 has five of them; none is replaced."""
    data = "þBEGBATESþ\x14þSUBJECTþ\r\nþABC001þ\x14þé~þ\r\n".encode("cp1252").replace(b"~", b"\x81\x9d")
    (tmp_path / "v.dat").write_bytes(data)
    validation = checked(tmp_path)
    assert (values(validation), counts(validation)["undefined_bytes"]) == ([["ABC001", "é\x81\x9d"]], 1)


def test_a_cp1252_file_that_begins_like_utf_16_is_not_taken_for_it(tmp_path: Path) -> None:
    """The bytes FE FF are þÿ in Windows-1252."""
    (tmp_path / "v.dat").write_bytes("þÿþ\x14þBEGBATESþ\r\nþaþ\x14þABC001þ\r\n".encode("cp1252"))
    validation = checked(tmp_path)
    assert (validation.report.table.encoding, validation.ids) == ("cp1252", ["ABC001"])


def test_a_value_of_a_mebibyte_and_its_neighbours_arrive_whole(tmp_path: Path) -> None:
    """Text in the load file itself, longer than a block that is read at once."""
    long = "Wörter\r\nund þþ mehr " * 60_000
    (tmp_path / "v.dat").write_text(
        f"þBEGBATESþ\x14þFULLTEXTþ\x14þNOTESþ\r\nþABC001þ\x14þ{long}þ\x14þlastþ\r\nþABC002þ\x14þþ\x14þþ\r\n",
        "utf-8",
        newline="",
    )
    rows = values(checked(tmp_path))
    assert rows == [["ABC001", long.replace("þþ", "þ"), "last"], ["ABC002", "", ""]]


def test_header_names_of_the_generator_are_known() -> None:
    """All but the two that are meant to be unknown."""
    from thresher.service.discovery.loadfiles.columns import canonical

    assert [name for name in HEADER if canonical(name) is None] == ["DEAL TEAM", "NOTES"]


def broken(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a piece cut out, doubled, replaced, or set to noise."""
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 2, 7, 300))
    noise = rng.choice(
        (rng.randbytes(size), b"\xfe" * size, b"\x14\xfe\x14", b"\r", b"\x00" * size, b"9" * 5000, b"\\..\\" * 40)
    )
    return data[:at] + rng.choice((b"", noise, data[at : at + size] * 2)) + data[at + size :]


@pytest.mark.parametrize("seed", range(12))
def test_broken_load_files_are_findings_and_never_faults(tmp_path: Path, seed: int) -> None:
    """Whatever happens to the bytes of DAT and OPT, the check ends, its counts balance, and what it accepts can be loaded."""
    rng = random.Random(seed)
    recipe = Recipe(documents=12, seed=seed, encoding=rng.choice(("cp1252", "utf-8-sig", "utf-16-le")))
    make_production(tmp_path / "v", recipe)
    for name in ("ABC001.dat", "ABC001.opt"):
        path = tmp_path / "v" / "DATA" / name
        data = path.read_bytes()
        for _ in range(rng.randrange(1, 5)):
            data = broken(data, rng)
        path.write_bytes(data)
    with Matter(tmp_path / "matter") as matter:
        loaded = import_production(matter, find_production(tmp_path / "v"), LoadOptions(), "")
        report = loaded.validation.report
        assert report.imbalances == []
        assert report.model_dump_json()
        assert sum(matter.store.counts("documents").values()) == (loaded.documents or 0)
        assert loaded.documents in {None, report.counts.documents}


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00" * 9000, b"\x1a", b"\r\n\r\n", b"BEGBATES", b"\xfe"]
)
def test_load_files_without_rows_are_refused(tmp_path: Path, data: bytes) -> None:
    """Empty in one way or another."""
    (tmp_path / "v.dat").write_bytes(data)
    assert checked(tmp_path).report.status == "refused"


@pytest.mark.parametrize("cell", ["1" * 100_000, "a\\" * 50_000, " " * 100_000 + "–", "1/" * 50_000])
def test_long_cells_take_no_long_time(tmp_path: Path, cell: str) -> None:
    """No pattern goes over a long cell more than a few times: as a name, an id, a range, a date, or a path."""
    names = ["BEGBATES", "ENDBATES", "FAMLYRNG", "DATESENT", "EXTRACTEDTEXT", "PGCOUNT", "MD5HASH", "NATIVELINK"]
    rows = [names, [cell] * len(names), ["ABC001"] * len(names)]
    text = "".join("\x14".join(f"þ{value}þ" for value in row) + "\r\n" for row in rows)
    (tmp_path / "v.dat").write_text(text, "utf-8")
    before = time.process_time()
    assert checked(tmp_path).report.counts.rows == 2
    (tmp_path / "v.dat").write_text("".join(reversed(text.splitlines(keepends=True)[:2])), "utf-8")
    assert checked(tmp_path).report.counts.rows >= 1
    assert time.process_time() - before < 5  # a pattern that is quadratic takes minutes


def test_a_volume_ends_where_the_caller_may_read(tmp_path: Path) -> None:
    """A folder that was opened for imports may be called `data`: what lies beside it is no part of a volume in it."""
    opened = tmp_path / "data"
    opened.mkdir()
    (tmp_path / "other.txt").write_text("another tenant's")
    (opened / "v.csv").write_text("DOCID,NATIVE\nA1,other.txt\n")
    production = find_production(opened / "v.csv", below=(opened,))
    assert (production.root, list(production.files)) == (opened.resolve(), ["v.csv"])
    assert find_production(opened / "v.csv", below=(tmp_path,)).root == tmp_path.resolve()


def test_paths_from_other_machines_are_found_behind_the_name_of_the_volume(tmp_path: Path) -> None:
    """However many folders stand before it, on a drive or a share; what leaves the volume is still refused."""
    root = tmp_path / "ABC001"
    (root / "TEXT").mkdir(parents=True)
    (root / "TEXT" / "A001.txt").write_text("x")
    files = VolumeFiles.listed(root)
    for written in (
        r"X:\Clients\Acme 4\ABC001\TEXT\A001.txt",
        r"\\srv\share\prod\abc001\text\a001.TXT",
        r"ABC001\TEXT\A001.txt",
    ):
        found = files.find(written, "DATA")
        assert found is not None, written
        assert found.path == "TEXT/A001.txt"
    with pytest.raises(PathEscapeError):
        files.find(r"..\..\secret.txt", "DATA")
    assert files.find(r"X:\Clients\ABC001\..\..\secret.txt", "DATA") is None


def test_gaps_and_repeated_pages_are_told_and_all_is_loaded(tmp_path: Path) -> None:
    """A row that an OPT has twice is no page more, so that a page that is missing shows; numbers of no document are listed."""
    (tmp_path / "v" / "I").mkdir(parents=True)
    rows = [
        "DOCID,ENDBATES,PGCOUNT,NATIVELINK,TEXTLINK",
        "A0001,A0003,3,..\\..\\x.doc,I\\1.tif",
        "A0007,A0007,1,,",
        "B001,B001,1,,",
    ]
    (tmp_path / "v" / "v.csv").write_text("\n".join(rows) + "\n")
    pages = [
        "A0001,V,I\\1.tif,Y,,,3",
        "A0003,V,I\\3.tif,,,,",
        "A0003,V,I\\3.tif,,,,",
        "A0007,V,I\\7.tif,Y,,,1",
        "B001,V,I\\b.tif,Y,,,1",
    ]
    (tmp_path / "v" / "v.opt").write_text("\r\n".join(pages) + "\r\n")
    for name in "137b":
        (tmp_path / "v" / "I" / f"{name}.tif").write_bytes(b"II*")
    report = checked(tmp_path / "v").report
    assert report.first_bates_gaps == ["A0004 - A0006"]
    assert {group.code: group.count for group in report.findings} == {
        "opt_duplicate_key": 1, "path_escape": 1, "opt_pagecount_mismatch": 1, "page_count_mismatch": 1,
    }  # fmt: skip
    assert (report.imbalances, report.counts.image_rows, report.counts.documents) == ([], 5, 3)
    with Matter(tmp_path / "m") as matter:
        import_production(matter, find_production(tmp_path / "v"), LoadOptions(), "")
        first = next(matter.store.documents()).produced
    assert first is not None
    assert (first.pages, first.text_from) == (("A0001", "A0003"), "text_file")
