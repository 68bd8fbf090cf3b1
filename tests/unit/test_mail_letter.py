"""Mails to Letters: headers, parts, bodies, what is enclosed. No files."""

from __future__ import annotations

import base64

import pytest

from thresher.schemas.policy import Limits, ReadOptions
from thresher.service.readers.mail.bodies import choose_version
from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.header_values import content_type, disposition, message_id, utc
from thresher.service.readers.mail.headers import decode_addresses, decode_value, split_section
from thresher.service.readers.mail.letter import BodyText, Letter
from thresher.service.readers.mail.mime_to_letter import letter_of
from thresher.service.readers.mail.transfer_encodings import decode_transfer, embedded_files, from_base64

HEAD = b"From: Ann <a@x.example>\r\nTo: b@x.example\r\nSubject: Bill\r\nDate: Mon, 2 Apr 2012 09:57:58 -0400\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"


def mixed(*parts: bytes) -> bytes:
    """A multipart mail of parts, headers and all."""
    return MIXED + b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


def letter(data: bytes, **limits: int) -> Letter:
    """The Letter of a mail."""
    return letter_of(data, ReadOptions(limits=Limits(**limits)))


def codes(found: Letter) -> list[str]:
    """Codes of a Letter's Notes."""
    return [note.code for note in found.notes]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?caf=C3=A9?= =?utf-8?b?IQ==?=", "café!"),
        (b"=?utf-8?q?a?= =?x-unknown?q?b?=", "ab"),
        (b"=?gb2312?B?vfDB6g==?=", "金陵"),
        (b"\xe9t\xe9", "été"),
        ("é".encode(), "é"),
        (b"a\r\n\tb", "a b"),
        (b"=?broken?= =?", "=?broken?= =?"),
    ],
)
def test_header_values_are_decoded_without_exceptions(value: bytes, text: str) -> None:
    """Encoded words, bare 8-bit text, folds, and what only looks like them."""
    assert decode_value(value) == text


def test_a_decoded_name_with_a_comma_is_quoted() -> None:
    """Decoding must not make two recipients of one."""
    assert decode_addresses(b"=?iso-8859-1?q?M=FCller=2C_Ann?= <a@x>, Jo <c@x>") == '"Müller, Ann" <a@x>, Jo <c@x>'


def test_broken_header_lines_continue_or_begin_the_body() -> None:
    """A line that is no field belongs to the field before while known fields follow, else to the body."""
    headers, body = split_section(b"Subject: a\nb\nTo: c\n\nbody")
    assert headers.get("subject") == "a b"
    assert headers.get("to") == "c"
    assert body == len(b"Subject: a\nb\nTo: c\n\n")
    assert split_section(b"To: c\nbody at once\n")[1] == len(b"To: c\n")
    assert split_section(b"no header at all")[1] == 0


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"application/pdf; name*0*=utf-8''na%C3%AF; name*1*=ve.pdf", "naïve.pdf"),
        (b'application/pdf; name="=?utf-8?B?w6kucGRm?="', "é.pdf"),
        (b"application/pdf; name=with space.pdf", "with space.pdf"),
        (b'application/pdf; name="a;b.pdf"', "a;b.pdf"),
        (b"application/pdf; name*=UTF-8''%e2%82%ac.pdf; name=\"x.pdf\"", "€.pdf"),
        (b"application/pdf; name*=broken''%zz.pdf", "%zz.pdf"),
    ],
)
def test_names_of_parts(raw: bytes, wanted: str) -> None:
    """RFC 2231 pieces, RFC 2047 words and plain names, quoted or not."""
    assert content_type(raw)[1]["name"] == wanted


def test_content_types_that_make_no_sense_are_text() -> None:
    """A missing subtype or separator does not lose the charset."""
    assert content_type(b"text") == ("text/plain", {})
    assert content_type(b'text/plain charset="utf-8"')[1] == {"charset": "utf-8"}
    assert disposition(b"ATTACHMENT; filename=a.txt") == ("attachment", {"filename": "a.txt"})


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("Mon, 2 Apr 2012 09:57:58 -0400 (EDT)", "2012-04-02T13:57:58Z"),
        ("Wed, 25 Feb 2009 14:22:22 GMT+01:00", "2009-02-25T13:22:22Z"),
        ("2015-01-01T00:00:00+02:00", "2014-12-31T22:00:00Z"),
        ("Mon, 2 Apr 2012 09:57:58", None),
        ("Mon, 2 Apr 2012 09:57:58 CEST", None),
        ("Thu, 99 Foo 2001 10:00 +0000", None),
        ("Fri, 1 Jan 99999 00:00:00 +0000", None),
        ("", None),
    ],
)
def test_a_date_is_told_or_not_invented(date: str, instant: str | None) -> None:
    """No zone, an unknown one or no such day: no instant."""
    assert utc(date) == instant


def test_message_ids_keep_their_brackets() -> None:
    """Comments around the token go, a value without brackets stays."""
    assert message_id(b" <a@b> (added by x)") == "<a@b>"
    assert message_id(b"bare") == "bare"


@pytest.mark.parametrize(
    ("data", "charset", "text", "lossy"),
    [
        (b"caf\xc3\xa9", "iso-8859-1", "café", False),
        (b"caf\xe9", None, "café", True),
        (b"caf\xe9", "x-unknown", "café", True),
        (b"\x82\xa0", "shift_jis", "あ", False),
        (b"\xff\xfea\0", "utf-8", "a", False),
        (
            "привет, это письмо о счёте и оплате".encode("koi8-r"),
            "koi8-r",
            "привет, это письмо о счёте и оплате",
            False,
        ),
    ],
)
def test_charsets_are_believed_only_where_they_fit(data: bytes, charset: str | None, text: str, *, lossy: bool) -> None:
    """Declared, else UTF-8, else guessed, and a word said where it was guessed."""
    decoded = decode(data, charset)
    assert (decoded.text, decoded.lossy) == (text, lossy)


def test_transfer_encodings_give_what_their_bytes_allow() -> None:
    """Junk and missing padding are told; quoted-printable and unknown encodings never fail."""
    assert from_base64(b"aGVs!!bG8") == (b"hello", False)
    assert from_base64(b"aGk=aGk=") == (b"hihi", False)
    assert decode_transfer(b"a=3Db=\r\nc", "Quoted-Printable") == (b"a=bc", True)
    assert decode_transfer(b"abc", "x-strange") == (b"abc", True)


def test_files_written_into_a_text_are_found() -> None:
    """Uuencode and yEnc; a `begin` without an `end` stays text."""
    uu = b"hi\nbegin 644 a.txt\n+:&5L;&\\@=V]R;&0\n`\nend\nbye"
    assert [(f.name, f.data) for f in embedded_files(uu)] == [(b"a.txt", b"hello world")]
    yenc = b"=ybegin line=128 size=2 name=b.bin\r\n" + bytes([42 + 65, 42 + 66]) + b"\r\n=yend size=2\r\n"
    assert [(f.name, f.data) for f in embedded_files(yenc)] == [(b"b.bin", b"AB")]
    assert list(embedded_files(b"begin 644 a\n" * 1000)) == []


def test_headers_and_facts() -> None:
    """Shown lines stand in the usual order; the facts hold the instant and the ids."""
    found = letter(b"Message-ID: <1@x>\r\nReferences: <0@x>\r\n <9@x>\r\n" + HEAD + b"\r\nHello")
    assert [label for label, _ in found.headers] == ["From", "To", "Date", "Subject", "Message-ID"]
    assert found.facts["sent"] == "2012-04-02T13:57:58Z"
    assert (found.facts["message_id"], found.facts["references"]) == ("<1@x>", "<0@x> <9@x>")


def test_every_part_is_body_or_child() -> None:
    """Text without a name is body; everything else is enclosed, in order, embedded mails byte for byte."""
    inner = b"From: c@x\r\nSubject: Inner\r\n\r\nhi"
    found = letter(
        mixed(
            b"\r\nBody",
            b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=',
            b"Content-Type: message/rfc822\r\n\r\n" + inner,
            b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=n.txt\r\n\r\nnote",
        )
    )
    assert [b.text for b in found.bodies] == ["Body"]
    assert [(e.name, e.relation, e.data) for e in found.enclosures] == [
        ("a.pdf", "attachment", b"hello"),
        ("Inner.eml", "embedded", inner),
        ("n.txt", "attachment", b"note"),
    ]


def test_only_images_that_the_html_shows_are_inline() -> None:
    """A PDF placed inline is an attachment, and so is an image that nothing refers to."""
    part = b"Content-Type: %s; name=x\r\nContent-ID: <%s>\r\nContent-Disposition: inline\r\n\r\nx"
    html = b"Content-Type: text/html\r\n\r\n<img src='cid:one'><a href='cid:pdf'>see</a>"
    found = letter(
        mixed(html, part % (b"image/png", b"one"), part % (b"image/png", b"two"), part % (b"application/pdf", b"pdf"))
    )
    assert [e.relation for e in found.enclosures] == ["inline", "attachment", "attachment"]


def test_alternatives_give_one_body() -> None:
    """Plain text, unless it is a stub that sends the reader to the HTML."""
    plain, html = BodyText(kind="plain", text="Pay 7."), BodyText(kind="html", text="<p>Pay 7.</p>")
    assert choose_version([[plain], [html]], []) == [plain]
    stub = BodyText(kind="plain", text="Please view this mail in your browser")
    full = BodyText(kind="html", text="<p>" + "You owe us 1,204.50 for the pens. " * 20)
    assert choose_version([[stub], [full]], []) == [full]
    assert choose_version([[BodyText(kind="plain", text=" \n")], [html]], []) == [html]


def test_html_is_taken_where_the_plain_text_breaks_rows_up() -> None:
    """Rows of a table are worth more than the plain text that has each cell on a line of its own."""
    rows = [("Item", "Price"), ("Pen", "2.00"), ("Ink", "9.00"), ("Cap", "1.00")]
    html = BodyText(kind="html", text="<table>" + "".join(f"<tr><td>{a}<td>{b}" for a, b in rows) + "</table>")
    broken = BodyText(kind="plain", text="\n".join(cell for row in rows for cell in row))
    kept = BodyText(kind="plain", text="\n".join(" ".join(row) for row in rows))
    assert choose_version([[broken], [html]], []) == [html]
    assert choose_version([[kept], [html]], []) == [kept]


def test_damage_is_named_and_nothing_is_lost() -> None:
    """A wrong boundary, none at all, broken base64, an unknown charset: read, with a Note."""
    wrong = (
        HEAD + b"Content-Type: multipart/mixed; boundary=Z\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nhi\r\n--B--"
    )
    assert (letter(wrong).bodies[0].text, codes(letter(wrong))) == ("hi", ["corrupt_partial"])
    none = HEAD + b"Content-Type: multipart/mixed\r\n\r\nhi"
    assert (letter(none).bodies[0].text, codes(letter(none))) == ("hi", ["corrupt_partial"])
    broken = mixed(b"Content-Type: image/png; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs!!bG8")
    assert (letter(broken).enclosures[0].data, codes(letter(broken))) == (b"hello", ["corrupt_partial"])
    strange = HEAD + b"Content-Type: text/plain; charset=x-unknown\r\n\r\ncaf\xe9"
    assert (letter(strange).bodies[0].text, codes(letter(strange))) == ("café", ["decode_loss"])


def test_limits_are_kept_and_counted() -> None:
    """Too many attachments and too deep a nesting say how many there were; what is deeper is kept whole."""
    many = mixed(*[b"Content-Type: image/png; name=%d\r\n\r\nx" % i for i in range(9)])
    assert len(letter(many, members=5).enclosures) == 5
    assert letter(many, members=5).found == 9
    deep = HEAD
    for i in range(3000):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
    found = letter(deep + b"\r\ninnermost")
    assert codes(found) == ["depth_limit"]
    assert b"innermost" in found.enclosures[0].data


def test_pieces_links_and_encryption_are_named() -> None:
    """What is not in the mail, or can not be opened, is a Note beside the headers that can be read."""
    piece = HEAD + b'Content-Type: message/partial; number=1; total=3; id="x"\r\n\r\nFrom: q\r\n\r\nhalf'
    assert codes(letter(piece)) == ["corrupt_partial"]
    link = HEAD + b'Content-Type: message/external-body; access-type=URL; URL="http://x/a.pdf"\r\n\r\n'
    assert codes(letter(link)) == ["linked_not_collected"]
    pgp = HEAD + b"Content-Type: multipart/encrypted; boundary=B\r\n\r\n--B\r\n\r\nVersion: 1\r\n--B--"
    assert codes(letter(pgp)) == ["encrypted_pgp"]
    enveloped = base64.b64encode(bytes.fromhex("301306092a864886f70d010703a00630040201003100"))
    smime = HEAD + b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + enveloped
    assert codes(letter(smime)) == ["encrypted_smime"]
    assert letter(smime).facts["subject"] == "Bill"


@pytest.mark.parametrize(
    "data",
    [
        (HEAD + b"\r\nhello").decode().encode("utf-16"),
        (HEAD + b"\r\nhello").decode().encode("utf-16-be"),
        b"From a@x Mon Jan  1 10:00:00 2001\r\n" + HEAD + b"\r\nhello",
        (HEAD + b"\r\nhello").replace(b"\r\n", b"\r"),
        (HEAD + b"\r\nhello").replace(b"\r\n", b"\r\r\n"),
        b"\xef\xbb\xbf" + HEAD + b"\r\nhello",
        b"\r\n\r\n" + HEAD + b"\r\nhello",
    ],
    ids=["utf-16", "utf-16-be", "mbox line", "cr", "crcrlf", "bom", "blank lines"],
)
def test_odd_openings_hide_nothing(data: bytes) -> None:
    """Other encodings, line ends and first lines give the same mail."""
    found = letter(data)
    assert (found.facts["subject"], found.bodies[0].text) == ("Bill", "hello")
