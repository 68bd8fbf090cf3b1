"""Files of the corpora for packets: which half they are of, read once, and joined in random order."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from PIL import Image, ImageFilter

from thresher.schemas.document import Document
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import reader
from thresher.service.splitting.page_edges import PageView, page_views

SETS = (
    "cuad",
    "discovery",
    "extract_bench",
    "fcc_adbuy",
    "invoice2data",
    "kleister_nda",
    "olmocr_bench_sample",
    "zugferd",
)
DPI = 150
LONGEST_SCAN = 4  # pages of a file that is printed and scanned again


@dataclass(frozen=True, slots=True)
class File:
    """One document of a corpus."""

    path: Path
    pages: tuple[PageView, ...]

    @property
    def is_digital(self) -> bool:
        """Whether most of its pages have a text layer."""
        return 2 * sum(bool(p.rows) for p in self.pages) > len(self.pages)

    @property
    def set(self) -> str:
        """The corpus it is of."""
        return next((name for name in SETS if name in self.path.parts), "")

    @property
    def half(self) -> str:
        """Its half, by the hash of its name: weights are fitted on `tune` alone."""
        return half_of(self.path)


def half_of(path: Path) -> str:
    """Of a file, by its name."""
    return "held" if int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % 2 else "tune"


def read(path: Path, ocr: str = "off") -> Document:
    """A PDF through our reader."""
    source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    with TemporaryDirectory() as spool:
        return reader.read(source, ReadOptions.model_validate({"ocr": ocr}), Spool(Path(spool))).document


def digital(corpora: Path) -> list[File]:
    """Every PDF of the corpora with a text layer."""
    paths = sorted(p for name in SETS for p in (corpora / name).rglob("*.pdf"))
    return [f for f in (File(p, tuple(page_views(read(p)))) for p in paths) if f.is_digital]


def scanned(corpora: Path, most: int) -> Iterator[File]:
    """Receipt photos, PDFs that are scans, and short digital files printed and scanned again, read through OCR."""
    photos = sorted((corpora / "sroie" / "documents").glob("*.jpg"))
    paths = sorted(p for name in SETS for p in (corpora / name).rglob("*.pdf"))
    short = [p for p in paths if len(pypdfium2.PdfDocument(p)) <= LONGEST_SCAN]
    short = sorted(short, key=lambda p: hashlib.sha256(p.name.encode()).digest())
    with TemporaryDirectory() as folder:
        for i, path in enumerate([*photos[:most], *short[:most]]):
            copy = Path(folder) / f"{i}.pdf"
            _as_scan(path, copy)
            yield File(path, tuple(page_views(read(copy, "auto"))))


def _as_scan(path: Path, out: Path) -> None:
    """A file as a PDF of pictures; what was digital is softened as a scanner does."""
    if path.suffix == ".jpg":
        pictures = [Image.open(path).convert("RGB")]
    else:
        pages = [p.render(scale=DPI / 72).to_pil().convert("L") for p in pypdfium2.PdfDocument(path)]
        pictures = [p.filter(ImageFilter.GaussianBlur(0.7)).rotate(0.4, fillcolor=255) for p in pages]
    pictures[0].save(out, save_all=True, append_images=pictures[1:], resolution=DPI)


def drawn(files: list[File], count: int, dice: random.Random) -> list[list[File]]:
    """Packets of 2 to 10 different files in random order."""
    return [dice.sample(files, dice.randint(2, min(10, len(files)))) for _ in range(count)]


def alike(files: list[File], count: int, dice: random.Random) -> list[list[File]]:
    """Packets of files of one set each, in turn: invoices with invoices, contracts with contracts."""
    sets = [[f for f in files if f.set == name] for name in SETS]
    sets = [group for group in sets if len(group) > 2]
    return [packet for i in range(count) for packet in drawn(sets[i % len(sets)], 1, dice)]


def joined(files: Iterable[File], out: Path) -> None:
    """One PDF of the pages of several, as joining tools make it."""
    with pypdfium2.PdfDocument.new() as whole:
        for file in files:
            with pypdfium2.PdfDocument(file.path) as one:
                whole.import_pages(one)
        whole.save(out)


def begins(files: Iterable[File]) -> set[int]:
    """The pages (0-based) at which the files of a packet begin, but for the first."""
    found, page = set(), 0
    for file in files:
        found.add(page)
        page += len(file.pages)
    return found - {0}


def without_fonts(pages: Iterable[PageView]) -> list[PageView]:
    """Pages as if the packet was printed anew: one tool made all its fonts."""
    return [replace(p, fonts=frozenset()) for p in pages]
