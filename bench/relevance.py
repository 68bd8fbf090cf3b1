"""Measure relevance to a stated issue, and facts of the heading, over the mails of `enron_responsive`, in one matter.

    python -m bench.relevance CORPORA --out out/relevance --count              # how many questions, without asking any
    python -m bench.relevance CORPORA --out out/relevance --model openai/gpt-4o-mini --policy reader.toml

Each mail is asked once for both (`REVIEWED`); `THRESHER_API_BASE` names the address of the model. The labels are of unknown
agreement and five mails are relevant, so counts are printed, and no interval is claimed. Run it again to go on.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from thresher.schemas.library.relevance import Relevance
from thresher.service.discovery.extraction.outcomes import Outcomes
from thresher.service.discovery.matter.folder import Matter
from thresher.service.runs.exports import Folder

ISSUE = (
    "Issue schemes: the document refers to one of the schemes by which Enron hid losses or debts or gamed the market for "
    "electricity (Raptor, Chewco, Death Star, Fat Boy and their like), in words of the correspondents themselves. Relevant is "
    "what mentions a scheme or its vehicle in the course of business or comment; what only passes on or quotes a news article "
    "is not."
)
POLICY = "quotes = false\nreasks = 0\n"  # one question a document: nothing is looked at twice
RELEVANT = {"very_relevant", "relevant"}
_THRESHER = (sys.executable, "-m", "thresher.service.cli.main")


class Reviewed(Relevance):
    """One mail as a reviewer codes it: relevance, and the facts of its heading."""

    sender: str | None = Field(None, description="E-mail address of the sender, else the name as written")
    sent: datetime | None = Field(None, description="When it was sent, with its offset from UTC where one is stated")
    subject: str | None = Field(None, description="Subject as written, with Re: and Fwd:")


@dataclass(frozen=True, slots=True)
class Read:
    """One mail: its file, whether it is labelled relevant, the answer's class and data, and where it stands."""

    file: Path
    is_relevant: bool
    given: str | None
    data: dict[str, Any]
    state: str
    cited: int


def main() -> int:
    """Run, and print the counts."""
    asked = _arguments()
    folder = asked.corpora / "enron_responsive"
    labels: dict[str, list[Any]] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    files = _chosen(sorted((folder / "documents").glob("*.eml")), labels, asked.documents)
    print(f"{len(files)} mails, {sum(bool(labels[f.name]) for f in files)} labelled relevant: {len(files)} questions")
    if asked.count:
        return 0
    matter = _imported(asked.out, files)
    _extracted(matter, asked)
    _print(list(_read(matter, {f.name: f for f in files}, labels)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/relevance"))
    parser.add_argument("--model", default="openai/gpt-4o-mini")
    parser.add_argument("--policy", type=Path, help=f"added to {POLICY!r}")
    parser.add_argument(
        "--documents", type=int, default=0, help="so many: all relevant ones, then others in order; 0: all"
    )
    parser.add_argument("--count", action="store_true", help="only say how many questions there are")
    return parser.parse_args()


def _chosen(files: list[Path], labels: dict[str, list[Any]], most: int) -> list[Path]:
    """Return the files to ask about: all, or the relevant ones and others in the order of their names."""
    known = [f for f in files if f.name in labels]
    if not most:
        return known
    return sorted(sorted(known, key=lambda f: (not labels[f.name], f.name))[:most])


def _imported(out: Path, files: list[Path]) -> Path:
    """Import the files into a matter, each under its own name."""
    inbox, matter = out / "in", out / "matter"
    inbox.mkdir(parents=True, exist_ok=True)
    for file in files:
        (inbox / file.name).write_bytes(file.read_bytes())
    subprocess.run([*_THRESHER, "import", str(inbox), "--matter", str(matter), "--custodian", "Enron"], check=True)
    return matter


def _extracted(matter: Path, asked: argparse.Namespace) -> None:
    policy, given = matter.parent / "policy.toml", asked.policy.read_text("utf-8") if asked.policy else ""
    own = tomllib.loads(given)
    policy.write_text("".join(line for line in POLICY.splitlines(keepends=True) if line.split()[0] not in own) + given)
    target = f"{Path(__file__)}:Reviewed"
    arguments = ["--target", target, "--model", asked.model, "--policy", str(policy), "--instructions", ISSUE]
    done = subprocess.run([*_THRESHER, "matter", "extract", str(matter), *arguments], check=False)
    print(f"exit code {done.returncode}")


def _read(matter: Path, files: dict[str, Path], labels: dict[str, list[Any]]) -> Iterator[Read]:
    """Yield the mails with their answers."""
    with Matter(matter, writes=False) as opened:
        outcomes, results = Outcomes(opened), Folder(matter / "results")
        for document in opened.store.documents():
            name = document.path.rpartition("/")[2]
            if document.level > 1 or name not in files:
                continue
            outcome = next(iter(outcomes.of(document.id)), None)
            found = [r for n in (outcome.results if outcome else ()) if (r := results.read(n)) is not None]
            data: dict[str, Any] = found[0].values if found and isinstance(found[0].values, dict) else {}
            issues = data.get("issues") or [{}]
            cited = sum(e.start is not None and "/citations/" in e.path for r in found for e in r.evidence)
            yield Read(files[name], bool(labels[name]), issues[0].get("relevance"), data, document.state, cited)


def _print(mails: list[Read]) -> None:
    """Print counts of relevance, of states and of the facts."""
    cells = Counter((m.is_relevant, m.given) for m in mails)
    for (is_relevant, given), count in sorted(cells.items(), key=str):
        print(f"labelled {'relevant' if is_relevant else 'not relevant'}, answered {given}: {count}")
    positive = [m for m in mails if m.given in RELEVANT]
    hits = sum(m.is_relevant for m in positive)
    print(f"relevance: {hits} of {sum(m.is_relevant for m in mails)} found, {hits} of {len(positive)} given are right")
    print(
        f"states: {dict(Counter(m.state for m in mails))}; without a grounded quote: {sum(not m.cited for m in mails)}"
    )
    for name in ("sender", "sent", "subject"):
        told = [(m, _truth(m.file)[name], _plain(name, m.data.get(name))) for m in mails]
        right = sum(given == truth for _, truth, given in told)
        wrong = sum(given not in {"", truth} for _, truth, given in told)
        print(f"{name}: {right} of {len(told)} right, {wrong} wrong, {len(told) - right - wrong} missing")
    for mail in mails:
        if mail.is_relevant != (mail.given in RELEVANT):
            print(f"  differs: {mail.file.name}: labelled {mail.is_relevant}, answered {mail.given}")


def _truth(file: Path) -> dict[str, str]:
    heading = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
    sent = parsedate_to_datetime(str(heading["Date"])).astimezone(UTC).isoformat()
    sender = parseaddr(str(heading["From"]))[1].casefold()
    return {"sender": sender, "sent": sent, "subject": _blank_free(str(heading["Subject"] or ""))}


def _plain(name: str, value: Any) -> str:
    """Return a given value as the truth is written."""
    if value is None:
        return ""
    if name == "sent":
        return _utc(str(value))
    return (parseaddr(str(value))[1] or str(value)).casefold() if name == "sender" else _blank_free(str(value))


def _utc(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _blank_free(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
