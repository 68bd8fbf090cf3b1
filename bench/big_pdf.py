"""Peak memory and time of reading (and chunking) a PDF of 10,000 pages, in this fresh process.

python bench/big_pdf.py [PAGES] [--chunk]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pdf_maker import Page, Pdf, lines, text
from thresher.chunkers.members import choose
from thresher.chunkers.tokens import counter
from thresher.schemas.document import Document
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import reader

ROW = "Section {n}.{i} of this agreement says what the parties have agreed on in the matter {i}."


def generate(path: Path, pages: int) -> None:
    """Pages of 40 lines each, with a header and a footer."""
    made = []
    for n in range(pages):
        body = lines(72, 700, [ROW.format(n=n, i=i) for i in range(40)])
        made.append(Page(text(72, 760, "Master agreement") + body + text(300, 30, f"Page {n + 1} of {pages}")))
    path.write_bytes(Pdf().write(made))


def peak() -> float:
    """Most memory held so far, in MB; the kernel counts in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Generate in a child, so that its memory is not counted; then read."""
    pages = int(next((a for a in sys.argv[1:] if a.isdigit()), "10000"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "big.pdf"
        script = f"from bench.big_pdf import generate; from pathlib import Path; generate(Path({str(path)!r}), {pages})"
        subprocess.run([sys.executable, "-c", script], check=True)
        print(f"file {path.stat().st_size / 2**20:.0f} MB, {pages:,} pages; before reading {peak():.0f} MB")
        source = Source(path="big.pdf", blob=str(path), sha256="", size=path.stat().st_size, name="big.pdf")
        began = time.perf_counter()
        document = reader.read(source, ReadOptions(limits=Limits(pages=max(pages, 1))), Spool(Path(folder))).document
        took = time.perf_counter() - began
        print(
            f"read {len(document.text):,} characters, {len(document.words):,} words in {took:.1f} s; peak {peak():.0f} MB"
        )
        if "--chunk" in sys.argv:
            print(f"{chunk(document):,} chunks; peak {peak():.0f} MB")


def chunk(document: Document) -> int:
    """How many Chunks of 2,000 tokens the same process makes of it."""
    return sum(1 for _ in choose(document).chunk(document, 2000, counter("o200k_base")))


if __name__ == "__main__":
    main()
