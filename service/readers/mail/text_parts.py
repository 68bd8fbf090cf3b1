"""Decode the parts of a mail that are text of its body."""

from __future__ import annotations

import re

from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.letter import BodyText, Enclosure, TextKind
from thresher.service.readers.mail.mime import Part
from thresher.service.readers.mail.transfer_encodings import embedded_files

_KINDS: dict[str, TextKind] = {
    "text/plain": "plain",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/rtf": "rtf",
    "text/richtext": "plain",
    "text/enriched": "plain",
}
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_IN_ASCII = re.compile(rb"(?:unicode-1-1-)?utf-?7|hz(?:-gb-2312)?", re.IGNORECASE)
_ENRICHED = re.compile(r"<<|</?[\w-]{1,60}>|<param>.*?</param>", re.IGNORECASE | re.DOTALL)


def is_body(part: Part) -> bool:
    """Whether a leaf is text of the body: text without a file name, and not an attachment."""
    if part.name == "rtf-body.rtf":
        return True  # name of the body in exports of Outlook folders
    if part.media_type not in _KINDS or part.placed[0] == "attachment":
        return False
    return not part.placed[1].get("filename") and (not part.parameters.get("name") or not part.number)


def text_of(part: Part, content: bytes) -> tuple[BodyText, bool]:
    """Return the text of a body part, and whether its charset was unknown or wrong."""
    declared = part.parameters.get("charset")
    kind = _KINDS.get(part.media_type, "rtf")
    if kind == "rtf":
        return BodyText(kind="rtf", text=content.decode("latin-1")), False
    if kind == "html" and not declared:
        declared = meta_charset(content)
    decoded = decode(content, declared)
    text = _plain_of_enriched(decoded.text) if part.media_type in {"text/richtext", "text/enriched"} else decoded.text
    flowed = part.parameters.get("format", "").lower() == "flowed"
    without_blank = part.parameters.get("delsp", "").lower() == "yes"
    flowed = flowed and kind == "plain"
    return BodyText(kind=kind, text=text, flowed=flowed, without_blank=without_blank), decoded.lossy


def meta_charset(html: bytes) -> str | None:
    """Return the charset that an HTML page states; none of those that spell text in ASCII, which no program takes from a page."""
    meta = _META.search(html[:4096])
    return meta[1].decode("ascii") if meta and not _IN_ASCII.fullmatch(meta[1]) else None


def _plain_of_enriched(text: str) -> str:
    return _ENRICHED.sub(lambda m: "<" if m[0] == "<<" else "", text)


def plain_of(data: bytes, declared: str | None, number: str) -> BodyText:
    """Return a body that could not be split into parts as a plain text."""
    return BodyText(kind="plain", text=decode(data, declared).text, label=f"part {number}" if number else "body")


def report_of(part: Part) -> list[BodyText]:
    """Return the text of a delivery report or receipt."""
    text = decode(part.content()[0], part.parameters.get("charset")).text.strip()
    return [BodyText(kind="plain", text=text, label=part.media_type.partition("/")[2])] if text else []


def cut_embedded_files(content: bytes) -> tuple[bytes, list[Enclosure]]:
    """Cut files embedded in a text (uuencode, yEnc) out of it; return the rest and the files."""
    files, pieces, position = [], [], 0
    for file in embedded_files(content):
        pieces.append(content[position : file.start])
        position = file.end
        files.append(Enclosure(data=file.data, name=decode(file.name).text))
    return (b"".join(pieces) + content[position:], files) if files else (content, [])
