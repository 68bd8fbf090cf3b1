"""Mails of the Enron corpus: what their own headers state is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from pydantic import BaseModel, Field

from bench.adapters.base import case
from thresher.service.scorecard.cases import Case
from thresher.service.targets.loading import load_target


class Mail(BaseModel):
    """An e-mail."""

    message_id: str | None = None
    sent_at: datetime | None = None
    sender: str | None = Field(None, description="Mail address of the sender")
    to: list[str] = Field([], description="Mail addresses of the recipients")
    cc: list[str] = Field([], description="Mail addresses in Cc")
    subject: str | None = None


def cases(folder: Path) -> Iterator[Case]:
    """Yield one case a mail."""
    target = load_target(Mail)
    for file in sorted((folder / "documents").glob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        expected = {
            "message_id": str(mail["message-id"] or "").strip() or None,
            "sent_at": parsedate_to_datetime(str(mail["date"])).isoformat(),
            "sender": _addresses(mail, "from")[0],
            "to": _addresses(mail, "to"),
            "cc": _addresses(mail, "cc"),
            "subject": str(mail["subject"] or "").strip() or None,
        }
        yield case(file.stem, file, target, expected)


def _addresses(mail: object, header: str) -> list[str]:
    values = [str(v) for v in mail.get_all(header, [])]  # type: ignore[attr-defined]
    return [address for _, address in getaddresses(values) if address]
