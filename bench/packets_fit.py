"""Fits the weights with which packets are split, on the tuning half of the corpora's PDFs.

    python -m bench.packets_fit CORPORA [--seed N] [--folds] [--write]

Packets are drawn from the tuning files; in some, fonts, page numbers and running titles are taken away, so that the
weights do not lean on them alone. The weights are the most likely ones under a normal prior round the table `prior` of
`service/splitting/weights.toml`, which says what a person would: the tuning half is small. With --folds, six
folds of the tuning files, packets of one judged by weights from the others, show what to expect, and at which thresholds.
"""

from __future__ import annotations

import argparse
import random
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.packet_corpus import File, alike, begins, digital, drawn, without_fonts
from thresher.service.splitting.boundaries import boundaries_by_code, scored_gaps
from thresher.service.splitting.boundary_scorer import Scorer
from thresher.service.splitting.boundary_signals import FilePages, Signals
from thresher.service.splitting.page_edges import EDGE_ROWS, PageView, masked
from thresher.service.splitting.page_numbers import without_numbers

WEIGHTS = Path("service/splitting/weights.toml")
STIFFNESS = 3.0  # of the prior: as many evenly split gaps it takes to move a weight, roughly
BARE = 0.3  # share of files in training packets without page numbers and running titles
PLAIN = 0.4  # share of training packets without fonts
FOLDS = 6
PACKETS = 60  # a fold

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of some packets: their signals, and whether a document begins there."""

    names: list[str]
    signals: Floats  # (n, names)
    begins: Floats  # (n,) of 0 and 1


def gaps_of(packets: Iterable[list[File]], dice: random.Random) -> Gaps:
    """The gaps of training packets, with things taken away at random."""
    rows: list[Signals] = []
    truth: list[bool] = []
    for files in packets:
        pages = [p for f in files for p in (bare(f.pages) if dice.random() < BARE else f.pages)]
        leaves = FilePages(without_fonts(pages) if dice.random() < PLAIN else pages)
        first = begins(files)
        for page in range(1, len(pages)):
            if signals := leaves.gap(page):
                rows.append(signals)
                truth.append(page in first)
    names = list(rows[0])
    return Gaps(names, np.array([[row[n] for n in names] for row in rows]), np.array(truth, float))


def _training(files: list[File], count: int, dice: random.Random) -> list[list[File]]:
    """Packets of all sets, packets of one set, and each file by itself."""
    return [*drawn(files, count // 2, dice), *alike(files, count // 2, dice), *([f] for f in files)]


def bare(pages: tuple[PageView, ...]) -> list[PageView]:
    """Pages without page numbers and running titles."""
    seen = Counter(masked(r) for p in pages for r in {*p.rows[:2], *p.rows[-2:]})
    return [replace(p, rows=tuple(_kept(p.rows, seen, alone=len(pages) == 1))) for p in pages]


def _kept(rows: tuple[str, ...], seen: Counter[str], *, alone: bool) -> Iterable[str]:
    for i, row in enumerate(rows):
        from_edge = min(i, len(rows) - 1 - i)
        plain = without_numbers(row) if from_edge < EDGE_ROWS else row
        if plain and (alone or from_edge > 1 or seen[masked(row)] == 1):
            yield plain


def fit(gaps: Gaps, prior: dict[str, float], bias: float) -> tuple[dict[str, float], float]:
    """The most likely weights and bias: Newton's method with halved steps."""
    x = np.hstack([gaps.signals, np.ones((len(gaps.begins), 1))])
    middle = np.array([*(prior.get(n, 0.0) for n in gaps.names), bias])
    stiff = np.array([*(STIFFNESS for _ in gaps.names), 0.01])
    at = middle.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
        slope = x.T @ (p - gaps.begins) + stiff * (at - middle)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(stiff), slope)
        size, now = 1.0, _loss(x, gaps.begins, at, middle, stiff)
        while size > 1e-4 and _loss(x, gaps.begins, at - size * step, middle, stiff) > now:
            size /= 2
        at = at - size * step
    return dict(zip(gaps.names, map(float, at[:-1]), strict=True)), float(at[-1])


def _loss(x: Floats, truth: Floats, at: Floats, middle: Floats, stiff: Floats) -> float:
    z = x @ at
    return float(np.sum(np.logaddexp(0, z) - truth * z) + 0.5 * np.sum(stiff * (at - middle) ** 2))


def folds(files: list[File], table: dict[str, Any], dice: random.Random) -> None:
    """Print what the weights of five sixths do on packets of the last, at several thresholds."""
    judged = []
    for k in range(FOLDS):
        rest = [f for i, f in enumerate(files) if i % FOLDS != k]
        weights, bias = fit(gaps_of(_training(rest, PACKETS, dice), dice), table["prior"], -2.5)
        out = [f for i, f in enumerate(files) if i % FOLDS == k]
        judged += [(weights, bias, packet) for packet in (*drawn(out, 20, dice), *([f] for f in out))]
    for fonts in (True, False):
        for cut in (0.5, 0.6, 0.7):
            for sure in (0.5, 0.7, 0.8, 0.9):
                if sure >= cut:
                    _fold_row(judged, fonts=fonts, cut=cut, sure=sure)


def _fold_row(judged: list[Any], *, fonts: bool, cut: float, sure: float) -> None:
    right = wrong = missed = split = singles = 0
    for weights, bias, packet in judged:
        scorer = Scorer(bias=bias, weights=weights, sure=sure, cut=cut, asked_from=0.1)
        pages = [p for f in packet for p in f.pages]
        found = {
            g.page
            for g in boundaries_by_code(
                scored_gaps(FilePages(pages if fonts else without_fonts(pages)), scorer), scorer
            )
        }
        if len(packet) == 1:
            split, singles = split + bool(found), singles + 1
            continue
        truth = begins(packet)
        right, wrong, missed = right + len(found & truth), wrong + len(found - truth), missed + len(truth - found)
    f1 = 2 * right / (2 * right + wrong + missed)
    print(f"fonts {fonts!s:5} cut {cut} sure {sure}: P {right / (right + wrong):.3f} R {right / (right + missed):.3f} "
          f"F1 {f1:.3f}, {split} of {singles} single files split", flush=True)  # fmt: skip


def main() -> None:
    """Show the folds, fit, and write the weights where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", action="store_true", help="judge each sixth of the files by the others; slow")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    files = sorted((f for f in digital(options.corpora) if f.half == "tune"), key=lambda f: f.path.name)
    dice, table = random.Random(options.seed), tomllib.loads(WEIGHTS.read_text("utf-8"))
    dice.shuffle(files)
    if options.folds:
        folds(files, table, dice)
    gaps = gaps_of(_training(files, 2 * PACKETS, dice), dice)
    weights, bias = fit(gaps, table["prior"], -2.5)
    print(f"{len(files)} files, {len(gaps.begins)} gaps, {gaps.begins.sum():.0f} boundaries")
    if options.write:
        WEIGHTS.write_text(written(table, weights, bias), "utf-8")


def written(table: dict[str, Any], weights: dict[str, float], bias: float) -> str:
    """The text of `weights.toml`."""
    lines = [
        "# How much each signal of a gap between two pages speaks for (+) or against (-) a document beginning there.",
        "# Written by bench/packets_fit.py; thresholds and prior are set by hand, and prior draws the weights to itself.",
        f"bias = {bias:.2f}",
        "",
        "[thresholds]",
        *(f"{name} = {value}" for name, value in table["thresholds"].items()),
        "",
        "[weights]",
        *(f"{name} = {value:.2f}" for name, value in weights.items()),
        "",
        "[prior]",
        *(f"{name} = {table['prior'].get(name, 0.0)}" for name in weights),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
