"""Records of transcripts and of mail threads."""

from __future__ import annotations

import re
from functools import cache

from tests.simulation.generator.words import BODIES, SAID
from tests.simulation.reader.cells import DATE, FIGURE, read_date, read_sum
from tests.simulation.reader.furniture import is_furniture
from tests.simulation.reader.records import Record, some

_SPEAKS = re.compile(
    r"(?:\[?(?P<time>\d\d:\d\d:\d\d)\]?\s+)?(?P<speaker>THE COURT|THE WITNESS|MR\. [A-Z]+|MS\. [A-Z]+):\s*(?P<words>.*)"
)
_FROM = re.compile(r"^From:\s+(?P<sender>[^<\t\n]+?)\s*(?:<[^>\n]*>)?$", re.MULTILINE)
_SENT = re.compile(rf"^Sent:\s+(?P<sent>{DATE})\s*$", re.MULTILINE)
_SUBJECT = re.compile(r"^Subject:\s+(?P<subject>.+?)\s*$", re.MULTILINE)
_ORDER = re.compile(r"\border\s+(?P<order>PO-\d{5})")
_BLANKS = re.compile(r"\s+")
KNOWN = 0.6


def utterances(text: str) -> list[Record]:
    """Everything that is said in a transcript; remarks in brackets are stepped over."""
    found: list[Record] = []
    for line in text.split("\n"):
        bare = line.strip()
        if not bare or is_furniture(line) or (bare.startswith("(") and bare.endswith(")")):
            continue
        if match := _SPEAKS.fullmatch(bare):
            found.append(Record(dict(match.groupdict()), [line]))
        elif found or _is_said(bare):
            if not found:
                found.append(Record({"time": None, "speaker": None}, []))
            found[-1].add("words", _BLANKS.sub(" ", bare))
            found[-1].lines.append(line)
    return some(found)


def letters(text: str) -> list[Record]:
    """The mails of a thread; what they quote belongs to none of them."""
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        if is_furniture(line) or line.lstrip().startswith(">"):
            continue
        if _FROM.fullmatch(line.strip()):
            parts.append([])
        parts[-1].append(line)
    return some(_letter(part) for part in parts)


def _letter(lines: list[str]) -> Record | None:
    text = "\n".join(lines)
    flat = _BLANKS.sub(" ", text)
    sender, sent = _FROM.search(text), _SENT.search(text)
    subject, order = _SUBJECT.search(text), _ORDER.search(flat)
    money = re.search(rf"(?<![\w.,-])({FIGURE})(?![\d])", flat[order.start() :] if order else "")
    values: dict[str, str | int | float | None] = {
        "sender": sender["sender"] if sender else None,
        "sent": read_date(sent["sent"]) if sent else None,
        "subject": subject["subject"] if subject else None,
        "order": order["order"] if order else None,
        "amount": float(read_sum(money[1])) if money else None,
    }
    return Record(values, [line for line in lines if line.strip()])


def _is_said(line: str) -> bool:
    words = re.findall(r"[^\W\d_]+", line)
    return bool(words) and sum(w.lower() in _said_words() for w in words) >= KNOWN * len(words)


@cache
def _said_words() -> frozenset[str]:
    return frozenset(w.lower() for text in SAID + BODIES for w in re.findall(r"[^\W\d_]+", text))
