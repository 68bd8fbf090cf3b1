"""Find texts whose processing grows faster than they do: one shape repeated, at n, 2n and 4n code points.

    python -m bench.growth [--only SHAPE...] [--doors invoice ...] [--size 64000] [--limit SECONDS] [--growth 1.3] [--slow 1]

Each text is read and processed in a child process: with built-in rules for a target (doors `invoice`, `receipt` and
`contract`, a model that never knows), or with a model that quotes parts of what it is shown (door `quoting`). Printed are
the seconds of CPU of texts that take more than `--slow` seconds, or grow faster than n to the power of `--growth`, with
stages; where the limit ends a text, the innermost lines of code. Texts of the full size come first; smaller ones are run
only where that took more than FAST seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import hashlib
import math
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from bench.growth_shapes import SHAPES, text_of
from thresher.schemas.document import Document
from thresher.schemas.policy import Policy, ReadOptions
from thresher.schemas.question import Question
from thresher.schemas.source import Source
from thresher.service.extraction.engine import engine_of
from thresher.service.llm.providers.scripted import FACTS, scripted
from thresher.service.pipeline import process
from thresher.service.readers.base import Spool
from thresher.service.readers.registry import read_source
from thresher.service.targets.loading import load_target

DOORS = {"invoice": "invoice", "receipt": "receipt", "contract": "contract", "quoting": "invoice"}
FORMS = ("line", "lines")
SIZE = 64_000  # code points
FAST = 0.25  # seconds of CPU of the full size below which smaller sizes are not run
WARM = "Invoice 17 of 2024-03-02\nWidget\t2\t3.50\nTotal 7.00 EUR\n"
ITEMS = 6  # of a list, in an answer that quotes
QUOTE_WORDS = 4  # of a text value
_PART = re.compile(r"<<<PART ([0-9a-f]{16})\n(.*)\nPART \1>>>", re.DOTALL)
_FIGURES = re.compile(r"\d[\d.,]{0,12}")
_FRAMES = 14  # of a traceback


@dataclass(frozen=True, slots=True)
class Run:
    """What one text took."""

    seconds: float  # of CPU; the limit where it was ended
    stages: dict[str, float] = field(default_factory=dict)
    stuck: str = ""  # the innermost frames, where the limit ended it
    error: str = ""


def main() -> None:
    """Print a line for each text that grows or is slow, and how many were run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(SHAPES), choices=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--doors", nargs="*", default=list(DOORS), choices=list(DOORS))
    parser.add_argument("--forms", nargs="*", default=list(FORMS), choices=list(FORMS))
    parser.add_argument("--size", type=int, default=SIZE, help="code points of the largest text")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds of CPU of one text")
    parser.add_argument("--growth", type=float, default=1.3)
    parser.add_argument("--slow", type=float, default=1.0)
    options = parser.parse_args()
    ran = shown = 0
    for door in options.doors:
        processed(WARM, door)  # what is loaded once is no part of a text's time
    for shape, form, door in cases(options.only, options.forms, options.doors):
        row = measured(shape, form, door, options.size, options.limit)
        ran, said = ran + 1, told(row, options.growth, options.slow)
        shown += bool(said)
        if said:
            print(f"{door:8} {form:5} {shape:24} {said}", flush=True)
    print(f"{ran} texts; {shown} grow or are slow; load {os.getloadavg()[0]:.1f}")


def cases(shapes: list[str], forms: list[str], doors: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each shape, form and door."""
    return ((s, f, d) for s in shapes for f in forms for d in doors)


def measured(shape: str, form: str, door: str, size: int, limit: float) -> list[Run]:
    """Return the runs of a quarter, a half and the whole of a size; of the whole alone where it is fast."""
    whole = run(text_of(shape, form, size), door, limit)
    if whole.seconds < FAST:
        return [whole]
    return [*(run(text_of(shape, form, n), door, limit) for n in (size // 4, size // 2)), whole]


def told(row: list[Run], growth: float, slow: float) -> str:
    """Return what is to be said of the runs of a shape; nothing where they are quick and in proportion."""
    whole = row[-1]
    power = math.log(whole.seconds / max(row[0].seconds, 0.001), 4) if len(row) > 1 else 1.0
    if whole.seconds < slow and power < growth and not whole.error:
        return ""
    seconds = " ".join(f"{r.seconds:6.2f}" for r in row)
    stages = " ".join(f"{k} {v:.2f}" for k, v in whole.stages.items())
    return f"{seconds}  n^{power:.2f}  {stages} {whole.error}{whole.stuck}"


def run(text: str, door: str, limit: float) -> Run:
    """Process a text in a child process, which a limit of CPU ends."""
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.NamedTemporaryFile("r") as trace:
        child = context.Process(target=_child, args=(text, door, limit, trace.name, theirs))
        child.start()
        theirs.close()
        try:
            found: Run = ours.recv()
        except EOFError:
            found = Run(limit, stuck=_innermost(trace.read()) or f"ended by signal {child.exitcode}")
        child.join()
        return found


def _child(text: str, door: str, limit: float, trace: str, line: Connection) -> None:
    """Process the text, send the Run; the innermost frames are written where the limit ends this process."""
    file = Path(trace).open("w")  # noqa: SIM115 - open until the process ends
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    faulthandler.register(signal.SIGPROF, file, all_threads=False, chain=True)
    signal.setitimer(signal.ITIMER_PROF, limit)
    line.send(processed(text, door))


def processed(text: str, door: str) -> Run:
    """Read and process a text here."""
    began = time.process_time()
    try:
        document = read(text)
        stages = {"read": time.process_time() - began}
        asyncio.run(_process(document, door, stages))
    except Exception as error:  # noqa: BLE001 - what a text does is what is asked
        return Run(time.process_time() - began, error=f"{type(error).__name__}: {error}"[:200])
    return Run(time.process_time() - began, stages)


def read(text: str) -> Document:
    """The Document of a text file, through the readers."""
    data = text.encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(data)
        source = Source(
            path="a.txt", blob=str(path), name="a.txt", sha256=hashlib.sha256(data).hexdigest(), size=len(data)
        )
        return read_source(source, ReadOptions(), Spool(Path(folder))).document


async def _process(document: Document, door: str, stages: dict[str, float]) -> None:
    style: Literal["free", "candidates"] = "free" if door == "quoting" else "candidates"
    model = scripted(quoting if door == "quoting" else never, facts=replace(FACTS, style=style))
    last = time.process_time()

    def watch(stage: str, _found: Any) -> None:
        nonlocal last
        stages[stage], last = time.process_time() - last, time.process_time()

    engine = replace(engine_of(model, load_target(DOORS[door]), Policy()), watch=watch)
    await process(engine, [document])
    watch("result", None)


def never(_question: Question) -> dict[str, Any]:
    """The answer of a model that never knows."""
    return {"value": None}


def quoting(question: Question) -> Any:
    """The answer of a model that quotes parts of what it is shown, at as many places as there are values."""
    shown = question.messages[-1].content
    part = found[2] if (found := _PART.search(shown)) else shown
    return Quotes(part).value(question.schema or {})


class Quotes:
    """Values of a schema out of a text, each from a place behind the last."""

    def __init__(self, text: str) -> None:
        """Cut the text into words and figures."""
        self._words, self._figures = text.split()[:10_000], _FIGURES.findall(text[:100_000])
        self._told = 0

    def value(self, schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
        """Return a value of a schema."""
        root = schema if root is None else root
        if "$ref" in schema:
            return self.value(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self.value(schema[choice][0], root)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        kind = next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object":
            return {k: self.value(v, root) for k, v in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.value(schema.get("items", {}), root) for _ in range(min(ITEMS, 1 + len(self._words)))]
        return self._leaf(kind, schema.get("format", ""))

    def _leaf(self, kind: str, form: str) -> Any:
        self._told += 1
        if kind in ("number", "integer"):
            figures = self._figures[self._told % max(len(self._figures), 1) :][:1]
            number = re.sub(r"\D", "", figures[0])[:9] if figures else ""
            return int(number or 1) if kind == "integer" else float(number or 1) / 100
        if kind == "boolean":
            return True
        if form.startswith("date"):
            return "2024-03-02"
        start = self._told * QUOTE_WORDS % max(len(self._words), 1)
        return " ".join(w[:60] for w in self._words[start : start + QUOTE_WORDS]) or None


def _innermost(trace: str) -> str:
    """Return the innermost frames of a traceback, the innermost first."""
    frames = re.findall(r'File "[^"]*?([^"/]+/[^"/]+)", line (\d+) in (\w+)', trace)
    return " < ".join(f"{file.removesuffix('.py')}:{number}:{name}" for file, number, name in frames[:_FRAMES])


if __name__ == "__main__":
    main()
