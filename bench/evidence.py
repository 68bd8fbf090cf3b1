"""Whether evidence can be trusted: true values located in real PDFs, and false ones not.

    python -m bench.evidence CORPORA [--only SET] [--misses] [--pictures FOLDER]

Every answer is the truth itself, whole, given to the Grounder with the whole Document as one Chunk: what is measured is
where code says that the values stand. The judge is PDFium's plain text, page by page, which our reader does not use:

- page: the page that the evidence names holds the value there
- passage: the quote and the value share at least half of the letters and figures of both (and the mean share)
- boxes: the text that PDFium finds inside the evidence's boxes is the quote, white space aside
- false: values made untrue (a figure changed, a name of another document, one letter of a name changed), of which the
  PDF's own text has none, that are located all the same
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import ImageDraw
from rapidfuzz.distance import LCSseq

from bench.given import SETS, Case, Given
from bench.printed import Printed, folded, squash
from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document
from thresher.schemas.extraction import Evidence
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.source import Source
from thresher.schemas.target import Target, Validation
from thresher.service.grounding.grounder import Grounder
from thresher.service.readers.base import Spool
from thresher.service.readers.pdf import reader

TARGET = Target(name="T", schema={}, validate=lambda data: Validation(data=data), fields=())


@dataclass(slots=True)
class Score:
    """Counts of one set."""

    values: int = 0
    held: int = 0  # values that the PDF's own text holds
    located: int = 0
    paged: int = 0  # located on a page that holds the value
    shared: list[float] = field(default_factory=list)  # of letters and figures, a value that is not located counts 0
    boxed: list[bool] = field(default_factory=list)
    false: dict[str, list[bool]] = field(default_factory=dict)
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """One case, read by us and by PDFium."""

    case: Case
    document: Document
    printed: Printed

    def ground(self, data: dict[str, Any]) -> dict[str, Evidence]:
        """Evidence by path."""
        chunk = Chunk(index=0, start=0, end=len(self.document.text), text=self.document.text, count=len)
        found = Grounder(self.document, chunk, TARGET, fuzzy=Policy().fuzzy).ground(data)
        return {e.path: e for e in found.evidence}

    def pages(self, given: Given) -> set[int]:
        """Where the PDF's own text holds a value."""
        if given.judge == "number":
            return self.printed.number(str(given.value))
        if given.judge == "literal":
            return self.printed.literal(str(given.value))
        return self.printed.passage(str(given.value))


def opened(case: Case) -> Opened:
    """Read a case."""
    path = case.pdf
    source = Source(path=path.name, blob=str(path), sha256="", size=path.stat().st_size, name=path.name)
    with TemporaryDirectory() as spool:
        document = reader.read(source, ReadOptions(ocr="off"), Spool(Path(spool))).document
    return Opened(case, document, Printed(path))


def measure(one: Opened, score: Score) -> Iterator[tuple[Opened, Evidence]]:
    """Add one case to a score; gives the evidence of values that the PDF holds."""
    started = time.process_time()
    evidence = one.ground(one.case.data)
    score.seconds += time.process_time() - started
    for given in one.case.given:
        score.values += 1
        pages = one.pages(given)
        if not pages:
            continue
        score.held += 1
        found = evidence.get(given.path)
        right = found is not None and found.page in pages
        score.located += found is not None
        score.paged += right
        score.shared.append(_share(given, found) if found and right else 0.0)
        if found and found.boxes:
            score.boxed.append(_in_boxes(one.printed, given, found))
            yield one, found
        if not found or not right or score.shared[-1] < 0.5 or not score.boxed[-1]:
            score.misses.append(_miss(one, given, found, pages))


def _share(given: Given, found: Evidence) -> float:
    """Letters and figures that value and quote share, of all that either has."""
    a, b = squash(str(given.value)), squash(found.quote)
    if given.judge == "number" or a == b:
        return 1.0
    if given.judge == "literal":
        return float(folded(str(given.value)) == folded(found.quote))
    common = LCSseq.similarity(a, b)
    return common / (len(a) + len(b) - common)


def _in_boxes(printed: Printed, given: Given, found: Evidence) -> bool:
    inside = printed.inside(found.page or 1, found.boxes)
    inside += "".join(printed.inside(more.page, more.boxes) for more in found.continued)
    return _bare(inside) in {_bare(found.quote), _bare(str(given.value))}


def _bare(text: str) -> str:
    """Without white space, and without the hyphens that PDFium leaves out or marks at line ends."""
    return re.sub(r"[\s\u00ad\ufffe\x02-]", "", text)


def _miss(one: Opened, given: Given, found: Evidence | None, pages: set[int]) -> str:
    got = (
        f"p{found.page} {found.match} {found.quote!r} box {one.printed.inside(found.page or 1, found.boxes)!r}"
        if found
        else "-"
    )
    return f"{one.case.pdf.name} {given.path} {given.value!r} on {sorted(pages)[:5]}: {got}"


def untrue(one: Opened, score: Score, names: list[str], dice: random.Random) -> None:
    """Ground values that the PDF does not hold."""
    made = [(kind, false, given) for given in one.case.given for kind, false in _false(given, names, dice)]
    kept = {f"/{i}": m for i, m in enumerate(m for m in made if not _is_true(one, m[1], m[2]))}
    found = one.ground({path[1:]: false for path, (_, false, _) in kept.items()})
    for path, (kind, false, given) in kept.items():
        score.false.setdefault(kind, []).append(path in found)
        if path in found:
            score.misses.append(f"FALSE {kind} {one.case.pdf.name} {given.value!r} as {false!r}: {found[path].quote!r}")


def _is_true(one: Opened, false: Any, given: Given) -> bool:
    """Whether the PDF holds a value that was meant to be untrue."""
    changed = Given(path=given.path, value=false, kind=given.kind, judge=given.judge)
    return bool(one.pages(changed) or one.printed.passage(str(false)))


def _false(given: Given, names: list[str], dice: random.Random) -> Iterator[tuple[str, Any]]:
    text = str(given.value)
    figures = [m.start() for m in re.finditer(r"\d", text)]
    if figures and given.kind != "passage":
        at = dice.choice(figures)
        changed = text[:at] + dice.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]
        yield "figures", type(given.value)(changed) if given.judge == "number" else changed
    elif given.kind == "name" or (given.kind == "text" and 8 <= len(text) <= 60):
        yield "names", dice.choice(names)
        letters = [m.start() for m in re.finditer(r"[a-z]", text, re.IGNORECASE)]
        at = dice.choice(letters) if letters else 0
        yield (
            "letters",
            text[:at] + dice.choice([c for c in "aeioubdgkmprstv" if c != text[at].lower()]) + text[at + 1 :],
        )


def draw(shown: list[tuple[Opened, Evidence]], folder: Path) -> None:
    """Pictures of pages with the boxes drawn, the quote as the file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, (one, found) in enumerate(shown):
        image = one.printed.picture(found.page or 1, 1.5).to_pil().convert("RGB")
        for box in found.boxes:
            ImageDraw.Draw(image).rectangle([1.5 * v for v in box], outline="red", width=2)
        name = re.sub(r"\W+", "_", found.quote)[:60]
        image.save(folder / f"{i}_{one.case.pdf.stem[:20]}_p{found.page}_{name}.png")


def percent(part: float, whole: int) -> str:
    """A share of a count."""
    return f"{100 * part / whole:.2f}%" if whole else "-"


def row(name: str, score: Score) -> str:
    """One line of the table."""
    false = ", ".join(f"{k} {percent(sum(v), len(v))} of {len(v)}" for k, v in sorted(score.false.items()))
    half = sum(s >= 0.5 for s in score.shared)
    cells = [
        name,
        str(score.values),
        str(score.held),
        percent(score.located, score.held),
        percent(score.paged, score.held),
        f"{percent(half, score.held)} ({sum(score.shared) / max(score.held, 1):.4f})",
        f"{percent(sum(score.boxed), len(score.boxed))} of {len(score.boxed)}",
        false or "-",
        f"{score.seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--only", choices=SETS)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    print(
        "| set | values | held | located | page | passage (mean) | boxes | false | CPU s |\n|---|---|---|---|---|---|---|---|---|"
    )
    shown = []
    for name in [options.only] if options.only else SETS:
        score, dice = Score(), random.Random(7)
        cases = list(SETS[name](options.corpora))
        names = sorted(
            {
                str(g.value)
                for c in cases
                for g in c.given
                if g.kind in {"name", "text"} and 8 <= len(str(g.value)) <= 60
            }
        )
        for case in cases:
            one = opened(case)
            seen = list(measure(one, score))
            shown += dice.sample(seen, min(len(seen), 2))
            untrue(one, score, names, dice)
        print(row(name, score), flush=True)
        for miss in score.misses if options.misses else ():
            print("   ", miss, file=sys.stderr)
    if options.pictures:
        draw(random.Random(7).sample(shown, min(10, len(shown))), options.pictures)


if __name__ == "__main__":
    main()
