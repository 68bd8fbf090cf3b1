"""How surely the built-in model says that a document is of quite another kind than its target: two counts.

    python -m bench.kinds CORPORA_FOLDER [--half held] [--sets sroie enron] [--every 4] [--kept DIR] [--only own|wrong] [--list]

The first is how many labelled documents are called so with their own targets, which none should be. The second is how many
of 40 wrong pairs are: 20 generated files (configuration, load files, logs, measurements, code) with ready-made targets, and
20 documents of the corpora, each with a ready-made target of another family. The pairs are drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.complete import chosen, given
from bench.labelled import ADAPTERS, EMBEDDED, Labelled, labelled
from thresher.service.targets.loading import load_target

SEED = 14
BILLS = {"invoice", "receipt", "purchase_order"}
FAMILIES = {
    "zugferd": BILLS,
    "invoice2data": BILLS,
    "sroie": BILLS,
    "fcc_adbuy": BILLS | {"contract"},
    "kleister_nda": {"contract", "nda"},
    "enron": {"mail", "meeting_notes"},
}
"""Ready-made targets that documents of a set might be read with."""
TARGETS = (
    "bank_statement",
    "contract",
    "invoice",
    "mail",
    "meeting_notes",
    "nda",
    "purchase_order",
    "receipt",
    "resume",
)
WORDS = [
    "alpha",
    "north",
    "ridge",
    "delta",
    "cache",
    "worker",
    "relay",
    "amber",
    "basin",
    "pilot",
    "signal",
    "harbor",
    "vector",
    "window",
    "garden",
    "copper",
]


def main() -> None:
    """Print both counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--half", choices=["dev", "held"])
    parser.add_argument("--sets", nargs="*", default=[*EMBEDDED, *ADAPTERS])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument(
        "--kept", type=Path, help="folder for what was read, so that another run need not read it again"
    )
    parser.add_argument("--list", action="store_true", help="name what is called so and should not be, and the reverse")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=["own", "wrong"], help="one of the two counts; the wrong pairs take a minute")
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        right = (
            x for x in chosen(options.corpora, tuple(options.sets), options.every) if options.half in (None, x.half)
        )
        wrong = wrong_pairs(options.corpora, Path(folder), options.seed)
        parts = {"own": ("their own targets", right, False), "wrong": ("wrong pairs", wrong, True)}
        for name, pairs, wanted in [parts[options.only]] if options.only else parts.values():
            said, docs = await _counted(pairs, options, wanted=wanted)
            print(f"{name}: {said.total()} of {docs.total()} documents are called not_of_this_kind")
            print(*(f"    {k:28} {said[k]:3} of {n}" for k, n in docs.items()), sep="\n")


async def _counted(
    pairs: Iterator[Labelled], options: argparse.Namespace, *, wanted: bool
) -> tuple[Counter[str], Counter[str]]:
    said, docs = Counter[str](), Counter[str]()
    for one in pairs:
        result = await given(one, options.kept)
        reason = next((r.message for r in result.reasons if r.code == "not_of_this_kind"), "")
        docs[one.set] += 1
        said[one.set] += bool(reason)
        if options.list and bool(reason) is not wanted:
            print(f"  {one.set} {one.name[:50]} as {one.target.name}: {reason or result.values}"[:400], flush=True)
    return said, docs


def wrong_pairs(corpora: Path, folder: Path, seed: int = SEED) -> Iterator[Labelled]:
    """Yield 40 documents, each with a target for another kind; generated files are written to a folder."""
    rng = random.Random(seed)
    for i in range(20):
        kind, text = GENERATED[i % len(GENERATED)](rng)
        file = folder / f"{kind.replace(' ', '_')}_{i}.txt"
        file.write_text(text, "utf-8")
        yield _pair(f"generated {kind}", f"{file.stem}-{seed}", file, rng.choice(TARGETS))
    sets: dict[str, list[Labelled]] = defaultdict(list)
    for one in labelled(corpora, tuple(FAMILIES)):
        sets[one.set].append(one)
    for i in range(20):
        name = tuple(FAMILIES)[i % len(FAMILIES)]
        one = rng.choice(sets[name])
        yield _pair(name, one.name, one.file, rng.choice([t for t in TARGETS if t not in FAMILIES[name]]))


def _pair(kind: str, name: str, file: Path, target: str) -> Labelled:
    return Labelled(set=kind, name=name, file=file, target=load_target(target), wrong=lambda _: [])


def _configuration(rng: random.Random) -> tuple[str, str]:
    lines = [
        f"[{w}]\nhost = 10.{rng.randrange(255)}.0.{rng.randrange(255)}\nport = {rng.randrange(1024, 65535)}\n"
        f"timeout = {rng.randrange(1, 90)}\npath = /srv/{w}/{rng.choice(WORDS)}\nenabled = {rng.choice(['true', 'false'])}\n"
        f"level = {rng.choice(['debug', 'info', 'warn'])}\nupdated = 2023-{rng.randrange(1, 13):02}-{rng.randrange(1, 28):02}\n"
        for w in rng.sample(WORDS, 6)
    ]
    return "configuration", "\n".join(lines)


def _settings(rng: random.Random) -> tuple[str, str]:
    lines = [
        f"{w}:\n  name: {rng.choice(WORDS)}-{rng.randrange(99)}\n  image: registry/{w}:{rng.randrange(9)}.{rng.randrange(20)}\n"
        f"  replicas: {rng.randrange(1, 9)}\n  memory: {rng.randrange(64, 2048)}Mi\n  env:\n    - KEY_{w.upper()}={rng.randrange(10**6)}"
        for w in rng.sample(WORDS, 6)
    ]
    return "settings", "version: '3'\nservices:\n" + "\n".join(lines)


def _load_file(rng: random.Random) -> tuple[str, str]:
    head = "þBEGDOCþ\x14þENDDOCþ\x14þCUSTODIANþ\x14þNATIVEPATHþ\x14þMD5HASHþ\x14þPAGECOUNTþ"
    rows = []
    for i in range(1, 30):
        hashed = "".join(rng.choice("0123456789ABCDEF") for _ in range(32))
        n = f"ABC{i:07}"
        rows.append("\x14".join(f"þ{v}þ" for v in (n, n, rng.choice(WORDS).title(), f"NATIVES\\{n}.bin", hashed, "1")))
    return "load file", "\n".join([head, *rows])


def _image_list(rng: random.Random) -> tuple[str, str]:
    rows = [
        f"IMG{i:06},VOL{rng.randrange(1, 3):03},IMAGES\\{i // 10:04}\\IMG{i:06}.TIF,{'Y' if i % 3 == 0 else ''},,,{3 if i % 3 == 0 else ''}"
        for i in range(1, 40)
    ]
    return "image load file", "\n".join(rows)


def _log(rng: random.Random) -> tuple[str, str]:
    rows = [
        f"2023-05-{rng.randrange(1, 28):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}Z "
        f"{rng.choice(['INFO', 'WARN', 'ERROR'])} {rng.choice(WORDS)}[{rng.randrange(9999)}]: "
        f"{rng.choice(['connection closed', 'retry scheduled', 'cache miss', 'request served', 'queue drained'])} "
        f"in {rng.randrange(900)} ms id={rng.randrange(10**9):x}"
        for _ in range(40)
    ]
    return "log", "\n".join(rows)


def _measurements(rng: random.Random) -> tuple[str, str]:
    rows = [
        f"{rng.choice(WORDS)},{i * 60},{rng.uniform(10, 30):.2f},{rng.uniform(30, 90):.1f},{rng.uniform(990, 1030):.1f}"
        for i in range(40)
    ]
    return "measurements", "sensor,elapsed_s,temperature_c,humidity_pct,pressure_hpa\n" + "\n".join(rows)


def _code(rng: random.Random) -> tuple[str, str]:
    parts = [
        f"def {a}_{b}(items, limit={rng.randrange(99)}):\n    found = []\n    for item in items:\n"
        f"        if item.{b} > limit:\n            found.append(item.{a})\n    return found\n"
        for a, b in (rng.sample(WORDS, 2) for _ in range(8))
    ]
    return "code", "import sys\n\n\n" + "\n\n".join(parts)


GENERATED = (_configuration, _load_file, _log, _measurements, _settings, _image_list, _code)

if __name__ == "__main__":
    main()
