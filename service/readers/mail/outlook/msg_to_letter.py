"""Turn a message of Outlook (MSG) into a Letter."""

from __future__ import annotations

import base64
import re
from datetime import date
from mimetypes import guess_type

from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.service.readers.mail.bodies import choose_version, missing_from, without_rtf
from thresher.service.readers.mail.charsets import decode
from thresher.service.readers.mail.envelope import fill_header
from thresher.service.readers.mail.header_values import utc
from thresher.service.readers.mail.headers import split_section
from thresher.service.readers.mail.letter import BodyText, Enclosure, Letter
from thresher.service.readers.mail.mime_to_letter import letter_of
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound
from thresher.service.readers.mail.outlook.mapi import Node, as_file, charset_of, message
from thresher.service.readers.mail.outlook.outlook_items import fields_of
from thresher.service.readers.mail.outlook.rtf_bodies import decompress
from thresher.service.readers.mail.text_parts import meta_charset
from thresher.service.readers.web.html_blocks import content_ids

_BY_VALUE, _EMBEDDED, _OLE = 1, 5, 6
_LINKED = frozenset((2, 3, 4, 7))
_RECIPIENTS = {1: "To", 2: "Cc", 3: "Bcc"}
_FACTS = {"message_id": 0x1035, "in_reply_to": 0x1042, "references": 0x1039, "thread_topic": 0x0070}
_ORDER = ("From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To")
_SHORT_BODY_CHARS = 600  # for a shorter plain body the RTF is read, too


def msg_to_letter(root: Storage, options: ReadOptions) -> Letter:
    """Return the Letter of a whole MSG file, given as a tree of storages."""
    node = message(root)
    letter = Letter()
    message_class = node.text(0x001A)
    _address(letter, node, message_class)
    letter.fields = fields_of(node, root, message_class)
    if message_class.lower().startswith("ipm.note.smime") and _open_envelope(letter, node, options):
        return letter
    attachments = node.parts("__attach")
    letter.pages = pages = _take_bodies(letter, node, attachments)
    _enclose(letter, attachments, root, options)
    _mark_inline(letter, pages)
    if lost := getattr(root, "damaged", ()):
        letter.notes.append(note("corrupt_partial", f"{len(lost)} streams are cut, the first is {lost[0]}"))
    if message_class.lower().startswith("ipm.distlist"):
        letter.notes.append(note("embedded_unreadable", "the members of a distribution list"))
    if node.lossy:
        letter.notes.append(note("decode_loss", "strings that are not in the message's code page"))
    return letter


def _address(letter: Letter, node: Node, message_class: str) -> None:
    """Fill in header lines from the transport headers where there are any, else from the properties."""
    transport = node.text(0x007D)
    if transport:
        fill_header(letter, split_section(transport.strip().encode())[0])
    shown = [(label, value) for label, value in _property_headers(node) if value]
    _drop_contradicted(letter, shown, node)
    stated = {label for label, _ in letter.headers}
    for label, value in shown:
        if label not in stated:
            letter.headers.append((label, value))
            letter.facts[label.lower()] = value
    letter.headers.sort(key=lambda header: _ORDER.index(header[0]))
    for name, tag in _FACTS.items():
        if node.text(tag):
            letter.facts.setdefault(name, node.text(tag).strip())
    index = node.binary(0x0071)
    if index:
        letter.facts.setdefault("thread_index", base64.b64encode(index).decode())
    for name, value in (("sent", node.time(0x0039)), ("received", node.time(0x0E06)), ("message_class", message_class)):
        if value:
            letter.facts.setdefault(name, value)


def _drop_contradicted(letter: Letter, shown: list[tuple[str, str]], node: Node) -> None:
    """Remove header lines of the transport that say something else than the properties, each with a Note."""
    stated = dict(letter.headers)
    for label, value in shown:
        if label in stated and _differs(label, stated[label], value, node):
            letter.notes.append(note("versions_differ", f"{label} is {stated[label]} in the headers of the transport"))
            letter.headers = [header for header in letter.headers if header[0] != label]
            if label == "Date":
                letter.facts["sent"] = value


def _differs(label: str, header: str, shown: str, node: Node) -> bool:
    """Whether a header line says something else than the property that Outlook shows: another subject, author or day."""
    if label == "Subject":
        return _bare(header) != _bare(shown)
    if label == "From":
        author, known = _bare_address(header), [_bare_address(p) for p in _authors(node)]
        return "@" in author and author not in known and any("@" in one for one in known)
    sent = utc(header) if label == "Date" else None
    return sent is not None and sent[:10] != shown[:10] and abs(_day(sent) - _day(shown)) > 1


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _day(moment: str) -> int:
    try:
        return date.fromisoformat(moment[:10]).toordinal()
    except ValueError:
        return 0


def _authors(node: Node) -> tuple[str, str]:
    """Return whom a message is from: for whom it was sent, and who sent it."""
    return _person(node, 0x0042, 0x5D02, 0x0065), _person(node, 0x0C1A, 0x5D01, 0x0C1F)


def _property_headers(node: Node) -> list[tuple[str, str]]:
    """Return header lines made from the properties; a value may be empty."""
    represented, sender = _authors(node)
    lines: dict[str, list[str]] = {}
    for recipient in node.parts("__recip"):
        label = _RECIPIENTS.get((recipient.number(0x0C15) or 1) & 0xF, "To")
        lines.setdefault(label, []).append(_person(recipient, 0x3001, 0x39FE, 0x3003))
    shown = {"To": node.text(0x0E04), "Cc": node.text(0x0E03), "Bcc": node.text(0x0E02)}
    return [
        ("From", represented or sender),
        ("Sender", sender if represented and _bare_address(sender) != _bare_address(represented) else ""),
        *((label, ", ".join(filter(None, lines.get(label, []))) or text) for label, text in shown.items()),
        ("Date", node.time(0x0039)),
        ("Subject", node.text(0x0037)),
        ("Message-ID", node.text(_FACTS["message_id"])),
        ("In-Reply-To", node.text(_FACTS["in_reply_to"])),
    ]


def _person(node: Node, name: int, smtp: int, plain: int) -> str:
    """Return `Name <address>`; a path of an Exchange directory is not an address."""
    shown = node.text(name).strip().strip("'")
    where = node.text(smtp).strip() or node.text(plain).strip()
    where = where if "@" in where else ""
    quoted = f'"{shown}"' if "," in shown or ";" in shown else shown
    if not where or where.lower() == shown.lower():
        return where or quoted
    return f"{quoted} <{where}>".strip()


def _bare_address(person: str) -> str:
    """Return the address of `Name <address>` in lower case."""
    return person.rpartition("<")[2].rstrip(">").lower()


def _take_bodies(letter: Letter, node: Node, attachments: list[Node]) -> list[str]:
    """Choose the body; return every HTML text, also of versions not chosen, to find inline images."""
    plain = node.text(0x1000)
    html, rtf = _html(node), _rtf(letter, node)
    versions = [[BodyText(kind="plain", text=plain)]] if plain.strip() else []
    if html.strip():
        versions.append([BodyText(kind="html", text=html)])
    if rtf:
        told = without_rtf(BodyText(kind="rtf", text=rtf))
        needed = not html.strip() and (len(plain) < _SHORT_BODY_CHARS or any(a.text(0x3712) for a in attachments))
        if needed or told.kind == "html" or missing_from(told.text, plain + html):
            versions.append([told])
    report = node.text(0x1001)
    letter.bodies = choose_version(versions, letter.notes) or ([BodyText(kind="plain", text=report)] if report else [])
    return [body.text for version in versions for body in version if body.kind == "html"]


def _rtf(letter: Letter, node: Node) -> str:
    packed = node.binary(0x1009)
    rtf = decompress(packed) if packed else b""
    if rtf is None:
        letter.notes.append(note("corrupt_partial", "the RTF body"))
    return (rtf or b"").decode("latin-1")


def _html(node: Node) -> str:
    data = node.binary(0x1013)
    if data is None:
        return node.text(0x1013)
    page = node.number(0x3FDE)
    return decode(data, charset_of(page) if page else meta_charset(data)).text


def _enclose(letter: Letter, attachments: list[Node], root: Storage, options: ReadOptions) -> None:
    """Add the attachments within the limits; all are counted."""
    letter.found, expanded = 0, 0
    for attachment in attachments:
        enclosure = _enclosure(letter, attachment, root)
        if enclosure is None:
            continue
        letter.found += 1
        expanded += len(enclosure.data)
        if letter.found <= options.limits.members and expanded <= options.limits.expanded:
            letter.enclosures.append(enclosure)


def _enclosure(letter: Letter, attachment: Node, root: Storage) -> Enclosure | None:
    """Return an attachment; None, with a Note, where it is only a link or cannot be read."""
    name = attachment.text(0x3707) or attachment.text(0x3704) or attachment.text(0x3001)
    inner = attachment.storage.get("__substg1.0_3701000D")
    data = attachment.binary(0x3701)
    if isinstance(inner, dict) and data is not None:
        letter.notes.append(note("corrupt_partial", f"{name or 'an attachment'} is a file and a message at once"))
    if isinstance(inner, dict) and (data is None or attachment.number(0x3705) != _BY_VALUE):
        return _embedded(attachment, inner, root, name)
    if data is None:
        where = attachment.text(0x3708) or attachment.text(0x370D) or name or "unnamed"
        method = attachment.number(0x3705)
        letter.notes.append(note("linked_not_collected" if method in _LINKED else "embedded_unreadable", where))
        return None
    media_type = attachment.text(0x370E) or guess_type(name)[0]
    if media_type == "application/pgp-encrypted":
        letter.notes.append(note("encrypted_pgp"))
    return Enclosure(
        data=data,
        name=name or "unnamed",
        media_type=media_type,
        content_id=attachment.text(0x3712).strip("<>"),
    )


def _embedded(attachment: Node, inner: Storage, root: Storage, name: str) -> Enclosure:
    """Return an embedded message as an MSG of its own; any other object as the compound file that it is."""
    if attachment.number(0x3705) == _OLE or "__properties_version1.0" not in inner:
        return Enclosure(data=write_compound(inner), name=name or "object.ole", media_type="application/x-ole-storage")
    title = name.removesuffix(".msg")[:80].replace("/", "-") or "message"
    data = as_file(inner, root)
    return Enclosure(data=data, name=f"{title}.msg", media_type="application/vnd.ms-outlook", relation="embedded")


def _mark_inline(letter: Letter, pages: list[str]) -> None:
    shown = set().union(*map(content_ids, pages)) if pages else set()
    letter.enclosures = [_as_inline(e) if e.content_id in shown else e for e in letter.enclosures]


def _as_inline(enclosure: Enclosure) -> Enclosure:
    if not (enclosure.media_type or "").startswith("image/"):
        return enclosure
    return Enclosure(
        data=enclosure.data,
        name=enclosure.name,
        media_type=enclosure.media_type,
        relation="inline",
        content_id=enclosure.content_id,
    )


def _open_envelope(letter: Letter, node: Node, options: ReadOptions) -> bool:
    """Read S/MIME: the single attachment is the mail as sent, signed or encrypted; the body property is ignored.

    Returns False where there is no such attachment.
    """
    attachments = node.parts("__attach")
    data = attachments[0].binary(0x3701) if len(attachments) == 1 else None
    if data is None:
        return False
    declared = attachments[0].text(0x370E) or "application/pkcs7-mime"
    looks_like_mime = data.lstrip()[:13].lower() == b"content-type:" or declared.startswith("multipart/")
    if not looks_like_mime:
        data = (
            b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n" + data
        )
    inner = letter_of(data, options)
    letter.bodies, letter.enclosures, letter.found = inner.bodies, inner.enclosures, inner.found
    letter.notes += inner.notes
    if "signature" in inner.facts:
        letter.facts["signature"] = inner.facts["signature"]
    return True
