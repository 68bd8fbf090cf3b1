"""Mailboxes, compound files and RTF: formats taken apart and put together in memory."""

from __future__ import annotations

import io

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.readers.mail.mbox_ranges import mail_ranges
from thresher.service.readers.mail.outlook.compound_writer import write_compound
from thresher.service.readers.mail.outlook.mapi import charset_of
from thresher.service.readers.mail.outlook.ole_tree import load
from thresher.service.readers.mail.outlook.rtf_bodies import original, to_text


def boxed(data: bytes) -> list[bytes]:
    """The mails of an mbox."""
    return [data[m.start : m.end] for m in mail_ranges(data)]


def test_mails_come_out_byte_for_byte() -> None:
    """Without the parting line and the blank line that belongs to the next; quoted `From ` lines stay quoted."""
    data = b"From a@x Mon Jan  1 10:00:00 2001\nSubject: 1\n\n>From here\n\nFrom - \r\nSubject: 2\r\n\r\nb\r\n"
    assert boxed(data) == [b"Subject: 1\n\n>From here\n", b"Subject: 2\r\n\r\nb\r\n"]


def test_prose_that_begins_with_from_parts_nothing() -> None:
    """A parting line is followed by a header and stands after a blank line or has its full form."""
    assert len(boxed(b"From -\nSubject: 1\n\nFrom Russia with love\n\nx\nFrom me\nTo: you\n")) == 1


def test_a_stated_length_wins_where_a_parting_line_stands_there() -> None:
    """An unquoted mail inside a mail does not split it; a wrong length is not believed."""
    body = b"\nFrom a@x Mon Jan  1 10:00:00 2001\nSubject: quoted\n\nx\n"
    head = b"From -\nSubject: 1\nContent-Length: %d\n\n"
    tail = b"\nFrom -\nSubject: 2\n\ny\n"
    assert len(boxed(head % len(body) + body + tail)) == 2
    assert len(boxed(head % 3 + body + tail)) == 3


def test_a_compound_file_is_read_back_as_written() -> None:
    """Small and large streams, nested storages, and more sectors than the header can list."""
    tree = {
        "small": b"x" * 100,
        "empty": b"",
        "edge": b"y" * 4096,
        "large": bytes(range(256)) * 40_000,
        "inner": {"deep": {"stream": b"z" * 5000}, **{f"s{i:02}": bytes([i]) for i in range(40)}},
    }
    data = write_compound(tree)  # type: ignore[arg-type]
    assert load(data, "x") == tree
    assert olefile.isOleFile(io.BytesIO(data))


@given(st.dictionaries(st.text("abcXYZ_09", min_size=1, max_size=20), st.binary(max_size=9000), max_size=12))
def test_any_streams_survive_a_compound_file(streams: dict[str, bytes]) -> None:
    """Whatever the sizes, the sectors are chained right."""
    unique = {name.lower(): data for name, data in streams.items()}
    assert load(write_compound(dict(unique)), "x") == unique


def test_code_pages_have_charsets() -> None:
    """Those that Python calls by another name too."""
    assert [charset_of(n) for n in (950, 20866, 28605)] == ["cp950", "koi8-r", "iso-8859-15"]


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (
            r"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 caf\'e9\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}",
            "<p>café</p>",
        ),
        (r"{\rtf1\ansi\fromhtml1 \uc1 \u20320?a}", "\u4f60a"),
        (r"{\rtf1\ansi\ansicpg1252\fromtext {\fonttbl{\f0 Arial;}} one\par two}", "one\r\ntwo"),
    ],
)
def test_rtf_gives_back_what_it_was_made_from(rtf: str, text: str) -> None:
    """HTML tags, code page bytes, Unicode escapes with their fallbacks, line ends; tables of fonts go."""
    assert original(rtf).strip() == text


def test_rtf_of_its_own_is_text() -> None:
    """Formatting goes, paragraphs stay."""
    assert to_text(r"{\rtf1\ansi {\b Bold} text\par more}")[0].split() == ["Bold", "text", "more"]
