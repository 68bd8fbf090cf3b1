"""Keys of mails: published vectors, and what must and must not change them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from thresher.service.discovery.collection.dates import date_of
from thresher.service.discovery.mail_keys import (
    MailContent,
    address,
    child_key,
    dedup_key,
    message_id_hash,
    people,
    unreadable_key,
)
from thresher.service.discovery.matter.originals import hashes_of

_HELLO = child_key(hashes_of(b"hello").sha256)
_MAIL = MailContent(
    sender="ann@ex.com",
    to=("bob@ex.com", "al@ex.com"),
    date="2001-05-21T15:48:00Z",
    subject="Re:  Budget ",
    body="Hi\r\n Bob",
    children=(_HELLO,),
)


def test_key_of_the_reference() -> None:
    """The vectors of the specification, with and without the attachment."""
    assert dedup_key(_MAIL) == "646c8fb6a7fb4c526f580dee0018228d7aad1d93dc4ddc1e6124bd4e081ce987"
    bare = dedup_key(replace(_MAIL, children=()))
    assert bare == "a9ab038d89c7a487a59734a46ab8f68aa0464af4f92fef4072d2e20a8122c053"


def test_case_order_and_white_space_change_nothing() -> None:
    """Addresses in another case and order, other blanks in subject and text."""
    other = replace(_MAIL, sender="Ann@Ex.com", to=("AL@ex.com", "bob@ex.com"), subject="Re: Budget", body="HiBob")
    assert dedup_key(other) == dedup_key(_MAIL)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "x@ex.com"},
        {"to": ("bob@ex.com",)},
        {"bcc": ("boss@ex.com",)},
        {"date": "2001-05-21T15:48:01Z"},
        {"subject": "Budget"},
        {"body": "Hi Bo"},
        {"children": (_HELLO, _HELLO)},
        {"children": (unreadable_key("a.pdf", 5),)},
    ],
)
def test_every_part_counts(change: dict[str, object]) -> None:
    """A mail that differs in one part has another key."""
    assert dedup_key(replace(_MAIL, **change)) != dedup_key(_MAIL)  # type: ignore[arg-type]


def test_blind_copies_count_unless_told_otherwise() -> None:
    """The sender's copy differs from the recipients' by its blind copies alone."""
    blind = replace(_MAIL, bcc=("boss@ex.com",))
    assert dedup_key(blind, bcc=False) == dedup_key(_MAIL, bcc=False)


def test_mails_that_say_too_little_have_no_key() -> None:
    """Two mails with nothing but a text must not be taken for copies of each other."""
    assert dedup_key(MailContent(body="Hello")) is None
    assert dedup_key(MailContent(body="Hello", subject="  ", sender="a@x")) is None
    assert dedup_key(MailContent(body="Hello", subject="Hi", sender="a@x")) is not None


def test_message_id_hash() -> None:
    """The published vector; brackets count, white space round it does not; no id has no hash."""
    stated = "<CALckR-a8UDkRjO4xJyjd_s0GPxQWw@mail.gmail.com>"
    assert message_id_hash(f" {stated} (added)\n") == "1de319c276884bd0c9e2f1621ada26cc"
    assert [message_id_hash(value) for value in (None, " ", "null")] == [None, None, None]
    assert message_id_hash("a@b.example") != message_id_hash("<a@b.example>")


def test_people_of_odd_fields() -> None:
    """Groups, names with commas, and texts without any address never raise and are never lost."""
    assert people("undisclosed-recipients:;") == ("undisclosed-recipients:;",)
    assert people(" ") == ()
    assert [address(p) for p in people('"Lay, K" <K@ex.com>, bob@ex.com')] == ["k@ex.com", "bob@ex.com"]
    assert address("Group <no address>") == "group <no address"


@pytest.mark.parametrize("mark", ['"', "(", "<", "\\", "@", "a,", ":", "<a@b>", "a", "@:"])
def test_long_hostile_fields_end(mark: str) -> None:
    """A field of 100,000 characters takes as long as its length says, and gives something."""
    found = people(mark * (100_000 // len(mark)))
    assert len(address(found[0])) <= 100_000


@pytest.mark.parametrize(
    ("stated", "utc", "evidence"),
    [
        ("Mon, 21 May 2001 15:48:00 +0200", "2001-05-21T13:48:00Z", "header"),
        ("Mon, 21 May 2001 09:48:00 -0400 (EDT)", "2001-05-21T13:48:00Z", "header"),
        ("Mon, 21 May 2001 15:48:00", "2001-05-21T13:48:00Z", "assumed:Europe/Berlin"),
        ("Mon, 21 May 2001 13:48:00 -0000", "2001-05-21T13:48:00Z", "header"),
        ("2001-05-21T13:48:00Z", "2001-05-21T13:48:00Z", "header"),
        ("Mon, 21 May 2001 15(hours) : 48 : 00 +0200", "2001-05-21T13:48:00Z", "header"),
        ("21 May 2001 at 14:48:00 GMT+1", "2001-05-21T13:48:00Z", "header"),
        ("Mon, 21 May 2001 15:48:00 +9900", "2001-05-21T13:48:00Z", "assumed:Europe/Berlin"),
        ("2001-05-21T15:48:00-23:00", "2001-05-21T13:48:00Z", "assumed:Europe/Berlin"),
        ("13/21/2001", None, "none"),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None, "none"),
        ("Sat, 31 Feb 2001 15:48:00 +0200", None, "none"),
        ("next week", None, "none"),
    ],
)
def test_dates_have_evidence(stated: str, utc: str | None, evidence: str) -> None:
    """A zone is stated or assumed and said so; what is no date stays a text."""
    found = date_of(stated, "Europe/Berlin")
    assert found is not None
    assert (found.utc, found.evidence, found.original) == (utc, evidence, stated)


@pytest.mark.parametrize(
    ("stated", "offset"),
    [
        ("Mon, 21 May 2001 09:48:00 EST", "-0500"),
        ("Mon, 21 May 2001 09:48:00 GMT", "+0000"),
        ("Mon, 21 May 2001 09:48:00 -0000", "-0000"),
        ("Mon, 21 May 2001 09:48:00 +0530", "+0530"),
        ("2001-05-21T09:48:00-03:30", "-0330"),
    ],
)
def test_offset_is_that_of_the_zone(stated: str, offset: str) -> None:
    """A zone that is stated by its name has the offset of that zone."""
    found = date_of(stated, "UTC")
    assert found is not None
    assert found.offset == offset
