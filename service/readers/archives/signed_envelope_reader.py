"""Read files in a CMS envelope (P7M, P7S with content): a container with the signed file as its only member.

The signature is not checked, as a fact of the Document states. Base64 and PEM forms are read, too.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from thresher.schemas.document import BlockKind, DocumentBuilder
from thresher.schemas.errors import InputProblem, note
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.mail.smime import open_envelope

_SIGNED = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # prefix of every PKCS #7 content type
_PEM = re.compile(rb"\s*-----BEGIN (?:PKCS7|CMS|PKCS #7 SIGNED DATA)-----(.*?)-----END", re.DOTALL)


def is_envelope(head: bytes) -> bool:
    """Whether bytes begin like a CMS envelope: a sequence, in DER or BER, that names a PKCS #7 content."""
    return head[:1] == b"\x30" and _SIGNED in head[:24]


def content_name(name: str) -> str:
    """Return the file name of the signed content.

    >>> content_name("fattura.xml.p7m"), content_name("smime.p7m")
    ('fattura.xml', 'smime.eml')
    """
    stem = re.sub(r"\.(?:p7m|p7s|p7c|p7b)\Z", "", name, flags=re.IGNORECASE)
    return stem if "." in stem else f"{stem or 'content'}.eml"


class SignedFileReader:
    """Read one signed file."""

    name = "signed file"

    def confidence(self, head: bytes, source: Source) -> float:
        """Return 0.9 for a CMS envelope, by its bytes or its media type, else 0."""
        return 0.9 if is_envelope(head) or source.media_type == "application/pkcs7-mime" else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return the list of the single member, and the member.

        Raises InputProblem `encrypted_smime`, `unsupported_type` for a signature without content, or `corrupt`.
        """
        del options
        opened = open_envelope(binary(Path(source.blob).read_bytes()))
        if opened.kind == "encrypted":
            raise InputProblem("encrypted_smime", source.name or source.path)
        if opened.content is None:
            code = "corrupt" if opened.kind == "unreadable" else "unsupported_type"
            raise InputProblem(code, f"{source.name or source.path} is a signature or certificates without content")
        name = content_name(source.name)
        builder = DocumentBuilder(source, kind="container")
        builder.document.facts.update({"signature": f"{opened.kind} (not checked)", "members": "1"})
        builder.block(name, BlockKind.LIST_ITEM, 1)
        if opened.cut:
            builder.document.notes.append(note("corrupt_partial", f"{name} could not be unpacked to its end"))
        child = spool.child(source, opened.content, name=name, ordinal=0, relation="member")
        return Reading(builder.build(), [child])


def binary(data: bytes) -> bytes:
    """Return an envelope's DER or BER bytes; PEM and base64 are decoded."""
    if data[:1] == b"\x30":
        return data
    pem = _PEM.match(data)
    try:
        return base64.b64decode(re.sub(rb"\s+", b"", pem[1] if pem else data), validate=True)
    except binascii.Error:
        return data


reader = SignedFileReader()
