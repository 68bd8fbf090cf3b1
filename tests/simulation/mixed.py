"""A folder of small documents of three kinds: mails with a thread below their head, statements as text, claims as PDF.

    python -m tests.simulation.mixed DIR [--documents 300]

What is asked of each kind stands in TARGETS; the simulated reader can read them all.
"""

from __future__ import annotations

import argparse
from email.message import EmailMessage
from pathlib import Path
from random import Random

from tests.simulation.generator.make import generate
from tests.simulation.generator.pdf import as_pdf

KINDS = {"eml": "thread", "txt": "statement", "pdf": "claims"}  # suffix to kind
MODELS = {"thread": "Thread", "statement": "Statement", "claims": "ClaimsList"}
TARGETS = {kind: f"tests.simulation.generator.targets:{model}" for kind, model in MODELS.items()}
ROWS = (2, 9)  # records of one document: a call or two each


def write(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Write so many documents; the same arguments, the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    suffixes = list(KINDS)
    made = [_named(folder, number, suffixes[number % len(suffixes)]) for number in range(count)]
    for number, path in enumerate(made):
        path.write_bytes(document(seed + number, path.suffix[1:]))
    return made


def document(number: int, suffix: str) -> bytes:
    """One document."""
    made = generate(KINDS[suffix], Random(number).randint(*ROWS), number % 10_000)
    if suffix == "pdf":
        return as_pdf(made)
    return _mail(number, made.text) if suffix == "eml" else made.text.encode()


def target_map(folder: Path) -> Path:
    """Write the map that gives each kind its target; gives its path."""
    path = folder / "targets.toml"
    path.write_text("".join(f'"*.{suffix}" = "{TARGETS[kind]}"\n' for suffix, kind in KINDS.items()), "utf-8")
    return path


def _named(folder: Path, number: int, suffix: str) -> Path:
    return folder / f"{number:04}.{suffix}"


def _mail(number: int, text: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Clerk <clerk@example.org>", "Desk <desk@example.com>"
    mail["Subject"], mail["Date"] = f"Print-out {number}", "Mon, 06 Jan 2025 10:15:00 +0000"
    mail["Message-ID"] = f"<{number}@example.org>"
    mail.set_content(text)
    return mail.as_bytes()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=300)
    given = parser.parse_args()
    print(f"{len(write(given.folder, given.documents))} documents in {given.folder}")
