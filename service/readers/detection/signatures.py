"""Detect media types by the first bytes of a file."""

from __future__ import annotations

import re

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),  # an archive without members
    (b"PK\x07\x08", "application/zip"),  # first part of a split archive
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),  # BigTIFF
    (b"MM\0+", "image/tiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_FTYP = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"avif": "image/avif",
}
_PKCS7 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # prefix of every content type of PKCS #7
_LATE_PDF = re.compile(rb"%PDF-\d\.\d[\r\n ]")  # readers accept a header anywhere in the first 1,024 bytes


def by_signature(head: bytes) -> str | None:
    r"""Return the media type by fixed bytes at fixed offsets, or None.

    >>> by_signature(b"%PDF-1.7"), by_signature(b"Dear Sir")
    ('application/pdf', None)
    >>> by_signature(b"\0\0junk\n%PDF-1.4\n1 0 obj")
    'application/pdf'
    """
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head[:1] == b"\x30" and _PKCS7 in head[:24]:
        return "application/pkcs7-mime"
    return _riff_or_ftyp(head) or _tar(head) or _bitmap_or_program(head) or _late_pdf(head)


def _riff_or_ftyp(head: bytes) -> str | None:
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], "video/mp4")
    return None


def _tar(head: bytes) -> str | None:
    """Detect TAR archives, also old ones without the ustar mark."""
    if head[257:262] == b"ustar":
        return "application/x-tar"
    return "application/x-tar" if len(head) >= 512 and _old_tar(head[:512]) else None


def _old_tar(block: bytes) -> bool:
    """Whether a header block without the ustar mark has a valid checksum."""
    field = block[148:156].strip(b" \0")
    if not field or field.strip(b"01234567"):
        return False
    return int(field, 8) == sum(block[:148]) + 8 * 32 + sum(block[156:])


def _bitmap_or_program(head: bytes) -> str | None:
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return "application/x-executable"
    return None


def _late_pdf(head: bytes) -> str | None:
    """Return the PDF type where a header in the first 1,024 bytes is followed by an object."""
    found = _LATE_PDF.search(head, 0, 1024 + 9)
    return "application/pdf" if found and b" obj" in head[found.end() : found.end() + 2048] else None
