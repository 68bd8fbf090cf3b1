"""Bombs: small files that want to become large ones, and large files that want time. Each ends within limits, with a code.

`BOMBS` gives each by name as pieces of bytes; `HEAVY` those that are large themselves.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

MB = 1_000_000
Bomb = Callable[[], Iterable[bytes]]


def _zipped(members: Iterable[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how, compresslevel=9) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return packed.getvalue()


def _shared_members(count: int, size: int) -> bytes:
    """A ZIP whose directory names one packed member `count` times: few bytes that hold many."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"\0" * size
    data, crc = packed.compress(body) + packed.flush(), zlib.crc32(body)
    facts = (8).to_bytes(2, "little") + bytes(4) + crc.to_bytes(4, "little")
    facts += len(data).to_bytes(4, "little") + size.to_bytes(4, "little")
    local = b"PK\3\4\x14\0\0\0" + facts + b"\1\0\0\0a" + data
    entry = b"PK\1\2\x14\0\x14\0\0\0" + facts + b"\1\0" + bytes(14 - 2) + b"\0\0\0\0"
    entries = (entry[:46] + b"a") * count
    few = min(count, 0xFFFF).to_bytes(2, "little")
    end = (
        b"PK\5\6"
        + bytes(4)
        + few
        + few
        + len(entries).to_bytes(4, "little")
        + len(local).to_bytes(4, "little")
        + bytes(2)
    )
    return local + entries + end


def _nested_zip(depth: int, width: int, size: int) -> bytes:
    """Archives in archives: `width` to the power of `depth` files of `size` bytes."""
    body, name = b"0" * size, "leaf.txt"
    for level in range(depth):
        body, name = _zipped((f"{level}-{n}-{name}"[-40:], body) for n in range(width)), "in.zip"
    return body


def _zip_of_tars(archives: int, members: int, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of packed archives that are all the same: archives x members of a MiB."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as packed:
        for n in range(members):
            facts = tarfile.TarInfo(f"{n}.txt")
            facts.size = 1 << 20
            packed.addfile(facts, io.BytesIO(b"0" * (1 << 20)))
    return _zipped(((f"{n}.tar.xz", tar.getvalue()) for n in range(archives)), how)


def pdf(objects: Iterable[bytes]) -> bytes:
    """A PDF of numbered objects, the first of which is the catalogue."""
    body, places = b"%PDF-1.7\n", []
    for n, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (n, one)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    trailer = b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(body))
    return body + head + table + trailer


def _stream(body: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(body), more, body)


def _page(content: bytes, resources: bytes = b"", *others: bytes, more: bytes = b"") -> bytes:
    kids = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << %s >> >>" % resources
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", kids, page, _stream(content, more), *others])


def _form_of_itself() -> bytes:
    form = _stream(
        b"/F Do /F Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>"
    )
    return _page(b"/F Do", b"/XObject << /F 5 0 R >>", form)


def _forms_doubling(depth: int) -> bytes:
    forms = []
    for n in range(depth):
        inner = b"/Resources << /XObject << /F %d 0 R >> >>" % (6 + n) if n + 1 < depth else b""
        body = b"/F Do /F Do" if inner else b"BT ET"
        forms.append(_stream(body, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + inner))
    return _page(b"/F Do", b"/XObject << /F 5 0 R >>", *forms)


def _packed_page(size: int) -> bytes:
    """A page whose few bytes of content unpack to `size`."""
    once = zlib.compressobj(9)
    body = b"".join(once.compress(b" " * MB) for _ in range(size // MB)) + once.flush()
    twice = zlib.compress(body, 9)
    return _page(twice, more=b"/Filter [/FlateDecode /FlateDecode]")


def _pages_of_themselves() -> bytes:
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 99999999 >>"])


def _nested_mime(depth: int) -> bytes:
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(depth))
    return b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n" + heads + b"Content-Type: text/plain\n\nhello\n"


def _many_parts(count: int) -> bytes:
    head = b'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    part = b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nx\n"
    return head + part * count + b"--b--\n"


def _sheet(cells: bytes, *others: tuple[str, bytes]) -> bytes:
    types = (
        b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Override PartName="/xl/workbook.xml" ContentType='
        b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    )
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return _zipped(
        [
            ("[Content_Types].xml", types),
            ("_rels/.rels", rels + b'Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % office),
            ("xl/workbook.xml", b'<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>' % (main, office)),
            ("xl/_rels/workbook.xml.rels", rels + b'Type="%s/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % office),
            ("xl/worksheets/sheet1.xml", b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, cells)),
            *others,
        ]
    )  # fmt: skip


def _laughs(depth: int) -> bytes:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, depth))
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">%s]><a>&l%d;</a>' % (entities, depth - 1)


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\1\0\0\0\0")
        + chunk(b"IDAT", zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )


def _repeated(piece: bytes, size: int, head: bytes = b"", tail: bytes = b"") -> Iterator[bytes]:
    """About `size` bytes, without holding them."""
    yield head
    some = piece * max(1, MB // len(piece))
    for _ in range(max(1, size // len(some))):
        yield some
    yield tail


def _spans(rows: int, columns: int, span: int) -> bytes:
    cell = b"<td colspan=%d rowspan=%d>1" % (span, span)
    return b"<table>" + (b"<tr>" + cell * columns) * rows + b"</table>"


def _mailbox(count: int) -> Iterator[bytes]:
    for n in range(count):
        yield (
            b"From a@example.org Mon Jan  1 00:00:00 2024\nFrom: a@example.org\nSubject: %d\n\nOrder %d, please.\n\n"
            % (n, n)
        )


BOMBS: dict[str, Bomb] = {
    "members.zip": lambda: [_shared_members(60_000, 1 << 20)],
    "tars.zip": lambda: [_zip_of_tars(50, 400)],
    "mebibytes.xz": lambda: [lzma.compress(_zip_of_tars(2_000, 100, zipfile.ZIP_STORED))],
    "nested.zip": lambda: [_nested_zip(5, 12, 100_000)],
    "deep.zip": lambda: [_nested_zip(60, 1, 1_000)],
    "zeros.gz": lambda: [gzip.compress(bytes(200 * MB), 9)],
    "zeros.bz2": lambda: [bz2.compress(bytes(200 * MB), 9)],
    "zeros.xz": lambda: [lzma.compress(bytes(200 * MB))],
    "layers.gz": lambda: [gzip.compress(gzip.compress(gzip.compress(bytes(200 * MB), 9), 9), 9)],
    "form.pdf": lambda: [_form_of_itself()],
    "forms.pdf": lambda: [_forms_doubling(40)],
    "packed.pdf": lambda: [_packed_page(2_000 * MB)],
    "pages.pdf": lambda: [_pages_of_themselves()],
    "operators.pdf": lambda: [_page(b"BT /F 9 Tf 9 9 Td (x) Tj ET\n" * 100_000)],
    "paths.pdf": lambda: [_page(b"0 0 m 9 9 l S\n" * 300_000)],
    "brackets.pdf": lambda: [_page(b"[" * 3 * MB)],
    "mime.eml": lambda: [_nested_mime(5_000)],
    "parts.eml": lambda: [_many_parts(50_000)],
    "headers.eml": lambda: [b"From: a@example.org\n" + b"X: y\n" * 400_000 + b"\nhello\n"],
    "addresses.eml": lambda: [b"To: " + b"a@example.org, " * 100_000 + b"\nSubject: x\n\nhello\n"],
    "encoded.eml": lambda: [b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nhello\n"],
    "quotes.eml": lambda: [b"Subject: x\n\n" + b"".join(b">" * n + b" hello\n" for n in range(2_000))],
    "laughs.xml": lambda: [_laughs(12)],
    "depth.xml": lambda: [b"<a>" * 300_000 + b"</a>" * 300_000],
    "depth.json": lambda: [b"[" * 400_000 + b"]" * 400_000],
    "keys.json": lambda: [json.dumps({f"k{n}": n for n in range(150_000)}).encode()],
    "figure.json": lambda: [b'{"a": ' + b"9" * 2 * MB + b"}"],
    "depth.html": lambda: [b"<div>" * 300_000 + b"hello"],
    "spans.html": lambda: [_spans(400, 100, 99999)],
    "tables.html": lambda: [b"<table><tr><td>" * 20_000 + b"hello"],
    "styles.html": lambda: [
        b"<style>" + b"".join(b".a%d .b{color:red}" % n for n in range(20_000)) + b"</style>" + b"<p class=b>x" * 5_000
    ],
    "attributes.html": lambda: [b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">hello"],
    "brackets.md": lambda: [b"[" * 200_000],
    "stars.md": lambda: [b"*a **b " * 100_000],
    "quotes.md": lambda: [b"> " * 100_000 + b"hello"],
    "pipes.md": lambda: [b"|a" * 20_000 + b"\n" + b"|-" * 20_000 + b"\n" + b"|x\n" * 5_000],
    "links.md": lambda: [b"![a](" * 50_000],
    "quote.csv": lambda: [b'a,b\n"' + b"x " * 20 * MB + b'",1\n'],
    "columns.csv": lambda: [b"," * 3 * MB + b"\n" + b"1,2\n" * 1_000],
    "ragged.csv": lambda: [b"".join(b"x," * (n % 400) + b"\n" for n in range(20_000))],
    "cells.xlsx": lambda: [_sheet(b"<row><c t='inlineStr'><is><t>x</t></is></c></row>" * 300_000)],
    "far.xlsx": lambda: [_sheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')],
    "groups.rtf": lambda: [b"{\\rtf1 " + b"{" * 500_000 + b"hello"],
    "pixels.png": lambda: [_png(60_000, 60_000)],
    "script.ics": lambda: [b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 100_000],
}
_BERTHS = b"".join(b"%05d  2024-03-%02d  Berth fee %d  %d.50\n" % (n, n % 28 + 1, n, n % 97) for n in range(1_400))
HEAVY: dict[str, Bomb] = {
    "lines.txt": lambda: _repeated(b"Order 12, 3.50 EUR, delivered on 2024-03-03 to nobody.\n", 200 * MB),
    "line.txt": lambda: _repeated(b"word 12,50 ", 50 * MB),
    "letters.txt": lambda: _repeated(b"a", 50 * MB),
    "blanks.txt": lambda: _repeated(b" ", 20 * MB, b"a", b"b"),
    "rows.csv": lambda: _repeated(b"PO-123456,2024-03-03,Acme Works Ltd,12.50,EUR\n", 100 * MB, b"number,date,buyer,total,currency\n"),
    "list.txt": lambda: [_BERTHS],
    "mails.mbox": lambda: _mailbox(10_000),
}  # fmt: skip
TABLES = b"<html><body>" + b"<table><tr><td>a<td>1<tr><td>b<td>2</table>" * 20_000
BOMBS["many.html"] = lambda: [TABLES]


def write(name: str, folder: Path) -> Path:
    """The file of a bomb."""
    path = folder / name
    with path.open("wb") as file:
        for piece in (BOMBS | HEAVY)[name]():
            file.write(piece)
    return path
