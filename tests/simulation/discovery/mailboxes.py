"""Make mailboxes of several custodians with known truth: threads, attachments, copies in several mailboxes.

    python -m tests.simulation.discovery.mailboxes FOLDER --mails 1000 --seed 7

Each mail is made from the seed and its number alone; a copy in another mailbox has the same content in other bytes (its
date in another time zone, its own Received field). `truth.jsonl` has a line a mail: its key, who has it, what it answers,
what it has attached.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

CUSTODIANS = ("Lay, Kenneth", "Skilling, Jeffrey", "Fastow, Andrew")
_STATED_WORDS = """
    meeting contract gas power price review draft agreement schedule question answer board report quarter counsel
    please attached forward call tomorrow monday numbers volume trading desk risk credit exposure hedge position
    storage pipeline customer invoice payment approval legal filing memo update change version final comments
"""
_WORDS = _STATED_WORDS.split()
_MAILS_PER_BOX = 10_000
_ATTACHED = 3  # one mail of so many has an attachment
_WITH_HTML = 4  # of those without, one of so many has its text as HTML too
_FIRST = datetime(2001, 1, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MailTruth:
    """What is true of one mail, wherever it is found."""

    number: int
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    sent: str  # UTC
    subject: str
    body: str
    parent: int | None  # number of the mail that it answers
    root: int  # number of the first mail of its thread
    attachments: tuple[tuple[str, str], ...]  # name and SHA-256
    owners: tuple[int, ...]  # numbers of the custodians who have it


class Mailboxes:
    """A collection: the truth of each mail, and its bytes as each owner has them."""

    def __init__(
        self,
        mails: int,
        *,
        seed: int = 1,
        custodians: int = 2,
        shared: float = 0.3,
        attached_bytes: int = 36_000,
        quoted: bool = False,
    ) -> None:
        """`shared`: the part of the mails of which every custodian has a copy; `attached_bytes`: of one attachment.

        `quoted`: answers quote what they answer, below their own text.
        """
        self.quoted = quoted
        self.mails, self.seed, self.custodians, self.shared = mails, seed, custodians, shared
        self.attached_bytes = attached_bytes
        source = random.Random(seed)
        self._noise = source.randbytes(attached_bytes + (1 << 16))
        self._lines = [" ".join(source.choices(_WORDS, k=11)).capitalize() + "." for _ in range(997)]

    def truth(self, number: int) -> MailTruth:
        """Return what is true of a mail."""
        draw = random.Random(self.seed * 1_000_003 + number)
        parent = number - draw.randrange(1, 4) if number % 5 and number > 3 else None
        root = number if parent is None else self._root(parent)
        people = [f"person{draw.randrange(400)}@corp{draw.randrange(9)}.example" for _ in range(draw.randrange(2, 6))]
        owners = tuple(range(self.custodians)) if draw.random() < self.shared else (draw.randrange(self.custodians),)
        topic = " ".join(random.Random(self.seed + root).choices(_WORDS, k=4))
        attachments = [self._attachment(number)] if number % _ATTACHED == 1 else []
        return MailTruth(
            number=number,
            message_id=f"<{self.seed}.{number}@mail.corp.example>",
            sender=people[0],
            recipients=tuple(people[1:]),
            sent=(_FIRST + timedelta(minutes=7 * number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            subject=f"{'Re: ' if parent is not None else ''}{topic} {root}",
            body=self._body(number, draw),
            parent=parent,
            root=root,
            attachments=tuple((name, hashlib.sha256(data).hexdigest()) for name, data in attachments),
            owners=owners,
        )

    def _root(self, number: int) -> int:
        while number % 5 and number > 3:
            number -= random.Random(self.seed * 1_000_003 + number).randrange(1, 4)
        return number

    def _body(self, number: int, draw: random.Random) -> str:
        first = draw.randrange(900)
        lines = [f"Mail {number} says:", *self._lines[first : first + draw.randrange(8, 60)], "Regards"]
        return "\n".join(lines) + "\n"

    def _attachment(self, number: int) -> tuple[str, bytes]:
        start = number * 31 % (1 << 16)
        return f"report {number % 50}.bin", self._noise[start : start + self.attached_bytes]

    def message(self, truth: MailTruth, owner: int) -> bytes:
        """Return a mail as an owner has it."""
        zone = timezone(timedelta(hours=-6 if owner else 1))
        sent = datetime.strptime(truth.sent, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(zone)
        head = [
            f"Received: from mx{owner}.corp.example by box{owner}.corp.example; {format_datetime(sent + timedelta(seconds=4))}",
            f"From: {truth.sender}",
            f"To: {', '.join(truth.recipients)}",
            f"Subject: {truth.subject}",
            f"Date: {format_datetime(sent)}",
            f"Message-ID: {truth.message_id}",
            "MIME-Version: 1.0",
        ]
        if truth.parent is not None:
            answered = f"<{self.seed}.{truth.parent}@mail.corp.example>"
            head += [f"In-Reply-To: {answered}", f"References: {answered}"]
        text = self.text(truth).replace("\n", "\r\n")
        if truth.attachments:
            return self._multipart(truth, head, text)
        if truth.number % _WITH_HTML == 0:
            return "\r\n".join([*head, *_alternative(truth.number, text)]).encode()
        return "\r\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", text]).encode()

    def _multipart(self, truth: MailTruth, head: list[str], text: str) -> bytes:
        name, data = self._attachment(truth.number)
        mark = f"=_{truth.number:08x}"
        parts = [
            *head, f'Content-Type: multipart/mixed; boundary="{mark}"', "", f"--{mark}",
            "Content-Type: text/plain; charset=utf-8", "", f"{text}--{mark}",
            f'Content-Type: application/octet-stream; name="{name}"', "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{name}"', "", "",
        ]  # fmt: skip
        return "\r\n".join(parts).encode() + base64.encodebytes(data) + f"--{mark}--\r\n".encode()

    def text(self, truth: MailTruth) -> str:
        """Return the text of a mail, with what it quotes."""
        if not self.quoted or truth.parent is None:
            return truth.body
        answered = self.truth(truth.parent)
        quoted = "".join(f"> {line}\n" for line in self.text(answered).splitlines())
        return f"{truth.body}\nOn {answered.sent}, {answered.sender} wrote:\n{quoted}"

    def of(self, owner: int) -> Iterator[tuple[MailTruth, bytes]]:
        """Yield the mails of a custodian."""
        for number in range(self.mails):
            truth = self.truth(number)
            if owner in truth.owners:
                yield truth, self.message(truth, owner)

    def write(self, folder: Path) -> list[Path]:
        """Write a folder of mailboxes for each custodian, and the truth; return the folders."""
        folders = []
        for owner in range(self.custodians):
            place = folder / f"custodian{owner}"
            place.mkdir(parents=True)
            write_boxes(place, (data for _, data in self.of(owner)))
            folders.append(place)
        with (folder / "truth.jsonl").open("w", encoding="utf-8") as file:
            for number in range(self.mails):
                truth = self.truth(number)
                facts = {name: getattr(truth, name) for name in MailTruth.__slots__ if name != "body"}
                file.write(json.dumps(facts) + "\n")
        return folders


def _alternative(number: int, text: str) -> list[str]:
    """Return the rest of a mail that has its text as plain text and as HTML."""
    mark = f"=_alt{number:08x}"
    page = "".join(f'<p style="font-family:Calibri;font-size:11pt">{line}</p>\r\n' for line in text.splitlines())
    return [
        f'Content-Type: multipart/alternative; boundary="{mark}"', "",
        f"--{mark}", "Content-Type: text/plain; charset=utf-8", "", text,
        f"--{mark}", "Content-Type: text/html; charset=utf-8", "", f"<html><body>{page}</body></html>",
        f"--{mark}--", "",
    ]  # fmt: skip


def write_boxes(folder: Path, mails: Iterator[bytes]) -> int:
    """Write mails as mboxrd files of 10,000 each; return how many."""
    count, file = 0, None
    for data in mails:
        if count % _MAILS_PER_BOX == 0:
            if file:
                file.close()
            file = (folder / f"box{count // _MAILS_PER_BOX:03d}.mbox").open("wb")
        count += 1
        if file:
            file.write(b"From sender@corp.example Mon Jan  1 08:00:00 2001\n" + data.replace(b"\r\n", b"\n") + b"\n")
    if file:
        file.close()
    return count


def main() -> None:
    """Write a collection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for folder in Mailboxes(asked.mails, seed=asked.seed).write(asked.folder):
        print(folder)


if __name__ == "__main__":
    main()
