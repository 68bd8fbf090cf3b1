"""Rows a second and memory of pass 1 over a load file, without looking for files.

    python -m bench.loadfiles [--rows 1000000] [--encoding utf-8-sig] [--quick]

Each form of the file is checked in a process of its own: 25 columns, about 400 bytes a row, a third of the rows tops of families, dates
in two columns, ids and ranges without gaps. `--quick` takes 20,000 rows. Forms: every value qualified; none; one odd row in ten (mixed,
with line ends and qualifiers inside).
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.productions.validation import validate
from thresher.service.discovery.productions.volume import find_production

COLUMNS = [
    "BEGBATES",
    "ENDBATES",
    "BEGATTACH",
    "ENDATTACH",
    "PARENTID",
    "PGCOUNT",
    "CUSTODIAN",
    "FROM",
    "TO",
    "CC",
    "SUBJECT",
    "DATESENT",
    "TIMESENT",
    "DATERECEIVED",
    "RECORDTYPE",
    "FILENAME",
    "FILEEXT",
    "FILESIZE",
    "FILEPATH",
    "MD5HASH",
    "MESSAGEID",
    "REDACTED",
    "CONFIDENTIALITY",
    "TITLE",
    "NOTES",
]
FORMS = ("qualified", "bare", "odd")
SEPARATOR, QUALIFIER = "\x14", "þ"


def make(path: Path, rows: int, form: str, encoding: str) -> None:
    """Write a load file."""
    rng = random.Random(14)
    page = 1
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(_line(list(COLUMNS), form, 0))
        for first in range(0, rows, 3):
            family = []
            for _ in range(min(3, rows - first)):
                pages = rng.choice((1, 1, 2, 3))
                family.append((page, page + pages - 1))
                page += pages
            for i, (begin, end) in enumerate(family):
                file.write(_line(_row(rng, first + i, begin, end, family), form, first + i))


def _row(rng: random.Random, number: int, begin: int, end: int, family: list[tuple[int, int]]) -> list[str]:
    top, last = f"ABC{family[0][0]:09d}", f"ABC{family[-1][1]:09d}"
    own = f"ABC{begin:09d}"
    return [
        own, f"ABC{end:09d}", top, last, "" if own == top else top, str(end - begin + 1), "Doe, Jane",
        "Jane Doe <jane.doe@example.com>", "Roe, Bo <bo@example.com>;Al <al@example.com>", "", f"RE: Budget {number % 997}",
        f"{rng.randrange(1, 13)}/{rng.randrange(1, 29)}/{rng.randrange(1995, 2005)}",
        f"{rng.randrange(24):02d}:{rng.randrange(60):02d}", "5/21/2001 3:48 PM", "Email", f"message {number}.msg", "msg",
        str(rng.randrange(1 << 20)), "Inbox\\Deals\\2001", f"{rng.getrandbits(128):032x}",
        f"<{number}.{rng.getrandbits(40)}@example.com>", "", "Confidential", "", "x" * 20,
    ]  # fmt: skip


def _line(values: list[str], form: str, number: int) -> str:
    if form == "bare":
        return SEPARATOR.join(values) + "\r\n"
    cells = [f"{QUALIFIER}{value}{QUALIFIER}" for value in values]
    if form == "odd" and number % 10 == 1:
        cells[10], cells[24] = values[10], f"{QUALIFIER}two\r\nlines {QUALIFIER * 2} inside{QUALIFIER}"
    return SEPARATOR.join(cells) + "\r\n"


def check(folder: Path) -> dict[str, float]:
    """Check the load file in a folder; return seconds of processor time, rows and the peak of memory in MiB."""
    before = time.process_time()
    report = validate(find_production(folder), LoadOptions()).report
    seconds = time.process_time() - before
    if report.severities["fatal"] or report.severities["error"]:
        raise SystemExit(f"unexpected findings: {[(g.code, g.count) for g in report.findings]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": report.counts.rows, "seconds": seconds, "peak": peak}


def main() -> None:
    """Make the files, check each in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--encoding", default="utf-8-sig")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.check:
        print(json.dumps(check(given.check)))
        return
    rows = 20_000 if given.quick else given.rows
    print(f"| {given.encoding} | rows | bytes a row | rows a second, one core | peak MiB |\n|---|---|---|---|---|")
    for form in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "volume.dat"
            make(path, rows, form, given.encoding)
            size = path.stat().st_size / rows
            command = [sys.executable, "-m", "bench.loadfiles", "--check", folder]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        rate = found["rows"] / found["seconds"]
        print(f"| {form} | {found['rows']:,} | {size:.0f} | {rate:,.0f} | {found['peak']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
