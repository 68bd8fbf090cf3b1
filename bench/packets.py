"""Packets: files of the corpora joined in random order, and split again by code alone.

    python -m bench.packets CORPORA [--seed N] [--scans N] [--cache FILE] [--misses]

The files are halved by the hash of their names; weights were fitted on packets of the half `tune` (bench/packets_fit.py).
Digital packets are real PDFs, joined page by page and read with our reader; "printed anew" is the same without the names
of fonts, as after printing a packet to a new PDF. Scanned ones are receipt photos, PDFs without a text layer, and short
digital files printed and scanned again, read through OCR. A boundary is right only at the very page.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.packet_corpus import File, alike, begins, digital, drawn, joined, read, scanned, without_fonts
from thresher.schemas.document import Document
from thresher.service.splitting.boundaries import Gap, boundaries_by_code, scored_gaps, unsure_gaps
from thresher.service.splitting.boundary_scorer import load_scorer
from thresher.service.splitting.boundary_signals import FilePages
from thresher.service.splitting.document_parts import parts
from thresher.service.splitting.page_edges import PageView, page_views

PACKETS = 40  # of each half


@dataclass(slots=True)
class Score:
    """Counts over some packets."""

    packets: int = 0
    pages: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    asked: int = 0  # gaps that a model would be asked about
    whole: int = 0  # files that came out with exactly their own pages
    files: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, files: list[File], pages: list[PageView]) -> list[int]:
        """Judge one packet; gives the pages at which code says that documents begin."""
        gaps = scored_gaps(FilePages(pages), load_scorer())
        found, truth = {g.page for g in boundaries_by_code(gaps)}, begins(files)
        self.packets, self.pages, self.files = self.packets + 1, self.pages + len(pages), self.files + len(files)
        self.right, self.wrong = self.right + len(found & truth), self.wrong + len(found - truth)
        self.missed, self.asked = self.missed + len(truth - found), self.asked + len(unsure_gaps(gaps))
        edges = [0, *sorted(truth), len(pages)]
        cut = {0, len(pages)} | found
        self.whole += sum({a, b} <= cut and not any(a < c < b for c in cut) for a, b in pairwise(edges))
        self.errors += [_error(g, g.page in found, pages) for g in gaps if (g.page in found) != (g.page in truth)]
        return sorted(found)

    def row(self, name: str) -> str:
        """One line of the table."""
        precision = self.right / max(self.right + self.wrong, 1)
        recall = self.right / max(self.right + self.missed, 1)
        f1 = 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)
        return (
            f"| {name} | {self.packets} | {self.pages} | {self.right + self.missed} | {precision:.3f} | {recall:.3f} | "
            f"{f1:.3f} | {self.whole} of {self.files} | {self.asked} |"
        )


def _error(gap: Gap, found: bool, pages: list[PageView]) -> str:  # noqa: FBT001 - one of two kinds of error
    before, after = pages[gap.page - 1].rows[-2:], pages[gap.page].rows[:3]
    return f"{'WRONG' if found else 'MISSED'} {gap.score:.2f} {gap.reason}: {before} >> {after}"


def packets(drawn_ones: Iterable[list[File]]) -> Iterator[tuple[list[File], Document]]:
    """Real joined PDFs, read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "packet.pdf"
        for packet in drawn_ones:
            joined(packet, path)
            yield packet, read(path)


def lost_pages(document: Document, first: list[int]) -> int:
    """Pages of a Document that are not in exactly one of its parts."""
    made = parts(document, first)
    told = [n for part in made for n in range(part.pages.range[0], part.pages.range[1] + 1)]
    return len(set(range(1, len(document.pages) + 1)) ^ set(told)) + len(told) - len(set(told))


def singles(files: Iterable[File]) -> dict[str, tuple[int, int, int]]:
    """Of each set: files of more than one page, those of them that are split, and questions to a model."""
    found: dict[str, tuple[int, int, int]] = {}
    for file in files:
        if len(file.pages) < 2:
            continue
        gaps = scored_gaps(FilePages(list(file.pages)), load_scorer())
        cuts = [g.page + 1 for g in boundaries_by_code(gaps)]
        if cuts:
            print(f"  split: {file.path.name} ({file.half}) before pages {cuts}", file=sys.stderr)
        name = next(
            p
            for p in ("cuad", "extract_bench", "fcc_adbuy", "invoice2data", "kleister_nda", "zugferd", "")
            if p in str(file.path)
        )
        total, split, asked = found.get(name or "other", (0, 0, 0))
        found[name or "other"] = (total + 1, split + bool(cuts), asked + len(unsure_gaps(gaps)))
    return found


def _scans(corpora: Path, most: int, cache: Path | None) -> list[File]:
    """The scanned files; OCR takes seconds a page."""
    if cache is not None and cache.exists():
        kept: list[File] = pickle.loads(cache.read_bytes())
        return kept
    files = list(scanned(corpora, most))
    if cache is not None:
        cache.write_bytes(pickle.dumps(files))
    return files


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--scans", type=int, default=16, help="photos, and as many files printed and scanned again")
    parser.add_argument("--cache", type=Path, help="where scans, once read, are kept for the next run")
    parser.add_argument("--misses", action="store_true", help="errors of the half that weights were fitted on")
    options = parser.parse_args()
    print("| packets | number | pages | boundaries | precision | recall | F1 | files whole | unsure gaps |")
    print("|---|---|---|---|---|---|---|---|---|")
    files, lost = digital(options.corpora), 0
    for half, draw in product(("tune", "held"), (drawn, alike)):
        score, plain, kind = Score(), Score(), "digital" if draw is drawn else "digital, of one set"
        chosen = draw([f for f in files if f.half == half], PACKETS, random.Random(options.seed))
        for packet, document in packets(chosen):
            views = page_views(document)
            lost += lost_pages(document, score.add(packet, views))
            plain.add(packet, without_fonts(views))
        print(score.row(f"{kind}, {half}"), plain.row(f"{kind}, printed anew, {half}"), sep="\n", flush=True)
        for error in (*score.errors, *plain.errors) if options.misses and half == "tune" else ():
            print("   ", error, file=sys.stderr)
    scans = _scans(options.corpora, options.scans, options.cache) if options.scans else []
    for half in ("tune", "held") if scans else ():
        score = Score()
        for packet in drawn([f for f in scans if f.half == half], PACKETS, random.Random(options.seed)):
            score.add(packet, [p for f in packet for p in f.pages])
        print(score.row(f"scanned, {half}"), flush=True)
    print(
        f"\npages that belong to no part or to two: {lost}\n\n| single files of | more than a page | split | unsure gaps |"
    )
    print("|---|---|---|---|")
    for name, group in (("digital", files), ("scanned", scans)):
        for half in ("tune", "held"):
            for kind, (total, split, asked) in sorted(singles(f for f in group if f.half == half).items()):
                print(f"| {kind}, {name}, {half} | {total} | {split} | {asked} |")


if __name__ == "__main__":
    main()
