"""Turn an Internet mail's bytes into a Letter: find its body, its children, and parts that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from mimetypes import guess_extension
from typing import ClassVar

from thresher.schemas.errors import note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Relation
from thresher.service.readers.archives.signed_envelope_reader import binary, content_name
from thresher.service.readers.mail import mime, smime
from thresher.service.readers.mail.apple_mail import without_length
from thresher.service.readers.mail.bodies import choose_version, without_repeats, without_rtf
from thresher.service.readers.mail.envelope import fill_header
from thresher.service.readers.mail.headers import split_section
from thresher.service.readers.mail.letter import BodyText, Enclosure, Letter
from thresher.service.readers.mail.mime import Part
from thresher.service.readers.mail.outlook.tnef import SIGNATURE, unpack
from thresher.service.readers.mail.style_sheets import style_sheets, styled
from thresher.service.readers.mail.text_parts import cut_embedded_files, is_body, plain_of, report_of, text_of
from thresher.service.readers.web.html_blocks import content_ids

_SIGNATURES = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"))
_MAILS = frozenset(("message/rfc822", "message/global", "message/news"))
_REPORTS = frozenset(
    (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
        "message/http",
    )
)
_UNNAMED = {
    "text/calendar": "invite.ics",
    "text/html": "part.html",
    "text/vcard": "card.vcf",
    "text/plain": "part.txt",
}
_FIELD = re.compile(rb"\s*(?:content-type|mime-version|from|content-transfer-encoding)[ \t]*:", re.IGNORECASE)
_BOILERPLATE = re.compile(rb"mime|multi-?part|mehrteilig", re.IGNORECASE)


def _without_pgp(text: str) -> str:
    """Return a text without its encrypted blocks; what stands before, between and after them stays.

    >>> _without_pgp("a -----BEGIN PGP MESSAGE-----x-----END PGP MESSAGE----- b")
    'a  b'
    """
    first, *rest = text.split("-----BEGIN PGP MESSAGE-----")
    return first + "".join(block.partition("-----END PGP MESSAGE-----")[2] for block in rest)


def letter_of(data: bytes, options: ReadOptions) -> Letter:
    """Return the Letter of a mail's bytes."""
    tree = mime.parse(readable(data), options.limits)
    assembly = _Assembly(options)
    fill_header(assembly.letter, tree.root.headers)
    assembly.letter.notes += tree.notes
    assembly.letter.bodies = without_repeats(assembly.take(tree.root))
    assembly.mark_inline()
    assembly.letter.pages = assembly.pages
    return assembly.letter


def readable(data: bytes) -> bytes:
    """Correct what hides the headers: UTF-16, an mbox line, leading blank lines, unusual line ends."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "replace").encode()
    elif data[:400].count(0) > len(data[:400]) // 3:
        data = data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace").encode()
    data = without_length(data.removeprefix(b"\xef\xbb\xbf"))
    if b"\n" not in data[:100_000] and b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    elif b"\r\r\n" in data[:4096]:
        data = data.replace(b"\r\r\n", b"\r\n")
    begins_blank = data.startswith((b"\r", b"\n"))
    return data.lstrip(b"\r\n") if begins_blank and split_section(data)[0].fields == [] else data


class _Assembly:
    """Fill one Letter while the tree is walked. The parser limits the nesting."""

    def __init__(self, options: ReadOptions) -> None:
        self.letter = Letter()
        self.limits = options.limits
        self.hidden_text = options.hidden_text
        self.expanded = 0
        self.pages: list[str] = []  # every HTML text, also of versions not chosen, to find inline images
        self.envelopes_opened = 0

    def take(self, part: Part) -> list[BodyText]:
        """Return the body texts of a part, in order, and add everything else to the Letter."""
        if part.children:
            return [*self._take_multipart(part), *self._outside(part)]
        if part.media_type.startswith("multipart/"):
            return self._take_broken(part)
        return self._take_leaf(part)

    def _take_multipart(self, part: Part) -> list[BodyText]:
        subtype = part.media_type.partition("/")[2]
        if subtype == "encrypted":
            return self._take_encrypted(part)
        if subtype == "alternative":
            return choose_version([self.take(child) for child in part.children], self.letter.notes)
        children = part.children
        if subtype == "signed" and len(children) > 1 and children[-1].media_type in _SIGNATURES:
            self.letter.facts["signature"] = f"{children[-1].media_type} (not checked)"
            children = children[:-1]
        sheets = style_sheets(children) if subtype == "related" else {}
        styles = {id(sheet) for sheet in sheets.values()}
        found = [styled(body, sheets) for child in children if id(child) not in styles for body in self.take(child)]
        return [*found, *(body for sheet in sheets.values() for body in self.take(sheet))]  # those that no page names

    def _outside(self, part: Part) -> list[BodyText]:
        """Report text before the first boundary or after the last, which no mail program shows.

        It is returned only with the option `hidden_text`.
        """
        found = []
        for where, text in (("before its first", part.preamble), ("after its last", part.epilogue)):
            bare = text.strip().strip(b"-")
            if bare and not _BOILERPLATE.search(bare[:300]):
                self.letter.notes.append(note("hidden_text", f"{len(bare)} bytes of a multipart {where} part"))
                found.append(plain_of(bare, None, f"{part.number or 'mail'} {where} part"))
        return found if self.hidden_text else []

    def _take_encrypted(self, part: Part) -> list[BodyText]:
        size = sum(child.span.end - child.span.body for child in part.children)
        self.letter.notes.append(note("encrypted_pgp", f"{size} bytes"))
        return []

    def _take_broken(self, part: Part) -> list[BodyText]:
        """Take a multipart that could not be split: nested too deeply, without its boundary, or closed too early."""
        if part.broken and part.depth >= self.limits.depth:
            self._enclose(part, part.whole, "embedded", "deeper-parts.eml")
            return []
        data = part.body if part.broken else (part.preamble + part.epilogue)
        return [plain_of(data, None, part.number)] if data.strip() else []

    def _take_leaf(self, part: Part) -> list[BodyText]:
        """Take a part without children, by its media type."""
        media_type = part.media_type
        if media_type in _MAILS:
            self._take_mail(part)
        elif media_type in _REPORTS:
            return report_of(part)
        elif is_body(part):
            return self._take_text(part)
        else:
            return self._HANDLERS.get(media_type, _Assembly._take_other)(self, part)
        return []

    def _take_text(self, part: Part) -> list[BodyText]:
        """Decode a part of the body; embedded files become enclosures."""
        content, sound = part.content()
        if not sound:
            self._note_invalid_encoding(part)
        if part.media_type == "text/plain":
            content, files = cut_embedded_files(content)
            for file in files:
                self._add(file)
        body, lossy = text_of(part, content)
        if lossy:
            self.letter.notes.append(note("decode_loss", f"part {part.number or '1'}"))
        if body.kind == "html":
            self.pages.append(body.text)
        if body.kind == "plain" and "-----BEGIN PGP MESSAGE-----" in body.text:
            self.letter.notes.append(note("encrypted_pgp", f"part {part.number or '1'}"))
            body = replace(body, text=_without_pgp(body.text))
        return [without_rtf(body)] if body.text.strip() else []

    def _take_mail(self, part: Part) -> None:
        """Store an embedded mail as it was sent; decoded only where it is encoded against the rules."""
        encoding = part.encoding.strip().lower()
        data = part.content()[0] if encoding in {"base64", "quoted-printable"} else part.body
        subject = split_section(data)[0].get("subject")
        name = part.name or (f"{subject[:80]}.eml".replace("/", "-") if subject else "message.eml")
        self._enclose(part, data, "embedded", name)

    def _take_fragment(self, part: Part) -> list[BodyText]:
        """Store a piece of a mail that was sent in several (message/partial)."""
        number, total = (part.parameters.get(key, "?") for key in ("number", "total"))
        self.letter.notes.append(
            note("corrupt_partial", f"piece {number} of {total} of a mail that was sent in pieces")
        )
        self._enclose(part, part.body, "embedded", f"piece-{number}-of-{total}.eml")
        return []

    def _take_link(self, part: Part) -> list[BodyText]:
        """Report a part that is stored elsewhere (message/external-body)."""
        where = [part.parameters.get(key, "") for key in ("access-type", "url", "site", "directory", "name")]
        link = " ".join(w for w in where if w)
        self.letter.notes.append(note("linked_not_collected", link))
        return [BodyText(kind="plain", text=f"[External part: {link}]", label=f"part {part.number}")]

    def _take_tnef(self, part: Part) -> list[BodyText]:
        """Take the files and the text of a winmail.dat."""
        content, _ = part.content()
        try:
            unpacked = unpack(content)
        except ValueError as error:
            self.letter.notes.append(note("embedded_unreadable", f"{part.name or 'winmail.dat'}: {error}"))
            self._enclose(part, content, "attachment", "winmail.dat")
            return []
        if unpacked.damaged:
            self.letter.notes.append(note("corrupt_partial", part.name or "winmail.dat"))
        for enclosure in unpacked.enclosures:
            self._add(enclosure)
        self.pages += [b.text for b in unpacked.bodies if b.kind == "html"]
        chosen = choose_version([[without_rtf(b)] for b in unpacked.bodies], self.letter.notes)
        return [replace(b, label="winmail.dat") for b in chosen]

    def _take_envelope(self, part: Part) -> list[BodyText]:
        """Take the content of an S/MIME envelope, where it can be read."""
        content, _ = part.content()
        opened = smime.open_envelope(binary(content))
        if opened.cut:
            self.letter.notes.append(
                note("corrupt_partial", f"{part.name or 'smime.p7m'} could not be unpacked to its end")
            )
        if opened.content is not None and not _is_mail(part.name, opened.content):
            self._enclose(part, opened.content, "attachment", content_name(part.name))
            self.letter.facts.setdefault("signature", f"{part.name} (not checked)")
            return []
        if opened.content is not None and self.envelopes_opened < self.limits.depth:
            self.envelopes_opened += 1
            self.letter.facts.setdefault("signature", f"{part.media_type} (not checked)")
            tree = mime.parse(readable(opened.content), self.limits)
            self.letter.notes += tree.notes
            return self.take(tree.root)
        if opened.kind == "certificates":
            self._enclose(part, content, "attachment", part.name or "certificates.p7c")
            return []
        code = "encrypted_smime" if opened.kind == "encrypted" else "embedded_unreadable"
        self.letter.notes.append(note(code, f"{part.name or 'smime.p7m'}, {len(content)} bytes"))
        return []

    def _take_other(self, part: Part) -> list[BodyText]:
        """Store any other part as an attachment, recognising TNEF and S/MIME by content or name."""
        content, sound = part.content()
        if content.startswith(SIGNATURE):
            return self._take_tnef(part)
        if part.name.lower().endswith(".p7m"):
            return self._take_envelope(part)
        if not sound:
            self._note_invalid_encoding(part)
        if content or part.name:
            self._enclose(part, content, "attachment", part.name or _unnamed(part.media_type))
        return []

    def _note_invalid_encoding(self, part: Part) -> None:
        where = part.name or f"part {part.number or '1'}"
        self.letter.notes.append(note("corrupt_partial", f"{where} is not valid {part.encoding}"))

    def _enclose(self, part: Part, data: bytes, relation: Relation, name: str) -> None:
        """Store the bytes of a part as an enclosure."""
        location = part.headers.get("content-location") if part.media_type.startswith("image/") else ""
        self._add(
            Enclosure(
                data=data,
                name=name,
                media_type=part.media_type,
                relation=relation,
                content_id=part.content_id or location,
            )
        )

    def _add(self, enclosure: Enclosure) -> None:
        """Store an enclosure while the limits allow; all are counted."""
        letter = self.letter
        letter.found = (letter.found or 0) + 1
        self.expanded += len(enclosure.data)
        if len(letter.enclosures) < self.limits.members and self.expanded <= self.limits.expanded:
            letter.enclosures.append(enclosure)

    def mark_inline(self) -> None:
        """Mark images that an HTML text shows as inline; all other enclosures stay attachments."""
        if not self.pages:
            return
        shown = set().union(*map(content_ids, self.pages))
        self.letter.enclosures = [self._with_relation(e, shown) for e in self.letter.enclosures]

    def _with_relation(self, enclosure: Enclosure, shown: set[str]) -> Enclosure:
        """Return an image that a page shows as inline."""
        named = enclosure.content_id
        if enclosure.relation != "attachment" or not named or not (enclosure.media_type or "").startswith("image/"):
            return enclosure
        if named in shown or ("/" in named and any(named in page for page in self.pages)):
            return replace(enclosure, relation="inline")
        return enclosure

    _HANDLERS: ClassVar[dict[str, Callable[[_Assembly, Part], list[BodyText]]]] = {
        "message/partial": _take_fragment,
        "message/external-body": _take_link,
        "application/ms-tnef": _take_tnef,
        "application/vnd.ms-tnef": _take_tnef,
        "application/pkcs7-mime": _take_envelope,
        "application/x-pkcs7-mime": _take_envelope,
    }


def _is_mail(name: str, content: bytes) -> bool:
    """Whether the signed content is a part of a mail; a signed file has a file name."""
    bare = name.lower().removesuffix(".p7m")
    return "." not in bare or bool(_FIELD.match(content))


def _unnamed(media_type: str) -> str:
    return _UNNAMED.get(media_type) or f"{media_type.partition('/')[0]}-part{guess_extension(media_type) or ''}"
