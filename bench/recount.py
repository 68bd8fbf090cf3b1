"""Import folders of EML and MBOX files, count them again with the standard library alone, and show what differs.

    python -m bench.recount FOLDER... [--folder DIR] [--show 10]

The recount (`tests/simulation/discovery/recount.py`) shares no code with the service; the other side is what the command
wrote: `families.csv`, `duplicates.csv` and `threads.csv` of `thresher matter report`. Compared are mails, attached files
and mails, the sizes of families, the groups of copies, and threads as Message-IDs hold them together (threads by index or
subject are the service's own, and are left out of the comparison where they join).
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.discovery.recount import copies, counted_mails, threads

_THRESHER = [sys.executable, "-m", "thresher.service.cli.main"]
Groups = set[frozenset[str]]


@dataclass(slots=True)
class Counts:
    """One side of the comparison, by the places of mails at level 1."""

    families: dict[str, tuple[int, int]] = field(default_factory=dict)  # files and mails attached to each
    copies: Groups = field(default_factory=set)
    threads: Groups = field(default_factory=set)

    def shown(self) -> str:
        """Return the counts as a line."""
        files, mails = (sum(each[i] for each in self.families.values()) for i in (0, 1))
        duplicates = sum(len(group) - 1 for group in self.copies)
        return (
            f"{len(self.families)} mails, {files} files and {mails} mails attached, {duplicates} duplicates, "
            f"{len(self.threads)} threads"
        )


def recounted(folder: Path) -> Counts:
    """Count the mails below a folder with the standard library."""
    mails = list(counted_mails(folder))
    return Counts(
        {mail.place: (len(mail.attachments), mail.mails) for mail in mails},
        {frozenset(group) for group in copies(mails)},
        {frozenset(group) for group in threads(mails)},
    )


def imported(folder: Path, matter: Path) -> Counts:
    """Import a folder with the command, and count what its reports say."""
    for words in (
        ["import", str(folder), "--matter", str(matter), "--custodian", "A"],
        ["matter", "report", str(matter)],
    ):
        subprocess.run([*_THRESHER, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return reported(matter / "reports")


def reported(reports: Path) -> Counts:
    """Count what the CSV files of a report say."""
    found, places, attached = Counts(), dict[str, str](), defaultdict[str, Counter[str]](Counter)
    for row in _rows(reports / "families.csv"):
        if row["level"] == "1" and row["kind"] != "edoc":
            places[row["document"]] = _place(row["path"])
        elif row["level"] != "1":
            attached[row["family"]]["file" if row["kind"] == "attachment" else "mail"] += 1
    found.families = {place: (attached[id_]["file"], attached[id_]["mail"]) for id_, place in places.items()}
    groups = defaultdict[str, set[str]](set)
    for row in _rows(reports / "duplicates.csv"):
        if row["document"] in places:
            groups[row["master"]] |= {places[row["document"]], places[row["master"]]}
    found.copies = set(map(frozenset, groups.values()))
    held = defaultdict[str, set[str]](set)
    for row in _rows(reports / "threads.csv"):
        if row["document"] in places:
            held[row["thread"]].add(places[row["document"]])
    found.threads = set(map(frozenset, held.values()))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _place(path: str) -> str:
    """Return the path of a mail as the recount writes it: a number instead of a name inside a mailbox."""
    box, inside, mail = path.partition("!/")
    return f"{box}#{int(mail.removesuffix('.eml'))}" if inside else box


def differences(ours: Counts, theirs: Counts) -> list[str]:
    """Return what differs, a line each."""
    said = [f"family of {place}: recounted {ours.families.get(place)}, imported {theirs.families.get(place)}"
            for place in sorted(ours.families.keys() | theirs.families.keys())
            if ours.families.get(place) != theirs.families.get(place)]  # fmt: skip
    for name, mine, other in (("copies", ours.copies, theirs.copies), ("thread", ours.threads, theirs.threads)):
        said += [f"{name} recounted alone: {', '.join(sorted(group))}" for group in sorted(mine - other, key=sorted)]
        said += [f"{name} imported alone: {', '.join(sorted(group))}" for group in sorted(other - mine, key=sorted)]
    return said


def main() -> None:
    """Compare each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, help="where matters are made (default: a temporary folder)")
    parser.add_argument("--show", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for number, source in enumerate(asked.sources):
            ours, theirs = recounted(source), imported(source, Path(folder) / str(number))
            different = differences(ours, theirs)
            print(f"{source.name}: recounted {ours.shown()}")
            print(f"{source.name}:  imported {theirs.shown()}; {len(different)} differences")
            for line in different[: asked.show]:
                print(f"  {line[:300]}")


if __name__ == "__main__":
    main()
